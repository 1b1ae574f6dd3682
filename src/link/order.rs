//! What the audio thread asks of a worker: notes, and changes of notes that sound.

use crate::dsp::reconstruct::Quality;
use crate::model::card::LATENT_DIM;
use crate::units::MidiNote;

/// Reach of each latent coordinate: three standard deviations of the prior either way.
pub const LATENT_REACH: f32 = 3.0;

/// What a note does while its key is down and its frames would run out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sustain {
    /// It decays as it was played.
    #[default]
    Off,
    /// It stays at the first frame of the region.
    Freeze,
    /// It wanders through the region, at a steady level and on a path that never repeats.
    Wander,
}

/// Which of the model's frames follow each other, and how fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeShape {
    /// Share of the note that is skipped at its start, 0 to 0.9.
    pub start: f32,
    /// Length against the model's own, 0.25 to 8. The attack keeps its pace.
    pub stretch: f32,
    /// While the key is down.
    pub sustain: Sustain,
    /// Where sustain begins and ends, as shares of the note, 0 to 1.
    pub region: [f32; 2],
}

impl TimeShape {
    /// What `stretch` may be.
    pub const STRETCH: [f32; 2] = [0.25, 8.0];
    /// How much of a note `start` may skip.
    pub const LATEST_START: f32 = 0.9;
}

impl Default for TimeShape {
    fn default() -> Self {
        Self { start: 0.0, stretch: 1.0, sustain: Sustain::Off, region: [0.25, 0.5] }
    }
}

/// All that a note's samples depend on, but for its model, the host's rate and what is changed while it sounds.
/// Notes of equal recipes are the same to the bit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// The key.
    pub note: MidiNote,
    /// How far it is tuned above its key's equal-tempered pitch, in cents.
    pub cents: f32,
    /// Its timbre at the start.
    pub latent: [f32; LATENT_DIM],
    /// In which time a change of timbre is complete, in milliseconds; 0 if the timbre stays as it was struck.
    pub morph_ms: f32,
    /// Which frames follow each other.
    pub time: TimeShape,
    /// How much work is put into it.
    pub quality: Quality,
    /// Where its wandering comes from.
    pub seed: u32,
}

impl Recipe {
    /// Asked for by nobody.
    pub(super) const NOTHING: Self = Self {
        note: MidiNote::LOWEST_ENCODED,
        cents: 0.0,
        latent: [0.0; LATENT_DIM],
        morph_ms: 0.0,
        time: TimeShape { start: 0.0, stretch: 1.0, sustain: Sustain::Off, region: [0.0; 2] },
        quality: Quality::Play,
        seed: 0,
    };
}

/// (audio -> worker) Make this note. Sending neither allocates nor drops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Where its sound goes.
    pub slot: u8,
    /// Which of the slot's notes this is.
    pub epoch: u32,
    /// Samples from an event to its sound, at the time of the order.
    pub latency: u32,
    /// Chunks at the start that the engine has already.
    pub skip: u16,
    /// With `skip`: of which generation of the model those are.
    pub generation: u64,
    /// What to make.
    pub recipe: Recipe,
}

/// What changes under a note that sounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// Its timbre goes to this point.
    Latent([f32; LATENT_DIM]),
    /// Its key is up: sustain ends.
    Release,
}

/// (audio -> worker) Something changed under a note.
///
/// It takes effect at the first frame that starts a stated lead after sample `at` of the note, or later: a worker
/// never makes a frame for which changes may still come (docs/adr/0005), so that nothing hangs on how far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Whose.
    pub slot: u8,
    /// Which of the slot's notes.
    pub epoch: u32,
    /// The sample of the note that was due when the change came; negative before its first.
    pub at: i64,
    /// What.
    pub what: What,
}

/// (audio -> worker) What comes through the ring, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Message {
    /// A new note.
    Order(Order),
    /// A change of one ordered before.
    Change(Change),
}

/// Samples in a full chunk.
pub const CHUNK: usize = 256;

/// (worker -> audio) A stretch of one note's sound, mono, at the host's rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chunk {
    /// Of which of the slot's notes.
    pub epoch: u32,
    /// Valid samples.
    pub len: u16,
    /// Whether the note ends here.
    pub last: bool,
    /// Whether it ends because its worker cannot make it; nothing is in such a chunk, and none is counted among those to be played.
    pub refused: bool,
    /// The sound; zero past `len`.
    pub samples: [f32; CHUNK],
}

impl Chunk {
    /// A chunk of a note with nothing in it yet.
    #[must_use]
    pub fn empty(epoch: u32) -> Self {
        Self { epoch, len: 0, last: false, refused: false, samples: [0.0; CHUNK] }
    }

    /// What is sent of a note that cannot be made, or not to its end.
    #[must_use]
    pub fn refusal(epoch: u32) -> Self {
        Self { last: true, refused: true, ..Self::empty(epoch) }
    }
}

const _: () = {
    const fn crosses<T: Copy + Send>() {}
    crosses::<Message>();
    crosses::<Chunk>();
};
