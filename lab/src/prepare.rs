//! `lab features`: a folder of recordings becomes a feature folder.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::LabError;
use crate::audio::write_wav;
use crate::dataset::{self, Selection, Source};
use crate::features::{Disagreement, INDEX_NAME, INDEX_VERSION, Index, LabelOrigin, NoteEntry, Skipped};
use crate::front_end::{FrontEnd, FrontEndArgs};
use crate::recording::prepare;

/// Sub-folder of the aligned recordings.
const AUDIO_FOLDER: &str = "audio";
/// Rows of a table on the terminal; the index has all.
const TABLE_ROWS: usize = 40;

/// Prepare recordings for training: mono, resampled, tuned, aligned at their onset and normalised.
///
/// SAMPLES is a folder of WAV, FLAC, AIFF, MP3 or Ogg files. Its manifest.csv, if there is one, says which (columns
/// `file` and `midi`; optionally `instrument`, `family`, `licence`, `f0_hz` and `f0_cents`). Without one, a file's
/// sub-folder or the first word of its name is taken for the instrument, and the pitch is measured.
#[derive(Clone, Debug, clap::Args)]
pub struct FeaturesArgs {
    /// Folder of recordings
    pub samples: PathBuf,
    /// Folder to make: index.json and aligned WAV files
    pub out: PathBuf,
    /// Which recordings, and what to make of them.
    #[command(flatten)]
    pub recordings: RecordingArgs,
}

/// Which of a folder's recordings are taken, and what is made of them: of `lab features` and of `lab new`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct RecordingArgs {
    /// Manifest to use instead of the samples' own manifest.csv
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// Where the measured pitch contradicts the manifest by more than 50 cents, believe the measurement
    #[arg(long)]
    pub trust_f0: bool,
    /// Which recordings.
    #[command(flatten)]
    pub selection: Selection,
    /// What to make of them.
    #[command(flatten)]
    pub front_end: FrontEndArgs,
}

/// Makes the feature folder and says what was found.
///
/// # Errors
/// [`LabError`] if the recordings cannot be listed, if none can be used, or if the folder cannot be written. A
/// single bad recording is left out and reported.
pub fn run(args: &FeaturesArgs) -> Result<(), LabError> {
    let RecordingArgs { manifest, trust_f0, selection, front_end } = &args.recordings;
    let front_end = front_end.front_end()?;
    let sources = dataset::list(&args.samples, manifest.as_deref(), &args.out, selection)?;
    make_folders(&args.out)?;
    let job = Job { out: &args.out, front_end: &front_end, trust_f0: *trust_f0, selection };
    let outcomes = job.run(&sources)?;
    let index = collect(outcomes, front_end, &args.samples)?;
    remove_strays(&args.out, &index)?;
    write_index(&args.out, &index)?;
    print_summary(&index, &args.out);
    Ok(())
}

/// An index that is there tells that the folder is complete, so the old one goes first.
fn make_folders(out: &Path) -> Result<(), LabError> {
    let audio = out.join(AUDIO_FOLDER);
    fs::create_dir_all(&audio).map_err(LabError::io(&audio, "make the folder"))?;
    let index = out.join(INDEX_NAME);
    match fs::remove_file(&index) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(LabError::io(&index, "replace the old index")(e)),
        _ => Ok(()),
    }
}

/// What has become of a recording.
enum Outcome {
    /// Its aligned copy is written.
    Ready { entry: NoteEntry, disagreements: Vec<Disagreement>, sha256: [u8; 32] },
    /// Its measured note is not among the notes asked for.
    Unwanted,
    /// It cannot be used.
    Bad(Skipped),
}

struct Job<'a> {
    out: &'a Path,
    front_end: &'a FrontEnd,
    trust_f0: bool,
    selection: &'a Selection,
}

impl Job<'_> {
    /// Prepares all recordings on all cores; the outcomes keep their order.
    fn run(&self, sources: &[Source]) -> Result<Vec<Outcome>, LabError> {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} recordings, {eta} left {wide_msg}")
            .expect("the template is well-formed");
        let bar = ProgressBar::new(sources.len() as u64).with_style(style);
        let outcomes = sources
            .par_iter()
            .enumerate()
            .map(|(number, source)| {
                let outcome = self.one(number, source);
                bar.inc(1);
                outcome
            })
            .collect();
        bar.finish_and_clear();
        outcomes
    }

    fn one(&self, number: usize, source: &Source) -> Result<Outcome, LabError> {
        let bad = |e: &LabError| Outcome::Bad(Skipped { file: source.file.clone(), reason: e.to_string() });
        let prepared = match prepare(source, self.front_end, self.trust_f0) {
            Ok(prepared) => prepared,
            Err(e) => return Ok(bad(&e)),
        };
        if !self.selection.note(prepared.pitch.note) {
            return Ok(Outcome::Unwanted);
        }
        let bytes = fs::read(&source.path).map_err(LabError::io(&source.path, "read the recording"))?;
        let aligned = format!("{AUDIO_FOLDER}/{number:04}.wav");
        write_wav(&self.out.join(&aligned), &prepared.samples, self.front_end.sample_rate_hz)?;
        let entry = NoteEntry {
            file: source.file.clone(),
            instrument: source.instrument.clone(),
            family: source.family.clone(),
            note: prepared.pitch.note,
            detune_cents: prepared.pitch.detune_cents,
            licence: source.licence.clone(),
            aligned,
        };
        let disagreements = prepared.pitch.disagreements;
        Ok(Outcome::Ready { entry, disagreements, sha256: Sha256::digest(&bytes).into() })
    }
}

fn collect(outcomes: Vec<Outcome>, front_end: FrontEnd, samples: &Path) -> Result<Index, LabError> {
    let count = outcomes.len();
    let mut hash = Sha256::new();
    let (mut entries, mut disagreements, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            Outcome::Ready { entry, disagreements: more, sha256 } => {
                hash.update(entry.file.as_bytes());
                hash.update([0, entry.note.number()]);
                hash.update(sha256);
                entries.push(entry);
                disagreements.extend(more);
            }
            Outcome::Unwanted => {}
            Outcome::Bad(one) => skipped.push(one),
        }
    }
    if entries.is_empty() {
        let path = samples.to_owned();
        return Err(match skipped.into_iter().next() {
            Some(Skipped { reason, .. }) => LabError::NoUsableRecording { path, count, first: reason },
            None => LabError::NothingSelected { path, count, known: String::new() },
        });
    }
    let data_sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Index { version: INDEX_VERSION, front_end, data_sha256, entries, disagreements, skipped })
}

/// Removes numbered WAV files that an earlier, longer run left.
fn remove_strays(out: &Path, index: &Index) -> Result<(), LabError> {
    let audio = out.join(AUDIO_FOLDER);
    let kept: BTreeSet<PathBuf> = index.entries.iter().map(|entry| out.join(&entry.aligned)).collect();
    for entry in fs::read_dir(&audio).map_err(LabError::io(&audio, "list the folder"))? {
        let path = entry.map_err(LabError::io(&audio, "list the folder"))?.path();
        let numbered = path.file_stem().is_some_and(|stem| stem.to_string_lossy().parse::<u32>().is_ok());
        if numbered && path.extension().is_some_and(|ending| ending == "wav") && !kept.contains(&path) {
            fs::remove_file(&path).map_err(LabError::io(&path, "remove what an earlier run left"))?;
        }
    }
    Ok(())
}

fn write_index(out: &Path, index: &Index) -> Result<(), LabError> {
    let (path, draft) = (out.join(INDEX_NAME), out.join("index.json.part"));
    let text = serde_json::to_string_pretty(index).expect("every field has a JSON form");
    fs::write(&draft, text + "\n").map_err(LabError::io(&draft, "write the index"))?;
    fs::rename(&draft, &path).map_err(LabError::io(&path, "write the index"))
}

fn print_summary(index: &Index, out: &Path) {
    if !index.skipped.is_empty() {
        println!("{} recordings were left out:", index.skipped.len());
        for skipped in index.skipped.iter().take(TABLE_ROWS) {
            println!("  {}", skipped.reason);
        }
        print_rest(index.skipped.len());
    }
    if !index.disagreements.is_empty() {
        println!("{} labels disagree with a measured pitch by more than 50 cents:", index.disagreements.len());
        println!("  {:<40} {:>5} {:>12} {:>9} {:>7} {:>5}", "file", "label", "by", "measured", "cents", "kept");
        for row in index.disagreements.iter().take(TABLE_ROWS) {
            let by = match row.labelled_by {
                LabelOrigin::Manifest => "manifest",
                LabelOrigin::ManifestF0 => "manifest, f0",
                LabelOrigin::Name => "file name",
            };
            let (labelled, kept) = (row.labelled.number(), row.kept.number());
            println!(
                "  {:<40} {labelled:>5} {by:>12} {:>6.1} Hz {:>+7.0} {kept:>5}",
                row.file, row.measured_hz, row.cents
            );
        }
        print_rest(index.disagreements.len());
    }
    let names = |name: fn(&NoteEntry) -> &str| index.entries.iter().map(name).collect::<BTreeSet<_>>().len();
    println!(
        "{}: {} notes of {} instruments in {} families",
        out.display(),
        index.entries.len(),
        names(|entry| &entry.instrument),
        names(|entry| &entry.family)
    );
}

fn print_rest(count: usize) {
    if count > TABLE_ROWS {
        println!("  ... and {} more in {INDEX_NAME}", count - TABLE_ROWS);
    }
}
