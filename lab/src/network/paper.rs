//! The Wasserstein auto-encoder of 2019 (the ancestor's `WAE` in `final_model_log_scale.py`), for comparison: 18 million
//! weights in the decoder, 6.9 billion multiplications a note.
//!
//! Its decoder also had a head for the logarithm of a variance, which neither its objective nor its sound used; that one
//! is left out. So are the biases of layers that batch normalisation follows, which it cancels.

use std::ops::Range;

use candle_core::{Device, Result, Tensor, Var};

use super::Shape;
use super::decoder::one_hots;
use super::encoder::Encoding;
use super::ops::{bias_leaky, convolution};
use super::parameters::{Linear, Parameters};
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::units::MidiNote;

/// Slope of the activation below zero.
pub const SLOPE: f32 = 0.01;
/// Added to variances (Ioffe & Szegedy 2015).
pub const NORM_EPSILON: f64 = 1e-5;
/// Weight of a batch in the running moments.
const MOMENTUM: f64 = 0.1;
/// Channels of the encoder's images.
const IMAGES: [usize; 6] = [1, 16, 32, 64, 128, 256];
/// Taps of the encoder's convolutions, along each direction.
pub const ENCODER_TAPS: usize = 5;
/// Widths of the dense layers beside the images.
const DENSE: [usize; 2] = [1024, 256];
/// Outputs and taps of the decoder's convolutions.
pub const STAGES: [(usize, usize); 4] = [(128, 5), (64, 5), (32, 7), (4, 9)];
/// By how much each of them but the last enlarges its input.
const ENLARGED: usize = 3;
/// Taps of the convolution that makes the spectrogram.
pub const HEAD_TAPS: usize = 7;

/// From a mel-spectrogram to a normal distribution over latent points.
pub struct Encoder {
    pub(crate) images: Vec<(Tensor, BatchNorm)>,
    pub(crate) dense: Vec<(Tensor, BatchNorm)>,
    pub(crate) mean: Linear,
    log_variance: Linear,
}

/// From a latent point and a pitch to a mel-spectrogram.
pub struct Decoder {
    pub(crate) condition: [Linear; 3],
    pub(crate) stages: Vec<Linear>,
    pub(crate) head: Linear,
    pub(crate) shape: Shape,
}

/// Channels to mean 0 and variance 1: over the batch while learning, by running moments afterwards.
pub struct BatchNorm {
    pub(crate) scale: Tensor,
    pub(crate) shift: Tensor,
    pub(crate) mean: Var,
    pub(crate) variance: Var,
}

impl BatchNorm {
    fn new(p: &mut Parameters, name: &str, channels: usize) -> Result<Self> {
        Ok(Self {
            scale: p.constant(&format!("{name}.scale"), &[channels], 1.0)?,
            shift: p.constant(&format!("{name}.shift"), &[channels], 0.0)?,
            mean: p.buffer(&format!("{name}.mean"), channels, 0.0)?,
            variance: p.buffer(&format!("{name}.variance"), channels, 1.0)?,
        })
    }

    /// `x` is `[.., C]`.
    fn forward(&self, x: &Tensor, learning: bool) -> Result<Tensor> {
        let shape = x.shape().clone();
        let rows = x.reshape(((), self.scale.elem_count()))?;
        let (mean, variance) = if learning {
            let mean = rows.mean_keepdim(0)?;
            let variance = rows.broadcast_sub(&mean)?.sqr()?.mean_keepdim(0)?;
            self.follow(&mean, &variance, rows.dim(0)?)?;
            (mean, variance)
        } else {
            (self.mean.unsqueeze(0)?, self.variance.unsqueeze(0)?)
        };
        let normed = rows.broadcast_sub(&mean)?.broadcast_div(&(variance + NORM_EPSILON)?.sqrt()?)?;
        bias_leaky(&normed.broadcast_mul(&self.scale)?, &self.shift, SLOPE)?.reshape(shape)
    }

    fn follow(&self, mean: &Tensor, variance: &Tensor, count: usize) -> Result<()> {
        let unbiased = count as f64 / (count.max(2) - 1) as f64;
        let towards = |running: &Var, batch: &Tensor| {
            running.set(&((running.as_tensor() * (1.0 - MOMENTUM))? + (batch.detach().squeeze(0)? * MOMENTUM)?)?)
        };
        towards(&self.mean, mean)?;
        towards(&self.variance, &(variance * unbiased)?)
    }
}

/// The sizes of the image that the encoder's last convolution leaves: bands, frames.
pub(crate) fn smallest_image(shape: &Shape) -> (usize, usize) {
    let halved = |size: usize| (1..IMAGES.len()).fold(size, |size, _| size.div_ceil(2));
    (halved(shape.bands()), halved(shape.frames))
}

impl Encoder {
    /// An encoder with fresh parameters, named `encoder.*`.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn new(p: &mut Parameters, shape: &Shape) -> Result<Self> {
        let (bands, frames) = smallest_image(shape);
        let normed = |p: &mut Parameters, name: &str, inputs: usize, area: usize, outputs: usize| {
            let weight = p.normal(
                &format!("{name}.weight"),
                &[inputs * area, outputs],
                xavier(inputs * area, outputs * area),
            )?;
            Ok::<_, candle_core::Error>((weight, BatchNorm::new(p, &format!("{name}.norm"), outputs)?))
        };
        let area = ENCODER_TAPS * ENCODER_TAPS;
        let images = (1..IMAGES.len())
            .map(|i| normed(p, &format!("encoder.images.{i}"), IMAGES[i - 1], area, IMAGES[i]))
            .collect::<Result<_>>()?;
        let flat = IMAGES[IMAGES.len() - 1] * bands * frames;
        let dense = vec![
            normed(p, "encoder.dense.0", flat, 1, DENSE[0])?,
            normed(p, "encoder.dense.1", DENSE[0], 1, DENSE[1])?,
        ];
        Ok(Self {
            images,
            dense,
            mean: xavier_linear(p, "encoder.mean", [DENSE[1], LATENT_DIM], 1)?,
            log_variance: xavier_linear(p, "encoder.log_variance", [DENSE[1], LATENT_DIM], 1)?,
        })
    }

    /// Means `[B, LATENT_DIM]` of the distributions of `mel` `[B, frames, bands]`, by the running moments.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn forward(&self, mel: &Tensor) -> Result<Tensor> {
        self.mean.forward(&self.features(mel, false)?)
    }

    /// Distributions, by the batch's own moments, which the running ones follow: for learning.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn encode(&self, mel: &Tensor) -> Result<Encoding> {
        let features = self.features(mel, true)?;
        let log_variance = Some(self.log_variance.forward(&features)?);
        Ok(Encoding { mean: self.mean.forward(&features)?, log_variance })
    }

    fn features(&self, mel: &Tensor, learning: bool) -> Result<Tensor> {
        let mut x = mel.transpose(1, 2)?.unsqueeze(3)?;
        for (weight, norm) in &self.images {
            x = norm.forward(&convolution(&x, weight, ENCODER_TAPS, 2)?, learning)?;
        }
        let mut x = x.flatten_from(1)?;
        for (weight, norm) in &self.dense {
            x = norm.forward(&x.matmul(weight)?, learning)?;
        }
        Ok(x)
    }
}

impl Decoder {
    /// A decoder with fresh parameters, named `decoder.*`.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn new(p: &mut Parameters, shape: &Shape) -> Result<Self> {
        let (bands, frames) = smallest_image(shape);
        let channels = IMAGES[IMAGES.len() - 1];
        let widths =
            [LATENT_DIM + MidiNote::OCTAVES + MidiNote::SEMITONES, DENSE[1], DENSE[0], channels * bands * frames];
        let dense = |p: &mut Parameters, i: usize| {
            xavier_linear(p, &format!("decoder.condition.{i}"), [widths[i], widths[i + 1]], 1)
        };
        let condition = [dense(p, 0)?, dense(p, 1)?, dense(p, 2)?];
        let mut inputs = channels;
        let mut stages = Vec::new();
        for (i, (outputs, taps)) in STAGES.into_iter().enumerate() {
            stages.push(xavier_linear(p, &format!("decoder.stages.{i}"), [inputs, outputs], taps * taps)?);
            inputs = outputs;
        }
        let head = xavier_linear(p, "decoder.head", [inputs, 1], HEAD_TAPS * HEAD_TAPS)?;
        Ok(Self { condition, stages, head, shape: *shape })
    }

    /// Decodes a batch: as the lean decoder does, but always whole notes, of which `frames` are kept.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn forward(&self, z: &Tensor, pitches: &[u32], frames: Range<usize>) -> Result<Tensor> {
        let mut x = Tensor::cat(&[z, &one_hots(pitches)?], 1)?;
        for layer in &self.condition {
            x = bias_leaky(&layer.weigh(&x)?, &layer.bias, SLOPE)?;
        }
        let (bands, smallest) = smallest_image(&self.shape);
        let mut x = x.reshape((pitches.len(), bands, smallest, ()))?;
        for ((layer, (_, taps)), (height, width)) in self.stages.iter().zip(STAGES).zip(sizes(&self.shape)) {
            x = resized(&x, height, width)?;
            x = bias_leaky(&convolution(&x, &layer.weight, taps, 1)?, &layer.bias, SLOPE)?;
        }
        let image = convolution(&x, &self.head.weight, HEAD_TAPS, 1)?.broadcast_add(&self.head.bias)?.tanh()?;
        image.squeeze(3)?.transpose(1, 2)?.contiguous()?.narrow(1, frames.start, frames.len())
    }
}

/// The sizes to which each stage enlarges its input: bands, frames.
pub(crate) fn sizes(shape: &Shape) -> Vec<(usize, usize)> {
    let (mut height, mut width) = smallest_image(shape);
    let mut sizes = Vec::new();
    for _ in 1..STAGES.len() {
        (height, width) = (ENLARGED * height, ENLARGED * width);
        sizes.push((height, width));
    }
    sizes.push((shape.bands(), shape.frames));
    sizes
}

/// For each of `to` places, the one of `from` that it repeats: the nearest below.
pub(crate) fn repeats(from: usize, to: usize) -> Vec<u32> {
    (0..to).map(|i| (i * from / to) as u32).collect()
}

fn resized(x: &Tensor, height: usize, width: usize) -> Result<Tensor> {
    let index = |from, to| Tensor::from_vec(repeats(from, to), to, &Device::Cpu);
    let rows = x.index_select(&index(x.dim(1)?, height)?, 1)?;
    rows.index_select(&index(x.dim(2)?, width)?, 2)
}

/// Deviation of first weights (Glorot & Bengio 2010).
fn xavier(fan_in: usize, fan_out: usize) -> f32 {
    (2.0 / (fan_in + fan_out) as f32).sqrt()
}

/// A layer of `area` taps: a dense one has 1.
fn xavier_linear(p: &mut Parameters, name: &str, [inputs, outputs]: [usize; 2], area: usize) -> Result<Linear> {
    let deviation = xavier(inputs * area, outputs * area);
    let bound = ((inputs * area) as f32).sqrt().recip();
    Ok(Linear {
        weight: p.normal(&format!("{name}.weight"), &[inputs * area, outputs], deviation)?,
        bias: p.uniform(&format!("{name}.bias"), &[outputs], bound)?,
    })
}
