//! What a project saves beside the parameters.

use std::sync::Arc;

use nice_plug::params::persist::PersistentField;

use super::STATE_VERSION;
use crate::link::{ModelChoice, OrbitChoice, Pins, ScaleChoice};
use crate::model::ModelReference;
use crate::tuning::ScaleFiles;

/// The model choice as a saved field: loading a project chooses its model, found or not.
pub struct SavedModel(pub(super) Arc<ModelChoice>);

impl<'a> PersistentField<'a, ModelReference> for SavedModel {
    fn set(&self, reference: ModelReference) {
        self.0.choose(reference);
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&ModelReference) -> R,
    {
        f(&self.0.reference())
    }
}

/// The scale as a saved field. One that cannot be used is kept, and its user told.
pub struct SavedScale {
    pub(super) scale: Arc<ScaleChoice>,
    pub(super) model: Arc<ModelChoice>,
}

impl<'a> PersistentField<'a, ScaleFiles> for SavedScale {
    fn set(&self, files: ScaleFiles) {
        if let Err(error) = self.scale.choose(files) {
            self.model.notify(format!("the project's scale: {error}; keys play twelve equal steps instead"));
        }
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&ScaleFiles) -> R,
    {
        f(&self.scale.files())
    }
}

/// The pins of the orbit as a saved field. Those that cannot be used are kept, and their user told.
pub struct SavedPins {
    pub(super) pins: Arc<OrbitChoice>,
    pub(super) model: Arc<ModelChoice>,
}

impl<'a> PersistentField<'a, Pins> for SavedPins {
    fn set(&self, pins: Pins) {
        if let Err(error) = self.pins.choose(pins) {
            self.model.notify(format!("the project's orbit: {error}; the timbre stays where it is set instead"));
        }
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&Pins) -> R,
    {
        f(&self.pins.pins())
    }
}

/// Writes [`STATE_VERSION`]; what a project says is for `Plugin::filter_state`, which sees it first.
pub(super) struct SavedVersion;

impl<'a> PersistentField<'a, u32> for SavedVersion {
    fn set(&self, _: u32) {}

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&u32) -> R,
    {
        f(&STATE_VERSION)
    }
}
