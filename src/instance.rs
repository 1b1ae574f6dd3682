//! An engine with its workers: what the plugin, the command line and the tests play.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::{Controls, Engine, Mode};
use crate::link::window::WindowEnd;
use crate::link::{CacheLimits, ModelChoice, link};
use crate::units::SampleRate;
use crate::worker::{WorkerPool, default_threads};

/// Models open in tens of milliseconds; a machine that needs longer starts late rather than not at all.
const OPENING: Duration = Duration::from_secs(2);

/// How an instance is set up when the host activates it.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The host's rate.
    pub rate: SampleRate,
    /// Whether rendering may wait.
    pub mode: Mode,
    /// Samples from an event to its sound.
    pub latency: usize,
    /// The parameters at the start.
    pub controls: Controls,
    /// Worker threads; `None` for as many as suit this machine.
    pub threads: Option<usize>,
    /// Bounds of the key cache.
    pub cache: CacheLimits,
    /// Delays some steps of each worker by up to this long, for tests of what must not depend on it.
    pub drag: Option<Duration>,
}

/// One running instrument. Dropping it joins its workers.
pub struct Instance {
    /// For the audio thread.
    pub engine: Engine,
    _pool: WorkerPool,
}

impl Instance {
    /// Allocates everything and starts the workers.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(choice: &Arc<ModelChoice>, setup: Setup) -> std::io::Result<Self> {
        Self::start_seen(choice, setup, None)
    }

    /// As [`Instance::start`], seen from a window.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start_seen(
        choice: &Arc<ModelChoice>,
        setup: Setup,
        window: Option<&WindowEnd>,
    ) -> std::io::Result<Self> {
        let (mut end, mut ends) = link(setup.rate, setup.threads.unwrap_or_else(default_threads));
        // A bounce waits for its notes: nothing is to be had from making them earlier.
        let cache = match setup.mode {
            Mode::Realtime => end.add_cache(setup.cache, setup.rate, choice),
            Mode::Offline => None,
        };
        if let Some(window) = window {
            window.paint(&end, &mut ends);
        }
        let pool = WorkerPool::start(ends, cache, choice, setup.rate, setup.drag)?;
        if setup.mode == Mode::Realtime {
            // A note right after this must not wait for a model to open.
            pool.wait_until_ready(OPENING);
        }
        let engine = Engine::new(end, setup.rate, setup.mode, setup.latency, setup.controls);
        Ok(Self { engine, _pool: pool })
    }
}
