//! Fused operations with hand-written gradients.
//!
//! candle has the same mathematics as chains of small operations, each of which reads and writes the whole batch
//! and leaves a zero-filled gradient behind. A training step is bound by that traffic, so what belongs together
//! is one pass here. Every gradient is checked against finite differences in the tests.
//!
//! Shapes: `B` notes, `T` frames, `C` channels, channels last. All tensors are f32, contiguous, on the CPU.

mod activation;
mod bumps;
mod convolution;
mod depthwise;
mod group_norm;
mod modulate;
mod product;
mod unfold;

pub use activation::{bias_leaky, mean_squared_error, sum_tanh};
pub use bumps::bumps;
pub use convolution::convolution;
pub use depthwise::depthwise_causal;
pub use group_norm::{GROUP_EPSILON, group_norm_leaky};
pub use modulate::{NORM_EPSILON, modulated_rows, normalise_modulate, shifted_frames};
pub use unfold::unfold;

use std::ops::Deref;

use candle_core::{CpuStorage, Device, Layout, Result, Shape, Storage, Tensor};

/// The numbers of an operation's input.
fn numbers<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let (start, end) = layout
        .contiguous_offsets()
        .ok_or_else(|| candle_core::Error::Msg("a fused operation needs contiguous tensors".into()))?;
    Ok(&storage.as_slice::<f32>()?[start..end])
}

/// A tensor's numbers, borrowed for a gradient.
struct Borrowed<G> {
    storage: G,
    start: usize,
    end: usize,
}

fn borrow(tensor: &Tensor) -> Result<Borrowed<impl Deref<Target = Storage>>> {
    let (storage, layout) = tensor.storage_and_layout();
    let (start, end) = layout
        .contiguous_offsets()
        .ok_or_else(|| candle_core::Error::Msg("a fused operation needs contiguous tensors".into()))?;
    match &*storage {
        Storage::Cpu(CpuStorage::F32(_)) => Ok(Borrowed { storage, start, end }),
        _ => candle_core::bail!("a fused operation needs f32 tensors on the CPU"),
    }
}

impl<G: Deref<Target = Storage>> Deref for Borrowed<G> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match &*self.storage {
            Storage::Cpu(CpuStorage::F32(values)) => &values[self.start..self.end],
            _ => unreachable!("checked when it was borrowed"),
        }
    }
}

fn result(values: Vec<f32>, shape: impl Into<Shape>) -> Result<(CpuStorage, Shape)> {
    Ok((CpuStorage::F32(values), shape.into()))
}

fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> Result<Tensor> {
    Tensor::from_vec(values, shape.into(), &Device::Cpu)
}

#[cfg(test)]
mod tests;
