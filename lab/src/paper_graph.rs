//! The networks of 2019 as ONNX graphs. Images are `[1, channels, bands, frames]`, as ONNX has them; batch
//! normalisation is folded into the layers before it.

use candle_core::{Result, Tensor};
use onnx_rs::ast::OpType;

use crate::graph::{linear, tensor};
use crate::network::paper::{
    BatchNorm, Decoder, ENCODER_TAPS, Encoder, HEAD_TAPS, NORM_EPSILON, SLOPE, STAGES, repeats, sizes,
    smallest_image,
};
use crate::network::parameters::Linear;
use crate::onnx::{Attr, Dim, GraphBuilder, Value};
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::units::MidiNote;

/// Inputs `latent` f32 `[1, 4]`, `octave` f32 `[1, 7]` and `semitone` f32 `[1, 12]`, output `mel` f32 `[frames, bands]`.
///
/// # Errors
/// None in practice; candle's.
pub fn decoder_graph(decoder: &Decoder) -> Result<GraphBuilder> {
    let mut b = GraphBuilder::default();
    let latent = b.input_f32("latent", &[Dim::Fixed(1), Dim::Fixed(LATENT_DIM)]);
    let octave = b.input_f32("octave", &[Dim::Fixed(1), Dim::Fixed(MidiNote::OCTAVES)]);
    let semitone = b.input_f32("semitone", &[Dim::Fixed(1), Dim::Fixed(MidiNote::SEMITONES)]);
    let mut x = b.node(OpType::Concat, &[&latent, &octave, &semitone], vec![("axis", Attr::Int(1))]);
    for layer in &decoder.condition {
        x = linear(&mut b, &x, layer)?;
        x = leaky(&mut b, &x);
    }
    let (mut height, mut width) = smallest_image(&decoder.shape);
    let image = b.ints(&[1, height as i64, width as i64, -1]);
    let x = b.node(OpType::Reshape, &[&x, &image], vec![]);
    let mut x = b.node(OpType::Transpose, &[&x], vec![("perm", Attr::Ints(vec![0, 3, 1, 2]))]);
    for ((layer, (_, taps)), to) in decoder.stages.iter().zip(STAGES).zip(sizes(&decoder.shape)) {
        x = repeated(&mut b, &x, 2, height, to.0);
        x = repeated(&mut b, &x, 3, width, to.1);
        (height, width) = to;
        x = convolution(&mut b, &x, layer, taps, 1)?;
        x = leaky(&mut b, &x);
    }
    let x = convolution(&mut b, &x, &decoder.head, HEAD_TAPS, 1)?;
    let x = b.node(OpType::Tanh, &[&x], vec![]);
    let rows = b.ints(&[height as i64, width as i64]);
    let x = b.node(OpType::Reshape, &[&x, &rows], vec![]);
    let mel = b.node(OpType::Transpose, &[&x], vec![("perm", Attr::Ints(vec![1, 0]))]);
    b.output("mel", &mel, &[Dim::Fixed(width), Dim::Fixed(height)]);
    Ok(b)
}

/// Inputs `mel` f32 `[frames, bands]`, `octave` f32 `[1, 7]` and `semitone` f32 `[1, 12]`, which do not matter to it;
/// output `latent` f32 `[1, 4]`.
///
/// # Errors
/// None in practice; candle's.
pub fn encoder_graph(encoder: &Encoder, frames: usize, bands: usize) -> Result<GraphBuilder> {
    let mut b = GraphBuilder::default();
    let mel = b.input_f32("mel", &[Dim::Fixed(frames), Dim::Fixed(bands)]);
    b.input_f32("octave", &[Dim::Fixed(1), Dim::Fixed(MidiNote::OCTAVES)]);
    b.input_f32("semitone", &[Dim::Fixed(1), Dim::Fixed(MidiNote::SEMITONES)]);
    let image = b.node(OpType::Transpose, &[&mel], vec![("perm", Attr::Ints(vec![1, 0]))]);
    let shape = b.ints(&[1, 1, bands as i64, frames as i64]);
    let mut x = b.node(OpType::Reshape, &[&image, &shape], vec![]);
    for (weight, norm) in &encoder.images {
        x = convolution(&mut b, &x, &folded(weight, norm)?, ENCODER_TAPS, 2)?;
        x = leaky(&mut b, &x);
    }
    // The network's images have their channels last.
    let x = b.node(OpType::Transpose, &[&x], vec![("perm", Attr::Ints(vec![0, 2, 3, 1]))]);
    let flat = b.ints(&[1, -1]);
    let mut x = b.node(OpType::Reshape, &[&x, &flat], vec![]);
    for (weight, norm) in &encoder.dense {
        x = linear(&mut b, &x, &folded(weight, norm)?)?;
        x = leaky(&mut b, &x);
    }
    let z = linear(&mut b, &x, &encoder.mean)?;
    b.output("latent", &z, &[Dim::Fixed(1), Dim::Fixed(LATENT_DIM)]);
    Ok(b)
}

/// Repeats what lies along an axis until it has `to` places.
fn repeated(b: &mut GraphBuilder, x: &Value, axis: i64, from: usize, to: usize) -> Value {
    let places: Vec<i64> = repeats(from, to).into_iter().map(i64::from).collect();
    let places = b.ints(&places);
    b.node(OpType::Gather, &[x, &places], vec![("axis", Attr::Int(axis))])
}

fn convolution(b: &mut GraphBuilder, x: &Value, layer: &Linear, taps: usize, stride: usize) -> Result<Value> {
    let (rows, outputs) = layer.weight.dims2()?;
    let kernel = layer.weight.reshape((taps, taps, rows / taps / taps, outputs))?.permute((3, 2, 0, 1))?;
    let (kernel, bias) = (tensor(b, &kernel.contiguous()?)?, tensor(b, &layer.bias)?);
    let both = |n: usize, count: usize| Attr::Ints(vec![n as i64; count]);
    let attributes =
        vec![("kernel_shape", both(taps, 2)), ("pads", both(taps / 2, 4)), ("strides", both(stride, 2))];
    Ok(b.node(OpType::Conv, &[x, &kernel, &bias], attributes))
}

fn folded(weight: &Tensor, norm: &BatchNorm) -> Result<Linear> {
    let rate = (&norm.scale / (norm.variance.as_tensor() + NORM_EPSILON)?.sqrt()?)?;
    Ok(Linear { weight: weight.broadcast_mul(&rate)?, bias: (&norm.shift - (norm.mean.as_tensor() * &rate)?)? })
}

fn leaky(b: &mut GraphBuilder, x: &Value) -> Value {
    b.node(OpType::LeakyRelu, &[x], vec![("alpha", Attr::Float(SLOPE))])
}
