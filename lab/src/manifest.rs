//! The table of recordings that may lie beside them.

use std::collections::BTreeMap;
use std::path::Path;

use ukulelatent::units::MidiNote;

use crate::LabError;
use crate::dataset::{PitchLabel, Selection, Source, names_of};
use crate::error::encodable;

/// Reads the recordings that `manifest` lists in `folder`, the unwanted ones too. Needed columns are `file` (relative
/// to the folder) and `midi`; `instrument`, `family`, `licence`, `f0_hz` and `f0_cents` are used where they are.
///
/// # Errors
/// [`LabError`] that names the line: of a row that cannot be read, of a file that is listed twice or missing, and of
/// a wanted note that the models' pitch vectors cannot name.
pub fn read(manifest: &Path, folder: &Path, wanted: &Selection) -> Result<Vec<Source>, LabError> {
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
    if sources.is_empty() {
        return Err(LabError::ManifestRow {
            manifest: manifest.to_owned(),
            line: 2,
            expected: "a recording".into(),
            got: "the end of the file".into(),
        });
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
