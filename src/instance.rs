//! An engine with its workers: what the plugin, the command line and the tests play.

use std::sync::Arc;

use crate::engine::{Controls, Engine, Mode};
use crate::link::{ModelChoice, link};
use crate::units::SampleRate;
use crate::worker::{WorkerPool, default_threads};

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
        let (end, ends) = link(setup.rate, setup.threads.unwrap_or_else(default_threads));
        let pool = WorkerPool::start(ends, choice, setup.rate)?;
        let engine = Engine::new(end, setup.rate, setup.mode, setup.latency, setup.controls);
        Ok(Self { engine, _pool: pool })
    }
}
