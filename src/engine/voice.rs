//! One note of the engine: its stream of chunks, its envelope, and what it does when the stream runs dry.

use std::sync::atomic::Ordering;

use super::envelope::{Envelope, smooth_step};
use super::note::NoteId;
use crate::link::{EngineEnd, Order, Player};

/// Samples in which a stream that is about to run dry fades, and comes back.
const DRY_FADE: usize = 64;

/// Where a note stands with its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// The first chunk is not there yet, or not due yet.
    Waiting,
    /// Sounding, with this many samples left to fade in.
    Sounding { fade_in: usize },
    /// Playing the last chunk that is there, fading towards its end.
    RunningDry,
    /// Ran dry: silent until the stream has more.
    Dry,
    /// The stream has ended.
    Ended,
}

/// A note from its order to its end.
pub(super) struct Voice {
    pub id: NoteId,
    pub serial: u64,
    /// Peak gain: velocity.
    pub velocity_gain: f32,
    /// Not yet accepted by the worker's queue.
    pub unsent: Option<Order>,
    /// When the note is due, on the engine's clock.
    pub start_at: u64,
    /// After how many sounding samples the key is let go; a late note keeps its length.
    release_age: Option<u64>,
    release: usize,
    /// When a choked or stolen note begins its short fade, and how long that is.
    cut: Option<(u64, usize)>,
    envelope: Envelope,
    flow: Flow,
    /// Samples sounded.
    age: u64,
    epoch: u32,
    /// Samples of the front chunk already played.
    offset: usize,
}

/// What surrounds a voice while it renders.
pub(super) struct Surroundings<'a> {
    pub end: &'a mut EngineEnd,
    pub slot: usize,
    pub clock: u64,
    /// Whether to wait for the workers.
    pub offline: bool,
    /// Whether notes have a look-ahead that they can miss.
    pub has_lead: bool,
}

impl Voice {
    pub fn new(id: NoteId, serial: u64, order: Order, start_at: u64, shape: (f32, Envelope)) -> Self {
        Self {
            id,
            serial,
            velocity_gain: shape.0,
            epoch: order.epoch,
            unsent: Some(order),
            start_at,
            release_age: None,
            release: 0,
            cut: None,
            envelope: shape.1,
            flow: Flow::Waiting,
            age: 0,
            offset: 0,
        }
    }

    /// The key was let go at `at` on the engine's clock; the note falls over `release` samples.
    pub fn let_go(&mut self, at: u64, release: usize) {
        if self.release_age.is_none() {
            self.release_age = Some(at.saturating_sub(self.start_at));
            self.release = release;
        }
    }

    /// Fades within `length` samples from `at` on, whatever the key does.
    pub fn cut(&mut self, at: u64, length: usize) {
        if self.cut.is_none_or(|(earlier, _)| at < earlier) {
            self.cut = Some((at, length));
        }
    }

    pub fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    pub fn is_let_go(&self) -> bool {
        self.release_age.is_some()
    }

    /// How loud the note may still be: for choosing who yields.
    pub fn level(&self) -> f32 {
        self.envelope.level() * self.velocity_gain
    }

    /// Whether nothing more will sound at `clock` or later.
    pub fn is_over(&self, clock: u64) -> bool {
        self.flow == Flow::Ended
            || self.envelope.is_ended()
            || self.cut.is_some_and(|(at, length)| clock >= at + length as u64 || (clock >= at && self.age == 0))
    }

    /// Adds the note's next samples to `mix`; returns after how many of them the note was over, if it was.
    pub fn render(&mut self, mix: &mut [f32], mut around: Surroundings<'_>) -> Option<usize> {
        for (n, out) in mix.iter_mut().enumerate() {
            let clock = around.clock + n as u64;
            if self.is_over(clock) {
                return Some(n);
            }
            if clock < self.start_at {
                continue;
            }
            let Some(sample) = self.supply(&mut around, clock) else { continue };
            if !self.envelope.is_released() && self.release_age.is_some_and(|age| self.age >= age) {
                self.envelope.release(self.release);
            }
            let gain = self.envelope.next_level() * self.cut_gain(clock) * self.velocity_gain;
            *out += sample * gain;
            self.age += 1;
        }
        self.is_over(around.clock + mix.len() as u64).then_some(mix.len())
    }

    fn cut_gain(&self, clock: u64) -> f32 {
        match self.cut {
            Some((at, length)) if clock >= at => 1.0 - smooth_step((clock - at) as f32 / length as f32),
            _ => 1.0,
        }
    }

    /// The stream's next sample, faded where the stream breaks off or comes back.
    fn supply(&mut self, around: &mut Surroundings<'_>, clock: u64) -> Option<f32> {
        if !self.is_flowing(around, clock) {
            return None;
        }
        let front = around.end.player(around.slot).front()?;
        let (len, last) = (usize::from(front.len), front.last);
        let to_go = len.saturating_sub(self.offset);
        if to_go == 0 {
            // Only a note's last chunk may be empty.
            self.next_chunk(around, last);
            return None;
        }
        let mut sample = front.samples[self.offset];
        if !last && to_go == DRY_FADE.min(len) && !self.is_there(around, 2) {
            self.flow = Flow::RunningDry;
        }
        match &mut self.flow {
            Flow::Sounding { fade_in } if *fade_in > 0 => {
                sample *= smooth_step(1.0 - *fade_in as f32 / DRY_FADE as f32);
                *fade_in -= 1;
            }
            Flow::RunningDry => sample *= smooth_step((to_go - 1) as f32 / DRY_FADE as f32),
            _ => {}
        }
        self.offset += 1;
        if to_go == 1 {
            self.next_chunk(around, last);
        }
        Some(sample)
    }

    /// Whether there is a chunk to play; starts and resumes the note when there is.
    fn is_flowing(&mut self, around: &mut Surroundings<'_>, clock: u64) -> bool {
        match self.flow {
            Flow::Sounding { .. } | Flow::RunningDry => true,
            Flow::Ended => false,
            Flow::Waiting => {
                if !self.is_there(around, 1) {
                    return false;
                }
                if around.has_lead && clock > self.start_at {
                    around.end.meters().late_notes.fetch_add(1, Ordering::Relaxed);
                }
                self.flow = Flow::Sounding { fade_in: 0 };
                true
            }
            Flow::Dry => {
                // Two chunks, so that it does not run dry again at once; the last one comes alone.
                let ends = self.is_there(around, 1)
                    && around.end.player(around.slot).front().is_some_and(|chunk| chunk.last);
                if !ends && !self.is_there(around, 2) {
                    return false;
                }
                self.flow = Flow::Sounding { fade_in: DRY_FADE };
                true
            }
        }
    }

    fn next_chunk(&mut self, around: &mut Surroundings<'_>, last: bool) {
        around.end.player(around.slot).advance();
        around.end.nudge(around.slot);
        self.offset = 0;
        if last {
            self.flow = Flow::Ended;
        } else if self.flow == Flow::RunningDry {
            around.end.meters().dry_streams.fetch_add(1, Ordering::Relaxed);
            self.flow = Flow::Dry;
        }
    }

    /// In real time: makes sure that the worker looks at this note again, or ends a note whose worker is gone.
    fn ask_again(&mut self, around: &mut Surroundings<'_>) {
        around.end.nudge(around.slot);
        if around.end.is_orphaned(around.slot) && around.end.player(around.slot).waiting(self.epoch) == 0 {
            self.fail(around);
        }
    }

    /// Nothing more will come of the note: says so once, and ends it.
    fn fail(&mut self, around: &Surroundings<'_>) {
        around.end.meters().failed_notes.fetch_add(1, Ordering::Relaxed);
        self.flow = Flow::Ended;
    }

    /// Whether this many of the note's chunks are in the ring. Offline, waits until they are.
    fn is_there(&mut self, around: &mut Surroundings<'_>, chunks: usize) -> bool {
        let epoch = self.epoch;
        let has = |player: &mut Player| player.waiting(epoch) >= chunks;
        if has(around.end.player(around.slot)) {
            return true;
        }
        if !around.offline {
            self.ask_again(around);
            return false;
        }
        let mut patience = Patience::default();
        while !has(around.end.player(around.slot)) {
            if let Some(order) = self.unsent.take()
                && !around.end.order(order)
            {
                self.unsent = Some(order);
            }
            around.end.nudge(around.slot);
            around.end.wake();
            if around.end.is_orphaned(around.slot) && !has(around.end.player(around.slot)) {
                self.fail(around);
                return false;
            }
            patience.wait();
        }
        true
    }
}

/// Waiting for a worker in offline rendering: politely, then asleep, so that the worker gets the core.
#[derive(Default)]
struct Patience {
    turns: u32,
}

impl Patience {
    const POLITE_TURNS: u32 = 16;

    fn wait(&mut self) {
        self.turns += 1;
        if self.turns <= Self::POLITE_TURNS {
            std::thread::yield_now();
        } else {
            std::thread::sleep(std::time::Duration::from_micros(100));
        }
    }
}
