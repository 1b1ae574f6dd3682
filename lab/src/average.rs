//! The running average of what a run's steps make: what a finished run is.

use std::collections::HashMap;

use candle_core::{Device, Result, Tensor};

use crate::network::Parameters;
use crate::saved_values::{load_values, save_values};

/// Exponential running average of parameters: what the last few hundred steps agree on.
pub struct Average {
    values: Vec<Vec<f32>>,
    decay: f32,
}

impl Average {
    /// Starts at the parameters' present values.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn new(parameters: &Parameters, decay: f32) -> Result<Self> {
        let values = parameters.iter().map(|(_, v)| v.flatten_all()?.to_vec1()).collect::<Result<_>>()?;
        Ok(Self { values, decay })
    }

    /// Moves towards the parameters' present values; faster at first, when the past is worth little.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn update(&mut self, parameters: &Parameters, step: u64) -> Result<()> {
        let decay = self.decay.min((step + 1) as f32 / (step + 10) as f32);
        for (average, (_, var)) in self.values.iter_mut().zip(parameters.iter()) {
            for (a, v) in average.iter_mut().zip(var.flatten_all()?.to_vec1::<f32>()?) {
                *a += (1.0 - decay) * (v - *a);
            }
        }
        Ok(())
    }

    /// Gives the averages to parameters of the same network.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn copy_to(&self, parameters: &Parameters) -> Result<()> {
        for (average, (_, var)) in self.values.iter().zip(parameters.iter()) {
            var.set(&Tensor::from_slice(average, var.shape(), &Device::Cpu)?)?;
        }
        Ok(())
    }

    /// Adds the averages to `tensors`, under names that begin with `prefix`.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn save(
        &self,
        parameters: &Parameters,
        prefix: &str,
        tensors: &mut HashMap<String, Tensor>,
    ) -> Result<()> {
        save_values(&self.values, parameters, prefix, tensors)
    }

    /// Takes the averages that [`Average::save`] left.
    ///
    /// # Errors
    /// For a missing tensor or one of another shape.
    pub fn load(
        &mut self,
        parameters: &Parameters,
        prefix: &str,
        tensors: &HashMap<String, Tensor>,
    ) -> Result<()> {
        self.values = load_values(parameters, prefix, tensors)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_average_follows_slowly() {
        let mut parameters = Parameters::seeded(1);
        parameters.constant("x", &[1], 0.0).unwrap();
        let mut average = Average::new(&parameters, 0.9).unwrap();
        let (_, var) = parameters.iter().next().unwrap();
        var.set(&Tensor::new(&[1.0f32], &Device::Cpu).unwrap()).unwrap();
        average.update(&parameters, 1000).unwrap();
        assert!((average.values[0][0] - 0.1).abs() < 1e-6);
    }
}
