//! `lab evaluate`: how good a run or an instrument file is, in numbers.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::Serialize;
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::model::decoder::Decoder as FileDecoder;
use ukulelatent::model::file::ModelFile;
use ukulelatent::units::MidiNote;

use crate::chain::{Chain, PitchAccuracy};
use crate::features::{FeatureSet, FrontEnd};
use crate::latent_map::{Point, linear_r2, moments};
use crate::material::{Batch, originals, pitch_of};
use crate::mmd::{Kernel, squared_mmd};
use crate::network::ops::mean_squared_error;
use crate::run::{LATENTS_NAME, Latent, Networks, RunRecord, SPLIT_NAME, read_json};
use crate::run_error::RunError;
use crate::split::{Split, cell};

/// Notes whose pitch is measured.
const NOTES: std::ops::RangeInclusive<u8> = 40..=84;
/// Timbres a note.
const TIMBRES: usize = 10;
/// How far a coordinate moves to either side where its effect is measured.
const MOVE: f32 = 2.0;
/// Notes at which that is measured, in semitones from one to the next.
const MOVE_EVERY: usize = 4;
/// Draws from the prior for each latent point in the divergence: the estimate's noise is then that of the points.
const PRIOR_DRAWS: usize = 4;

/// Measures a run or an instrument file.
#[derive(Clone, Debug, clap::Args)]
pub struct EvaluateArgs {
    /// A run's folder, or an instrument file
    pub model: PathBuf,
    /// The folder that `lab features` made, the one that the model was trained on
    pub features: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Errors of reconstruction over a set of notes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Reconstruction {
    /// How many.
    pub notes: usize,
    /// Mean squared error of the normalised mel spectrograms.
    pub mse: f64,
    /// `1 - mse / variance`, the variance about the one mean of all values of all held-out notes.
    pub r2: f64,
}

/// Reconstruction of notes that training never saw.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct HeldOut {
    /// All of them.
    pub all: Reconstruction,
    /// Of (instrument, note) cells of which training saw other takes.
    pub seen_cells: Reconstruction,
    /// Of cells of which training saw nothing, not even shifted copies.
    pub unseen_cells: Reconstruction,
}

/// Where the training notes lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LatentSpace {
    /// How many.
    pub notes: usize,
    /// Unbiased squared maximum mean discrepancy to N(0, I), inverse multi-quadratic kernel.
    pub mmd: f64,
    /// Mean of each coordinate.
    pub mean: [f64; LATENT_DIM],
    /// Standard deviation of each coordinate.
    pub deviation: [f64; LATENT_DIM],
    /// Share of the variance of the MIDI note that is linear in z: a leak of pitch.
    pub midi_r2: f64,
    /// Mean squared change of the normalised mel when one coordinate moves from -2 to +2.
    pub sensitivity: [f64; LATENT_DIM],
}

/// All figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// What was measured.
    pub model: String,
    /// Reconstruction; `None` for an instrument file, which has no encoder.
    pub held_out: Option<HeldOut>,
    /// Pitch through the whole chain to audio, timbres drawn from the prior.
    pub pitch_prior: PitchAccuracy,
    /// The same with the timbres of training notes, each at other pitches than its own.
    pub pitch_encoded: PitchAccuracy,
    /// The latent space.
    pub latent: LatentSpace,
}

/// A decoder, in the lab's or in the plugin's form.
enum Source {
    Network(Box<Networks>),
    File(Box<FileDecoder>),
}

impl Source {
    /// A whole note: frames x bands.
    fn decode(&mut self, z: &Point, note: MidiNote, front_end: &FrontEnd) -> Result<Vec<f32>, RunError> {
        match self {
            Self::Network(networks) => {
                let z = Tensor::from_slice(z, (1, LATENT_DIM), &Device::Cpu)?;
                let mel = networks.decoder.forward(&z, &[pitch_of(note)], 0..front_end.frames)?;
                Ok(mel.flatten_all()?.to_vec1()?)
            }
            Self::File(decoder) => {
                let mut mel = vec![0.0; front_end.frames * front_end.mel.bands];
                let failed = |e: ukulelatent::model::decoder::DecodeError| candle_core::Error::Msg(e.to_string());
                decoder.decode(z, note, 0..front_end.frames, &mut mel).map_err(failed)?;
                Ok(mel)
            }
        }
    }
}

/// Measures and prints.
///
/// # Errors
/// [`RunError`] for a model or features that cannot be read or do not belong together.
pub fn run(args: &EvaluateArgs) -> Result<Evaluation, RunError> {
    let features = FeatureSet::load(&args.features)?;
    let evaluation = evaluate(&args.model, &features)?;
    if args.json {
        let json = serde_json::to_string_pretty(&evaluation);
        println!("{}", json.map_err(|e| RunError::unexpected(&args.model, "figures with a JSON form", e))?);
    } else {
        print!("{evaluation}");
    }
    Ok(evaluation)
}

/// Measures the run in a folder, or an instrument file.
///
/// # Errors
/// [`RunError`] for a model that cannot be read or was not made of such features.
pub fn evaluate(model: &Path, features: &FeatureSet) -> Result<Evaluation, RunError> {
    let (mut source, points, held_out) =
        if model.is_dir() { open_run(model, features)? } else { open_file(model, features)? };
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut chain = Chain::new(&features.front_end);
    let mut measure = |source: &mut Source, draw: &mut dyn FnMut() -> Point| {
        let mut accuracy = PitchAccuracy::default();
        for note in NOTES.filter_map(|n| MidiNote::new(n).ok()) {
            for _ in 0..TIMBRES {
                let mel = source.decode(&draw(), note, &features.front_end)?;
                accuracy.count(chain.cents(&mel, note));
            }
        }
        Ok::<_, RunError>(accuracy)
    };
    let pitch_prior = measure(&mut source, &mut || std::array::from_fn(|_| rng.sample(StandardNormal)))?;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let encoded = &points.iter().map(|(z, _)| *z).collect::<Vec<_>>();
    let pitch_encoded = measure(&mut source, &mut || *encoded.choose(&mut rng).unwrap_or(&[0.0; LATENT_DIM]))?;
    let latent = latent_space(&mut source, &points, &features.front_end)?;
    Ok(Evaluation { model: model.display().to_string(), held_out, pitch_prior, pitch_encoded, latent })
}

type Opened = (Source, Vec<(Point, MidiNote)>, Option<HeldOut>);

fn open_run(folder: &Path, features: &FeatureSet) -> Result<Opened, RunError> {
    let record = RunRecord::read(folder)?;
    record.check_features(folder, features)?;
    let (networks, _) = record.trained(folder)?;
    let latents: Vec<Latent> = read_json(&folder.join(LATENTS_NAME), "the latent points of a run")?;
    let split: Split = read_json(&folder.join(SPLIT_NAME), "the split of a run")?;
    let held_out = if split.held_out.is_empty() { None } else { Some(held_out(&networks, features, &split)?) };
    let points = latents.iter().map(|l| (l.z, l.note)).collect();
    Ok((Source::Network(Box::new(networks)), points, held_out))
}

fn open_file(path: &Path, features: &FeatureSet) -> Result<Opened, RunError> {
    let refused = |reason: String| RunError::Model { path: path.to_owned(), reason };
    let file = ModelFile::open(path).map_err(|e| refused(e.to_string()))?;
    let (card, f) = (&file.card, &features.front_end);
    let same = card.sample_rate_hz == f.sample_rate_hz
        && (card.geometry, card.frames, card.onset_sample) == (f.geometry, f.frames, f.onset_sample)
        && card.mel == f.mel
        && card.amplitude == f.amplitude;
    if !same {
        let expected = format!("an instrument of the features' front end, {f:?}");
        let got =
            format!("{:?} Hz, {:?}, {:?}, {} frames", card.sample_rate_hz, card.geometry, card.mel, card.frames);
        return Err(RunError::unexpected(path, expected, got));
    }
    let decoder = FileDecoder::new(&file).map_err(|e| refused(e.to_string()))?;
    let points = card.map.iter().map(|p| (p.z, p.note)).collect();
    Ok((Source::File(Box::new(decoder)), points, None))
}

fn held_out(networks: &Networks, features: &FeatureSet, split: &Split) -> Result<HeldOut, RunError> {
    let Batch { mel, pitches } = originals(features, &split.held_out)?;
    let mut errors = Vec::with_capacity(pitches.len());
    for (i, &pitch) in pitches.iter().enumerate() {
        let mel = mel.narrow(0, i, 1)?.contiguous()?;
        let z = networks.encoder.forward(&mel, &[pitch])?;
        let made = networks.decoder.forward(&z, &[pitch], 0..mel.dim(1)?)?;
        errors.push(f64::from(mean_squared_error(&made, &mel)?.to_scalar::<f32>()?));
    }
    let variance = variance(&mel.flatten_all()?.to_vec1()?);
    let known: BTreeSet<_> = split.train.iter().map(|&i| cell(&features.entries[i])).collect();
    let of = |keep: &dyn Fn(bool) -> bool| {
        let seen = |i: usize| known.contains(&cell(&features.entries[split.held_out[i]]));
        let errors: Vec<f64> = (0..errors.len()).filter(|&i| keep(seen(i))).map(|i| errors[i]).collect();
        let mse = errors.iter().sum::<f64>() / errors.len().max(1) as f64;
        Reconstruction { notes: errors.len(), mse, r2: 1.0 - mse / variance }
    };
    Ok(HeldOut { all: of(&|_| true), seen_cells: of(&|seen| seen), unseen_cells: of(&|seen| !seen) })
}

fn variance(values: &[f32]) -> f64 {
    let n = values.len().max(1) as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n
}

fn latent_space(
    source: &mut Source,
    points: &[(Point, MidiNote)],
    front_end: &FrontEnd,
) -> Result<LatentSpace, RunError> {
    let z: Vec<Point> = points.iter().map(|(z, _)| *z).collect();
    let midi: Vec<f64> = points.iter().map(|(_, note)| f64::from(note.number())).collect();
    let mut sensitivity = [0.0; LATENT_DIM];
    let notes: Vec<MidiNote> = NOTES.step_by(MOVE_EVERY).filter_map(|n| MidiNote::new(n).ok()).collect();
    for (i, sum) in sensitivity.iter_mut().enumerate() {
        for &note in &notes {
            let mut at = |x: f32| {
                let mut z = [0.0; LATENT_DIM];
                z[i] = x;
                source.decode(&z, note, front_end)
            };
            let (low, high) = (at(-MOVE)?, at(MOVE)?);
            let squares = low.iter().zip(&high).map(|(a, b)| f64::from(a - b).powi(2));
            *sum += squares.sum::<f64>() / low.len() as f64 / notes.len() as f64;
        }
    }
    let moments = moments(&z);
    Ok(LatentSpace {
        notes: z.len(),
        mmd: if z.len() < 2 { f64::NAN } else { divergence(&z)? },
        mean: moments.mean,
        deviation: moments.deviation(),
        midi_r2: linear_r2(&z, &midi),
        sensitivity,
    })
}

fn divergence(z: &[Point]) -> Result<f64, RunError> {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let draws = z.len() * PRIOR_DRAWS;
    let prior: Vec<f32> = (0..draws * LATENT_DIM).map(|_| rng.sample(StandardNormal)).collect();
    let prior = Tensor::from_vec(prior, (draws, LATENT_DIM), &Device::Cpu)?;
    let z = Tensor::from_slice(z.as_flattened(), (z.len(), LATENT_DIM), &Device::Cpu)?;
    Ok(f64::from(squared_mmd(&z, &prior, Kernel::Imq)?.to_scalar::<f32>()?))
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.model)?;
        if let Some(held_out) = &self.held_out {
            let HeldOut { all, seen_cells, unseen_cells } = held_out;
            for (name, r) in [("held out", all), ("  seen cells", seen_cells), ("  unseen cells", unseen_cells)] {
                writeln!(f, "{name:16} {:4} notes   MSE {:.4}   R2 {:.3}", r.notes, r.mse, r.r2)?;
            }
        }
        for (name, p) in [("pitch, prior z", &self.pitch_prior), ("pitch, encoded z", &self.pitch_encoded)] {
            let PitchAccuracy { notes, within_20_cents, within_50_cents, .. } = p;
            let (near, nearer) = (p.share(*within_50_cents), p.share(*within_20_cents));
            writeln!(
                f,
                "{name:16} {notes:4} notes   within 20 cents {nearer:.1} %   within 50 cents {near:.1} %"
            )?;
        }
        let LatentSpace { mmd, mean, deviation, midi_r2, sensitivity, .. } = &self.latent;
        writeln!(f, "latent space     MMD {mmd:.4}   mean {mean:.2?}   deviation {deviation:.2?}")?;
        writeln!(f, "                 R2 of the MIDI note {midi_r2:.3}   change from -2 to +2 {sensitivity:.4?}")
    }
}
