//! Where the encoder put the notes of the last steps: the adversary learns from these too, since the few notes of one
//! step tell it little.

use std::collections::{HashMap, VecDeque};

use candle_core::{Device, Result, Tensor};
use ukulelatent::model::card::LATENT_DIM;

use crate::latent_map::Point;

const POINTS_KEY: &str = "memory.points";
const PITCHES_KEY: &str = "memory.pitches";

/// Latent points and their pitches, oldest first.
#[derive(Default)]
pub struct Memory {
    points: VecDeque<(Point, u32)>,
}

impl Memory {
    /// Remembers a step's points, `[B, LATENT_DIM]`, and gives back the last ones: `most` of them or, if those are
    /// more, all of the step. No gradient passes through them.
    ///
    /// # Errors
    /// If the points have another shape.
    pub fn with(&mut self, points: &Tensor, pitches: &[u32], most: usize) -> Result<(Tensor, Vec<u32>)> {
        let new = points.flatten_all()?.to_vec1::<f32>()?;
        self.points.extend(new.as_chunks::<LATENT_DIM>().0.iter().copied().zip(pitches.iter().copied()));
        while self.points.len() > most.max(pitches.len()) {
            self.points.pop_front();
        }
        self.all()
    }

    fn all(&self) -> Result<(Tensor, Vec<u32>)> {
        let values: Vec<f32> = self.points.iter().flat_map(|(z, _)| *z).collect();
        let points = Tensor::from_vec(values, (self.points.len(), LATENT_DIM), &Device::Cpu)?;
        Ok((points, self.points.iter().map(|(_, pitch)| *pitch).collect()))
    }

    /// Adds what is remembered to a checkpoint.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn save(&self, tensors: &mut HashMap<String, Tensor>) -> Result<()> {
        if !self.points.is_empty() {
            let (points, pitches) = self.all()?;
            tensors.insert(POINTS_KEY.into(), points);
            tensors.insert(PITCHES_KEY.into(), Tensor::new(pitches, &Device::Cpu)?);
        }
        Ok(())
    }

    /// What [`Memory::save`] left.
    ///
    /// # Errors
    /// For tensors of another kind.
    pub fn load(tensors: &HashMap<String, Tensor>) -> Result<Self> {
        let mut memory = Self::default();
        if let (Some(points), Some(pitches)) = (tensors.get(POINTS_KEY), tensors.get(PITCHES_KEY)) {
            memory.with(points, &pitches.to_vec1()?, usize::MAX)?;
        }
        Ok(memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_points_are_forgotten_and_the_rest_survives_a_checkpoint() {
        let mut memory = Memory::default();
        for step in 0..3u32 {
            let points = Tensor::full(step as f32, (2, LATENT_DIM), &Device::Cpu).unwrap();
            memory.with(&points, &[10 * step, 10 * step + 1], 3).unwrap();
        }
        let mut tensors = HashMap::new();
        memory.save(&mut tensors).unwrap();
        let (points, pitches) = Memory::load(&tensors).unwrap().all().unwrap();
        assert_eq!(pitches, [11, 20, 21]);
        assert_eq!(points.to_vec2::<f32>().unwrap()[0], [1.0; LATENT_DIM]);
    }

    #[test]
    fn a_step_is_never_cut() {
        let points = Tensor::zeros((5, LATENT_DIM), candle_core::DType::F32, &Device::Cpu).unwrap();
        let (all, pitches) = Memory::default().with(&points, &[1, 2, 3, 4, 5], 0).unwrap();
        assert_eq!((all.dims(), pitches.len()), (&[5, LATENT_DIM][..], 5));
    }
}
