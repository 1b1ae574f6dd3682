//! What points of the prior sound like: none may be silent, clipped or broken.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use rayon::prelude::*;
use serde::Serialize;
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::units::MidiNote;

use super::pitch::NOTES;
use super::progress;
use super::subject::Subject;
use crate::chain::Chain;
use crate::features::FrontEnd;
use crate::latent_map::Point;
use crate::measures::{Envelope, Sound};
use crate::run_error::RunError;
use crate::statistics::percentile;

/// A level this far from the median is silent or too loud, in dB.
pub const LEVEL_REACH_DB: f64 = 12.0;
/// The plugin plays notes 12 dB below what they were trained at: this is its full scale.
pub const FULL_SCALE: f32 = 4.0;
/// A note that has fallen this far has ended, in dB.
const ENDED_DB: f64 = 40.0;
/// A note that lasts to the end of its frames must at least fall, in dB.
const FALLING_DB: f64 = 3.0;
/// Sounds made at once.
const BATCH: usize = 256;

/// Notes drawn from the prior, at random pitches from 40 to 84.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Prior {
    /// How many.
    pub notes: usize,
    /// More than 12 dB below the median of their levels, or without any sound.
    pub silent: usize,
    /// More than 12 dB above it, or beyond the plugin's full scale.
    pub clipped: usize,
    /// Holding a sample that is no number, or neither falling by 40 dB nor still on the way at the note's end.
    pub broken: usize,
    /// The median of their levels over their loudest 20 ms, in dB of full scale.
    pub median_level_db: f64,
    /// The lowest level, in dB against the median.
    pub lowest_db: f64,
    /// The highest.
    pub highest_db: f64,
}

/// What matters of one note.
#[derive(Clone, Copy, Debug)]
pub struct Health {
    /// Level over the loudest 20 ms, in dB of full scale.
    pub level_db: f64,
    /// Largest sample.
    pub peak: f32,
    /// Finite, and falling.
    pub whole: bool,
}

impl Health {
    /// Examines the sound of a note.
    #[must_use]
    pub fn of(sound: &Sound<'_>) -> Self {
        let finite = sound.samples.iter().all(|x| x.is_finite());
        let envelope = Envelope::of(sound);
        let fallen = envelope.fallen_db().unwrap_or(0.0);
        Self {
            level_db: envelope.loudest().map_or(f64::NEG_INFINITY, |(_, db)| db),
            peak: sound.samples.iter().fold(0.0f32, |peak, x| peak.max(x.abs())),
            whole: finite && (fallen >= ENDED_DB || fallen >= FALLING_DB),
        }
    }
}

/// Draws and examines `count` notes.
///
/// # Errors
/// [`RunError`] if the model fails.
pub fn measure(subject: &mut Subject, count: usize) -> Result<Prior, RunError> {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let notes: Vec<_> = (0..count)
        .filter_map(|_| {
            let z: Point = std::array::from_fn::<_, LATENT_DIM, _>(|_| rng.sample(StandardNormal));
            MidiNote::new(rng.random_range(NOTES)).ok().map(|note| (z, note))
        })
        .collect();
    Ok(judge(&examine(subject, &notes, "prior")?))
}

/// The health of notes.
///
/// # Errors
/// [`RunError`] if the model fails.
pub fn examine(
    subject: &mut Subject,
    notes: &[(Point, MidiNote)],
    what: &'static str,
) -> Result<Vec<Health>, RunError> {
    let front_end = subject.front_end.clone();
    let FrontEnd { sample_rate_hz: rate, onset_sample: onset, .. } = front_end;
    let bar = progress(what, notes.len());
    let mut health = Vec::with_capacity(notes.len());
    for notes in notes.chunks(BATCH) {
        let decoded = subject.decode(notes)?;
        let examined = decoded.par_iter().zip(notes).map_init(
            || Chain::new(&front_end),
            |chain, (mel, &(_, note))| {
                bar.inc(1);
                Health::of(&Sound { samples: &chain.sound(mel), rate, onset, note })
            },
        );
        health.extend(examined.collect::<Vec<_>>());
    }
    bar.finish_and_clear();
    Ok(health)
}

fn judge(notes: &[Health]) -> Prior {
    let levels: Vec<f64> = notes.iter().map(|note| note.level_db).collect();
    let median = percentile(&levels, 0.5);
    let count = |of: &dyn Fn(&Health) -> bool| notes.iter().filter(|note| of(note)).count();
    Prior {
        notes: notes.len(),
        silent: count(&|note| note.level_db < median - LEVEL_REACH_DB),
        clipped: count(&|note| note.level_db > median + LEVEL_REACH_DB || note.peak > FULL_SCALE),
        broken: count(&|note| !note.whole),
        median_level_db: median,
        lowest_db: percentile(&levels, 0.0) - median,
        highest_db: percentile(&levels, 1.0) - median,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(shape: impl Fn(f32) -> f32) -> Health {
        let rate = ukulelatent::units::SampleRate::new(22_050.0).unwrap();
        let samples: Vec<f32> = (0..22_050)
            .map(|n| {
                let t = n as f32 / 22_050.0;
                shape(t) * (std::f32::consts::TAU * 220.0 * t).sin()
            })
            .collect();
        Health::of(&Sound { samples: &samples, rate, onset: 0, note: MidiNote::new(57).unwrap() })
    }

    #[test]
    fn each_fault_is_counted_as_what_it_is() {
        let good = health(|t| 0.4 * (-3.0 * t).exp());
        assert!(good.whole);
        let mut notes = vec![good; 9];
        notes.push(health(|_| 0.0));
        notes.push(health(|t| 0.02 * (-3.0 * t).exp()));
        notes.push(health(|t| 4.3 * (-3.0 * t).exp()));
        notes.push(health(|_| 0.4));
        notes.push(health(|t| if t > 0.5 { f32::NAN } else { 0.4 * (-3.0 * t).exp() }));
        let prior = judge(&notes);
        // Silence is broken too: it falls from nothing.
        assert_eq!((prior.notes, prior.silent, prior.clipped, prior.broken), (14, 2, 1, 3), "{prior:?}");
    }

    #[test]
    fn a_note_that_is_still_sounding_at_its_end_is_whole() {
        assert!(health(|t| 0.4 * (-t).exp()).whole);
    }
}
