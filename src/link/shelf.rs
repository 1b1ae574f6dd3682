//! The key cache: starts of notes that were made before they were asked for.
//!
//! The audio thread wishes for recipes; a thread of its own makes them and hands them over, and gets them back when
//! they are no longer wanted. There are as many starts, full or empty, as fit into the limit and never another: nothing
//! is allocated while notes play, and nothing is freed on the audio thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rtrb::{Consumer, Producer, RingBuffer};

use super::{CacheLimits, Chunk, Meters, ModelChoice, Recipe, WorkerState};
use crate::units::SampleRate;

/// How much of a note is kept: while it sounds, the worker makes the rest.
const START_MS: f32 = 80.0;
/// Keys of a keyboard: no more than one start is kept for each.
pub const KEYS: usize = 128;
/// The least share of a core that its thread takes, once it is there: a start is done within seconds.
const LEAST_SHARE: f32 = 0.01;
/// Wishes that wait at once.
const WISHES: usize = 8;

/// (audio -> cache) Make the start of this note.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// What to make.
    pub recipe: Recipe,
    /// Of which choice of model.
    pub generation: u64,
}

/// (cache -> audio) The first chunks of a note.
pub struct NoteStart {
    /// What was made.
    pub wish: Wish,
    /// Its sound; empty if it could not be made.
    pub chunks: Vec<Chunk>,
}

/// (audio) What is on the shelf, by key.
pub struct Shelf {
    places: Vec<Option<NoteStart>>,
    /// Keys that were wished for and have not come.
    pending: [Option<Wish>; KEYS],
    /// Empty starts, none of them wished for.
    free: usize,
    wishes: Producer<Wish>,
    starts: Consumer<NoteStart>,
    returns: Producer<NoteStart>,
    generation: Arc<AtomicU64>,
    state: Arc<WorkerState>,
    meters: Arc<Meters>,
    wished: bool,
}

/// (cache) The other end.
pub struct CacheEnd {
    wishes: Consumer<Wish>,
    starts: Producer<NoteStart>,
    returns: Consumer<NoteStart>,
    empty: Vec<NoteStart>,
    /// Chunks in a start.
    pub chunks: usize,
    /// Share of one core that may be used.
    pub cpu_share: f32,
    pub(super) state: Arc<WorkerState>,
    /// What the workers are at.
    workers: Vec<Arc<WorkerState>>,
    /// Counts, to write to.
    pub meters: Arc<Meters>,
}

/// Makes both ends; `None` if not even one start fits into the limits.
pub(super) fn shelf(
    limits: CacheLimits,
    rate: SampleRate,
    choice: &ModelChoice,
    workers: Vec<Arc<WorkerState>>,
    meters: &Arc<Meters>,
) -> Option<(Shelf, CacheEnd)> {
    let chunks = rate.samples_in_ms(START_MS).div_ceil(super::CHUNK);
    let bytes = chunks * size_of::<Chunk>() + size_of::<NoteStart>();
    let count = ((limits.memory_mib.max(0.0) * 1024.0 * 1024.0) as usize / bytes).min(KEYS);
    if count == 0 || limits.cpu_share <= 0.0 {
        return None;
    }
    let (wish, wishes) = RingBuffer::new(WISHES);
    let (start, starts) = RingBuffer::new(count);
    let (give_back, returns) = RingBuffer::new(count);
    let nothing = Wish { recipe: Recipe::NOTHING, generation: 0 };
    let empty = (0..count).map(|_| NoteStart { wish: nothing, chunks: Vec::with_capacity(chunks) }).collect();
    let state = Arc::new(WorkerState::default());
    let shelf = Shelf {
        places: (0..KEYS).map(|_| None).collect(),
        pending: [None; KEYS],
        free: count,
        wishes: wish,
        starts,
        returns: give_back,
        generation: choice.watch(),
        state: Arc::clone(&state),
        meters: Arc::clone(meters),
        wished: false,
    };
    let end = CacheEnd {
        wishes,
        starts: start,
        returns,
        empty,
        chunks,
        cpu_share: limits.cpu_share.clamp(LEAST_SHARE, 1.0),
        state,
        workers,
        meters: Arc::clone(meters),
    };
    meters.cache_bytes.store((count * bytes) as u32, Ordering::Relaxed);
    Some((shelf, end))
}

impl Shelf {
    /// Puts what came onto the shelf.
    pub fn receive(&mut self) {
        while let Ok(start) = self.starts.pop() {
            let key = usize::from(start.wish.recipe.note.number());
            self.pending[key] = None;
            let old = if start.chunks.is_empty() { Some(start) } else { self.places[key].replace(start) };
            if let Some(old) = old {
                self.give_back(old);
            }
        }
        let kept = self.places.iter().flatten().count();
        self.meters.cached_starts.store(kept as u32, Ordering::Relaxed);
    }

    /// The start of a note, if there is one of this very recipe and of the model that is chosen now.
    #[must_use]
    pub fn find(&self, recipe: &Recipe) -> Option<&NoteStart> {
        let start = self.places[usize::from(recipe.note.number())].as_ref()?;
        (start.wish == self.wish(*recipe)).then_some(start)
    }

    /// Asks for a start, if it is neither there nor on its way. `dispensable` names a key whose start may go for it.
    /// `false` if there is no room.
    pub fn ask(&mut self, recipe: Recipe, dispensable: impl FnOnce(&Self) -> Option<usize>) -> bool {
        let key = usize::from(recipe.note.number());
        let wish = self.wish(recipe);
        if self.pending[key] == Some(wish) || self.find(&recipe).is_some() {
            return true;
        }
        // One of the key's former timbre must come first: a key has one place.
        if self.pending[key].is_some() || self.wishes.is_full() {
            return false;
        }
        // An outdated start makes room for its successor.
        if self.free == 0 {
            let place = if self.places[key].is_some() { Some(key) } else { dispensable(self) };
            let Some(start) = place.and_then(|key| self.places[key].take()) else { return false };
            self.give_back(start);
        }
        self.pending[key] = Some(wish);
        self.free -= 1;
        self.wished = true;
        self.wishes.push(wish).is_ok()
    }

    /// Keys with a start.
    pub fn keys(&self) -> impl Iterator<Item = usize> {
        self.places.iter().enumerate().filter_map(|(key, place)| place.as_ref().map(|_| key))
    }

    /// Which choice of model starts must be of: changes when another model is chosen.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Wakes the thread that makes them, if anything was wished for.
    pub fn wake(&mut self) {
        if std::mem::take(&mut self.wished)
            && let Some(thread) = self.state.thread.get()
        {
            thread.unpark();
        }
    }

    fn wish(&self, recipe: Recipe) -> Wish {
        Wish { recipe, generation: self.generation() }
    }

    fn give_back(&mut self, start: NoteStart) {
        self.free += 1;
        // There is room for every start that exists.
        if let Err(rtrb::PushError::Full(start)) = self.returns.push(start) {
            std::mem::forget(start);
        }
    }
}

impl CacheEnd {
    /// Sleeps for that long, or until the thread is stopped.
    pub fn rest(&self, duration: Duration) {
        let until = Instant::now() + duration;
        while let (false, Some(left)) = (self.is_stopped(), until.checked_duration_since(Instant::now())) {
            std::thread::park_timeout(left);
        }
    }

    /// Says which thread is to be woken; first thing on that thread.
    pub fn arrive(&self) {
        let _ = self.state.thread.set(std::thread::current());
    }

    /// Whether the thread is to leave.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.state.stop.load(Ordering::Acquire)
    }

    /// Whether a real note is being made: then this one waits.
    #[must_use]
    pub fn is_outranked(&self) -> bool {
        self.workers.iter().any(|worker| worker.busy.load(Ordering::Relaxed))
    }

    /// The next wish, and an empty start for it.
    pub fn next_wish(&mut self) -> Option<(Wish, NoteStart)> {
        while let Ok(mut start) = self.returns.pop() {
            start.chunks.clear();
            self.empty.push(start);
        }
        // The shelf wishes for no more than there are empty ones for; one that it gave back may be a moment behind.
        if self.empty.is_empty() {
            return None;
        }
        let wish = self.wishes.pop().ok()?;
        let mut start = self.empty.pop()?;
        start.wish = wish;
        Some((wish, start))
    }

    /// Hands a start over.
    pub fn serve(&mut self, start: NoteStart) {
        // There is room for every start that exists.
        let _ = self.starts.push(start);
    }

    /// A handle for the pool, to watch and stop this thread with.
    #[must_use]
    pub fn supervisor(&self) -> super::Supervisor {
        super::Supervisor(Arc::clone(&self.state))
    }
}
