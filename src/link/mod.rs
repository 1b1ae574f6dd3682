//! The one door between threads. Everything that crosses is here: orders and chunks between the audio thread
//! and the workers, meters for whoever looks, and the choice of model from the main thread.
//!
//! Slots are dealt to the workers in turn and each ring has one producer and one consumer, so neither side
//! ever locks. The halves are made together by [`link`] and moved once, each to its owner.

mod choice;
mod meters;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

use rtrb::{Consumer, Producer, RingBuffer};

pub use crate::dsp::reconstruct::Quality;
use crate::model::card::LATENT_DIM;
use crate::units::{MidiNote, SampleRate};
pub use choice::{Chosen, ModelChoice};
pub use meters::Meters;

/// Notes that sound or fade at once: sixteen held and their predecessors' tails.
pub const SLOTS: usize = 32;
/// Samples in a full chunk.
pub const CHUNK: usize = 256;
/// Orders in flight per worker: more than one full turn of all slots.
const ORDERS: usize = 2 * SLOTS;
/// How far a worker may run ahead of the sound.
const BUFFERED_MS: f32 = 300.0;

/// (audio -> worker) Make this note. Sending neither allocates nor drops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Where its sound goes.
    pub slot: u8,
    /// Which of the slot's notes this is.
    pub epoch: u32,
    /// Its pitch.
    pub note: MidiNote,
    /// Its timbre.
    pub latent: [f32; LATENT_DIM],
    /// How much work goes into its sound.
    pub quality: Quality,
}

/// (worker -> audio) A stretch of one note's sound, mono, at the host's rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chunk {
    /// Of which of the slot's notes.
    pub epoch: u32,
    /// Valid samples.
    pub len: u16,
    /// Whether the note ends here.
    pub last: bool,
    /// The sound; zero past `len`.
    pub samples: [f32; CHUNK],
}

const _: () = {
    const fn crosses<T: Copy + Send>() {}
    crosses::<Order>();
    crosses::<Chunk>();
};

/// Makes both ends: the engine's, and one per worker.
#[must_use]
pub fn link(rate: SampleRate, workers: usize) -> (EngineEnd, Vec<WorkerEnd>) {
    let chunks = rate.samples_in_ms(BUFFERED_MS).div_ceil(CHUNK) + 2;
    let meters = Arc::new(Meters::default());
    let mut lanes = Vec::new();
    let mut ends: Vec<WorkerEnd> = Vec::new();
    for _ in 0..workers.max(1) {
        let (send, orders) = RingBuffer::new(ORDERS);
        let state = Arc::new(WorkerState::default());
        lanes.push(Lane { orders: send, state: Arc::clone(&state), nudge: false });
        ends.push(WorkerEnd { orders, feeds: Vec::new(), state, meters: Arc::clone(&meters) });
    }
    let mut players = Vec::new();
    for slot in 0..SLOTS {
        let (producer, consumer) = RingBuffer::new(chunks);
        let epoch = Arc::new(AtomicU32::new(0));
        players.push(Player { epoch: Arc::clone(&epoch), chunks: consumer });
        let count = ends.len();
        ends[slot % count].feeds.push(Feed { slot: slot as u8, epoch, chunks: producer });
    }
    (EngineEnd { lanes, players, meters }, ends)
}

/// What a worker and the engine know of each other.
#[derive(Default)]
struct WorkerState {
    thread: OnceLock<Thread>,
    stop: AtomicBool,
    ready: AtomicBool,
    gone: AtomicBool,
}

struct Lane {
    orders: Producer<Order>,
    state: Arc<WorkerState>,
    nudge: bool,
}

/// (audio) The engine's half.
pub struct EngineEnd {
    lanes: Vec<Lane>,
    players: Vec<Player>,
    meters: Arc<Meters>,
}

impl EngineEnd {
    /// Sends an order; `false` if the worker's queue is full, and the order must be sent again later.
    pub fn order(&mut self, order: Order) -> bool {
        let index = usize::from(order.slot) % self.lanes.len();
        let lane = &mut self.lanes[index];
        lane.nudge = true;
        lane.orders.push(order).is_ok()
    }

    /// The stream of a slot.
    pub fn player(&mut self, slot: usize) -> &mut Player {
        &mut self.players[slot]
    }

    /// Notes that a slot's worker has something to do: room in its ring, or an abandoned note.
    pub fn nudge(&mut self, slot: usize) {
        let index = slot % self.lanes.len();
        self.lanes[index].nudge = true;
    }

    /// Wakes the workers that were nudged: the one system call that the audio thread makes.
    pub fn wake(&mut self) {
        for lane in &mut self.lanes {
            if std::mem::take(&mut lane.nudge)
                && let Some(thread) = lane.state.thread.get()
            {
                thread.unpark();
            }
        }
    }

    /// Whether the worker of a slot has left (it panicked or was told to): nothing more will come.
    #[must_use]
    pub fn is_orphaned(&self, slot: usize) -> bool {
        self.lanes[slot % self.lanes.len()].state.gone.load(Ordering::Acquire)
    }

    /// The meters, to write to.
    #[must_use]
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// The meters, to keep and read elsewhere.
    #[must_use]
    pub fn share_meters(&self) -> Arc<Meters> {
        Arc::clone(&self.meters)
    }
}

/// (audio) One slot's stream.
pub struct Player {
    epoch: Arc<AtomicU32>,
    chunks: Consumer<Chunk>,
}

impl Player {
    /// Begins a new note: what is left of the old one is dropped, so that the worker finds room for the new one
    /// at once. Returns the new note's epoch.
    pub fn begin(&mut self) -> u32 {
        if let Ok(stale) = self.chunks.read_chunk(self.chunks.slots()) {
            stale.commit_all();
        }
        // Relaxed: the order that carries the new epoch is published by its ring.
        self.epoch.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    /// Drops chunks of earlier notes (those that were on their way when this one began); returns how many of this note's are waiting.
    pub fn waiting(&mut self, epoch: u32) -> usize {
        while self.chunks.peek().is_ok_and(|chunk| chunk.epoch != epoch) {
            let _ = self.chunks.pop();
        }
        self.chunks.slots()
    }

    /// The next chunk, left in its place. Call [`Player::waiting`] first.
    #[must_use]
    pub fn front(&mut self) -> Option<&Chunk> {
        self.chunks.peek().ok()
    }

    /// Done with the next chunk.
    pub fn advance(&mut self) {
        let _ = self.chunks.pop();
    }
}

/// (worker) One worker's half.
pub struct WorkerEnd {
    orders: Consumer<Order>,
    /// The slots that this worker serves.
    pub feeds: Vec<Feed>,
    state: Arc<WorkerState>,
    /// Counts, to write to.
    pub meters: Arc<Meters>,
}

impl WorkerEnd {
    /// Says which thread is to be woken; first thing on that thread.
    pub fn arrive(&self) {
        let _ = self.state.thread.set(std::thread::current());
    }

    /// Says that orders will now be worked on without delay.
    pub fn report_ready(&self) {
        self.state.ready.store(true, Ordering::Release);
    }

    /// The next order, if there is one.
    pub fn next_order(&mut self) -> Option<Order> {
        self.orders.pop().ok()
    }

    /// The place, among this worker's feeds, of a slot.
    #[must_use]
    pub fn feed_of(&self, slot: u8) -> Option<usize> {
        self.feeds.iter().position(|feed| feed.slot == slot)
    }

    /// Whether the worker is to leave.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.state.stop.load(Ordering::Acquire)
    }

    /// A handle for the pool, to watch and stop this worker with.
    #[must_use]
    pub fn supervisor(&self) -> Supervisor {
        Supervisor(Arc::clone(&self.state))
    }
}

impl Drop for WorkerEnd {
    fn drop(&mut self) {
        self.state.gone.store(true, Ordering::Release);
    }
}

/// (main) Watches one worker, and tells it to leave.
pub struct Supervisor(Arc<WorkerState>);

impl Supervisor {
    /// Whether the worker has its model, or has left.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Acquire) || self.0.gone.load(Ordering::Acquire)
    }

    /// Asks the worker to leave as soon as it finishes what it is at.
    pub fn stop(&self) {
        self.0.stop.store(true, Ordering::Release);
        if let Some(thread) = self.0.thread.get() {
            thread.unpark();
        }
    }
}

/// (worker) Where one slot's sound goes.
pub struct Feed {
    slot: u8,
    epoch: Arc<AtomicU32>,
    chunks: Producer<Chunk>,
}

impl Feed {
    /// Whether the engine still wants this note.
    #[must_use]
    pub fn wants(&self, epoch: u32) -> bool {
        self.epoch.load(Ordering::Relaxed) == epoch
    }

    /// Whether another chunk fits.
    #[must_use]
    pub fn has_room(&self) -> bool {
        !self.chunks.is_full()
    }

    /// Chunks that wait to be played.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.chunks.buffer().capacity() - self.chunks.slots()
    }

    /// Hands a chunk over; `false` if there was no room for it.
    pub fn push(&mut self, chunk: Chunk) -> bool {
        self.chunks.push(chunk).is_ok()
    }
}
