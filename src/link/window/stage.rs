//! The audio thread's way to the window.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rtrb::Consumer;
use triple_buffer::Input;

use super::waveform::STRETCHES;
use super::{Extremes, Gesture, KeySet, Shared, Snapshot};
use crate::units::SampleRate;

/// How often the engine shows itself, in milliseconds of its own time: oftener than a screen does.
const SHOW_MS: f32 = 10.0;
/// A stretch of the waveform.
const STRETCH_MS: f32 = 5.0;

/// (audio) Shows what goes on while a window is open, and takes what the mouse plays.
pub struct Stage {
    shared: Arc<Shared>,
    gestures: Consumer<Gesture>,
    shown: Input<Snapshot>,
    last: Snapshot,
    /// Samples from one snapshot to the next, and since the last one.
    interval: usize,
    since: usize,
    /// Samples in a stretch of the waveform, and in the one that is under way.
    stretch: usize,
    filled: usize,
    extremes: Extremes,
    /// Stretches of silence since the last sound.
    silent: usize,
    was_open: bool,
}

impl Stage {
    pub(super) fn new(shared: Arc<Shared>, gestures: Consumer<Gesture>, shown: Input<Snapshot>) -> Self {
        Self {
            shared,
            gestures,
            shown,
            last: Snapshot::default(),
            interval: 1,
            since: 0,
            stretch: 1,
            filled: 0,
            extremes: Extremes::default(),
            silent: 0,
            was_open: false,
        }
    }

    /// Counts time at the host's rate.
    pub fn set_rate(&mut self, rate: SampleRate) {
        self.interval = rate.samples_in_ms(SHOW_MS).max(1);
        self.stretch = rate.samples_in_ms(STRETCH_MS).max(1);
    }

    /// Whether anyone looks.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.shared.is_open()
    }

    /// The next key that was struck with the mouse.
    pub fn next_gesture(&mut self) -> Option<Gesture> {
        self.gestures.pop().ok()
    }

    /// Keys that the window holds down: none when it is closed, whatever it left behind.
    #[must_use]
    pub fn held(&self) -> KeySet {
        if self.is_open() { self.shared.held.get() } else { KeySet::default() }
    }

    /// Whether it is time for [`Stage::show`], after another `samples`.
    pub fn is_due(&mut self, samples: usize) -> bool {
        let is_open = self.is_open();
        let opened = is_open && !self.was_open;
        self.was_open = is_open;
        self.since += samples;
        let due = is_open && (opened || self.since >= self.interval);
        if due {
            self.since = 0;
        }
        due
    }

    /// Shows the engine as it is now.
    pub fn show(&mut self, snapshot: &Snapshot) {
        if *snapshot != self.last {
            self.last = *snapshot;
            *self.shown.input_buffer_mut() = *snapshot;
            self.shown.publish();
            self.shared.changed();
        }
    }

    /// Shows that nothing plays any more.
    pub fn rest(&mut self) {
        let Snapshot { last_note, latent, .. } = self.last;
        self.show(&Snapshot { last_note, latent, ..Snapshot::default() });
    }

    /// Measures what was heard. Both channels are of equal length.
    pub fn hear(&mut self, left: &[f32], right: &[f32]) {
        if !self.is_open() {
            return;
        }
        let mut peaks = [0.0_f32; 2];
        for (&l, &r) in left.iter().zip(right) {
            peaks = [peaks[0].max(l.abs()), peaks[1].max(r.abs())];
            let Extremes { low, high } = self.extremes;
            self.extremes = Extremes { low: low.min(l).min(r), high: high.max(l).max(r) };
            self.filled += 1;
            if self.filled >= self.stretch {
                self.end_stretch();
            }
        }
        for (peak, shared) in peaks.into_iter().zip(&self.shared.peaks) {
            shared.fetch_max(peak, Ordering::Relaxed);
        }
    }

    fn end_stretch(&mut self) {
        self.silent = if self.extremes == Extremes::default() { self.silent + 1 } else { 0 };
        self.filled = 0;
        self.shared.waveform.push(std::mem::take(&mut self.extremes));
        // Where there is nothing but silence, more of it changes nothing.
        if self.silent <= STRETCHES {
            self.shared.changed();
        }
    }
}
