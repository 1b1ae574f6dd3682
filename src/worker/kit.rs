//! What one worker needs to play one model: a decoder session, the mel inversion, and a desk per slot.

use super::note::{Desk, NoteError, Tools};
use crate::dsp::inversion::MelInverter;
use crate::dsp::mel::MelFilterBank;
use crate::link::{Chosen, Order, WorkerEnd};
use crate::model::ModelError;
use crate::model::decoder::Decoder;
use crate::units::SampleRate;

/// Everything is allocated here, nothing per note.
pub(super) struct Kit {
    /// The choice that this answers.
    pub generation: u64,
    tools: Tools,
    desks: Vec<Desk>,
}

impl Kit {
    pub fn new(chosen: &Chosen, rate: SampleRate, slots: usize) -> Result<Self, ModelError> {
        let card = &chosen.model.card;
        let bank = MelFilterBank::new(card.mel, card.geometry, card.sample_rate_hz);
        let tools = Tools {
            decoder: Decoder::new(&chosen.model)?,
            inverter: MelInverter::new(&bank, MelInverter::ITERATIONS),
            amplitude: card.amplitude,
            notes: card.notes,
            mel: vec![0.0; card.mel.bands],
            magnitude: vec![0.0; card.geometry.bins()],
        };
        let desks = (0..slots).map(|_| Desk::new(card, rate)).collect();
        Ok(Self { generation: chosen.generation, tools, desks })
    }

    /// Puts a new note on a slot's desk; what lay there is thrown away.
    pub fn begin(&mut self, feed: usize, order: Order) -> Result<(), NoteError> {
        self.desks[feed].begin(order, &self.tools)
    }

    pub fn is_busy(&self) -> bool {
        self.desks.iter().any(Desk::is_busy)
    }

    /// The busy desk with the shortest queue that has room for more, and that queue's length.
    pub fn most_urgent(&mut self, end: &WorkerEnd) -> Option<(usize, usize)> {
        for (desk, feed) in self.desks.iter_mut().zip(&end.feeds) {
            desk.abandon_unless(|epoch| feed.wants(epoch));
        }
        let ready = self.desks.iter().zip(&end.feeds).enumerate();
        ready
            .filter(|(_, (desk, feed))| desk.is_busy() && feed.has_room())
            .map(|(index, (_, feed))| (index, feed.queued()))
            .min_by_key(|&(_, queued)| queued)
    }

    /// Makes the next stretch of one note and hands over what is finished. A note that cannot be made leaves
    /// the desk; its epoch comes back with the reason.
    pub fn work(&mut self, feed: usize, end: &mut WorkerEnd) -> Result<(), (Option<u32>, NoteError)> {
        let desk = &mut self.desks[feed];
        desk.work(&mut self.tools, &mut end.feeds[feed]).map_err(|error| (desk.give_up(), error))
    }
}
