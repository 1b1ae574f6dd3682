//! The trained encoder as an ONNX graph. Frames run along the rows, channels along the columns.

use candle_core::Result;
use onnx_rs::ast::OpType;

use crate::graph::{leaky, linear, normalise, pitch_row, tensor};
use crate::network::encoder::{Encoder, GROUPS, Stage, TAPS};
use crate::network::ops::GROUP_EPSILON;
use crate::onnx::{Attr, Dim, GraphBuilder, Value};
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::units::MidiNote;

/// Inputs `mel` f32 `[frames, bands]`, `octave` f32 `[1, 7]`, `semitone` f32 `[1, 12]`; output `latent` f32 `[1, 4]`.
///
/// # Errors
/// None in practice; candle's.
pub fn encoder_graph(encoder: &Encoder, frames: usize, bands: usize) -> Result<GraphBuilder> {
    let mut b = GraphBuilder::default();
    let mel = b.input_f32("mel", &[Dim::Fixed(frames), Dim::Fixed(bands)]);
    let octave = b.input_f32("octave", &[Dim::Fixed(1), Dim::Fixed(MidiNote::OCTAVES)]);
    let semitone = b.input_f32("semitone", &[Dim::Fixed(1), Dim::Fixed(MidiNote::SEMITONES)]);
    let pitch = pitch_row(&mut b, &octave, &semitone);

    let one = b.floats(&[1, 1], vec![1.0]);
    let x = b.node(OpType::Add, &[&mel, &one], vec![]);
    let x = linear(&mut b, &x, &encoder.entry)?;
    let x = leaky(&mut b, &x);
    let of_pitch = tensor(&mut b, &encoder.entry_pitch)?;
    let of_pitch = b.node(OpType::MatMul, &[&pitch, &of_pitch], vec![]);
    let mut x = b.node(OpType::Add, &[&x, &of_pitch], vec![]);
    for stage in &encoder.stages {
        x = stage_graph(&mut b, stage, &x)?;
    }
    let flat = b.ints(&[1, -1]);
    let x = b.node(OpType::Reshape, &[&x, &flat], vec![]);
    let h = linear(&mut b, &x, &encoder.head)?;
    let of_pitch = tensor(&mut b, &encoder.head_pitch)?;
    let of_pitch = b.node(OpType::MatMul, &[&pitch, &of_pitch], vec![]);
    let h = b.node(OpType::Add, &[&h, &of_pitch], vec![]);
    let h = normalise(&mut b, &h);
    let [scale, shift] = &encoder.head_norm;
    let (scale, shift) = (tensor(&mut b, scale)?, tensor(&mut b, shift)?);
    let h = b.node(OpType::Mul, &[&h, &scale], vec![]);
    let h = b.node(OpType::Add, &[&h, &shift], vec![]);
    let h = leaky(&mut b, &h);
    let z = linear(&mut b, &h, &encoder.mean)?;
    b.output("latent", &z, &[Dim::Fixed(1), Dim::Fixed(LATENT_DIM)]);
    Ok(b)
}

fn stage_graph(b: &mut GraphBuilder, stage: &Stage, x: &Value) -> Result<Value> {
    let (inputs, channels) = stage.convolution.weight.dims2()?;
    let kernel = stage.convolution.weight.reshape((TAPS, inputs / TAPS, channels))?.permute((2, 1, 0))?;
    let kernel = tensor(b, &kernel.contiguous()?)?;
    let bias = tensor(b, &stage.convolution.bias)?;
    let axis = b.ints(&[0]);
    let columns = b.node(OpType::Transpose, &[x], vec![("perm", Attr::Ints(vec![1, 0]))]);
    let columns = b.node(OpType::Unsqueeze, &[&columns, &axis], vec![]);
    let attributes = vec![
        ("kernel_shape", Attr::Ints(vec![TAPS as i64])),
        ("pads", Attr::Ints(vec![TAPS as i64 / 2; 2])),
        ("strides", Attr::Ints(vec![2])),
    ];
    let y = b.node(OpType::Conv, &[&columns, &kernel, &bias], attributes);
    // A group's channels lie side by side: a row for each group.
    let groups = b.ints(&[GROUPS as i64, -1]);
    let y = b.node(OpType::Reshape, &[&y, &groups], vec![]);
    let y = group_norm(b, &y);
    let rows = b.ints(&[channels as i64, -1]);
    let y = b.node(OpType::Reshape, &[&y, &rows], vec![]);
    let y = b.node(OpType::Transpose, &[&y], vec![("perm", Attr::Ints(vec![1, 0]))]);
    let [scale, shift] = &stage.norm;
    let (scale, shift) = (tensor(b, scale)?, tensor(b, shift)?);
    let y = b.node(OpType::Mul, &[&y, &scale], vec![]);
    let y = b.node(OpType::Add, &[&y, &shift], vec![]);
    Ok(leaky(b, &y))
}

fn group_norm(b: &mut GraphBuilder, x: &Value) -> Value {
    crate::graph::normalise_rows(b, x, GROUP_EPSILON)
}
