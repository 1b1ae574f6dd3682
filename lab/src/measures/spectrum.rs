//! Spectra of pieces of a note.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex32;
use ukulelatent::dsp::stft::hann;

/// Magnitudes of a piece of sound under a Hann window, padded with silence to `len` samples: `len / 2 + 1` bins. A
/// partial of amplitude `a` peaks near `a * piece / 4`.
pub(super) fn magnitudes(piece: &[f32], len: usize) -> Vec<f32> {
    let mut padded: Vec<f32> = piece.iter().zip(hann(piece.len())).map(|(x, w)| x * w).collect();
    padded.resize(len, 0.0);
    transform(&mut padded).iter().map(|c| c.norm()).collect()
}

/// A signal without what lies below `from_hz`. The filter is as steep as a spectrum of all of it allows: the
/// signal should begin and end in silence.
pub(super) fn high_passed(signal: &[f32], rate_hz: f32, from_hz: f32) -> Vec<f32> {
    if signal.is_empty() {
        return Vec::new();
    }
    let len = (2 * signal.len()).next_power_of_two();
    let mut padded = signal.to_vec();
    padded.resize(len, 0.0);
    let mut spectrum = transform(&mut padded);
    let first = ((from_hz / rate_hz) * len as f32).ceil() as usize;
    let bins = spectrum.len();
    spectrum[..first.min(bins)].fill(Complex32::default());
    // A transform of real numbers has real ends.
    spectrum[bins - 1].im = 0.0;
    RealFftPlanner::new()
        .plan_fft_inverse(len)
        .process(&mut spectrum, &mut padded)
        .expect("the plan's own lengths");
    padded.truncate(signal.len());
    padded.iter_mut().for_each(|x| *x /= len as f32);
    padded
}

fn transform(signal: &mut [f32]) -> Vec<Complex32> {
    let forward = RealFftPlanner::new().plan_fft_forward(signal.len());
    let mut spectrum = forward.make_output_vec();
    forward.process(signal, &mut spectrum).expect("the plan's own lengths");
    spectrum
}
