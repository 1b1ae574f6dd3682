//! Finding a project's model again: by hash, wherever it now lies.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::backend::own_folder;
use super::file::{ModelError, ModelFile, Origin};

/// What a project remembers of its model. The hash decides; name and path are for people and for searching.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelReference {
    /// The instrument's name, to tell the user what is missing.
    pub name: String,
    /// SHA-256 of the file, lower-case hexadecimal.
    pub sha256: String,
    /// Where the file was, if it was neither built in nor shipped beside the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
}

impl ModelReference {
    /// The reference to an opened model.
    #[must_use]
    pub fn to(model: &ModelFile) -> Self {
        let path = match &model.origin {
            Origin::BuiltIn => None,
            Origin::File(path) => Some(path.canonicalize().unwrap_or_else(|_| path.clone())),
        };
        Self { name: model.card.name.clone(), sha256: model.sha256.clone(), path }
    }
}

/// A reference resolved: a model that plays, and what the user should know.
pub struct Resolved {
    /// The referenced model, or the built-in one in its stead.
    pub model: Arc<ModelFile>,
    /// Why it is not the referenced one, if it is not.
    pub notice: Option<String>,
}

/// The places where models are looked for.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    folders: Vec<PathBuf>,
}

impl Catalog {
    /// The models shipped beside the plugin (`models` in the bundle's resources or beside the binary) and the
    /// per-user model folder.
    #[must_use]
    pub fn standard() -> Self {
        let mut folders = Vec::new();
        if let Some(own) = own_folder() {
            folders.push(own.join("models"));
            // Inside a .vst3 bundle: Contents/<architecture>/x.so and Contents/Resources.
            folders.extend(own.parent().map(|contents| contents.join("Resources").join("models")));
        }
        folders.extend(Self::user_folder());
        Self { folders }
    }

    /// A catalogue of these folders only.
    #[must_use]
    pub fn of(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    /// Where users put their models, on this system.
    #[must_use]
    pub fn user_folder() -> Option<PathBuf> {
        directories::ProjectDirs::from("", "", "Ukulelatent").map(|dirs| dirs.data_dir().join("models"))
    }

    /// The folders that are searched, in order.
    #[must_use]
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Finds the referenced model: built in, at its path, or anywhere in the catalogue's folders under any
    /// name. Only a file with the same hash counts, so that no project ever changes its sound unasked.
    ///
    /// # Errors
    /// [`ModelError`] only if the built-in model itself cannot be read.
    pub fn resolve(&self, reference: &ModelReference) -> Result<Resolved, ModelError> {
        let built_in = ModelFile::built_in()?;
        if reference.sha256 == built_in.sha256 {
            return Ok(Resolved { model: built_in, notice: None });
        }
        let mut refusal = None;
        for path in self.candidates(reference) {
            match ModelFile::open(&path) {
                Ok(model) if model.sha256 == reference.sha256 => {
                    return Ok(Resolved { model, notice: None });
                }
                Ok(_) => {}
                Err(error) if reference.path.as_deref() == Some(&*path) && path.exists() => {
                    refusal = Some(error.to_string());
                }
                Err(_) => {}
            }
        }
        let notice = missing(reference, refusal, &built_in);
        Ok(Resolved { model: built_in, notice: Some(notice) })
    }

    /// All instruments in the catalogue's folders, by folder and file name; for a file that is none, why.
    #[must_use]
    pub fn models(&self) -> Vec<Result<Arc<ModelFile>, ModelError>> {
        let sorted = |folder: &PathBuf| {
            let mut files = onnx_files(folder);
            files.sort();
            files
        };
        self.folders.iter().flat_map(sorted).map(|path| ModelFile::open(&path)).collect()
    }

    fn candidates(&self, reference: &ModelReference) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = reference.path.iter().cloned().collect();
        for folder in &self.folders {
            let mut inside = onnx_files(folder);
            inside.sort();
            paths.append(&mut inside);
        }
        paths
    }
}

/// Instrument files; encoders, which lie beside them, are none.
fn onnx_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_instrument = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".onnx") && !name.ends_with(".encoder.onnx")
    };
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_instrument).collect()
}

fn missing(reference: &ModelReference, refusal: Option<String>, built_in: &ModelFile) -> String {
    let hash = reference.sha256.get(..12).unwrap_or(&reference.sha256);
    let place = reference.path.as_ref().map_or(String::new(), |path| format!(" (last at {})", path.display()));
    let reason = refusal.map_or(String::new(), |reason| format!(": {reason}"));
    let stand_in = &built_in.card.name;
    format!(
        "this project's model \"{}\", SHA-256 {hash}…{place}, was not found{reason}; the built-in model \
         \"{stand_in}\" plays instead until a file with that hash lies in the model folder",
        reference.name
    )
}
