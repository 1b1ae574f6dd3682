//! Where the encoder put the notes of the last steps: the adversary learns from these too, since the few notes of one
//! step tell it little.

use std::collections::{HashMap, VecDeque};

use candle_core::{Device, Result, Tensor};
use ukulelatent::model::card::LATENT_DIM;

use crate::latent_map::Point;

const POINTS_KEY: &str = "memory.points";
const PITCHES_KEY: &str = "memory.pitches";
const FAMILIES_KEY: &str = "memory.families";

/// Latent points, their pitches and their instruments' families, oldest first.
#[derive(Default)]
pub struct Memory {
    points: VecDeque<(Point, u32, u32)>,
}

/// What is remembered: points `[N, LATENT_DIM]`, and of each the pitch and the family.
pub struct Remembered {
    /// Where the encoder put the notes.
    pub points: Tensor,
    /// Their pitches.
    pub pitches: Vec<u32>,
    /// Their instruments' families.
    pub families: Vec<u32>,
}

impl Memory {
    /// Remembers a step's points, `[B, LATENT_DIM]`, and gives back the last ones: `most` of them or, if those are
    /// more, all of the step. No gradient passes through them.
    ///
    /// # Errors
    /// If the points have another shape.
    pub fn with(&mut self, points: &Tensor, pitches: &[u32], families: &[u32], most: usize) -> Result<Remembered> {
        let new = points.flatten_all()?.to_vec1::<f32>()?;
        let labels = pitches.iter().zip(families);
        let new = new.as_chunks::<LATENT_DIM>().0.iter().zip(labels);
        self.points.extend(new.map(|(&z, (&pitch, &family))| (z, pitch, family)));
        while self.points.len() > most.max(pitches.len()) {
            self.points.pop_front();
        }
        self.all()
    }

    fn all(&self) -> Result<Remembered> {
        let values: Vec<f32> = self.points.iter().flat_map(|(z, ..)| *z).collect();
        Ok(Remembered {
            points: Tensor::from_vec(values, (self.points.len(), LATENT_DIM), &Device::Cpu)?,
            pitches: self.points.iter().map(|(_, pitch, _)| *pitch).collect(),
            families: self.points.iter().map(|(.., family)| *family).collect(),
        })
    }

    /// Adds what is remembered to a checkpoint.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn save(&self, tensors: &mut HashMap<String, Tensor>) -> Result<()> {
        if !self.points.is_empty() {
            let Remembered { points, pitches, families } = self.all()?;
            tensors.insert(POINTS_KEY.into(), points);
            tensors.insert(PITCHES_KEY.into(), Tensor::new(pitches, &Device::Cpu)?);
            tensors.insert(FAMILIES_KEY.into(), Tensor::new(families, &Device::Cpu)?);
        }
        Ok(())
    }

    /// What [`Memory::save`] left.
    ///
    /// # Errors
    /// For tensors of another kind.
    pub fn load(tensors: &HashMap<String, Tensor>) -> Result<Self> {
        let mut memory = Self::default();
        let find = |key| tensors.get(key);
        if let (Some(points), Some(pitches), Some(families)) =
            (find(POINTS_KEY), find(PITCHES_KEY), find(FAMILIES_KEY))
        {
            memory.with(points, &pitches.to_vec1()?, &families.to_vec1()?, usize::MAX)?;
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
            memory.with(&points, &[10 * step, 10 * step + 1], &[step, step + 7], 3).unwrap();
        }
        let mut tensors = HashMap::new();
        memory.save(&mut tensors).unwrap();
        let Remembered { points, pitches, families } = Memory::load(&tensors).unwrap().all().unwrap();
        assert_eq!((pitches, families), (vec![11, 20, 21], vec![8, 2, 9]));
        assert_eq!(points.to_vec2::<f32>().unwrap()[0], [1.0; LATENT_DIM]);
    }

    #[test]
    fn a_step_is_never_cut() {
        let points = Tensor::zeros((5, LATENT_DIM), candle_core::DType::F32, &Device::Cpu).unwrap();
        let all = Memory::default().with(&points, &[1, 2, 3, 4, 5], &[0; 5], 0).unwrap();
        assert_eq!((all.points.dims(), all.pitches.len()), (&[5, LATENT_DIM][..], 5));
    }
}
