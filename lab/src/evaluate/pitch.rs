//! Pitch through the whole chain: decoder, mel to linear, phase reconstruction, then YIN on the sound. The training
//! labels come from another estimator.

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use rayon::prelude::*;
use serde::Serialize;
use ukulelatent::units::MidiNote;

use super::progress;
use super::render::Rendered;
use super::subject::Subject;
use crate::chain::{Chain, IN_TUNE_CENTS, PitchAccuracy, cents_of};
use crate::features::FeatureSet;
use crate::latent_map::Point;
use crate::run_error::RunError;

/// Notes whose pitch is measured.
pub const NOTES: std::ops::RangeInclusive<u8> = 40..=84;
/// Sounds made at once: their spectrograms fit into a few hundred megabytes.
const BATCH: usize = 256;

/// How many notes sound at their pitch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pitch {
    /// Timbres of recordings, at every note from 40 to 84; of recordings that training never saw if there are some.
    pub encoded: PitchAccuracy,
    /// Timbres drawn from the prior, at every note from 40 to 84.
    pub prior: PitchAccuracy,
    /// The centre, z = 0, at every note from 40 to 84.
    pub centre: PitchAccuracy,
    /// Recordings that training never saw, reconstructed at their own note.
    pub own_note: Option<PitchAccuracy>,
    /// Those recordings themselves, measured in the same way.
    pub recordings: Option<PitchAccuracy>,
    /// Which of all these points, of recordings, of the prior and the centre, are further than [`IN_TUNE_CENTS`] from their
    /// pitch.
    pub out_of_tune: Vec<OutOfTune>,
}

/// A point that does not sound at its pitch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutOfTune {
    /// Where.
    pub z: Point,
    /// At which note.
    pub note: MidiNote,
    /// How far from it; `None` if it has no pitch.
    pub cents: Option<f32>,
}

/// Measures `timbres` timbres of each kind at each note.
///
/// # Errors
/// [`RunError`] if the model fails.
pub fn measure(
    subject: &mut Subject,
    features: &FeatureSet,
    rendered: Option<&[Rendered]>,
    encoded: &[Point],
    timbres: usize,
) -> Result<Pitch, RunError> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut out_of_tune = Vec::new();
    let mut any_note = |subject: &mut Subject, what, times, draw: &mut dyn FnMut() -> Point| {
        let numbers = NOTES.flat_map(|n| std::iter::repeat_n(n, times));
        let notes: Vec<_> = numbers.filter_map(|n| MidiNote::new(n).ok()).map(|note| (draw(), note)).collect();
        let cents = deviations(subject, &notes, what)?;
        let found = notes.iter().zip(&cents).map(|(&(z, note), &cents)| OutOfTune { z, note, cents });
        out_of_tune.extend(found.filter(|found| found.cents.is_none_or(|cents| cents.abs() > IN_TUNE_CENTS)));
        Ok::<PitchAccuracy, RunError>(cents.into_iter().collect())
    };
    let mut encoded = || *encoded.choose(&mut rng).unwrap_or(&[0.0; 4]);
    let encoded = any_note(subject, "pitch, encoded z", timbres, &mut encoded)?;
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut prior = || std::array::from_fn(|_| rng.sample(StandardNormal));
    let prior = any_note(subject, "pitch, prior z", timbres, &mut prior)?;
    let centre = any_note(subject, "pitch, centre", 1, &mut || [0.0; 4])?;
    let of_sounds = |sound: &(dyn Fn(&Rendered) -> Option<f32> + Sync)| {
        rendered.map(|rendered| rendered.par_iter().map(sound).collect::<Vec<_>>().into_iter().collect())
    };
    let front_end = &features.front_end;
    let note = |r: &Rendered| features.entries[r.note.entry].note;
    let own_note = of_sounds(&|r| cents_of(front_end, &r.sound, note(r)));
    let recordings = of_sounds(&|r| cents_of(front_end, features.audio(r.note.entry), note(r)));
    Ok(Pitch { encoded, prior, centre, own_note, recordings, out_of_tune })
}

/// How far each note is from its pitch, in cents.
fn deviations(
    subject: &mut Subject,
    notes: &[(Point, MidiNote)],
    what: &'static str,
) -> Result<Vec<Option<f32>>, RunError> {
    let front_end = subject.front_end.clone();
    let bar = progress(what, notes.len());
    let mut cents = Vec::with_capacity(notes.len());
    for notes in notes.chunks(BATCH) {
        let decoded = subject.decode(notes)?;
        let measured = decoded.par_iter().zip(notes).map_init(
            || Chain::new(&front_end),
            |chain, (mel, (_, note))| {
                bar.inc(1);
                chain.cents(mel, *note)
            },
        );
        cents.extend(measured.collect::<Vec<_>>());
    }
    bar.finish_and_clear();
    Ok(cents)
}
