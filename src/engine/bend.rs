//! Pitch bend of one note: its stream is read faster or slower.
//!
//! It acts where the sound is heard, to the sample, and asks nothing of the worker. Source: windowed-sinc
//! interpolation (Smith & Gossett 1984, "A flexible sampling-rate conversion method"). A note that was never bent is
//! passed through untouched.

use std::f64::consts::PI;
use std::sync::LazyLock;

use super::envelope::Glide;
use super::stream::{Stream, Surroundings};

/// Taps of the interpolation filter: flat to a tenth of a decibel up to 0.8 of half the rate.
const TAPS: usize = 16;
/// Samples after the one that is read.
const AHEAD: usize = TAPS / 2;
/// Places between two samples for which taps are stored; they are interpolated between.
const PHASES: usize = 256;
/// Samples in which a bend follows a change: no step is heard.
const GLIDE: usize = 128;

/// Taps for each phase, and for the one after the last.
static FILTER: LazyLock<[[f32; TAPS]; PHASES + 1]> = LazyLock::new(|| {
    let mut filter = [[0.0; TAPS]; PHASES + 1];
    for (phase, taps) in filter.iter_mut().enumerate() {
        let mut exact = [0.0; TAPS];
        for (n, tap) in exact.iter_mut().enumerate() {
            *tap = windowed_sinc(n as f64 - (AHEAD - 1) as f64 - phase as f64 / PHASES as f64);
        }
        // A constant stays what it is, at every phase.
        let sum: f64 = exact.iter().sum();
        for (tap, exact) in taps.iter_mut().zip(exact) {
            *tap = (exact / sum) as f32;
        }
    }
    filter
});

/// A sinc under a Blackman window.
fn windowed_sinc(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    if x.abs() >= AHEAD as f64 {
        return 0.0;
    }
    let turn = PI * x / AHEAD as f64;
    (PI * x).sin() / (PI * x) * (0.42 + 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos())
}

/// Reads a stream at another speed.
pub(super) struct Bend {
    cents: Glide,
    /// Whether the note is, or was, bent.
    active: bool,
    /// The last samples of the stream, twice: any [`TAPS`] of them lie side by side.
    samples: [f32; 2 * TAPS],
    newest: usize,
    /// Samples of the stream a sample, and the cents that it was computed for.
    speed: f64,
    speed_of: f32,
    /// How far the place that is read lies after its sample, in samples.
    fraction: f64,
    /// Samples to be taken from the stream before the next one is read.
    missing: usize,
    /// Silence put after the stream's end.
    padding: usize,
}

impl Bend {
    pub fn new(cents: f32) -> Self {
        let mut bend = Self {
            cents: Glide::new(cents, GLIDE),
            active: false,
            samples: [0.0; 2 * TAPS],
            newest: 0,
            speed: 1.0,
            speed_of: 0.0,
            fraction: 0.0,
            missing: 1,
            padding: 0,
        };
        bend.activate(cents);
        bend
    }

    /// Prepares the filter: takes a moment, and is for before the first note.
    pub fn warm_up() {
        LazyLock::force(&FILTER);
    }

    /// Bends to `cents` from here on.
    pub fn aim(&mut self, cents: f32) {
        if cents.is_finite() {
            self.activate(cents);
            self.cents.aim(cents);
        }
    }

    fn activate(&mut self, cents: f32) {
        if cents != 0.0 && !self.active {
            self.active = true;
            self.missing += AHEAD;
        }
    }

    /// Whether the stream has ended and all of it was read.
    pub fn has_ended(&self, stream: &Stream) -> bool {
        stream.has_ended() && (!self.active || self.padding >= AHEAD)
    }

    /// The next sample; `None` while the stream has none.
    pub fn next(&mut self, stream: &mut Stream, around: &mut Surroundings<'_>, late: u64) -> Option<f32> {
        while self.missing > 0 {
            let sample = match stream.next(around, late) {
                Some(sample) => sample,
                None if self.active && stream.has_ended() && self.padding < AHEAD => {
                    self.padding += 1;
                    0.0
                }
                None => return None,
            };
            self.newest = (self.newest + 1) % TAPS;
            self.samples[self.newest] = sample;
            self.samples[self.newest + TAPS] = sample;
            self.missing -= 1;
        }
        if !self.active {
            self.missing = 1;
            return Some(self.samples[self.newest]);
        }
        let sample = self.interpolated();
        let cents = self.cents.next_value();
        if cents.to_bits() != self.speed_of.to_bits() {
            (self.speed_of, self.speed) = (cents, f64::from(cents / 1200.0).exp2());
        }
        self.fraction += self.speed;
        self.missing = self.fraction as usize;
        self.fraction -= self.missing as f64;
        Some(sample)
    }

    fn interpolated(&self) -> f32 {
        let place = self.fraction * PHASES as f64;
        let phase = place as usize;
        let share = (place - phase as f64) as f32;
        let window = &self.samples[self.newest + 1..][..TAPS];
        let (lower, upper) = (&FILTER[phase], &FILTER[phase + 1]);
        let taps = lower.iter().zip(upper).map(|(a, b)| a + share * (b - a));
        window.iter().zip(taps).map(|(sample, tap)| sample * tap).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_passes_samples_and_places_others_between() {
        let (mut bend, hz) = (Bend::new(100.0), 0.11);
        let sine = |n: f64| (std::f64::consts::TAU * hz * n).sin();
        for n in 0..2 * TAPS {
            bend.newest = (bend.newest + 1) % TAPS;
            bend.samples[bend.newest] = sine(n as f64) as f32;
            bend.samples[bend.newest + TAPS] = bend.samples[bend.newest];
        }
        let read = (2 * TAPS - 1 - AHEAD) as f64;
        for fraction in [0.0, 0.25, 0.5001, 0.999] {
            bend.fraction = fraction;
            let error = f64::from(bend.interpolated()) - sine(read + fraction);
            assert!(error.abs() < 1e-3, "{error} at {fraction}");
        }
    }
}
