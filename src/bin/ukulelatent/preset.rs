//! `preset`: sounds as files.

use std::path::PathBuf;

use ukulelatent::params::state_json;
use ukulelatent::plugin::VST3_CLASS_ID;
use ukulelatent::preset::{Preset, PresetError, all_factory, file_name, user_folder, user_presets, vst3_preset};

use crate::error::CliError;
use crate::sound::SoundArgs;
use crate::{Outcome, choose};

/// What to do with presets.
#[derive(clap::Subcommand)]
pub enum Args {
    /// List the presets: those that come with the instrument, and your own
    List,
    /// Print a preset; without a name, what a fresh plugin sounds like
    Show {
        #[command(flatten)]
        sound: Box<SoundArgs>,
    },
    /// Save a sound as a preset of your own, in your folder of presets
    Save {
        /// What it is called
        #[arg(value_name = "NAME")]
        name: String,
        /// Who made it
        #[arg(long, default_value = "")]
        author: String,
        /// Write this file instead of one in your folder
        #[arg(long, value_name = "FILE.json")]
        output: Option<PathBuf>,
        #[command(flatten)]
        sound: Box<SoundArgs>,
    },
    /// Write presets as VST3 hosts keep them, one .vstpreset each
    Export {
        /// Which [default: all that come with the instrument, and your own]
        #[arg(value_name = "NAME|FILE")]
        names: Vec<String>,
        /// Where to [default: where VST3 hosts look for them]
        #[arg(long, value_name = "FOLDER")]
        to: Option<PathBuf>,
    },
    /// Choose presets for a model by measurement, far apart and good, and write them to a folder
    Choose(choose::Args),
}

/// Does it.
pub fn run(args: &Args) -> Result<Outcome, CliError> {
    match args {
        Args::List => Ok(list()),
        Args::Show { sound } => {
            let preset = Preset::of("Shown", "", &sound.open()?.params);
            println!("{}", serde_json::to_string_pretty(&preset).expect("a preset is JSON"));
            Ok(Outcome::Done)
        }
        Args::Save { name, author, output, sound } => {
            let preset = Preset::of(name, author, &sound.open()?.params);
            let path = output.clone().map_or_else(|| preset.user_path(), Ok)?;
            preset.save(&path)?;
            println!("{}", path.display());
            Ok(Outcome::Done)
        }
        Args::Export { names, to } => export(names, to.clone()),
        Args::Choose(args) => choose::run(args),
    }
}

fn list() -> Outcome {
    for preset in all_factory() {
        println!("{:<24} {}", preset.name, preset.about);
    }
    let mut outcome = Outcome::Done;
    for path in user_presets() {
        match Preset::open(&path) {
            Ok(preset) => println!("{:<24} {}", preset.name, path.display()),
            Err(error) => {
                eprintln!("error: {error}");
                outcome = Outcome::Incomplete;
            }
        }
    }
    if let Some(folder) = user_folder() {
        eprintln!("your own are in {}", folder.display());
    }
    outcome
}

fn export(names: &[String], to: Option<PathBuf>) -> Result<Outcome, CliError> {
    let presets: Vec<Preset> = if names.is_empty() {
        let own = user_presets().into_iter().map(|path| Preset::open(&path));
        all_factory().cloned().map(Ok).chain(own).collect::<Result<_, _>>()?
    } else {
        names.iter().map(|name| Preset::find(name)).collect::<Result<_, _>>()?
    };
    let folder = to.or_else(vst3_folder).ok_or(PresetError::NoFolder)?;
    let bad = |path: &PathBuf, source| PresetError::File { path: path.clone(), source };
    std::fs::create_dir_all(&folder).map_err(|source| bad(&folder, source))?;
    for preset in &presets {
        let params = crate::sound::fresh()?;
        preset.apply(&params)?;
        let path = folder.join(file_name(&preset.name)).with_extension("vstpreset");
        let bytes = vst3_preset(&preset.name, VST3_CLASS_ID, &state_json(&params));
        std::fs::write(&path, bytes).map_err(|source| bad(&path, source))?;
        println!("{}", path.display());
    }
    Ok(Outcome::Done)
}

/// Where the VST3 SDK says that a user's presets of a plugin are ("Preset Format", on each system).
fn vst3_folder() -> Option<PathBuf> {
    let home = directories::UserDirs::new()?;
    let presets = if cfg!(target_os = "macos") {
        home.home_dir().join("Library/Audio/Presets")
    } else if cfg!(windows) {
        home.document_dir()?.join("VST3 Presets")
    } else {
        home.home_dir().join(".vst3/presets")
    };
    Some(presets.join("Ukulelatent").join("Ukulelatent"))
}
