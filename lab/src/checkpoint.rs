//! A run's state on disk: written whole or not at all.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::Path;

use candle_core::{Device, Tensor, safetensors};

use crate::run_error::RunError;

/// The state of a run, in its folder.
pub const CHECKPOINT_NAME: &str = "checkpoint.safetensors";

/// Writes `bytes` beside `path`, then puts them in its place: whoever reads `path` finds the old or the new file,
/// never a part.
///
/// # Errors
/// [`RunError::Io`].
pub fn write_atomically(path: &Path, write: impl FnOnce(&Path) -> Result<(), RunError>) -> Result<(), RunError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let written = write(&new)
        .and_then(|()| {
            let synced = File::open(&new).and_then(|file| file.sync_all());
            synced.map_err(RunError::io(&new, "write the file to disk"))
        })
        .and_then(|()| fs::rename(&new, path).map_err(RunError::io(path, "replace the file")));
    if written.is_err() {
        // What is left of it would keep a full disk full.
        let _ = fs::remove_file(&new);
    }
    written
}

/// Writes a checkpoint into a run's folder.
///
/// # Errors
/// [`RunError::Io`] if the system refuses.
pub fn save(folder: &Path, tensors: &HashMap<String, Tensor>) -> Result<(), RunError> {
    write_atomically(&folder.join(CHECKPOINT_NAME), |path| {
        safetensors::save(tensors, path).map_err(|e| RunError::unexpected(path, "room for a checkpoint", e))
    })
}

/// Reads a run's checkpoint; `None` if it has none yet.
///
/// # Errors
/// [`RunError::Unexpected`] for a file that is damaged.
pub fn load(folder: &Path) -> Result<Option<HashMap<String, Tensor>>, RunError> {
    let path = folder.join(CHECKPOINT_NAME);
    if !path.is_file() {
        return Ok(None);
    }
    let broken = |e| RunError::unexpected(&path, "a checkpoint written by `lab train`", e);
    safetensors::load(&path, &Device::Cpu).map(Some).map_err(broken)
}
