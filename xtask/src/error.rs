//! What can go wrong in a task, in words that say what to do next.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// A failed task.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program that the task needs is not there.
    #[error("{what} is missing: {advice}")]
    Missing {
        /// What was looked for.
        what: String,
        /// How to get it.
        advice: String,
    },
    /// A program could not be started.
    #[error("cannot run `{command}`: {source}")]
    Spawn {
        /// The command line.
        command: String,
        /// Why it did not start.
        source: io::Error,
    },
    /// A program ran and failed.
    #[error("`{command}` failed ({status})")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// A file or folder could not be used.
    #[error("cannot {doing} {path}: {source}")]
    File {
        /// The verb: read, create, copy to, replace.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Cargo does not know this workspace.
    #[error("cannot read the workspace: {0}")]
    Workspace(#[from] cargo_metadata::Error),
    /// The plugin could not be built or laid out.
    #[error("cannot bundle the plugin: {0}")]
    Bundle(String),
    /// Some stages of a longer task failed; each has already said why.
    #[error("failed: {0}")]
    Stages(String),
}

impl Error {
    /// For `map_err` on a file operation.
    pub fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }
}
