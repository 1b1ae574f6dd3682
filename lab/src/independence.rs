//! What a latent point says of the pitch: the Hilbert-Schmidt independence criterion (Gretton et al., 2005), unbiased as
//! Song et al. (2012) have it.
//!
//! An adversary learns what the points of the last steps told it, and acts late; this hears the points of one step as they are.
//! Its kernel of the pitch is linear, so that it is zero where the mean pitch is the same all over the latent space, however finely one looks.

use candle_core::{Device, Result, Tensor};

use crate::mmd::squared_distances;

/// Squared widths of the kernel `c / (c + d2)` of points, whose prior has variance 1: among some 800 recordings, ten
/// neighbours lie within a squared distance of .5.
const WIDTHS: [f64; 2] = [0.25, 1.0];
/// Fewest points that can be told anything of.
pub const FEWEST: usize = 4;

/// An unbiased estimate of how much points `z`, `[N, D]`, and pitches in semitones depend on each other, in squared octaves, as a
/// scalar. May be slightly negative where they do not.
///
/// # Errors
/// If shapes do not fit, or for fewer than [`FEWEST`] points.
pub fn dependence(z: &Tensor, pitches: &[u32]) -> Result<Tensor> {
    let count = z.dim(0)?;
    if count < FEWEST {
        candle_core::bail!("points: expected at least {FEWEST}, got {count}");
    }
    let n = count as f64;
    let squared = squared_distances(z, z)?;
    let at = |c: f64| ((&squared / c)? + 1.0)?.recip();
    let [a, b] = WIDTHS.map(at);
    let near = ((a? + b?)? / WIDTHS.len() as f64)?.mul(&off_diagonal(count)?)?;
    let alike = alike(pitches)?;
    let row_sums = |t: &Tensor| t.sum(1);
    let both = near.mul(&alike)?.sum_all()?;
    let apart = ((near.sum_all()? * alike.sum_all()?)? / ((n - 1.0) * (n - 2.0)))?;
    let shared = (row_sums(&near)?.mul(&row_sums(&alike)?)?.sum_all()? * (2.0 / (n - 2.0)))?;
    ((both + apart)? - shared)? / (n * (n - 3.0))
}

/// `[N, N]`: ones, and zeros on the diagonal.
fn off_diagonal(count: usize) -> Result<Tensor> {
    let values = (0..count * count).map(|i| if i / count == i % count { 0.0f32 } else { 1.0 });
    Tensor::from_vec(values.collect(), (count, count), &Device::Cpu)
}

/// `[N, N]`: products of the pitches' distances from their mean, in octaves; zeros on the diagonal.
fn alike(pitches: &[u32]) -> Result<Tensor> {
    let count = pitches.len();
    let mean = pitches.iter().sum::<u32>() as f32 / count as f32;
    let octaves = |i: usize| (pitches[i] as f32 - mean) / 12.0;
    let product = |i: usize, j: usize| if i == j { 0.0 } else { octaves(i) * octaves(j) };
    let values = (0..count).flat_map(|i| (0..count).map(move |j| (i, j))).map(|(i, j)| product(i, j));
    Tensor::from_vec(values.collect(), (count, count), &Device::Cpu)
}

#[cfg(test)]
mod tests {
    use candle_core::Var;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::StandardNormal;

    use super::*;

    const COUNT: usize = 200;

    fn points() -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        (0..COUNT * 4).map(|_| rng.sample(StandardNormal)).collect()
    }

    fn found(pitch: impl Fn(&[f32]) -> f32) -> f32 {
        let points = points();
        let pitches: Vec<u32> = points.chunks(4).map(|z| (40.0 + pitch(z)).round() as u32).collect();
        let z = Tensor::from_vec(points, (COUNT, 4), &Device::Cpu).unwrap();
        dependence(&z, &pitches).unwrap().to_scalar().unwrap()
    }

    #[test]
    fn lines_squares_and_patches_are_seen_and_noise_is_not() {
        let noise = found(|z| (z[3] * 1e4).rem_euclid(1.0) * 24.0 - 12.0);
        assert!(noise.abs() < 0.0007, "{noise}");
        for (what, found) in [
            ("line", found(|z| 6.0 * z[0])),
            ("square", found(|z| 6.0 * (z[1] * z[1] - 1.0))),
            ("patches", found(|z| 8.0 * (1.5 * z[2]).sin())),
        ] {
            assert!(found > 0.0015, "{what}: {found}");
        }
    }

    #[test]
    fn the_estimate_is_the_mean_over_all_quadruples() {
        // Song et al., the definition that their sums stand for.
        let z = [0.0f32, 0.4, 1.0, 2.5, 3.0];
        let pitches = [30u32, 33, 41, 50, 44];
        let n = z.len();
        let k = |i: usize, j: usize| {
            let d2 = f64::from(z[i] - z[j]).powi(2);
            WIDTHS.iter().map(|c| c / (c + d2)).sum::<f64>() / WIDTHS.len() as f64
        };
        // A linear kernel may be centred anywhere.
        let l = |i: usize, j: usize| f64::from(pitches[i]) * f64::from(pitches[j]) / 144.0;
        let (mut sum, mut count) = (0.0, 0.0);
        for i in 0..n {
            for j in (0..n).filter(|&j| j != i) {
                for q in (0..n).filter(|&q| q != i && q != j) {
                    for r in (0..n).filter(|&r| r != i && r != j && r != q) {
                        sum += k(i, j) * (l(i, j) + l(q, r) - 2.0 * l(i, q));
                        count += 1.0;
                    }
                }
            }
        }
        let points = Tensor::from_slice(&z, (n, 1), &Device::Cpu).unwrap();
        let got = f64::from(dependence(&points, &pitches).unwrap().to_scalar::<f32>().unwrap());
        assert!((got - sum / count).abs() < 1e-5, "{got}, wanted {}", sum / count);
    }

    #[test]
    fn following_it_takes_the_pitch_out() {
        let points = points();
        let pitches: Vec<u32> = points.chunks(4).map(|z| (40.0 + 6.0 * z[0]).round() as u32).collect();
        let z = Var::from_vec(points, (COUNT, 4), &Device::Cpu).unwrap();
        let found = || dependence(&z, &pitches).unwrap();
        let before: f32 = found().to_scalar().unwrap();
        for _ in 0..60 {
            let gradients = found().backward().unwrap();
            let step = (gradients.get(&z).unwrap() * 200.0).unwrap();
            z.set(&(z.as_tensor() - step).unwrap()).unwrap();
        }
        let after: f32 = found().to_scalar().unwrap();
        assert!(after < 0.4 * before, "{before} {after}");
    }

    #[test]
    fn three_points_are_too_few() {
        let z = Tensor::zeros((3, 4), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(dependence(&z, &[1, 2, 3]).is_err());
    }
}
