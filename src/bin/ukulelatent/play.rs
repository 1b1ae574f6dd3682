//! `play`: the standalone, where it was built in.

use crate::Outcome;

/// What the standalone is told.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// Options of the standalone; `ukulelatent play --help` lists them where it was built in
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    options: Vec<String>,
}

/// Plays until interrupted.
#[cfg(feature = "standalone")]
pub fn run(args: Args) -> Outcome {
    use nice_plug::prelude::nice_export_standalone_with_args;
    use ukulelatent::plugin::Ukulelatent;

    let program = std::iter::once("ukulelatent play".to_owned());
    if nice_export_standalone_with_args::<Ukulelatent, _>(program.chain(args.options)) {
        Outcome::Done
    } else {
        Outcome::Incomplete
    }
}

/// Says how to get it.
#[cfg(not(feature = "standalone"))]
pub fn run(args: Args) -> Outcome {
    drop(args.options);
    eprintln!(
        "error: this ukulelatent was built without `play`. Build one with it: `cargo build --release --features \
         standalone` (on Linux, install the development packages of ALSA and JACK first). In a host, the plugin \
         plays live as it is."
    );
    Outcome::NotBuilt
}
