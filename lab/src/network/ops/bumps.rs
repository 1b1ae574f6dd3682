//! One bump a partial, at a place that can be learnt.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use super::{borrow, numbers, result, tensor};

/// `y[b, h, k] = max(0, 1 - ((k - centre[b, h]) / half_width[b, h])^2)` for the bands `k`: the shape of a spectral line
/// on a logarithmic scale, near enough. `centre` is `[B, H]`, `half_width` a constant of the same shape, the result
/// `[B, H, bands]`.
///
/// # Errors
/// If shapes do not fit.
pub fn bumps(centre: &Tensor, half_width: &Tensor, bands: usize) -> Result<Tensor> {
    if centre.shape() != half_width.shape() {
        candle_core::bail!("bumps of {:?} centres and {:?} widths", centre.shape(), half_width.shape());
    }
    let half_width = half_width.flatten_all()?.to_vec1()?;
    centre.contiguous()?.apply_op1(Bumps { half_width, bands })
}

struct Bumps {
    half_width: Vec<f32>,
    bands: usize,
}

impl Bumps {
    /// The bands that a bump reaches.
    fn reach(&self, centre: f32, half_width: f32) -> std::ops::Range<usize> {
        let band = |x: f32| (x.max(0.0) as usize).min(self.bands);
        band((centre - half_width).ceil())..band((centre + half_width).floor() + 1.0)
    }
}

impl CustomOp1 for Bumps {
    fn name(&self) -> &'static str {
        "bumps"
    }

    fn cpu_fwd(&self, centre: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let centre = numbers(centre, layout)?;
        let mut y = vec![0.0; centre.len() * self.bands];
        for ((row, &c), &w) in y.chunks_exact_mut(self.bands).zip(centre).zip(&self.half_width) {
            for k in self.reach(c, w) {
                let u = (k as f32 - c) / w;
                row[k] = 1.0 - u * u;
            }
        }
        let mut shape = layout.dims().to_vec();
        shape.push(self.bands);
        result(y, shape)
    }

    fn bwd(&self, centre: &Tensor, _: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let (cs, gs) = (borrow(centre)?, borrow(g)?);
        let rows = gs.chunks_exact(self.bands).zip(cs.iter()).zip(&self.half_width);
        let gradient = rows.map(|((g, &c), &w)| {
            let terms = self.reach(c, w).map(|k| g[k] * 2.0 * (k as f32 - c) / (w * w));
            terms.sum::<f32>()
        });
        Ok(Some(tensor(gradient.collect(), centre.shape())?))
    }
}
