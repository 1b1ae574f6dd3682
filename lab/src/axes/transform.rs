//! Changes of latent coordinates, and how a trained network takes one: folded into the layers on either side of z, so
//! that no sound changes and nothing is added to the graph.

use std::array::from_fn;

use candle_core::{Device, Result, Tensor};
use serde::{Deserialize, Serialize};
use ukulelatent::model::card::LATENT_DIM;

use crate::latent_map::{Moments, Point};
use crate::linear::solve;
use crate::network::Parameters;

/// A square matrix over the latent coordinates, row by row.
pub type Matrix = [[f64; LATENT_DIM]; LATENT_DIM];

/// The layer that gives z: its outputs are the coordinates.
const LAST_OF_ENCODER: &str = "encoder.mean";
/// The layer that takes z: its first inputs are the coordinates.
const FIRST_OF_DECODER: &str = "decoder.condition.0";

/// New coordinates `matrix * (z - centre)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transform {
    /// The point that becomes zero.
    pub centre: [f64; LATENT_DIM],
    /// Invertible.
    pub matrix: Matrix,
}

impl Transform {
    /// No change.
    pub const IDENTITY: Self = Self { centre: [0.0; LATENT_DIM], matrix: IDENTITY };

    /// The change that gives points of these moments mean 0 and covariance I, with as little turning as possible (the
    /// inverse root of the covariance). Directions without width stay as they are.
    #[must_use]
    pub fn whitening(moments: &Moments) -> Self {
        let (widths, directions) = moments.principal_axes();
        let scale = widths.map(|w| if w > 1e-9 { w.sqrt().recip() } else { 1.0 });
        let matrix = from_fn(|i| {
            from_fn(|j| (0..LATENT_DIM).map(|d| directions[i][d] * scale[d] * directions[j][d]).sum())
        });
        Self { centre: moments.mean, matrix }
    }

    /// This change, then that of `matrix` about zero.
    #[must_use]
    pub fn then(&self, matrix: &Matrix) -> Self {
        Self { centre: self.centre, matrix: product(matrix, &self.matrix) }
    }

    /// A point's new coordinates.
    #[must_use]
    pub fn apply(&self, z: &Point) -> Point {
        let moved: [f64; LATENT_DIM] = from_fn(|i| f64::from(z[i]) - self.centre[i]);
        from_fn(|i| self.matrix[i].iter().zip(&moved).map(|(m, z)| m * z).sum::<f64>() as f32)
    }

    /// Gives a network the new coordinates: its encoder puts out `apply(z)` where it put out `z`, its decoder makes of
    /// `apply(z)` what it made of `z`.
    ///
    /// # Errors
    /// If the network has no such layers.
    pub fn fold_into(&self, parameters: &Parameters) -> Result<()> {
        if *self == Self::IDENTITY {
            return Ok(());
        }
        let m = tensor(&self.matrix)?;
        let centre = Tensor::new(&self.centre.map(|c| c as f32)[..], &Device::Cpu)?.unsqueeze(0)?;
        let [weight, bias] = layer(parameters, LAST_OF_ENCODER)?;
        let turned = m.t()?.contiguous()?;
        weight.set(&weight.as_tensor().matmul(&turned)?)?;
        bias.set(&(bias.as_tensor().unsqueeze(0)? - &centre)?.matmul(&turned)?.squeeze(0)?)?;

        // z = M^-1 z' + c, and rows stand for columns here.
        let back = tensor(&inverse(&self.matrix))?.t()?.contiguous()?;
        let [weight, bias] = layer(parameters, FIRST_OF_DECODER)?;
        let (inputs, _) = weight.dims2()?;
        let of_z = weight.narrow(0, 0, LATENT_DIM)?.contiguous()?;
        let rest = weight.narrow(0, LATENT_DIM, inputs - LATENT_DIM)?;
        bias.set(&(bias.as_tensor() + centre.matmul(&of_z)?.squeeze(0)?)?)?;
        weight.set(&Tensor::cat(&[back.matmul(&of_z)?, rest], 0)?)
    }
}

const IDENTITY: Matrix = {
    let mut matrix = [[0.0; LATENT_DIM]; LATENT_DIM];
    let mut i = 0;
    while i < LATENT_DIM {
        matrix[i][i] = 1.0;
        i += 1;
    }
    matrix
};

fn tensor(matrix: &Matrix) -> Result<Tensor> {
    Tensor::new(&matrix.map(|row| row.map(|x| x as f32)), &Device::Cpu)
}

/// Weight and bias of a layer.
fn layer<'a>(parameters: &'a Parameters, name: &str) -> Result<[&'a candle_core::Var; 2]> {
    let find = |part: &str| {
        let wanted = format!("{name}.{part}");
        let found = parameters.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, var)| var).ok_or_else(|| candle_core::Error::Msg(format!("no parameter {wanted:?}")))
    };
    Ok([find("weight")?, find("bias")?])
}

/// `a b`.
#[must_use]
pub fn product(a: &Matrix, b: &Matrix) -> Matrix {
    from_fn(|i| from_fn(|j| (0..LATENT_DIM).map(|k| a[i][k] * b[k][j]).sum()))
}

/// The inverse of an invertible matrix.
#[must_use]
pub fn inverse(a: &Matrix) -> Matrix {
    let rows: Vec<Vec<f64>> = a.iter().map(|row| row.to_vec()).collect();
    let columns: [Vec<f64>; LATENT_DIM] = from_fn(|j| solve(rows.clone(), IDENTITY[j].to_vec()));
    from_fn(|i| from_fn(|j| columns[j][i]))
}

/// The orthogonal matrix nearest to `a` (its polar factor), by Newton's iteration: Higham 1986, "Computing the polar
/// decomposition". What `a` leaves open, for want of rank, is filled up.
#[must_use]
pub fn nearest_rotation(a: &Matrix) -> Matrix {
    let size = a.iter().flatten().map(|x| x * x).sum::<f64>().sqrt().max(1e-12);
    let mut q: Matrix = from_fn(|i| from_fn(|j| a[i][j] / size + 1e-6 * IDENTITY[i][j]));
    for _ in 0..NEWTON_STEPS {
        let other = inverse(&q);
        q = from_fn(|i| from_fn(|j| 0.5 * (q[i][j] + other[j][i])));
    }
    q
}

/// Each halves what is too large and squares what is nearly right: enough from a millionth.
const NEWTON_STEPS: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latent_map::moments;

    const SKEWED: Matrix =
        [[2.0, 0.5, 0.0, 0.1], [0.0, 1.0, -0.7, 0.0], [0.3, 0.0, 0.5, 0.0], [0.0, 0.2, 0.0, -1.5]];

    fn assert_identity(m: &Matrix, tolerance: f64) {
        for (i, row) in m.iter().enumerate() {
            for (j, x) in row.iter().enumerate() {
                assert!((x - IDENTITY[i][j]).abs() < tolerance, "{m:?}");
            }
        }
    }

    fn transposed(m: &Matrix) -> Matrix {
        from_fn(|i| from_fn(|j| m[j][i]))
    }

    #[test]
    fn an_inverse_undoes_its_matrix() {
        assert_identity(&product(&SKEWED, &inverse(&SKEWED)), 1e-12);
    }

    #[test]
    fn the_nearest_rotation_is_one_and_nearer_than_others() {
        let q = nearest_rotation(&SKEWED);
        assert_identity(&product(&q, &transposed(&q)), 1e-9);
        // The polar factor leaves a symmetric rest: Q^T A = (Q^T A)^T.
        let rest = product(&transposed(&q), &SKEWED);
        for i in 0..LATENT_DIM {
            for j in 0..LATENT_DIM {
                assert!((rest[i][j] - rest[j][i]).abs() < 1e-5, "{rest:?}");
            }
        }
    }

    #[test]
    fn a_matrix_without_full_rank_still_gives_a_rotation() {
        let mut flat = SKEWED;
        flat[3] = [0.0; LATENT_DIM];
        let q = nearest_rotation(&flat);
        assert_identity(&product(&q, &transposed(&q)), 1e-6);
    }

    #[test]
    fn whitened_points_have_mean_zero_and_covariance_one() {
        let steps = [-1.0f32, 0.2, 1.3];
        let mut points = Vec::new();
        for a in steps {
            for b in steps {
                for c in steps {
                    for d in steps {
                        points.push([2.0 * a + b + 3.0, b - 0.5 * c, c + 0.3 * a, 0.1 * d - 1.0]);
                    }
                }
            }
        }
        let whitening = Transform::whitening(&moments(&points));
        let white = moments(&points.iter().map(|z| whitening.apply(z)).collect::<Vec<_>>());
        assert!(white.mean.iter().all(|m| m.abs() < 1e-5), "{white:?}");
        assert_identity(&white.covariance, 1e-4);
    }
}
