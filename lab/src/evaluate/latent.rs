//! How the encodings lie, against the prior that z is drawn from.

use candle_core::{Device, Tensor};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::Serialize;
use ukulelatent::model::card::LATENT_DIM;

use super::subject::Encoding;
use crate::latent_map::{Point, moments};
use crate::mmd::{Kernel, squared_mmd};
use crate::run_error::RunError;

/// Draws from the prior for each point: the estimate's noise is then that of the points.
const PRIOR_DRAWS: usize = 4;
/// Most points that are compared: their distances fill a matrix.
const MOST_POINTS: usize = 2000;

/// All recordings' points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LatentSpace {
    /// How many.
    pub notes: usize,
    /// Unbiased squared maximum mean discrepancy to N(0, I), inverse multi-quadratic kernel.
    pub mmd: f64,
    /// Mean of each coordinate.
    pub mean: [f64; LATENT_DIM],
    /// Standard deviation of each coordinate.
    pub deviation: [f64; LATENT_DIM],
}

/// Measures moments and divergence.
///
/// # Errors
/// None in practice; candle's.
pub fn measure(encodings: &[Encoding]) -> Result<LatentSpace, RunError> {
    let z: Vec<Point> = encodings.iter().map(|e| e.z).collect();
    let moments = moments(&z);
    Ok(LatentSpace {
        notes: z.len(),
        mmd: if z.len() < 2 { f64::NAN } else { divergence(&z)? },
        mean: moments.mean,
        deviation: moments.deviation(),
    })
}

fn divergence(z: &[Point]) -> Result<f64, RunError> {
    // Evenly from all, so that no instrument is left out.
    let every = z.len().div_ceil(MOST_POINTS);
    let z: Vec<Point> = z.iter().step_by(every).copied().collect();
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let draws = z.len() * PRIOR_DRAWS;
    let prior: Vec<f32> = (0..draws * LATENT_DIM).map(|_| rng.sample(StandardNormal)).collect();
    let prior = Tensor::from_vec(prior, (draws, LATENT_DIM), &Device::Cpu)?;
    let z = Tensor::from_slice(z.as_flattened(), (z.len(), LATENT_DIM), &Device::Cpu)?;
    Ok(f64::from(squared_mmd(&z, &prior, Kernel::Imq)?.to_scalar::<f32>()?))
}
