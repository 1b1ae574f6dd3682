//! A run in progress: what one step does, and how it is saved and continued.
//!
//! All random draws of a step come from a stream of its own, numbered by the step, so that a run that was stopped
//! continues exactly as if it had not been.

use std::collections::HashMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use ukulelatent::model::card::LATENT_DIM;

use crate::augment::spoiled;
use crate::average::Average;
use crate::beginning::{record_of, start_from};
use crate::checkpoint;
use crate::config::{Rule, TrainConfig};
use crate::curves::{self, Row};
use crate::features::FeatureSet;
use crate::material::{Batch, Material, originals, pitch_of};
use crate::memory::Memory;
use crate::network::ops::mean_squared_error;
use crate::objective::{Cost, Extras, Objective, Placed};
use crate::optimiser::Adam;
use crate::run::{AVERAGE_PREFIX, LATENTS_NAME, Latent, Networks, RUN_NAME, RunRecord, SPLIT_NAME, write_json};
use crate::run_error::RunError;
use crate::split::{Split, split};

/// Steps in a row of the curves.
pub const ROW_STEPS: u64 = 20;
const VALIDATION_STEPS: u64 = 250;
/// The adversary learns at this rate throughout.
const ADVERSARY_RATE: f64 = 2e-3;
/// Notes that pass through a network at once where nothing is learnt.
const CHUNK: usize = 16;

/// A run in progress.
pub struct Run {
    folder: PathBuf,
    /// What it is made with.
    pub record: RunRecord,
    networks: Networks,
    averaged: Networks,
    adam: Adam,
    adversary_adam: Adam,
    memory: Memory,
    average: Average,
    /// Steps made.
    pub step: u64,
    /// The curves so far.
    pub rows: Vec<Row>,
    /// Sums since the last row.
    pending: [f64; 3],
    material: Material,
    objective: Objective,
    validation: Batch,
    training_notes: Vec<Latent>,
}

impl Run {
    /// Starts a run in `folder`, or goes on with the one that is there. `source` is where messages say the features
    /// are from.
    ///
    /// # Errors
    /// [`RunError`] if there is a run with another configuration or other features, if too few notes are left to
    /// train on, and if a checkpoint is damaged.
    pub fn open(
        config: TrainConfig,
        features: &FeatureSet,
        source: &Path,
        folder: &Path,
    ) -> Result<Self, RunError> {
        Self::open_from(None, config, features, source, folder)
    }

    /// The same; a new run starts from the weights of the run in `start`, as far as they fit.
    ///
    /// # Errors
    /// Those of [`Run::open`]; [`RunError`] if the other run cannot be read, or was trained on recordings that this one
    /// keeps apart.
    pub fn open_from(
        start: Option<&Path>,
        config: TrainConfig,
        features: &FeatureSet,
        source: &Path,
        folder: &Path,
    ) -> Result<Self, RunError> {
        config.check(source)?;
        fs::create_dir_all(folder).map_err(RunError::io(folder, "make the run's folder"))?;
        let record = record_of(folder, config, features, start)?;
        let split = split(&features.entries, &record.config.data);
        if split.train.len() < record.config.batch {
            let (expected, got) = (record.config.batch, split.train.len());
            return Err(RunError::TooFewNotes { path: source.to_owned(), expected, got });
        }
        let networks = Networks::new(&record.config, &features.front_end)?;
        let saved = checkpoint::load(folder)?;
        if let (Some(start), None) = (start, &saved) {
            start_from(start, &networks, &split)?;
        }
        write_json(&folder.join(SPLIT_NAME), &split)?;
        write_json(&folder.join(RUN_NAME), &record)?;
        let optimiser = &record.config.optimiser;
        let mut run = Self {
            folder: folder.to_owned(),
            averaged: Networks::new(&record.config, &features.front_end)?,
            adam: Adam::new(&networks.parameters, optimiser.rule, optimiser.weight_decay),
            adversary_adam: Adam::new(&networks.adversary_parameters, Rule::Adam, 0.0),
            memory: Memory::default(),
            average: Average::new(&networks.parameters, record.config.optimiser.average)?,
            step: 0,
            rows: Vec::new(),
            pending: [0.0; 3],
            material: Material::new(features, &split, &record.config.data),
            objective: Objective::new(&record.config.loss, &features.front_end, pitches(features, &split))?,
            validation: originals(features, &split.validation)?,
            training_notes: unplaced(features, &split),
            networks,
            record,
        };
        match saved {
            Some(tensors) => {
                let path = folder.join(checkpoint::CHECKPOINT_NAME);
                run.restore(&tensors).map_err(|e| RunError::unexpected(&path, "a checkpoint of this run", e))?;
            }
            // What it starts from may be gone when it goes on.
            None if start.is_some() => run.save()?,
            None => {}
        }
        Ok(run)
    }

    /// One step.
    ///
    /// # Errors
    /// [`RunError::Diverged`] if the loss is no number.
    pub fn step(&mut self) -> Result<(), RunError> {
        let config = &self.record.config;
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        rng.set_stream(self.step);
        let (networks, loss) = (&self.networks, &config.loss);
        let batch = self.material.batch(config.seed, self.step, config.batch + loss.placed, &mut rng)?;
        let seen = spoiled(&batch.mel, &config.input, &mut rng)?;
        let encoding = networks.encoder.encode(&seen, &batch.pitches)?;
        let known = self.memory.with(&encoding.mean, &batch.pitches, &batch.families, loss.adversary_memory)?;
        for _ in 0..loss.adversary_steps {
            let error = networks.adversary.error(&known.points, &known.pitches, &known.families)?;
            let parameters = &networks.adversary_parameters;
            self.adversary_adam.step(parameters, &error.backward()?, ADVERSARY_RATE, f32::INFINITY)?;
        }
        let extras = Extras::of(self.step, config.refined_from());
        let placed = Placed { batch: &batch, encoding: &encoding, decoded: config.batch };
        let cost = self.objective.cost(networks, &placed, extras, &mut rng)?;
        let Cost { total, mse, divergence, adversary } = cost;
        let value = total.to_scalar::<f32>()?;
        if !value.is_finite() {
            return Err(RunError::Diverged { path: self.folder.clone(), step: self.step, loss: value });
        }
        let rate = config.optimiser.rate_at(self.step, config.steps);
        self.adam.step(&networks.parameters, &total.backward()?, rate, config.optimiser.clip)?;
        self.average.update(&networks.parameters, self.step)?;
        for (sum, loss) in self.pending.iter_mut().zip([mse, divergence, adversary]) {
            *sum += f64::from(loss.to_scalar::<f32>()?);
        }
        self.step += 1;
        if self.step.is_multiple_of(ROW_STEPS) {
            self.finish_row()?;
        }
        Ok(())
    }

    fn finish_row(&mut self) -> Result<(), RunError> {
        let [mse, divergence, adversary] = self.pending.map(|sum| sum / ROW_STEPS as f64);
        self.pending = [0.0; 3];
        let due = self.step % VALIDATION_STEPS < ROW_STEPS && !self.validation.pitches.is_empty();
        let validation = if due { self.validate()? } else { f64::NAN };
        self.rows.push(Row { step: self.step as f64, mse, divergence, adversary, validation });
        Ok(())
    }

    /// The averaged networks' mean squared error on the validation notes.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn validate(&self) -> Result<f64, RunError> {
        self.average.copy_to(&self.averaged.parameters)?;
        let Batch { mel, pitches, .. } = &self.validation;
        let mut sum = 0.0;
        for (i, pitches) in pitches.chunks(CHUNK).enumerate() {
            let mel = mel.narrow(0, i * CHUNK, pitches.len())?.contiguous()?;
            let z = self.averaged.encoder.forward(&mel, pitches)?;
            let made = self.averaged.decoder.forward(&z, pitches, 0..mel.dim(1)?)?;
            sum += f64::from(mean_squared_error(&made, &mel)?.to_scalar::<f32>()?) * pitches.len() as f64;
        }
        Ok(sum / pitches.len() as f64)
    }

    /// Writes checkpoint, curves and the training notes' latent points.
    ///
    /// # Errors
    /// [`RunError`] if the system refuses.
    pub fn save(&self) -> Result<(), RunError> {
        let mut tensors = HashMap::new();
        let Networks { parameters, adversary_parameters, .. } = &self.networks;
        for (prefix, parameters) in [("network.", parameters), ("network.", adversary_parameters)] {
            tensors.extend(parameters.iter().map(|(name, v)| (format!("{prefix}{name}"), v.as_tensor().clone())));
        }
        self.adam.save(parameters, "adam.", &mut tensors)?;
        self.adversary_adam.save(adversary_parameters, "adversary_adam.", &mut tensors)?;
        self.average.save(parameters, AVERAGE_PREFIX, &mut tensors)?;
        let rows: Vec<f64> = self.rows.iter().flat_map(|row| row.numbers()).collect();
        self.memory.save(&mut tensors)?;
        tensors.insert("step".into(), Tensor::new(&[self.step as i64], &Device::Cpu)?);
        tensors.insert("pending".into(), Tensor::new(&self.pending, &Device::Cpu)?);
        tensors.insert("rows".into(), Tensor::from_vec(rows, self.rows.len() * Row::LEN, &Device::Cpu)?);
        checkpoint::save(&self.folder, &tensors)?;
        curves::write(&self.folder, &self.rows)?;
        write_json(&self.folder.join(LATENTS_NAME), &self.latents()?)
    }

    fn restore(&mut self, tensors: &HashMap<String, Tensor>) -> candle_core::Result<()> {
        let Networks { parameters, adversary_parameters, .. } = &self.networks;
        parameters.load(tensors, "network.")?;
        adversary_parameters.load(tensors, "network.")?;
        self.adam.load(parameters, "adam.", tensors)?;
        self.adversary_adam.load(adversary_parameters, "adversary_adam.", tensors)?;
        self.average.load(parameters, AVERAGE_PREFIX, tensors)?;
        self.memory = Memory::load(tensors)?;
        let find = |key: &str| {
            tensors
                .get(key)
                .ok_or_else(|| candle_core::Error::Msg(format!("tensor {key:?}: expected it, got none")))
        };
        self.step = find("step")?.to_vec1::<i64>()?.first().map_or(0, |&s| s as u64);
        let pending = find("pending")?.to_vec1::<f64>()?;
        self.pending = pending
            .try_into()
            .map_err(|_| candle_core::Error::Msg("tensor \"pending\" has another size".into()))?;
        let rows = find("rows")?.to_vec1::<f64>()?;
        self.rows = rows.as_chunks::<{ Row::LEN }>().0.iter().map(|&numbers| Row::of(numbers)).collect();
        Ok(())
    }

    /// Where the averaged encoder puts the training notes.
    fn latents(&self) -> Result<Vec<Latent>, RunError> {
        self.average.copy_to(&self.averaged.parameters)?;
        let mut latents = self.training_notes.clone();
        for (i, latents) in latents.chunks_mut(CHUNK).enumerate() {
            let Batch { mel, pitches, .. } = self.material.originals(i * CHUNK..i * CHUNK + latents.len())?;
            let z = self.averaged.encoder.forward(&mel, &pitches)?.to_vec2::<f32>()?;
            for (latent, z) in latents.iter_mut().zip(z) {
                latent.z.copy_from_slice(&z);
            }
        }
        Ok(latents)
    }
}

/// From the lowest to the highest training note.
fn pitches(features: &FeatureSet, split: &Split) -> RangeInclusive<u32> {
    let pitches = || split.train.iter().map(|&i| pitch_of(features.entries[i].note));
    pitches().min().unwrap_or(0)..=pitches().max().unwrap_or(0)
}

fn unplaced(features: &FeatureSet, split: &Split) -> Vec<Latent> {
    let latent = |&i: &usize| {
        let entry = &features.entries[i];
        Latent {
            file: entry.file.clone(),
            instrument: entry.instrument.clone(),
            family: entry.family.clone(),
            note: entry.note,
            z: [0.0; LATENT_DIM],
        }
    };
    split.train.iter().map(latent).collect()
}
