//! `render`: a song to a file.

use std::path::PathBuf;

use crate::Outcome;
use crate::automation::Automation;
use crate::error::CliError;
use crate::player::Job;
use crate::song::Song;
use crate::sound::{SoundArgs, between};
use crate::wav::WavOutput;

/// What to render, and how.
#[derive(clap::Args)]
pub struct Args {
    /// A standard MIDI file
    #[arg(value_name = "SONG.mid")]
    song: PathBuf,
    /// Where the sound goes; written beside it first, so that a failure leaves an older file alone
    #[arg(value_name = "OUT.wav")]
    output: PathBuf,
    #[command(flatten)]
    sound: SoundArgs,
    /// Moves the timbre: lines of `seconds,z1,z2,z3,z4`, with straight lines between them, the first and the last
    /// point held before and after; evaluated every 64 samples. Notes that sound follow only with `--set morph=MS`.
    /// Empty lines, lines that start with `#` and one header line are passed over
    #[arg(long, value_name = "CSV", conflicts_with = "latent")]
    automate: Option<PathBuf>,
    /// Samples in a block, as a host would ask for them; changes nothing in the sound
    #[arg(long, value_name = "SAMPLES", default_value_t = 512,
          value_parser = clap::value_parser!(u32).range(1..=65_536))]
    block: u32,
    /// How far notes are computed ahead, in milliseconds, 0 to 1000; compensated in the file [default: 0]
    #[arg(long, value_name = "MS", value_parser = between(0.0, 1_000.0))]
    latency: Option<f32>,
    /// Print a hash of each note's samples: equal hashes are equal notes, to the bit
    #[arg(long)]
    hashes: bool,
}

/// Reads everything before it writes anything.
pub fn run(args: &Args) -> Result<Outcome, CliError> {
    let sound = args.sound.open()?;
    let song = Song::open(&args.song)?;
    let automation = args.automate.as_deref().map(Automation::open).transpose()?;
    let mut output = WavOutput::create(&args.output, sound.rate)?;
    let job = Job {
        sound: &sound,
        events: &song.events,
        tempos: &song.tempos,
        automation: automation.as_ref(),
        block: args.block as usize,
        latency: sound.rate.samples_in_ms(args.latency.unwrap_or(0.0)),
        hashes: args.hashes,
    };
    let mut report = job.render(&mut output)?;
    output.finish()?;
    if args.hashes {
        report.print_hashes();
    }
    Ok(report.print(&args.output))
}
