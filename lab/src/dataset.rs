//! Which recordings there are, and what a manifest or their names say about them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ukulelatent::units::MidiNote;

use crate::LabError;
use crate::audio::{self, EXTENSIONS};
use crate::error::encodable;

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
        Some(manifest) => (manifest.as_path(), read_manifest(manifest, folder, wanted)?),
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
    if kept.is_empty() && count > 0 {
        let known = format!("; there are the families {}", families.into_iter().collect::<Vec<_>>().join(", "));
        return Err(LabError::NothingSelected { path: listed_in.to_owned(), count, known });
    }
    if kept.is_empty() {
        return Err(LabError::EmptyFolder { path: listed_in.to_owned(), expected: EXTENSIONS.join(", ") });
    }
    kept.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(kept)
}

fn read_manifest(manifest: &Path, folder: &Path, wanted: &Selection) -> Result<Vec<Source>, LabError> {
    let file = std::fs::File::open(manifest).map_err(LabError::io(manifest, "read the manifest"))?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let bad_csv = |e: &csv::Error| LabError::ManifestRow {
        manifest: manifest.to_owned(),
        line: e.position().map_or(1, csv::Position::line),
        expected: "comma-separated text with the columns of the first line".into(),
        got: e.to_string(),
    };
    let columns = Columns::new(reader.headers().map_err(|e| bad_csv(&e))?, manifest)?;
    let mut seen = BTreeMap::new();
    let mut sources = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| bad_csv(&e))?;
        let row =
            Row { manifest, line: record.position().map_or(0, csv::Position::line), columns: &columns, record };
        let source = row.source(folder, wanted)?;
        if let Some(first) = seen.insert(source.file.clone(), row.line) {
            return Err(row.error("each file once".into(), format!("`{}` again, after line {first}", source.file)));
        }
        sources.push(source);
    }
    Ok(sources)
}

/// Places of the columns that the lab knows.
struct Columns {
    file: usize,
    midi: usize,
    instrument: Option<usize>,
    family: Option<usize>,
    licence: Option<usize>,
    f0_hz: Option<usize>,
    f0_cents: Option<usize>,
}

impl Columns {
    fn new(first_line: &csv::StringRecord, manifest: &Path) -> Result<Self, LabError> {
        let place = |name: &str| first_line.iter().position(|column| column.eq_ignore_ascii_case(name));
        let needed = |column: &'static str| {
            place(column).ok_or_else(|| LabError::ManifestColumn {
                manifest: manifest.to_owned(),
                column,
                got: first_line.iter().collect::<Vec<_>>().join(","),
            })
        };
        Ok(Self {
            file: needed("file")?,
            midi: needed("midi")?,
            instrument: place("instrument"),
            family: place("family"),
            licence: place("licence").or_else(|| place("license")),
            f0_hz: place("f0_hz"),
            f0_cents: place("f0_cents"),
        })
    }
}

struct Row<'a> {
    manifest: &'a Path,
    line: u64,
    columns: &'a Columns,
    record: csv::StringRecord,
}

impl Row<'_> {
    fn source(&self, folder: &Path, wanted: &Selection) -> Result<Source, LabError> {
        let file = self.record[self.columns.file].replace('\\', "/");
        if file.is_empty() {
            return Err(self.error("a file name".into(), "nothing".into()));
        }
        let path = folder.join(&file);
        let (by_name, _) = names_of(&file);
        let instrument = self.text(self.columns.instrument).unwrap_or(&by_name).to_owned();
        let family = self.text(self.columns.family).unwrap_or(&instrument).to_owned();
        let note = self.note()?;
        let chosen = wanted.note(note) && wanted.names(&instrument, &family);
        if chosen && note.octave_and_semitone().is_none() {
            let expected = format!("a note in {} (--low-note and --high-note leave others out)", encodable());
            return Err(self.error(expected, format!("{} for `{file}`", note.number())));
        }
        if !path.is_file() {
            return Err(LabError::MissingRecording { manifest: self.manifest.to_owned(), line: self.line, path });
        }
        let pitch = PitchLabel::Manifest { note, cents: self.cents(note)? };
        let licence = self.text(self.columns.licence).unwrap_or_default().to_owned();
        Ok(Source { path, file, instrument, family, licence, pitch })
    }

    fn note(&self) -> Result<MidiNote, LabError> {
        let text = &self.record[self.columns.midi];
        let note = text.parse::<u8>().ok().and_then(|number| MidiNote::new(number).ok());
        note.ok_or_else(|| self.error("a MIDI note, 0 to 127, in column `midi`".into(), format!("`{text}`")))
    }

    /// The measured deviation: from column `f0_cents`, or else from `f0_hz`.
    fn cents(&self, note: MidiNote) -> Result<Option<f32>, LabError> {
        let cents = self.number(self.columns.f0_cents, "f0_cents")?;
        let hz = self.number(self.columns.f0_hz, "f0_hz")?.filter(|&hz| hz > 0.0);
        Ok(cents.or_else(|| hz.map(|hz| note.cents_to(hz))))
    }

    fn number(&self, column: Option<usize>, name: &str) -> Result<Option<f32>, LabError> {
        let Some(text) = self.text(column) else { return Ok(None) };
        match text.parse::<f32>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(self.error(format!("a number or nothing in column `{name}`"), format!("`{text}`"))),
        }
    }

    fn text(&self, column: Option<usize>) -> Option<&str> {
        self.record.get(column?).filter(|text| !text.is_empty())
    }

    fn error(&self, expected: String, got: String) -> LabError {
        LabError::ManifestRow { manifest: self.manifest.to_owned(), line: self.line, expected, got }
    }
}

fn scan(folder: &Path, except: &Path) -> Result<Vec<Source>, LabError> {
    let mut paths = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(&at).map_err(LabError::io(&at, "list the folder"))? {
            let path = entry.map_err(LabError::io(&at, "list the folder"))?.path();
            if path.is_dir() && path != except {
                folders.push(path);
            } else if path.is_file() && audio::is_audio(&path) {
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
fn names_of(file: &str) -> (String, PitchLabel) {
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
    let mut letters = word.chars();
    let step = match letters.next()?.to_ascii_uppercase() {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let rest = letters.as_str();
    let (accidental, octave) = match rest.chars().next()? {
        '#' | 's' | '♯' => (1, rest.trim_start_matches(['#', 's', '♯'])),
        'b' | '♭' => (-1, rest.trim_start_matches(['b', '♭'])),
        _ => (0, rest),
    };
    let octave: i32 = octave.parse().ok().filter(|octave| (-1..=9).contains(octave))?;
    let note = u8::try_from(12 * (octave + 1) + step + accidental).ok().and_then(encodable)?;
    Some(PitchLabel::Name { note, octave_unsure: true })
}
