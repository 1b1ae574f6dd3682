//! Bias, activation and loss.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};

use super::{borrow, numbers, result, tensor};

/// `y = leaky(x + bias)` with the given slope below zero; slope 1 is the bias alone.
/// `x` is `[.., C]`, `bias` `[C]`.
///
/// # Errors
/// If shapes do not fit.
pub fn bias_leaky(x: &Tensor, bias: &Tensor, slope: f32) -> Result<Tensor> {
    x.contiguous()?.apply_op2(bias, BiasLeaky { slope })
}

/// The leaky ReLU of one number.
#[inline]
pub(super) fn leaky(x: f32, slope: f32) -> f32 {
    if x > 0.0 { x } else { x * slope }
}

/// Its derivative, from what it made: the slope is positive, so the output's sign is the input's.
#[inline]
pub(super) fn leaky_slope(y: f32, slope: f32) -> f32 {
    if y > 0.0 { 1.0 } else { slope }
}

struct BiasLeaky {
    slope: f32,
}

impl CustomOp2 for BiasLeaky {
    fn name(&self) -> &'static str {
        "bias-leaky"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, bias: &CpuStorage, lb: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, bias) = (numbers(x, lx)?, numbers(bias, lb)?);
        let mut y = Vec::with_capacity(x.len());
        for row in x.chunks_exact(bias.len()) {
            y.extend(row.iter().zip(bias).map(|(x, b)| leaky(x + b, self.slope)));
        }
        result(y, lx.shape().clone())
    }

    fn bwd(&self, x: &Tensor, bias: &Tensor, y: &Tensor, g: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (ys, gs) = (borrow(y)?, borrow(g)?);
        let channels = bias.elem_count();
        let mut gx = Vec::with_capacity(gs.len());
        let mut gb = vec![0.0; channels];
        for (y, g) in ys.chunks_exact(channels).zip(gs.chunks_exact(channels)) {
            let from = gx.len();
            gx.extend(y.iter().zip(g).map(|(y, g)| g * leaky_slope(*y, self.slope)));
            for (b, g) in gb.iter_mut().zip(&gx[from..]) {
                *b += g;
            }
        }
        Ok((Some(tensor(gx, x.shape())?), Some(tensor(gb, channels)?)))
    }
}

/// `y = tanh(x + more + bias)`: `x` and `more` are `[.., F]`, `bias` `[F]`.
///
/// # Errors
/// If shapes do not fit.
pub fn sum_tanh(x: &Tensor, more: &Tensor, bias: &Tensor) -> Result<Tensor> {
    if x.shape() != more.shape() {
        candle_core::bail!("tanh of {:?} and {:?}", x.shape(), more.shape());
    }
    x.contiguous()?.apply_op3(&more.contiguous()?, bias, SumTanh)
}

struct SumTanh;

impl CustomOp3 for SumTanh {
    fn name(&self) -> &'static str {
        "sum-tanh"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        more: &CpuStorage,
        lm: &Layout,
        bias: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, more, bias) = (numbers(x, lx)?, numbers(more, lm)?, numbers(bias, lb)?);
        let mut y = Vec::with_capacity(x.len());
        for (x, more) in x.chunks_exact(bias.len()).zip(more.chunks_exact(bias.len())) {
            y.extend(x.iter().zip(more).zip(bias).map(|((x, more), bias)| tanh(x + more + bias)));
        }
        result(y, lx.shape().clone())
    }

    fn bwd(
        &self,
        x: &Tensor,
        _: &Tensor,
        bias: &Tensor,
        y: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (ys, gs) = (borrow(y)?, borrow(g)?);
        let bands = bias.elem_count();
        let mut gx = Vec::with_capacity(ys.len());
        let mut gbias = vec![0.0; bands];
        for (y, g) in ys.chunks_exact(bands).zip(gs.chunks_exact(bands)) {
            let from = gx.len();
            gx.extend(y.iter().zip(g).map(|(y, g)| g * (1.0 - y * y)));
            for (b, g) in gbias.iter_mut().zip(&gx[from..]) {
                *b += g;
            }
        }
        let gx = tensor(gx, x.shape())?;
        Ok((Some(gx.clone()), Some(gx), Some(tensor(gbias, bands)?)))
    }
}

/// Beyond this tanh is 1 in f32.
const TANH_SATURATES: f32 = 9.1;

/// `tanh` to 2e-7, in a form that compilers turn into vector instructions: `1 - 2 / (exp(2x) + 1)`.
#[inline]
fn tanh(x: f32) -> f32 {
    let x = x.clamp(-TANH_SATURATES, TANH_SATURATES);
    1.0 - 2.0 / (exp2(x * (2.0 * std::f32::consts::LOG2_E)) + 1.0)
}

/// `2^x` for |x| < 120: whole part into the exponent, Taylor series of the rest (at most 0.5 ln 2 = 0.35, whose
/// seventh power over 7! is 1e-7).
#[inline]
fn exp2(x: f32) -> f32 {
    /// Adding it leaves a small number's whole part in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    let shifted = x + ROUND;
    let whole = shifted - ROUND;
    let r = (x - whole) * std::f32::consts::LN_2;
    let series = 1.0
        + r * (1.0 + r * (1.0 / 2.0 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0))))));
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    series * f32::from_bits(exponent)
}

/// Mean of `(y - target)^2` over all elements, as a scalar; `target` is a constant of the same shape.
///
/// # Errors
/// If shapes do not fit.
pub fn mean_squared_error(y: &Tensor, target: &Tensor) -> Result<Tensor> {
    if y.shape() != target.shape() {
        candle_core::bail!("mean squared error of {:?} against {:?}", y.shape(), target.shape());
    }
    y.contiguous()?.apply_op1(MeanSquaredError { target: target.contiguous()?.detach() })
}

struct MeanSquaredError {
    target: Tensor,
}

impl CustomOp1 for MeanSquaredError {
    fn name(&self) -> &'static str {
        "mean-squared-error"
    }

    fn cpu_fwd(&self, y: &CpuStorage, ly: &Layout) -> Result<(CpuStorage, Shape)> {
        let (y, target) = (numbers(y, ly)?, borrow(&self.target)?);
        // Rows in f32, their sum in f64: a million squares need more digits than f32 has.
        let row = |(y, t): (&[f32], &[f32])| y.iter().zip(t).map(|(y, t)| (y - t) * (y - t)).sum::<f32>();
        let sum: f64 = y.chunks(ROW).zip(target.chunks(ROW)).map(row).map(f64::from).sum();
        result(vec![(sum / y.len() as f64) as f32], ())
    }

    fn bwd(&self, y: &Tensor, _: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let (ys, target) = (borrow(y)?, borrow(&self.target)?);
        let scale = 2.0 * g.to_scalar::<f32>()? / ys.len() as f32;
        Ok(Some(tensor(ys.iter().zip(target.iter()).map(|(y, t)| scale * (y - t)).collect(), y.shape())?))
    }
}

const ROW: usize = 512;

#[cfg(test)]
mod tests {
    use super::tanh;

    #[test]
    fn the_fast_tanh_is_tanh() {
        let worst = (-4000..=4000)
            .map(|i| i as f32 * 0.004)
            .map(|x| (f64::from(tanh(x)) - f64::from(x).tanh()).abs())
            .fold(0.0, f64::max);
        // 1 - 2 / (e + 1) rounds to the steps of numbers near 1.
        assert!(worst <= 2.0 * f64::from(f32::EPSILON), "{worst:e}");
    }
}
