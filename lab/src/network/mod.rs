//! The networks: encoder, lean causal decoder, the networks of 2019 beside them, and the adversary that keeps pitch out
//! of the latent space.

pub mod adversary;
pub mod architecture;
pub mod comb;
pub mod decoder;
pub mod encoder;
pub mod families;
pub mod ops;
pub mod paper;
pub mod parameters;
pub mod partials;

use serde::{Deserialize, Serialize};
use ukulelatent::dsp::mel::MelScale;
use ukulelatent::dsp::stft::FrameGeometry;
use ukulelatent::units::SampleRate;

use crate::front_end::FrontEnd;

pub use adversary::Adversary;
pub use architecture::{AnyDecoder, AnyEncoder, Architecture};
pub use comb::PITCHES;
pub use decoder::Decoder;
pub use encoder::Encoder;
pub use families::FamilyHead;
pub use parameters::Parameters;

/// Sizes of the networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// Which networks: the sizes are the lean ones'.
    pub architecture: Architecture,
    /// Channels of the decoder's frames.
    pub channels: usize,
    /// Width of the vector that tells the decoder what to make.
    pub condition: usize,
    /// Dilation of each of the decoder's blocks.
    pub dilations: Vec<usize>,
    /// Channels of the encoder's frames; a multiple of 8.
    pub encoder_channels: usize,
    /// Spectral resolution of the gate that opens the decoder's comb.
    pub hats: usize,
    /// Partials that the decoder raises one by one; 0 for none.
    pub partials: usize,
    /// Spectra that the decoder makes for a note and raises over time; 0 for none.
    pub spectra: usize,
    /// Whether the decoder has a vector of its own for each pitch, beside the octave's and the semitone's.
    pub pitch_table: bool,
}

impl Default for NetworkConfig {
    /// 1.4 M parameters in the decoder, 74 M multiplications a note of 128 frames.
    fn default() -> Self {
        Self {
            architecture: Architecture::Lean,
            channels: 192,
            condition: 192,
            dilations: vec![1, 2, 4],
            encoder_channels: 128,
            hats: 8,
            partials: 32,
            spectra: 4,
            pitch_table: true,
        }
    }
}

impl NetworkConfig {
    /// Frames before a wanted one that the decoder must see to make it: its receptive field, less one.
    #[must_use]
    pub fn context_frames(&self) -> usize {
        match self.architecture {
            Architecture::Lean => self.dilations.iter().map(|dilation| (decoder::TAPS - 1) * dilation).sum(),
            // Its notes are decoded whole.
            Architecture::Paper => 0,
        }
    }
}

/// What the networks need to know of the front end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Frames of a note.
    pub frames: usize,
    /// The mel filter bank.
    pub mel: MelScale,
    /// FFT size and hop.
    pub geometry: FrameGeometry,
    /// The recordings' rate.
    pub sample_rate: SampleRate,
}

impl Shape {
    /// That of a front end's notes.
    #[must_use]
    pub fn of(front_end: &FrontEnd) -> Self {
        Self {
            frames: front_end.frames,
            mel: front_end.mel,
            geometry: front_end.geometry,
            sample_rate: front_end.sample_rate_hz,
        }
    }

    /// Values of a frame.
    #[must_use]
    pub fn bands(&self) -> usize {
        self.mel.bands
    }
}
