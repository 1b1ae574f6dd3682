//! Fast Griffin-Lim on one block of a longer signal.
//!
//! Source: Griffin & Lim 1984, "Signal estimation from modified short-time Fourier transform": equation 6 (the signal
//! nearest to given frames) in their iteration (keep the phase, replace the magnitude, return to the nearest signal),
//! with the momentum of Perraudin, Balazs & Sondergaard 2013, "A fast Griffin-Lim algorithm", algorithm 2. The
//! transform is linear, so the momentum acts on the signal and no spectrogram needs to be kept. What earlier
//! blocks committed stays as it is: the block is fitted to it.

use realfft::num_complex::Complex32;

use super::fast_math::{sin_cos_turns, vectorised, wrapped};
use super::stft::{FrameGeometry, Stft};

/// `alpha` of the fast Griffin-Lim algorithm. Perraudin et al. recommend 0.99 for long runs; in a few tens of iterations
/// from a good start a little less comes half a decibel nearer.
const MOMENTUM: f32 = 0.97;
/// Where fewer windows overlap than this share of all, the signal fades instead of being divided by next to
/// nothing.
const MIN_WINDOW_SUM: f32 = 0.05;
/// Added to squared magnitudes: a bin without a phase stays zero.
const TINY: f32 = 1e-30;

/// The signal of the frames that are being worked on.
pub(super) struct FastGriffinLim {
    geometry: FrameGeometry,
    stft: Stft,
    spectrum: Vec<Complex32>,
    /// Sum of the committed frames over the block, windowed and not normalised.
    committed: Vec<f32>,
    /// Sum of the frames that the last block refined and did not commit.
    carried: Vec<f32>,
    /// Sum of the block's frames, committed ones included, as it grows.
    sum: Vec<f32>,
    /// The latest estimate.
    signal: Vec<f32>,
    /// The latest estimate with momentum.
    ahead: Vec<f32>,
    /// Turns a sum into a signal.
    gain: Vec<f32>,
    /// What `gain` was made for: frames before the block, if they or the silence reach into it, and its own.
    gain_of: (usize, usize),
    /// Where the stream's sound begins.
    onset: usize,
}

impl FastGriffinLim {
    /// Prepares for blocks of at most `max_frames`; everything is allocated here.
    pub fn new(geometry: FrameGeometry, max_frames: usize) -> Self {
        let buffer = vec![0.0; geometry.samples(max_frames)];
        Self {
            geometry,
            stft: Stft::new(geometry),
            spectrum: vec![Complex32::default(); geometry.bins()],
            committed: buffer.clone(),
            carried: buffer.clone(),
            sum: buffer.clone(),
            signal: buffer.clone(),
            ahead: buffer.clone(),
            gain: buffer,
            gain_of: (0, 0),
            onset: 0,
        }
    }

    /// Forgets the signal so far. From now on what lies before sample `onset` is silent.
    pub fn begin_stream(&mut self, onset: usize) {
        if onset != self.onset {
            self.onset = onset;
            self.gain_of = (0, 0);
        }
        self.reset();
    }

    /// Forgets the signal so far.
    pub fn reset(&mut self) {
        self.committed.fill(0.0);
        self.carried.fill(0.0);
    }

    /// Begins a block of `frames`, `before` frames after the stream's first: equation 6 starts from what the block before
    /// left, committed or not.
    pub fn begin(&mut self, before: usize, frames: usize) {
        // Further in, all blocks are alike.
        let reach = (self.geometry.overlap() - 1).max(self.onset.div_ceil(self.geometry.hop));
        let before = before.min(reach);
        if self.gain_of != (before, frames) {
            self.gain_of = (before, frames);
            self.normalise_for(before, frames);
        }
        for ((s, a), b) in self.sum.iter_mut().zip(&self.committed).zip(&self.carried) {
            *s = a + b;
        }
    }

    /// Gives frame `index` of the block its first spectrum, the iteration's `c_0`: a magnitude and a phase, in turns at
    /// the middle of the frame.
    pub fn add(&mut self, index: usize, magnitude: &[f32], phase: &[f32]) {
        let spectrum = &mut self.spectrum;
        vectorised(|| {
            for (k, ((c, m), p)) in spectrum.iter_mut().zip(magnitude).zip(phase).enumerate() {
                // From the middle of the frame to its start: every second bin turns by a half.
                let (sin, cos) = sin_cos_turns(wrapped(p + 0.5 * (k % 2) as f32));
                *c = Complex32::new(m * cos, m * sin);
            }
        });
        let at = index * self.geometry.hop;
        self.stft.overlap_add(&mut self.spectrum, &mut self.sum[at..at + self.geometry.fft_size]);
    }

    /// Refines the block's frames by algorithm 2 of Perraudin et al.: `magnitude` has one row each, `iterations` is at least one. The first `commit`
    /// frames become final; the spectrum of the last one is left in `last`.
    pub fn refine(&mut self, magnitude: &[f32], iterations: usize, commit: usize, last: &mut [Complex32]) {
        self.estimate(0.0);
        self.ahead.copy_from_slice(&self.signal);
        for _ in 1..iterations {
            for (i, row) in magnitude.chunks_exact(self.geometry.bins()).enumerate() {
                self.project(i, row);
                self.accumulate(i);
            }
            self.estimate(MOMENTUM);
        }
        for (i, row) in magnitude.chunks_exact(self.geometry.bins()).enumerate() {
            self.project(i, row);
            if i + 1 == self.gain_of.1 {
                last.copy_from_slice(&self.spectrum);
            }
            if i == commit {
                // From here on: what the next block begins with.
                std::mem::swap(&mut self.sum, &mut self.committed);
                self.sum.fill(0.0);
            }
            self.accumulate(i);
        }
        if commit < self.gain_of.1 {
            std::mem::swap(&mut self.sum, &mut self.carried);
        } else {
            std::mem::swap(&mut self.sum, &mut self.committed);
            self.carried.fill(0.0);
        }
    }

    /// Writes the first samples of the block (equation 6; no later frame reaches them), and moves the block on by as
    /// many.
    pub fn emit(&mut self, out: &mut [f32]) {
        for ((o, s), g) in out.iter_mut().zip(&self.committed).zip(&self.gain) {
            *o = s * g;
        }
        for buffer in [&mut self.committed, &mut self.carried] {
            buffer.copy_within(out.len().., 0);
            let rest = buffer.len() - out.len();
            buffer[rest..].fill(0.0);
        }
    }

    /// The signal nearest to the frames (Griffin & Lim, equation 6), pushed on by `momentum` times its last step;
    /// then the sum starts again from what is committed.
    fn estimate(&mut self, momentum: f32) {
        let samples = self.geometry.samples(self.gain_of.1);
        let buffers = self.sum[..samples].iter_mut().zip(&self.committed).zip(&self.gain);
        let estimates = self.signal.iter_mut().zip(&mut self.ahead);
        vectorised(|| {
            for (((sum, committed), gain), (signal, ahead)) in buffers.zip(estimates) {
                let next = *sum * gain;
                *ahead = next + momentum * (next - *signal);
                *signal = next;
                *sum = *committed;
            }
        });
    }

    /// Keeps the phase of a frame and replaces its magnitude, `C <- S C / |C|`: the iteration of Griffin & Lim 1984.
    fn project(&mut self, index: usize, magnitude: &[f32]) {
        let at = index * self.geometry.hop;
        self.stft.analyse(&self.ahead[at..at + self.geometry.fft_size], &mut self.spectrum);
        let bins = self.spectrum.iter_mut().zip(magnitude);
        vectorised(|| {
            for (c, m) in bins {
                *c *= m / (c.norm_sqr() + TINY).sqrt();
            }
        });
    }

    /// Adds the frame that was projected last to the sum: equation 6, numerator.
    fn accumulate(&mut self, index: usize) {
        let at = index * self.geometry.hop;
        self.stft.overlap_add(&mut self.spectrum, &mut self.sum[at..at + self.geometry.fft_size]);
    }

    /// `gain = 1 / (N sum_i w^2[n - i h])` over the frames that have been seen: equation 6, denominator, limited where
    /// few windows overlap. Zero in the silence before the stream's onset, which is a projection like the others: onto
    /// the signals that are silent there.
    fn normalise_for(&mut self, before: usize, frames: usize) {
        let FrameGeometry { fft_size, hop } = self.geometry;
        let gain = &mut self.gain[..self.geometry.samples(frames)];
        gain.fill(0.0);
        let window = self.stft.window();
        for i in 0..before + frames {
            // Frame `i` starts `before - i` hops ahead of the block.
            let (skip, at) = ((before * hop).saturating_sub(i * hop), (i * hop).saturating_sub(before * hop));
            for (g, w) in gain[at..].iter_mut().zip(window.iter().skip(skip)) {
                *g += w * w;
            }
        }
        let full: f32 = window.iter().map(|w| w * w).sum::<f32>() / hop as f32;
        for g in gain.iter_mut() {
            *g = 1.0 / (fft_size as f32 * g.max(MIN_WINDOW_SUM * full));
        }
        // From silence to sound within the first half of the hop before the onset.
        let (silent, rise) = (self.onset.saturating_sub(hop), (hop / 2).max(1));
        let sounds = if self.onset >= hop { silent + rise } else { 0 };
        for (n, g) in (before * hop..sounds).zip(gain.iter_mut()) {
            let past = n.saturating_sub(silent) as f32 / rise as f32;
            *g *= 0.5 - 0.5 * (std::f32::consts::PI * past).cos();
        }
    }
}
