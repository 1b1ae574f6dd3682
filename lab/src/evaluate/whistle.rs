//! Whether a band stands out of its neighbours in notes of all pitches: a whistle that belongs to no note, which neither errors of
//! spectrograms nor levels tell of.

use std::ops::Range;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::Serialize;
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::units::MidiNote;

use super::pitch::NOTES;
use super::render::Rendered;
use super::subject::Subject;
use crate::band_energy::centres_hz;
use crate::features::FrontEnd;
use crate::latent_map::Point;
use crate::run_error::RunError;
use crate::statistics::percentile;

/// Timbres at each note.
const TIMBRES: usize = 4;
/// Length of the onset, where hiss is loudest.
pub const ONSET_MS: f32 = 100.0;
/// Below, the partials of many notes fall into the same bands.
const LOWEST_HZ: f32 = 1500.0;
/// Bands on either side that a band is compared with.
const BESIDE: usize = 8;
/// Magnitudes below this (-60 dB of a band at full scale) are silence.
const FLOOR: f32 = 1e-3;

/// The band that stands out most, at the onset of notes of all pitches.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Whistle {
    /// Its place, in hertz.
    pub hz: f32,
    /// How far it stands above the median of the 17 around it, in dB, the median over notes of the prior from 40 to 84.
    pub db: f64,
    /// The same of the band that stands out most in recordings that training never saw.
    pub recordings_db: Option<f64>,
}

/// Listens to notes of the prior; `None` for a front end that has no bands there.
///
/// # Errors
/// [`RunError`] if the model fails.
pub fn measure(subject: &mut Subject, rendered: Option<&[Rendered]>) -> Result<Option<Whistle>, RunError> {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let numbers = NOTES.flat_map(|n| std::iter::repeat_n(n, TIMBRES));
    let notes: Vec<(Point, MidiNote)> = numbers
        .filter_map(|n| MidiNote::new(n).ok())
        .map(|note| (std::array::from_fn::<_, LATENT_DIM, _>(|_| rng.sample(StandardNormal)), note))
        .collect();
    let made = subject.decode(&notes)?;
    let front_end = &subject.front_end;
    let Some((band, db)) = most_prominent(front_end, made.iter().map(Vec::as_slice)) else { return Ok(None) };
    let recorded = rendered.and_then(|r| most_prominent(front_end, r.iter().map(|r| r.original.as_slice())));
    Ok(Some(Whistle { hz: centres_hz(front_end.mel)[band], db, recordings_db: recorded.map(|(_, db)| db) }))
}

/// The band that stands out most in the onsets of most notes, and how far, in dB: the median over spectrograms. A partial is where
/// it is in a few of them. Of each spectrogram, frames x bands, the onset is enough. `None` without a band that could.
#[must_use]
pub fn most_prominent<'a>(front_end: &FrontEnd, mels: impl Iterator<Item = &'a [f32]>) -> Option<(usize, f64)> {
    let bands = front_end.mel.bands;
    let first = centres_hz(front_end.mel).partition_point(|&hz| hz < LOWEST_HZ).max(BESIDE);
    let heard = first..bands.saturating_sub(BESIDE).max(first);
    let frames = front_end.onset_frames(ONSET_MS);
    let of_notes: Vec<Vec<f64>> = mels.map(|mel| prominence(front_end, mel, frames, heard.clone())).collect();
    let median_at = |i: usize| percentile(&of_notes.iter().map(|note| note[i]).collect::<Vec<_>>(), 0.5);
    let medians = heard.clone().enumerate().map(|(i, band)| (band, median_at(i)));
    medians.max_by(|(_, a), (_, b)| a.total_cmp(b))
}

/// How far each of some bands stands above the median of those around it, in dB, the mean over frames.
fn prominence(front_end: &FrontEnd, mel: &[f32], frames: usize, heard: Range<usize>) -> Vec<f64> {
    let decibels = |&y: &f32| 20.0 * f64::from(front_end.amplitude.to_magnitude(y).max(FLOOR)).log10();
    let rows: Vec<Vec<f64>> =
        mel.chunks_exact(front_end.mel.bands).take(frames).map(|row| row.iter().map(decibels).collect()).collect();
    let above = |row: &Vec<f64>, k: usize| row[k] - percentile(&row[k - BESIDE..=k + BESIDE], 0.5);
    heard.map(|k| rows.iter().map(|row| above(row, k)).sum::<f64>() / rows.len() as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hiss with a partial that each note has elsewhere, and one band that is the same in all.
    fn notes(whistle: f32) -> Vec<Vec<f32>> {
        let f = FrontEnd::default();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut note = |n: usize| {
            let value = |t: usize, k: usize, hiss: f32| match k {
                347 if t < 6 => hiss + whistle,
                k if k == 220 + 7 * n => 0.5,
                _ => hiss,
            };
            let places = (0..f.frames).flat_map(|t| (0..f.mel.bands).map(move |k| (t, k)));
            places.map(|(t, k)| value(t, k, -0.5 + 0.1 * rng.random::<f32>())).collect()
        };
        (0..30).map(&mut note).collect()
    }

    fn found(whistle: f32) -> (usize, f64) {
        let notes = notes(whistle);
        most_prominent(&FrontEnd::default(), notes.iter().map(Vec::as_slice)).unwrap()
    }

    #[test]
    fn what_is_the_same_in_all_notes_is_found_and_partials_are_not() {
        let (band, db) = found(0.5);
        assert!(band == 347 && db > 6.0, "{band} {db}");
        let (_, db) = found(0.0);
        assert!(db < 1.0, "{db}");
    }

    #[test]
    fn a_front_end_without_such_bands_has_no_such_figure() {
        let mut front_end = FrontEnd::default();
        front_end.mel.high_hz = 1200.0;
        assert_eq!(most_prominent(&front_end, notes(0.5).iter().map(Vec::as_slice)), None);
    }
}
