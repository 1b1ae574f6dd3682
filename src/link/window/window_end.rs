//! The window's own end. Its lock is for the threads that open and draw windows; the audio thread and the workers
//! know nothing of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rtrb::Producer;
use triple_buffer::Output;

use super::{Extremes, Gesture, Painter, Picture, Shared, Snapshot};
use crate::link::{EngineEnd, Meters, WorkerEnd};
use crate::model::card::LATENT_DIM;
use crate::units::MidiNote;

/// (window, main) What a window sees, and how it plays. It may be kept from before the first activation to after the
/// last, and used from any thread but the audio thread.
pub struct WindowEnd {
    pub(super) shared: Arc<Shared>,
    pub(super) front: Mutex<Front>,
}

/// What one thread at a time may use.
pub(super) struct Front {
    asked: Producer<Gesture>,
    shown: Output<Snapshot>,
    crew: Crew,
}

/// The workers of the present activation.
#[derive(Default)]
struct Crew {
    pictures: Vec<Output<Picture>>,
    busy_ns: Vec<Arc<AtomicU64>>,
    meters: Option<Arc<Meters>>,
    /// When the load was last asked for, and how long all workers had been busy then.
    metered: Option<(Instant, u64)>,
    load: f32,
}

impl Front {
    pub fn new(asked: Producer<Gesture>, shown: Output<Snapshot>) -> Self {
        Self { asked, shown, crew: Crew::default() }
    }
}

impl WindowEnd {
    /// Says whether a window is open. While none is, nothing is written for it, and what the mouse played falls silent.
    pub fn set_open(&self, is_open: bool) {
        if !is_open {
            self.shared.held.clear();
        }
        if self.shared.open.swap(is_open, Ordering::AcqRel) != is_open {
            self.shared.changed();
        }
    }

    /// Whether a window is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.shared.is_open()
    }

    /// Says how often the window can draw what goes on, at most: the instrument calls for it no oftener.
    pub fn set_pace(&self, pace: Duration) {
        self.shared.pace_ms.store(pace.as_millis() as u32, Ordering::Relaxed);
    }

    /// The least time between two calls for a window to draw, in milliseconds.
    #[must_use]
    pub fn pace_ms(&self) -> f32 {
        self.shared.pace_ms.load(Ordering::Relaxed) as f32
    }

    /// Counts everything that changes what is seen here: where it stands still there is nothing to draw.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.shared.changes.load(Ordering::Acquire)
    }

    /// The engine as it showed itself last.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        *self.front().shown.read()
    }

    /// The picture of the note that was struck last, as far as it is made. `None` before the first, and while another
    /// note's picture has yet to begin: the former one may stay where it is.
    pub fn picture<R>(&self, look: impl FnOnce(&Picture) -> R) -> Option<R> {
        let mut front = self.front();
        let Front { shown, crew, .. } = &mut *front;
        let mark = shown.read().last_note?;
        let pictures = crew.pictures.len();
        let picture = crew.pictures.get_mut(usize::from(mark.slot) % pictures.max(1))?.read();
        (picture.mark == Some(mark)).then(|| look(picture))
    }

    /// The highest absolute samples, left and right, since this was last asked.
    #[must_use]
    pub fn take_peaks(&self) -> [f32; 2] {
        [&self.shared.peaks[0], &self.shared.peaks[1]].map(|peak| peak.swap(0.0, Ordering::Relaxed))
    }

    /// Fills `out` with the latest sound, 5 ms in each place, the newest last; 1024 places are remembered.
    pub fn waveform(&self, out: &mut [Extremes]) {
        self.shared.waveform.read(out);
    }

    /// Share of the time that the workers were busy since this was last asked, 0 to 1, all of them together; asked for
    /// the first time, or twice at once, as it was.
    #[must_use]
    pub fn load(&self) -> f32 {
        let mut front = self.front();
        let crew = &mut front.crew;
        let busy: u64 = crew.busy_ns.iter().map(|ns| ns.load(Ordering::Relaxed)).sum();
        let now = Instant::now();
        if let Some((then, before)) = crew.metered {
            let available = (now - then).as_nanos() as f32 * crew.busy_ns.len() as f32;
            if available <= 0.0 {
                return crew.load;
            }
            crew.load = (busy.saturating_sub(before) as f32 / available).clamp(0.0, 1.0);
        }
        crew.metered = Some((now, busy));
        crew.load
    }

    /// Counts of the present activation: late notes and the like; `None` before the first.
    #[must_use]
    pub fn meters(&self) -> Option<Arc<Meters>> {
        self.front().crew.meters.clone()
    }

    /// Strikes a key with the parameters' timbre, velocity 0 to 1. `false` if too many wait to be struck.
    pub fn press(&self, key: MidiNote, velocity: f32) -> bool {
        self.strike(Gesture { key, velocity, latent: None })
    }

    /// Strikes a key with a timbre of its own, which neither parameters nor orbit move; nor does it move them. It sounds
    /// until [`WindowEnd::release`], like any key: a pluck wants some time. `false` if too many wait to be struck.
    pub fn audition(&self, key: MidiNote, velocity: f32, latent: [f32; LATENT_DIM]) -> bool {
        self.strike(Gesture { key, velocity, latent: Some(latent) })
    }

    /// Lets go of a key. It cannot fail, and closing the window does it for all keys.
    pub fn release(&self, key: MidiNote) {
        self.shared.held.set(key, false);
    }

    /// Lets go of all keys.
    pub fn release_all(&self) {
        self.shared.held.clear();
    }

    fn strike(&self, gesture: Gesture) -> bool {
        let was_held = self.shared.held.get().contains(gesture.key);
        // First: a key that the engine strikes and finds not held would be let go at once.
        self.shared.held.set(gesture.key, true);
        let struck = self.front().asked.push(gesture).is_ok();
        if !struck && !was_held {
            self.shared.held.set(gesture.key, false);
        }
        struck
    }

    /// Gives the workers of a new activation something to paint on, and looks at its meters from now on.
    pub fn paint(&self, engine: &EngineEnd, workers: &mut [WorkerEnd]) {
        let mut crew = Crew { meters: Some(engine.share_meters()), ..Crew::default() };
        for worker in workers {
            let (input, output) = triple_buffer::triple_buffer(&Picture::default());
            let busy_ns = Arc::new(AtomicU64::new(0));
            worker.painter = Some(Painter::new(Arc::clone(&self.shared), Arc::clone(&busy_ns), input));
            crew.pictures.push(output);
            crew.busy_ns.push(busy_ns);
        }
        self.front().crew = crew;
        self.shared.changed();
    }

    fn front(&self) -> MutexGuard<'_, Front> {
        // A panic elsewhere leaves whole values behind.
        self.front.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
