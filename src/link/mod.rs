//! The one door between threads. Everything that crosses is here: orders and chunks between the audio thread
//! and the workers, meters for whoever looks, the choice of model from the main thread, and all that the window sees and plays.
//!
//! Slots are dealt to the workers in turn and each ring has one producer and one consumer, so neither side
//! ever locks. The halves are made together by [`link`] and moved once, each to its owner.

mod audio_end;
mod choice;
mod meters;
mod orbit;
mod order;
mod scale;
mod shelf;
pub mod window;
mod worker_end;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

use rtrb::RingBuffer;

pub use crate::dsp::reconstruct::Quality;
use crate::units::SampleRate;
use audio_end::Lane;
pub use audio_end::{EngineEnd, Player};
pub use choice::{Chosen, ModelChoice};
pub use meters::Meters;
pub use orbit::{LONGEST_PIN_NAME, MAX_PINS, OrbitChoice, Pin, PinPoints, Pins, PinsError};
pub use order::{CHUNK, Change, Chunk, LATENT_REACH, Message, Order, Recipe, Sustain, TimeShape, What};
pub use scale::ScaleChoice;
pub use shelf::{CacheEnd, KEYS, NoteStart, Shelf, Wish};
pub use worker_end::{Feed, Supervisor, WorkerEnd};

/// Notes that sound or fade at once: sixteen held and their predecessors' tails.
pub const SLOTS: usize = 32;
/// Messages in flight per worker: a full turn of all slots, and a change of each of them in every block of a worker's
/// longest sleep.
const MESSAGES: usize = 32 * SLOTS;
/// How far a worker may run ahead of the sound.
const BUFFERED_MS: f32 = 300.0;

/// How much the key cache may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CacheLimits {
    /// Memory for starts of notes, in MiB; 0 turns the cache off.
    pub memory_mib: f32,
    /// Share of one core, 0 to 1.
    pub cpu_share: f32,
}

impl CacheLimits {
    /// No cache.
    pub const NONE: Self = Self { memory_mib: 0.0, cpu_share: 0.0 };
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self { memory_mib: 4.0, cpu_share: 0.1 }
    }
}

/// Makes both ends: the engine's, and one per worker.
#[must_use]
pub fn link(rate: SampleRate, workers: usize) -> (EngineEnd, Vec<WorkerEnd>) {
    let chunks = rate.samples_in_ms(BUFFERED_MS).div_ceil(CHUNK) + 2;
    let meters = Arc::new(Meters::default());
    let mut lanes = Vec::new();
    let mut ends: Vec<WorkerEnd> = Vec::new();
    for _ in 0..workers.max(1) {
        let (send, messages) = RingBuffer::new(MESSAGES);
        let state = Arc::new(WorkerState::default());
        lanes.push(Lane { messages: send, state: Arc::clone(&state), nudge: false });
        ends.push(WorkerEnd { messages, feeds: Vec::new(), state, meters: Arc::clone(&meters), painter: None });
    }
    let mut players = Vec::new();
    for slot in 0..SLOTS {
        let (producer, consumer) = RingBuffer::new(chunks);
        let progress = Arc::new(Progress::default());
        players.push(Player { progress: Arc::clone(&progress), head: VecDeque::new(), chunks: consumer });
        let count = ends.len();
        ends[slot % count].feeds.push(Feed { slot: slot as u8, progress, chunks: producer });
    }
    (EngineEnd { lanes, players, shelf: None, meters }, ends)
}

/// What a worker and the engine know of each other.
#[derive(Default)]
struct WorkerState {
    thread: OnceLock<Thread>,
    stop: AtomicBool,
    ready: AtomicBool,
    gone: AtomicBool,
    /// Whether it has something to do.
    busy: AtomicBool,
}

/// (audio -> worker) Where the engine is with one slot.
#[derive(Default)]
struct Progress {
    /// Which of the slot's notes is wanted.
    epoch: AtomicU32,
    /// The sample of that note that is due; negative before its first.
    played: AtomicI64,
}
