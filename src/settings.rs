//! What a user has settled for all projects to come, in a file of their own: which model new instances start with, and
//! how the window is.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::backend::BackendKind;
use crate::model::catalog::Resolved;
use crate::model::{Catalog, ModelError, ModelFile, ModelReference};

/// A user's settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The model that new instances start with; the built-in one if there is none here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_with: Option<ModelReference>,
    /// Instruments that were opened in the window, the latest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<ModelReference>,
    /// What runs models, unless the environment names something else; what is found if there is nothing here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<BackendKind>,
    /// Scale of new windows: 1 for 100 %.
    pub window_scale: f32,
    /// Seconds that a journey on the map takes.
    pub travel_seconds: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { start_with: None, recent: Vec::new(), backend: None, window_scale: 1.0, travel_seconds: 0.3 }
    }
}

/// A settings file that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The system refuses, or knows no folder for settings.
    #[error("{path}: cannot be {action}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's reason.
        reason: String,
    },
    /// Somebody edited it.
    #[error("{path}: expected settings as JSON, got something else ({reason})")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// Where they are kept, on this system.
#[must_use]
pub fn file() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "Ukulelatent").map(|dirs| dirs.data_dir().join("settings.json"))
}

impl Settings {
    /// Reads a settings file; the defaults if there is none.
    ///
    /// # Errors
    /// [`SettingsError`] for a file that cannot be read or understood.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        match fs::read_to_string(path) {
            Ok(text) => serde_json::from_str(&text)
                .map_err(|e| SettingsError::Syntax { path: path.into(), reason: e.to_string() }),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(SettingsError::File { path: path.into(), action: "read", reason: e.to_string() }),
        }
    }

    /// Writes a settings file, whole or not at all.
    ///
    /// # Errors
    /// [`SettingsError::File`] if the system refuses.
    pub fn write(&self, path: &Path) -> Result<(), SettingsError> {
        let write = || {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let draft = path.with_extension("json.part");
            fs::write(&draft, serde_json::to_string_pretty(self)? + "\n")?;
            fs::rename(&draft, path)
        };
        write().map_err(|e: std::io::Error| SettingsError::File {
            path: path.into(),
            action: "written",
            reason: e.to_string(),
        })
    }

    /// The model that a new instance starts with, and what its user should know: a model that is gone, or settings that
    /// cannot be read, leave the built-in one.
    ///
    /// # Errors
    /// [`ModelError`] only if the built-in model itself cannot be read.
    pub fn first_model(path: Option<&Path>, catalog: &Catalog) -> Result<Resolved, ModelError> {
        let built_in = |notice| ModelFile::built_in().map(|model: Arc<ModelFile>| Resolved { model, notice });
        match path.map(Self::read) {
            None => built_in(None),
            Some(Err(error)) => built_in(Some(error.to_string())),
            Some(Ok(settings)) => match settings.start_with {
                Some(reference) => catalog.resolve(&reference),
                None => built_in(None),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference() -> ModelReference {
        ModelReference { name: "Harp".into(), sha256: "0".repeat(64), path: Some("/nowhere/harp.onnx".into()) }
    }

    #[test]
    fn settings_survive_their_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("settings.json");
        assert_eq!(Settings::read(&path).unwrap(), Settings::default());
        let settings = Settings { start_with: Some(reference()), ..Settings::default() };
        settings.write(&path).unwrap();
        assert_eq!(Settings::read(&path).unwrap(), settings);
    }

    #[test]
    fn what_cannot_be_had_leaves_the_built_in_model_and_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let first = |catalog: &Catalog| Settings::first_model(Some(&path), catalog).unwrap();
        let built_in = ModelFile::built_in().unwrap();
        let catalog = Catalog::of(Vec::new());

        assert!(first(&catalog).notice.is_none());
        Settings { start_with: Some(reference()), ..Settings::default() }.write(&path).unwrap();
        let gone = first(&catalog);
        assert_eq!(gone.model.sha256, built_in.sha256);
        assert!(gone.notice.unwrap().contains("Harp"));
        fs::write(&path, "not settings").unwrap();
        assert!(first(&catalog).notice.unwrap().contains("settings.json"));
    }
}
