//! Groups of channels brought to one level over all of a note, then the activation.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};

use super::activation::{leaky, leaky_slope};
use super::{borrow, numbers, result, tensor};

/// Added to a group's variance.
pub const GROUP_EPSILON: f32 = 1e-5;

/// `y = leaky(norm(x) * scale + shift)` with the given slope below zero, where `norm` brings each of `groups` groups of
/// neighbouring channels to mean 0 and variance 1 over a note's frames (Wu & He, 2018). `x` is `[B, T, C]`, `scale` and
/// `shift` are `[C]`.
///
/// # Errors
/// If shapes do not fit.
pub fn group_norm_leaky(x: &Tensor, scale: &Tensor, shift: &Tensor, groups: usize, slope: f32) -> Result<Tensor> {
    let (_, frames, channels) = x.dims3()?;
    if !channels.is_multiple_of(groups) {
        candle_core::bail!("{groups} groups of {channels} channels");
    }
    x.contiguous()?.apply_op3(scale, shift, GroupNormLeaky { frames, channels, groups, slope })
}

struct GroupNormLeaky {
    frames: usize,
    channels: usize,
    groups: usize,
    slope: f32,
}

impl GroupNormLeaky {
    /// A note with its groups at mean 0 and variance 1, and the reciprocal of each channel's deviation.
    fn normed(&self, note: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let mut normed = note.to_vec();
        let mean = self.over_groups(&self.sums(note, |x| x));
        for row in normed.chunks_exact_mut(self.channels) {
            row.iter_mut().zip(&mean).for_each(|(x, m)| *x -= m);
        }
        let variance = self.over_groups(&self.sums(&normed, |x| x * x));
        let rate: Vec<f32> = variance.iter().map(|v| (v + GROUP_EPSILON).sqrt().recip()).collect();
        for row in normed.chunks_exact_mut(self.channels) {
            row.iter_mut().zip(&rate).for_each(|(x, r)| *x *= r);
        }
        (normed, rate)
    }

    /// Of each channel the sum over frames.
    fn sums(&self, note: &[f32], f: impl Fn(f32) -> f32) -> Vec<f32> {
        let mut sums = vec![0.0; self.channels];
        for row in note.chunks_exact(self.channels) {
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += f(*x));
        }
        sums
    }

    /// From sums of channels to each channel's mean over its group.
    fn over_groups(&self, sums: &[f32]) -> Vec<f32> {
        let width = self.channels / self.groups;
        let count = (width * self.frames) as f32;
        let mean = |group: &[f32]| group.iter().sum::<f32>() / count;
        sums.chunks_exact(width).flat_map(|group| std::iter::repeat_n(mean(group), width)).collect()
    }
}

impl CustomOp3 for GroupNormLeaky {
    fn name(&self) -> &'static str {
        "group-norm-leaky"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        scale: &CpuStorage,
        ls: &Layout,
        shift: &CpuStorage,
        lt: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, scale, shift) = (numbers(x, lx)?, numbers(scale, ls)?, numbers(shift, lt)?);
        let c = self.channels;
        let mut y = Vec::with_capacity(x.len());
        for note in x.chunks_exact(self.frames * c) {
            for row in self.normed(note).0.chunks_exact(c) {
                y.extend(row.iter().zip(scale).zip(shift).map(|((n, s), t)| leaky(n * s + t, self.slope)));
            }
        }
        result(y, lx.shape().clone())
    }

    fn bwd(
        &self,
        x: &Tensor,
        scale: &Tensor,
        shift: &Tensor,
        y: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (xs, ss, ys, gs) = (borrow(x)?, borrow(scale)?, borrow(y)?, borrow(g)?);
        let (c, note) = (self.channels, self.frames * self.channels);
        let mut gx = Vec::with_capacity(xs.len());
        let (mut gscale, mut gshift) = (vec![0.0; c], vec![0.0; c]);
        let mut inner = vec![0.0; note];
        for ((x, y), g) in xs.chunks_exact(note).zip(ys.chunks_exact(note)).zip(gs.chunks_exact(note)) {
            let (normed, rate) = self.normed(x);
            inner.iter_mut().zip(y).zip(g).for_each(|((i, y), g)| *i = g * leaky_slope(*y, self.slope));
            let by_shift = self.sums(&inner, |i| i);
            let products: Vec<f32> = inner.iter().zip(&normed).map(|(i, n)| i * n).collect();
            let by_scale = self.sums(&products, |p| p);
            // d norm: remove from the gradient what changes the mean and what changes the deviation.
            let weighed = |sums: &[f32]| {
                self.over_groups(&sums.iter().zip(&*ss).map(|(sum, s)| sum * s).collect::<Vec<_>>())
            };
            let (along_mean, along_norm) = (weighed(&by_shift), weighed(&by_scale));
            for (row, normed) in inner.chunks_exact(c).zip(normed.chunks_exact(c)) {
                let channels = ss.iter().zip(&rate).zip(along_mean.iter().zip(&along_norm));
                let of = |((i, n), ((s, r), (mean, norm)))| r * (i * s - mean - n * norm);
                gx.extend(row.iter().zip(normed).zip(channels).map(of));
            }
            gscale.iter_mut().zip(&by_scale).for_each(|(sum, by)| *sum += by);
            gshift.iter_mut().zip(&by_shift).for_each(|(sum, by)| *sum += by);
        }
        let (gscale, gshift) = (tensor(gscale, scale.shape())?, tensor(gshift, shift.shape())?);
        Ok((Some(tensor(gx, x.shape())?), Some(gscale), Some(gshift)))
    }
}
