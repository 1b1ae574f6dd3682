//! A run's folder: what it was made with, beside its checkpoint, curves and split.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::units::MidiNote;

use crate::axes::Axes;
use crate::checkpoint::{self, write_atomically};
use crate::config::{Regulariser, TrainConfig};
use crate::encoder_graph;
use crate::features::{FeatureSet, FrontEnd};
use crate::graph;
use crate::network::{Adversary, AnyDecoder, AnyEncoder, FamilyHead, NetworkConfig, Parameters, Shape};
use crate::onnx::GraphBuilder;
use crate::paper_graph;
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
    /// The run whose weights it started from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Box<Start>>,
}

/// Another run, and how far it had come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// What it was made with.
    pub run: RunRecord,
    /// Steps it had made.
    pub steps: u64,
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
    /// Of encoder, decoder and what reads families.
    pub parameters: Parameters,
    /// From spectrograms to latent points.
    pub encoder: AnyEncoder,
    /// And back.
    pub decoder: AnyDecoder,
    /// Reads families from latent points, where the loss asks for it.
    pub families: Option<FamilyHead>,
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
        let shape = Shape::of(front_end);
        let mut parameters = Parameters::seeded(config.seed);
        let variational = config.loss.regulariser == Regulariser::Kl;
        let encoder = AnyEncoder::new(&mut parameters, &config.network, &shape, variational)?;
        let decoder = AnyDecoder::new(&mut parameters, &config.network, &shape)?;
        let families = if config.loss.family > 0.0 { Some(FamilyHead::new(&mut parameters)?) } else { None };
        let mut adversary_parameters = Parameters::seeded(config.seed.wrapping_add(1));
        let told = config.loss.adversary_told_family;
        let adversary = Adversary::new(&mut adversary_parameters, told)?;
        Ok(Self { parameters, encoder, decoder, families, adversary_parameters, adversary })
    }

    /// The decoder as an ONNX graph.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn decoder_graph(&self, config: &NetworkConfig) -> Result<GraphBuilder, RunError> {
        Ok(match &self.decoder {
            AnyDecoder::Lean(decoder) => graph::decoder_graph(decoder, config)?,
            AnyDecoder::Paper(decoder) => paper_graph::decoder_graph(decoder)?,
        })
    }

    /// The encoder as an ONNX graph.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn encoder_graph(&self, frames: usize, bands: usize) -> Result<GraphBuilder, RunError> {
        Ok(match &self.encoder {
            AnyEncoder::Lean(encoder) => encoder_graph::encoder_graph(encoder, frames, bands)?,
            AnyEncoder::Paper(encoder) => paper_graph::encoder_graph(encoder, frames, bands)?,
        })
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
            start: None,
        }
    }

    /// The record of a run that starts from the one in `folder`, if one is given.
    ///
    /// # Errors
    /// [`RunError`] if there is no run with a checkpoint.
    pub fn starting_from(mut self, folder: Option<&Path>) -> Result<Self, RunError> {
        if let Some(folder) = folder {
            let (run, steps) = (Self::read(folder)?, steps_made(folder)?.unwrap_or(0));
            self.start = Some(Box::new(Start { run, steps }));
        }
        Ok(self)
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
        self.check_front_end(folder, features)?;
        if self.data_sha256 != features.data_sha256 {
            let expected = format!("features with the hash {}", self.data_sha256);
            return Err(RunError::unexpected(&folder.join(RUN_NAME), expected, &features.data_sha256));
        }
        Ok(())
    }

    /// Whether `features` are what the run's networks can be given, of whatever recordings.
    ///
    /// # Errors
    /// [`RunError::Unexpected`] that says what differs.
    pub fn check_front_end(&self, folder: &Path, features: &FeatureSet) -> Result<(), RunError> {
        if self.front_end != features.front_end {
            let json = |f: &FrontEnd| serde_json::to_string(f).unwrap_or_default();
            let expected = format!("features with the front end {}", json(&self.front_end));
            return Err(RunError::unexpected(&folder.join(RUN_NAME), expected, json(&features.front_end)));
        }
        Ok(())
    }

    /// The run's networks with the averaged weights of its checkpoint, turned to its axes, and these; and the steps
    /// made.
    ///
    /// # Errors
    /// [`RunError`] for a missing or damaged checkpoint, or damaged axes.
    pub fn trained(&self, folder: &Path) -> Result<(Networks, Axes, u64), RunError> {
        let (networks, steps) = self.as_trained(folder)?;
        let axes = Axes::find(folder, steps)?;
        axes.transform.fold_into(&networks.parameters)?;
        Ok((networks, axes, steps))
    }

    /// The run's networks with the averaged weights of its checkpoint, in the coordinates of training, and the steps
    /// made.
    ///
    /// # Errors
    /// [`RunError`] for a missing or damaged checkpoint.
    pub fn as_trained(&self, folder: &Path) -> Result<(Networks, u64), RunError> {
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

/// The steps that the checkpoint in a run's folder has made; `None` if it has no checkpoint.
///
/// # Errors
/// [`RunError`] for a damaged checkpoint.
pub fn steps_made(folder: &Path) -> Result<Option<u64>, RunError> {
    let Some(tensors) = checkpoint::load(folder)? else { return Ok(None) };
    let steps = tensors.get("step").map(|step| step.to_vec1::<i64>()).transpose()?;
    Ok(Some(steps.and_then(|steps| steps.first().map(|&s| s as u64)).unwrap_or(0)))
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
