//! The decoder: a lean causal convolutional network over frames, told by one vector a note what to make.

use std::ops::Range;

use candle_core::{Device, Result, Tensor};

use super::comb::{PITCHES, comb_table, hats};
use super::ops::{bumps, depthwise_causal, modulated_rows, normalise_modulate, sum_tanh};
use super::parameters::{Linear, Parameters, leaky};
use super::partials::{PartialTables, partial_tables};
use super::{NetworkConfig, Shape};
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::units::MidiNote;

/// Taps of each convolution.
pub const TAPS: usize = 5;
/// Most of a spectrogram is silence: the outputs start there.
const SILENT_BIAS: f32 = -1.2;
/// Width of the positions' first values.
const POSITION_DEVIATION: f32 = 0.5;
/// A block adds little at first.
const RESIDUAL_SCALE: f32 = 0.3;

/// From a latent point and a pitch to a mel-spectrogram.
pub struct Decoder {
    pub(crate) condition: [Linear; 2],
    pub(crate) pitch_table: Option<Tensor>,
    pub(crate) entry: Linear,
    pub(crate) positions: Tensor,
    pub(crate) comb_in: Linear,
    pub(crate) blocks: Vec<Block>,
    pub(crate) norm: [Tensor; 2],
    pub(crate) out: Linear,
    /// One output for each spectrum of [`Decoder::spectra`].
    pub(crate) gate: Linear,
    pub(crate) combs: Tensor,
    pub(crate) hats: Tensor,
    pub(crate) partials: Option<Partials>,
    pub(crate) made: Option<Linear>,
}

/// Bumps at a stiff string's partials.
pub(crate) struct Partials {
    pub(crate) tables: PartialTables,
    /// How stiff.
    pub(crate) stiffness: Linear,
}

/// Mixes frames, then channels.
pub struct Block {
    pub(crate) dilation: usize,
    pub(crate) taps: Tensor,
    pub(crate) tap_bias: Tensor,
    pub(crate) norm: [Tensor; 2],
    pub(crate) film: Linear,
    pub(crate) widen: Linear,
    pub(crate) narrow: Linear,
}

impl Decoder {
    /// A decoder with fresh parameters, named `decoder.*`.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn new(parameters: &mut Parameters, config: &NetworkConfig, shape: &Shape) -> Result<Self> {
        let p = parameters;
        let (c, k) = (config.channels, config.condition);
        let pitch = MidiNote::OCTAVES + MidiNote::SEMITONES;
        let openings = config.hats + config.partials + config.spectra;
        // The comb is open at first, the rest is closed.
        let open = (0..openings).map(|i| if i < config.hats { 1.0 } else { 0.0 });
        let gate = Linear {
            weight: p.uniform("decoder.gate.weight", &[c, openings], (c as f32).sqrt().recip())?,
            bias: p.given("decoder.gate.bias", &[openings], open.collect())?,
        };
        let out = Linear {
            weight: p.uniform("decoder.out.weight", &[c, shape.bands()], (c as f32).sqrt().recip())?,
            bias: p.constant("decoder.out.bias", &[shape.bands()], SILENT_BIAS)?,
        };
        Ok(Self {
            condition: [
                p.linear("decoder.condition.0", LATENT_DIM + pitch, k)?,
                p.linear("decoder.condition.1", k, k)?,
            ],
            entry: p.linear("decoder.entry", k, 2 * c)?,
            pitch_table: if config.pitch_table {
                Some(p.constant("decoder.pitch_table", &[PITCHES, k], 0.0)?)
            } else {
                None
            },
            positions: p.normal("decoder.positions", &[shape.frames, c], POSITION_DEVIATION)?,
            comb_in: p.linear("decoder.comb_in", shape.bands(), c)?,
            blocks: config
                .dilations
                .iter()
                .enumerate()
                .map(|(i, &dilation)| Block::new(p, &format!("decoder.blocks.{i}"), config, dilation))
                .collect::<Result<_>>()?,
            norm: norm(p, "decoder.norm", c)?,
            out,
            gate,
            combs: comb_table(shape.mel, shape.geometry, shape.sample_rate)?,
            hats: hats(config.hats, shape.bands())?,
            partials: match config.partials {
                0 => None,
                n => Some(Partials {
                    tables: partial_tables(n, shape)?,
                    stiffness: p.closed_linear("decoder.stiffness", k, 1, 1.0)?,
                }),
            },
            made: match config.spectra {
                0 => None,
                n => Some(p.scaled_linear("decoder.made", k, n * shape.bands(), RESIDUAL_SCALE)?),
            },
        })
    }

    /// Decodes a batch. `z` is `[B, LATENT_DIM]`, `pitches` counts semitones from A0, one a note; the result is
    /// `[B, frames, bands]`, in [-1, 1]. Of a range that does not start at 0 the first frames lack what came
    /// before them: [`NetworkConfig::context_frames`] of them are not those of a whole decode.
    ///
    /// # Errors
    /// If shapes do not fit or a pitch is none of [`PITCHES`].
    pub fn forward(&self, z: &Tensor, pitches: &[u32], frames: Range<usize>) -> Result<Tensor> {
        let notes = pitches.len();
        let index = Tensor::from_slice(pitches, notes, &Device::Cpu)?;
        let c = self.condition(z, pitches, &index)?;
        let comb = self.combs.index_select(&index, 0)?;
        let (gain, bias) = halves(&self.entry.forward(&c)?)?;
        let shift = (bias + self.comb_in.forward(&comb)?)?;
        let rows = self.positions.narrow(0, frames.start, frames.len())?;
        let mut x = modulated_rows(&rows, &(gain + 1.0)?, &shift)?;
        for block in &self.blocks {
            x = block.forward(&x, &c)?;
        }
        let rows = |t: &Tensor| t.broadcast_as((notes, t.elem_count()))?.contiguous();
        let x = normalise_modulate(&x, &rows(&self.norm[0])?, &rows(&self.norm[1])?)?;
        let opened = self.gate.forward(&x)?.matmul(&self.spectra(&comb, &c, &index)?)?;
        sum_tanh(&self.out.weigh(&x)?, &opened, &self.out.bias)
    }

    /// `[B, condition]`: all that a note's frames are told.
    fn condition(&self, z: &Tensor, pitches: &[u32], index: &Tensor) -> Result<Tensor> {
        let h = self.condition[0].forward(&Tensor::cat(&[z, &one_hots(pitches)?], 1)?)?;
        let h = match &self.pitch_table {
            Some(table) => (h + table.index_select(index, 0)?)?,
            None => h,
        };
        self.condition[1].activated(&leaky(&h)?)
    }

    /// `[B, openings, bands]`: the spectra that a note's frames are mixed from, beside what they make freely. Parts
    /// of the comb, then partials, then spectra made for the note.
    fn spectra(&self, comb: &Tensor, c: &Tensor, index: &Tensor) -> Result<Tensor> {
        let mut spectra = vec![self.hats.unsqueeze(0)?.broadcast_mul(&comb.unsqueeze(1)?)?];
        if let Some(Partials { tables, stiffness }) = &self.partials {
            let of = |table: &Tensor| table.index_select(index, 0);
            let moved = stiffness.forward(c)?.broadcast_mul(&of(&tables.slope)?)?;
            spectra.push(bumps(&(of(&tables.centre)? + moved)?, &of(&tables.half_width)?, comb.dim(1)?)?);
        }
        if let Some(made) = &self.made {
            spectra.push(made.forward(c)?.reshape((comb.dim(0)?, (), comb.dim(1)?))?);
        }
        Tensor::cat(&spectra, 1)
    }
}

impl Block {
    fn new(p: &mut Parameters, name: &str, config: &NetworkConfig, dilation: usize) -> Result<Self> {
        let c = config.channels;
        let bound = (TAPS as f32).sqrt().recip();
        Ok(Self {
            dilation,
            taps: p.uniform(&format!("{name}.taps"), &[TAPS, c], bound)?,
            tap_bias: p.uniform(&format!("{name}.tap_bias"), &[c], bound)?,
            norm: norm(p, &format!("{name}.norm"), c)?,
            film: p.closed_linear(&format!("{name}.film"), config.condition, 2 * c, 0.0)?,
            widen: p.linear(&format!("{name}.widen"), c, 2 * c)?,
            narrow: p.scaled_linear(&format!("{name}.narrow"), 2 * c, c, RESIDUAL_SCALE)?,
        })
    }

    fn forward(&self, x: &Tensor, c: &Tensor) -> Result<Tensor> {
        let h = depthwise_causal(x, &self.taps, &self.tap_bias, self.dilation)?;
        // The norm's own scale and shift and the condition's are both one number a channel: applied as one.
        let (gain, bias) = halves(&self.film.forward(c)?)?;
        let gain = (gain + 1.0)?;
        let scale = gain.broadcast_mul(&self.norm[0])?;
        let shift = (gain.broadcast_mul(&self.norm[1])? + bias)?;
        let h = normalise_modulate(&h, &scale, &shift)?;
        x + self.narrow.forward(&self.widen.activated(&h)?)?
    }
}

fn norm(p: &mut Parameters, name: &str, channels: usize) -> Result<[Tensor; 2]> {
    Ok([
        p.constant(&format!("{name}.scale"), &[channels], 1.0)?,
        p.constant(&format!("{name}.shift"), &[channels], 0.0)?,
    ])
}

/// The first and the second half of each row.
fn halves(x: &Tensor) -> Result<(Tensor, Tensor)> {
    let half = x.dim(1)? / 2;
    Ok((x.narrow(1, 0, half)?, x.narrow(1, half, half)?))
}

/// `[B, OCTAVES + SEMITONES]`: what `octave` and `semitone` are to the exported graph.
pub(super) fn one_hots(pitches: &[u32]) -> Result<Tensor> {
    let width = MidiNote::OCTAVES + MidiNote::SEMITONES;
    let mut values = vec![0.0f32; pitches.len() * width];
    for (row, &pitch) in values.chunks_exact_mut(width).zip(pitches) {
        let pitch = pitch as usize;
        if pitch >= PITCHES {
            candle_core::bail!("pitch: expected 0..{PITCHES} semitones from A0, got {pitch}");
        }
        row[pitch / MidiNote::SEMITONES] = 1.0;
        row[MidiNote::OCTAVES + pitch % MidiNote::SEMITONES] = 1.0;
    }
    Tensor::from_vec(values, (pitches.len(), width), &Device::Cpu)
}
