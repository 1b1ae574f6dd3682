//! Matrix products in place, over views that candle's tensors cannot describe: rows that overlap.

use gemm::{Parallelism, gemm};

/// A matrix inside a slice: element `(i, j)` lies at `i * row_step + j * column_step`.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub values: &'a [f32],
    pub row_step: usize,
    pub column_step: usize,
}

impl<'a> View<'a> {
    /// Rows of `row_step` values, or overlapping ones where that is less than their length.
    pub fn rows(values: &'a [f32], row_step: usize) -> Self {
        Self { values, row_step, column_step: 1 }
    }

    /// Rows as columns.
    pub fn transposed(self) -> Self {
        Self { row_step: self.column_step, column_step: self.row_step, ..self }
    }

    fn holds(&self, rows: usize, columns: usize) -> bool {
        rows > 0
            && columns > 0
            && (rows - 1) * self.row_step + (columns - 1) * self.column_step < self.values.len()
    }
}

/// `sum += a b`: `sum` holds `m` rows of `n` values, `a` is `m x k`, `b` is `k x n`.
///
/// # Panics
/// If a view is smaller than that.
pub(super) fn add_product(sum: &mut [f32], a: View<'_>, b: View<'_>, [m, k, n]: [usize; 3]) {
    assert!(a.holds(m, k) && b.holds(k, n) && sum.len() >= m * n, "views of {m} x {k} x {n}");
    let step = |step: usize| step as isize;
    // SAFETY: the assertion above keeps every element that gemm reads or writes inside its slice (steps are not
    // negative, so the last element is the farthest), and `sum` is borrowed mutably, so that it overlaps neither.
    unsafe {
        gemm(
            m,
            n,
            k,
            sum.as_mut_ptr(),
            1,
            step(n),
            true,
            a.values.as_ptr(),
            step(a.column_step),
            step(a.row_step),
            b.values.as_ptr(),
            step(b.column_step),
            step(b.row_step),
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::Rayon(0),
        );
    }
}
