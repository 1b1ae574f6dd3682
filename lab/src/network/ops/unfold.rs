//! The frames that each output of a strided convolution sees, side by side, so that the convolution is one matrix product.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use super::{borrow, numbers, result, tensor};

/// `[B, ceil(T / stride), taps * C]` of `x`, `[B, T, C]`: row `t` holds the frames from `t * stride - taps / 2` on, and zeros for
/// those that `x` has not.
///
/// # Errors
/// If `x` has another rank.
pub fn unfold(x: &Tensor, taps: usize, stride: usize) -> Result<Tensor> {
    let (_, frames, channels) = x.dims3()?;
    x.contiguous()?.apply_op1(Unfold { frames, channels, taps, stride })
}

struct Unfold {
    frames: usize,
    channels: usize,
    taps: usize,
    stride: usize,
}

impl Unfold {
    /// For each output of a note, in order, where its frames lie in the note and where in the output's row: they are
    /// neighbours in both.
    fn runs(&self) -> impl Iterator<Item = (std::ops::Range<usize>, usize)> {
        let &Self { frames, channels, taps, stride } = self;
        (0..frames.div_ceil(stride)).map(move |t| {
            let first = t * stride;
            let from = first.saturating_sub(taps / 2);
            let missing = (from + taps / 2) - first;
            let to = (first + taps - taps / 2).min(frames);
            (from * channels..to * channels, missing * channels)
        })
    }
}

impl CustomOp1 for Unfold {
    fn name(&self) -> &'static str {
        "unfold"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = numbers(x, lx)?;
        let (note, row) = (self.frames * self.channels, self.taps * self.channels);
        let outputs = self.frames.div_ceil(self.stride);
        let mut y = Vec::with_capacity(x.len() / note * outputs * row);
        for note in x.chunks_exact(note) {
            for (run, at) in self.runs() {
                let end = y.len() + row;
                y.resize(y.len() + at, 0.0);
                y.extend_from_slice(&note[run]);
                y.resize(end, 0.0);
            }
        }
        result(y, (x.len() / note, outputs, row))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let gs = borrow(g)?;
        let (note, row) = (self.frames * self.channels, self.taps * self.channels);
        let mut gx = vec![0.0; x.elem_count()];
        let outputs = self.frames.div_ceil(self.stride);
        for (gx, g) in gx.chunks_exact_mut(note).zip(gs.chunks_exact(outputs * row)) {
            for ((run, at), g) in self.runs().zip(g.chunks_exact(row)) {
                let gx = &mut gx[run];
                gx.iter_mut().zip(&g[at..]).for_each(|(gx, g)| *gx += g);
            }
        }
        Ok(Some(tensor(gx, x.shape())?))
    }
}
