//! `note`: a single note to a file.

use std::path::PathBuf;

use ukulelatent::units::MidiNote;

use crate::error::CliError;
use crate::player::Job;
use crate::song::{Action, Event};
use crate::sound::{SoundArgs, between};
use crate::tempo::TempoMap;
use crate::wav::WavOutput;
use crate::{Outcome, keys};

/// Samples in a block: nothing hangs on it here.
const BLOCK: usize = 512;

/// Which note to render, and how.
#[derive(clap::Args)]
pub struct Args {
    /// Where the sound goes
    #[arg(value_name = "OUT.wav")]
    output: PathBuf,
    /// The key: 0 to 127, or a name such as A4 (69), C#3, Bb2
    #[arg(long, value_parser = keys::parse)]
    key: MidiNote,
    /// How hard it is struck, 1 to 127
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u8).range(1..=127))]
    velocity: u8,
    /// How long the key is held, in seconds, 0 to 60; the note is rendered to its end
    #[arg(long, value_name = "S", default_value_t = 1.5, value_parser = between(0.0, 60.0))]
    seconds: f32,
    #[command(flatten)]
    sound: SoundArgs,
}

/// Plays a song of one note.
pub fn run(args: &Args) -> Result<Outcome, CliError> {
    let sound = args.sound.open()?;
    let mut output = WavOutput::create(&args.output, sound.rate)?;
    let velocity = f32::from(args.velocity) / 127.0;
    let event = |seconds, action| Event { seconds, channel: 0, action };
    let events = [
        event(0.0, Action::On { key: args.key, velocity }),
        event(f64::from(args.seconds), Action::Off { key: args.key }),
    ];
    let tempos = &TempoMap::default();
    let (block, latency, hashes) = (BLOCK, 0, false);
    let job = Job { sound: &sound, events: &events, tempos, automation: None, block, latency, hashes };
    let report = job.render(&mut output)?;
    output.finish()?;
    Ok(report.print(&args.output))
}
