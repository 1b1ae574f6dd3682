//! Statistics of a set of latent points: moments, principal plane.

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

    /// Variances along the principal axes, and these as columns.
    #[must_use]
    pub fn principal_axes(&self) -> ([f64; LATENT_DIM], Matrix) {
        eigen(self.covariance)
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

/// The places of `points` on a map where neighbours stay neighbours: t-SNE (van der Maaten & Hinton 2008), exact, from
/// the principal plane on. The same points give the same map. Fewer than ten points lie on the plane.
#[must_use]
pub fn t_sne(points: &[Point]) -> Vec<[f32; 2]> {
    let plane = principal_plane(points);
    if points.len() < FEWEST_MAPPED {
        return plane;
    }
    // As narrow as the random cloud that it stands for: the attraction must be able to sort it.
    let spread = plane.iter().map(|xy| f64::from(xy[0]).powi(2)).sum::<f64>() / plane.len() as f64;
    let scale = 1e-4 / spread.sqrt().max(f64::MIN_POSITIVE) as f32;
    let start: Vec<f32> = plane.iter().flat_map(|xy| xy.map(|x| x * scale)).collect();
    let distance = |a: &Point, b: &Point| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
    let embed = || {
        let mut map = bhtsne::tSNE::<f32, Point, 2>::new(points);
        let perplexity = PERPLEXITY.min((points.len() - 1) as f32 / 3.5);
        map.perplexity(perplexity).epochs(EPOCHS).initial_embedding(start);
        if points.len() <= MOST_EXACT {
            map.exact(distance)
        } else {
            map.barnes_hut(THETA, distance)
        };
        map.embedding().as_chunks::<2>().0.to_vec()
    };
    // Sums that several threads share out come out in another order each time. Where the system refuses a thread of its own,
    // the map may differ in its last digits.
    match rayon::ThreadPoolBuilder::new().num_threads(1).build() {
        Ok(alone) => alone.install(embed),
        Err(_) => embed(),
    }
}

/// t-SNE weighs neighbourhoods: there must be some.
const FEWEST_MAPPED: usize = 10;
/// Neighbours that count, as in the first paper's examples.
const PERPLEXITY: f32 = 30.0;
const EPOCHS: usize = 1000;
/// More points are approximated.
const MOST_EXACT: usize = 2500;
/// Accuracy of the approximation.
const THETA: f32 = 0.5;

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
    fn the_map_is_the_same_each_time_and_keeps_clusters_apart() {
        let mut points = Vec::new();
        for cluster in 0..3u8 {
            for n in 0..30u8 {
                let at = |k: u8| f32::from(n * k % 7) * 0.05 + if k == cluster { 4.0 } else { 0.0 };
                points.push([at(0), at(1), at(2), f32::from(n) * 0.01]);
            }
        }
        let map = t_sne(&points);
        assert_eq!(map, t_sne(&points));
        let distance = |a: usize, b: usize| (map[a][0] - map[b][0]).hypot(map[a][1] - map[b][1]);
        for i in 0..points.len() {
            let nearest =
                (0..points.len()).filter(|&j| j != i).min_by(|&a, &b| distance(i, a).total_cmp(&distance(i, b)));
            assert_eq!(nearest.unwrap() / 30, i / 30, "{i}");
        }
    }

    #[test]
    fn few_points_lie_on_their_plane() {
        assert_eq!(t_sne(&cloud()[..5]), principal_plane(&cloud()[..5]));
        assert!(t_sne(&[]).is_empty());
    }

    #[test]
    fn the_plane_shows_the_widest_directions() {
        let points = cloud();
        let plane = principal_plane(&points);
        let spread = |i: usize| plane.iter().map(|xy| f64::from(xy[i]).powi(2)).sum::<f64>() / plane.len() as f64;
        // 3 a sqrt(2) and b sqrt(2), with a variance of 1.25 a step.
        assert!((spread(0) - 22.5).abs() < 1e-3 && (spread(1) - 2.5).abs() < 1e-3, "{} {}", spread(0), spread(1));
    }
}
