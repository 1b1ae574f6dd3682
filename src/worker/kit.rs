//! What a worker needs to play one model: a decoder session, the mel inversion, and a desk per slot.

use super::note::{Desk, NoteError, Sink};
use super::tools::Tools;
use crate::link::window::Painter;
use crate::link::{Change, Chosen, Chunk, Feed, Order, WorkerEnd};
use crate::model::ModelError;
use crate::units::SampleRate;

/// Everything is allocated here, nothing per note.
pub(super) struct Kit {
    /// The choice that this answers.
    pub generation: u64,
    tools: Tools,
    desks: Vec<Desk>,
}

/// Where a slot's sound goes, and who sees it made.
struct Delivery<'a> {
    feed: &'a mut Feed,
    painter: Option<&'a mut Painter>,
}

impl Sink for Delivery<'_> {
    fn push(&mut self, chunk: Chunk) -> bool {
        self.feed.push(chunk)
    }

    fn see(&mut self, order: &Order, mel: &[f32]) {
        if let Some(painter) = &mut self.painter {
            painter.paint(order.slot, order.epoch, mel);
        }
    }
}

impl Kit {
    pub fn new(chosen: &Chosen, rate: SampleRate, slots: usize) -> Result<Self, ModelError> {
        let tools = Tools::new(&chosen.model)?;
        let desks = (0..slots).map(|_| Desk::new(&chosen.model.card, chosen.model.chunked, rate)).collect();
        Ok(Self { generation: chosen.generation, tools, desks })
    }

    /// Puts a new note on a slot's desk; what lay there is thrown away.
    pub fn begin(&mut self, feed: usize, order: Order, painter: Option<&mut Painter>) -> Result<(), NoteError> {
        self.desks[feed].begin(order, &self.tools)?;
        if let Some(painter) = painter {
            let (places, expected) = self.desks[feed].layout();
            painter.begin(order.slot, order.epoch, places, expected);
        }
        Ok(())
    }

    /// Hands a change to a slot's desk; `false` if it came too late for its frame.
    pub fn change(&mut self, feed: usize, change: &Change) -> bool {
        self.desks[feed].change(change)
    }

    pub fn is_busy(&self) -> bool {
        self.desks.iter().any(Desk::is_busy)
    }

    /// The desk whose note runs dry first, of those that can be worked on, and in how many samples that is. `played`
    /// is by feed, as it was before changes were read.
    pub fn most_urgent(&mut self, end: &WorkerEnd, played: &[i64]) -> Option<(usize, i64)> {
        for (desk, feed) in self.desks.iter_mut().zip(&end.feeds) {
            desk.abandon_unless(|epoch| feed.wants(epoch));
        }
        let ready = self.desks.iter().zip(&end.feeds).zip(played).enumerate();
        ready
            .filter(|(_, ((desk, feed), played))| feed.has_room() && desk.can_work(**played))
            .map(|(index, ((desk, _), played))| (index, desk.ahead(*played)))
            .min_by_key(|&(_, ahead)| ahead)
    }

    /// Makes the next stretch of one note and hands over what is finished. A note that cannot be made leaves
    /// the desk; its epoch comes back with the reason.
    pub fn work(&mut self, feed: usize, end: &mut WorkerEnd, played: i64) -> Result<(), (Option<u32>, NoteError)> {
        let desk = &mut self.desks[feed];
        let mut sink = Delivery { feed: &mut end.feeds[feed], painter: end.painter.as_mut() };
        desk.work(&mut self.tools, &mut sink, played).map_err(|error| (desk.give_up(), error))
    }
}
