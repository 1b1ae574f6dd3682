//! What is measured: a run or an instrument file, as a function from points to spectrograms and, where there is an
//! encoder, back.

use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;
use ukulelatent::model::card::{LATENT_DIM, LatentAxis};
use ukulelatent::model::decoder::Decoder as FileDecoder;
use ukulelatent::model::encoder::{Encoder as FileEncoder, encoder_path};
use ukulelatent::model::file::ModelFile;
use ukulelatent::units::MidiNote;

use super::progress;
use crate::axes::{Axes, Transform};
use crate::config::TrainConfig;
use crate::features::{FeatureSet, FrontEnd};
use crate::latent_map::Point;
use crate::material::{Batch, originals};
use crate::refine::{Guess, Refiner};
use crate::run::{LATENTS_NAME, Latent, Networks, RunRecord, SPLIT_NAME, read_json};
use crate::run_error::RunError;
use crate::split::{Cell, Split, cell, split};

/// Notes that pass through a network at once.
const CHUNK: usize = 16;

/// A recording's place in the latent space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Encoding {
    /// Index of its entry in the features; `None` where only the card tells of it.
    pub entry: Option<usize>,
    /// The point.
    pub z: Point,
    /// The note it sounds.
    pub note: MidiNote,
}

/// A recording that training never saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unseen {
    /// Index of its entry in the features.
    pub entry: usize,
    /// Its point.
    pub z: Point,
    /// The encoder's guess, from which the point was refined.
    pub guess: Point,
    /// Whether training knows other takes of its (instrument, note) cell. An instrument of the same name is the same.
    pub seen_cell: bool,
}

enum Model {
    Run(Box<Networks>),
    File { decoder: Box<FileDecoder>, encoder: Option<Box<FileEncoder>> },
}

/// A model, ready to be measured on a feature set.
pub struct Subject {
    model: Model,
    /// What its spectrograms are.
    pub front_end: FrontEnd,
    /// What its card says of its coordinates, or would.
    pub axes: [LatentAxis; LATENT_DIM],
    /// The card's map, for a file without an encoder.
    mapped: Vec<Encoding>,
    /// Which entries were what to training; `None` for other recordings than those it was trained on.
    split: Option<Split>,
    /// The cells of its training notes.
    known: BTreeSet<Cell>,
    /// Entries that training could have seen or not: all but those its configuration leaves out.
    usable: Vec<usize>,
}

impl Subject {
    /// Opens a run's folder, or an instrument file with its encoder if that lies beside it.
    ///
    /// # Errors
    /// [`RunError`] for a model that cannot be read, or whose front end is not that of the features.
    pub fn open(path: &Path, features: &FeatureSet) -> Result<Self, RunError> {
        if path.is_dir() { Self::open_run(path, features) } else { Self::open_file(path, features) }
    }

    fn open_run(folder: &Path, features: &FeatureSet) -> Result<Self, RunError> {
        let record = RunRecord::read(folder)?;
        record.check_front_end(folder, features)?;
        let (networks, axes, _) = record.trained(folder)?;
        Self::of_run(networks, axes.labels(), &record, folder, features)
    }

    /// A run in the coordinates that training left, and the steps it has made.
    ///
    /// # Errors
    /// [`RunError`] for a run that cannot be read.
    pub fn of_training(record: &RunRecord, folder: &Path, features: &FeatureSet) -> Result<(Self, u64), RunError> {
        let (networks, steps) = record.as_trained(folder)?;
        let axes = Axes::of_training().labels();
        Ok((Self::of_run(networks, axes, record, folder, features)?, steps))
    }

    fn of_run(
        networks: Networks,
        axes: [LatentAxis; LATENT_DIM],
        record: &RunRecord,
        folder: &Path,
        features: &FeatureSet,
    ) -> Result<Self, RunError> {
        let same = record.data_sha256 == features.data_sha256;
        let split = if same { Some(read_json(&folder.join(SPLIT_NAME), "the split of a run")?) } else { None };
        let latents: Vec<Latent> = read_json(&folder.join(LATENTS_NAME), "the latent points of a run")?;
        Ok(Self {
            model: Model::Run(Box::new(networks)),
            front_end: record.front_end.clone(),
            axes,
            mapped: Vec::new(),
            known: latents.into_iter().map(|latent| (latent.instrument, latent.note.number())).collect(),
            usable: usable(&split, features),
            split,
        })
    }

    /// Gives a run's networks other coordinates. An instrument file keeps its own.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn change_coordinates(&mut self, transform: &Transform) -> Result<(), RunError> {
        if let Model::Run(networks) = &self.model {
            transform.fold_into(&networks.parameters)?;
        }
        Ok(())
    }

    fn open_file(path: &Path, features: &FeatureSet) -> Result<Self, RunError> {
        let refused = |reason: String| RunError::Model { path: path.to_owned(), reason };
        let file = ModelFile::open(path).map_err(|e| refused(e.to_string()))?;
        let card = &file.card;
        let front_end = FrontEnd::of(card);
        if front_end != features.front_end {
            let expected = format!("an instrument of the features' front end, {:?}", features.front_end);
            return Err(RunError::unexpected(path, expected, format!("{front_end:?}")));
        }
        let decoder = FileDecoder::new(&file).map_err(|e| refused(e.to_string()))?;
        let beside = encoder_path(path);
        let encoder = if beside.is_file() {
            let open = FileEncoder::open(&beside, &file);
            Some(Box::new(open.map_err(|e| RunError::Model { path: beside, reason: e.to_string() })?))
        } else {
            None
        };
        let config: Option<TrainConfig> = serde_json::from_value(card.training["config"].clone()).ok();
        let same = card.training["data_sha256"] == features.data_sha256.as_str();
        let split = config.filter(|_| same).map(|config| split(&features.entries, &config.data));
        Ok(Self {
            model: Model::File { decoder: Box::new(decoder), encoder },
            front_end,
            axes: card.axes.clone(),
            mapped: card.map.iter().map(|p| Encoding { entry: None, z: p.z, note: p.note }).collect(),
            known: card.map.iter().map(|p| (p.label.clone(), p.note.number())).collect(),
            usable: usable(&split, features),
            split,
        })
    }

    /// Whether these features are the ones that it was trained on.
    #[must_use]
    pub fn is_trained_on_these(&self) -> bool {
        self.split.is_some()
    }

    /// Whether recordings can be turned into points.
    #[must_use]
    pub fn encodes(&self) -> bool {
        !matches!(self.model, Model::File { encoder: None, .. })
    }

    /// Whole notes: frames x bands each.
    ///
    /// # Errors
    /// [`RunError`] if the model fails.
    pub fn decode(&mut self, notes: &[(Point, MidiNote)]) -> Result<Vec<Vec<f32>>, RunError> {
        let FrontEnd { frames, mel, .. } = self.front_end;
        let size = frames * mel.bands;
        let mut decoded = Vec::with_capacity(notes.len());
        match &mut self.model {
            Model::Run(networks) => {
                for notes in notes.chunks(CHUNK) {
                    decoded.extend(networks.decoder.decode(notes, frames)?);
                }
            }
            Model::File { decoder, .. } => {
                for (z, note) in notes {
                    let mut mel = vec![0.0; size];
                    let failed =
                        |e: ukulelatent::model::decoder::DecodeError| candle_core::Error::Msg(e.to_string());
                    decoder.decode(z, *note, 0..frames, &mut mel).map_err(failed)?;
                    decoded.push(mel);
                }
            }
        }
        Ok(decoded)
    }

    /// Where entries of the features lie, the encoder's guesses and the same refined.
    ///
    /// # Errors
    /// [`RunError`] if the model fails, or has no encoder.
    fn encode(&mut self, features: &FeatureSet, entries: &[usize]) -> Result<(Vec<Point>, Vec<Point>), RunError> {
        let guesses = self.guess(features, entries)?;
        let mut points = Vec::with_capacity(entries.len());
        let refiner = Refiner::new(&self.front_end)?;
        let bar = progress("points", entries.len());
        for (entries, guesses) in entries.chunks(CHUNK).zip(guesses.chunks(CHUNK)) {
            let mels: Vec<Vec<f32>> = entries.par_iter().map(|&entry| features.mel(entry, 0)).collect();
            let notes = entries.iter().map(|&entry| features.entries[entry].note);
            let guesses: Vec<Guess> =
                mels.iter().zip(notes).zip(guesses).map(|((mel, note), &z)| Guess { mel, note, z }).collect();
            points.extend(refiner.refined(&guesses, &mut |notes: &[(Point, MidiNote)]| self.decode(notes))?);
            bar.inc(entries.len() as u64);
        }
        bar.finish_and_clear();
        Ok((guesses, points))
    }

    /// Where the encoder puts entries of the features.
    ///
    /// # Errors
    /// [`RunError`] if the model fails, or has no encoder.
    fn guess(&mut self, features: &FeatureSet, entries: &[usize]) -> Result<Vec<Point>, RunError> {
        let mut points = Vec::with_capacity(entries.len());
        for entries in entries.chunks(CHUNK) {
            let Batch { mel, pitches, .. } = originals(features, entries)?;
            match &mut self.model {
                Model::Run(networks) => {
                    let z = networks.encoder.forward(&mel, &pitches)?.flatten_all()?.to_vec1::<f32>()?;
                    points.extend_from_slice(z.as_chunks::<LATENT_DIM>().0);
                }
                Model::File { encoder, .. } => {
                    let none = || candle_core::Error::Msg("the instrument file has no encoder beside it".into());
                    let encoder = encoder.as_mut().ok_or_else(none)?;
                    let mels = mel.flatten_all()?.to_vec1::<f32>()?;
                    let size = mels.len() / entries.len();
                    for (&entry, mel) in entries.iter().zip(mels.chunks_exact(size)) {
                        let z = encoder.encode(mel, features.entries[entry].note);
                        points.push(z.map_err(|e| candle_core::Error::Msg(e.to_string()))?);
                    }
                }
            }
        }
        Ok(points)
    }

    /// Where all recordings lie, or all training recordings that the card tells of.
    ///
    /// # Errors
    /// [`RunError`] if the model fails.
    pub fn encodings(&mut self, features: &FeatureSet) -> Result<Vec<Encoding>, RunError> {
        if !self.encodes() {
            return Ok(self.mapped.clone());
        }
        let entries = self.usable.clone();
        let (_, points) = self.encode(features, &entries)?;
        let encoding =
            |(&entry, z): (&usize, Point)| Encoding { entry: Some(entry), z, note: features.entries[entry].note };
        Ok(entries.iter().zip(points).map(encoding).collect())
    }

    /// The recordings that training never saw, with their points; `None` if there are none, or no encoder.
    ///
    /// # Errors
    /// [`RunError`] if the model fails.
    pub fn unseen(&mut self, features: &FeatureSet) -> Result<Option<Vec<Unseen>>, RunError> {
        let entries = self.split.as_ref().map_or_else(|| self.usable.clone(), |split| split.held_out.clone());
        if entries.is_empty() || !self.encodes() {
            return Ok(None);
        }
        let (guesses, points) = self.encode(features, &entries)?;
        let unseen = entries.into_iter().zip(points).zip(guesses).map(|((entry, z), guess)| Unseen {
            entry,
            z,
            guess,
            seen_cell: self.known.contains(&cell(&features.entries[entry])),
        });
        Ok(Some(unseen.collect()))
    }
}

/// Entries of the split, or all that models can name.
fn usable(split: &Option<Split>, features: &FeatureSet) -> Vec<usize> {
    match split {
        Some(split) => split.files.keys().copied().collect(),
        None => {
            let named = |&i: &usize| features.entries[i].note.octave_and_semitone().is_some();
            (0..features.entries.len()).filter(named).collect()
        }
    }
}
