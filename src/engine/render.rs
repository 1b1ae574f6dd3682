//! Mixing: voices to two channels, cut where a change of level, place or pitch is due.

use std::sync::atomic::Ordering;

use super::limit::soften;
use super::stream::{Surroundings, Wait};
use super::voice::Voice;
use super::{Change, Engine, MIX, Mode, NoteId, SLOTS};

impl Engine {
    /// Renders the next samples into both channels (of equal length), calling `ended` with the offset and name
    /// of each note that ends.
    pub fn render(&mut self, left: &mut [f32], right: &mut [f32], mut ended: impl FnMut(usize, NoteId)) {
        self.render_hashed(left, right, |at, id, _| ended(at, id));
    }

    /// As [`Engine::render`]; `ended` also gets a hash of the note's samples, before they are placed and mixed. Equal
    /// notes have equal hashes, on one machine and backend.
    pub fn render_hashed(
        &mut self,
        left: &mut [f32],
        right: &mut [f32],
        mut ended: impl FnMut(usize, NoteId, u64),
    ) {
        let wait = match self.mode {
            Mode::Offline => Wait::Always,
            Mode::Realtime => self.pace.called(left.len(), self.rate).map_or(Wait::Never, Wait::Until),
        };
        let mut peak: f32 = 0.0;
        let mut at = 0;
        while at < left.len() {
            while let Some(change) = self.due.due(self.clock) {
                self.make(change, self.clock);
            }
            let until_change = self.due.next_at().map_or(u64::MAX, |at| at - self.clock);
            let len = (left.len() - at).min(MIX).min(usize::try_from(until_change).unwrap_or(usize::MAX));
            self.mix(len, wait, |n, id, hash| ended(at + n, id, hash));
            let out = left[at..at + len].iter_mut().zip(&mut right[at..at + len]);
            for ((l, r), (mixed_l, mixed_r)) in out.zip(self.mix[0].iter().zip(&self.mix[1])) {
                let gain = self.gain.next_value();
                (*l, *r) = (mixed_l * gain, mixed_r * gain);
                if self.controls.soft_limit {
                    (*l, *r) = (soften(*l), soften(*r));
                }
                peak = peak.max(l.abs()).max(r.abs());
            }
            at += len;
        }
        self.shed_release();
        if self.uses_cache() {
            let (controls, tuning) = (&self.controls, &self.tuning);
            self.foresight
                .look(&mut self.end, self.clock, |key| super::recipe(controls, tuning, key, Default::default()));
        }
        let meters = self.end.meters();
        meters.peak.fetch_max(peak, Ordering::Relaxed);
        meters.voices.store(self.voices.iter().flatten().count() as u32, Ordering::Relaxed);
        self.end.wake();
        if self.mode == Mode::Realtime {
            self.pace.returned();
        }
    }

    /// Makes a change that is heard at `at`: notes that begin later were struck with what holds for them.
    pub(super) fn make(&mut self, change: Change, at: u64) {
        match change {
            Change::Gain(gain) => self.gain.aim(gain),
            Change::Express(which, expression) => {
                let meant = |voice: &&mut Voice| which.selects(voice.id) && voice.start_at <= at;
                for voice in self.voices.iter_mut().flatten().filter(meant) {
                    voice.express(expression);
                }
            }
        }
    }

    /// Mixes the next samples of all voices.
    fn mix(&mut self, len: usize, wait: Wait, mut ended: impl FnMut(usize, NoteId, u64)) {
        let [left, right] = &mut self.mix;
        let (left, right) = (&mut left[..len], &mut right[..len]);
        left.fill(0.0);
        right.fill(0.0);
        let mut ends = [None; SLOTS];
        for (slot, place) in self.voices.iter_mut().enumerate() {
            let Some(voice) = place else { continue };
            voice.stream.send(&mut self.end);
            let around =
                Surroundings { end: &mut self.end, slot, clock: self.clock, wait, has_lead: self.latency > 0 };
            if let Some(after) = voice.render([&mut *left, &mut *right], around) {
                ends[slot] = Some((after, voice.id, voice.hash));
                *place = None;
                self.end.player(slot).begin(0);
                self.end.nudge(slot);
            }
        }
        self.clock += len as u64;
        // Hosts want events in the order of time; an array this short sorts in place.
        ends.sort_unstable_by_key(|end| end.map_or(usize::MAX, |(after, ..)| after));
        for (after, id, hash) in ends.into_iter().flatten() {
            ended(after, id, hash);
        }
    }
}
