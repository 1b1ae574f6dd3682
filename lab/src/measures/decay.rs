//! Decay: how long a note takes to fall by 60 dB.

use super::Sound;

/// Length of an envelope's steps.
const STEP_MS: f32 = 20.0;
/// The line is fitted down to this far below the loudest step, or to the note's end.
const FITTED_DB: f64 = 40.0;
/// What no measurement of a few seconds can tell from for ever.
const LONGEST_S: f64 = 30.0;
/// Shorter than the envelope can show.
const SHORTEST_S: f64 = 0.05;
/// Silence, in dB of full scale.
const SILENT_DB: f64 = -120.0;

/// A note's level over time, from its onset on.
pub struct Envelope {
    /// Level of each step, in dB of full scale (root mean square).
    pub levels_db: Vec<f64>,
    /// Length of a step.
    pub step_s: f64,
}

impl Envelope {
    /// The envelope of a note.
    #[must_use]
    pub fn of(sound: &Sound<'_>) -> Self {
        let step = sound.rate.samples_in_ms(STEP_MS).max(1);
        let level = |piece: &[f32]| {
            let power = piece.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / piece.len() as f64;
            (10.0 * power.log10()).max(SILENT_DB)
        };
        let from = sound.onset.min(sound.samples.len());
        let levels_db = sound.samples[from..].chunks_exact(step).map(level).collect();
        Self { levels_db, step_s: sound.rate.seconds(step) }
    }

    /// The loudest step and its level; `None` for silence.
    #[must_use]
    pub fn loudest(&self) -> Option<(usize, f64)> {
        let (at, &db) = self.levels_db.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b))?;
        (db > SILENT_DB).then_some((at, db))
    }

    /// How far below the loudest step the last ones are, in dB.
    #[must_use]
    pub fn fallen_db(&self) -> Option<f64> {
        let (_, loudest) = self.loudest()?;
        let last = self.levels_db.iter().rev().take(3).copied().fold(f64::MIN, f64::max);
        Some(loudest - last)
    }
}

/// Seconds that the note takes to fall by 60 dB, along the line that fits its level best; not a number for
/// silence.
pub(super) fn t60_s(sound: &Sound<'_>) -> f64 {
    let envelope = Envelope::of(sound);
    let Some((first, loudest)) = envelope.loudest() else { return f64::NAN };
    let fitted: Vec<f64> =
        envelope.levels_db[first..].iter().copied().take_while(|db| *db > loudest - FITTED_DB).collect();
    if fitted.len() < 3 {
        return SHORTEST_S;
    }
    let slope_db_per_s = slope(&fitted) / envelope.step_s;
    if slope_db_per_s >= -60.0 / LONGEST_S { LONGEST_S } else { (-60.0 / slope_db_per_s).max(SHORTEST_S) }
}

/// Of the least-squares line through equidistant points, a step.
fn slope(y: &[f64]) -> f64 {
    let n = y.len() as f64;
    let (middle, mean) = ((n - 1.0) / 2.0, y.iter().sum::<f64>() / n);
    let moments = y.iter().enumerate().fold((0.0, 0.0), |(xy, xx), (i, y)| {
        let x = i as f64 - middle;
        (xy + x * (y - mean), xx + x * x)
    });
    moments.0 / moments.1
}

#[cfg(test)]
mod tests {
    use super::super::testing::Pluck;
    use super::*;

    #[test]
    fn a_string_falls_as_fast_as_it_was_made_to() {
        for want in [0.3, 1.0, 4.0] {
            let got = t60_s(&Pluck { t60_s: want, ..Pluck::default() }.sound());
            assert!((got / want - 1.0).abs() < 0.05, "{want}: {got}");
        }
    }

    #[test]
    fn what_does_not_fall_lasts_as_long_as_can_be_told_and_silence_has_no_decay() {
        assert_eq!(t60_s(&Pluck { t60_s: 1e6, ..Pluck::default() }.sound()), LONGEST_S);
        assert!(t60_s(&Pluck { partials: 0, ..Pluck::default() }.sound()).is_nan());
    }

    #[test]
    fn an_envelope_knows_how_far_a_note_has_fallen() {
        let string = Pluck { t60_s: 2.0, seconds: 1.0, ..Pluck::default() };
        let fallen = Envelope::of(&string.sound()).fallen_db().unwrap();
        assert!((fallen - 29.0).abs() < 2.0, "{fallen}");
    }
}
