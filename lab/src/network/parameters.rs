//! Named trainable tensors and the layers made of them.

use std::collections::{BTreeMap, HashMap};

use candle_core::{D, Device, Result, Tensor, Var};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::ops::bias_leaky;

/// Slope of the networks' activation below zero.
pub const LEAK: f32 = 0.1;

/// Trainable tensors by name, in the order of their names: the one order in which an optimiser, a checkpoint and
/// an export see them.
pub struct Parameters {
    vars: BTreeMap<String, Var>,
    rng: ChaCha8Rng,
}

impl Parameters {
    /// None yet; their first values will come from `seed`.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self { vars: BTreeMap::new(), rng: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Var)> {
        self.vars.iter().map(|(name, var)| (name.as_str(), var))
    }

    /// Total number of trainable numbers.
    #[must_use]
    pub fn count(&self) -> usize {
        self.vars.values().map(|v| v.elem_count()).sum()
    }

    /// Takes all values from `tensors`, under the names `prefix` + own name.
    ///
    /// # Errors
    /// For a missing tensor or one of another shape.
    pub fn load(&self, tensors: &HashMap<String, Tensor>, prefix: &str) -> Result<()> {
        for (name, var) in &self.vars {
            let key = format!("{prefix}{name}");
            let Some(tensor) = tensors.get(&key) else {
                candle_core::bail!("tensor {key:?}: expected shape {:?}, got none", var.dims());
            };
            if tensor.shape() != var.shape() {
                candle_core::bail!("tensor {key:?}: expected shape {:?}, got {:?}", var.dims(), tensor.dims());
            }
            var.set(tensor)?;
        }
        Ok(())
    }

    /// Takes the values of those tensors that are there in the same shape, under the names `prefix` + own name; says
    /// how many.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn load_fitting(&self, tensors: &HashMap<String, Tensor>, prefix: &str) -> Result<usize> {
        let mut fitting = 0;
        for (name, var) in &self.vars {
            if let Some(tensor) = tensors.get(&format!("{prefix}{name}")).filter(|t| t.shape() == var.shape()) {
                var.set(tensor)?;
                fitting += 1;
            }
        }
        Ok(fitting)
    }

    /// A new tensor of numbers between `-bound` and `bound`.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn uniform(&mut self, name: &str, shape: &[usize], bound: f32) -> Result<Tensor> {
        let rng = &mut self.rng;
        let values = (0..shape.iter().product()).map(|_| rng.random_range(-bound..=bound)).collect();
        self.insert(name, shape, values)
    }

    /// A new tensor of normally distributed numbers.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn normal(&mut self, name: &str, shape: &[usize], deviation: f32) -> Result<Tensor> {
        let rng = &mut self.rng;
        let values =
            (0..shape.iter().product()).map(|_| deviation * rng.sample::<f32, _>(StandardNormal)).collect();
        self.insert(name, shape, values)
    }

    /// A new tensor of equal numbers.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn constant(&mut self, name: &str, shape: &[usize], value: f32) -> Result<Tensor> {
        self.insert(name, shape, vec![value; shape.iter().product()])
    }

    /// A fully connected layer, drawn as wide as the reciprocal root of its inputs.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn linear(&mut self, name: &str, inputs: usize, outputs: usize) -> Result<Linear> {
        self.scaled_linear(name, inputs, outputs, 1.0)
    }

    /// The same, its first weights times `scale`.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn scaled_linear(&mut self, name: &str, inputs: usize, outputs: usize, scale: f32) -> Result<Linear> {
        let bound = (inputs as f32).sqrt().recip();
        Ok(Linear {
            weight: self.uniform(&format!("{name}.weight"), &[inputs, outputs], bound * scale)?,
            bias: self.uniform(&format!("{name}.bias"), &[outputs], bound * scale)?,
        })
    }

    /// A fully connected layer with a bias only at first: its weights are zero.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn closed_linear(&mut self, name: &str, inputs: usize, outputs: usize, bias: f32) -> Result<Linear> {
        Ok(Linear {
            weight: self.constant(&format!("{name}.weight"), &[inputs, outputs], 0.0)?,
            bias: self.constant(&format!("{name}.bias"), &[outputs], bias)?,
        })
    }

    /// A new tensor of the given numbers.
    ///
    /// # Errors
    /// If there are not as many as the shape says.
    pub fn given(&mut self, name: &str, shape: &[usize], values: Vec<f32>) -> Result<Tensor> {
        self.insert(name, shape, values)
    }

    /// Numbers that no gradient reaches: they are saved and averaged with the rest, and their owner sets them.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn buffer(&mut self, name: &str, len: usize, value: f32) -> Result<Var> {
        self.constant(name, &[len], value)?;
        Ok(self.vars[name].clone())
    }

    fn insert(&mut self, name: &str, shape: &[usize], values: Vec<f32>) -> Result<Tensor> {
        let var = Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu)?)?;
        let tensor = var.as_tensor().clone();
        assert!(self.vars.insert(name.to_owned(), var).is_none(), "two parameters named {name}");
        Ok(tensor)
    }
}

/// The networks' activation, a leaky ReLU.
///
/// # Errors
/// None in practice; candle's.
pub fn leaky(x: &Tensor) -> Result<Tensor> {
    bias_leaky(x, &Tensor::zeros(x.dim(D::Minus1)?, x.dtype(), x.device())?, LEAK)
}

/// `y = x W + b`.
pub struct Linear {
    /// `[inputs, outputs]`.
    pub weight: Tensor,
    /// `[outputs]`.
    pub bias: Tensor,
}

impl Linear {
    /// `x` is `[.., inputs]`.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.with_slope(x, 1.0)
    }

    /// The layer and the networks' activation, a leaky ReLU.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn activated(&self, x: &Tensor) -> Result<Tensor> {
        self.with_slope(x, LEAK)
    }

    /// The layer without its bias.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn weigh(&self, x: &Tensor) -> Result<Tensor> {
        let (inputs, outputs) = self.weight.dims2()?;
        let mut shape = x.dims().to_vec();
        if let Some(last) = shape.last_mut() {
            *last = outputs;
        }
        x.reshape(((), inputs))?.matmul(&self.weight)?.reshape(shape)
    }

    fn with_slope(&self, x: &Tensor, slope: f32) -> Result<Tensor> {
        bias_leaky(&self.weigh(x)?, &self.bias, slope)
    }
}
