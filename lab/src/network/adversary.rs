//! The adversary: tries to read the pitch from a latent point, so that the encoder learns to leave it out.

use candle_core::{Device, Result, Tensor};

use super::parameters::{Linear, Parameters};
use ukulelatent::model::card::LATENT_DIM;

const HIDDEN: usize = 64;
/// The middle of the keyboard, in semitones from A0.
const CENTRE: f32 = 39.0;

/// Guesses pitch from z.
pub struct Adversary {
    layers: [Linear; 3],
}

impl Adversary {
    /// An adversary with fresh parameters, named `adversary.*`.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn new(p: &mut Parameters) -> Result<Self> {
        Ok(Self {
            layers: [
                p.linear("adversary.0", LATENT_DIM, HIDDEN)?,
                p.linear("adversary.1", HIDDEN, HIDDEN)?,
                p.linear("adversary.2", HIDDEN, 2)?,
            ],
        })
    }

    /// Mean squared error of its guess of `(t, t^2 - 1)`, where `t` is the pitch in octaves from the middle: the
    /// square makes it see leaks that are no straight line. `z` is `[B, LATENT_DIM]`.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn error(&self, z: &Tensor, pitches: &[u32]) -> Result<Tensor> {
        let guess = pitches.iter().flat_map(|&pitch| {
            let t = (pitch as f32 - CENTRE) / 12.0;
            [t, t * t - 1.0]
        });
        let truth = Tensor::from_vec(guess.collect(), (pitches.len(), 2), &Device::Cpu)?;
        let h = self.layers[0].forward(z)?.relu()?;
        let h = self.layers[1].forward(&h)?.relu()?;
        (self.layers[2].forward(&h)? - truth)?.sqr()?.mean_all()
    }
}
