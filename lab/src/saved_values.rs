//! Numbers that belong to each parameter of a network, as tensors of a checkpoint.

use std::collections::HashMap;

use candle_core::{Device, Result, Tensor};

use crate::network::Parameters;

/// Adds `values`, in the order of the parameters, to `tensors`, under their names behind `prefix`.
pub(crate) fn save_values(
    values: &[Vec<f32>],
    parameters: &Parameters,
    prefix: &str,
    tensors: &mut HashMap<String, Tensor>,
) -> Result<()> {
    for (values, (name, var)) in values.iter().zip(parameters.iter()) {
        tensors.insert(format!("{prefix}{name}"), Tensor::from_slice(values, var.shape(), &Device::Cpu)?);
    }
    Ok(())
}

/// What [`save_values`] left.
pub(crate) fn load_values(
    parameters: &Parameters,
    prefix: &str,
    tensors: &HashMap<String, Tensor>,
) -> Result<Vec<Vec<f32>>> {
    let load = |(name, var): (&str, &candle_core::Var)| {
        let key = format!("{prefix}{name}");
        let tensor = find(tensors, &key)?;
        if tensor.shape() != var.shape() {
            candle_core::bail!("tensor {key:?}: expected shape {:?}, got {:?}", var.dims(), tensor.dims());
        }
        tensor.flatten_all()?.to_vec1()
    };
    parameters.iter().map(load).collect()
}

/// The tensor of that name, or an error that names it.
pub(crate) fn find<'a>(tensors: &'a HashMap<String, Tensor>, key: &str) -> Result<&'a Tensor> {
    tensors.get(key).ok_or_else(|| candle_core::Error::Msg(format!("tensor {key:?}: expected it, got none")))
}
