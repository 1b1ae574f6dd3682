//! Which notes train, which draw the validation curve, and which nobody sees before the evaluation.
//!
//! Several takes of one note on one instrument are nearly the same sound, so that what counts as unseen is a cell: an
//! (instrument, note). Half of the notes kept apart are whole cells, the others single takes of cells that
//! training knows; they are evaluated apart. A shifted copy of a training note is a note of another cell: copies
//! that would land in a cell kept apart are not made.

use std::collections::{BTreeMap, BTreeSet};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use ukulelatent::units::MidiNote;

use crate::config::DataConfig;
use crate::features::NoteEntry;

/// An instrument's note.
pub type Cell = (String, u8);

/// The parts of a feature set, as indices of its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Notes to train on.
    pub train: Vec<usize>,
    /// Notes for the validation curve.
    pub validation: Vec<usize>,
    /// Notes for the evaluation.
    pub held_out: Vec<usize>,
    /// The entries' files, by index: what the indices mean.
    pub files: BTreeMap<usize, String>,
    /// Cells that training must not see, not even as shifted copies.
    pub unseen_cells: BTreeSet<Cell>,
}

/// An entry's cell.
#[must_use]
pub fn cell(entry: &NoteEntry) -> Cell {
    (entry.instrument.clone(), entry.note.number())
}

/// Splits the entries that pass the filters of `data`; the same `split_seed` gives the same split.
#[must_use]
pub fn split(entries: &[NoteEntry], data: &DataConfig) -> Split {
    let usable = |e: &NoteEntry| {
        (data.lowest..=data.highest).contains(&e.note.number()) && e.note.octave_and_semitone().is_some()
    };
    let mut takes: BTreeMap<Cell, Vec<usize>> = BTreeMap::new();
    for (i, entry) in entries.iter().enumerate().filter(|(_, e)| usable(e)) {
        takes.entry(cell(entry)).or_default().push(i);
    }
    let total: usize = takes.values().map(Vec::len).sum();
    let mut rng = ChaCha8Rng::seed_from_u64(data.split_seed);
    let mut cells: Vec<Cell> = takes.keys().cloned().collect();
    cells.shuffle(&mut rng);
    let mut split = Split::default();
    let mut order = cells.into_iter();
    for (share, part) in [(data.held_out, &mut split.held_out), (data.validation, &mut split.validation)] {
        let wanted = (total as f64 * share).round() as usize;
        // Whole cells first, then one take each of further cells that have more.
        while part.len() < wanted / 2 {
            let Some(cell) = order.next() else { break };
            part.extend(takes.remove(&cell).unwrap_or_default());
            split.unseen_cells.insert(cell);
        }
        let mut single = Vec::new();
        for cell in order.by_ref() {
            if part.len() >= wanted {
                break;
            }
            match takes.get_mut(&cell).filter(|takes| takes.len() > 1) {
                Some(takes) => {
                    takes.shuffle(&mut rng);
                    part.extend(takes.pop());
                }
                None => single.push(cell),
            }
        }
        // Where few cells have several takes, whole cells make up for them, and the next part chooses among the rest.
        if part.len() < wanted {
            let short = wanted - part.len();
            for cell in single.drain(..short.min(single.len())) {
                part.extend(takes.remove(&cell).unwrap_or_default());
                split.unseen_cells.insert(cell);
            }
            order = single.into_iter();
        }
        part.sort_unstable();
    }
    split.train = takes.into_values().flatten().collect();
    // Only now: what is apart from an instrument of all families is apart from one of some of them.
    let wanted = |i: &usize| data.families.is_empty() || data.families.contains(&entries[*i].family);
    for part in [&mut split.train, &mut split.validation, &mut split.held_out] {
        part.retain(wanted);
    }
    split.train.sort_unstable();
    let used = split.train.iter().chain(&split.validation).chain(&split.held_out);
    split.files = used.map(|&i| (i, entries[i].file.clone())).collect();
    split
}

impl Split {
    /// The shifts, in semitones, under which a copy of a training note stays out of unseen cells and within the
    /// notes that models can name.
    #[must_use]
    pub fn allowed_shifts(&self, entry: &NoteEntry, shifts: &[i8]) -> Vec<i8> {
        let allowed = |&&shift: &&i8| {
            let note = entry.note.number().checked_add_signed(shift);
            let named = note.and_then(|n| MidiNote::new(n).ok()).and_then(MidiNote::octave_and_semitone).is_some();
            named && note.is_some_and(|n| !self.unseen_cells.contains(&(entry.instrument.clone(), n)))
        };
        shifts.iter().filter(allowed).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(split_seed: u64) -> DataConfig {
        DataConfig { split_seed, ..DataConfig::default() }
    }

    /// Three instruments, each note from 40 to 80, one to three takes.
    fn entries() -> Vec<NoteEntry> {
        let mut entries = Vec::new();
        for instrument in ["a", "b", "c"] {
            for note in 40..=80u8 {
                for take in 0..=note % 3 {
                    entries.push(NoteEntry {
                        file: format!("{instrument}_{note}_{take}.wav"),
                        instrument: instrument.into(),
                        family: "guitar".into(),
                        note: MidiNote::new(note).unwrap(),
                        detune_cents: 0.0,
                        licence: String::new(),
                        aligned: String::new(),
                    });
                }
            }
        }
        entries
    }

    #[test]
    fn parts_are_disjoint_and_complete() {
        let entries = entries();
        let split = split(&entries, &apart(3));
        let mut all: Vec<usize> =
            [&split.train, &split.validation, &split.held_out].into_iter().flatten().copied().collect();
        all.sort_unstable();
        assert_eq!(all, (0..entries.len()).collect::<Vec<_>>());
        let share = split.held_out.len() as f64 / entries.len() as f64;
        assert!((0.09..0.12).contains(&share), "{share}");
    }

    #[test]
    fn no_training_note_and_no_copy_of_one_lies_in_an_unseen_cell() {
        let entries = entries();
        let data = apart(3);
        let split = split(&entries, &data);
        assert!(split.unseen_cells.len() > 5);
        let mut dropped = 0;
        for &i in &split.train {
            let allowed = split.allowed_shifts(&entries[i], &data.shifts);
            dropped += data.shifts.len() - allowed.len();
            for shift in allowed.into_iter().chain([0]) {
                let (instrument, note) = cell(&entries[i]);
                assert!(!split.unseen_cells.contains(&(instrument, note.checked_add_signed(shift).unwrap())));
            }
        }
        assert!(dropped > 0, "the neighbours of unseen cells lose shifts");
    }

    #[test]
    fn notes_kept_apart_are_of_unseen_cells_or_of_cells_that_training_knows() {
        let entries = entries();
        let split = split(&entries, &apart(3));
        let known: BTreeSet<Cell> = split.train.iter().map(|&i| cell(&entries[i])).collect();
        let (seen, unseen): (Vec<usize>, Vec<usize>) =
            split.held_out.iter().partition(|&&i| known.contains(&cell(&entries[i])));
        assert!(unseen.iter().all(|&i| split.unseen_cells.contains(&cell(&entries[i]))));
        assert!(!seen.is_empty() && !unseen.is_empty());
    }

    #[test]
    fn recordings_of_one_take_each_are_still_kept_apart() {
        let entries: Vec<NoteEntry> =
            entries().into_iter().filter(|entry| entry.file.ends_with("_0.wav")).collect();
        let split = split(&entries, &apart(3));
        assert_eq!((split.held_out.len(), split.validation.len()), (12, 6));
        assert_eq!(split.unseen_cells.len(), 18);
        assert_eq!(split.train.len(), entries.len() - 18);
    }

    #[test]
    fn what_is_apart_from_all_families_is_apart_from_some() {
        let mut entries = entries();
        entries.iter_mut().filter(|e| e.instrument == "b").for_each(|e| e.family = "harp".into());
        let all = split(&entries, &apart(3));
        let some = split(&entries, &DataConfig { families: vec!["harp".into()], ..apart(3) });
        let harps =
            |part: &[usize]| part.iter().copied().filter(|&i| entries[i].family == "harp").collect::<Vec<_>>();
        assert_eq!((harps(&all.train), harps(&all.held_out)), (some.train, some.held_out));
    }

    #[test]
    fn a_seed_decides_the_split() {
        let entries = entries();
        let at = |seed| split(&entries, &apart(seed));
        assert_eq!(at(1), at(1));
        assert_ne!(at(1), at(2));
    }
}
