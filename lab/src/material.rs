//! The spectrograms of a run, shifted copies included, in memory; and which of them each step sees.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use candle_core::{Device, Result, Tensor};
use half::f16;
use half::slice::HalfFloatSliceExt;
use indicatif::{ProgressBar, ProgressStyle};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use ukulelatent::units::MidiNote;

use crate::colour::Colour;
use crate::config::DataConfig;
use crate::features::FeatureSet;
use crate::network::families::MOST;
use crate::split::Split;

/// Copies are made until the spectrograms take this much memory.
const MOST_BYTES: usize = 2 << 30;

/// One spectrogram and its pitch.
struct Copy {
    /// In halves: their steps, 5e-4 near 1, are a seventieth of what the network gets wrong.
    mel: Vec<f16>,
    pitch: u32,
}

/// A note: as it is, then its shifted copies.
struct Note {
    family: u32,
    copies: Vec<Copy>,
}

/// All that a run trains on.
pub struct Material {
    notes: Vec<Note>,
    /// Copies that sound the same note on the same instrument, as (note, copy).
    alike: BTreeMap<(String, u32), Vec<(usize, usize)>>,
    instruments: Vec<String>,
    shifted: f64,
    mixed: f64,
    coloured: f64,
    colour: Colour,
    frames: usize,
    bands: usize,
}

/// Spectrograms `[B, frames, bands]` and their pitches, semitones from A0.
pub struct Batch {
    /// `[B, frames, bands]`, in [-1, 1].
    pub mel: Tensor,
    /// Semitones from A0.
    pub pitches: Vec<u32>,
    /// Places of the instruments' families among all families, by name; those beyond the places of
    /// [`FamilyHead`](crate::network::FamilyHead) share the last.
    pub families: Vec<u32>,
}

impl Batch {
    /// Its first notes.
    ///
    /// # Errors
    /// If there are fewer.
    pub fn first(&self, notes: usize) -> Result<Self> {
        Ok(Self {
            mel: self.mel.narrow(0, 0, notes)?,
            pitches: self.pitches[..notes].to_vec(),
            families: self.families[..notes].to_vec(),
        })
    }
}

/// Semitones from A0 of a note that models can name.
#[must_use]
pub fn pitch_of(note: MidiNote) -> u32 {
    u32::from(note.number() - MidiNote::LOWEST_ENCODED.number())
}

/// The note that is `pitch` semitones above A0.
#[must_use]
pub fn note_of(pitch: u32) -> MidiNote {
    let number = u32::from(MidiNote::LOWEST_ENCODED.number()) + pitch;
    MidiNote::new(number as u8).unwrap_or(MidiNote::LOWEST_ENCODED)
}

impl Material {
    /// Computes the spectrograms of the training notes and of their allowed copies: of all of these, or of as many as fit into 2 GB.
    #[must_use]
    pub fn new(features: &FeatureSet, split: &Split, data: &DataConfig) -> Self {
        Self::within(MOST_BYTES, features, split, data)
    }

    /// The same in so much memory; the notes themselves are always held.
    #[must_use]
    pub fn within(most_bytes: usize, features: &FeatureSet, split: &Split, data: &DataConfig) -> Self {
        let progress = ProgressBar::new(split.train.len() as u64).with_style(
            ProgressStyle::with_template("spectrograms {bar:30} {pos}/{len} {eta}").expect("a valid template"),
        );
        let families = family_names(features);
        let front_end = &features.front_end;
        let bytes = front_end.frames * front_end.mel.bands * size_of::<f16>();
        let most_copies = (most_bytes / bytes / split.train.len().max(1)).saturating_sub(1);
        let note = |&i: &usize| {
            let entry = &features.entries[i];
            let copy = |shift: i8| Copy {
                mel: features.mel(i, shift).into_iter().map(f16::from_f32).collect(),
                pitch: pitch_of(entry.note).wrapping_add_signed(shift.into()),
            };
            let mut shifts = split.allowed_shifts(entry, &data.shifts);
            if shifts.len() > most_copies {
                // Each note its own.
                shifts.shuffle(&mut ChaCha8Rng::seed_from_u64(i as u64));
                shifts.truncate(most_copies);
            }
            let note = Note {
                family: place(&families, &entry.family),
                copies: std::iter::once(0).chain(shifts).map(copy).collect(),
            };
            progress.inc(1);
            note
        };
        let notes: Vec<Note> = split.train.par_iter().map(note).collect();
        progress.finish_and_clear();
        let instruments: Vec<String> =
            split.train.iter().map(|&i| features.entries[i].instrument.clone()).collect();
        Self {
            alike: alike(&notes, &instruments),
            notes,
            instruments,
            shifted: data.shifted,
            mixed: data.mixed,
            coloured: data.coloured,
            colour: Colour::new(front_end, data.colour_db),
            frames: features.front_end.frames,
            bands: features.front_end.mel.bands,
        }
    }

    /// How many spectrograms it holds.
    #[must_use]
    pub fn spectrograms(&self) -> usize {
        self.notes.iter().map(|note| note.copies.len()).sum()
    }

    /// The batch of a step: notes in a new random order each time all were seen, each with probability `shifted` as one
    /// of its copies, with probability `mixed` mixed with another copy that sounds the same note on the same
    /// instrument, and with probability `coloured` filtered and damped. Depends on nothing but `seed` and `step`.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn batch(&self, seed: u64, step: u64, size: usize, rng: &mut ChaCha8Rng) -> Result<Batch> {
        let count = self.notes.len() as u64;
        let mut mel = vec![0.0f32; size * self.frames * self.bands];
        let mut pitches = Vec::with_capacity(size);
        let mut families = Vec::with_capacity(size);
        let mut order = (u64::MAX, Vec::new());
        let first = step * size as u64;
        for (seen, row) in (first..).zip(mel.chunks_exact_mut(self.frames * self.bands)) {
            let epoch = seen / count;
            if order.0 != epoch {
                order = (epoch, self.order(seed, epoch));
            }
            let note = order.1[(seen % count) as usize];
            let copies = &self.notes[note].copies;
            let shifted = copies.len() > 1 && rng.random_bool(self.shifted);
            let copy = if shifted { rng.random_range(1..copies.len()) } else { 0 };
            copies[copy].mel.convert_to_f32_slice(row);
            if rng.random_bool(self.mixed) {
                self.mix(note, copy, row, rng);
            }
            // Recipes without it draw what they always drew.
            if self.coloured > 0.0 && rng.random_bool(self.coloured) {
                self.colour.apply(row, rng);
            }
            pitches.push(copies[copy].pitch);
            families.push(self.notes[note].family);
        }
        let mel = Tensor::from_vec(mel, (size, self.frames, self.bands), &Device::Cpu)?;
        Ok(Batch { mel, pitches, families })
    }

    /// Notes as they are, by their place in the split's training notes.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn originals(&self, range: Range<usize>) -> Result<Batch> {
        let notes = &self.notes[range];
        let mut mel = vec![0.0f32; notes.len() * self.frames * self.bands];
        for (note, row) in notes.iter().zip(mel.chunks_exact_mut(self.frames * self.bands)) {
            note.copies[0].mel.convert_to_f32_slice(row);
        }
        let pitches = notes.iter().map(|note| note.copies[0].pitch).collect();
        let families = notes.iter().map(|note| note.family).collect();
        let mel = Tensor::from_vec(mel, (notes.len(), self.frames, self.bands), &Device::Cpu)?;
        Ok(Batch { mel, pitches, families })
    }

    /// Mixes another take of the same sound into `row`, in any proportion: something between two velocities, or
    /// between a string and its neighbour.
    fn mix(&self, note: usize, copy: usize, row: &mut [f32], rng: &mut ChaCha8Rng) {
        let pitch = self.notes[note].copies[copy].pitch;
        let alike = &self.alike[&(self.instruments[note].clone(), pitch)];
        let Some(&(other_note, other_copy)) = alike.choose(rng) else { return };
        let share = rng.random::<f32>();
        let mut other = vec![0.0; row.len()];
        self.notes[other_note].copies[other_copy].mel.convert_to_f32_slice(&mut other);
        for (value, other) in row.iter_mut().zip(other) {
            *value += share * (other - *value);
        }
    }

    fn order(&self, seed: u64, epoch: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.notes.len()).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(EPOCHS + epoch);
        order.shuffle(&mut rng);
        order
    }
}

fn family_names(features: &FeatureSet) -> BTreeSet<&str> {
    features.entries.iter().map(|entry| entry.family.as_str()).collect()
}

fn place(names: &BTreeSet<&str>, family: &str) -> u32 {
    names.iter().position(|name| *name == family).unwrap_or(0).min(MOST - 1) as u32
}

fn alike(notes: &[Note], instruments: &[String]) -> BTreeMap<(String, u32), Vec<(usize, usize)>> {
    let mut alike: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (i, (note, instrument)) in notes.iter().zip(instruments).enumerate() {
        for (j, copy) in note.copies.iter().enumerate() {
            alike.entry((instrument.clone(), copy.pitch)).or_default().push((i, j));
        }
    }
    alike
}

/// The random streams of epochs lie beyond those of steps.
const EPOCHS: u64 = 1 << 63;

/// Notes as they are, in one batch.
///
/// # Errors
/// None in practice; candle's.
pub fn originals(features: &FeatureSet, indices: &[usize]) -> Result<Batch> {
    let front_end = &features.front_end;
    let mel: Vec<f32> = indices.par_iter().flat_map_iter(|&i| features.mel(i, 0)).collect();
    let mel = Tensor::from_vec(mel, (indices.len(), front_end.frames, front_end.mel.bands), &Device::Cpu)?;
    let names = family_names(features);
    let entries = || indices.iter().map(|&i| &features.entries[i]);
    let families = entries().map(|entry| place(&names, &entry.family)).collect();
    Ok(Batch { mel, pitches: entries().map(|entry| pitch_of(entry.note)).collect(), families })
}
