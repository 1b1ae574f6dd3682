//! Adam and Muon with a clipped gradient.

use std::collections::HashMap;

use candle_core::backprop::GradStore;
use candle_core::{Device, Result, Tensor};

use crate::config::Rule;
use crate::network::Parameters;
use crate::saved_values::{find, load_values, save_values};

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// Muon's memory of past gradients.
const MOMENTUM: f32 = 0.95;
/// A step of Muon is made as long as Adam's usually are: this much of the rate in each weight (Liu et al., 2025).
const MUON_SCALE: f32 = 0.2;
/// Narrower matrices are left to Adam.
const MUON_LEAST: usize = 64;

/// State of Adam (Kingma & Ba, 2015) for one set of parameters, in their order; for those that [`Rule::Muon`] takes
/// over, of Muon.
pub struct Adam {
    rule: Rule,
    first: Vec<Vec<f32>>,
    second: Vec<Vec<f32>>,
    weight_decay: f32,
    steps: i32,
}

/// Muon is for matrices inside a network: not for its first and last layers, nor for tables.
fn takes_muon(name: &str, shape: &[usize]) -> bool {
    let inside = name.ends_with(".weight")
        && !["encoder.entry", "decoder.out", "decoder.made"].iter().any(|n| name.starts_with(n));
    inside && shape.len() == 2 && shape.iter().all(|&n| n >= MUON_LEAST)
}

/// Whether weight decay holds for a parameter: biases, scales and positions keep their size.
fn decays(name: &str) -> bool {
    name.ends_with(".weight") || name.ends_with("pitch_table") || name.ends_with("_pitch")
}

/// The nearest matrix whose singular values are all near 1 (Newton-Schulz iteration with the quintic of Jordan,
/// 2024), of `[rows, columns]` numbers.
fn orthogonalised(values: Vec<f32>, shape: &[usize]) -> Result<Tensor> {
    let mut x = Tensor::from_vec(values, shape, &Device::Cpu)?;
    let length = x.sqr()?.sum_all()?.to_scalar::<f32>()?.sqrt();
    x = (x / f64::from(length + EPSILON))?;
    // Squares of the shorter side.
    let tall = shape[0] > shape[1];
    for _ in 0..5 {
        let a = if tall { x.t()?.matmul(&x)? } else { x.matmul(&x.t()?)? };
        let b = ((&a * -4.7750)? + (a.matmul(&a)? * 2.0315)?)?;
        let change = if tall { x.matmul(&b)? } else { b.matmul(&x)? };
        x = ((x * 3.4445)? + change)?;
    }
    Ok(x)
}

/// The gradient of each parameter, in their order; parameters that the loss does not reach have none.
fn gradients(parameters: &Parameters, store: &GradStore) -> Result<Vec<Option<Vec<f32>>>> {
    let numbers = |g: &Tensor| g.flatten_all()?.to_vec1::<f32>();
    parameters.iter().map(|(_, var)| store.get(var.as_tensor()).map(numbers).transpose()).collect()
}

impl Adam {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(parameters: &Parameters, rule: Rule, weight_decay: f32) -> Self {
        let zeros = || parameters.iter().map(|(_, var)| vec![0.0; var.elem_count()]).collect();
        Self { rule, first: zeros(), second: zeros(), weight_decay, steps: 0 }
    }

    /// One step along `store`'s gradients, cut to length `clip` if they are longer.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn step(&mut self, parameters: &Parameters, store: &GradStore, rate: f64, clip: f32) -> Result<()> {
        self.steps += 1;
        let gradients = gradients(parameters, store)?;
        let square = |g: &Vec<f32>| g.iter().map(|g| f64::from(g * g)).sum::<f64>();
        let length = gradients.iter().flatten().map(square).sum::<f64>().sqrt() as f32;
        let scale = if length > clip { clip / length } else { 1.0 };
        let (unbias_1, unbias_2) = (1.0 - BETA_1.powi(self.steps), 1.0 - BETA_2.powi(self.steps));
        let (muon_rate, rate) = (rate as f32, rate as f32 / unbias_1);
        for (i, ((name, var), gradient)) in parameters.iter().zip(gradients).enumerate() {
            let Some(gradient) = gradient else { continue };
            // Loshchilov & Hutter, 2019: apart from the gradient, or its own size would hide it.
            let kept = if decays(name) { 1.0 - self.weight_decay * muon_rate } else { 1.0 };
            if self.rule == Rule::Muon && takes_muon(name, var.dims()) {
                let scaled = gradient.iter().map(|g| g * scale);
                for (first, g) in self.first[i].iter_mut().zip(scaled.clone()) {
                    *first = MOMENTUM * *first + (1.0 - MOMENTUM) * g;
                }
                let ahead = scaled.zip(&self.first[i]).map(|(g, m)| MOMENTUM * m + (1.0 - MOMENTUM) * g);
                let direction = orthogonalised(ahead.collect(), var.dims())?;
                let longest = var.dims().iter().max().map_or(0.0, |&n| n as f32);
                let step = (direction * f64::from(muon_rate * MUON_SCALE * longest.sqrt()))?;
                var.set(&((var.as_tensor() * f64::from(kept))? - step)?)?;
                continue;
            }
            let mut values = var.flatten_all()?.to_vec1::<f32>()?;
            let moments = self.first[i].iter_mut().zip(&mut self.second[i]);
            for ((value, gradient), (first, second)) in values.iter_mut().zip(gradient).zip(moments) {
                let g = gradient * scale;
                *first = BETA_1 * *first + (1.0 - BETA_1) * g;
                *second = BETA_2 * *second + (1.0 - BETA_2) * g * g;
                *value = kept * *value - rate * *first / ((*second / unbias_2).sqrt() + EPSILON);
            }
            var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu)?)?;
        }
        Ok(())
    }

    /// Adds the state to `tensors`, under names that begin with `prefix`.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn save(
        &self,
        parameters: &Parameters,
        prefix: &str,
        tensors: &mut HashMap<String, Tensor>,
    ) -> Result<()> {
        for (moment, values) in [("first", &self.first), ("second", &self.second)] {
            save_values(values, parameters, &format!("{prefix}{moment}."), tensors)?;
        }
        tensors.insert(format!("{prefix}steps"), Tensor::new(&[i64::from(self.steps)], &Device::Cpu)?);
        Ok(())
    }

    /// Takes the state that [`Adam::save`] left.
    ///
    /// # Errors
    /// For a missing tensor or one of another shape.
    pub fn load(
        &mut self,
        parameters: &Parameters,
        prefix: &str,
        tensors: &HashMap<String, Tensor>,
    ) -> Result<()> {
        self.first = load_values(parameters, &format!("{prefix}first."), tensors)?;
        self.second = load_values(parameters, &format!("{prefix}second."), tensors)?;
        let steps = find(tensors, &format!("{prefix}steps"))?.to_vec1::<i64>()?;
        self.steps = steps.first().map_or(0, |&s| s as i32);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adam_finds_the_bottom_of_a_bowl() {
        let mut parameters = Parameters::seeded(1);
        let x = parameters.uniform("x", &[3], 1.0).unwrap();
        let target = Tensor::new(&[1.0f32, -2.0, 3.0], &Device::Cpu).unwrap();
        let mut adam = Adam::new(&parameters, Rule::Adam, 0.0);
        let error = || (&x - &target).unwrap().sqr().unwrap().sum_all().unwrap();
        for _ in 0..400 {
            let store = error().backward().unwrap();
            adam.step(&parameters, &store, 0.05, 10.0).unwrap();
        }
        assert!(error().to_scalar::<f32>().unwrap() < 1e-3);
    }

    #[test]
    fn weights_decay_and_biases_do_not() {
        let mut parameters = Parameters::seeded(1);
        let all = ["x.weight", "x.bias"].map(|name| parameters.constant(name, &[1], 1.0).unwrap());
        let mut adam = Adam::new(&parameters, Rule::Adam, 0.5);
        // Next to no slope; with none, the loss would not reach them.
        let flat = ((&all[0] + &all[1]).unwrap() * 1e-20).unwrap().sum_all().unwrap();
        adam.step(&parameters, &flat.backward().unwrap(), 0.1, 1.0).unwrap();
        let values = all.map(|x| x.to_vec1::<f32>().unwrap()[0]);
        assert!((values[0] - 0.95).abs() < 1e-6 && values[1] == 1.0, "{values:?}");
    }

    #[test]
    fn muon_makes_all_singular_values_alike() {
        let (rows, columns) = (6, 9);
        let values: Vec<f32> = (0..rows * columns).map(|i| ((i * i * 7 + 3) % 23) as f32 - 11.0).collect();
        for shape in [[rows, columns], [columns, rows]] {
            let x = orthogonalised(values.clone(), &shape).unwrap();
            let wide = if shape[0] < shape[1] { x } else { x.t().unwrap().contiguous().unwrap() };
            let gram = wide.matmul(&wide.t().unwrap()).unwrap().to_vec2::<f32>().unwrap();
            for (i, row) in gram.iter().enumerate() {
                for (j, value) in row.iter().enumerate() {
                    let want = if i == j { 1.0 } else { 0.0 };
                    assert!((value - want).abs() < 0.5, "{shape:?} {i} {j}: {value}");
                }
            }
        }
    }

    #[test]
    fn muon_steps_down() {
        let mut parameters = Parameters::seeded(1);
        let x = parameters.uniform("x.weight", &[MUON_LEAST, MUON_LEAST], 1.0).unwrap();
        let mut muon = Adam::new(&parameters, Rule::Muon, 0.0);
        let error = || x.sqr().unwrap().mean_all().unwrap();
        let before = error().to_scalar::<f32>().unwrap();
        for _ in 0..150 {
            let store = error().backward().unwrap();
            muon.step(&parameters, &store, 0.05, 10.0).unwrap();
        }
        assert!(muon.second[0].iter().all(|&s| s == 0.0), "Adam had no hand in it");
        // Fifty steps move each singular value by 4, of some 9 at most.
        assert!(error().to_scalar::<f32>().unwrap() < 0.5 * before);
    }
}
