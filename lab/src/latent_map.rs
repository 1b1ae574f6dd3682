//! Statistics of a set of latent points: moments, principal plane, and what can be read from them.

use ukulelatent::model::card::LATENT_DIM;

/// A latent point.
pub type Point = [f32; LATENT_DIM];
type Matrix = [[f64; LATENT_DIM]; LATENT_DIM];

/// Mean and covariance.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    /// Mean of each coordinate.
    pub mean: [f64; LATENT_DIM],
    /// Covariance of each pair.
    pub covariance: Matrix,
}

/// Moments of `points`; zeros for none.
#[must_use]
pub fn moments(points: &[Point]) -> Moments {
    let n = points.len().max(1) as f64;
    let mut moments = Moments { mean: [0.0; LATENT_DIM], covariance: [[0.0; LATENT_DIM]; LATENT_DIM] };
    for z in points {
        for (m, z) in moments.mean.iter_mut().zip(z) {
            *m += f64::from(*z) / n;
        }
    }
    for z in points {
        for i in 0..LATENT_DIM {
            for j in 0..LATENT_DIM {
                let at = |i: usize| f64::from(z[i]) - moments.mean[i];
                moments.covariance[i][j] += at(i) * at(j) / n;
            }
        }
    }
    moments
}

impl Moments {
    /// Standard deviation of each coordinate.
    #[must_use]
    pub fn deviation(&self) -> [f64; LATENT_DIM] {
        std::array::from_fn(|i| self.covariance[i][i].sqrt())
    }
}

/// The places of `points` on the plane of their two widest directions, in units of the latent space.
#[must_use]
pub fn principal_plane(points: &[Point]) -> Vec<[f32; 2]> {
    let moments = moments(points);
    let (widths, directions) = eigen(moments.covariance);
    let mut order: Vec<usize> = (0..LATENT_DIM).collect();
    order.sort_by(|&a, &b| widths[b].total_cmp(&widths[a]));
    let along = |z: &Point, d: usize| {
        let terms = (0..LATENT_DIM).map(|i| (f64::from(z[i]) - moments.mean[i]) * directions[i][d]);
        terms.sum::<f64>() as f32
    };
    points.iter().map(|z| [along(z, order[0]), along(z, order[1])]).collect()
}

const SWEEPS: usize = 30;

/// Eigenvalues, and eigenvectors as columns, of a symmetric matrix: Jacobi's rotations.
fn eigen(mut a: Matrix) -> ([f64; LATENT_DIM], Matrix) {
    let mut vectors: Matrix = std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j))));
    for _ in 0..SWEEPS {
        for p in 0..LATENT_DIM {
            for q in p + 1..LATENT_DIM {
                if a[p][q].abs() < 1e-15 {
                    continue;
                }
                let angle = 0.5 * (2.0 * a[p][q]).atan2(a[q][q] - a[p][p]);
                let (sin, cos) = angle.sin_cos();
                let rotate = |x: f64, y: f64| (cos * x - sin * y, sin * x + cos * y);
                for row in &mut a {
                    (row[p], row[q]) = rotate(row[p], row[q]);
                }
                let (upper, lower) = a.split_at_mut(q);
                for (x, y) in upper[p].iter_mut().zip(&mut lower[0]) {
                    (*x, *y) = rotate(*x, *y);
                }
                for row in &mut vectors {
                    (row[p], row[q]) = rotate(row[p], row[q]);
                }
            }
        }
    }
    (std::array::from_fn(|i| a[i][i]), vectors)
}

/// Share of the variance of `y` that a linear function of the points explains, at best; 0 for constant `y`.
#[must_use]
pub fn linear_r2(points: &[Point], y: &[f64]) -> f64 {
    let n = y.len().max(1) as f64;
    let moments = moments(points);
    let mean = y.iter().sum::<f64>() / n;
    let variance = y.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / n;
    if variance <= 0.0 {
        return 0.0;
    }
    let mut with_y = [0.0; LATENT_DIM];
    for (z, y) in points.iter().zip(y) {
        for (i, w) in with_y.iter_mut().enumerate() {
            *w += (f64::from(z[i]) - moments.mean[i]) * (y - mean) / n;
        }
    }
    // Along each eigenvector the points are uncorrelated, so that what they explain adds up.
    let (widths, directions) = eigen(moments.covariance);
    let explained = (0..LATENT_DIM).filter(|&d| widths[d] > 1e-9).map(|d| {
        let along: f64 = (0..LATENT_DIM).map(|i| directions[i][d] * with_y[i]).sum();
        along * along / widths[d]
    });
    explained.sum::<f64>() / variance
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stretched, turned cloud without randomness.
    fn cloud() -> Vec<Point> {
        let steps = [-1.5f32, -0.5, 0.5, 1.5];
        let mut points = Vec::new();
        for a in steps {
            for b in steps {
                for c in steps {
                    points.push([3.0 * a + b, 3.0 * a - b, 0.2 * c, 1.0]);
                }
            }
        }
        points
    }

    #[test]
    fn eigenvectors_are_those_of_the_matrix() {
        let covariance = moments(&cloud()).covariance;
        let (values, vectors) = eigen(covariance);
        for d in 0..LATENT_DIM {
            for (i, row) in covariance.iter().enumerate() {
                let image: f64 = (0..LATENT_DIM).map(|j| row[j] * vectors[j][d]).sum();
                assert!((image - values[d] * vectors[i][d]).abs() < 1e-9, "{d} {i}");
            }
        }
    }

    #[test]
    fn the_plane_shows_the_widest_directions() {
        let points = cloud();
        let plane = principal_plane(&points);
        let spread = |i: usize| plane.iter().map(|xy| f64::from(xy[i]).powi(2)).sum::<f64>() / plane.len() as f64;
        // 3 a sqrt(2) and b sqrt(2), with a variance of 1.25 a step.
        assert!((spread(0) - 22.5).abs() < 1e-3 && (spread(1) - 2.5).abs() < 1e-3, "{} {}", spread(0), spread(1));
    }

    #[test]
    fn a_linear_function_is_read_from_the_points_and_an_even_one_is_not() {
        let points = cloud();
        let linear: Vec<f64> = points.iter().map(|z| 2.0 * f64::from(z[0]) - f64::from(z[2]) + 5.0).collect();
        assert!((linear_r2(&points, &linear) - 1.0).abs() < 1e-9);
        let even: Vec<f64> = points.iter().map(|z| f64::from(z[2]).powi(2)).collect();
        assert!(linear_r2(&points, &even) < 1e-9);
    }
}
