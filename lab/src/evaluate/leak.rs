//! What can be read of the pitch from z: nothing should.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::subject::Encoding;
use crate::latent_map::Point;
use crate::linear::least_squares;
use crate::statistics::variance;

/// Parts of the cross-validation.
const FOLDS: usize = 10;
/// Neighbours whose mean is the guess.
const NEIGHBOURS: usize = 10;

/// Share of the variance of the MIDI note that regressors find in z, on points that they were not fitted to (10-fold
/// cross-validation). Below zero, guesses are worse than the mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Leak {
    /// Linear in z.
    pub linear: f64,
    /// Linear in z and its products.
    pub quadratic: f64,
    /// The mean of the 10 nearest neighbours.
    pub neighbours: f64,
}

/// Reads pitch from points.
#[must_use]
pub fn measure(encodings: &[Encoding]) -> Leak {
    let points: Vec<Point> = encodings.iter().map(|e| e.z).collect();
    let midi: Vec<f64> = encodings.iter().map(|e| f64::from(e.note.number())).collect();
    Leak {
        linear: cross_validated(&points, &midi, |p, y| fitted(p, y, linear)),
        quadratic: cross_validated(&points, &midi, |p, y| fitted(p, y, quadratic)),
        neighbours: cross_validated(&points, &midi, nearest),
    }
}

type Guess = Box<dyn Fn(&Point) -> f64>;

/// R2 of guesses at points that the regressor did not see.
fn cross_validated(points: &[Point], y: &[f64], fit: impl Fn(Vec<Point>, Vec<f64>) -> Guess) -> f64 {
    if points.len() < 2 * FOLDS || variance(y) == 0.0 {
        return f64::NAN;
    }
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(3));
    let mut squares = 0.0;
    for fold in 0..FOLDS {
        let out = |place: &usize| place % FOLDS == fold;
        let (tested, learnt): (Vec<usize>, Vec<usize>) = (0..order.len()).partition(out);
        let learnt = || learnt.iter().map(|&place| order[place]);
        let guess = fit(learnt().map(|i| points[i]).collect(), learnt().map(|i| y[i]).collect());
        let errors = tested.iter().map(|&place| order[place]).map(|i| guess(&points[i]) - y[i]);
        squares += errors.map(|e| e * e).sum::<f64>();
    }
    1.0 - squares / points.len() as f64 / variance(y)
}

fn fitted(points: Vec<Point>, y: Vec<f64>, terms: fn(&Point) -> Vec<f64>) -> Guess {
    let rows: Vec<Vec<f64>> = points.iter().map(terms).collect();
    let coefficients = least_squares(&rows, &y);
    Box::new(move |point| terms(point).iter().zip(&coefficients).map(|(t, c)| t * c).sum())
}

fn linear(point: &Point) -> Vec<f64> {
    std::iter::once(1.0).chain(point.iter().map(|&z| f64::from(z))).collect()
}

fn quadratic(point: &Point) -> Vec<f64> {
    let mut terms = linear(point);
    for i in 0..point.len() {
        terms.extend((i..point.len()).map(|j| f64::from(point[i] * point[j])));
    }
    terms
}

fn nearest(points: Vec<Point>, y: Vec<f64>) -> Guess {
    Box::new(move |point| {
        let near = nearest_of(points.iter(), point, NEIGHBOURS);
        near.iter().map(|&i| y[i]).sum::<f64>() / near.len() as f64
    })
}

/// Places of the `count` points nearest to `point`.
pub(super) fn nearest_of<'a>(points: impl Iterator<Item = &'a Point>, point: &Point, count: usize) -> Vec<usize> {
    let distance = |p: &Point| p.iter().zip(point).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
    let mut order: Vec<(usize, f32)> = points.map(distance).enumerate().collect();
    order.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    order.into_iter().take(count).map(|(i, _)| i).collect()
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use rand_distr::StandardNormal;
    use ukulelatent::units::MidiNote;

    use super::*;

    fn encodings(note: fn(&Point) -> f32) -> Vec<Encoding> {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        (0..400)
            .map(|_| {
                let z: Point = std::array::from_fn(|_| rng.sample(StandardNormal));
                let number = (60.0 + note(&z)).round().clamp(21.0, 104.0) as u8;
                Encoding { entry: None, z, note: MidiNote::new(number).unwrap() }
            })
            .collect()
    }

    #[test]
    fn a_line_is_read_by_all_a_square_not_by_the_line_and_noise_by_none() {
        let line = measure(&encodings(|z| 8.0 * z[0]));
        assert!(line.linear > 0.95 && line.quadratic > 0.95 && line.neighbours > 0.6, "{line:?}");
        let square = measure(&encodings(|z| 8.0 * z[1] * z[1]));
        assert!(square.linear < 0.1 && square.quadratic > 0.9 && square.neighbours > 0.3, "{square:?}");
        // A number that hangs on z's last digits only.
        let noise = measure(&encodings(|z| (z[2] * 1e5).rem_euclid(1.0) * 20.0));
        assert!(noise.linear < 0.03 && noise.quadratic < 0.05 && noise.neighbours < 0.1, "{noise:?}");
    }

    #[test]
    fn too_few_points_say_nothing() {
        assert!(measure(&encodings(|z| z[0])[..10]).linear.is_nan());
    }
}
