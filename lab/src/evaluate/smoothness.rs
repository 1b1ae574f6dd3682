//! How even the way from sound to sound is: the change of the spectrogram along straight lines between encodings.

use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use ukulelatent::units::MidiNote;

use super::progress;
use super::subject::{Encoding, Subject};
use crate::latent_map::Point;
use crate::run_error::RunError;
use crate::statistics::percentile;

/// Steps along a line.
const STEPS: usize = 20;

/// Steps along lines between points of recordings, at the note of the line's first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Smoothness {
    /// How many lines.
    pub lines: usize,
    /// Of each line, its largest step over its median step: the median line's.
    pub median_ratio: f64,
    /// The worst line's.
    pub largest_ratio: f64,
}

/// Walks along `count` lines.
///
/// # Errors
/// [`RunError`] if the model fails.
pub fn measure(subject: &mut Subject, encodings: &[Encoding], count: usize) -> Result<Smoothness, RunError> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let bar = progress("lines between recordings", count);
    let mut ratios = Vec::with_capacity(count);
    for _ in 0..count {
        bar.inc(1);
        let (Some(from), Some(to)) = (encodings.choose(&mut rng), encodings.choose(&mut rng)) else { break };
        if from.z != to.z {
            let decoded = subject.decode(&line(&from.z, &to.z, from.note))?;
            let steps: Vec<f64> = decoded.windows(2).map(|pair| distance(&pair[0], &pair[1])).collect();
            ratios.push(percentile(&steps, 1.0) / percentile(&steps, 0.5));
        }
    }
    bar.finish_and_clear();
    Ok(Smoothness {
        lines: ratios.len(),
        median_ratio: percentile(&ratios, 0.5),
        largest_ratio: percentile(&ratios, 1.0),
    })
}

fn line(from: &Point, to: &Point, note: MidiNote) -> Vec<(Point, MidiNote)> {
    let at = |step: usize| {
        let along = step as f32 / STEPS as f32;
        std::array::from_fn(|i| from[i] + along * (to[i] - from[i]))
    };
    (0..=STEPS).map(|step| (at(step), note)).collect()
}

/// Root mean square difference of two normalised mel spectrograms.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    (squares / a.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_ends_and_equal_steps() {
        let line = line(&[0.0, 1.0, 2.0, 3.0], &[2.0, 1.0, 0.0, -1.0], MidiNote::new(60).unwrap());
        assert_eq!(line.len(), STEPS + 1);
        assert_eq!(line[0].0, [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(line[STEPS].0, [2.0, 1.0, 0.0, -1.0]);
        assert_eq!(line[STEPS / 2].0, [1.0, 1.0, 1.0, 1.0]);
    }
}
