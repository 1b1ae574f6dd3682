//! Which scale plays: chosen on the main thread, read by the audio thread key by key.

use std::array;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use atomic_float::AtomicF32;

use crate::tuning::{CentsTable, KEYS, ScaleFiles, TuningError};

/// (main -> audio) The scale. The audio thread reads numbers only; the files are for the project.
pub struct ScaleChoice {
    files: Mutex<ScaleFiles>,
    generation: AtomicU32,
    cents: [AtomicF32; KEYS],
}

impl Default for ScaleChoice {
    fn default() -> Self {
        Self {
            files: Mutex::default(),
            generation: AtomicU32::new(Self::TWELVE_EQUAL_STEPS),
            cents: array::from_fn(|_| AtomicF32::new(0.0)),
        }
    }
}

impl ScaleChoice {
    /// The generation before any choice.
    pub const TWELVE_EQUAL_STEPS: u32 = 0;

    /// Chooses a scale for the notes to come. One that cannot be used is kept for the project, and twelve equal
    /// steps play.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn choose(&self, files: ScaleFiles) -> Result<(), TuningError> {
        let table = files.table();
        *self.files.lock().unwrap_or_else(PoisonError::into_inner) = files;
        for (place, cents) in self.cents.iter().zip(table.as_ref().unwrap_or(&[0.0; KEYS])) {
            place.store(*cents, Ordering::Relaxed);
        }
        self.generation.fetch_add(1, Ordering::Release);
        table.map(drop)
    }

    /// What was chosen last.
    #[must_use]
    pub fn files(&self) -> ScaleFiles {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes with every choice.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation.load(Ordering::Acquire)
    }

    /// Every key's cents above its equal temperament; not a number for one that is not mapped. Neither locks nor
    /// allocates.
    #[must_use]
    pub fn table(&self) -> CentsTable {
        array::from_fn(|key| self.cents[key].load(Ordering::Relaxed))
    }
}
