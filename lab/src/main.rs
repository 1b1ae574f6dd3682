//! `lab`: makes Ukulelatent instruments from recordings.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lab::{axes, encode, evaluate, export, prepare, train};

/// Makes Ukulelatent instruments from recordings.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Features(prepare::FeaturesArgs),
    Train(train::TrainArgs),
    Axes(axes::AxesArgs),
    Export(export::ExportArgs),
    Evaluate(evaluate::EvaluateArgs),
    Encode(encode::EncodeArgs),
}

fn main() -> ExitCode {
    let result: Result<(), Box<dyn std::error::Error>> = match Cli::parse().command {
        Command::Features(args) => prepare::run(&args).map_err(Into::into),
        Command::Train(args) => train::run(&args).map_err(Into::into),
        Command::Axes(args) => axes::run(&args).map(drop).map_err(Into::into),
        Command::Export(args) => export::run(&args).map(drop).map_err(Into::into),
        Command::Encode(args) => encode::run(&args).map(drop).map_err(Into::into),
        Command::Evaluate(args) => evaluate::run(&args).map(drop).map_err(Into::into),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
