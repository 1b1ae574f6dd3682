//! What `lab new` was asked for, kept in the instrument's folder: the same command goes on, another one is refused.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{NewArgs, Places};
use crate::dataset;
use crate::features::{FrontEnd, INDEX_NAME};
use crate::prepare::RecordingArgs;
use crate::run::{read_json, write_json};
use crate::run_error::RunError;

/// The request, in the instrument's folder.
pub const REQUEST_NAME: &str = "request.json";

/// Everything that decides what is learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    samples: PathBuf,
    manifest: Option<PathBuf>,
    trust_f0: bool,
    families: Vec<String>,
    instruments: Vec<String>,
    low_note: Option<u8>,
    high_note: Option<u8>,
    front_end: FrontEnd,
    config: Option<String>,
    steps: Option<u64>,
    seed: u64,
    /// SHA-256 of the recordings' names and sizes.
    recordings: String,
}

impl Request {
    /// What `args` asks for, of the recordings that are there now.
    ///
    /// # Errors
    /// [`RunError`] if the recordings cannot be listed, or the configuration cannot be read.
    pub fn of(args: &NewArgs) -> Result<Self, RunError> {
        let read =
            |path: &PathBuf| std::fs::read_to_string(path).map_err(RunError::io(path, "read the configuration"));
        let RecordingArgs { manifest, trust_f0, selection, .. } = &args.recordings;
        let work = Places::of(&args.name, &args.out).work;
        let sources = dataset::list(&args.samples, manifest.as_deref(), &work, selection)?;
        let mut hash = Sha256::new();
        for source in &sources {
            let size = std::fs::metadata(&source.path).map_or(0, |data| data.len());
            hash.update(source.file.as_bytes());
            hash.update(size.to_le_bytes());
        }
        let full = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Ok(Self {
            samples: full(&args.samples),
            manifest: manifest.as_deref().map(full),
            trust_f0: *trust_f0,
            families: selection.families.clone(),
            instruments: selection.instruments.clone(),
            low_note: selection.low_note,
            high_note: selection.high_note,
            front_end: super::front_end(args).front_end()?,
            config: args.config.as_ref().map(read).transpose()?,
            steps: args.steps,
            seed: args.seed,
            recordings: hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }

    /// Keeps the request in the instrument's folder, or compares it with the one that is there. Before there are features
    /// nothing is lost by a change of mind.
    ///
    /// # Errors
    /// [`RunError::Unexpected`] that says what differs.
    pub fn keep(&self, places: &Places) -> Result<(), RunError> {
        let path = places.work.join(REQUEST_NAME);
        if path.is_file() && places.features.join(INDEX_NAME).is_file() {
            let earlier: Self = read_json(&path, "the request of an earlier `lab new`")?;
            return if earlier == *self { Ok(()) } else { Err(self.differs_from(&earlier, &path)) };
        }
        std::fs::create_dir_all(&places.work)
            .map_err(RunError::io(&places.work, "make the instrument's folder"))?;
        write_json(&path, self)
    }

    fn differs_from(&self, earlier: &Self, path: &Path) -> RunError {
        let json = |request: &Self| serde_json::to_value(request).unwrap_or_default();
        let (earlier, now) = (json(earlier), json(self));
        let mut differences = Vec::new();
        for (key, value) in earlier.as_object().into_iter().flatten() {
            if now[key] != *value {
                differences.push(format!("{key} {value} became {}", now[key]));
            }
        }
        let expected =
            "the request that this instrument was begun with (choose another name, or remove the folder)";
        RunError::unexpected(path, expected, differences.join(", "))
    }
}
