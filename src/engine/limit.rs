//! A soft limit, for those who play loud: off unless it is asked for.

/// Nothing below this level is touched: -6 dBFS.
const KNEE: f32 = 0.5;

/// Bends what exceeds the knee towards full scale: identity up to it, then `knee + (1 - knee) tanh`, whose slope is
/// one where they meet. No sample exceeds 1; between samples the wave may, by up to 3 dB for the steepest
/// signals, since nothing is oversampled here: who needs a true-peak ceiling puts a limiter behind.
pub(super) fn soften(sample: f32) -> f32 {
    let excess = sample.abs() - KNEE;
    if excess <= 0.0 {
        return sample;
    }
    (KNEE + (1.0 - KNEE) * (excess / (1.0 - KNEE)).tanh()).copysign(sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_loud_is_not_touched() {
        for sample in [0.0, -0.0, 0.3, -0.5, 1e-30] {
            assert_eq!(soften(sample).to_bits(), f32::to_bits(sample));
        }
    }

    #[test]
    fn no_sample_exceeds_full_scale_and_the_curve_has_no_corner() {
        let mut before = soften(-20.0);
        let mut slope = 0.0;
        for n in -19_999..20_000_i16 {
            let here = soften(f32::from(n) * 1e-3);
            assert!(here >= before && here.abs() <= 1.0);
            assert!((here - before - slope).abs() < 1e-5, "corner at {n}");
            (slope, before) = (here - before, here);
        }
    }
}
