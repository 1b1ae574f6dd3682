//! The fundamental frequency of a recording, by autocorrelation: what labels the training data.
//!
//! Source: the five steps of the ancestor's paper ("Ukulelatent", 2019, section 2.2): the biased autocorrelation, a
//! range of frequencies, the range of periods behind it, the argument of the maximum there, and its inverse. Two
//! things are added. The result is finer than a sample: the autocorrelation is interpolated (its spectrum is padded
//! with zeros), and a parabola goes through the maximum. And of maxima that are nearly equal the first one counts,
//! because the others are multiples of the period.

use realfft::RealFftPlanner;

use crate::units::SampleRate;

/// Where a fundamental is looked for, in hertz.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PitchRange {
    /// The lowest fundamental.
    pub min_hz: f32,
    /// The highest fundamental.
    pub max_hz: f32,
}

/// Points of the interpolated autocorrelation for each of the signal. Multiples of a short period would win over
/// the period itself if they fell closer to a whole number of samples.
const OVERSAMPLING: usize = 8;
/// Multiples of the period correlate as well as the period does: the first peak this near to the largest is it.
const SAME: f32 = 0.93;
/// Signals with less power than this (-120 dB of full scale) have no pitch.
const SILENT_POWER: f64 = 1e-12;

/// The fundamental frequency of `signal`, in hertz, within `range`; `None` if the signal is silent or not finite,
/// shorter than two of the longest periods, or has no maximum inside the range.
#[must_use]
pub fn autocorrelation_f0(signal: &[f32], rate: SampleRate, range: PitchRange) -> Option<f32> {
    let tau_max = rate.hz() / range.min_hz;
    let tau_min = (rate.hz() / range.max_hz).max(1.0);
    if !(tau_max.is_finite() && tau_min < tau_max) || (signal.len() as f32) < 2.0 * tau_max {
        return None;
    }
    let correlation = autocorrelation(signal)?;
    let step = OVERSAMPLING as f32;
    let first = (tau_min * step).ceil() as usize;
    let last = ((tau_max * step).floor() as usize).min(correlation.len() - 2);
    // Peaks only: the maximum of the range may lie on the slope of lag zero.
    let peaks = || {
        (first.max(1)..=last)
            .filter(|&i| correlation[i] > correlation[i - 1] && correlation[i] >= correlation[i + 1])
    };
    let largest = peaks().map(|i| correlation[i]).max_by(f32::total_cmp)?;
    let peak = peaks().find(|&i| correlation[i] >= SAME * largest)?;
    let period = (peak as f32 + vertex(&correlation[peak - 1..=peak + 1])) / step;
    (correlation[peak] > 0.0).then(|| rate.hz() / period)
}

/// The biased autocorrelation `R[tau] = 1/N sum_n x[n] x[n + tau]` of the signal without its mean, through its
/// power spectrum (Wiener-Khinchin), at [`OVERSAMPLING`] points a sample; `None` for silence.
fn autocorrelation(signal: &[f32]) -> Option<Vec<f32>> {
    let mean = signal.iter().map(|&x| f64::from(x)).sum::<f64>() / signal.len() as f64;
    let power = signal.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / signal.len() as f64;
    if !power.is_finite() || power < SILENT_POWER {
        return None;
    }
    // Twice the length: the transform's correlation is circular.
    let len = (2 * signal.len()).next_power_of_two();
    let mut planner = RealFftPlanner::<f32>::new();
    let mut padded = vec![0.0; len];
    for (p, &x) in padded.iter_mut().zip(signal) {
        *p = (f64::from(x) - mean) as f32;
    }
    let forward = planner.plan_fft_forward(len);
    let mut spectrum = forward.make_output_vec();
    forward.process(&mut padded, &mut spectrum).expect("the plan's own lengths");
    let inverse = planner.plan_fft_inverse(len * OVERSAMPLING);
    let mut wide = inverse.make_input_vec();
    let scale = 1.0 / (signal.len() as f32 * len as f32);
    for (w, s) in wide.iter_mut().zip(&spectrum) {
        w.re = s.norm_sqr() * scale;
    }
    // The old Nyquist bin stands for a pair now.
    wide[len / 2] *= 0.5;
    let mut correlation = inverse.make_output_vec();
    inverse.process(&mut wide, &mut correlation).expect("the plan's own lengths");
    correlation.truncate(signal.len() * OVERSAMPLING);
    Some(correlation)
}

/// Where the parabola through three equidistant points has its vertex, from the middle one, in steps: within half a
/// step if the middle is the extreme.
pub(super) fn vertex(points: &[f32]) -> f32 {
    let (left, right) = (points[0] - points[1], points[2] - points[1]);
    let bend = left + right;
    if bend == 0.0 { 0.0 } else { 0.5 * (left - right) / bend }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{rate, recordings, string};
    use super::*;
    use crate::units::MidiNote;

    const RANGE: PitchRange = PitchRange { min_hz: 35.0, max_hz: 2200.0 };

    #[test]
    fn strings_are_found_between_samples_and_octaves() {
        for note in 28..=96 {
            let hz = MidiNote::new(note).unwrap().hz();
            let f0 = autocorrelation_f0(&string(hz.into(), 20_000), rate(), RANGE).unwrap();
            let cents = 1200.0 * (f0 / hz).log2();
            // The string is inharmonic: its period is up to 5 cents sharp of the first partial.
            assert!(cents.abs() < 8.0, "note {note}: {cents:.1} cents");
        }
    }

    #[test]
    fn what_has_no_pitch_gets_none() {
        for signal in [vec![], vec![0.0; 20_000], vec![1.0; 20_000], vec![f32::NAN; 20_000], string(440.0, 700)] {
            assert_eq!(autocorrelation_f0(&signal, rate(), RANGE), None);
        }
    }

    #[test]
    fn most_recordings_are_found_within_a_quarter_tone() {
        let Some(recordings) = recordings(20) else { return };
        let near = |r: &&super::super::testing::Recording| {
            let f0 = autocorrelation_f0(&r.samples[..r.samples.len().min(22_050)], rate(), RANGE);
            f0.is_some_and(|f0| (1200.0 * (f0 / MidiNote::new(r.note).unwrap().hz()).log2()).abs() < 50.0)
        };
        let share = recordings.iter().filter(near).count() as f64 / recordings.len() as f64;
        assert!(share >= 0.95, "{share:.3}");
    }
}
