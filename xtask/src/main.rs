//! `cargo xtask`: builds, bundles, installs, demonstrates, measures and tests Ukulelatent.
//!
//! Everything a fresh machine needs beyond Rust and Python is either set up below `target/` or asked for by name.

mod bench;
mod bundle;
mod demo;
mod error;
mod install;
mod python;
mod sanitizer;
mod stages;
mod system;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::bundle::Profile;
use crate::error::Error;
use crate::workspace::Workspace;

/// Builds, bundles, installs, demonstrates and tests Ukulelatent.
#[derive(Parser)]
#[command(name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the plugin and lay it out as Ukulelatent.clap and Ukulelatent.vst3 under target/bundled.
    Bundle(ProfileArgs),
    /// Build the release plugin and copy the bundles to where hosts look for plugins.
    Install {
        /// Install for this user alone, which needs no administrator's rights.
        #[arg(long)]
        user: bool,
    },
    /// Play the demo song through the bundled plugin in a real host and say what was heard.
    Demo,
    /// Measure costs and quality; figures go to target/bench as JSON.
    Bench {
        /// Make the listening page with its pictures instead: target/bench/listen/index.html.
        #[arg(long)]
        pictures: bool,
    },
    /// Run every check there is: format, lints, tests, docs, licences, and the plugin in two hosts.
    Test,
}

#[derive(Args)]
struct ProfileArgs {
    /// With optimisations: what a musician wants, and the default.
    #[arg(long, conflicts_with = "debug")]
    release: bool,
    /// With assertions: an allocation on the audio thread aborts the host.
    #[arg(long)]
    debug: bool,
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<(), Error> {
    let workspace = Workspace::enter()?;
    match task {
        Task::Bundle(args) => {
            let profile = if args.debug { Profile::Debug } else { Profile::Release };
            system::require_c_compiler()?;
            bundle::bundle(&workspace, profile).map(|bundles| bundles.announce())
        }
        Task::Install { user } => {
            system::require_c_compiler()?;
            let bundles = bundle::bundle(&workspace, Profile::Release)?;
            install::install(&bundles, user)
        }
        Task::Demo => demo::demo(&workspace),
        Task::Bench { pictures } => bench::bench(&workspace, pictures),
        Task::Test => test::test(&workspace),
    }
}
