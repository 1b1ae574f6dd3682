//! Short-time Fourier transform: geometry, window and plans.
//!
//! Frame `i` covers samples `i * hop .. i * hop + fft_size` of the signal (no centring, no padding), seen
//! through a periodic Hann window. Transforms are not normalised: a sine of amplitude 1 peaks near
//! `fft_size / 4`. Source: Griffin & Lim 1984, equations 1 and 2.

use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use serde::{Deserialize, Serialize};

use super::fast_math::vectorised;

/// Sizes of a transform, in samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameGeometry {
    /// Samples in a frame and in its window; even.
    pub fft_size: usize,
    /// Samples from one frame's start to the next one's; divides `fft_size`.
    pub hop: usize,
}

impl FrameGeometry {
    /// Frequency bins of one frame, DC and Nyquist included.
    #[must_use]
    pub const fn bins(self) -> usize {
        self.fft_size / 2 + 1
    }

    /// Samples that a number of frames covers.
    #[must_use]
    pub const fn samples(self, frames: usize) -> usize {
        if frames == 0 { 0 } else { (frames - 1) * self.hop + self.fft_size }
    }

    /// Whole frames in a number of samples.
    #[must_use]
    pub const fn frames(self, samples: usize) -> usize {
        if samples < self.fft_size { 0 } else { (samples - self.fft_size) / self.hop + 1 }
    }

    /// Frames that overlap any one sample away from the edges.
    #[must_use]
    pub const fn overlap(self) -> usize {
        self.fft_size / self.hop
    }
}

/// Periodic Hann window (Harris 1978, equation 27a): `w[n] = 0.5 - 0.5 cos(2 pi n / N)`.
#[must_use]
pub fn hann(len: usize) -> Vec<f32> {
    let step = std::f64::consts::TAU / len as f64;
    (0..len).map(|n| (0.5 - 0.5 * (step * n as f64).cos()) as f32).collect()
}

/// Plans and buffers for the frames of one geometry. One per thread.
pub struct Stft {
    geometry: FrameGeometry,
    window: Vec<f32>,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    frame: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Stft {
    /// Plans the transforms of `geometry`. Everything is allocated here.
    #[must_use]
    pub fn new(geometry: FrameGeometry) -> Self {
        let mut planner = RealFftPlanner::new();
        let forward = planner.plan_fft_forward(geometry.fft_size);
        let inverse = planner.plan_fft_inverse(geometry.fft_size);
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            geometry,
            window: hann(geometry.fft_size),
            frame: vec![0.0; geometry.fft_size],
            spectrum: vec![Complex32::default(); geometry.bins()],
            scratch: vec![Complex32::default(); scratch],
            forward,
            inverse,
        }
    }

    /// The sizes this was planned for.
    #[must_use]
    pub fn geometry(&self) -> FrameGeometry {
        self.geometry
    }

    /// The analysis and synthesis window, `fft_size` long.
    #[must_use]
    pub fn window(&self) -> &[f32] {
        &self.window
    }

    /// Transforms one windowed frame: equation 1. `signal` holds `fft_size` samples, `spectrum` gets `bins()` values.
    ///
    /// # Panics
    /// If a slice has another length.
    pub fn analyse(&mut self, signal: &[f32], spectrum: &mut [Complex32]) {
        assert_eq!(signal.len(), self.geometry.fft_size, "a frame is one window long");
        assert_eq!(spectrum.len(), self.geometry.bins(), "one value a bin");
        let samples = self.frame.iter_mut().zip(signal).zip(&self.window);
        vectorised(|| {
            for ((x, s), w) in samples {
                *x = s * w;
            }
        });
        self.forward
            .process_with_scratch(&mut self.frame, spectrum, &mut self.scratch)
            .expect("lengths were asserted above");
    }

    /// Magnitudes `|X|` of one frame: equation 1. `signal` holds `fft_size` samples, `magnitude` gets `bins()` values.
    pub fn magnitude(&mut self, signal: &[f32], magnitude: &mut [f32]) {
        let mut spectrum = std::mem::take(&mut self.spectrum);
        self.analyse(signal, &mut spectrum);
        for (m, c) in magnitude.iter_mut().zip(&spectrum) {
            *m = c.norm();
        }
        self.spectrum = spectrum;
    }

    /// Adds the windowed inverse transform of `spectrum` to `signal`, unnormalised: the caller divides by
    /// `fft_size` and by the window's sum of squares. `spectrum` is destroyed.
    ///
    /// # Panics
    /// If a slice has another length.
    pub fn overlap_add(&mut self, spectrum: &mut [Complex32], signal: &mut [f32]) {
        assert_eq!(signal.len(), self.geometry.fft_size, "a frame is one window long");
        // A real signal has real bins at DC and Nyquist; realfft insists.
        spectrum[0].im = 0.0;
        spectrum[self.geometry.fft_size / 2].im = 0.0;
        self.inverse
            .process_with_scratch(spectrum, &mut self.frame, &mut self.scratch)
            .expect("lengths were asserted above and the edge bins are real");
        let samples = signal.iter_mut().zip(&self.frame).zip(&self.window);
        vectorised(|| {
            for ((s, x), w) in samples {
                *s += x * w;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GEOMETRY: FrameGeometry = FrameGeometry { fft_size: 2048, hop: 256 };

    #[test]
    fn the_papers_note_is_128_frames_of_34560_samples() {
        assert_eq!(GEOMETRY.samples(128), 34_560);
        assert_eq!(GEOMETRY.frames(34_560), 128);
        assert_eq!(GEOMETRY.frames(34_559), 127);
        assert_eq!(GEOMETRY.frames(2047), 0);
    }

    /// Two 2048-point transforms of log2 2048 rounding steps each, input within 1.
    const ROUND_TRIP_TOLERANCE: f32 = 2.0 * 11.0 * f32::EPSILON;

    #[test]
    fn overlap_add_of_the_analysis_is_the_signal() {
        let signal: Vec<f32> = (0..GEOMETRY.samples(24)).map(|n| ((n * n) as f32 * 1e-4).sin()).collect();
        let mut stft = Stft::new(GEOMETRY);
        let mut rebuilt = vec![0.0; signal.len()];
        let mut weight = vec![0.0; signal.len()];
        let mut spectrum = vec![Complex32::default(); GEOMETRY.bins()];
        for i in 0..24 {
            let span = i * GEOMETRY.hop..i * GEOMETRY.hop + GEOMETRY.fft_size;
            stft.analyse(&signal[span.clone()], &mut spectrum);
            stft.overlap_add(&mut spectrum, &mut rebuilt[span.clone()]);
            for (sum, w) in weight[span].iter_mut().zip(stft.window()) {
                *sum += w * w * GEOMETRY.fft_size as f32;
            }
        }
        let inner = GEOMETRY.fft_size..signal.len() - GEOMETRY.fft_size;
        let worst = inner.map(|n| (rebuilt[n] / weight[n] - signal[n]).abs()).fold(0.0, f32::max);
        assert!(worst <= ROUND_TRIP_TOLERANCE, "{worst:e}");
    }
}
