//! Everything that an edit may change, as one value: what undo and A/B go between.

use std::sync::Arc;

use nice_plug::prelude::Params as _;

use super::gesture::{Gestures, Host, Values};
use super::library::{Library, Mark};
use crate::link::{ModelChoice, Pins, ScaleChoice};
use crate::model::{Catalog, ModelError, ModelReference};
use crate::params::UkulelatentParams;
use crate::preset::{Preset, PresetError};
use crate::tuning::ScaleFiles;

/// A sound, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    /// The parameters.
    pub values: Values,
    /// The instrument.
    pub model: ModelReference,
    /// The scale.
    pub scale: ScaleFiles,
    /// The points that Orbits travels among.
    pub pins: Pins,
    /// The preset that it began as.
    pub preset: Mark,
}

/// A preset that cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The preset itself.
    #[error(transparent)]
    Preset(#[from] PresetError),
    /// Not even the built-in model opens.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl Patch {
    /// As everything stands.
    #[must_use]
    pub fn of(gestures: &Gestures, library: &Library) -> Self {
        let params = gestures.params();
        Self {
            values: gestures.values(),
            model: params.model_choice().reference(),
            scale: params.scale_choice().files(),
            pins: params.orbit_choice().pins(),
            preset: library.mark().clone(),
        }
    }

    /// Sets what differs from another patch.
    pub fn apply(&self, from: &Self, gestures: &mut Gestures, host: &dyn Host) {
        gestures.apply(host, &from.values, &self.values);
        let params = Arc::clone(gestures.params());
        if self.model != from.model {
            params.model_choice().choose(self.model.clone());
        }
        if self.scale != from.scale
            && let Err(error) = params.scale_choice().choose(self.scale.clone())
        {
            params.model_choice().notify(format!("the scale: {error}; keys play twelve equal steps instead"));
        }
        if self.pins != from.pins {
            // What was pinned here or loaded can be pinned again.
            let _ = params.orbit_choice().choose(self.pins.clone());
        }
    }

    /// This patch with a preset loaded into it: what the preset does not name stays.
    ///
    /// # Errors
    /// [`LoadError`]; nothing has changed then.
    pub fn with(&self, preset: &Preset, params: &UkulelatentParams) -> Result<Self, LoadError> {
        let chosen = params.model_choice().resolve()?;
        let choice = Arc::new(ModelChoice::new(chosen.model, Catalog::default()));
        let scratch = Arc::new(UkulelatentParams::new(choice, Arc::new(ScaleChoice::default())));
        let by_id = scratch.param_map();
        for (id, param, _) in &by_id {
            if let Some(value) = self.values.get(id) {
                // SAFETY: the pointers lead into `scratch`, which is held here and which nobody else knows.
                unsafe { param._internal_set_normalized_value(*value) };
            }
        }
        let _ = scratch.orbit_choice().choose(self.pins.clone());
        preset.apply(&scratch)?;
        // SAFETY: as above.
        let value = |param: &nice_plug::prelude::ParamPtr| unsafe { param.unmodulated_normalized_value() };
        Ok(Self {
            values: by_id.iter().map(|(id, param, _)| (id.clone(), value(param))).collect(),
            model: if preset.model.is_some() { scratch.model_choice().reference() } else { self.model.clone() },
            scale: if preset.scale.is_some() { scratch.scale_choice().files() } else { self.scale.clone() },
            pins: scratch.orbit_choice().pins(),
            preset: self.preset.clone(),
        })
    }
}
