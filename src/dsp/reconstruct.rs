//! From magnitudes to sound, as a stream: frames go in one by one, final samples come out.
//!
//! Blocks of frames are worked on in a chain. Each gets its first phases by integrating the phase gradient from the
//! block before (`pghi.rs`), is refined together with the frames that overlap it (`griffin_lim.rs`), and
//! commits its first frames. Committed samples never change, and later blocks are fitted to them, so that phase is
//! continuous with no edge to hide. (A chain of blocks with look-ahead: Zhu, Beauregard & Wyse 2007, "Real-time
//! signal estimation from modified short-time Fourier transform magnitude spectra".)

use std::collections::VecDeque;

use realfft::num_complex::Complex32;

use super::fast_math::{arg_turns, ln, vectorised, wrapped};
use super::griffin_lim::FastGriffinLim;
use super::pghi::{PhaseIntegrator, Rows};
pub use super::quality::Quality;
use super::quality::{Effort, LONGEST_BLOCK};
use super::stft::FrameGeometry;

/// Magnitudes below this are silence: 234 dB below a sine of full scale in a frame of 2048 samples. Whatever is
/// computed from louder ones stays clear of denormal numbers.
pub(super) const SILENT: f32 = 1e-9;
/// No sound has larger magnitudes, and their squares still fit an `f32`.
const LOUDEST: f32 = 1e12;

/// A frame that cannot be part of a sound.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum BadFrame {
    /// Not one value a bin.
    #[error("a frame of magnitudes has {expected} bins, got {got}")]
    Length {
        /// [`FrameGeometry::bins`].
        expected: usize,
        /// The frame's length.
        got: usize,
    },
    /// NaN, infinite, negative or absurdly large.
    #[error("bin {bin} of a frame: expected a magnitude from 0 to {LOUDEST:e}, got {got}")]
    Magnitude {
        /// Which bin.
        bin: usize,
        /// Its value.
        got: f32,
    },
    /// The stream was finished.
    #[error("a frame came after the end of its stream: reset the reconstructor first")]
    AfterEnd,
}

/// A stream of magnitudes that becomes a stream of samples.
///
/// Everything is allocated at construction, for a caller that pushes no more than [`Reconstructor::frames_wanted`]
/// before it pulls; more are queued, and the queue grows. What comes out depends on the frames alone, not on how
/// pushes and pulls were cut: there is no clock, no thread and no random device in it, so that one machine and build make
/// the same bits every time. (Processors with other vector units round differently.)
pub struct Reconstructor {
    geometry: FrameGeometry,
    quality: Quality,
    /// Frames that no block has seen.
    queue: VecDeque<f32>,
    /// The block's frames and one more.
    magnitude: Vec<f32>,
    /// Their natural logarithms.
    ln_magnitude: Vec<f32>,
    /// Frames in `magnitude`.
    loaded: usize,
    /// Frames in `magnitude` whose phase is known.
    phased: usize,
    /// Frames committed so far, in how many blocks.
    committed: usize,
    blocks: usize,
    finished: bool,
    phases: PhaseIntegrator,
    refiner: FastGriffinLim,
    /// The last refined spectrum, and its phase.
    last_spectrum: Vec<Complex32>,
    last_phase: Vec<f32>,
    /// Final samples, of which `taken` were pulled.
    ready: Vec<f32>,
    taken: usize,
}

impl Reconstructor {
    /// Plans and allocates everything for frames of one geometry, and starts a stream of `quality` whose onset is not
    /// known.
    #[must_use]
    pub fn new(geometry: FrameGeometry, quality: Quality) -> Self {
        let bins = geometry.bins();
        Self {
            geometry,
            quality,
            queue: VecDeque::with_capacity((LONGEST_BLOCK + 1) * bins),
            magnitude: vec![0.0; (LONGEST_BLOCK + 1) * bins],
            ln_magnitude: vec![0.0; (LONGEST_BLOCK + 1) * bins],
            loaded: 0,
            phased: 0,
            committed: 0,
            blocks: 0,
            finished: false,
            phases: PhaseIntegrator::new(geometry, LONGEST_BLOCK),
            refiner: FastGriffinLim::new(geometry, LONGEST_BLOCK),
            last_spectrum: vec![Complex32::default(); bins],
            last_phase: vec![0.0; bins],
            ready: Vec::with_capacity(geometry.samples(LONGEST_BLOCK)),
            taken: 0,
        }
    }

    /// Sizes of the frames.
    #[must_use]
    pub fn geometry(&self) -> FrameGeometry {
        self.geometry
    }

    /// Starts a new stream of the same quality and onset.
    pub fn reset(&mut self) {
        self.queue.clear();
        self.refiner.reset();
        self.ready.clear();
        (self.loaded, self.phased, self.committed, self.blocks, self.taken) = (0, 0, 0, 0, 0);
        self.finished = false;
    }

    /// Starts a new stream. Its sound begins at sample `onset`: what lies more than a hop before is held silent, where
    /// frames that see little of the attack would leave an echo of it. 0 for a stream that begins within a sound.
    pub fn begin(&mut self, quality: Quality, onset: usize) {
        self.quality = quality;
        self.refiner.begin_stream(onset);
        self.reset();
    }

    /// Appends one frame of linear magnitudes, one a bin.
    ///
    /// # Errors
    /// [`BadFrame`] for a wrong length, values that are no magnitudes and frames after [`Reconstructor::finish`];
    /// the stream is then as it was.
    pub fn push(&mut self, magnitude: &[f32]) -> Result<(), BadFrame> {
        let expected = self.geometry.bins();
        if magnitude.len() != expected {
            return Err(BadFrame::Length { expected, got: magnitude.len() });
        }
        if let Some(bin) = magnitude.iter().position(|m| !(0.0..=LOUDEST).contains(m)) {
            return Err(BadFrame::Magnitude { bin, got: magnitude[bin] });
        }
        if self.finished {
            return Err(BadFrame::AfterEnd);
        }
        self.queue.extend(magnitude);
        Ok(())
    }

    /// Says that no more frames come: the rest of the samples becomes final.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// Frames that are still missing before [`Reconstructor::pull`] can go on beyond the samples that are final
    /// already.
    #[must_use]
    pub fn frames_wanted(&self) -> usize {
        if self.finished {
            return 0;
        }
        (self.effort().frames + 1).saturating_sub(self.loaded + self.queue.len() / self.geometry.bins())
    }

    /// Whether [`Reconstructor::pull`] has something to give.
    #[must_use]
    pub fn has_samples(&self) -> bool {
        self.taken < self.ready.len() || (self.frames_wanted() == 0 && self.loaded + self.queue.len() > 0)
    }

    /// Takes final samples in order, as many as there are and `out` holds, and returns how many. Works on the next
    /// block when all samples before it are taken and its frames are there.
    pub fn pull(&mut self, out: &mut [f32]) -> usize {
        let mut written = 0;
        while written < out.len() {
            if self.taken == self.ready.len() && !self.advance() {
                break;
            }
            let count = (self.ready.len() - self.taken).min(out.len() - written);
            out[written..written + count].copy_from_slice(&self.ready[self.taken..self.taken + count]);
            self.taken += count;
            written += count;
        }
        written
    }

    fn effort(&self) -> Effort {
        self.quality.effort(self.blocks)
    }

    /// Works on the next block (Zhu et al., section 4), if its frames are there, and replaces the final samples by the block's.
    fn advance(&mut self) -> bool {
        let effort = self.effort();
        let bins = self.geometry.bins();
        if self.frames_wanted() > 0 {
            return false;
        }
        self.load(effort.frames + 1);
        if self.loaded == 0 {
            return false;
        }
        // A block is the last one only if it lacks look-ahead, whether or not the end was known earlier.
        let (frames, commit, samples) = if self.loaded > effort.frames {
            (effort.frames, effort.commit, effort.commit * self.geometry.hop)
        } else {
            (self.loaded, self.loaded, self.geometry.samples(self.loaded))
        };
        self.refiner.begin(self.committed, frames);
        self.seed_phases(frames);
        let magnitude = &self.magnitude[..frames * bins];
        self.refiner.refine(magnitude, effort.iterations, commit, &mut self.last_spectrum);
        self.ready.resize(samples, 0.0);
        self.taken = 0;
        self.refiner.emit(&mut self.ready);
        self.magnitude.copy_within(commit * bins.., 0);
        self.ln_magnitude.copy_within(commit * bins.., 0);
        self.loaded -= commit;
        self.phased = frames - commit;
        self.committed += commit;
        self.blocks += 1;
        true
    }

    /// Moves frames from the queue to the block until it has `frames`.
    fn load(&mut self, frames: usize) {
        let bins = self.geometry.bins();
        while self.loaded < frames && !self.queue.is_empty() {
            let row = self.loaded * bins..(self.loaded + 1) * bins;
            let magnitude = &mut self.magnitude[row.clone()];
            for (m, s) in magnitude.iter_mut().zip(self.queue.drain(..bins)) {
                *m = if s < SILENT { 0.0 } else { s };
            }
            let bins = self.ln_magnitude[row].iter_mut().zip(magnitude);
            vectorised(|| {
                for (l, m) in bins {
                    *l = ln(m.max(SILENT));
                }
            });
            self.loaded += 1;
        }
    }

    /// Gives the block's new frames their first phases: Prusa & Sondergaard 2016, with the refined phase of the frame
    /// before as the known one.
    fn seed_phases(&mut self, frames: usize) {
        let bins = self.geometry.bins();
        let rows = Rows {
            known: self.phased.min(2),
            new: frames - self.phased,
            ahead: usize::from(self.loaded > frames),
        };
        if rows.known > 0 {
            let bins = self.last_phase.iter_mut().zip(&self.last_spectrum);
            vectorised(|| {
                for (k, (p, c)) in bins.enumerate() {
                    *p = wrapped(arg_turns(*c) + 0.5 * (k % 2) as f32);
                }
            });
        }
        let first = self.phased - rows.known;
        let used = first * bins..(frames + rows.ahead) * bins;
        let seed = (self.committed + self.phased) as u32;
        self.phases.integrate(&self.ln_magnitude[used], rows, &self.last_phase, seed);
        for i in 0..rows.new {
            let index = self.phased + i;
            self.refiner.add(index, &self.magnitude[index * bins..][..bins], self.phases.phase(i));
        }
    }
}

#[cfg(test)]
mod tests;
