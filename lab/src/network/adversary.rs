//! The adversary: tries to read the pitch from a latent point, so that the encoder learns to leave it out.

use candle_core::{Device, Result, Tensor};

use super::families::MOST;
use super::parameters::{Linear, Parameters};
use ukulelatent::model::card::LATENT_DIM;

const HIDDEN: usize = 64;
/// The middle of the keyboard, in semitones from A0.
const CENTRE: f32 = 39.0;

/// Guesses pitch from z.
pub struct Adversary {
    layers: [Linear; 3],
    told_family: bool,
}

impl Adversary {
    /// An adversary with fresh parameters, named `adversary.*`. With `told_family` it knows the instrument's family
    /// beside the point: what a family alone says of pitch is then no leak that the encoder could close, and only what
    /// tells notes of one family apart is.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn new(p: &mut Parameters, told_family: bool) -> Result<Self> {
        let inputs = LATENT_DIM + if told_family { MOST } else { 0 };
        Ok(Self {
            told_family,
            layers: [
                p.linear("adversary.0", inputs, HIDDEN)?,
                p.linear("adversary.1", HIDDEN, HIDDEN)?,
                p.linear("adversary.2", HIDDEN, 2)?,
            ],
        })
    }

    /// Mean squared error of its guess of `(t, t^2 - 1)`, where `t` is the pitch in octaves from the middle: the
    /// square makes it see leaks that are no straight line. `z` is `[B, LATENT_DIM]`; `families` are below [`MOST`].
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn error(&self, z: &Tensor, pitches: &[u32], families: &[u32]) -> Result<Tensor> {
        let guess = pitches.iter().flat_map(|&pitch| {
            let t = (pitch as f32 - CENTRE) / 12.0;
            [t, t * t - 1.0]
        });
        let truth = Tensor::from_vec(guess.collect(), (pitches.len(), 2), &Device::Cpu)?;
        let known = if self.told_family { Tensor::cat(&[z, &one_hot(families)?], 1)? } else { z.clone() };
        let h = self.layers[0].forward(&known)?.relu()?;
        let h = self.layers[1].forward(&h)?.relu()?;
        (self.layers[2].forward(&h)? - truth)?.sqr()?.mean_all()
    }
}

/// `[B, MOST]`, 1 at each family's place.
fn one_hot(families: &[u32]) -> Result<Tensor> {
    let mut places = vec![0.0f32; families.len() * MOST];
    for (row, &family) in places.as_chunks_mut::<MOST>().0.iter_mut().zip(families) {
        row[family as usize] = 1.0;
    }
    Tensor::from_vec(places, (families.len(), MOST), &Device::Cpu)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Rule;
    use crate::optimiser::Adam;

    /// What is left of the error when pitch follows from the family, and z says nothing.
    fn learnt(told_family: bool) -> f32 {
        let mut p = Parameters::seeded(1);
        let adversary = Adversary::new(&mut p, told_family).unwrap();
        let z = Tensor::ones((16, LATENT_DIM), candle_core::DType::F32, &Device::Cpu).unwrap();
        let families: Vec<u32> = (0..16).map(|i| i % 2).collect();
        let pitches: Vec<u32> = families.iter().map(|family| 30 + 18 * family).collect();
        let error = || adversary.error(&z, &pitches, &families).unwrap();
        let mut adam = Adam::new(&p, Rule::Adam, 0.0);
        for _ in 0..300 {
            adam.step(&p, &error().backward().unwrap(), 0.01, 1.0).unwrap();
        }
        error().to_scalar::<f32>().unwrap()
    }

    #[test]
    fn what_the_family_says_of_pitch_is_known_only_to_one_that_is_told() {
        assert!(learnt(true) < 0.01);
        assert!(learnt(false) > 0.2);
    }
}
