//! `lab`: makes Ukulelatent instruments from recordings.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lab::prepare;

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
}

fn main() -> ExitCode {
    let result: Result<(), Box<dyn std::error::Error>> = match Cli::parse().command {
        Command::Features(args) => prepare::run(&args).map_err(Into::into),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
