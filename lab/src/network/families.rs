//! Reads the family of an instrument from a latent point, and is trained together with the encoder: sounds of a kind
//! are to lie together.

use candle_core::{D, Device, Result, Tensor};
use ukulelatent::model::card::LATENT_DIM;

use super::parameters::{Linear, Parameters};

/// Most families that are told apart; further ones share a place.
pub const MOST: usize = 64;
const HIDDEN: usize = 64;

/// Guesses families.
pub struct FamilyHead {
    layers: [Linear; 2],
}

impl FamilyHead {
    /// A head with fresh parameters, named `family.*`.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn new(p: &mut Parameters) -> Result<Self> {
        Ok(Self { layers: [p.linear("family.0", LATENT_DIM, HIDDEN)?, p.linear("family.1", HIDDEN, MOST)?] })
    }

    /// Mean cross-entropy, in nats, of its guesses for `z`, `[B, LATENT_DIM]`, of notes of these families.
    ///
    /// # Errors
    /// If shapes do not fit or a family is beyond [`MOST`].
    pub fn error(&self, z: &Tensor, families: &[u32]) -> Result<Tensor> {
        let truth = Tensor::from_slice(families, (families.len(), 1), &Device::Cpu)?;
        let scores = self.layers[1].forward(&self.layers[0].activated(z)?)?;
        let right = scores.gather(&truth, D::Minus1)?.squeeze(1)?;
        (scores.log_sum_exp(D::Minus1)? - right)?.mean_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Rule;
    use crate::optimiser::Adam;

    #[test]
    fn it_learns_which_side_of_zero_is_whose() {
        let mut p = Parameters::seeded(1);
        let head = FamilyHead::new(&mut p).unwrap();
        let z: Vec<f32> =
            (0..16).flat_map(|i| [if i % 2 == 0 { 1.0 } else { -1.0 }, i as f32 / 8.0, 0.0, 0.0]).collect();
        let z = Tensor::from_vec(z, (16, LATENT_DIM), &Device::Cpu).unwrap();
        let families: Vec<u32> = (0..16).map(|i| 3 + i % 2).collect();
        let error = || head.error(&z, &families).unwrap();
        let before = error().to_scalar::<f32>().unwrap();
        assert!((before - (MOST as f32).ln()).abs() < 1.0, "{before}");
        let mut adam = Adam::new(&p, Rule::Adam, 0.0);
        for _ in 0..200 {
            adam.step(&p, &error().backward().unwrap(), 0.02, 1.0).unwrap();
        }
        let after = error().to_scalar::<f32>().unwrap();
        assert!(after < 0.1, "{before} {after}");
    }
}
