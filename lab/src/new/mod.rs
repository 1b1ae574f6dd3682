//! `lab new`: from a folder of recordings to a playable instrument, in one command.
//!
//! Features, training, axes, export, evaluation and report, each left on disk when it is done: the same command goes on
//! where an earlier one was stopped, by Ctrl-C, a crash or a full disk.

mod plan;
mod request;

use std::path::{Path, PathBuf};

use ukulelatent::model::encoder::encoder_path;

use crate::audio::EXTENSIONS;
use crate::axes::{self, Axes};
use crate::evaluate::{Effort, evaluate};
use crate::export::{self, ExportArgs, Imprint};
use crate::features::{FeatureSet, INDEX_NAME};
use crate::front_end::FrontEndArgs;
use crate::prepare::{self, FeaturesArgs, RecordingArgs};
use crate::report::{self, PAGE_NAME};
use crate::run::{RunRecord, steps_made};
use crate::run_error::RunError;
use crate::train;
use crate::training::Run;

use request::Request;

/// Makes an instrument of a folder of recordings: features, training, axes, export, evaluation and report.
///
/// Leaves NAME.onnx, the instrument; NAME.encoder.onnx, which tells where recordings lie in it; and NAME.lab, a folder
/// with the report (report.html) and everything that the same command needs to go on after it was stopped.
#[derive(Clone, Debug, clap::Args)]
pub struct NewArgs {
    /// The instrument's name, and its files'
    pub name: String,
    /// Folder of recordings: WAV, FLAC, AIFF, MP3 or Ogg, one note each. A manifest.csv in it says which; without one,
    /// sub-folders or the first word of names are instruments, and pitch is measured
    #[arg(long, value_name = "FOLDER")]
    pub samples: PathBuf,
    /// Where to put the instrument [default: here]
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub out: PathBuf,
    /// Full bandwidth: 44.1 kHz and 2.4 s a note, for twice the time; the default is 22.05 kHz and 1.6 s
    #[arg(long)]
    pub full_band: bool,
    /// Training configuration, a TOML file; steps are then its own, not suited to the number of recordings
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
    /// Steps to train [default: by the number of recordings]
    #[arg(long)]
    pub steps: Option<u64>,
    /// Where all random draws start from
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Which recordings, and what to make of them.
    #[command(flatten)]
    pub recordings: RecordingArgs,
    /// What the card says of the instrument.
    #[command(flatten)]
    pub imprint: Imprint,
    /// Timbres whose pitch is measured for the report, at each note from 40 to 84
    #[arg(long, default_value_t = 10)]
    pub timbres: usize,
}

/// Where everything of an instrument lies.
#[derive(Clone, Debug)]
pub struct Places {
    /// The instrument.
    pub model: PathBuf,
    /// All that it is made with.
    pub work: PathBuf,
    /// Aligned recordings.
    pub features: PathBuf,
    /// Networks, checkpoint, curves.
    pub run: PathBuf,
}

impl Places {
    /// Of the instrument `name` in the folder `out`.
    #[must_use]
    pub fn of(name: &str, out: &Path) -> Self {
        let work = out.join(format!("{name}.lab"));
        Self {
            model: out.join(format!("{name}.onnx")),
            features: work.join("features"),
            run: work.join("run"),
            work,
        }
    }
}

/// Makes the instrument, or goes on with it.
///
/// # Errors
/// [`RunError`] that says which file or recording is in the way, and what would do.
pub fn run(args: &NewArgs) -> Result<Places, RunError> {
    let places = Places::of(checked_name(&args.name)?, &args.out);
    Request::of(args)?.keep(&places)?;
    let features = features(args, &places)?;
    train(args, &places, &features)?;
    let record = RunRecord::read(&places.run)?;
    if Axes::find(&places.run, record.config.steps)?.axes.is_empty() {
        println!("axes ...");
        axes::find(&places.run, &features)?;
    }
    export(args, &places)?;
    println!("evaluation ...");
    let evaluation = evaluate(&places.run, &features, Effort { timbres: args.timbres, ..Effort::default() })?;
    report::write(&places.run, &features, &evaluation, &args.name, &places.work)?;
    print!("\n{evaluation}");
    println!("\n{}: the instrument", places.model.display());
    println!("{}: its encoder", encoder_path(&places.model).display());
    println!("{}: the report", places.work.join(PAGE_NAME).display());
    println!("`ukulelatent models --add {}` puts it where the plugin finds it", places.model.display());
    Ok(places)
}

/// A name that is one part of a path on every system.
fn checked_name(name: &str) -> Result<&str, RunError> {
    let fits = !name.is_empty()
        && !name.starts_with('.')
        && name.trim() == name
        && !name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|'])
        && !name.contains(char::is_control);
    let expected = "a name without path separators or any of : * ? \" < > |";
    if fits { Ok(name) } else { Err(RunError::unexpected(Path::new(name), expected, "this")) }
}

fn features(args: &NewArgs, places: &Places) -> Result<FeatureSet, RunError> {
    if !places.features.join(INDEX_NAME).is_file() {
        println!("features ... ({})", EXTENSIONS.join(", "));
        prepare::run(&FeaturesArgs {
            samples: args.samples.clone(),
            out: places.features.clone(),
            recordings: RecordingArgs { front_end: front_end(args), ..args.recordings.clone() },
        })?;
    }
    Ok(FeatureSet::load(&places.features)?)
}

/// The front end asked for: what is left open is that of the shipped instruments, of the paper's geometry or full band.
fn front_end(args: &NewArgs) -> FrontEndArgs {
    let asked = args.recordings.front_end.clone();
    if !args.full_band {
        return asked;
    }
    FrontEndArgs {
        rate: asked.rate.or(Some(44_100)),
        fft: asked.fft.or(Some(4096)),
        hop: asked.hop.or(Some(512)),
        frames: asked.frames.or(Some(203)),
        bands: asked.bands.or(Some(640)),
        ..asked
    }
}

fn train(args: &NewArgs, places: &Places, features: &FeatureSet) -> Result<(), RunError> {
    let record = RunRecord::find(&places.run)?;
    // A checkpoint that cannot be read is told of where the run is opened.
    if let Some(record) = &record
        && steps_made(&places.run).is_ok_and(|steps| steps >= Some(record.config.steps))
    {
        return Ok(());
    }
    let config = match record {
        Some(record) => record.config,
        None => plan::config(args, features)?,
    };
    let made = steps_made(&places.run).ok().flatten().unwrap_or(0);
    println!(
        "training ... {} notes, {} steps of {}, {made} made",
        features.entries.len(),
        config.steps,
        config.batch
    );
    let mut run = Run::open(config, features, &places.features, &places.run)?;
    train::to_the_end(&mut run)
}

fn export(args: &NewArgs, places: &Places) -> Result<(), RunError> {
    println!("export ...");
    export::run(&ExportArgs {
        run: places.run.clone(),
        model: places.model.clone(),
        name: args.name.clone(),
        imprint: args.imprint.clone(),
        axes: None,
    })
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_must_do_as_a_file_everywhere() {
        assert_eq!(checked_name("My Harp 2").unwrap(), "My Harp 2");
        for name in ["", "a/b", "..", "a\\b", "what?", " x", "a\nb"] {
            assert!(checked_name(name).is_err(), "{name:?}");
        }
    }
}
