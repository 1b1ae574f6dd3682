//! The audio thread's half of the link.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rtrb::{Consumer, Producer};

use super::shelf::shelf;
use super::{
    CacheEnd, CacheLimits, Change, Chunk, Message, Meters, ModelChoice, Order, Progress, Recipe, Shelf,
    WorkerState,
};
use crate::units::SampleRate;

/// The way to one worker.
pub(super) struct Lane {
    pub messages: Producer<Message>,
    pub state: Arc<WorkerState>,
    /// Whether it is to be woken.
    pub nudge: bool,
}

/// (audio) The engine's half.
pub struct EngineEnd {
    pub(super) lanes: Vec<Lane>,
    pub(super) players: Vec<Player>,
    pub(super) shelf: Option<Shelf>,
    pub(super) meters: Arc<Meters>,
}

impl EngineEnd {
    /// Adds a key cache, unless its limits have no room for one. Its end is for a thread that fills it.
    pub fn add_cache(&mut self, limits: CacheLimits, rate: SampleRate, choice: &ModelChoice) -> Option<CacheEnd> {
        let workers = self.lanes.iter().map(|lane| Arc::clone(&lane.state)).collect();
        let (shelf, end) = shelf(limits, rate, choice, workers, &self.meters)?;
        for player in &mut self.players {
            player.head.reserve(end.chunks);
        }
        self.shelf = Some(shelf);
        Some(end)
    }

    /// The key cache.
    pub fn shelf(&mut self) -> Option<&mut Shelf> {
        self.shelf.as_mut()
    }

    /// Puts the cached start of a note before the stream of a slot, whose note has this epoch. Returns how many chunks
    /// that is and of which generation of the model; none if there is no such start.
    pub fn load(&mut self, slot: usize, epoch: u32, recipe: &Recipe) -> (u16, u64) {
        let Some(start) = self.shelf.as_ref().and_then(|shelf| shelf.find(recipe)) else { return (0, 0) };
        let head = &mut self.players[slot].head;
        head.extend(start.chunks.iter().map(|chunk| Chunk { epoch, ..*chunk }));
        self.meters.cache_hits.fetch_add(1, Ordering::Relaxed);
        (start.chunks.len() as u16, start.wish.generation)
    }

    /// Sends an order; `false` if the worker's queue is full, and the order must be sent again later.
    pub fn order(&mut self, order: Order) -> bool {
        let index = usize::from(order.slot) % self.lanes.len();
        let lane = &mut self.lanes[index];
        lane.nudge = true;
        lane.messages.push(Message::Order(order)).is_ok()
    }

    /// Sends a change of a note whose order was accepted; `false` if the worker's queue is full. It wakes nobody: a
    /// worker that has something to do is awake, and for one that has not the change is early enough later.
    pub fn change(&mut self, change: Change) -> bool {
        let index = usize::from(change.slot) % self.lanes.len();
        self.lanes[index].messages.push(Message::Change(change)).is_ok()
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
        if let Some(shelf) = &mut self.shelf {
            shelf.wake();
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
    pub(super) progress: Arc<Progress>,
    /// What the key cache had of the note.
    pub(super) head: VecDeque<Chunk>,
    pub(super) chunks: Consumer<Chunk>,
}

impl Player {
    /// Begins a new note: what is left of the old one is dropped, so that the worker finds room for the new one
    /// at once. Its first sample is due in `lead` samples. Returns the new note's epoch.
    pub fn begin(&mut self, lead: usize) -> u32 {
        self.head.clear();
        if let Ok(stale) = self.chunks.read_chunk(self.chunks.slots()) {
            stale.commit_all();
        }
        // Relaxed: the order that carries the new epoch is published by its ring.
        self.progress.played.store(-(lead as i64), Ordering::Relaxed);
        self.progress.epoch.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    /// Says that changes from now on are stamped with sample `at` of the note, or a later one. Changes stamped
    /// earlier must have been sent.
    pub fn report(&mut self, at: i64) {
        self.progress.played.store(at, Ordering::Release);
    }

    /// Drops chunks of earlier notes (those that were on their way when this one began); returns how many of this note's are
    /// waiting to be played.
    pub fn waiting(&mut self, epoch: u32) -> usize {
        // Counted first: what comes while this looks may still be an earlier note's.
        let mut queued = self.chunks.slots();
        while queued > 0 && self.chunks.peek().is_ok_and(|chunk| chunk.epoch != epoch) {
            let _ = self.chunks.pop();
            queued -= 1;
        }
        let of_sound = if self.is_refused_within(queued, epoch) { queued - 1 } else { queued };
        self.head.len() + of_sound
    }

    /// Whether the worker makes no more of this note than what is waiting.
    #[must_use]
    pub fn is_refused(&mut self, epoch: u32) -> bool {
        self.is_refused_within(self.chunks.slots(), epoch)
    }

    /// Whether the last of so many chunks is a refusal of this note's, which is the last that is sent of it.
    fn is_refused_within(&mut self, queued: usize, epoch: u32) -> bool {
        self.chunks.read_chunk(queued).is_ok_and(|chunks| {
            let (first, wrapped) = chunks.as_slices();
            wrapped.last().or(first.last()).is_some_and(|chunk| chunk.refused && chunk.epoch == epoch)
        })
    }

    /// The next chunk, left in its place. Call [`Player::waiting`] first.
    #[must_use]
    pub fn front(&mut self) -> Option<&Chunk> {
        self.head.front().or_else(|| self.chunks.peek().ok())
    }

    /// Done with the next chunk.
    pub fn advance(&mut self) {
        if self.head.pop_front().is_none() {
            let _ = self.chunks.pop();
        }
    }
}
