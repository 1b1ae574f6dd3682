//! The encoder: from a mel-spectrogram and its pitch to a latent point.

use candle_core::{Device, Result, Tensor};

use super::comb::PITCHES;
use super::ops::{group_norm_leaky, normalise_modulate, shifted_frames, unfold};
use super::parameters::{LEAK, Linear, Parameters, leaky};
use super::{NetworkConfig, Shape};
use ukulelatent::model::card::LATENT_DIM;

/// Taps of each strided convolution.
pub(crate) const TAPS: usize = 5;
/// Halvings of the frame rate.
const STAGES: usize = 4;
/// Groups of channels that are normalised together.
pub(crate) const GROUPS: usize = 8;
const HEAD: usize = 256;
/// The latent points must not start on one spot, or the divergence keeps them there.
const HEAD_SCALE: f32 = 3.0;

/// Narrow at first, so that the decoder learns to listen before the divergence widens them.
const FIRST_LOG_VARIANCE: f32 = -4.0;

/// From a mel-spectrogram to a latent point. It is told the pitch, so that it need not spend the latent space on it.
pub struct Encoder {
    pub(crate) entry: Linear,
    pub(crate) entry_pitch: Tensor,
    pub(crate) stages: Vec<Stage>,
    pub(crate) head: Linear,
    pub(crate) head_pitch: Tensor,
    pub(crate) head_norm: [Tensor; 2],
    pub(crate) mean: Linear,
    log_variance: Option<Linear>,
}

/// A note's distribution in the latent space.
pub struct Encoding {
    /// `[B, LATENT_DIM]`.
    pub mean: Tensor,
    /// The same shape; `None` if the encoder says points.
    pub log_variance: Option<Tensor>,
}

/// Halves the frame rate.
pub struct Stage {
    pub(crate) convolution: Linear,
    pub(crate) norm: [Tensor; 2],
}

impl Encoder {
    /// An encoder with fresh parameters, named `encoder.*`; `variational` if it is to say distributions.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn new(
        parameters: &mut Parameters,
        config: &NetworkConfig,
        shape: &Shape,
        variational: bool,
    ) -> Result<Self> {
        let p = parameters;
        let c = config.encoder_channels;
        let frames = (0..STAGES).fold(shape.frames, |frames, _| frames.div_ceil(2));
        let stage = |p: &mut Parameters, i: usize| -> Result<Stage> {
            let name = format!("encoder.stages.{i}");
            Ok(Stage {
                convolution: p.linear(&name, TAPS * c, c)?,
                norm: [
                    p.constant(&format!("{name}.norm.scale"), &[c], 1.0)?,
                    p.constant(&format!("{name}.norm.shift"), &[c], 0.0)?,
                ],
            })
        };
        Ok(Self {
            entry: p.linear("encoder.entry", shape.bands(), c)?,
            entry_pitch: p.constant("encoder.entry_pitch", &[PITCHES, c], 0.0)?,
            stages: (0..STAGES).map(|i| stage(p, i)).collect::<Result<_>>()?,
            head: p.linear("encoder.head", frames * c, HEAD)?,
            head_pitch: p.constant("encoder.head_pitch", &[PITCHES, HEAD], 0.0)?,
            head_norm: [
                p.constant("encoder.head_norm.scale", &[HEAD], 1.0)?,
                p.constant("encoder.head_norm.shift", &[HEAD], 0.0)?,
            ],
            mean: p.scaled_linear("encoder.mean", HEAD, LATENT_DIM, HEAD_SCALE)?,
            log_variance: if variational {
                Some(p.closed_linear("encoder.log_variance", HEAD, LATENT_DIM, FIRST_LOG_VARIANCE)?)
            } else {
                None
            },
        })
    }

    /// Latent points `[B, LATENT_DIM]` of `mel` `[B, frames, bands]`, values in [-1, 1]; `pitches` counts
    /// semitones from A0, one a note.
    ///
    /// # Errors
    /// If shapes do not fit or a pitch is none of [`PITCHES`].
    pub fn forward(&self, mel: &Tensor, pitches: &[u32]) -> Result<Tensor> {
        self.mean.forward(&self.features(mel, pitches)?)
    }

    /// Latent distributions of what [`Encoder::forward`] takes.
    ///
    /// # Errors
    /// If shapes do not fit or a pitch is none of [`PITCHES`].
    pub fn encode(&self, mel: &Tensor, pitches: &[u32]) -> Result<Encoding> {
        let features = self.features(mel, pitches)?;
        let log_variance = self.log_variance.as_ref().map(|layer| layer.forward(&features)).transpose()?;
        Ok(Encoding { mean: self.mean.forward(&features)?, log_variance })
    }

    /// `[B, HEAD]`.
    fn features(&self, mel: &Tensor, pitches: &[u32]) -> Result<Tensor> {
        let notes = pitches.len();
        let index = Tensor::from_slice(pitches, notes, &Device::Cpu)?;
        // Silence must be zero: most of the input is silent.
        let x = self.entry.activated(&(mel + 1.0)?)?;
        let mut x = shifted_frames(&x, &self.entry_pitch.index_select(&index, 0)?)?;
        for stage in &self.stages {
            x = stage.forward(&x)?;
        }
        let h = self.head.forward(&x.flatten_from(1)?)?;
        let h = (h + self.head_pitch.index_select(&index, 0)?)?;
        let rows = |t: &Tensor| t.broadcast_as((notes, HEAD))?.contiguous();
        let h = normalise_modulate(&h.unsqueeze(1)?, &rows(&self.head_norm[0])?, &rows(&self.head_norm[1])?)?;
        leaky(&h.squeeze(1)?)
    }
}

impl Stage {
    /// `[B, T, C]` to `[B, ceil(T / 2), C]`.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.convolution.forward(&unfold(x, TAPS, 2)?)?;
        group_norm_leaky(&y, &self.norm[0], &self.norm[1], GROUPS, LEAK)
    }
}
