//! The trained decoder as an ONNX graph.
//!
//! What depends on the note alone is one row and is gathered in few products; what the network computes from
//! constants only is folded into them: the norms' own scales go into what follows them, the gains' `1 +` into
//! biases. Frames run along the rows, channels along the columns.

use candle_core::{Result, Tensor};
use onnx_rs::ast::OpType;

use crate::network::decoder::{Block, Decoder, Partials, TAPS};
use crate::network::parameters::{LEAK, Linear};
use crate::network::{NetworkConfig, PITCHES};
use crate::onnx::{Attr, Dim, GraphBuilder, Value};
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::units::MidiNote;

const NORM_EPSILON: f32 = crate::network::ops::NORM_EPSILON;

/// Inputs `latent` f32 `[1, 4]`, `octave` f32 `[1, 7]`, `semitone` f32 `[1, 12]` and `frames` i64 `[n]`
/// (consecutive), output `mel` f32 `[n, bands]`.
///
/// # Errors
/// None in practice; candle's.
pub fn decoder_graph(decoder: &Decoder, config: &NetworkConfig) -> Result<GraphBuilder> {
    let mut b = GraphBuilder::default();
    let latent = b.input_f32("latent", &[Dim::Fixed(1), Dim::Fixed(LATENT_DIM)]);
    let octave = b.input_f32("octave", &[Dim::Fixed(1), Dim::Fixed(MidiNote::OCTAVES)]);
    let semitone = b.input_f32("semitone", &[Dim::Fixed(1), Dim::Fixed(MidiNote::SEMITONES)]);
    let frames = b.input_i64("frames", &[Dim::Named("n")]);

    let pitch = pitch_row(&mut b, &octave, &semitone);
    let zos = b.node(OpType::Concat, &[&latent, &octave, &semitone], vec![("axis", Attr::Int(1))]);
    let c = condition(&mut b, decoder, &zos, &pitch)?;
    let combs = tensor(&mut b, &decoder.combs)?;
    let comb = b.node(OpType::MatMul, &[&pitch, &combs], vec![]);

    let rows = modulations(&mut b, decoder, &c)?;
    let entry_comb = tensor(&mut b, &decoder.combs.matmul(&decoder.comb_in.weight)?)?;
    let entry_comb = b.node(OpType::MatMul, &[&pitch, &entry_comb], vec![]);
    let shift = b.node(OpType::Add, &[&rows[1], &entry_comb], vec![]);
    let positions = tensor(&mut b, &decoder.positions)?;
    let positions = b.node(OpType::Gather, &[&positions, &frames], vec![("axis", Attr::Int(0))]);
    let mut x = modulate(&mut b, &positions, &rows[0], &shift);
    for (block, rows) in decoder.blocks.iter().zip(rows[2..].chunks_exact(2)) {
        x = block_graph(&mut b, block, &x, rows, config.channels)?;
    }
    let spectra = spectra(&mut b, decoder, &pitch, &comb, &c)?;
    let mel = head(&mut b, decoder, &x, &spectra)?;
    b.output("mel", &mel, &[Dim::Named("n"), Dim::Fixed(decoder.combs.dim(1)?)]);
    Ok(b)
}

/// `[1, PITCHES]`: one at `12 * octave + semitone`.
pub(crate) fn pitch_row(b: &mut GraphBuilder, octave: &Value, semitone: &Value) -> Value {
    let column = b.node(OpType::Transpose, &[octave], vec![("perm", Attr::Ints(vec![1, 0]))]);
    let table = b.node(OpType::Mul, &[&column, semitone], vec![]);
    let shape = b.ints(&[1, PITCHES as i64]);
    b.node(OpType::Reshape, &[&table, &shape], vec![])
}

/// `[1, condition]`: all that the frames are told.
fn condition(b: &mut GraphBuilder, decoder: &Decoder, zos: &Value, pitch: &Value) -> Result<Value> {
    let mut h = linear(b, zos, &decoder.condition[0])?;
    if let Some(table) = &decoder.pitch_table {
        let table = tensor(b, table)?;
        let own = b.node(OpType::MatMul, &[pitch, &table], vec![]);
        h = b.node(OpType::Add, &[&h, &own], vec![]);
    }
    let h = leaky(b, &h);
    let c = linear(b, &h, &decoder.condition[1])?;
    Ok(leaky(b, &c))
}

/// `[openings, bands]`: what the frames are mixed from, in the order of the gate's outputs.
fn spectra(b: &mut GraphBuilder, decoder: &Decoder, pitch: &Value, comb: &Value, c: &Value) -> Result<Value> {
    let hats = tensor(b, &decoder.hats)?;
    let mut all = vec![b.node(OpType::Mul, &[&hats, comb], vec![])];
    if let Some(partials) = &decoder.partials {
        all.push(bumps(b, partials, decoder.combs.dim(1)?, pitch, c)?);
    }
    if let Some(made) = &decoder.made {
        let bands = decoder.combs.dim(1)? as i64;
        let row = linear(b, c, made)?;
        let shape = b.ints(&[-1, bands]);
        all.push(b.node(OpType::Reshape, &[&row, &shape], vec![]));
    }
    Ok(match all.as_slice() {
        [one] => one.clone(),
        _ => b.node(OpType::Concat, &all.iter().collect::<Vec<_>>(), vec![("axis", Attr::Int(0))]),
    })
}

/// `[partials, bands]`: `max(0, 1 - ((band - centre) / half_width)^2)`, the centres moved by the note's stiffness.
fn bumps(b: &mut GraphBuilder, partials: &Partials, bands: usize, pitch: &Value, c: &Value) -> Result<Value> {
    let Partials { tables, stiffness } = partials;
    let (rate, moved) = (tables.half_width.recip()?, linear(b, c, stiffness)?);
    let column = |b: &mut GraphBuilder, table: &Tensor| -> Result<Value> {
        let table = tensor(b, table)?;
        let row = b.node(OpType::MatMul, &[pitch, &table], vec![]);
        Ok(b.node(OpType::Transpose, &[&row], vec![("perm", Attr::Ints(vec![1, 0]))]))
    };
    let (centre, slope, rate) = (column(b, &tables.centre)?, column(b, &tables.slope)?, column(b, &rate)?);
    let moved = b.node(OpType::Mul, &[&slope, &moved], vec![]);
    let centre = b.node(OpType::Add, &[&centre, &moved], vec![]);
    let places = b.floats(&[1, bands], (0..bands).map(|k| k as f32).collect());
    let away = b.node(OpType::Sub, &[&places, &centre], vec![]);
    let away = b.node(OpType::Mul, &[&away, &rate], vec![]);
    let square = b.node(OpType::Mul, &[&away, &away], vec![]);
    let one = b.floats(&[1, 1], vec![1.0]);
    let bump = b.node(OpType::Sub, &[&one, &square], vec![]);
    Ok(b.node(OpType::Relu, &[&bump], vec![]))
}

/// Scale and shift of the entry and of each block, `[1, C]` each, from one product.
fn modulations(b: &mut GraphBuilder, decoder: &Decoder, c: &Value) -> Result<Vec<Value>> {
    let channels = decoder.positions.dim(1)?;
    let mut weights = Vec::new();
    let mut biases = Vec::new();
    let mut push = |film: &Linear, norm: Option<&[Tensor; 2]>, extra: Option<&Tensor>| -> Result<()> {
        let part = |t: &Tensor, i: usize| t.narrow(t.rank() - 1, i * channels, channels);
        let (w_gain, w_shift) = (part(&film.weight, 0)?, part(&film.weight, 1)?);
        let (b_gain, b_shift) = ((part(&film.bias, 0)? + 1.0)?, part(&film.bias, 1)?);
        let (w, bias) = match norm {
            None => ([w_gain, w_shift], [b_gain, b_shift]),
            Some([scale, shift]) => (
                [w_gain.broadcast_mul(scale)?, (w_gain.broadcast_mul(shift)? + w_shift)?],
                [(&b_gain * scale)?, ((&b_gain * shift)? + b_shift)?],
            ),
        };
        weights.extend(w);
        let [first, second] = bias;
        biases.push(first);
        biases.push(match extra {
            Some(extra) => (second + extra)?,
            None => second,
        });
        Ok(())
    };
    push(&decoder.entry, None, Some(&decoder.comb_in.bias))?;
    for block in &decoder.blocks {
        push(&block.film, Some(&block.norm), None)?;
    }
    let sizes = vec![channels as i64; weights.len()];
    let all = Linear { weight: Tensor::cat(&weights, 1)?, bias: Tensor::cat(&biases, 0)? };
    let rows = linear(b, c, &all)?;
    Ok(b.split(&rows, 1, &sizes))
}

fn block_graph(b: &mut GraphBuilder, block: &Block, x: &Value, rows: &[Value], channels: usize) -> Result<Value> {
    let h = depthwise(b, block, x, channels)?;
    let h = normalise(b, &h);
    let h = modulate(b, &h, &rows[0], &rows[1]);
    let h = linear(b, &h, &block.widen)?;
    let h = leaky(b, &h);
    let h = linear(b, &h, &block.narrow)?;
    Ok(b.node(OpType::Add, &[x, &h], vec![]))
}

/// As a convolution of one channel a group over `[1, C, n]`, with the zeros before the first frame as padding.
fn depthwise(b: &mut GraphBuilder, block: &Block, x: &Value, channels: usize) -> Result<Value> {
    let kernel = block.taps.t()?.reshape((channels, 1, TAPS))?;
    let (kernel, bias) = (tensor(b, &kernel)?, tensor(b, &block.tap_bias)?);
    let axis = b.ints(&[0]);
    let columns = b.node(OpType::Transpose, &[x], vec![("perm", Attr::Ints(vec![1, 0]))]);
    let columns = b.node(OpType::Unsqueeze, &[&columns, &axis], vec![]);
    let past = ((TAPS - 1) * block.dilation) as i64;
    let attributes = vec![
        ("dilations", Attr::Ints(vec![block.dilation as i64])),
        ("group", Attr::Int(channels as i64)),
        ("kernel_shape", Attr::Ints(vec![TAPS as i64])),
        ("pads", Attr::Ints(vec![past, 0])),
        ("strides", Attr::Ints(vec![1])),
    ];
    let y = b.node(OpType::Conv, &[&columns, &kernel, &bias], attributes);
    let y = b.node(OpType::Squeeze, &[&y, &axis], vec![]);
    Ok(b.node(OpType::Transpose, &[&y], vec![("perm", Attr::Ints(vec![1, 0]))]))
}

/// Each row to mean 0 and variance 1.
pub(crate) fn normalise(b: &mut GraphBuilder, x: &Value) -> Value {
    normalise_rows(b, x, NORM_EPSILON)
}

/// The same with an `epsilon` of its own in the variance.
pub(crate) fn normalise_rows(b: &mut GraphBuilder, x: &Value, epsilon: f32) -> Value {
    let mean = |b: &mut GraphBuilder, x: &Value| {
        b.node(OpType::ReduceMean, &[x], vec![("axes", Attr::Ints(vec![1])), ("keepdims", Attr::Int(1))])
    };
    let centre = mean(b, x);
    let centred = b.node(OpType::Sub, &[x, &centre], vec![]);
    let squares = b.node(OpType::Mul, &[&centred, &centred], vec![]);
    let variance = mean(b, &squares);
    let epsilon = b.floats(&[1, 1], vec![epsilon]);
    let variance = b.node(OpType::Add, &[&variance, &epsilon], vec![]);
    let deviation = b.node(OpType::Sqrt, &[&variance], vec![]);
    let rate = b.node(OpType::Reciprocal, &[&deviation], vec![]);
    b.node(OpType::Mul, &[&centred, &rate], vec![])
}

/// `tanh(logits + gate * comb)`, the last norm's scale and shift folded into both layers.
fn head(b: &mut GraphBuilder, decoder: &Decoder, x: &Value, spectra: &Value) -> Result<Value> {
    let x = normalise(b, x);
    let [scale, shift] = &decoder.norm;
    let fold = |layer: &Linear| -> Result<Linear> {
        let moved = shift.unsqueeze(0)?.matmul(&layer.weight)?.squeeze(0)?;
        Ok(Linear { weight: layer.weight.broadcast_mul(&scale.unsqueeze(1)?)?, bias: (&layer.bias + moved)? })
    };
    let logits = linear(b, &x, &fold(&decoder.out)?)?;
    let gate = linear(b, &x, &fold(&decoder.gate)?)?;
    let open = b.node(OpType::MatMul, &[&gate, spectra], vec![]);
    let sum = b.node(OpType::Add, &[&logits, &open], vec![]);
    Ok(b.node(OpType::Tanh, &[&sum], vec![]))
}

fn modulate(b: &mut GraphBuilder, x: &Value, scale: &Value, shift: &Value) -> Value {
    let scaled = b.node(OpType::Mul, &[x, scale], vec![]);
    b.node(OpType::Add, &[&scaled, shift], vec![])
}

pub(crate) fn linear(b: &mut GraphBuilder, x: &Value, layer: &Linear) -> Result<Value> {
    let weight = tensor(b, &layer.weight)?;
    let bias = tensor(b, &layer.bias.unsqueeze(0)?)?;
    let product = b.node(OpType::MatMul, &[x, &weight], vec![]);
    Ok(b.node(OpType::Add, &[&product, &bias], vec![]))
}

pub(crate) fn leaky(b: &mut GraphBuilder, x: &Value) -> Value {
    b.node(OpType::LeakyRelu, &[x], vec![("alpha", Attr::Float(LEAK))])
}

pub(crate) fn tensor(b: &mut GraphBuilder, t: &Tensor) -> Result<Value> {
    Ok(b.floats(t.dims(), t.flatten_all()?.to_vec1()?))
}
