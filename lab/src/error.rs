//! What can be wrong with recordings, manifests and feature folders.

use std::path::{Path, PathBuf};

use ukulelatent::units::MidiNote;

/// A problem with a file or folder that the lab was given. Every message names the file, what was expected
/// there and what was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
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
    /// A folder without recordings.
    #[error("{}: expected recordings ({expected}) here or in sub-folders, found none", path.display())]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
        /// The file name endings that the lab reads.
        expected: String,
    },
    /// Recordings, but none that can be used.
    #[error("{}: none of the {count} recordings can be used; the first: {first}", path.display())]
    NoUsableRecording {
        /// The folder.
        path: PathBuf,
        /// How many there were.
        count: usize,
        /// What is wrong with the first of them.
        first: String,
    },
    /// The filters leave nothing.
    #[error(
        "{}: none of the {count} recordings is of the instruments, families and notes asked for{known}",
        path.display()
    )]
    NothingSelected {
        /// The manifest or folder.
        path: PathBuf,
        /// How many there were before filtering.
        count: usize,
        /// The families there are, as the end of the sentence; empty where none is known.
        known: String,
    },
    /// Not audio, or damaged.
    #[error("{}: expected readable audio, got: {reason}", path.display())]
    Undecodable {
        /// The recording.
        path: PathBuf,
        /// The decoder's reason.
        reason: String,
    },
    /// A recording of nothing.
    #[error(
        "{}: the recording is silent: expected a peak above {limit_db} dBFS, got {peak_db:.0} dBFS",
        path.display()
    )]
    Silent {
        /// The recording.
        path: PathBuf,
        /// Its highest sample, in dB of full scale; minus infinity for zeros only.
        peak_db: f32,
        /// What would do.
        limit_db: f32,
    },
    /// A recording of almost nothing.
    #[error("{}: the recording is too short: expected at least {expected} samples of sound, got {got}", path.display())]
    TooShort {
        /// The recording.
        path: PathBuf,
        /// What would do, in samples at the recording's own rate.
        expected: usize,
        /// How many there are from the onset on.
        got: usize,
    },
    /// No manifest names the note and none can be heard.
    #[error("{}: expected a pitched note, found no pitch in the sound and no note in the file's name", path.display())]
    NoPitch {
        /// The recording.
        path: PathBuf,
    },
    /// A note that the models' pitch vectors cannot name.
    #[error("{}: expected a note in {}, got {}", path.display(), encodable(), got.number())]
    NotEncodable {
        /// The recording.
        path: PathBuf,
        /// The note heard.
        got: MidiNote,
    },
    /// A manifest without a column that it needs.
    #[error("{}: expected a column `{column}` in the first line, got `{got}`", manifest.display())]
    ManifestColumn {
        /// The manifest.
        manifest: PathBuf,
        /// The missing column.
        column: &'static str,
        /// The first line.
        got: String,
    },
    /// A row that makes no sense.
    #[error("{}, line {line}: expected {expected}, got {got}", manifest.display())]
    ManifestRow {
        /// The manifest.
        manifest: PathBuf,
        /// Its line, the first being 1.
        line: u64,
        /// What would make sense.
        expected: String,
        /// What is there.
        got: String,
    },
    /// A row about a file that is not there.
    #[error("{}, line {line}: expected a recording at {}, there is no such file", manifest.display(), path.display())]
    MissingRecording {
        /// The manifest.
        manifest: PathBuf,
        /// Its line, the first being 1.
        line: u64,
        /// Where the recording should be.
        path: PathBuf,
    },
    /// Front-end options that contradict each other.
    #[error("{option}: expected {expected}, got {got}")]
    FrontEnd {
        /// The option.
        option: &'static str,
        /// What would make sense.
        expected: String,
        /// What was asked for.
        got: String,
    },
    /// A folder that `lab features` did not make, or not completely.
    #[error("{}: expected a folder made by `lab features`, it has no index.json", path.display())]
    NoIndex {
        /// The folder.
        path: PathBuf,
    },
    /// An index that cannot be understood.
    #[error("{}: expected the index of a feature folder, got: {reason}", path.display())]
    BadIndex {
        /// The index.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// An aligned recording that does not fit its index.
    #[error("{}: expected {expected}, got {got}; run `lab features` again", path.display())]
    BadAligned {
        /// The aligned recording.
        path: PathBuf,
        /// What the index promises.
        expected: String,
        /// What the file has.
        got: String,
    },
}

impl LabError {
    /// Wraps a refusal of the system; `action` reads after "cannot".
    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }
}

/// The range of notes that the pitch vectors can name, as messages say it.
pub(crate) fn encodable() -> String {
    let lowest = usize::from(MidiNote::LOWEST_ENCODED.number());
    format!("{lowest}..={}", lowest + MidiNote::OCTAVES * MidiNote::SEMITONES - 1)
}
