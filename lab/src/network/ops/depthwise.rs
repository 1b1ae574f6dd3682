//! The causal convolution of each channel on its own, as shifted multiply-adds: candle's grouped convolution
//! makes one matrix product a channel, which costs more than all else in a step.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};

use super::{borrow, numbers, result, tensor};

/// `y[t, c] = bias[c] + sum_k weight[k, c] x[t - (K - 1 - k) dilation, c]`, with zeros before the first frame.
/// `x` is `[B, T, C]`, `weight` `[K, C]`, `bias` `[C]`.
///
/// # Errors
/// If shapes do not fit.
pub fn depthwise_causal(x: &Tensor, weight: &Tensor, bias: &Tensor, dilation: usize) -> Result<Tensor> {
    let (_, frames, channels) = x.dims3()?;
    let (taps, _) = weight.dims2()?;
    x.apply_op3(weight, bias, Depthwise { frames, channels, taps, dilation })
}

struct Depthwise {
    frames: usize,
    channels: usize,
    taps: usize,
    dilation: usize,
}

impl Depthwise {
    /// Frames by which tap `k` looks back.
    fn delay(&self, k: usize) -> usize {
        (self.taps - 1 - k) * self.dilation
    }
}

impl CustomOp3 for Depthwise {
    fn name(&self) -> &'static str {
        "depthwise-causal"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        weight: &CpuStorage,
        lw: &Layout,
        bias: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, weight, bias) = (numbers(x, lx)?, numbers(weight, lw)?, numbers(bias, lb)?);
        let c = self.channels;
        let mut y = Vec::with_capacity(x.len());
        for note in x.chunks_exact(self.frames * c) {
            for t in 0..self.frames {
                let from = y.len();
                y.extend_from_slice(bias);
                let row = &mut y[from..];
                for k in (0..self.taps).filter(|&k| self.delay(k) <= t) {
                    let source = &note[(t - self.delay(k)) * c..][..c];
                    multiply_add(row, source, &weight[k * c..][..c]);
                }
            }
        }
        result(y, lx.shape().clone())
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (xs, ws, gs) = (borrow(x)?, borrow(weight)?, borrow(g)?);
        let c = self.channels;
        let mut gx = vec![0.0; xs.len()];
        let mut gw = vec![0.0; ws.len()];
        let mut gb = vec![0.0; c];
        let notes = xs.chunks_exact(self.frames * c).zip(gs.chunks_exact(self.frames * c));
        for ((x, g), gx) in notes.zip(gx.chunks_exact_mut(self.frames * c)) {
            for t in 0..self.frames {
                let g = &g[t * c..][..c];
                gb.iter_mut().zip(g).for_each(|(b, g)| *b += g);
                for k in (0..self.taps).filter(|&k| self.delay(k) <= t) {
                    let at = (t - self.delay(k)) * c;
                    multiply_add(&mut gx[at..][..c], g, &ws[k * c..][..c]);
                    multiply_add(&mut gw[k * c..][..c], g, &x[at..][..c]);
                }
            }
        }
        Ok((Some(tensor(gx, x.shape())?), Some(tensor(gw, weight.shape())?), Some(tensor(gb, bias.shape())?)))
    }
}

fn multiply_add(sum: &mut [f32], a: &[f32], b: &[f32]) {
    for ((s, a), b) in sum.iter_mut().zip(a).zip(b) {
        *s += a * b;
    }
}
