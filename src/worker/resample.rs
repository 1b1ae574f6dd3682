//! From the model's rate to the host's, one note at a time, by rubato's windowed sinc.

use audioadapter_buffers::direct::SequentialSlice;
use rubato::{
    Adjustable, Async, FixedAsync, Indexing, Resampler as _, SincInterpolationParameters, WindowFunction,
};

use crate::units::SampleRate;

/// Taps of the interpolation filter, a multiple of eight. With the Blackman-Harris window its stop band lies
/// below the error of the phase reconstruction that feeds it.
const TAPS: usize = 128;

/// A failure inside rubato; none is expected for the sizes that are fixed here.
#[derive(Debug, thiserror::Error)]
#[error("resampling failed: {0}")]
pub struct ResampleError(#[from] rubato::ResampleError);

/// A stream of one note's samples at another rate, its start trimmed to the note's onset. All buffers are made
/// at construction. A note at the host's own rate and pitch passes through untouched.
pub struct Resampler {
    filter: Async<f32>,
    /// Host samples per model sample, at the model's own pitch.
    ratio: f64,
    passes_through: bool,
    /// Input that does not fill a block yet.
    input: Vec<f32>,
    filled: usize,
    /// Output waiting to be pulled: `output[taken..made]`.
    output: Vec<f32>,
    taken: usize,
    made: usize,
    /// Output samples still to be dropped: the filter's delay and what lies before the onset.
    skip: usize,
    /// Host samples per model sample, at the note's pitch.
    note_ratio: f64,
    /// Output samples pulled, and how many the note has, once that is known.
    pulled: usize,
    whole: Option<usize>,
}

impl Resampler {
    /// For notes at `from`, played at `to`, transposed by a ratio of at most `widest` either way, fed in
    /// blocks of at most `block` samples.
    ///
    /// # Panics
    /// For a block of no samples.
    #[must_use]
    pub fn new(from: SampleRate, to: SampleRate, widest: f64, block: usize) -> Self {
        let ratio = f64::from(to.hz()) / f64::from(from.hz());
        let parameters = SincInterpolationParameters::new(TAPS, WindowFunction::BlackmanHarris2);
        let filter = Async::new_sinc(ratio, widest.max(1.0), &parameters, block, 1, FixedAsync::Input)
            .expect("rates are finite and positive, and the ratio's bound is at least one");
        let output = vec![0.0; filter.output_frames_max().max(block)];
        Self {
            filter,
            ratio,
            passes_through: false,
            input: vec![0.0; block],
            filled: 0,
            output,
            taken: 0,
            made: 0,
            skip: 0,
            note_ratio: ratio,
            pulled: 0,
            whole: None,
        }
    }

    /// Starts a note that begins to sound at model sample `onset`, played `pitch` times as high. Returns its host
    /// samples per model sample.
    ///
    /// # Errors
    /// [`ResampleError`] for a pitch beyond the widest.
    pub fn begin(&mut self, pitch: f64, onset: usize) -> Result<f64, ResampleError> {
        self.filter.reset();
        let ratio = self.ratio / pitch;
        self.filter.set_resample_ratio(ratio, false)?;
        // An equality, not a tolerance: any other ratio drifts.
        #[allow(clippy::float_cmp)]
        {
            self.passes_through = ratio == 1.0;
        }
        // rubato's first output lies one step after, not at, half a filter before the first input.
        let skip =
            if self.passes_through { onset as f64 } else { (TAPS as f64 / 2.0 + onset as f64) * ratio - 1.0 };
        self.skip = skip.round() as usize;
        (self.filled, self.taken, self.made) = (0, 0, 0);
        (self.note_ratio, self.pulled, self.whole) = (ratio, 0, None);
        Ok(ratio)
    }

    /// Takes up to one block of model samples, once everything made so far is pulled.
    ///
    /// # Errors
    /// None for the sizes that are fixed here; rubato's.
    pub fn push(&mut self, mut samples: &[f32]) -> Result<(), ResampleError> {
        while !samples.is_empty() {
            let take = samples.len().min(self.input.len() - self.filled);
            self.input[self.filled..self.filled + take].copy_from_slice(&samples[..take]);
            self.filled += take;
            samples = &samples[take..];
            if self.filled == self.input.len() {
                self.run_block()?;
            }
        }
        Ok(())
    }

    /// No more model samples, of which `samples` came after the onset: what is in the filter comes out.
    ///
    /// # Errors
    /// As for [`Resampler::push`].
    pub fn finish(&mut self, samples: usize) -> Result<(), ResampleError> {
        self.whole = Some((samples as f64 * self.note_ratio).round() as usize);
        // Silence pushes the last samples through the filter; more of it is never pulled.
        self.push(&[0.0; 2 * TAPS])?;
        let missing = self.input.len() - self.filled;
        self.input[self.filled..].fill(0.0);
        self.filled += missing;
        self.run_block()
    }

    /// Moves finished samples into `out`; returns how many.
    pub fn pull(&mut self, out: &mut [f32]) -> usize {
        let drop = self.skip.min(self.made - self.taken);
        self.skip -= drop;
        self.taken += drop;
        let left = self.whole.map_or(usize::MAX, |whole| whole - self.pulled.min(whole));
        let take = out.len().min(self.made - self.taken).min(left);
        out[..take].copy_from_slice(&self.output[self.taken..self.taken + take]);
        self.taken += take;
        self.pulled += take;
        take
    }

    /// Whether the note's last sample has been pulled.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.whole.is_some_and(|whole| self.pulled >= whole)
    }

    fn run_block(&mut self) -> Result<(), ResampleError> {
        self.output.copy_within(self.taken..self.made, 0);
        (self.taken, self.made) = (0, self.made - self.taken);
        let block = self.input.len();
        self.filled = 0;
        let needed = if self.passes_through { block } else { self.filter.output_frames_next() };
        if self.output.len() < self.made + needed {
            // Only the note's end, which is pushed faster than it is pulled, comes here.
            self.output.resize(self.made + needed, 0.0);
        }
        if self.passes_through {
            self.output[self.made..self.made + block].copy_from_slice(&self.input);
            self.made += block;
            return Ok(());
        }
        let room = &mut self.output[self.made..];
        let frames = room.len();
        let input = SequentialSlice::new(&self.input, 1, block).expect("one channel of one block");
        let mut output = SequentialSlice::new_mut(room, 1, frames).expect("one channel of the room left");
        let (_, made) = self.filter.process_into_buffer(&input, &mut output, None::<&Indexing>)?;
        self.made += made;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A whole note through the resampler, pulled in odd pieces.
    fn resample(signal: &[f32], from: f32, to: f32, pitch: f64, onset: usize) -> Vec<f32> {
        let rate = |hz| SampleRate::new(hz).unwrap();
        let mut resampler = Resampler::new(rate(from), rate(to), 16.0, 256);
        resampler.begin(pitch, onset).unwrap();
        let mut out = Vec::new();
        let mut piece = [0.0; 97];
        let mut drain = |resampler: &mut Resampler, out: &mut Vec<f32>| {
            loop {
                let got = resampler.pull(&mut piece);
                out.extend_from_slice(&piece[..got]);
                if got == 0 {
                    break;
                }
            }
        };
        for block in signal.chunks(200) {
            resampler.push(block).unwrap();
            drain(&mut resampler, &mut out);
        }
        resampler.finish(signal.len() - onset).unwrap();
        drain(&mut resampler, &mut out);
        assert!(resampler.is_drained());
        out
    }

    fn sine(hz: f64, rate: f64, len: usize, from: f64) -> Vec<f32> {
        (0..len).map(|n| (std::f64::consts::TAU * hz * (n as f64 + from) / rate).sin() as f32).collect()
    }

    #[test]
    fn a_note_starts_at_its_onset_at_every_rate() {
        let signal = sine(500.0, 22_050.0, 8000, 0.0);
        for to in [22_050.0, 44_100.0, 48_000.0, 88_200.0, 96_000.0, 192_000.0] {
            let out = resample(&signal, 22_050.0, to, 1.0, 512);
            let ratio = f64::from(to) / 22_050.0;
            assert_eq!(out.len(), (7488.0 * ratio).round() as usize);
            // The trim is to whole host samples: allow that half sample, and compare away from the cut ends.
            let expected = sine(500.0, f64::from(to), out.len(), 512.0 * ratio);
            let inner = (100.0 * ratio) as usize..out.len() - (200.0 * ratio) as usize;
            let slope = std::f64::consts::TAU * 500.0 / f64::from(to);
            for n in inner {
                let difference = f64::from((out[n] - expected[n]).abs());
                assert!(difference <= 0.51 * slope + 1e-3, "{to} Hz, sample {n}: {difference}");
            }
        }
    }

    #[test]
    fn a_note_played_an_octave_higher_lasts_half_as_long() {
        let out = resample(&sine(300.0, 22_050.0, 4096, 0.0), 22_050.0, 44_100.0, 2.0, 0);
        assert_eq!(out.len(), 4096);
        let expected = sine(600.0, 44_100.0, out.len(), 0.0);
        let worst = (200..3800).map(|n| (out[n] - expected[n]).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-3, "{worst}");
    }

    #[test]
    fn the_same_rate_changes_no_bit() {
        let signal = sine(440.0, 48_000.0, 3000, 0.25);
        assert_eq!(resample(&signal, 48_000.0, 48_000.0, 1.0, 512), signal[512..]);
    }

    #[test]
    fn a_second_note_is_not_touched_by_the_first() {
        let rate = |hz| SampleRate::new(hz).unwrap();
        let mut resampler = Resampler::new(rate(22_050.0), rate(48_000.0), 2.0, 256);
        let run = |resampler: &mut Resampler| {
            resampler.begin(1.0, 0).unwrap();
            resampler.push(&sine(440.0, 22_050.0, 1024, 0.0)).unwrap();
            resampler.finish(1024).unwrap();
            let mut out = vec![0.0; 4096];
            let got = resampler.pull(&mut out);
            out.truncate(got);
            out
        };
        let first = run(&mut resampler);
        assert_eq!(first, run(&mut resampler));
    }
}
