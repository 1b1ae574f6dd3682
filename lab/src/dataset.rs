//! Which recordings there are, and what a manifest or their names say about them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ukulelatent::units::MidiNote;

use crate::audio::{self, EXTENSIONS};
use crate::{LabError, manifest};

/// The manifest that is looked for in a folder of recordings.
pub const MANIFEST_NAME: &str = "manifest.csv";

/// One recording, before anybody has listened to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// Its path below the folder, with `/` between folders on every system.
    pub file: String,
    /// Whose sound it is.
    pub instrument: String,
    /// The instrument's family; the instrument itself where nobody says.
    pub family: String,
    /// SPDX expression; empty where nobody says.
    pub licence: String,
    /// What is known of its pitch.
    pub pitch: PitchLabel,
}

/// What is known of a recording's pitch before listening.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PitchLabel {
    /// A manifest says so.
    Manifest {
        /// The note played.
        note: MidiNote,
        /// How far above the note the recording sounds, in cents, if somebody measured it.
        cents: Option<f32>,
    },
    /// The file's name seems to say so: good for a check only.
    Name {
        /// The note.
        note: MidiNote,
        /// Whether a name like `A3` was read, whose octave depends on the writer's habit.
        octave_unsure: bool,
    },
    /// Nothing.
    Unknown,
}

/// Which recordings to take. Empty lists take all.
#[derive(Clone, Debug, Default, PartialEq, clap::Args)]
pub struct Selection {
    /// Only these families, comma-separated
    #[arg(long, value_delimiter = ',')]
    pub families: Vec<String>,
    /// Only these instruments, comma-separated
    #[arg(long, value_delimiter = ',')]
    pub instruments: Vec<String>,
    /// No notes below this MIDI number
    #[arg(long, value_name = "MIDI", value_parser = clap::value_parser!(u8).range(0..=127))]
    pub low_note: Option<u8>,
    /// No notes above this MIDI number
    #[arg(long, value_name = "MIDI", value_parser = clap::value_parser!(u8).range(0..=127))]
    pub high_note: Option<u8>,
}

impl Selection {
    /// Whether an instrument of a family is wanted.
    #[must_use]
    pub fn names(&self, instrument: &str, family: &str) -> bool {
        let within = |list: &[String], name: &str| list.is_empty() || list.iter().any(|entry| entry == name);
        within(&self.families, family) && within(&self.instruments, instrument)
    }

    /// Whether a note is wanted.
    #[must_use]
    pub fn note(&self, note: MidiNote) -> bool {
        (self.low_note.unwrap_or(0)..=self.high_note.unwrap_or(127)).contains(&note.number())
    }
}

/// Lists the wanted recordings of `folder`, sorted by file: the rows of `manifest`, or else of the folder's own
/// `manifest.csv`, or else all audio files in it and below, without those below `except`.
///
/// # Errors
/// [`LabError`] for an unreadable or empty folder, a bad manifest, a row whose recording is missing or whose
/// note has no place in the models' pitch vectors, and when nothing is left.
pub fn list(
    folder: &Path,
    manifest: Option<&Path>,
    except: &Path,
    wanted: &Selection,
) -> Result<Vec<Source>, LabError> {
    let own = folder.join(MANIFEST_NAME);
    let manifest = manifest.map(Path::to_owned).or_else(|| own.is_file().then_some(own));
    let (listed_in, all) = match &manifest {
        Some(manifest) => (manifest.as_path(), manifest::read(manifest, folder, wanted)?),
        None => (folder, scan(folder, except)?),
    };
    let count = all.len();
    let families: BTreeSet<String> = all.iter().map(|source| source.family.clone()).collect();
    let keeps = |source: &Source| {
        let in_range = match source.pitch {
            PitchLabel::Manifest { note, .. } => wanted.note(note),
            PitchLabel::Name { .. } | PitchLabel::Unknown => true,
        };
        in_range && wanted.names(&source.instrument, &source.family)
    };
    let mut kept: Vec<Source> = all.into_iter().filter(keeps).collect();
    if count == 0 {
        return Err(LabError::EmptyFolder { path: listed_in.to_owned(), expected: EXTENSIONS.join(", ") });
    }
    if kept.is_empty() {
        let known = format!("; there are the families {}", families.into_iter().collect::<Vec<_>>().join(", "));
        return Err(LabError::NothingSelected { path: listed_in.to_owned(), count, known });
    }
    kept.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(kept)
}

fn scan(folder: &Path, except: &Path) -> Result<Vec<Source>, LabError> {
    // Real paths, so that a link to a folder above does not lead round in circles.
    let mut seen = BTreeSet::from_iter(except.canonicalize());
    let mut paths = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        let refused = || LabError::io(&at, "list the folder");
        if !seen.insert(at.canonicalize().map_err(refused())?) {
            continue;
        }
        for entry in std::fs::read_dir(&at).map_err(refused())? {
            let path = entry.map_err(refused())?.path();
            if path.is_dir() {
                folders.push(path);
            } else if audio::is_audio(&path) {
                paths.push(path);
            }
        }
    }
    Ok(paths.into_iter().map(|path| unlabelled(folder, path)).collect())
}

fn unlabelled(folder: &Path, path: PathBuf) -> Source {
    let below = path.strip_prefix(folder).unwrap_or(&path);
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    let file = parts.join("/");
    let (instrument, pitch) = names_of(&file);
    Source { path, file, family: instrument.clone(), instrument, licence: String::new(), pitch }
}

/// The instrument and the note that a file's name suggests: its first folder, or else the first word of the name;
/// and the last word that reads as a note, as in `guitar_A3.wav` or `harp_057_soft.flac`.
pub(crate) fn names_of(file: &str) -> (String, PitchLabel) {
    let (folders, name) = file.rsplit_once('/').unwrap_or(("", file));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let words: Vec<&str> = stem.split(['_', ' ']).filter(|word| !word.is_empty()).collect();
    let by_folder = folders.split('/').next().filter(|folder| !folder.is_empty());
    let instrument = by_folder.or(words.first().copied()).unwrap_or(stem).to_owned();
    let pitch = words.iter().rev().find_map(|word| note_of(word)).unwrap_or(PitchLabel::Unknown);
    (instrument, pitch)
}

/// Reads `A3`, `f#4`, `Bb2`, `Cs5` (C4 being 60), or two or three digits from 21 to 104 as a note.
fn note_of(word: &str) -> Option<PitchLabel> {
    let encodable = |number: u8| MidiNote::new(number).ok().filter(|note| note.octave_and_semitone().is_some());
    if (2..=3).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit()) {
        let note = word.parse().ok().and_then(encodable)?;
        return Some(PitchLabel::Name { note, octave_unsure: false });
    }
    let note = MidiNote::from_name(word).and_then(|note| encodable(note.number()))?;
    Some(PitchLabel::Name { note, octave_unsure: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(number: u8, octave_unsure: bool) -> PitchLabel {
        PitchLabel::Name { note: MidiNote::new(number).unwrap(), octave_unsure }
    }

    #[test]
    fn the_instrument_is_the_folder_or_the_first_word_and_the_note_the_last_that_reads_as_one() {
        let cases = [
            ("guitar-steel_050_a.flac", "guitar-steel", named(50, false)),
            ("ukulele/soft/take 2_A4.wav", "ukulele", named(69, true)),
            ("harp_Bb2_057.ogg", "harp", named(57, false)),
            ("harp_f#3.wav", "harp", named(54, true)),
            ("Cs5.wav", "Cs5", named(73, true)),
            ("banjo_take_7.wav", "banjo", PitchLabel::Unknown),
            ("banjo_120.wav", "banjo", PitchLabel::Unknown),
            ("bass_Bass.wav", "bass", PitchLabel::Unknown),
            ("_.wav", "_", PitchLabel::Unknown),
        ];
        for (file, instrument, pitch) in cases {
            assert_eq!(names_of(file), (instrument.to_owned(), pitch), "{file}");
        }
    }
}
