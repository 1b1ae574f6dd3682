//! Which networks a run has, behind one face.

use std::ops::Range;

use candle_core::{Device, Result, Tensor};
use serde::{Deserialize, Serialize};
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::units::MidiNote;

use super::encoder::Encoding;
use super::{Decoder, Encoder, NetworkConfig, Parameters, Shape, paper};
use crate::latent_map::Point;
use crate::material::pitch_of;

/// Kinds of networks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// The lean causal decoder, and an encoder of strided convolutions over frames.
    #[default]
    Lean,
    /// The Wasserstein auto-encoder of 2019, two-dimensional, of 18 million weights. Sizes of `NetworkConfig` do not
    /// change it.
    Paper,
}

/// The encoder of a run.
pub enum AnyEncoder {
    /// [`Architecture::Lean`].
    Lean(Encoder),
    /// [`Architecture::Paper`].
    Paper(paper::Encoder),
}

/// The decoder of a run.
pub enum AnyDecoder {
    /// [`Architecture::Lean`].
    Lean(Decoder),
    /// [`Architecture::Paper`].
    Paper(paper::Decoder),
}

impl AnyEncoder {
    /// Fresh, of the kind that `config` names.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn new(p: &mut Parameters, config: &NetworkConfig, shape: &Shape, variational: bool) -> Result<Self> {
        Ok(match config.architecture {
            Architecture::Lean => Self::Lean(Encoder::new(p, config, shape, variational)?),
            Architecture::Paper => Self::Paper(paper::Encoder::new(p, shape)?),
        })
    }

    /// Latent points `[B, LATENT_DIM]` of `mel` `[B, frames, bands]`, of notes of these pitches.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn forward(&self, mel: &Tensor, pitches: &[u32]) -> Result<Tensor> {
        match self {
            Self::Lean(encoder) => encoder.forward(mel, pitches),
            Self::Paper(encoder) => encoder.forward(mel),
        }
    }

    /// Latent distributions of the same, while learning.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn encode(&self, mel: &Tensor, pitches: &[u32]) -> Result<Encoding> {
        match self {
            Self::Lean(encoder) => encoder.encode(mel, pitches),
            Self::Paper(encoder) => encoder.encode(mel),
        }
    }
}

impl AnyDecoder {
    /// Fresh, of the kind that `config` names.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn new(p: &mut Parameters, config: &NetworkConfig, shape: &Shape) -> Result<Self> {
        Ok(match config.architecture {
            Architecture::Lean => Self::Lean(Decoder::new(p, config, shape)?),
            Architecture::Paper => Self::Paper(paper::Decoder::new(p, shape)?),
        })
    }

    /// Spectrograms `[B, frames, bands]` of points `z` `[B, LATENT_DIM]` at these pitches.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn forward(&self, z: &Tensor, pitches: &[u32], frames: Range<usize>) -> Result<Tensor> {
        match self {
            Self::Lean(decoder) => decoder.forward(z, pitches, frames),
            Self::Paper(decoder) => decoder.forward(z, pitches, frames),
        }
    }

    /// The first `frames` frames of notes, each in one row of numbers, frames x bands.
    ///
    /// # Errors
    /// If there are more frames than the decoder has.
    pub fn decode(&self, notes: &[(Point, MidiNote)], frames: usize) -> Result<Vec<Vec<f32>>> {
        let z: Vec<Point> = notes.iter().map(|(z, _)| *z).collect();
        let z = Tensor::from_slice(z.as_flattened(), (notes.len(), LATENT_DIM), &Device::Cpu)?;
        let pitches: Vec<u32> = notes.iter().map(|(_, note)| pitch_of(*note)).collect();
        let mel = self.forward(&z, &pitches, 0..frames)?;
        let size = mel.elem_count() / notes.len();
        Ok(mel.flatten_all()?.to_vec1::<f32>()?.chunks_exact(size).map(<[f32]>::to_vec).collect())
    }
}
