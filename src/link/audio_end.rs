//! The audio thread's half of the link.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rtrb::{Consumer, Producer};

use super::{Change, Chunk, Message, Meters, Order, Progress, WorkerState};

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
    pub(super) meters: Arc<Meters>,
}

impl EngineEnd {
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
    pub(super) chunks: Consumer<Chunk>,
}

impl Player {
    /// Begins a new note: what is left of the old one is dropped, so that the worker finds room for the new one
    /// at once. Its first sample is due in `lead` samples. Returns the new note's epoch.
    pub fn begin(&mut self, lead: usize) -> u32 {
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
