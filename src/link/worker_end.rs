//! The workers' half of the link.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rtrb::{Consumer, Producer};

use super::window::Painter;
use super::{Chunk, Message, Meters, Progress, WorkerState};

/// (worker) One worker's half.
pub struct WorkerEnd {
    pub(super) messages: Consumer<Message>,
    /// The slots that this worker serves.
    pub feeds: Vec<Feed>,
    pub(super) state: Arc<WorkerState>,
    /// Counts, to write to.
    pub meters: Arc<Meters>,
    /// Shows a window what is made, where there may be one.
    pub painter: Option<Painter>,
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

    /// The next message, if there is one.
    pub fn next_message(&mut self) -> Option<Message> {
        self.messages.pop().ok()
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

    /// Says whether there is something to do: what can wait waits meanwhile.
    pub fn report_busy(&self, busy: bool) {
        self.state.busy.store(busy, Ordering::Relaxed);
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
pub struct Supervisor(pub(super) Arc<WorkerState>);

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
    pub(super) slot: u8,
    pub(super) progress: Arc<Progress>,
    pub(super) chunks: Producer<Chunk>,
}

impl Feed {
    /// Whether the engine still wants this note.
    #[must_use]
    pub fn wants(&self, epoch: u32) -> bool {
        self.progress.epoch.load(Ordering::Relaxed) == epoch
    }

    /// The sample of the wanted note that is due. Changes stamped earlier can be read once this has been.
    #[must_use]
    pub fn played(&self) -> i64 {
        self.progress.played.load(Ordering::Acquire)
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
