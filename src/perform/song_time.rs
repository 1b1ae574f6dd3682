//! Where in the song something happens.

use crate::units::SampleRate;

/// The tempo where nobody says one, in quarter notes a minute.
const DEFAULT_TEMPO: f64 = 120.0;
/// Steps in a quarter note that places are rounded to: far finer than anyone hears. A place is found by counting from
/// the start of a block, and hosts round that; so coarse a step hides what the two add up to (docs/adr/0017).
const STEPS: f64 = 2048.0;

/// A place in the song, and how the song goes on from there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SongTime {
    /// Samples since the song's beginning; since the engine's where no song plays.
    pub samples: i64,
    /// The same in quarter notes.
    beats: f64,
    beats_per_sample: f64,
}

impl SongTime {
    /// A sample of a song at one tempo (quarter notes a minute; 120 if nobody says, or says nonsense), which began at
    /// sample 0.
    #[must_use]
    pub fn at(samples: i64, tempo: Option<f64>, rate: SampleRate) -> Self {
        let tempo = tempo.filter(|tempo| tempo.is_finite() && *tempo > 0.0).unwrap_or(DEFAULT_TEMPO);
        let beats_per_sample = tempo / (60.0 * f64::from(rate.hz()));
        Self { samples, beats: samples as f64 * beats_per_sample, beats_per_sample }
    }

    /// The same sample, where the host has counted the quarter notes: tempos may have changed before.
    #[must_use]
    pub fn counted(self, beats: Option<f64>) -> Self {
        Self { beats: beats.filter(|beats| beats.is_finite()).unwrap_or(self.beats), ..self }
    }

    /// Some samples later.
    #[must_use]
    pub fn later(self, samples: usize) -> Self {
        let beats = self.beats + samples as f64 * self.beats_per_sample;
        Self { samples: self.samples + samples as i64, beats, ..self }
    }

    /// Quarter notes at a sample near this one, rounded to steps: the same from wherever one counts.
    #[must_use]
    pub fn beats_at(self, samples: i64) -> f64 {
        let beats = self.beats + (samples - self.samples) as f64 * self.beats_per_sample;
        (beats * STEPS).round() / STEPS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_are_the_same_from_wherever_one_counts() {
        for (hz, tempo) in [(48_000.0, 120.0), (44_100.0, 133.0), (96_000.0, 97.5), (44_100.0, 117.3)] {
            let rate = SampleRate::new(hz).unwrap();
            let whole = SongTime::at(0, Some(tempo), rate);
            for place in (0..4_000_000).step_by(240) {
                // Hosts count in fractions of 2^-31.
                let near = SongTime::at(place - place % 8192, Some(tempo), rate);
                let told = (near.beats * 2.0_f64.powi(31)).floor() / 2.0_f64.powi(31);
                let counted = near.counted(Some(told));
                assert_eq!(counted.beats_at(place), whole.beats_at(place), "{hz} Hz, {tempo}: {place}");
            }
        }
    }

    #[test]
    fn nonsense_is_the_usual_tempo() {
        let rate = SampleRate::new(48_000.0).unwrap();
        for tempo in [None, Some(0.0), Some(f64::NAN), Some(-3.0)] {
            let time = SongTime::at(48_000, tempo, rate).counted(Some(f64::INFINITY));
            assert_eq!(time.beats_at(48_000), 2.0);
            assert_eq!(time.later(24_000).beats_at(72_000), 3.0);
        }
    }
}
