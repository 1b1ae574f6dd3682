//! From a decoded spectrogram to its measured pitch, through the sound that the plugin makes of it.

use serde::Serialize;
use ukulelatent::dsp::inversion::MelInverter;
use ukulelatent::dsp::mel::MelFilterBank;
use ukulelatent::dsp::pitch::PitchRange;
use ukulelatent::dsp::reconstruct::{Quality, Reconstructor};
use ukulelatent::dsp::yin::yin_f0;
use ukulelatent::units::MidiNote;

use crate::features::FrontEnd;

/// Where a note's pitch is looked for: an octave error within the keyboard would be seen.
const RANGE: PitchRange = PitchRange { min_hz: 55.0, max_hz: 1500.0 };
/// Length of the sound that is measured, from its onset.
const MEASURED_MS: f32 = 900.0;

/// Spectrogram to sound, with the plugin's own tools.
pub struct Chain {
    front_end: FrontEnd,
    inverter: MelInverter,
    reconstructor: Reconstructor,
    linear: Vec<f32>,
    magnitude: Vec<f32>,
}

impl Chain {
    /// Prepares the tools for one front end.
    #[must_use]
    pub fn new(front_end: &FrontEnd) -> Self {
        let bank = MelFilterBank::new(front_end.mel, front_end.geometry, front_end.sample_rate_hz);
        Self {
            inverter: MelInverter::new(&bank, MelInverter::ITERATIONS),
            reconstructor: Reconstructor::new(front_end.geometry, Quality::default()),
            linear: vec![0.0; front_end.mel.bands],
            magnitude: vec![0.0; front_end.geometry.bins()],
            front_end: front_end.clone(),
        }
    }

    /// The sound of a normalised mel spectrogram, frames x bands.
    pub fn sound(&mut self, mel: &[f32]) -> Vec<f32> {
        self.reconstructor.begin(Quality::default(), self.front_end.onset_sample);
        let mut sound = vec![0.0; self.front_end.samples()];
        let mut filled = 0;
        for row in mel.chunks_exact(self.front_end.mel.bands) {
            for (linear, value) in self.linear.iter_mut().zip(row) {
                *linear = self.front_end.amplitude.to_magnitude(*value);
            }
            self.inverter.invert(&self.linear, &mut self.magnitude);
            if self.reconstructor.push(&self.magnitude).is_err() {
                // Not a magnitude: nothing more comes, and the pitch is judged on what is there.
                break;
            }
            filled += self.reconstructor.pull(&mut sound[filled..]);
        }
        self.reconstructor.finish();
        loop {
            let got = self.reconstructor.pull(&mut sound[filled..]);
            filled += got;
            if got == 0 {
                return sound;
            }
        }
    }

    /// How far the sound of a spectrogram is from `note`, in cents; `None` if it has no pitch.
    pub fn cents(&mut self, mel: &[f32], note: MidiNote) -> Option<f32> {
        let sound = self.sound(mel);
        cents_of(&self.front_end, &sound, note)
    }
}

/// How far a sound of the front end is from `note`, in cents; `None` if it has no pitch.
#[must_use]
pub fn cents_of(front_end: &FrontEnd, sound: &[f32], note: MidiNote) -> Option<f32> {
    let rate = front_end.sample_rate_hz;
    let end = (front_end.onset_sample + rate.samples_in_ms(MEASURED_MS)).min(sound.len());
    yin_f0(sound.get(front_end.onset_sample..end)?, rate, RANGE).map(|hz| note.cents_to(hz))
}

/// A cent or two is not heard; a fifth of a semitone is.
pub const IN_TUNE_CENTS: f32 = 20.0;

/// How many notes sound at their pitch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PitchAccuracy {
    /// How many were measured.
    pub notes: usize,
    /// Those within 20 cents.
    pub within_20_cents: usize,
    /// Those within 50 cents.
    pub within_50_cents: usize,
    /// Those without a pitch.
    pub unpitched: usize,
}

impl FromIterator<Option<f32>> for PitchAccuracy {
    fn from_iter<I: IntoIterator<Item = Option<f32>>>(cents: I) -> Self {
        let mut accuracy = Self::default();
        cents.into_iter().for_each(|cents| accuracy.count(cents));
        accuracy
    }
}

impl PitchAccuracy {
    /// Adds a note that is `cents` from its pitch.
    pub fn count(&mut self, cents: Option<f32>) {
        self.notes += 1;
        match cents {
            None => self.unpitched += 1,
            Some(cents) => {
                self.within_20_cents += usize::from(cents.abs() <= IN_TUNE_CENTS);
                self.within_50_cents += usize::from(cents.abs() <= 50.0);
            }
        }
    }

    /// `part` in percent of all notes.
    #[must_use]
    pub fn share(&self, part: usize) -> f64 {
        100.0 * part as f64 / self.notes.max(1) as f64
    }
}
