//! What gives way when the workers cannot keep up: old releases before new attacks.

use std::sync::atomic::Ordering;

use super::{CUT_MS, Engine, Mode, candidates, steal};

/// A note that waits for its first sample longer than this says that there is too much to do.
const OVERDUE_MS: f32 = 20.0;

impl Engine {
    /// Cuts the voice that will be missed least, of those whose keys are up, if another one starves. In real time
    /// only: a bounce waits.
    pub(super) fn shed_release(&mut self) {
        let overdue = self.clock.saturating_sub(self.rate.samples_in_ms(OVERDUE_MS) as u64);
        let starves = self.voices.iter().flatten().any(|voice| voice.is_starved(overdue));
        if self.mode == Mode::Offline || !starves {
            return;
        }
        let falling = candidates(&self.voices, |voice| voice.is_let_go() && !voice.is_cut());
        if let Some(slot) = steal::choose(falling)
            && let Some(voice) = &mut self.voices[slot]
        {
            voice.cut(self.clock, self.rate.samples_in_ms(CUT_MS).max(1));
            self.end.meters().shed_releases.fetch_add(1, Ordering::Relaxed);
        }
    }
}
