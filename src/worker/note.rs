//! One note: frames -> phase reconstruction -> resample -> chunks.
//!
//! A note's samples are a pure function of model, recipe, host rate, and the changes that came with their samples.
//! Nothing here knows how far the listener is, but for one rule: a frame is made only when no change that would
//! alter it can still come (docs/adr/0005).

use crate::dsp::reconstruct::{BadFrame, Reconstructor};
use crate::dsp::stft::FrameGeometry;
use crate::link::{CHUNK, Change, Chunk, Order};
use crate::model::card::{ModelCard, NoteRange};
use crate::model::decoder::DecodeError;
use crate::units::{MidiNote, SampleRate};

use super::resample::{ResampleError, Resampler};
use super::source::{Progress, Source};
use super::timing::Timing;
use super::tools::Tools;

/// Samples taken from the reconstruction at a time, at the model's rate.
const BLOCK: usize = 256;
/// No note is tuned further from the key that is played than this: five octaves either way.
const WIDEST_CENTS: f64 = 6000.0;

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

/// The largest ratio between any key and the trained note that stands in for it.
fn widest_transposition(notes: NoteRange) -> f64 {
    let semitones = notes.lowest.number().max(127 - notes.highest.number());
    // A hair wider: the quotient that rubato checks against it is rounded.
    ((f64::from(semitones) * 100.0 + WIDEST_CENTS) / 1200.0).exp2() * (1.0 + 1e-9)
}

/// The trained note nearest to a pitch, and the ratio by which it has to be played faster.
fn nearest_trained(notes: NoteRange, key: MidiNote, cents: f32) -> (MidiNote, f64) {
    let wanted = f64::from(key.number()) * 100.0 + f64::from(cents).clamp(-WIDEST_CENTS, WIDEST_CENTS);
    let nearest = (wanted / 100.0).round().clamp(0.0, 127.0) as u8;
    let played = notes.nearest(MidiNote::new(nearest).unwrap_or(key));
    (played, ((wanted - f64::from(played.number()) * 100.0) / 1200.0).exp2())
}

/// Where a note's chunks go.
pub(super) trait Sink {
    /// Takes a chunk; `false` if there is no room for it.
    fn push(&mut self, chunk: Chunk) -> bool;

    /// Sees a frame that was made for an order: normalised mel, -1 to 1.
    fn see(&mut self, _order: &Order, _mel: &[f32]) {}
}

/// A slot's workplace.
pub(super) struct Desk {
    order: Option<Order>,
    source: Source,
    timing: Timing,
    reconstructor: Reconstructor,
    resampler: Resampler,
    geometry: FrameGeometry,
    frames: usize,
    onset: usize,
    rate: SampleRate,
    /// Samples already reconstructed, and samples of the whole note once it is known to end, at the model's rate.
    position: usize,
    end: Option<usize>,
    /// Host samples handed over, and chunks that are not to be.
    delivered: u64,
    skip: u16,
    block: [f32; BLOCK],
    chunk: Chunk,
}

impl Desk {
    pub fn new(card: &ModelCard, chunked: bool, rate: SampleRate) -> Self {
        Self {
            order: None,
            source: Source::new(card, chunked),
            timing: Timing::default(),
            reconstructor: Reconstructor::new(card.geometry, Default::default()),
            resampler: Resampler::new(card.sample_rate_hz, rate, widest_transposition(card.notes), BLOCK),
            geometry: card.geometry,
            frames: card.frames,
            onset: card.onset_sample,
            rate,
            position: 0,
            end: None,
            delivered: 0,
            skip: 0,
            block: [0.0; BLOCK],
            chunk: Chunk::empty(0),
        }
    }

    /// Lays out a new note. One outside the model's range is the nearest trained one, resampled to pitch.
    pub fn begin(&mut self, order: Order, tools: &Tools) -> Result<(), NoteError> {
        let recipe = &order.recipe;
        let (played, pitch) = nearest_trained(tools.notes, recipe.note, recipe.cents);
        // A note that starts within its sound has no silence before it.
        let silent_until = if recipe.time.start > 0.0 { 0 } else { self.onset };
        self.reconstructor.begin(recipe.quality, silent_until);
        let ratio = self.resampler.begin(pitch, self.onset)?;
        self.timing = Timing::new(&order, self.geometry, (self.onset, ratio), self.rate);
        self.source.begin(recipe, played, self.frames);
        (self.position, self.end) = (0, None);
        (self.delivered, self.skip) = (0, order.skip);
        self.chunk = Chunk::empty(order.epoch);
        self.order = Some(order);
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

    /// Takes in a change of the note; `false` if it came too late for its frame.
    pub fn change(&mut self, change: &Change) -> bool {
        if self.order.is_none_or(|order| order.epoch != change.epoch) {
            return true;
        }
        self.source.change(self.timing.frame_after(change.at), change.what)
    }

    /// Where the frames of the note lie in time: host samples from one to the next, how many lie before its first
    /// sample, and how many there will be if nothing changes.
    pub fn layout(&self) -> ((f64, f64), usize) {
        let (hop, onset) = self.timing.frames();
        let time = self.order.map(|order| order.recipe.time).unwrap_or_default();
        let sounding = (self.frames as f64 - onset) * f64::from(time.stretch * (1.0 - time.start));
        ((hop, onset), (onset + sounding).max(0.0) as usize)
    }

    /// Host samples that the engine has of this note before it runs dry, given what it has played.
    pub fn ahead(&self, played: i64) -> i64 {
        self.delivered as i64 - played
    }

    /// Whether there is something to do while changes stamped `played` or later may still come.
    pub fn can_work(&self, played: i64) -> bool {
        let begun = usize::from(self.chunk.len) == CHUNK || self.reconstructor.has_samples();
        self.order.is_some() && (begun || self.may_make_frame(played))
    }

    /// Whether no change that may still come can alter the next frame.
    fn may_make_frame(&self, played: i64) -> bool {
        let open = self.order.is_some_and(|order| order.recipe.morph_ms > 0.0) || self.source.is_held();
        !open || self.source.made() < self.timing.frame_after(played)
    }

    /// Does one piece of work: a decode, a frame, or the reconstruction of a block and its delivery.
    pub fn work(&mut self, tools: &mut Tools, sink: &mut impl Sink, played: i64) -> Result<(), NoteError> {
        let Some(order) = self.order else { return Ok(()) };
        if self.deliver(sink) {
            return Ok(());
        }
        let got = self.reconstructor.pull(&mut self.block);
        if got > 0 {
            self.fade_out(got);
            self.position += got;
            self.resampler.push(&self.block[..got])?;
            if let Some(end) = self.end
                && self.position == end
            {
                self.resampler.finish(end.saturating_sub(self.onset))?;
            }
            self.deliver(sink);
            return Ok(());
        }
        if !self.may_make_frame(played) {
            return Ok(());
        }
        match self.source.work(tools)? {
            Progress::Decoded => {}
            Progress::Frame => {
                sink.see(&order, self.source.frame());
                self.reconstructor.push(&tools.magnitude)?;
            }
            Progress::End => {
                self.reconstructor.finish();
                self.end = Some(self.geometry.samples(self.source.made()));
            }
        }
        Ok(())
    }

    /// A raised cosine over the note's last samples: a note that reaches its end has faded.
    fn fade_out(&mut self, got: usize) {
        let Some(end) = self.end else { return };
        // The last frame is seen by the falling half of one window only: fade where it falls.
        let fade = self.geometry.fft_size.min(end.saturating_sub(self.onset)).max(1);
        let fade_from = end - fade;
        for (n, sample) in (self.position..).zip(&mut self.block[..got]) {
            if n >= fade_from {
                let phase = (n - fade_from) as f32 / fade as f32;
                *sample *= 0.5 + 0.5 * (std::f32::consts::PI * phase).cos();
            }
        }
    }

    /// Hands over full chunks, and the last one when the note is complete. `true` if the work for now is done:
    /// there is no more room or the note has ended.
    fn deliver(&mut self, sink: &mut impl Sink) -> bool {
        loop {
            let len = usize::from(self.chunk.len);
            let got = self.resampler.pull(&mut self.chunk.samples[len..]);
            self.chunk.len += got as u16;
            let ended = self.resampler.is_drained();
            if usize::from(self.chunk.len) < CHUNK && !ended {
                return false;
            }
            self.chunk.last = ended;
            if self.skip > 0 {
                self.skip -= 1;
            } else if !sink.push(self.chunk) {
                return true;
            }
            self.delivered += u64::from(self.chunk.len);
            self.chunk = Chunk::empty(self.chunk.epoch);
            if ended {
                self.order = None;
                return true;
            }
        }
    }
}
