//! The thread that fills the key cache: starts of notes that may be played next.
//!
//! It is of the lowest priority, begins a piece of work only while no worker has any, and takes no more than its
//! share of a core. What it makes is what a worker would make: the same desk, the same recipe.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::note::{Desk, NoteError, Sink};
use super::tools::Tools;
use crate::link::{CacheEnd, Chosen, Chunk, ModelChoice, NoteStart, Order};
use crate::model::ModelError;
use crate::units::SampleRate;

/// How long to stand aside while a worker is at a real note.
const STAND_ASIDE: Duration = Duration::from_millis(1);
/// Over how long the share that was taken is averaged.
const METER: Duration = Duration::from_secs(1);

/// The thread's state.
pub(super) struct Cache {
    end: CacheEnd,
    choice: Arc<ModelChoice>,
    rate: SampleRate,
    /// For the generation that it carries; `None` if that model could not be started.
    kit: Option<(u64, Tools, Desk)>,
    tried: Option<u64>,
    /// When the present average began, and how much was worked since.
    metered: Instant,
    worked: Duration,
}

/// The chunks of a start, and how many are wanted.
struct Collected<'a> {
    chunks: &'a mut Vec<Chunk>,
    wanted: usize,
}

impl Sink for Collected<'_> {
    fn push(&mut self, chunk: Chunk) -> bool {
        let room = self.chunks.len() < self.wanted;
        if room {
            self.chunks.push(chunk);
        }
        room
    }
}

impl Cache {
    pub fn new(end: CacheEnd, choice: Arc<ModelChoice>, rate: SampleRate) -> Self {
        Self { end, choice, rate, kit: None, tried: None, metered: Instant::now(), worked: Duration::ZERO }
    }

    pub fn run(mut self) {
        self.end.arrive();
        // Where the system refuses, the share and the standing aside must do.
        let _ = thread_priority::set_current_thread_priority(thread_priority::ThreadPriority::Min);
        while !self.end.is_stopped() {
            if let Some((_, mut start)) = self.end.next_wish() {
                if self.make(&mut start).is_err() {
                    // An empty start says that there is none; why, a worker says when the note is played.
                    start.chunks.clear();
                }
                self.end.serve(start);
            } else {
                self.end.meters.cache_cpu.store(0.0, Ordering::Relaxed);
                thread::park();
            }
        }
    }

    /// Makes the start that is wished for; leaves it empty if its model is no longer the one that is chosen.
    fn make(&mut self, start: &mut NoteStart) -> Result<(), NoteError> {
        self.follow_choice();
        let (wanted, wish) = (self.end.chunks, start.wish);
        let order = Order { slot: 0, epoch: 0, latency: 0, skip: 0, generation: 0, recipe: wish.recipe };
        let Some((generation, tools, desk)) = &mut self.kit else { return Ok(()) };
        if *generation != wish.generation {
            return Ok(());
        }
        desk.begin(order, tools)?;
        let mut sink = Collected { chunks: &mut start.chunks, wanted };
        // Of a note that may change, the start is what no change can alter.
        while sink.chunks.len() < wanted && desk.can_work(0) {
            if self.end.is_stopped() || self.choice.generation() != wish.generation {
                sink.chunks.clear();
                return Ok(());
            }
            if self.end.is_outranked() {
                thread::sleep(STAND_ASIDE);
                continue;
            }
            let began = Instant::now();
            desk.work(tools, &mut sink, 0)?;
            let took = began.elapsed();
            self.worked += took;
            let share = self.end.cpu_share;
            self.end.rest(took.mul_f32(1.0 / share - 1.0));
            if self.metered.elapsed() >= METER {
                let share = self.worked.as_secs_f32() / self.metered.elapsed().as_secs_f32();
                self.end.meters.cache_cpu.store(share, Ordering::Relaxed);
                (self.metered, self.worked) = (Instant::now(), Duration::ZERO);
            }
        }
        desk.give_up();
        Ok(())
    }

    /// Makes a kit for the chosen model, once.
    fn follow_choice(&mut self) {
        if self.tried == Some(self.choice.generation()) {
            return;
        }
        // The workers open the model: one that waits for a file must not be waiting for this thread to get its turn.
        let Some(chosen) = self.choice.resolved() else { return };
        self.tried = Some(chosen.generation);
        let fresh = |chosen: Chosen| -> Result<_, ModelError> {
            let tools = Tools::new(&chosen.model)?;
            let desk = Desk::new(&chosen.model.card, chosen.model.chunked, self.rate);
            Ok((chosen.generation, tools, desk))
        };
        self.kit = fresh(chosen).ok();
    }
}
