//! Least squares with a handful of unknowns.

/// The coefficients `c` that make `rows * c` nearest to `y`. A trace of ridge keeps columns that say the same
/// apart.
#[must_use]
pub fn least_squares(rows: &[Vec<f64>], y: &[f64]) -> Vec<f64> {
    let n = rows.first().map_or(0, Vec::len);
    let mut a = vec![vec![0.0; n]; n];
    let mut b = vec![0.0; n];
    for (row, y) in rows.iter().zip(y) {
        for i in 0..n {
            b[i] += row[i] * y;
            for j in 0..n {
                a[i][j] += row[i] * row[j];
            }
        }
    }
    let trace = (0..n).map(|i| a[i][i]).sum::<f64>();
    (0..n).for_each(|i| a[i][i] += RIDGE * trace / n as f64);
    solve(a, b)
}

const RIDGE: f64 = 1e-9;

/// Solves `a x = b` by elimination with pivots. What a singular matrix leaves open becomes zero.
#[must_use]
pub fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|&i, &j| a[i][column].abs().total_cmp(&a[j][column].abs()));
        let Some(pivot) = pivot.filter(|&i| a[i][column].abs() > f64::MIN_POSITIVE) else { continue };
        a.swap(column, pivot);
        b.swap(column, pivot);
        for row in column + 1..n {
            let factor = a[row][column] / a[column][column];
            let (upper, lower) = a.split_at_mut(row);
            for (x, p) in lower[0][column..].iter_mut().zip(&upper[column][column..]) {
                *x -= factor * p;
            }
            b[row] -= factor * b[column];
        }
    }
    let mut x = vec![0.0; n];
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|j| a[row][j] * x[j]).sum();
        x[row] = if a[row][row] == 0.0 { 0.0 } else { (b[row] - known) / a[row][row] };
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_is_found_again() {
        let rows: Vec<Vec<f64>> = (0..20).map(|i| vec![1.0, f64::from(i), f64::from(i * i % 7)]).collect();
        let y: Vec<f64> = rows.iter().map(|row| 3.0 - 2.0 * row[1] + 0.5 * row[2]).collect();
        let found = least_squares(&rows, &y);
        for (got, want) in found.iter().zip([3.0, -2.0, 0.5]) {
            assert!((got - want).abs() < 1e-5, "{found:?}");
        }
    }

    #[test]
    fn rows_may_need_to_change_places() {
        let x = solve(vec![vec![0.0, 2.0], vec![4.0, 1.0]], vec![2.0, 9.0]);
        assert_eq!(x, [2.0, 1.0]);
    }
}
