//! Small statistics: ranks, percentiles, shares of variance.

/// Spearman's rank correlation of pairs; pairs with a value that is no number are left out. Not a number where
/// one side does not vary or fewer than 3 pairs are left.
#[must_use]
pub fn spearman(x: &[f64], y: &[f64]) -> f64 {
    let pairs: Vec<(f64, f64)> =
        x.iter().copied().zip(y.iter().copied()).filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
    if pairs.len() < 3 {
        return f64::NAN;
    }
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
    pearson(&ranks(&x), &ranks(&y))
}

/// Ranks from 0; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    for tie in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = from as f64 + (tie.len() - 1) as f64 / 2.0;
        tie.iter().for_each(|&i| ranks[i] = rank);
        from += tie.len();
    }
    ranks
}

/// Correlation; not a number where one side does not vary.
#[must_use]
pub fn pearson(x: &[f64], y: &[f64]) -> f64 {
    let (mean_x, mean_y) = (mean(x), mean(y));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        let (x, y) = (x - mean_x, y - mean_y);
        (xy, xx, yy) = (xy + x * y, xx + x * x, yy + y * y);
    }
    xy / (xx * yy).sqrt()
}

/// Mean; not a number for none.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Mean squared distance from the mean.
#[must_use]
pub fn variance(values: &[f64]) -> f64 {
    let centre = mean(values);
    values.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / values.len() as f64
}

/// The value that `share` of the numbers lie below, interpolated; values that are no numbers are left out. Not a
/// number for none.
#[must_use]
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share * last as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    low + (high - low) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_decide_and_ties_share_theirs() {
        let x = [1.0, 2.0, 3.0, 4.0];
        assert!((spearman(&x, &[1.0, 8.0, 27.0, 64.0]) - 1.0).abs() < 1e-12);
        assert!((spearman(&x, &[4.0, 3.0, 2.0, 1.0]) + 1.0).abs() < 1e-12);
        // Ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3: 4.5 / sqrt(4.5 * 5).
        assert!((spearman(&[1.0, 2.0, 2.0, 3.0], &x) - 0.948_683).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let x = [1.0, f64::NAN, 3.0, 4.0];
        assert!((spearman(&x, &[1.0, 100.0, 3.0, 4.0]) - 1.0).abs() < 1e-12);
        assert!(spearman(&x[..2], &x[..2]).is_nan());
        assert!((percentile(&x, 0.5) - 3.0).abs() < 1e-12);
    }

    #[test]
    fn percentiles_interpolate() {
        let values = [10.0, 0.0, 20.0, 30.0];
        assert!((percentile(&values, 0.5) - 15.0).abs() < 1e-12);
        assert!((percentile(&values, 1.0) - 30.0).abs() < 1e-12);
    }
}
