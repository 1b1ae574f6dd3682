//! What one hears of a recording in its reconstruction: the attack, brightness, decay.

use rayon::prelude::*;
use serde::Serialize;

use super::render::Rendered;
use crate::features::FeatureSet;
use crate::measures::{Qualities, Quality, Sound, attack_level_db, qualities};
use crate::statistics::{percentile, spearman};

/// Recordings that training never saw, against their reconstructions as sound.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Fidelity {
    /// How many.
    pub notes: usize,
    /// Energy above 2 kHz over the first 40 ms: how far, in dB, it is from the original's, at the median.
    pub attack_median_db: f64,
    /// At the 90th percentile.
    pub attack_90th_db: f64,
    /// The same with its sign, at the median: below zero, attacks are too weak.
    pub attack_bias_db: f64,
    /// Spearman's correlation of original and reconstruction.
    pub brightness: f64,
    /// Of the time to fall by 60 dB.
    pub decay: f64,
    /// Of the attack's noise.
    pub attack_noise: f64,
    /// Of inharmonicity, where both have it.
    pub inharmonicity: f64,
}

/// Measures reconstructions.
#[must_use]
pub fn measure(features: &FeatureSet, rendered: &[Rendered]) -> Fidelity {
    compare(features, rendered, |r| &r.sound)
}

/// Measures what a perfect decoder would reach: the recordings' own spectrograms, made to sound. What is lost here no
/// training brings back.
#[must_use]
pub fn limit(features: &FeatureSet, rendered: &[Rendered]) -> Fidelity {
    compare(features, rendered, |r| &r.best)
}

fn compare(features: &FeatureSet, rendered: &[Rendered], made: fn(&Rendered) -> &[f32]) -> Fidelity {
    let measured: Vec<Pair> = rendered.par_iter().map(|r| Pair::of(features, r, made(r))).collect();
    let signed: Vec<f64> = measured.iter().filter_map(|pair| pair.attack_db).collect();
    let distances: Vec<f64> = signed.iter().map(|db| db.abs()).collect();
    let correlation = |quality: Quality| {
        let side = |of: fn(&Pair) -> &Qualities| -> Vec<f64> {
            measured.iter().map(|pair| of(pair)[quality as usize]).collect()
        };
        spearman(&side(|pair| &pair.original), &side(|pair| &pair.made))
    };
    Fidelity {
        notes: rendered.len(),
        attack_median_db: percentile(&distances, 0.5),
        attack_90th_db: percentile(&distances, 0.9),
        attack_bias_db: percentile(&signed, 0.5),
        brightness: correlation(Quality::Brightness),
        decay: correlation(Quality::Decay),
        attack_noise: correlation(Quality::AttackNoise),
        inharmonicity: correlation(Quality::Inharmonicity),
    }
}

struct Pair {
    original: Qualities,
    made: Qualities,
    /// How much stronger the reconstruction's attack is above 2 kHz. What lies 60 dB below the original's whole
    /// attack counts as that: nobody hears it.
    attack_db: Option<f64>,
}

impl Pair {
    fn of(features: &FeatureSet, rendered: &Rendered, made: &[f32]) -> Self {
        let entry = rendered.note.entry;
        let sound = |samples| Sound {
            samples,
            rate: features.front_end.sample_rate_hz,
            onset: features.front_end.onset_sample,
            note: features.entries[entry].note,
        };
        let (original, made) = (sound(features.audio(entry)), sound(made));
        let attack_db = match (attack_level_db(&original), attack_level_db(&made)) {
            (Some((want, floor)), Some((got, _))) => Some(got.max(floor) - want.max(floor)),
            (Some((want, floor)), None) => Some(floor - want.max(floor)),
            (None, _) => None,
        };
        Self { original: qualities(&original), made: qualities(&made), attack_db }
    }
}
