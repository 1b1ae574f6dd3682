//! Mel to linear: the magnitudes behind a mel frame, by non-negative deconvolution.
//!
//! Source: Lee & Seung 2001, "Algorithms for non-negative matrix factorization", equation 5, with the filter bank
//! as the fixed factor: `x_k <- x_k (sum_j W_jk m_j / (W x)_j) / sum_j W_jk`. It lowers the Kullback-Leibler
//! divergence of `W x` from the mel frame `m` at each step and keeps `x` non-negative.

use super::mel::MelFilterBank;

/// Keeps quotients finite; results no larger become zero: 180 dB below one.
const TINY: f32 = 1e-9;

/// One bin under its (at most two) filters. Filters are counted from 1, with an empty one before the first and
/// after the last, so that every bin has two.
#[derive(Clone, Copy)]
struct Bin {
    lower: u32,
    falling: f32,
    rising: f32,
    /// `1 / (falling + rising)`; zero for a bin that no filter covers.
    normaliser: f32,
}

/// Inverts the frames of one filter bank, one at a time and each by itself: frames are inverted when they are needed.
pub struct MelInverter {
    iterations: usize,
    bins: Vec<Bin>,
    /// `1 / W^T W 1` by bin: the start is the transpose with its gain undone.
    start_gain: Vec<f32>,
    /// `m_j / (W x)_j` by filter, padded.
    ratio: Vec<f32>,
    /// `(W x)_j` by filter, padded.
    estimate: Vec<f32>,
}

impl MelInverter {
    /// Iterations that a note needs: the spectral convergence of five is within 1 dB of that of twenty.
    pub const ITERATIONS: usize = 5;

    /// Prepares the inversion of `bank`; everything is allocated here. `iterations` is at least one.
    #[must_use]
    pub fn new(bank: &MelFilterBank, iterations: usize) -> Self {
        let bins: Vec<Bin> = bank
            .bins
            .iter()
            .map(|w| {
                let sum = w.falling + w.rising;
                // `lower` is the filter before `upper`; counted from 1, the one before the first is 0.
                let lower = w.upper.or(w.lower.map(|j| j + 1)).unwrap_or(0);
                let normaliser = if sum > 0.0 { 1.0 / sum } else { 0.0 };
                Bin { lower: lower as u32, falling: w.falling, rising: w.rising, normaliser }
            })
            .collect();
        let padded = bank.bands() + 2;
        let mut inverter = Self {
            iterations: iterations.max(1),
            start_gain: vec![0.0; bins.len()],
            bins,
            ratio: vec![0.0; padded],
            estimate: vec![0.0; padded],
        };
        let ones = vec![1.0; inverter.bins.len()];
        inverter.project(&ones);
        for (gain, bin) in inverter.start_gain.iter_mut().zip(&inverter.bins) {
            let j = bin.lower as usize;
            let through = bin.falling * inverter.estimate[j] + bin.rising * inverter.estimate[j + 1];
            *gain = if through > 0.0 { 1.0 / through } else { 0.0 };
        }
        inverter
    }

    /// Finds magnitudes whose mel frame is `mel`. `mel` has one linear magnitude a band, `magnitude` gets one a
    /// bin, on the scale of [`MelFilterBank::apply`]. Negative and not finite input counts as zero; a silent frame
    /// becomes exact silence, and so do bins that no filter covers.
    ///
    /// # Panics
    /// If a slice has another length.
    pub fn invert(&mut self, mel: &[f32], magnitude: &mut [f32]) {
        assert_eq!(mel.len() + 2, self.ratio.len(), "one value a band");
        assert_eq!(magnitude.len(), self.bins.len(), "one magnitude a bin");
        for (r, &m) in self.ratio[1..].iter_mut().zip(mel) {
            *r = audible(m);
        }
        for ((x, bin), gain) in magnitude.iter_mut().zip(&self.bins).zip(&self.start_gain) {
            let j = bin.lower as usize;
            *x = (bin.falling * self.ratio[j] + bin.rising * self.ratio[j + 1]) * gain + TINY;
        }
        for _ in 0..self.iterations {
            self.project(magnitude);
            for ((r, e), &m) in self.ratio[1..].iter_mut().zip(&self.estimate[1..]).zip(mel) {
                *r = audible(m) / (e + TINY);
            }
            for (x, bin) in magnitude.iter_mut().zip(&self.bins) {
                let j = bin.lower as usize;
                *x *= (bin.falling * self.ratio[j] + bin.rising * self.ratio[j + 1]) * bin.normaliser;
            }
        }
        for x in magnitude {
            *x = audible(*x);
        }
    }

    /// `estimate = W x`, the denominator of the update.
    fn project(&mut self, magnitude: &[f32]) {
        self.estimate.fill(0.0);
        for (x, bin) in magnitude.iter().zip(&self.bins) {
            let j = bin.lower as usize;
            self.estimate[j] += bin.falling * x;
            self.estimate[j + 1] += bin.rising * x;
        }
    }
}

/// The magnitude, or zero if it is too small to be one, negative or not finite.
fn audible(magnitude: f32) -> f32 {
    if magnitude > TINY && magnitude.is_finite() { magnitude } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::mel::MelScale;
    use super::super::metrics::spectrogram;
    use super::super::stft::Stft;
    use super::super::testing::{GEOMETRY, SAMPLES, rate, string};
    use super::*;

    const BANDS: usize = 500;

    fn bank() -> MelFilterBank {
        MelFilterBank::new(MelScale { bands: BANDS, low_hz: 0.0, high_hz: 11_025.0 }, GEOMETRY, rate())
    }

    #[test]
    fn a_notes_magnitudes_come_back_within_30_db() {
        let bank = bank();
        let mut inverter = MelInverter::new(&bank, MelInverter::ITERATIONS);
        let target = spectrogram(&mut Stft::new(GEOMETRY), &string(196.0, SAMPLES));
        let (mut mel, mut magnitude) = (vec![0.0; BANDS], vec![0.0; GEOMETRY.bins()]);
        let (mut error, mut energy) = (0.0, 0.0);
        for frame in target.chunks_exact(GEOMETRY.bins()) {
            bank.apply(frame, &mut mel);
            inverter.invert(&mel, &mut magnitude);
            for (got, want) in magnitude.iter().zip(frame) {
                error += f64::from(got - want).powi(2);
                energy += f64::from(*want).powi(2);
            }
        }
        let convergence = 10.0 * (error / energy).log10();
        assert!(convergence < -30.0, "{convergence:.1} dB");
    }

    #[test]
    fn silence_and_nonsense_become_exact_silence_and_uncovered_bins_stay_silent() {
        let mut inverter = MelInverter::new(&bank(), MelInverter::ITERATIONS);
        let mut magnitude = vec![1.0; GEOMETRY.bins()];
        for value in [0.0, -1.0, f32::NAN, f32::INFINITY, f32::from_bits(1)] {
            inverter.invert(&[value; BANDS], &mut magnitude);
            assert!(magnitude.iter().all(|&m| m == 0.0), "{value}");
        }
        inverter.invert(&[1.0; BANDS], &mut magnitude);
        assert_eq!((magnitude[0], magnitude[1024]), (0.0, 0.0));
        assert!(magnitude.iter().all(|m| m.is_finite() && !m.is_subnormal()));
    }

    #[test]
    fn more_iterations_fit_the_mel_frame_better() {
        let bank = bank();
        let mut frame = vec![0.0; GEOMETRY.bins()];
        Stft::new(GEOMETRY).magnitude(&string(196.0, 4096)[1024..3072], &mut frame);
        let mut mel = vec![0.0; BANDS];
        bank.apply(&frame, &mut mel);
        let divergence = |iterations: usize| {
            let mut magnitude = vec![0.0; GEOMETRY.bins()];
            MelInverter::new(&bank, iterations).invert(&mel, &mut magnitude);
            let mut got = vec![0.0; BANDS];
            bank.apply(&magnitude, &mut got);
            // Kullback-Leibler, over the bands that have bins.
            mel.iter().zip(&got).filter(|(m, _)| **m > 0.0).fold(0.0, |sum, (&m, &g)| {
                let (m, g) = (f64::from(m), f64::from(g.max(TINY)));
                sum + m * (m / g).ln() - m + g
            })
        };
        assert!(divergence(5) < divergence(2) && divergence(20) < divergence(5));
    }
}
