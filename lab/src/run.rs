//! A run's folder: what it was made with, beside its checkpoint, curves and split.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::units::MidiNote;

use crate::checkpoint::{self, write_atomically};
use crate::config::{Regulariser, TrainConfig};
use crate::features::{FeatureSet, FrontEnd};
use crate::network::{Adversary, Decoder, Encoder, Parameters, Shape};
use crate::run_error::RunError;

/// What a run was made with, in its folder.
pub const RUN_NAME: &str = "run.json";
/// Its split, in its folder.
pub const SPLIT_NAME: &str = "split.json";
/// Where its training notes lie in the latent space, in its folder.
pub const LATENTS_NAME: &str = "latents.json";
/// Names of the averaged weights in a checkpoint begin with this.
pub const AVERAGE_PREFIX: &str = "average.";

/// [`RUN_NAME`]: all that decides what a run learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The configuration, seed included.
    pub config: TrainConfig,
    /// SHA-256 of the recordings.
    pub data_sha256: String,
    /// What their features are.
    pub front_end: FrontEnd,
    /// The lab that started the run.
    pub program: String,
}

/// Where a training note lies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latent {
    /// The recording.
    pub file: String,
    /// Its instrument.
    pub instrument: String,
    /// Its family.
    pub family: String,
    /// Its note.
    pub note: MidiNote,
    /// Its latent point.
    pub z: [f32; LATENT_DIM],
}

/// All networks of a run.
pub struct Networks {
    /// Of encoder and decoder.
    pub parameters: Parameters,
    /// From spectrograms to latent points.
    pub encoder: Encoder,
    /// And back.
    pub decoder: Decoder,
    /// Of the adversary.
    pub adversary_parameters: Parameters,
    /// Reads pitch from latent points.
    pub adversary: Adversary,
}

impl Networks {
    /// Fresh networks.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn new(config: &TrainConfig, front_end: &FrontEnd) -> Result<Self, RunError> {
        let shape = Shape {
            frames: front_end.frames,
            mel: front_end.mel,
            geometry: front_end.geometry,
            sample_rate: front_end.sample_rate_hz,
        };
        let mut parameters = Parameters::seeded(config.seed);
        let encoder =
            Encoder::new(&mut parameters, &config.network, &shape, config.loss.regulariser == Regulariser::Kl)?;
        let decoder = Decoder::new(&mut parameters, &config.network, &shape)?;
        let mut adversary_parameters = Parameters::seeded(config.seed.wrapping_add(1));
        let adversary = Adversary::new(&mut adversary_parameters)?;
        Ok(Self { parameters, encoder, decoder, adversary_parameters, adversary })
    }
}

impl RunRecord {
    /// What a new run on `features` is made with.
    #[must_use]
    pub fn new(config: TrainConfig, features: &FeatureSet) -> Self {
        Self {
            config,
            data_sha256: features.data_sha256.clone(),
            front_end: features.front_end.clone(),
            program: format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        }
    }

    /// Reads a run's record; `None` if the folder has none.
    ///
    /// # Errors
    /// [`RunError`] for a file that is none.
    pub fn find(folder: &Path) -> Result<Option<Self>, RunError> {
        let path = folder.join(RUN_NAME);
        if path.is_file() { read_json(&path, "the record of a run").map(Some) } else { Ok(None) }
    }

    /// Reads a run's record.
    ///
    /// # Errors
    /// [`RunError`] for a folder without one.
    pub fn read(folder: &Path) -> Result<Self, RunError> {
        let none = || RunError::unexpected(folder, "a folder made by `lab train`", format!("no {RUN_NAME}"));
        Self::find(folder)?.ok_or_else(none)
    }

    /// Whether `features` are what the run in `folder` was trained on.
    ///
    /// # Errors
    /// [`RunError::Unexpected`] that says what differs.
    pub fn check_features(&self, folder: &Path, features: &FeatureSet) -> Result<(), RunError> {
        let differ = |what: &str, expected: String, got: String| {
            Err(RunError::unexpected(&folder.join(RUN_NAME), format!("features with {what} {expected}"), got))
        };
        if self.front_end != features.front_end {
            let json = |f: &FrontEnd| serde_json::to_string(f).unwrap_or_default();
            return differ("the front end", json(&self.front_end), json(&features.front_end));
        }
        if self.data_sha256 != features.data_sha256 {
            return differ("the hash", self.data_sha256.clone(), features.data_sha256.clone());
        }
        Ok(())
    }

    /// The run's networks with the averaged weights of its checkpoint, and the steps made.
    ///
    /// # Errors
    /// [`RunError`] for a missing or damaged checkpoint.
    pub fn trained(&self, folder: &Path) -> Result<(Networks, u64), RunError> {
        let path = folder.join(checkpoint::CHECKPOINT_NAME);
        let expected = "a checkpoint written by `lab train`";
        let tensors =
            checkpoint::load(folder)?.ok_or_else(|| RunError::unexpected(&path, expected, "no such file"))?;
        let networks = Networks::new(&self.config, &self.front_end)?;
        let broken = |e: candle_core::Error| RunError::unexpected(&path, expected, e);
        networks.parameters.load(&tensors, AVERAGE_PREFIX).map_err(broken)?;
        let steps =
            tensors.get("step").ok_or_else(|| RunError::unexpected(&path, expected, "no tensor `step`"))?;
        let steps = steps.to_vec1::<i64>().map_err(broken)?;
        Ok((networks, steps.first().map_or(0, |&s| s as u64)))
    }
}

/// Writes a value as JSON, atomically.
///
/// # Errors
/// [`RunError::Io`] if the system refuses.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), RunError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|e| RunError::unexpected(path, "a value with a JSON form", e))?;
    write_atomically(path, |new| fs::write(new, text).map_err(RunError::io(new, "write the file")))
}

/// Reads a value from JSON.
///
/// # Errors
/// [`RunError`] for a file that is not `expected`.
pub fn read_json<T: DeserializeOwned>(path: &Path, expected: &str) -> Result<T, RunError> {
    let text = fs::read_to_string(path).map_err(RunError::io(path, "read the file"))?;
    serde_json::from_str(&text).map_err(|e| RunError::unexpected(path, expected, e))
}
