//! Quantities with their units in the type, so that a rate is never taken for a count.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Samples per second: finite and positive.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f32", into = "f32")]
pub struct SampleRate(f32);

/// A number that is no sample rate.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("a sample rate must be finite and positive, got {0} Hz")]
pub struct BadSampleRate(f32);

impl SampleRate {
    /// Accepts any finite rate above zero, in hertz.
    ///
    /// # Errors
    /// [`BadSampleRate`] for zero, negative and non-finite numbers.
    pub fn new(hz: f32) -> Result<Self, BadSampleRate> {
        if hz.is_finite() && hz > 0.0 { Ok(Self(hz)) } else { Err(BadSampleRate(hz)) }
    }

    /// The rate in hertz.
    #[must_use]
    pub fn hz(self) -> f32 {
        self.0
    }

    /// The number of samples nearest to a duration in milliseconds.
    #[must_use]
    pub fn samples_in_ms(self, ms: f32) -> usize {
        (f64::from(self.0) * f64::from(ms) * 1e-3).round() as usize
    }

    /// The duration of a number of samples, in seconds.
    #[must_use]
    pub fn seconds(self, samples: usize) -> f64 {
        samples as f64 / f64::from(self.0)
    }
}

impl TryFrom<f32> for SampleRate {
    type Error = BadSampleRate;

    fn try_from(hz: f32) -> Result<Self, Self::Error> {
        Self::new(hz)
    }
}

impl From<SampleRate> for f32 {
    fn from(rate: SampleRate) -> Self {
        rate.0
    }
}

/// A MIDI key, 0 to 127; 69 is A4 (440 Hz), 21 is A0, the octave 0 of the models' pitch vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct MidiNote(u8);

/// A number that is no MIDI key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a MIDI note must lie in 0..=127, got {0}")]
pub struct BadMidiNote(u8);

/// Its name, with sharps; C4 is middle C.
impl fmt::Display for MidiNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
        write!(f, "{}{}", NAMES[usize::from(self.0 % 12)], i32::from(self.0 / 12) - 1)
    }
}

impl MidiNote {
    /// The lowest note that a model's one-hot pitch vectors can name: A0.
    pub const LOWEST_ENCODED: Self = Self(21);
    /// Octaves in the one-hot pitch vector `octave`.
    pub const OCTAVES: usize = 7;
    /// Semitones in the one-hot pitch vector `semitone`.
    pub const SEMITONES: usize = 12;

    /// Accepts 0 to 127.
    ///
    /// # Errors
    /// [`BadMidiNote`] above 127.
    pub fn new(number: u8) -> Result<Self, BadMidiNote> {
        if number <= 127 { Ok(Self(number)) } else { Err(BadMidiNote(number)) }
    }

    /// Reads a name such as `A3`, `f#4`, `Bb2` or `Cs5`; C4 is 60. `None` for anything else.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let mut letters = name.chars();
        let natural = match letters.next()?.to_ascii_uppercase() {
            'C' => 0,
            'D' => 2,
            'E' => 4,
            'F' => 5,
            'G' => 7,
            'A' => 9,
            'B' => 11,
            _ => return None,
        };
        let rest = letters.as_str();
        let (accidental, octave) = if let Some(octave) = rest.strip_prefix(['#', 's', '♯']) {
            (1, octave)
        } else if let Some(octave) = rest.strip_prefix(['b', '♭']) {
            (-1, octave)
        } else {
            (0, rest)
        };
        let octave: i32 = octave.parse().ok().filter(|octave| (-1..=9).contains(octave))?;
        Self::new(u8::try_from(12 * (octave + 1) + natural + accidental).ok()?).ok()
    }

    /// The key number, 0 to 127.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// Equal-tempered frequency in hertz at A4 = 440 Hz.
    #[must_use]
    pub fn hz(self) -> f32 {
        440.0 * ((f32::from(self.0) - 69.0) / 12.0).exp2()
    }

    /// The note nearest to a frequency, and how far above it the frequency lies, in cents (-50 to 50).
    /// `None` for a frequency that no MIDI key is near.
    #[must_use]
    pub fn nearest(hz: f32) -> Option<(Self, f32)> {
        let semitones = 69.0 + 12.0 * (hz / 440.0).log2();
        let nearest = semitones.round();
        if (0.0..=127.0).contains(&nearest) {
            Some((Self(nearest as u8), (semitones - nearest) * 100.0))
        } else {
            None
        }
    }

    /// How far a frequency lies above this note, in cents.
    #[must_use]
    pub fn cents_to(self, hz: f32) -> f32 {
        1200.0 * (hz / self.hz()).log2()
    }

    /// The places of the ones in `octave` and `semitone`, or `None` outside A0 .. G#7.
    #[must_use]
    pub fn octave_and_semitone(self) -> Option<(usize, usize)> {
        let steps = usize::from(self.0.checked_sub(Self::LOWEST_ENCODED.0)?);
        let (octave, semitone) = (steps / Self::SEMITONES, steps % Self::SEMITONES);
        (octave < Self::OCTAVES).then_some((octave, semitone))
    }
}

impl TryFrom<u8> for MidiNote {
    type Error = BadMidiNote;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        Self::new(number)
    }
}

impl From<MidiNote> for u8 {
    fn from(note: MidiNote) -> Self {
        note.0
    }
}

/// Amplitude ratio of a level in decibels.
#[must_use]
pub fn db_to_gain(db: f32) -> f32 {
    10f32.powf(db / 20.0)
}

/// Level in decibels of an amplitude ratio; minus infinity for zero.
#[must_use]
pub fn gain_to_db(gain: f32) -> f32 {
    20.0 * gain.log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_rate_is_finite_and_positive() {
        for hz in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert!(SampleRate::new(hz).is_err(), "{hz}");
        }
        assert_eq!(SampleRate::new(48_000.0).unwrap().samples_in_ms(10.0), 480);
    }

    #[test]
    fn a0_is_octave_zero_semitone_zero() {
        let places = |n| MidiNote::new(n).unwrap().octave_and_semitone();
        assert_eq!(places(20), None);
        assert_eq!(places(21), Some((0, 0)));
        assert_eq!(places(60), Some((3, 3)));
        assert_eq!(places(104), Some((6, 11)));
        assert_eq!(places(105), None);
    }

    #[test]
    fn a4_is_440_hz_and_back() {
        let a4 = MidiNote::new(69).unwrap();
        assert_eq!(a4.hz(), 440.0);
        let (note, cents) = MidiNote::nearest(441.0).unwrap();
        assert_eq!(note, a4);
        assert!((cents - 3.93).abs() < 0.01, "{cents}");
        assert_eq!(MidiNote::nearest(0.0), None);
    }
}
