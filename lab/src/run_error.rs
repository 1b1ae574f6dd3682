//! What can be wrong with a training run, its configuration, or a model made of it.

use std::path::{Path, PathBuf};

use crate::LabError;

/// A problem with a run. Every message names the file, what was expected there and what was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A problem with recordings or features.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// The system refused.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried, after "cannot".
        action: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file that is not what its name says.
    #[error("{}: expected {expected}, got {got}", path.display())]
    Unexpected {
        /// The file or folder.
        path: PathBuf,
        /// What belongs there.
        expected: String,
        /// What is there.
        got: String,
    },
    /// Too few notes are left for a split.
    #[error("{}: expected at least {expected} notes to train on, got {got}", path.display())]
    TooFewNotes {
        /// The feature folder.
        path: PathBuf,
        /// What would do.
        expected: usize,
        /// How many pass the configuration's filters.
        got: usize,
    },
    /// The loss is no number any more.
    #[error("{}: the loss is {loss} at step {step}: expected a finite number; lower `rate`", path.display())]
    Diverged {
        /// The run's folder.
        path: PathBuf,
        /// When.
        step: u64,
        /// What.
        loss: f32,
    },
    /// The exported graph is not the network.
    #[error("{}: expected {what} to agree within {expected:e}, got {got:e}", path.display())]
    Disagrees {
        /// The model file.
        path: PathBuf,
        /// Which two.
        what: &'static str,
        /// The most that is accepted.
        expected: f32,
        /// The largest difference.
        got: f32,
    },
    /// Inside the networks: a fault of the program.
    #[error("the network failed: {0}")]
    Network(#[from] candle_core::Error),
    /// A model file that cannot be read back or run.
    #[error("{}: expected a model that runs, got: {reason}", path.display())]
    Model {
        /// The model file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A plot that cannot be drawn.
    #[error("{}: cannot draw the curves: {reason}", path.display())]
    Plot {
        /// The picture.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
}

impl RunError {
    /// Wraps a refusal of the system; `action` reads after "cannot".
    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }

    pub(crate) fn unexpected(path: &Path, expected: impl ToString, got: impl ToString) -> Self {
        Self::Unexpected { path: path.to_owned(), expected: expected.to_string(), got: got.to_string() }
    }
}
