//! How far latent points are from the standard normal distribution: maximum mean discrepancy (Gretton et al., 2012), by
//! a kernel's mean values within and between two sets; or the Kullback-Leibler divergence.

use candle_core::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// A positive definite function of the squared distance `d2` of two points, a mean over three widths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kernel {
    /// Gaussian: `exp(-d2 / 2c)`.
    Rbf,
    /// Inverse multi-quadratic: `c / (c + d2)`. Its tails also move points that lie far away.
    Imq,
}

/// Squared widths, in units of the prior's variance.
const WIDTHS: [f64; 3] = [1.0, 4.0, 8.0];

impl Kernel {
    fn of(self, squared_distance: &Tensor) -> Result<Tensor> {
        let at = |c: f64| match self {
            Self::Rbf => (squared_distance * (-0.5 / c))?.exp(),
            Self::Imq => ((squared_distance / c)? + 1.0)?.recip(),
        };
        let [a, b, c] = WIDTHS.map(at);
        ((a? + b?)? + c?)? / WIDTHS.len() as f64
    }
}

/// The unbiased estimate of the squared discrepancy between the distributions of two sets, `[N, D]` and `[M, D]`
/// with at least 2 points each, as a scalar. May be slightly negative where they are equal.
///
/// # Errors
/// If shapes do not fit.
pub fn squared_mmd(x: &Tensor, y: &Tensor, kernel: Kernel) -> Result<Tensor> {
    let between = kernel.of(&squared_distances(x, y)?)?.mean_all()?;
    (within(x, kernel)? + within(y, kernel)?)? - (between * 2.0)?
}

/// The Kullback-Leibler divergence from N(0, I) to normal distributions with independent coordinates, `[B, D]` each,
/// the mean over `B` as a scalar: `0.5 sum(mean^2 + variance - 1 - ln variance)`.
///
/// # Errors
/// If shapes do not fit.
pub fn kullback_leibler(mean: &Tensor, log_variance: &Tensor) -> Result<Tensor> {
    let terms = ((mean.sqr()? + log_variance.exp()?)? - (log_variance + 1.0)?)?;
    terms.sum(1)?.mean_all()? * 0.5
}

/// Mean over pairs of different points. A point's kernel with itself is 1.
fn within(x: &Tensor, kernel: Kernel) -> Result<Tensor> {
    let n = x.dim(0)? as f64;
    (kernel.of(&squared_distances(x, x)?)?.sum_all()? - n)? / (n * (n - 1.0))
}

pub(crate) fn squared_distances(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    x.unsqueeze(1)?.broadcast_sub(&y.unsqueeze(0)?)?.sqr()?.sum(2)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::StandardNormal;

    use super::*;

    fn normal(seed: u64, mean: f32, deviation: f32) -> Tensor {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let values: Vec<f32> =
            (0..400 * 4).map(|_| mean + deviation * rng.sample::<f32, _>(StandardNormal)).collect();
        Tensor::from_vec(values, (400, 4), &Device::Cpu).unwrap()
    }

    fn distance(x: &Tensor, y: &Tensor, kernel: Kernel) -> f32 {
        squared_mmd(x, y, kernel).unwrap().to_scalar().unwrap()
    }

    #[test]
    fn samples_of_the_prior_are_near_it_and_moved_or_narrow_ones_are_not() {
        for kernel in [Kernel::Rbf, Kernel::Imq] {
            let same = distance(&normal(1, 0.0, 1.0), &normal(2, 0.0, 1.0), kernel);
            let moved = distance(&normal(1, 0.5, 1.0), &normal(2, 0.0, 1.0), kernel);
            let narrow = distance(&normal(1, 0.0, 0.5), &normal(2, 0.0, 1.0), kernel);
            // The estimate's own deviation for 400 points is about 2 / 400 of the kernel's variance.
            assert!(same.abs() < 0.004, "{kernel:?}: {same}");
            assert!(moved > 0.02 && narrow > 0.02, "{kernel:?}: {moved} {narrow}");
        }
    }

    #[test]
    fn the_kullback_leibler_divergence_is_that_of_the_definition() {
        let mean = Tensor::new(&[[0.0f32, 1.0], [0.0, 0.0]], &Device::Cpu).unwrap();
        let log_variance = Tensor::new(&[[0.0f32, 0.0], [4.0f32.ln(), 0.0]], &Device::Cpu).unwrap();
        let got: f32 = kullback_leibler(&mean, &log_variance).unwrap().to_scalar().unwrap();
        let want = 0.5 * (0.5 * 1.0 + 0.5 * (4.0 - 1.0 - 4.0f32.ln()));
        assert!((got - want).abs() < 1e-6, "{got}, wanted {want}");
    }

    #[test]
    fn the_estimate_is_that_of_the_definition() {
        let x = Tensor::new(&[[0.0f32], [1.0]], &Device::Cpu).unwrap();
        let y = Tensor::new(&[[0.0f32], [2.0]], &Device::Cpu).unwrap();
        let k = |d2: f64| WIDTHS.iter().map(|c| c / (c + d2)).sum::<f64>() / 3.0;
        let want = k(1.0) + k(4.0) - 2.0 * (k(0.0) + k(4.0) + k(1.0) + k(1.0)) / 4.0;
        assert!((f64::from(distance(&x, &y, Kernel::Imq)) - want).abs() < 1e-6);
    }
}
