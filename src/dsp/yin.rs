//! The fundamental frequency of a sound, by YIN: what measures the sounds we make, independently of the estimator
//! that labelled the recordings they were learnt from.
//!
//! Source: de Cheveigne & Kawahara 2002, "YIN, a fundamental frequency estimator for speech and music": difference
//! function (equation 6), cumulative mean normalised difference (equation 8), threshold (step 4), parabolic
//! interpolation (step 5). For its sixth step, the best local estimate, a note gives more: the octave is chosen on
//! the average over all windows, so that no single one can be an octave off, and the estimate is the median.

use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::pitch::{PitchRange, vertex};
use crate::units::SampleRate;

/// The signal is interpolated to at least this rate: the parabola is then within a cent at 2 kHz.
const MIN_RATE_HZ: f32 = 80_000.0;
/// Windows are at least this long, so that noise averages out at any pitch.
const MIN_WINDOW_MS: f32 = 46.0;
/// Windows weaker than this share of the loudest one (-40 dB) say nothing.
const MIN_SHARE: f32 = 1e-4;
/// Signals with less power than this (-120 dB of full scale) have no pitch.
const SILENT_POWER: f32 = 1e-12;
/// The first dip that is this close to the deepest one is the period; later ones are its multiples.
const THRESHOLD: f32 = 0.1;
/// Aperiodic share above which there is no pitch at all.
const HOPELESS: f32 = 0.6;
/// How far from the note's period a window's own dip may lie, as a ratio (50 cents).
const LOCAL_RATIO: f32 = 1.03;

/// The fundamental frequency of `signal`, in hertz, within `range`; `None` if it is silent, not finite, not
/// periodic, or shorter than one window and the longest period.
#[must_use]
pub fn yin_f0(signal: &[f32], rate: SampleRate, range: PitchRange) -> Option<f32> {
    if signal.iter().any(|x| !x.is_finite()) || !(range.min_hz > 0.0 && range.min_hz < range.max_hz) {
        return None;
    }
    let factor = (MIN_RATE_HZ / rate.hz()).ceil().max(1.0) as usize;
    let rate_hz = rate.hz() * factor as f32;
    let lags = (rate_hz / range.min_hz).ceil() as usize + 2;
    let first = ((rate_hz / range.max_hz).floor() as usize).max(2);
    let window = (2 * lags).max((rate_hz * MIN_WINDOW_MS * 1e-3) as usize);
    let signal = oversampled(signal, factor);
    let mut yin = Yin::new(window, lags);
    let windows = yin.windows(&signal)?;
    let mut mean = vec![0.0; lags];
    for w in &windows {
        for (m, d) in mean.iter_mut().zip(&w.difference) {
            *m += w.weight * d;
        }
    }
    let period = first_deep_dip(&mean, first)?;
    let mut local: Vec<f32> = windows.iter().filter_map(|w| w.period_near(period)).collect();
    local.sort_by(f32::total_cmp);
    let median = local.get(local.len() / 2)?;
    Some(rate_hz / median)
}

/// The first local minimum from lag `first` on that is nearly as deep as the deepest.
fn first_deep_dip(difference: &[f32], first: usize) -> Option<usize> {
    let dips = || {
        (first..difference.len() - 1)
            .filter(|&i| difference[i] < difference[i - 1] && difference[i] <= difference[i + 1])
    };
    let deepest = dips().map(|i| difference[i]).min_by(f32::total_cmp)?;
    if deepest > HOPELESS {
        return None;
    }
    dips().find(|&i| difference[i] <= deepest + THRESHOLD)
}

/// One window of the signal.
struct Window {
    /// Its share of the energy of all windows.
    weight: f32,
    /// The cumulative mean normalised difference, by lag.
    difference: Vec<f32>,
}

impl Window {
    /// The window's own period near the note's, in samples.
    fn period_near(&self, period: usize) -> Option<f32> {
        let low = (period as f32 / LOCAL_RATIO) as usize;
        let high = ((period as f32 * LOCAL_RATIO).ceil() as usize + 1).min(self.difference.len() - 1);
        let lag = (low.max(1)..high).min_by(|&a, &b| self.difference[a].total_cmp(&self.difference[b])).filter(
            |&i| self.difference[i] < self.difference[i - 1] && self.difference[i] <= self.difference[i + 1],
        )?;
        Some(lag as f32 + vertex(&self.difference[lag - 1..=lag + 1]))
    }
}

/// Plans for one window length and number of lags.
struct Yin {
    window: usize,
    lags: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

impl Yin {
    fn new(window: usize, lags: usize) -> Self {
        let len = (window + lags).next_power_of_two();
        let mut planner = RealFftPlanner::new();
        Self { window, lags, forward: planner.plan_fft_forward(len), inverse: planner.plan_fft_inverse(len) }
    }

    /// All windows of a signal that are loud enough, half a window apart; `None` if there is none.
    fn windows(&mut self, signal: &[f32]) -> Option<Vec<Window>> {
        let reach = self.window + self.lags;
        let last = signal.len().checked_sub(reach)?;
        let starts = || (0..=last).step_by(self.window / 2);
        let energy = |at: usize| signal[at..at + self.window].iter().map(|x| x * x).sum::<f32>();
        let loudest = starts().map(energy).fold(0.0, f32::max);
        if loudest < SILENT_POWER * self.window as f32 {
            return None;
        }
        let loud: Vec<usize> = starts().filter(|&at| energy(at) > MIN_SHARE * loudest).collect();
        let total: f32 = loud.iter().map(|&at| energy(at)).sum();
        let window = |&at: &usize| Window {
            weight: energy(at) / total,
            difference: self.normalised_difference(&signal[at..at + reach]),
        };
        Some(loud.iter().map(window).collect())
    }

    /// Equations 6 and 8: `d[tau] = sum_j (x[j] - x[j + tau])^2` over the window, divided by its mean over all
    /// shorter lags; 1 at lag zero. The products come from a correlation by FFT, the squares from running sums.
    fn normalised_difference(&self, signal: &[f32]) -> Vec<f32> {
        let correlation = self.correlation(signal);
        let power = |x: f32| f64::from(x) * f64::from(x);
        let here: f64 = signal[..self.window].iter().map(|&x| power(x)).sum();
        let (mut there, mut cumulative) = (here, 0.0);
        let mut difference = Vec::with_capacity(self.lags);
        difference.push(1.0);
        for lag in 1..self.lags {
            there += power(signal[lag + self.window - 1]) - power(signal[lag - 1]);
            let d = (here + there - 2.0 * f64::from(correlation[lag])).max(0.0);
            cumulative += d;
            difference.push(if cumulative > 0.0 { (d * lag as f64 / cumulative) as f32 } else { 1.0 });
        }
        difference
    }

    /// `sum_j x[j] x[j + tau]` over the window, for each lag.
    fn correlation(&self, signal: &[f32]) -> Vec<f32> {
        let transform = |part: &[f32]| {
            let mut padded = self.forward.make_input_vec();
            padded[..part.len()].copy_from_slice(part);
            let mut spectrum = self.forward.make_output_vec();
            self.forward.process(&mut padded, &mut spectrum).expect("the plan's own lengths");
            spectrum
        };
        let scale = 1.0 / self.forward.len() as f32;
        let (window, all) = (transform(&signal[..self.window]), transform(signal));
        let mut product: Vec<Complex32> = window.iter().zip(&all).map(|(w, a)| w.conj() * a * scale).collect();
        product[0].im = 0.0;
        product.last_mut().expect("a spectrum has bins").im = 0.0;
        let mut correlation = self.inverse.make_output_vec();
        self.inverse.process(&mut product, &mut correlation).expect("the plan's own lengths");
        correlation
    }
}

/// Interpolates a signal to `factor` times its rate by padding its spectrum with zeros.
fn oversampled(signal: &[f32], factor: usize) -> Vec<f32> {
    if factor == 1 || signal.is_empty() {
        return signal.to_vec();
    }
    let len = signal.len().next_power_of_two().max(2);
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, inverse) = (planner.plan_fft_forward(len), planner.plan_fft_inverse(len * factor));
    let mut padded = forward.make_input_vec();
    padded[..signal.len()].copy_from_slice(signal);
    let mut spectrum = forward.make_output_vec();
    forward.process(&mut padded, &mut spectrum).expect("the plan's own lengths");
    let mut wide = inverse.make_input_vec();
    for (w, s) in wide.iter_mut().zip(&spectrum) {
        *w = s / len as f32;
    }
    // The old Nyquist bin stands for a pair now.
    wide[len / 2] *= 0.5;
    let mut signal_out = inverse.make_output_vec();
    inverse.process(&mut wide, &mut signal_out).expect("the plan's own lengths");
    signal_out.truncate(signal.len() * factor);
    signal_out
}

#[cfg(test)]
mod tests {
    use super::super::testing::{rate, recordings, string};
    use super::*;
    use crate::units::MidiNote;

    const RANGE: PitchRange = PitchRange { min_hz: 35.0, max_hz: 2200.0 };

    #[test]
    fn strings_are_measured_within_a_few_cents() {
        for note in 28..=96 {
            let hz = MidiNote::new(note).unwrap().hz();
            let f0 = yin_f0(&string(hz.into(), 30_000), rate(), RANGE).unwrap();
            let cents = 1200.0 * (f0 / hz).log2();
            // The string is inharmonic: its period is up to 5 cents sharp of the first partial.
            assert!(cents.abs() < 8.0, "note {note}: {cents:.1} cents");
        }
    }

    #[test]
    fn what_has_no_pitch_gets_none() {
        let mut state = 1u32;
        let noise = (0..30_000).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as i32 as f32 / 2_147_483_648.0
        });
        for signal in [vec![], vec![0.0; 30_000], vec![f32::NAN; 30_000], vec![0.5; 600], noise.collect()] {
            assert_eq!(yin_f0(&signal, rate(), RANGE), None);
        }
    }

    #[test]
    fn recordings_are_measured_within_a_quarter_tone_of_their_note() {
        let Some(recordings) = recordings(20) else { return };
        let near = |r: &&super::super::testing::Recording| {
            let f0 = yin_f0(&r.samples[..r.samples.len().min(22_050)], rate(), RANGE);
            f0.is_some_and(|f0| (1200.0 * (f0 / MidiNote::new(r.note).unwrap().hz()).log2()).abs() < 50.0)
        };
        let share = recordings.iter().filter(near).count() as f64 / recordings.len() as f64;
        // All but one of the 50.
        assert!(share >= 0.98, "{share:.3}");
    }
}
