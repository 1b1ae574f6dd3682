//! Which model plays: the one thing that main thread and workers agree on under a lock. The audio thread never
//! comes near it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::{Catalog, ModelError, ModelFile, ModelReference};

/// (main -> workers) Which model the project wants; and (workers -> main) what became of it.
pub struct ModelChoice {
    catalog: Catalog,
    generation: Arc<AtomicU64>,
    state: Mutex<ChoiceState>,
    /// Held by whoever opens a file, which takes a while: whoever only asks for the choice does not wait for it.
    opening: Mutex<()>,
    /// Told of each new notice, on whatever thread it comes up; never the audio thread.
    listener: fn(&str),
}

struct ChoiceState {
    reference: ModelReference,
    resolved: Option<Arc<ModelFile>>,
    notices: Vec<String>,
}

/// The model to play, and the generation of the choice that it answers.
pub struct Chosen {
    /// As [`ModelChoice::generation`] was.
    pub generation: u64,
    /// Ready to start sessions from.
    pub model: Arc<ModelFile>,
}

impl ModelChoice {
    /// Starts with a model that is already open.
    #[must_use]
    pub fn new(model: Arc<ModelFile>, catalog: Catalog) -> Self {
        let state =
            ChoiceState { reference: ModelReference::to(&model), resolved: Some(model), notices: Vec::new() };
        let generation = Arc::new(AtomicU64::new(1));
        Self { catalog, generation, state: Mutex::new(state), opening: Mutex::new(()), listener: |_| {} }
    }

    /// Has each new notice told to `listener` as it comes up.
    #[must_use]
    pub fn telling(self, listener: fn(&str)) -> Self {
        Self { listener, ..self }
    }

    /// Chooses another model. Notes ordered from now on are made with it; sounding ones go on with the old.
    pub fn choose(&self, reference: ModelReference) {
        let mut state = self.lock();
        // A model that was missing is looked for again.
        if state.reference != reference || !state.notices.is_empty() {
            *state = ChoiceState { reference, resolved: None, notices: Vec::new() };
            self.generation.fetch_add(1, Ordering::Release);
        }
    }

    /// What was chosen last, found or not: a project never forgets its model.
    #[must_use]
    pub fn reference(&self) -> ModelReference {
        self.lock().reference.clone()
    }

    /// Changes with every choice.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The generation, to look at from the audio thread.
    #[must_use]
    pub fn watch(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.generation)
    }

    /// Finds and opens the chosen model; the first caller does the work. Not for the audio thread.
    ///
    /// # Errors
    /// [`ModelError`] only if not even the built-in model opens.
    pub fn resolve(&self) -> Result<Chosen, ModelError> {
        let _turn = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        let (generation, reference) = {
            let state = self.lock();
            let generation = self.generation();
            if let Some(model) = &state.resolved {
                return Ok(Chosen { generation, model: Arc::clone(model) });
            }
            (generation, state.reference.clone())
        };
        let resolved = self.catalog.resolve(&reference)?;
        let mut state = self.lock();
        // Whoever sees that another model was chosen meanwhile asks again.
        if self.generation() == generation {
            if let Some(notice) = resolved.notice {
                (self.listener)(&notice);
                state.notices.push(notice);
            }
            state.resolved = Some(Arc::clone(&resolved.model));
        }
        Ok(Chosen { generation, model: resolved.model })
    }

    /// The chosen model, if somebody has found and opened it already.
    #[must_use]
    pub fn resolved(&self) -> Option<Chosen> {
        let state = self.lock();
        let model = state.resolved.as_ref()?;
        Some(Chosen { generation: self.generation(), model: Arc::clone(model) })
    }

    /// Keeps a sentence for the user. A repeated one is kept once.
    pub fn notify(&self, notice: String) {
        let mut state = self.lock();
        if !state.notices.contains(&notice) {
            (self.listener)(&notice);
            state.notices.push(notice);
        }
    }

    /// What the user should know of the present choice.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        self.lock().notices.clone()
    }

    fn lock(&self) -> MutexGuard<'_, ChoiceState> {
        // A panic elsewhere leaves whole values behind: every update is a single assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
