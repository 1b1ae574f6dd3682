//! One note: decode -> mel to linear -> phase reconstruction -> resample -> chunks.
//!
//! A note's samples are a pure function of model, note, latent point and host rate: the decode is cut at fixed
//! frames, and nothing here knows how far the listener is.

use crate::dsp::inversion::MelInverter;
use crate::dsp::mel::AmplitudeMap;
use crate::dsp::reconstruct::{BadFrame, Quality, Reconstructor};
use crate::link::{CHUNK, Chunk, Feed, Order};
use crate::model::card::{ModelCard, NoteRange};
use crate::model::decoder::{DecodeError, Decoder};
use crate::units::SampleRate;

use super::resample::{ResampleError, Resampler};

/// Frames in the first decode: enough for the first block to sound.
const FIRST_DECODE: usize = 16;
/// Frames in each later decode: so few calls that their fixed cost is small, so short that other notes get a turn.
const LATER_DECODE: usize = 56;
/// Samples taken from the reconstruction at a time, at the model's rate.
const BLOCK: usize = 256;

/// Why a note could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoteError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("reconstruction failed: {0}")]
    Reconstruct(#[from] BadFrame),
    #[error(transparent)]
    Resample(#[from] ResampleError),
}

/// What the notes of one worker share, one at a time.
pub(super) struct Tools {
    pub decoder: Decoder,
    pub inverter: MelInverter,
    pub amplitude: AmplitudeMap,
    pub notes: NoteRange,
    /// One frame, linear.
    pub mel: Vec<f32>,
    /// One frame, linear.
    pub magnitude: Vec<f32>,
}

/// The largest ratio between any key and the trained note that stands in for it.
fn widest_transposition(notes: NoteRange) -> f64 {
    let semitones = notes.lowest.number().max(127 - notes.highest.number());
    // A hair wider: the quotient that rubato checks against it is rounded.
    (f64::from(semitones) / 12.0).exp2() * (1.0 + 1e-9)
}

/// A slot's workplace.
pub(super) struct Desk {
    order: Option<Order>,
    reconstructor: Reconstructor,
    resampler: Resampler,
    /// The decoded note, frames x bands, normalised.
    mel: Vec<f32>,
    bands: usize,
    frames: usize,
    decoded: usize,
    pushed: usize,
    /// Samples of the whole note and samples already reconstructed, at the model's rate.
    samples: usize,
    position: usize,
    onset: usize,
    fade: usize,
    block: [f32; BLOCK],
    chunk: Chunk,
}

impl Desk {
    pub fn new(card: &ModelCard, rate: SampleRate) -> Self {
        Self {
            order: None,
            reconstructor: Reconstructor::new(card.geometry, Quality::default()),
            resampler: Resampler::new(card.sample_rate_hz, rate, widest_transposition(card.notes), BLOCK),
            mel: vec![0.0; card.frames * card.mel.bands],
            bands: card.mel.bands,
            frames: card.frames,
            decoded: 0,
            pushed: 0,
            samples: card.samples(),
            position: 0,
            onset: card.onset_sample,
            // The last frame is seen by the falling half of one window only: fade where it falls.
            fade: card.geometry.fft_size.min(card.samples() - card.onset_sample),
            block: [0.0; BLOCK],
            chunk: Chunk { epoch: 0, len: 0, last: false, samples: [0.0; CHUNK] },
        }
    }

    /// Lays out a new note. One outside the model's range is the nearest trained one, resampled to pitch.
    pub fn begin(&mut self, order: Order, tools: &Tools) -> Result<(), NoteError> {
        let played = tools.notes.nearest(order.note);
        let transposition = (f64::from(order.note.number()) - f64::from(played.number())) / 12.0;
        self.reconstructor.begin(order.quality, self.onset);
        self.resampler.begin(transposition.exp2(), self.onset, self.samples)?;
        self.order = Some(Order { note: played, ..order });
        (self.decoded, self.pushed, self.position) = (0, 0, 0);
        self.chunk = Chunk { epoch: order.epoch, len: 0, last: false, samples: [0.0; CHUNK] };
        Ok(())
    }

    pub fn is_busy(&self) -> bool {
        self.order.is_some()
    }

    /// Clears the desk if its note is no longer wanted.
    pub fn abandon_unless(&mut self, wanted: impl Fn(u32) -> bool) {
        if self.order.is_some_and(|order| !wanted(order.epoch)) {
            self.order = None;
        }
    }

    /// Clears the desk; returns the epoch of the note that lay there.
    pub fn give_up(&mut self) -> Option<u32> {
        self.order.take().map(|order| order.epoch)
    }

    /// Does one piece of work: a decode, or the reconstruction of a block and its delivery.
    pub fn work(&mut self, tools: &mut Tools, feed: &mut Feed) -> Result<(), NoteError> {
        let Some(order) = self.order else { return Ok(()) };
        if self.deliver(feed) {
            return Ok(());
        }
        let got = self.reconstructor.pull(&mut self.block);
        if got > 0 {
            self.fade_out(got);
            self.position += got;
            self.resampler.push(&self.block[..got])?;
            if self.position == self.samples {
                self.resampler.finish()?;
            }
            self.deliver(feed);
            return Ok(());
        }
        if self.pushed < self.decoded {
            return self.push_frame(tools);
        }
        if self.pushed < self.frames {
            let len = if self.decoded == 0 { FIRST_DECODE } else { LATER_DECODE };
            let range = tools.decoder.granted(self.decoded..(self.decoded + len).min(self.frames));
            let mel = &mut self.mel[range.start * self.bands..range.end * self.bands];
            tools.decoder.decode(&order.latent, order.note, range.clone(), mel)?;
            self.decoded = range.end;
            return Ok(());
        }
        self.reconstructor.finish();
        Ok(())
    }

    fn push_frame(&mut self, tools: &mut Tools) -> Result<(), NoteError> {
        let frame = &self.mel[self.pushed * self.bands..(self.pushed + 1) * self.bands];
        for (linear, normalised) in tools.mel.iter_mut().zip(frame) {
            *linear = tools.amplitude.to_magnitude(*normalised);
        }
        tools.inverter.invert(&tools.mel, &mut tools.magnitude);
        self.reconstructor.push(&tools.magnitude)?;
        self.pushed += 1;
        Ok(())
    }

    /// A raised cosine over the note's last samples: a note that reaches its end has faded.
    fn fade_out(&mut self, got: usize) {
        let fade_from = self.samples - self.fade;
        for (n, sample) in (self.position..).zip(&mut self.block[..got]) {
            if n >= fade_from {
                let phase = (n - fade_from) as f32 / self.fade as f32;
                *sample *= 0.5 + 0.5 * (std::f32::consts::PI * phase).cos();
            }
        }
    }

    /// Hands over full chunks, and the last one when the note is complete. `true` if the work for now is done:
    /// the ring is full or the note has ended.
    fn deliver(&mut self, feed: &mut Feed) -> bool {
        loop {
            let len = usize::from(self.chunk.len);
            let got = self.resampler.pull(&mut self.chunk.samples[len..]);
            self.chunk.len += got as u16;
            let ended = self.resampler.is_drained();
            if usize::from(self.chunk.len) < CHUNK && !ended {
                return false;
            }
            self.chunk.last = ended;
            if !feed.push(self.chunk) {
                return true;
            }
            self.chunk.len = 0;
            self.chunk.samples = [0.0; CHUNK];
            if ended {
                self.order = None;
                return true;
            }
        }
    }
}
