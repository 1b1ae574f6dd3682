//! The plugin as hosts load it: `Ukulelatent.clap` and `Ukulelatent.vst3` under `target/bundled`.

use std::path::PathBuf;

use crate::error::Error;
use crate::workspace::{Workspace, cargo, run};

/// The Cargo package that is the plugin.
const PACKAGE: &str = "ukulelatent";
/// Its display name in bundler.toml, which names the bundles.
const DISPLAY_NAME: &str = "Ukulelatent";

/// How the plugin is compiled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Assertions on; an allocation on the audio thread aborts.
    Debug,
    /// What musicians get.
    Release,
}

impl Profile {
    /// What to ask of `cargo build`.
    fn selection(self) -> &'static [&'static str] {
        match self {
            // Cargo joins the features of all that is built together. This is what `cargo test --workspace` builds, so
            // that neither compiles the dependencies anew for the other.
            Self::Debug => &["--workspace", "--all-targets"],
            Self::Release => &["--package", PACKAGE, "--release"],
        }
    }

    /// The folder below `target/`.
    fn folder(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }
}

/// What bundling leaves behind.
pub struct Bundles {
    /// A file on Linux and Windows, a folder on macOS.
    pub clap: PathBuf,
    /// A folder everywhere.
    pub vst3: PathBuf,
    /// The command line of the same build.
    pub command_line: PathBuf,
}

impl Bundles {
    /// Says where they are.
    pub fn announce(&self) {
        println!("CLAP          {}", self.clap.display());
        println!("VST3          {}", self.vst3.display());
        println!("command line  {}", self.command_line.display());
    }
}

/// Builds the plugin and its command line, and lays both out. The bundles of an earlier build are replaced.
pub fn bundle(workspace: &Workspace, profile: Profile) -> Result<Bundles, Error> {
    run(cargo().arg("build").args(profile.selection()))?;
    let arguments: &[String] = match profile {
        Profile::Debug => &[],
        Profile::Release => &["--release".into()],
    };
    nice_plug_xtask::bundle(&workspace.target, PACKAGE, arguments, false)
        .map_err(|error| Error::Bundle(format!("{error:#}")))?;

    let bundled = workspace.target.join("bundled");
    let bundles = Bundles {
        clap: bundled.join(format!("{DISPLAY_NAME}.clap")),
        vst3: bundled.join(format!("{DISPLAY_NAME}.vst3")),
        command_line: workspace
            .target
            .join(profile.folder())
            .join(format!("{PACKAGE}{}", std::env::consts::EXE_SUFFIX)),
    };
    for product in [&bundles.clap, &bundles.vst3, &bundles.command_line] {
        if !product.exists() {
            return Err(Error::Bundle(format!(
                "{} was not made; does the library export the plugin?",
                product.display()
            )));
        }
    }
    Ok(bundles)
}
