//! A voice's stream of chunks: when it starts, and what it does when it runs dry.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::envelope::smooth_step;
use super::outbox::Outbox;
use super::patience::Patience;
use crate::link::{Change, EngineEnd, Order, Player, What};

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

/// Whether to wait for the workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// In real time.
    Never,
    /// For a host that bounces without saying so.
    Until(Instant),
    /// Offline.
    Always,
}

/// What surrounds a voice while it renders.
pub(super) struct Surroundings<'a> {
    pub end: &'a mut EngineEnd,
    pub slot: usize,
    pub clock: u64,
    pub wait: Wait,
    /// Whether notes have a look-ahead that they can miss.
    pub has_lead: bool,
}

/// A note's sound as it comes from its worker.
pub(super) struct Stream {
    outbox: Outbox,
    flow: Flow,
    epoch: u32,
    /// Samples of the front chunk already taken.
    offset: usize,
    /// Samples taken.
    taken: u64,
    /// Whether it began late or ran dry.
    missed: bool,
}

impl Stream {
    pub fn new(order: Order, end: &mut EngineEnd) -> Self {
        let outbox = Outbox::new(order, end);
        Self { outbox, flow: Flow::Waiting, epoch: order.epoch, offset: 0, taken: 0, missed: false }
    }

    /// Which of its slot's notes it is.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Samples taken so far.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    pub fn has_ended(&self) -> bool {
        self.flow == Flow::Ended
    }

    /// Whether it broke off and has not come back.
    pub fn is_dry(&self) -> bool {
        matches!(self.flow, Flow::Dry | Flow::RunningDry)
    }

    /// Whether it has not begun.
    pub fn is_waiting(&self) -> bool {
        self.flow == Flow::Waiting
    }

    /// Tells the worker of a change, stamped with sample `at`, as [`Outbox::tell`] does.
    pub fn tell(&mut self, end: &mut EngineEnd, (slot, at): (usize, i64), what: What, offline: bool) {
        self.outbox.tell(end, Change { slot: slot as u8, epoch: self.epoch, at, what }, offline);
    }

    /// Sends what the worker's queue had no room for.
    pub fn send(&mut self, end: &mut EngineEnd) {
        self.outbox.send(end);
    }

    /// The stream's next sample, faded where the stream breaks off or comes back. `late` tells how long
    /// ago its first sample was due.
    pub fn next(&mut self, around: &mut Surroundings<'_>, late: u64) -> Option<f32> {
        if !self.is_flowing(around, late) {
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
        self.taken += 1;
        if to_go == 1 {
            self.next_chunk(around, last);
        }
        Some(sample)
    }

    /// Whether there is a chunk to play; starts and resumes the note when there is.
    fn is_flowing(&mut self, around: &mut Surroundings<'_>, late: u64) -> bool {
        match self.flow {
            Flow::Sounding { .. } | Flow::RunningDry => true,
            Flow::Ended => false,
            Flow::Waiting => {
                if !self.is_there(around, 1) {
                    return false;
                }
                let meters = around.end.meters();
                meters.last_delay.store(u32::try_from(late).unwrap_or(u32::MAX), Ordering::Relaxed);
                meters.started_notes.fetch_add(1, Ordering::Release);
                if around.has_lead && late > 0 {
                    meters.late_notes.fetch_add(1, Ordering::Relaxed);
                    self.miss(around);
                }
                self.flow = Flow::Sounding { fade_in: 0 };
                true
            }
            Flow::Dry => {
                if !self.is_there(around, 1) {
                    return false;
                }
                // Two chunks, so that it does not run dry again at once; the last one comes alone.
                let ends = around.end.player(around.slot).front().is_some_and(|chunk| chunk.last)
                    || self.is_abandoned(around);
                if !ends && !self.is_there(around, 2) {
                    return false;
                }
                self.flow = Flow::Sounding { fade_in: DRY_FADE };
                true
            }
        }
    }

    fn next_chunk(&mut self, around: &mut Surroundings<'_>, last: bool) {
        let player = around.end.player(around.slot);
        player.advance();
        player.report(self.taken as i64);
        around.end.nudge(around.slot);
        self.offset = 0;
        if last {
            self.flow = Flow::Ended;
        } else if self.flow == Flow::RunningDry {
            self.flow = Flow::Dry;
            self.end_if_abandoned(around);
            if self.flow == Flow::Dry {
                around.end.meters().dry_streams.fetch_add(1, Ordering::Relaxed);
                self.miss(around);
            }
        }
    }

    /// Whether its worker makes no more of it: it is gone, or has refused the note.
    fn is_abandoned(&self, around: &mut Surroundings<'_>) -> bool {
        around.end.is_orphaned(around.slot) || around.end.player(around.slot).is_refused(self.epoch)
    }

    /// Ends the note if its worker makes no more of it and has left nothing to play. Returns whether it makes no more.
    fn end_if_abandoned(&mut self, around: &mut Surroundings<'_>) -> bool {
        let abandoned = self.is_abandoned(around);
        if abandoned && around.end.player(around.slot).waiting(self.epoch) == 0 {
            self.fail(around);
        }
        abandoned
    }

    /// Counts the note, once, as one whose sound was not there in time.
    fn miss(&mut self, around: &Surroundings<'_>) {
        if !std::mem::replace(&mut self.missed, true) {
            around.end.meters().missed_notes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Nothing more will come of the note: says so once, and ends it. A note that was late before is a failed one now, not both.
    fn fail(&mut self, around: &Surroundings<'_>) {
        let meters = around.end.meters();
        meters.failed_notes.fetch_add(1, Ordering::Relaxed);
        if std::mem::take(&mut self.missed) {
            meters.missed_notes.fetch_sub(1, Ordering::Relaxed);
        }
        self.flow = Flow::Ended;
    }

    /// Whether this many of the note's chunks are in the ring. Waits until they are if that is allowed: offline for as
    /// long as it takes, and for a host that bounces without saying so (`pace.rs`) within a bound. That is the one
    /// exception to the rule that real time never waits: an export whose notes were missing would be worse.
    fn is_there(&mut self, around: &mut Surroundings<'_>, chunks: usize) -> bool {
        let epoch = self.epoch;
        let has = |player: &mut Player| player.waiting(epoch) >= chunks;
        if has(around.end.player(around.slot)) {
            return true;
        }
        if around.wait == Wait::Never {
            // The worker may have passed the note over while there was nothing to do.
            around.end.nudge(around.slot);
            self.end_if_abandoned(around);
            return false;
        }
        // All that came before this sample was sent: the worker may go on to what it leads to.
        around.end.player(around.slot).report(self.taken as i64);
        let mut patience = Patience::default();
        while !has(around.end.player(around.slot)) {
            self.send(around.end);
            around.end.nudge(around.slot);
            around.end.wake();
            if self.end_if_abandoned(around) {
                // What it handed over just before it went, or refused, is there now.
                return has(around.end.player(around.slot));
            }
            if matches!(around.wait, Wait::Until(deadline) if Instant::now() >= deadline) {
                around.wait = Wait::Never;
                return false;
            }
            patience.wait();
        }
        true
    }
}
