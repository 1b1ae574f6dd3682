//! Groups of channels brought to one level over all of a note, then the activation.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};

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

/// What each channel of a note is normalised by.
struct Moments {
    mean: Vec<f32>,
    /// Reciprocal of the deviation.
    rate: Vec<f32>,
}

impl GroupNormLeaky {
    fn moments(&self, note: &[f32]) -> Moments {
        let mean = self.over_groups(&self.sums(note, |x, _| x, &vec![0.0; self.channels]));
        let variance = self.over_groups(&self.sums(note, |x, m| (x - m) * (x - m), &mean));
        Moments { mean, rate: variance.iter().map(|v| (v + GROUP_EPSILON).sqrt().recip()).collect() }
    }

    /// Of each channel the sum over frames; `beside` is one number a channel.
    fn sums(&self, note: &[f32], f: impl Fn(f32, f32) -> f32, beside: &[f32]) -> Vec<f32> {
        let mut sums = vec![0.0; self.channels];
        for row in note.chunks_exact(self.channels) {
            for ((sum, x), b) in sums.iter_mut().zip(row).zip(beside) {
                *sum += f(*x, *b);
            }
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
            let Moments { mean, rate } = self.moments(note);
            let gain: Vec<f32> = rate.iter().zip(scale).map(|(r, s)| r * s).collect();
            for row in note.chunks_exact(c) {
                y.extend(row.iter().zip(&mean).zip(&gain).zip(shift).map(|(((x, m), a), t)| {
                    let v = (x - m) * a + t;
                    if v > 0.0 { v } else { v * self.slope }
                }));
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
            let Moments { mean, rate } = self.moments(x);
            // The slope is positive, so the output's sign is that of what the activation saw.
            for ((i, y), g) in inner.iter_mut().zip(y).zip(g) {
                *i = if *y > 0.0 { *g } else { g * self.slope };
            }
            let by_shift = self.sums(&inner, |i, _| i, &mean);
            let mut by_scale = vec![0.0; c];
            for (row, x) in inner.chunks_exact(c).zip(x.chunks_exact(c)) {
                for (((sum, i), x), (m, r)) in by_scale.iter_mut().zip(row).zip(x).zip(mean.iter().zip(&rate)) {
                    *sum += i * (x - m) * r;
                }
            }
            // d norm: remove from the gradient what changes the mean and what changes the deviation.
            let weighed = |sums: &[f32]| {
                self.over_groups(&sums.iter().zip(&*ss).map(|(sum, s)| sum * s).collect::<Vec<_>>())
            };
            let (along_mean, along_norm) = (weighed(&by_shift), weighed(&by_scale));
            let slope: Vec<f32> = along_norm.iter().zip(&rate).map(|(n, r)| n * r).collect();
            for (row, x) in inner.chunks_exact(c).zip(x.chunks_exact(c)) {
                let channels = ss.iter().zip(&mean).zip(&rate).zip(along_mean.iter().zip(&slope));
                gx.extend(
                    row.iter()
                        .zip(x)
                        .zip(channels)
                        .map(|((i, x), (((s, m), r), (along, slope)))| r * (i * s - along - (x - m) * slope)),
                );
            }
            gscale.iter_mut().zip(&by_scale).for_each(|(sum, by)| *sum += by);
            gshift.iter_mut().zip(&by_shift).for_each(|(sum, by)| *sum += by);
        }
        let (gscale, gshift) = (tensor(gscale, scale.shape())?, tensor(gshift, shift.shape())?);
        Ok((Some(tensor(gx, x.shape())?), Some(gscale), Some(gshift)))
    }
}
