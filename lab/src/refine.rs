//! Where a recording lies, more exactly than the encoder's one look can say.
//!
//! The encoder guesses; then the point is moved until what the decoder makes of it is nearest to the recording, in its
//! spectrogram and in the level of its onset: Gauss-Newton steps, damped after Levenberg and Marquardt (1963), on four
//! unknowns, the derivatives taken by differences of decodes. It needs the decoder only, so that a run in training, a
//! finished one and an instrument file are searched in the same way.

use std::array::from_fn;

use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::units::MidiNote;

use crate::features::FrontEnd;
use crate::latent_map::Point;
use crate::linear::solve;
use crate::onset_loss::OnsetLevel;

/// Steps that a recording's point is worth.
const STEPS: usize = 4;
/// In training, which has little time for each note.
const STEPS_IN_TRAINING: usize = 1;
/// What the onset's level counts beside the mean squared error, 20 dB counting 1.
const WHOLE: f64 = 0.03;
/// What its levels in groups of bands count in training.
const GROUPS: f64 = 0.04;
/// How long the onset is.
const ONSET_MS: f32 = 100.0;
/// How far a coordinate is moved to see what it does.
const DIFFERENCE: f32 = 0.02;
/// What it costs to move one deviation away from the encoder's guess, as mean squared error of the spectrogram.
const PULL: f64 = 1e-4;
/// In training, where the points are to stay where the divergence wants them.
const PULL_IN_TRAINING: f64 = 5e-4;
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

/// Moves guesses to better points.
pub struct Refiner {
    /// How the onset's level is heard; `None` for a front end without one.
    onset: Option<OnsetLevel>,
    /// What the onset counts.
    weight: f64,
    /// What a deviation away from the guess costs.
    pull: f64,
    steps: usize,
}

impl Refiner {
    /// A refiner of spectrograms of one kind. It hears the level of all that an onset has above 2 kHz: groups of bands count alike
    /// whether one hears them or not.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn new(front_end: &FrontEnd) -> candle_core::Result<Self> {
        Ok(Self { onset: OnsetLevel::whole(front_end, ONSET_MS)?, weight: WHOLE, pull: PULL, steps: STEPS })
    }

    /// One for the steps of a training, which hears what the decoder is judged by there.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn in_training(front_end: &FrontEnd) -> candle_core::Result<Self> {
        let onset = OnsetLevel::in_groups(front_end, ONSET_MS)?;
        Ok(Self { onset, weight: GROUPS, pull: PULL_IN_TRAINING, steps: STEPS_IN_TRAINING })
    }

    /// Moves guesses to where `decode`, which makes whole spectrograms of points and notes, comes nearest to the
    /// recordings.
    ///
    /// # Errors
    /// Those of `decode`.
    pub fn refined<E>(
        &self,
        guesses: &[Guess<'_>],
        decode: &mut impl FnMut(&[(Point, MidiNote)]) -> Result<Vec<Vec<f32>>, E>,
    ) -> Result<Vec<Point>, E> {
        let mut heard = |notes: &[(Point, MidiNote)]| {
            Ok(decode(notes)?.into_iter().map(|mel| self.heard(mel)).collect::<Vec<_>>())
        };
        let mut points = Vec::with_capacity(guesses.len());
        for guesses in guesses.chunks(CHUNK) {
            let search = |guess| Search::new(guess, self.heard(guess.mel.to_vec()), self.pull);
            let mut searches: Vec<Search> = guesses.iter().map(search).collect();
            for _ in 0..self.steps {
                let around = |s: &Search| s.around().map(|z| (z, s.guess.note));
                let wanted: Vec<_> = searches.iter().flat_map(around).collect();
                let decoded = heard(&wanted)?;
                for (search, decoded) in searches.iter_mut().zip(decoded.chunks_exact(1 + LATENT_DIM)) {
                    search.learn(decoded);
                }
            }
            let last: Vec<_> = searches.iter().map(|s| (s.candidate, s.guess.note)).collect();
            for (search, decoded) in searches.iter().zip(heard(&last)?) {
                let better = search.cost(&decoded) < search.best.cost;
                points.push(if better { search.candidate } else { search.best.z });
            }
        }
        Ok(points)
    }

    /// A spectrogram and, in the same measure, what is heard of its onset.
    fn heard(&self, mut mel: Vec<f32>) -> Vec<f32> {
        if let Some(onset) = &self.onset {
            let levels = onset.levels(&mel);
            let weight = (self.weight * mel.len() as f64 / levels.len() as f64).sqrt() as f32;
            mel.extend(levels.iter().map(|level| weight * level));
        }
        mel
    }
}

struct Search<'a> {
    guess: &'a Guess<'a>,
    /// What is heard of the recording.
    wanted: Vec<f32>,
    /// What a deviation away from the guess costs.
    pull: f64,
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

impl<'a> Search<'a> {
    fn new(guess: &'a Guess<'a>, wanted: Vec<f32>, pull: f64) -> Self {
        let nowhere = Place {
            z: guess.z,
            cost: f64::INFINITY,
            slope: [0.0; LATENT_DIM],
            curvature: [[0.0; LATENT_DIM]; LATENT_DIM],
        };
        Self { guess, wanted, pull, best: nowhere, candidate: guess.z, damping: DAMPING }
    }

    /// The candidate, then a little way along each coordinate.
    fn around(&self) -> [Point; 1 + LATENT_DIM] {
        from_fn(|k| from_fn(|i| self.candidate[i] + if i + 1 == k { DIFFERENCE } else { 0.0 }))
    }

    fn cost(&self, decoded: &[f32]) -> f64 {
        let squares = decoded.iter().zip(&self.wanted).map(|(a, b)| f64::from(a - b).powi(2));
        let moved: f64 = self.moved().map(|d| d * d).iter().sum();
        squares.sum::<f64>() / self.guess.mel.len() as f64 + self.pull * moved
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
        let count = self.guess.mel.len() as f64;
        let mut slope = self.moved().map(|d| self.pull * d);
        let mut curvature = [[0.0; LATENT_DIM]; LATENT_DIM];
        (0..LATENT_DIM).for_each(|i| curvature[i][i] = self.pull);
        for (k, (&value, &wanted)) in here.iter().zip(&self.wanted).enumerate() {
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
    use std::cell::Cell;
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

    const DEAF: Refiner = Refiner { onset: None, weight: WHOLE, pull: PULL, steps: STEPS };

    fn error(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / a.len() as f32
    }

    #[test]
    fn a_guess_moves_to_the_point_that_made_the_sound() {
        let (truth, z) = ([0.5, -1.0, 0.2, 1.5], [0.0, 0.0, 0.0, 1.0]);
        let note = MidiNote::new(60).unwrap();
        let mel = surface(&truth);
        let found = DEAF.refined(&[Guess { mel: &mel, note, z }], &mut decode).unwrap()[0];
        let (before, after) = (error(&surface(&z), &mel), error(&surface(&found), &mel));
        assert!(after < 0.02 * before, "{before} {after} {found:?}");
    }

    #[test]
    fn no_guess_gets_worse_and_a_perfect_one_stays() {
        let note = MidiNote::new(60).unwrap();
        let mels: Vec<Vec<f32>> =
            (0..20).map(|k| surface(&from_fn(|i| (k * (i + 1)) as f32 % 5.0 - 2.0))).collect();
        let guesses: Vec<Guess> = mels.iter().map(|mel| Guess { mel, note, z: [2.0, -2.0, 1.0, 0.0] }).collect();
        for (guess, found) in guesses.iter().zip(DEAF.refined(&guesses, &mut decode).unwrap()) {
            assert!(error(&surface(&found), guess.mel) <= error(&surface(&guess.z), guess.mel), "{found:?}");
        }
        let z = [0.3, 0.2, -0.1, 1.0];
        let mel = surface(&z);
        let found = DEAF.refined(&[Guess { mel: &mel, note, z }], &mut decode).unwrap()[0];
        assert!(found.iter().zip(z).all(|(a, b)| (a - b).abs() < 1e-3), "{found:?}");
    }

    #[test]
    fn a_finished_run_is_searched_further_than_one_in_training() {
        let (truth, note, count) = ([0.5, -1.0, 0.2, 1.5], MidiNote::new(60).unwrap(), Cell::new(0));
        // So quiet that the pull counts.
        let quiet = |z: &Point| surface(z).into_iter().map(|v| 0.02 * v).collect::<Vec<_>>();
        let mut decode = |notes: &[(Point, MidiNote)]| {
            count.set(count.get() + notes.len());
            Ok::<_, Infallible>(notes.iter().map(|(z, _)| quiet(z)).collect())
        };
        let mel = quiet(&truth);
        let guess = [Guess { mel: &mel, note, z: [0.0, 0.0, 0.0, 1.0] }];
        let mut decodes_and_error = |refiner: Refiner| {
            let found = Refiner { onset: None, ..refiner }.refined(&guess, &mut decode).unwrap()[0];
            (count.replace(0), error(&quiet(&found), &mel))
        };
        let front_end = FrontEnd::default();
        let (finished, left) = decodes_and_error(Refiner::new(&front_end).unwrap());
        let (training, _) = decodes_and_error(Refiner::in_training(&front_end).unwrap());
        assert_eq!([finished, training], [21, 6]);
        let (_, pulled) = decodes_and_error(Refiner { pull: PULL_IN_TRAINING, ..DEAF });
        assert!(left < 0.9 * pulled, "{left} {pulled}");
    }

    #[test]
    fn a_soft_hiss_at_the_onset_is_followed_too() {
        let front_end = FrontEnd::default();
        let bands = front_end.mel.bands;
        // The first coordinate is how loud the hiss is, from band 260 on in the first four frames.
        let hiss = |z: &Point| -> Vec<f32> {
            let at = |k: usize| if k / bands < 4 && k % bands >= 260 { -0.9 + 0.1 * z[0] } else { -1.0 };
            (0..front_end.frames * bands).map(at).collect()
        };
        let note = MidiNote::new(60).unwrap();
        let mel = hiss(&[1.0, 0.0, 0.0, 0.0]);
        let guess = [Guess { mel: &mel, note, z: [0.0; LATENT_DIM] }];
        let mut decode =
            |notes: &[(Point, MidiNote)]| Ok::<_, Infallible>(notes.iter().map(|(z, _)| hiss(z)).collect());
        let deaf = DEAF.refined(&guess, &mut decode).unwrap()[0][0];
        let hearing = Refiner::new(&front_end).unwrap().refined(&guess, &mut decode).unwrap()[0][0];
        assert!(hearing > 0.5 && hearing > deaf + 0.3, "{deaf} {hearing}");
    }
}
