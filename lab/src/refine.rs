//! Where a recording lies, more exactly than the encoder's one look can say.
//!
//! The encoder guesses; then the point is moved until what the decoder makes of it is nearest to the recording's
//! spectrogram: Gauss-Newton steps, damped after Levenberg and Marquardt (1963), on four unknowns, the derivatives taken
//! by differences of decodes. It needs the decoder only, so that a run and an instrument file are searched in the same
//! way.

use std::array::from_fn;

use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::units::MidiNote;

use crate::latent_map::Point;
use crate::linear::solve;

/// Steps tried.
const STEPS: usize = 2;
/// How far a coordinate is moved to see what it does.
const DIFFERENCE: f32 = 0.02;
/// What it costs to move one deviation away from the encoder's guess, as mean squared error of the spectrogram.
const PULL: f64 = 2e-4;
/// Damping at first, relative to each coordinate's own curvature, and what a step that does harm multiplies it by.
const DAMPING: f64 = 0.01;
const CAUTION: f64 = 30.0;
/// Notes that are searched at once: each has five spectrograms in memory.
const CHUNK: usize = 8;

/// A recording and the encoder's guess.
#[derive(Clone, Copy, Debug)]
pub struct Guess<'a> {
    /// Its spectrogram, frames x bands.
    pub mel: &'a [f32],
    /// The note it sounds.
    pub note: MidiNote,
    /// Where the encoder puts it.
    pub z: Point,
}

/// Moves guesses to where `decode`, which makes whole spectrograms of points and notes, comes nearest to the
/// recordings.
///
/// # Errors
/// Those of `decode`.
pub fn refined<E>(
    guesses: &[Guess<'_>],
    decode: &mut impl FnMut(&[(Point, MidiNote)]) -> Result<Vec<Vec<f32>>, E>,
) -> Result<Vec<Point>, E> {
    let mut points = Vec::with_capacity(guesses.len());
    for guesses in guesses.chunks(CHUNK) {
        let mut searches: Vec<Search> = guesses.iter().map(Search::from).collect();
        for _ in 0..STEPS {
            let around = |s: &Search| s.around().map(|z| (z, s.guess.note));
            let wanted: Vec<_> = searches.iter().flat_map(around).collect();
            let decoded = decode(&wanted)?;
            for (search, decoded) in searches.iter_mut().zip(decoded.chunks_exact(1 + LATENT_DIM)) {
                search.learn(decoded);
            }
        }
        let last: Vec<_> = searches.iter().map(|s| (s.candidate, s.guess.note)).collect();
        for (search, decoded) in searches.iter().zip(decode(&last)?) {
            points.push(if search.cost(&decoded) < search.best.cost { search.candidate } else { search.best.z });
        }
    }
    Ok(points)
}

struct Search<'a> {
    guess: &'a Guess<'a>,
    best: Place,
    /// Where to look next.
    candidate: Point,
    damping: f64,
}

/// A point, and the cost's shape around it.
struct Place {
    z: Point,
    cost: f64,
    /// Half the gradient.
    slope: [f64; LATENT_DIM],
    /// Half the second derivatives, as Gauss and Newton have them.
    curvature: [[f64; LATENT_DIM]; LATENT_DIM],
}

impl<'a> From<&'a Guess<'a>> for Search<'a> {
    fn from(guess: &'a Guess<'a>) -> Self {
        let nowhere = Place {
            z: guess.z,
            cost: f64::INFINITY,
            slope: [0.0; LATENT_DIM],
            curvature: [[0.0; LATENT_DIM]; LATENT_DIM],
        };
        Self { guess, best: nowhere, candidate: guess.z, damping: DAMPING }
    }
}

impl Search<'_> {
    /// The candidate, then a little way along each coordinate.
    fn around(&self) -> [Point; 1 + LATENT_DIM] {
        from_fn(|k| from_fn(|i| self.candidate[i] + if i + 1 == k { DIFFERENCE } else { 0.0 }))
    }

    fn cost(&self, decoded: &[f32]) -> f64 {
        let squares = decoded.iter().zip(self.guess.mel).map(|(a, b)| f64::from(a - b).powi(2));
        squares.sum::<f64>() / decoded.len() as f64 + PULL * self.moved().map(|d| d * d).iter().sum::<f64>()
    }

    fn moved(&self) -> [f64; LATENT_DIM] {
        from_fn(|i| f64::from(self.candidate[i] - self.guess.z[i]))
    }

    /// Takes the candidate if it is better, and says where to look next.
    fn learn(&mut self, decoded: &[Vec<f32>]) {
        let cost = self.cost(&decoded[0]);
        if cost < self.best.cost {
            self.best = self.place(cost, decoded);
        } else {
            self.damping *= CAUTION;
        }
        let Place { z, slope, curvature, .. } = &self.best;
        let damped = from_fn::<_, LATENT_DIM, _>(|i| {
            let row = |j: usize| curvature[i][j] * if i == j { 1.0 + self.damping } else { 1.0 };
            (0..LATENT_DIM).map(row).collect()
        });
        let step = solve(damped.to_vec(), slope.map(|s| -s).to_vec());
        self.candidate = from_fn(|i| z[i] + step[i] as f32);
    }

    fn place(&self, cost: f64, decoded: &[Vec<f32>]) -> Place {
        let [here, moved @ ..] = decoded else { unreachable!("the candidate is decoded") };
        let count = here.len() as f64;
        let mut slope = self.moved().map(|d| PULL * d);
        let mut curvature = [[0.0; LATENT_DIM]; LATENT_DIM];
        (0..LATENT_DIM).for_each(|i| curvature[i][i] = PULL);
        for (k, (&value, &wanted)) in here.iter().zip(self.guess.mel).enumerate() {
            let change: [f64; LATENT_DIM] = from_fn(|i| f64::from((moved[i][k] - value) / DIFFERENCE));
            for i in 0..LATENT_DIM {
                slope[i] += change[i] * f64::from(value - wanted) / count;
                for j in 0..LATENT_DIM {
                    curvature[i][j] += change[i] * change[j] / count;
                }
            }
        }
        Place { z: self.candidate, cost, slope, curvature }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// A bent surface of twenty values over the four coordinates.
    fn surface(z: &Point) -> Vec<f32> {
        let value = |k: usize| (0..LATENT_DIM).map(|i| ((k * (i + 2)) as f32 + 0.4 * z[i]).sin()).sum::<f32>();
        (0..20).map(value).collect()
    }

    fn decode(notes: &[(Point, MidiNote)]) -> Result<Vec<Vec<f32>>, Infallible> {
        Ok(notes.iter().map(|(z, _)| surface(z)).collect())
    }

    fn error(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / a.len() as f32
    }

    #[test]
    fn a_guess_moves_to_the_point_that_made_the_sound() {
        let (truth, z) = ([0.5, -1.0, 0.2, 1.5], [0.0, 0.0, 0.0, 1.0]);
        let note = MidiNote::new(60).unwrap();
        let mel = surface(&truth);
        let found = refined(&[Guess { mel: &mel, note, z }], &mut decode).unwrap()[0];
        let (before, after) = (error(&surface(&z), &mel), error(&surface(&found), &mel));
        assert!(after < 0.02 * before, "{before} {after} {found:?}");
    }

    #[test]
    fn no_guess_gets_worse_and_a_perfect_one_stays() {
        let note = MidiNote::new(60).unwrap();
        let mels: Vec<Vec<f32>> =
            (0..20).map(|k| surface(&from_fn(|i| (k * (i + 1)) as f32 % 5.0 - 2.0))).collect();
        let guesses: Vec<Guess> = mels.iter().map(|mel| Guess { mel, note, z: [2.0, -2.0, 1.0, 0.0] }).collect();
        for (guess, found) in guesses.iter().zip(refined(&guesses, &mut decode).unwrap()) {
            assert!(error(&surface(&found), guess.mel) <= error(&surface(&guess.z), guess.mel), "{found:?}");
        }
        let z = [0.3, 0.2, -0.1, 1.0];
        let mel = surface(&z);
        let found = refined(&[Guess { mel: &mel, note, z }], &mut decode).unwrap()[0];
        assert!(found.iter().zip(z).all(|(a, b)| (a - b).abs() < 1e-3), "{found:?}");
    }
}
