//! `calibrate`: which look-ahead this machine holds.

use std::path::PathBuf;
use std::sync::Arc;

use ukulelatent::calibrate::{CALIBRATION, measure};
use ukulelatent::link::ModelChoice;
use ukulelatent::model::backend::{Backend, BackendKind};
use ukulelatent::model::{Catalog, ModelFile};
use ukulelatent::params::LatencySetting;
use ukulelatent::units::SampleRate;

use crate::Outcome;
use crate::error::CliError;

/// What to play with.
#[derive(clap::Args)]
pub struct Args {
    /// The instrument: an ONNX file with a model card [default: the built-in one]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// What runs the model [default: an ONNX Runtime if there is one, else the embedded one]
    #[arg(long)]
    backend: Option<BackendKind>,
    /// The host's sample rate in hertz, 22050 to 192000
    #[arg(long, value_name = "HZ", default_value_t = 48_000,
          value_parser = clap::value_parser!(u32).range(22_050..=192_000))]
    rate: u32,
}

/// Plays for some ten seconds, and says what it takes.
pub fn run(args: &Args) -> Result<Outcome, CliError> {
    if let Some(kind) = args.backend {
        Backend::require(kind).map_err(CliError::Backend)?;
    }
    let model = match &args.model {
        Some(path) => ModelFile::open(path)?,
        None => ModelFile::built_in()?,
    };
    let choice = Arc::new(ModelChoice::new(model, Catalog::standard()));
    let rate = SampleRate::new(args.rate as f32).expect("the option's range has positive rates only");
    println!("playing {} notes for some ten seconds, without sound", CALIBRATION.notes);
    let delays = measure(&choice, rate, CALIBRATION).map_err(CliError::Workers)?;
    for notice in choice.notices() {
        eprintln!("note: {notice}");
    }
    if delays.failed_notes > 0 {
        eprintln!("error: a note could not be made, or not to its end: there is nothing to suggest");
        return Ok(Outcome::Incomplete);
    }
    let [median, high, most] = [0.5, 0.99, 1.0].map(|share| delays.quantile_ms(share));
    println!(
        "from key to sound: {median:.1} ms at the median, {high:.1} ms at the 99th percentile, {most:.1} ms at most"
    );
    if delays.dry_streams > 0 {
        println!("notes broke off {} times because the rest of them came late", delays.dry_streams);
    }
    let settings = LatencySetting::LOOK_AHEADS_MS;
    match delays.suggestion_ms(&settings) {
        Some(setting) => println!("latency: {setting:.0} ms should do on this machine as it is now"),
        None => println!(
            "latency: even {:.0} ms is short on this machine as it is now; an ONNX Runtime makes notes faster",
            settings.last().copied().unwrap_or(0.0)
        ),
    }
    Ok(Outcome::Done)
}
