//! What a batch costs: how far the decoder is from the recordings, and how far their points are from where they are
//! to lie.

use std::ops::RangeInclusive;

use candle_core::{D, DType, Device, Result, Tensor};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::units::MidiNote;

use crate::config::LossConfig;
use crate::evenness::{POINTS, along, unevenness};
use crate::features::FrontEnd;
use crate::independence::{FEWEST, dependence};
use crate::latent_map::Point;
use crate::level_loss::Loudness;
use crate::material::{Batch, note_of};
use crate::mmd::{kullback_leibler, squared_mmd};
use crate::network::AnyDecoder;
use crate::network::encoder::Encoding;
use crate::network::ops::mean_squared_error;
use crate::onset_loss::OnsetLevel;
use crate::refine::{Guess, Refiner};
use crate::run::Networks;
use crate::tuning_loss::Tuning;

/// Frames of a note in which its pitch is heard.
const HEARD_FRAMES: usize = 64;
/// Lines along which a step walks. Whole notes: where one recording rings and the other has ended lies late.
const LINES: usize = 2;
/// Of how many steps one walks them: seven whole notes a line are half as dear as all else in a step.
const LINES_EVERY: u64 = 4;

/// What is minimised, for one front end.
pub struct Objective {
    loss: LossConfig,
    onset: Option<OnsetLevel>,
    tuning: Option<Tuning>,
    loudness: Loudness,
    /// Pitches that notes are drawn at to hear whether they are in tune.
    pitches: RangeInclusive<u32>,
    refiner: Refiner,
}

/// What a batch costs, in all and by its parts before they are weighed.
pub struct Cost {
    /// What is minimised.
    pub total: Tensor,
    /// Mean squared error of the spectrograms.
    pub mse: Tensor,
    /// Divergence of the points from the prior.
    pub divergence: Tensor,
    /// The adversary's error.
    pub adversary: Tensor,
}

/// A batch in the latent space.
#[derive(Clone, Copy)]
pub struct Placed<'a> {
    /// Its notes.
    pub batch: &'a Batch,
    /// Where the encoder has put them.
    pub encoding: &'a Encoding,
    /// How many of them, the first ones, the decoder is to make. The others are there for how points lie.
    pub decoded: usize,
}

/// What is too dear for every step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extras {
    /// The decoder learns from points that are refined, if not as far as a finished run's, and the encoder is drawn to them.
    pub refining: bool,
    /// Lines between points are walked.
    pub lines: bool,
}

impl Extras {
    /// What step `step` does, where refining begins with step `refined_from`. Every other step from there on refines: the encoder
    /// learns most from its own errors. Lines are walked between those.
    #[must_use]
    pub fn of(step: u64, refined_from: u64) -> Self {
        Self { refining: step >= refined_from && step.is_multiple_of(2), lines: step % LINES_EVERY == 1 }
    }
}

impl Objective {
    /// Prepares it for notes of these pitches.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn new(loss: &LossConfig, front_end: &FrontEnd, pitches: RangeInclusive<u32>) -> Result<Self> {
        Ok(Self {
            loss: loss.clone(),
            tuning: if loss.tuning > 0.0 { Some(Tuning::new(front_end)?) } else { None },
            loudness: Loudness::new(front_end)?,
            pitches,
            onset: OnsetLevel::in_groups(front_end, loss.onset_ms)?.filter(|_| loss.onset > 0.0),
            refiner: Refiner::in_training(front_end)?,
        })
    }

    /// The cost of a batch. What refined points cost reaches the encoder as if it had found them itself.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn cost(
        &self,
        networks: &Networks,
        placed: &Placed<'_>,
        extras: Extras,
        rng: &mut ChaCha8Rng,
    ) -> Result<Cost> {
        let &Placed { batch, encoding, decoded } = placed;
        let loss = &self.loss;
        let made = batch.first(decoded)?;
        let mean = encoding.mean.narrow(0, 0, decoded)?;
        let moved = if extras.refining {
            Some(self.refined(&networks.decoder, &mean, &made)?.sub(&mean.detach())?)
        } else {
            None
        };
        let notes = batch.pitches.len();
        let noise = match &encoding.log_variance {
            Some(log_variance) => ((log_variance * 0.5)?.exp()? * normal(rng, notes, 1.0)?)?,
            None => normal(rng, notes, loss.latent_noise)?,
        };
        let mut z = (&encoding.mean + noise)?;
        if let Some(moved) = &moved {
            z = (z + moved.pad_with_zeros(0, 0, notes - decoded)?)?;
        }
        let mel = networks.decoder.forward(&z.narrow(0, 0, decoded)?, &made.pitches, 0..made.mel.dim(1)?)?;
        let mse = mean_squared_error(&mel, &made.mel)?;
        let divergence = match (loss.regulariser.kernel(), &encoding.log_variance) {
            (Some(kernel), _) => squared_mmd(&z, &normal(rng, loss.prior_draws, 1.0)?, kernel)?,
            (None, Some(log_variance)) => kullback_leibler(&encoding.mean, log_variance)?,
            (None, None) => unreachable!("an encoder for this regulariser says variances"),
        };
        let adversary = networks.adversary.error(&z, &batch.pitches, &batch.families)?;
        let mut total = (&mse + (&divergence * loss.divergence)?)?;
        if adversary.to_scalar::<f32>()? < loss.adversary_ceiling {
            total = (total - (&adversary * loss.adversary)?)?;
        }
        if let Some(onset) = &self.onset {
            total = (total + (onset.error(&mel, &made.mel)? * loss.onset)?)?;
        }
        if loss.envelope > 0.0 {
            total = (total + (self.loudness.error(&mel, &made.mel)? * loss.envelope)?)?;
        }
        if loss.tuning > 0.0 || loss.loud > 0.0 {
            total = (total + self.unheard(networks, &mean, &made.mel, rng)?)?;
        }
        if loss.uneven > 0.0 && extras.lines {
            let error = uneven(networks, &encoding.mean.detach(), &batch.pitches, made.mel.dim(1)?, rng)?;
            total = (total + (error * (loss.uneven * LINES_EVERY as f64))?)?;
        }
        if loss.dependence > 0.0 && notes >= FEWEST {
            total = (total + (dependence(&z, &batch.pitches)? * loss.dependence)?)?;
        }
        if let Some(families) = &networks.families {
            let error = families.error(&z, &batch.families)?.maximum(loss.family_floor)?;
            total = (total + (error * loss.family)?)?;
        }
        if let Some(moved) = &moved {
            // The distance to a point that stands still.
            let away = ((&mean - mean.detach())? - moved)?.sqr()?.sum(D::Minus1)?.mean_all()?;
            total = (total + (away * loss.amortised)?)?;
        }
        Ok(Cost { total, mse, divergence, adversary })
    }

    /// What notes cost that no recording says anything of, out of tune or too loud: half of them at points of the batch, half at
    /// points of the prior, all at pitches drawn apart from those.
    fn unheard(
        &self,
        networks: &Networks,
        mean: &Tensor,
        recorded: &Tensor,
        rng: &mut ChaCha8Rng,
    ) -> Result<Tensor> {
        let half = mean.dim(0)?.div_ceil(4);
        let near = (mean.narrow(0, 0, half)?.detach() + normal(rng, half, self.loss.latent_noise)?)?;
        let z = Tensor::cat(&[near, normal(rng, half, 1.0)?], 0)?;
        let pitches: Vec<u32> = (0..2 * half).map(|_| rng.random_range(self.pitches.clone())).collect();
        let frames = recorded.dim(1)?.min(HEARD_FRAMES);
        let mel = networks.decoder.forward(&z, &pitches, 0..frames)?;
        let mut cost = Tensor::zeros((), DType::F32, &Device::Cpu)?;
        if let Some(tuning) = &self.tuning {
            cost = (cost + (tuning.error(&mel, &pitches)? * self.loss.tuning)?)?;
        }
        if self.loss.loud > 0.0 {
            let excess = self.loudness.excess(&mel, &recorded.narrow(1, 0, frames)?)?;
            cost = (cost + (excess * self.loss.loud)?)?;
        }
        Ok(cost)
    }

    /// Where the decoder comes nearest to the recordings: constants.
    fn refined(&self, decoder: &AnyDecoder, mean: &Tensor, batch: &Batch) -> Result<Tensor> {
        let (notes, frames, bands) = batch.mel.dims3()?;
        let mels = batch.mel.flatten_all()?.to_vec1::<f32>()?;
        let points = mean.flatten_all()?.to_vec1::<f32>()?;
        let places = points.as_chunks::<LATENT_DIM>().0.iter().zip(&batch.pitches);
        let guesses: Vec<Guess> = (mels.chunks_exact(frames * bands).zip(places))
            .map(|(mel, (&z, &pitch))| Guess { mel, note: note_of(pitch), z })
            .collect();
        let mut decode = |wanted: &[(Point, MidiNote)]| decoder.decode(wanted, frames);
        let refined = self.refiner.refined(&guesses, &mut decode)?;
        Tensor::from_slice(refined.as_flattened(), (notes, LATENT_DIM), &Device::Cpu)
    }
}

/// How uneven the ways between some of the points are, each at the pitch of the note that it begins at.
fn uneven(
    networks: &Networks,
    points: &Tensor,
    pitches: &[u32],
    frames: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Tensor> {
    let count = pitches.len() as u32;
    let from: Vec<u32> = (0..LINES).map(|_| rng.random_range(0..count)).collect();
    // To another one.
    let to: Vec<u32> = from.iter().map(|i| (i + rng.random_range(1..count)) % count).collect();
    let offsets: Vec<f32> = (0..LINES).map(|_| rng.random()).collect();
    let ends = |of: &[u32]| points.index_select(&Tensor::from_slice(of, LINES, &Device::Cpu)?, 0);
    let z = along(&ends(&from)?, &ends(&to)?, &offsets)?;
    let pitches: Vec<u32> = from.iter().flat_map(|&i| [pitches[i as usize]; POINTS]).collect();
    unevenness(&networks.decoder.forward(&z, &pitches, 0..frames)?)
}

/// `[points, LATENT_DIM]` draws.
fn normal(rng: &mut ChaCha8Rng, points: usize, deviation: f32) -> Result<Tensor> {
    let values = (0..points * LATENT_DIM).map(|_| deviation * rng.sample::<f32, _>(StandardNormal)).collect();
    Tensor::from_vec(values, (points, LATENT_DIM), &Device::Cpu)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_refines_or_walks_lines_and_never_both() {
        let steps: Vec<Extras> = (0..40).map(|step| Extras::of(step, 20)).collect();
        assert!(steps.iter().all(|extras| !(extras.refining && extras.lines)));
        assert!(steps[..20].iter().all(|extras| !extras.refining));
        assert_eq!(steps[20..].iter().filter(|extras| extras.refining).count(), 10);
        assert_eq!(steps.iter().filter(|extras| extras.lines).count(), 40 / LINES_EVERY as usize);
    }
}
