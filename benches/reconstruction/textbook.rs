//! Griffin-Lim as the textbook and the ancestor have it, as a baseline: phases through `atan2`, `cos` and `sin`, a
//! constant gain, and independent batches of frames.

use realfft::num_complex::Complex32;
use ukulelatent::dsp::stft::{FrameGeometry, Stft};

/// Griffin & Lim 1984, the iteration of equation 6, on batches of `batch` frames that know nothing of each other; their
/// signals are laid one over the other.
pub fn batches(geometry: FrameGeometry, magnitude: &[f32], batch: usize, iterations: usize) -> Vec<f32> {
    let frames = magnitude.len() / geometry.bins();
    let mut signal = vec![0.0; geometry.samples(frames)];
    for (b, rows) in magnitude.chunks(batch * geometry.bins()).enumerate() {
        let part = griffin_lim(geometry, rows, iterations);
        for (s, p) in signal[b * batch * geometry.hop..].iter_mut().zip(part) {
            *s += p;
        }
    }
    signal
}

fn griffin_lim(geometry: FrameGeometry, magnitude: &[f32], iterations: usize) -> Vec<f32> {
    let FrameGeometry { fft_size, hop } = geometry;
    let bins = geometry.bins();
    let mut stft = Stft::new(geometry);
    let mut spectrum = vec![Complex32::default(); bins];
    let mut state = 1u32;
    let mut phase: Vec<f32> = (0..magnitude.len())
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as f32 / u32::MAX as f32 * std::f32::consts::TAU
        })
        .collect();
    // The sum of the squared windows where all of them overlap, and the transform's own factor.
    let gain = 1.0 / (0.375 * (fft_size / hop) as f32 * fft_size as f32);
    let mut signal = vec![0.0; geometry.samples(magnitude.len() / bins)];
    for iteration in 0..=iterations {
        signal.fill(0.0);
        for (i, (row, phase)) in magnitude.chunks(bins).zip(phase.chunks(bins)).enumerate() {
            for ((c, m), p) in spectrum.iter_mut().zip(row).zip(phase) {
                *c = Complex32::new(m * p.cos(), m * p.sin());
            }
            stft.overlap_add(&mut spectrum, &mut signal[i * hop..i * hop + fft_size]);
        }
        signal.iter_mut().for_each(|s| *s *= gain);
        if iteration == iterations {
            break;
        }
        for (i, phase) in phase.chunks_mut(bins).enumerate() {
            stft.analyse(&signal[i * hop..i * hop + fft_size], &mut spectrum);
            for (p, c) in phase.iter_mut().zip(&spectrum) {
                *p = c.im.atan2(c.re);
            }
        }
    }
    signal
}
