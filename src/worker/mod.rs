//! The workers: threads that turn orders into sound. A pool belongs to one instance and is joined when dropped.

mod cache;
mod kit;
mod note;
mod resample;
mod source;
mod take;
#[cfg(test)]
mod tests;
mod timeline;
mod timing;
mod tools;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::link::window::Painter;
use crate::link::{CacheEnd, Change, Chosen, Chunk, Message, ModelChoice, Order, Supervisor, WorkerEnd};
use crate::model::{ModelError, ModelFile};
use crate::units::SampleRate;
use cache::Cache;
use kit::Kit;
pub use resample::{ResampleError, Resampler};

/// Threads of one instance, unless its owner asks for another number. Two at least: a new note need not wait until a
/// piece of another is finished, and the audio thread leaves most of its core. More than a few gain little: a chord's notes
/// are made side by side, and the host has work for its other cores.
#[must_use]
pub fn default_threads() -> usize {
    let cores = thread::available_parallelism().map_or(2, std::num::NonZero::get);
    cores.saturating_sub(1).clamp(2, 4)
}

/// An instance's workers. Dropping it stops and joins them.
pub struct WorkerPool {
    workers: Vec<(Supervisor, JoinHandle<()>)>,
    cache: Option<(Supervisor, JoinHandle<()>)>,
}

impl WorkerPool {
    /// Starts one thread per end, making sound at `rate` with whatever model `choice` names. `drag` delays some
    /// steps by up to that long: for tests of what must not depend on it.
    ///
    /// # Errors
    /// If the system refuses a thread; those already started are stopped again.
    pub fn start(
        ends: Vec<WorkerEnd>,
        cache: Option<CacheEnd>,
        choice: &Arc<ModelChoice>,
        rate: SampleRate,
        drag: Option<Duration>,
    ) -> std::io::Result<Self> {
        let mut pool = Self { workers: Vec::with_capacity(ends.len()), cache: None };
        for end in ends {
            let supervisor = end.supervisor();
            let choice = Arc::clone(choice);
            let (refused, played) = (vec![None; end.feeds.len()], vec![0; end.feeds.len()]);
            let body = move || {
                Worker { end, choice, rate, kits: Vec::new(), broken: None, refused, played, drag, dragged: 1 }
                    .run()
            };
            let handle = thread::Builder::new().name("ukulelatent worker".into()).spawn(body)?;
            pool.workers.push((supervisor, handle));
        }
        if let Some(end) = cache {
            let supervisor = end.supervisor();
            let choice = Arc::clone(choice);
            let body = move || Cache::new(end, choice, rate).run();
            pool.cache = Some((supervisor, thread::Builder::new().name("ukulelatent cache".into()).spawn(body)?));
        }
        Ok(pool)
    }

    /// Waits until every worker has its model, or `patience` has run out.
    pub fn wait_until_ready(&self, patience: Duration) {
        let began = Instant::now();
        while began.elapsed() < patience && !self.workers.iter().all(|(supervisor, _)| supervisor.is_ready()) {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for WorkerPool {
    fn drop(&mut self) {
        for (supervisor, _) in self.workers.iter().chain(&self.cache) {
            supervisor.stop();
        }
        for (_, handle) in self.workers.drain(..).chain(self.cache.take()) {
            // A worker that panicked has already said so through its end; there is no one to tell here.
            let _ = handle.join();
        }
    }
}

/// One thread's state.
struct Worker {
    end: WorkerEnd,
    choice: Arc<ModelChoice>,
    rate: SampleRate,
    /// The newest last; older ones only finish the notes that began with them.
    kits: Vec<Kit>,
    /// The generation whose model could not be started, so that it is tried, and reported, once.
    broken: Option<u64>,
    /// Per feed, the note that nothing will come of and whose engine does not know yet.
    refused: Vec<Option<u32>>,
    /// Per feed, what the engine had played before messages were read.
    played: Vec<i64>,
    drag: Option<Duration>,
    /// Where the delays come from.
    dragged: u32,
}

impl Worker {
    fn run(mut self) {
        self.end.arrive();
        self.follow_choice();
        self.end.report_ready();
        while !self.end.is_stopped() {
            let ordered = self.take_messages();
            if !self.metered_step() && !ordered {
                // Whoever has work for us sets it first and then unparks: no wake-up is lost.
                self.end.report_busy(false);
                thread::park();
                self.end.report_busy(true);
                self.follow_choice();
            }
        }
    }

    /// As [`Worker::step`]; a window sees how long it takes, and what was made before there is a rest.
    fn metered_step(&mut self) -> bool {
        let began = self.end.painter.as_ref().and_then(Painter::clock);
        let worked = self.step();
        if let Some(painter) = &mut self.end.painter {
            match began {
                Some(began) if worked => painter.worked(began.elapsed()),
                _ => painter.show(),
            }
        }
        worked
    }

    /// Takes in what came; `false` if nothing did.
    fn take_messages(&mut self) -> bool {
        // Before the messages: all that were stamped earlier are then among them.
        for (played, feed) in self.played.iter_mut().zip(&self.end.feeds) {
            *played = feed.played();
        }
        let mut any = false;
        while let Some(message) = self.end.next_message() {
            any = true;
            match message {
                Message::Order(order) => self.begin(order),
                Message::Change(change) => self.change(&change),
            }
        }
        any
    }

    fn begin(&mut self, order: Order) {
        self.follow_choice();
        let Some(feed) = self.end.feed_of(order.slot) else { return };
        self.refused[feed] = None;
        self.played[feed] = -i64::from(order.latency);
        // What the engine has of the note already must be of the same model: it changed a moment ago if it is not.
        let fits = |kit: &&mut Kit| order.skip == 0 || kit.generation == order.generation;
        match self.kits.iter_mut().rfind(fits).map(|kit| kit.begin(feed, order, self.end.painter.as_mut())) {
            Some(Ok(())) => {}
            Some(Err(error)) => self.refuse(feed, order.epoch, Some(&error)),
            // Why there is no kit was said when it could not be made.
            None => self.refuse(feed, order.epoch, None),
        }
    }

    fn change(&mut self, change: &Change) {
        let Some(feed) = self.end.feed_of(change.slot) else { return };
        // A note lies on one desk; all others know nothing of its epoch.
        if self.kits.iter_mut().any(|kit| !kit.change(feed, change)) {
            self.end.meters.late_changes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Makes a kit for the chosen model if the newest one is for another.
    fn follow_choice(&mut self) {
        let wanted = self.choice.generation();
        if self.broken == Some(wanted) || self.kits.last().is_some_and(|kit| kit.generation == wanted) {
            return;
        }
        let slots = self.end.feeds.len();
        match self.choice.resolve().and_then(|chosen| self.kit_for(&chosen, slots)) {
            Ok(kit) => self.kits.push(kit),
            Err(error) => {
                self.broken = Some(wanted);
                self.choice.notify(error.to_string());
            }
        }
    }

    /// A kit for the chosen model; if it cannot be started, one for the built-in model, and the user is told.
    fn kit_for(&self, chosen: &Chosen, slots: usize) -> Result<Kit, ModelError> {
        Kit::new(chosen, self.rate, slots).or_else(|error| {
            self.choice.notify(format!("{error}; the built-in model plays instead"));
            let stand_in = Chosen { generation: chosen.generation, model: ModelFile::built_in()? };
            Kit::new(&stand_in, self.rate, slots)
        })
    }

    /// Works on the note that will run dry first; `false` if no note can be worked on.
    fn step(&mut self) -> bool {
        if let Some(longest) = self.drag {
            self.dragged = self.dragged.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if self.dragged >> 28 == 0 {
                thread::sleep(longest.mul_f32((self.dragged >> 12 & 0xffff) as f32 / 65_535.0));
            }
        }
        self.deliver_refusals();
        let newest = self.kits.len().saturating_sub(1);
        let mut index = 0;
        self.kits.retain(|kit| {
            index += 1;
            index > newest || kit.is_busy()
        });
        let candidates = self.kits.iter_mut().filter_map(|kit| {
            let (feed, ahead) = kit.most_urgent(&self.end, &self.played)?;
            Some((ahead, feed, kit))
        });
        let Some((_, feed, kit)) = candidates.min_by_key(|(ahead, ..)| *ahead) else { return false };
        if let Err((Some(epoch), error)) = kit.work(feed, &mut self.end, self.played[feed]) {
            self.refuse(feed, epoch, Some(&error));
        }
        true
    }

    /// Gives a note up: the engine is told as soon as there is room to tell it, and counts it.
    fn refuse(&mut self, feed: usize, epoch: u32, error: Option<&dyn std::fmt::Display>) {
        if let Some(error) = error {
            self.choice.notify(error.to_string());
        }
        self.refused[feed] = Some(epoch);
    }

    fn deliver_refusals(&mut self) {
        for (refused, feed) in self.refused.iter_mut().zip(&mut self.end.feeds) {
            if let Some(epoch) = *refused
                && feed.push(Chunk::refusal(epoch))
            {
                *refused = None;
            }
        }
    }
}
