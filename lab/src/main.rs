//! `lab`: makes Ukulelatent instruments from recordings.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lab::{axes, encode, evaluate, export, new, prepare, report, train};

/// Makes Ukulelatent instruments from recordings.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    New(Box<new::NewArgs>),
    Features(prepare::FeaturesArgs),
    Train(train::TrainArgs),
    Axes(axes::AxesArgs),
    Export(export::ExportArgs),
    Evaluate(evaluate::EvaluateArgs),
    Report(report::ReportArgs),
    Encode(encode::EncodeArgs),
}

fn main() -> ExitCode {
    let result: Result<(), Box<dyn std::error::Error>> = match Cli::parse().command {
        Command::New(args) => new::run(&args).map(drop).map_err(Into::into),
        Command::Features(args) => prepare::run(&args).map_err(Into::into),
        Command::Train(args) => train::run(&args).map_err(Into::into),
        Command::Axes(args) => axes::run(&args).map(drop).map_err(Into::into),
        Command::Export(args) => export::run(&args).map(drop).map_err(Into::into),
        Command::Report(args) => report::run(&args).map(drop).map_err(Into::into),
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
