//! `ukulelatent`: the instrument without a host. Renders songs and single notes through the plugin's own engine,
//! tells what it would play with, and measures what was played.

mod automation;
mod calibrate;
mod choose;
mod clicks;
mod error;
mod info;
mod keys;
mod listen;
mod models;
mod note;
mod play;
mod player;
mod preset;
mod render;
mod solo;
mod song;
mod sound;
mod spectrogram;
mod tempo;
mod wav;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use error::CliError;

/// A latent sampler: a note's timbre is a point in the latent space of an auto-encoder.
#[derive(Parser)]
#[command(name = "ukulelatent", version, about, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Render a MIDI file to a WAV file (stereo, 32-bit float), through the same engine as the plugin.
    ///
    /// The same song renders to the same bytes on one machine and backend, whatever the block size and the load.
    Render(render::Args),
    /// Render a single note to a WAV file (stereo, 32-bit float).
    Note(note::Args),
    /// Show the inference backend and why it was chosen, the model folders, and a model's card.
    Info(info::Args),
    /// List the models that there are, and choose the one that new instances of the plugin start with.
    Models(models::Args),
    /// Measure a WAV file: level, pitch, clicks; draw its spectrogram.
    Listen(listen::Args),
    /// Measure how long notes take on this machine, and suggest a `latency`.
    Calibrate(calibrate::Args),
    /// List, show, save, export and choose presets.
    #[command(subcommand)]
    Preset(preset::Args),
    /// Play live, through the system's audio and MIDI ports.
    Play(play::Args),
}

/// What a command that did not fail says about what it did.
enum Outcome {
    Done,
    /// It went to its end, but not all that was asked for is there; why has been said.
    Incomplete,
    /// This program was built without it.
    #[cfg_attr(feature = "standalone", expect(dead_code, reason = "everything is built in"))]
    NotBuilt,
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Incomplete) => ExitCode::FAILURE,
        Ok(Outcome::NotBuilt) => ExitCode::from(2),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<Outcome, CliError> {
    match command {
        Command::Render(args) => render::run(&args),
        Command::Note(args) => note::run(&args),
        Command::Info(args) => info::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Listen(args) => listen::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Preset(args) => preset::run(&args),
        Command::Play(args) => Ok(play::run(args)),
    }
}
