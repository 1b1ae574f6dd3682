//! Elementary functions without branches or calls, so that loops over them become vector code. A few digits fewer than
//! the library's: phases start from an estimate anyway. Angles are in turns.

use pulp::Arch;
use realfft::num_complex::Complex32;

/// Runs a loop over samples or bins compiled for the widest vectors that this processor has. (A build for all x86-64
/// processors knows only those of four.) Nothing is fused or reordered: the result is the same to the bit.
#[inline(always)]
pub(super) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(work)
}

/// The same angle within half a turn of zero. Adding and taking away 1.5 * 2^23 rounds to a whole number without a
/// call, so that loops over it can be vectorised.
pub(super) fn wrapped(turns: f32) -> f32 {
    const ROUNDER: f32 = 12_582_912.0;
    turns - ((turns + ROUNDER) - ROUNDER)
}

/// Sine and cosine of an angle in turns, within half a turn of zero, to 4e-6. No branch and no call, so that loops
/// over it can be vectorised.
pub(super) fn sin_cos_turns(turns: f32) -> (f32, f32) {
    // Half turns change signs only: the rest is within a quarter.
    let halves = 2.0 * turns - wrapped(2.0 * turns);
    let sign = 1.0 - 2.0 * halves.abs();
    let x = (turns - 0.5 * halves) * std::f32::consts::TAU;
    let y = x * x;
    let sin = x * (1.0 + y * (-1.0 / 6.0 + y * (1.0 / 120.0 + y * (-1.0 / 5040.0 + y / 362_880.0))));
    let cos = 1.0 + y * (-0.5 + y * (1.0 / 24.0 + y * (-1.0 / 720.0 + y * (1.0 / 40_320.0 - y / 3_628_800.0))));
    (sign * sin, sign * cos)
}

/// Natural logarithm of a positive normal number, to 3e-7 or to rounding, whichever is more.
pub(super) fn ln(x: f32) -> f32 {
    // x = m 2^e with m from sqrt(1/2) to sqrt(2); then the series of atanh, since ln m = 2 atanh((m - 1) / (m + 1)).
    const SQRT_HALF_BITS: u32 = 0x3f35_04f3;
    let shifted = x.to_bits().wrapping_sub(SQRT_HALF_BITS);
    let exponent = (shifted as i32 >> 23) as f32;
    let m = f32::from_bits((shifted & 0x007f_ffff) + SQRT_HALF_BITS);
    let t = (m - 1.0) / (m + 1.0);
    let y = t * t;
    exponent * std::f32::consts::LN_2 + 2.0 * t * (1.0 + y * (1.0 / 3.0 + y * (1.0 / 5.0 + y / 7.0)))
}

/// The angle of a complex number, to 4e-6 turns; zero for zero.
pub(super) fn arg_turns(c: Complex32) -> f32 {
    let (x, y) = (c.re.abs(), c.im.abs());
    let z = x.min(y) / x.max(y).max(f32::MIN_POSITIVE);
    let q = z * z;
    // The minimax polynomial of degree 11 for atan on 0 to 1.
    let atan = z
        * (0.999_977_26
            + q * (-0.332_623_47
                + q * (0.193_543_46 + q * (-0.116_432_87 + q * (0.052_653_32 - q * 0.011_721_2)))));
    let octant = atan * (1.0 / std::f32::consts::TAU);
    let quadrant = if y > x { 0.25 - octant } else { octant };
    let half = if c.re < 0.0 { 0.5 - quadrant } else { quadrant };
    if c.im < 0.0 { -half } else { half }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_cuts_agree_with_the_library() {
        for i in -5000..=5000 {
            let turns = i as f32 / 10_000.0;
            let (sin, cos) = sin_cos_turns(turns);
            let (want_sin, want_cos) = (f64::from(turns) * std::f64::consts::TAU).sin_cos();
            assert!((f64::from(sin) - want_sin).abs() < 5e-6, "sin of {turns} turns is {sin}");
            assert!((f64::from(cos) - want_cos).abs() < 5e-6, "cos of {turns} turns is {cos}");
            let back = arg_turns(Complex32::new(want_cos as f32, want_sin as f32));
            assert!(wrapped(back - turns).abs() < 4e-6, "{turns} turns came back as {back}");
            let x = 10f32.powf(turns * 40.0);
            assert!((ln(x) - x.ln()).abs() < 4e-6, "ln {x:e} is {}", ln(x));
        }
        assert_eq!(arg_turns(Complex32::default()), 0.0);
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn a_wrapped_angle_is_the_same_within_half_a_turn() {
        for turns in [-3.75f32, -0.5, -0.25, 0.0, 0.5, 0.75, 7.125] {
            let w = wrapped(turns);
            assert!(w.abs() <= 0.5 && (turns - w).fract() == 0.0, "{turns} became {w}");
        }
    }
}
