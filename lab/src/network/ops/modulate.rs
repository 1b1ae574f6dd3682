//! Normalisation and modulation: what a note's condition does to its frames.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};

use super::{borrow, numbers, result, tensor};

/// Added to a frame's variance.
pub const NORM_EPSILON: f32 = 1e-5;

/// `y[b, t] = norm(x[b, t]) * scale[b] + shift[b]`, where `norm` brings a frame's channels to mean 0 and variance
/// 1 (Ba, Kiros & Hinton, 2016). `x` is `[B, T, C]`, `scale` and `shift` are `[B, C]`.
///
/// # Errors
/// If shapes do not fit.
pub fn normalise_modulate(x: &Tensor, scale: &Tensor, shift: &Tensor) -> Result<Tensor> {
    let (_, frames, channels) = x.dims3()?;
    let op = NormaliseModulate { frames, channels };
    x.contiguous()?.apply_op3(&scale.contiguous()?, &shift.contiguous()?, op)
}

struct NormaliseModulate {
    frames: usize,
    channels: usize,
}

/// A frame's mean and the reciprocal of its deviation.
fn moments(row: &[f32]) -> (f32, f32) {
    let n = row.len() as f32;
    let mean = sum(row, |x| x) / n;
    let variance = sum(row, |x| (x - mean) * (x - mean)) / n;
    (mean, 1.0 / (variance + NORM_EPSILON).sqrt())
}

/// Partial sums that run side by side: compilers may not reorder a plain sum, so they cannot vectorise it.
const LANES: usize = 8;

fn sum(values: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (whole, rest) = values.as_chunks::<LANES>();
    for chunk in whole {
        for (lane, v) in lanes.iter_mut().zip(chunk) {
            *lane += f(*v);
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|v| f(*v)).sum::<f32>()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let ((whole_a, rest_a), (whole_b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in whole_a.iter().zip(whole_b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f32>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f32>()
}

impl CustomOp3 for NormaliseModulate {
    fn name(&self) -> &'static str {
        "normalise-modulate"
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
        for (b, note) in x.chunks_exact(self.frames * c).enumerate() {
            let (scale, shift) = (&scale[b * c..][..c], &shift[b * c..][..c]);
            for row in note.chunks_exact(c) {
                let (mean, rate) = moments(row);
                y.extend(row.iter().zip(scale).zip(shift).map(|((x, s), t)| (x - mean) * rate * s + t));
            }
        }
        result(y, lx.shape().clone())
    }

    fn bwd(
        &self,
        x: &Tensor,
        scale: &Tensor,
        shift: &Tensor,
        _: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (xs, ss, gs) = (borrow(x)?, borrow(scale)?, borrow(g)?);
        let c = self.channels;
        let mut gx = Vec::with_capacity(xs.len());
        let mut gscale = vec![0.0; ss.len()];
        let mut gshift = vec![0.0; ss.len()];
        let (mut normed, mut inner) = (vec![0.0f32; c], vec![0.0f32; c]);
        for (row, (x, g)) in xs.chunks_exact(c).zip(gs.chunks_exact(c)).enumerate() {
            let at = row / self.frames * c;
            let (mean, rate) = moments(x);
            for (n, x) in normed.iter_mut().zip(x) {
                *n = (x - mean) * rate;
            }
            add_products(&mut gscale[at..][..c], &normed, g);
            gshift[at..][..c].iter_mut().zip(g).for_each(|(t, g)| *t += g);
            for ((i, g), s) in inner.iter_mut().zip(g).zip(&ss[at..][..c]) {
                *i = g * s;
            }
            // d norm: remove from the gradient what changes the mean and what changes the deviation.
            let along_mean = sum(&inner, |i| i) / c as f32;
            let along_norm = dot(&inner, &normed) / c as f32;
            gx.extend(inner.iter().zip(&normed).map(|(i, n)| rate * (i - along_mean - n * along_norm)));
        }
        Ok((
            Some(tensor(gx, x.shape())?),
            Some(tensor(gscale, scale.shape())?),
            Some(tensor(gshift, shift.shape())?),
        ))
    }
}

/// `y[b, t] = rows[t] * scale[b] + shift[b]`: `rows` is `[T, C]`, `scale` and `shift` are `[B, C]`, the result
/// `[B, T, C]`.
///
/// # Errors
/// If shapes do not fit.
pub fn modulated_rows(rows: &Tensor, scale: &Tensor, shift: &Tensor) -> Result<Tensor> {
    let (frames, channels) = rows.dims2()?;
    let op = ModulatedRows { frames, channels };
    rows.contiguous()?.apply_op3(&scale.contiguous()?, &shift.contiguous()?, op)
}

struct ModulatedRows {
    frames: usize,
    channels: usize,
}

impl CustomOp3 for ModulatedRows {
    fn name(&self) -> &'static str {
        "modulated-rows"
    }

    fn cpu_fwd(
        &self,
        rows: &CpuStorage,
        lr: &Layout,
        scale: &CpuStorage,
        ls: &Layout,
        shift: &CpuStorage,
        lt: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (rows, scale, shift) = (numbers(rows, lr)?, numbers(scale, ls)?, numbers(shift, lt)?);
        let c = self.channels;
        let mut y = Vec::with_capacity(scale.len() * self.frames);
        for (scale, shift) in scale.chunks_exact(c).zip(shift.chunks_exact(c)) {
            for row in rows.chunks_exact(c) {
                y.extend(row.iter().zip(scale).zip(shift).map(|((r, s), t)| r * s + t));
            }
        }
        result(y, (scale.len() / c, self.frames, c))
    }

    fn bwd(
        &self,
        rows: &Tensor,
        scale: &Tensor,
        shift: &Tensor,
        _: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (rs, ss, gs) = (borrow(rows)?, borrow(scale)?, borrow(g)?);
        let c = self.channels;
        let mut grows = vec![0.0; rs.len()];
        let mut gscale = vec![0.0; ss.len()];
        let mut gshift = vec![0.0; ss.len()];
        for (b, note) in gs.chunks_exact(self.frames * c).enumerate() {
            for (t, g) in note.chunks_exact(c).enumerate() {
                add_products(&mut grows[t * c..][..c], g, &ss[b * c..][..c]);
                add_products(&mut gscale[b * c..][..c], g, &rs[t * c..][..c]);
                gshift[b * c..][..c].iter_mut().zip(g).for_each(|(t, g)| *t += g);
            }
        }
        Ok((
            Some(tensor(grows, rows.shape())?),
            Some(tensor(gscale, scale.shape())?),
            Some(tensor(gshift, shift.shape())?),
        ))
    }
}

/// `y[b, t] = x[b, t] + shift[b]`: `x` is `[B, T, C]`, `shift` is `[B, C]`.
///
/// # Errors
/// If shapes do not fit.
pub fn shifted_frames(x: &Tensor, shift: &Tensor) -> Result<Tensor> {
    let (_, frames, channels) = x.dims3()?;
    x.contiguous()?.apply_op2(&shift.contiguous()?, ShiftedFrames { frames, channels })
}

struct ShiftedFrames {
    frames: usize,
    channels: usize,
}

impl CustomOp2 for ShiftedFrames {
    fn name(&self) -> &'static str {
        "shifted-frames"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        shift: &CpuStorage,
        lt: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, shift) = (numbers(x, lx)?, numbers(shift, lt)?);
        let c = self.channels;
        let mut y = Vec::with_capacity(x.len());
        for (note, shift) in x.chunks_exact(self.frames * c).zip(shift.chunks_exact(c)) {
            for row in note.chunks_exact(c) {
                y.extend(row.iter().zip(shift).map(|(x, t)| x + t));
            }
        }
        result(y, lx.shape().clone())
    }

    fn bwd(&self, _: &Tensor, shift: &Tensor, _: &Tensor, g: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let gs = borrow(g)?;
        let c = self.channels;
        let mut gshift = vec![0.0; shift.elem_count()];
        for (sums, note) in gshift.chunks_exact_mut(c).zip(gs.chunks_exact(self.frames * c)) {
            for row in note.chunks_exact(c) {
                sums.iter_mut().zip(row).for_each(|(sum, g)| *sum += g);
            }
        }
        Ok((Some(g.clone()), Some(tensor(gshift, shift.shape())?)))
    }
}

fn add_products(sum: &mut [f32], a: &[f32], b: &[f32]) {
    for ((s, a), b) in sum.iter_mut().zip(a).zip(b) {
        *s += a * b;
    }
}
