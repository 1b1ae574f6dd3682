//! Presets: a sound as a small file of JSON.

mod factory;
mod vst3;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::link::{Pins, PinsError};
use crate::model::ModelReference;
use crate::params::{STATE_VERSION, UkulelatentParams, ValueError, additions_since, set_value, values};
use crate::tuning::{ScaleFiles, TuningError};
pub use factory::factory;
pub use vst3::vst3_preset;

/// What preset files are called.
const EXTENSION: &str = "json";

/// A sound: parameters by id, and what they are for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preset {
    /// The version of the parameters ([`STATE_VERSION`]) that it was saved with.
    pub format: u32,
    /// What it is called.
    pub name: String,
    /// Who made it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// What one hears.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// The instrument; the built-in one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelReference>,
    /// The scale; as it was before if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<ScaleFiles>,
    /// The pins of its orbit; as they were before if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orbit: Option<Pins>,
    /// Plain values by id. What is not named stays as it was.
    pub params: BTreeMap<String, Value>,
}

/// A preset that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PresetError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{path}: expected a preset, got something else ({source})")]
    NotAPreset {
        /// Which.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// It comes from the future.
    #[error(
        "{name}: expected a preset of format {STATE_VERSION} or earlier, got {format}: a newer Ukulelatent made it"
    )]
    Newer {
        /// Which.
        name: String,
        /// Its format.
        format: u32,
    },
    /// A parameter cannot be set so.
    #[error("{name}: {source}")]
    Value {
        /// Which.
        name: String,
        /// Why.
        source: ValueError,
    },
    /// Its scale is none.
    #[error("{name}: {source}")]
    Scale {
        /// Which.
        name: String,
        /// Why.
        source: TuningError,
    },
    /// Its orbit is none.
    #[error("{name}: {source}")]
    Orbit {
        /// Which.
        name: String,
        /// Why.
        source: PinsError,
    },
    /// There is none of that name.
    #[error(
        "{name}: expected the name of a preset or a file, got neither; `ukulelatent preset list` shows the names"
    )]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// There is no place for the user's own.
    #[error("this system has no folder for a user's presets")]
    NoFolder,
}

impl Preset {
    /// All parameters as they stand, with their instrument and scale.
    #[must_use]
    pub fn of(name: &str, author: &str, params: &Arc<UkulelatentParams>) -> Self {
        let scale = params.scale_choice().files();
        Self {
            format: STATE_VERSION,
            name: name.into(),
            author: author.into(),
            about: String::new(),
            model: Some(params.model_choice().reference()),
            scale: Some(scale),
            orbit: Some(params.orbit_choice().pins()),
            params: values(params),
        }
    }

    /// Sets everything that the preset names, in an instance that no host has yet. What its version did not know is set
    /// to what that version did.
    ///
    /// # Errors
    /// [`PresetError`]; the values before the one that is wrong are set then.
    pub fn apply(&self, params: &Arc<UkulelatentParams>) -> Result<(), PresetError> {
        if self.format > STATE_VERSION {
            return Err(PresetError::Newer { name: self.name.clone(), format: self.format });
        }
        let bad = |source| PresetError::Value { name: self.name.clone(), source };
        for (id, value) in additions_since(self.format) {
            set_value(params, id, &value).map_err(bad)?;
        }
        for (id, value) in &self.params {
            set_value(params, id, value).map_err(bad)?;
        }
        if let Some(model) = &self.model {
            params.model_choice().choose(model.clone());
        }
        if let Some(scale) = &self.scale {
            let bad = |source| PresetError::Scale { name: self.name.clone(), source };
            params.scale_choice().choose(scale.clone()).map_err(bad)?;
        }
        if let Some(pins) = &self.orbit {
            let bad = |source| PresetError::Orbit { name: self.name.clone(), source };
            params.orbit_choice().choose(pins.clone()).map_err(bad)?;
        }
        Ok(())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`PresetError`].
    pub fn open(path: &Path) -> Result<Self, PresetError> {
        let text = fs::read_to_string(path).map_err(|source| PresetError::File { path: path.into(), source })?;
        serde_json::from_str(&text).map_err(|source| PresetError::NotAPreset { path: path.into(), source })
    }

    /// Finds a preset: a file, one of the user's, or one that comes with the instrument, whatever its case.
    ///
    /// # Errors
    /// [`PresetError`].
    pub fn find(name: &str) -> Result<Self, PresetError> {
        let path = Path::new(name);
        if path.is_file() {
            return Self::open(path);
        }
        let is_it = |preset: &Self| preset.name.eq_ignore_ascii_case(name);
        let own = user_presets().into_iter().filter_map(|path| Self::open(&path).ok()).find(is_it);
        let found = own.or_else(|| factory().iter().find(|preset| is_it(preset)).cloned());
        found.ok_or_else(|| PresetError::Unknown { name: name.into() })
    }

    /// Writes a file: beside it first, so that a failure leaves an older one alone.
    ///
    /// # Errors
    /// [`PresetError::File`].
    pub fn save(&self, path: &Path) -> Result<(), PresetError> {
        let bad = |source| PresetError::File { path: path.into(), source };
        let text = serde_json::to_string_pretty(self).expect("names, numbers and text are JSON") + "\n";
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(bad)?;
        }
        let beside = path.with_extension("json.part");
        fs::write(&beside, text).and_then(|()| fs::rename(&beside, path)).map_err(bad)
    }

    /// Where the user's own preset of this name belongs.
    ///
    /// # Errors
    /// [`PresetError::NoFolder`].
    pub fn user_path(&self) -> Result<PathBuf, PresetError> {
        let folder = user_folder().ok_or(PresetError::NoFolder)?;
        Ok(folder.join(file_name(&self.name)).with_extension(EXTENSION))
    }
}

/// A name that every file system takes.
#[must_use]
pub fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || matches!(c, ' ' | '-' | '_') { c } else { '_' }).collect()
}

/// Where the user's own presets are, on this system.
#[must_use]
pub fn user_folder() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "Ukulelatent").map(|dirs| dirs.data_dir().join("presets"))
}

/// The files in the user's folder, by name.
#[must_use]
pub fn user_presets() -> Vec<PathBuf> {
    let entries = user_folder().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == EXTENSION));
    paths.sort();
    paths
}
