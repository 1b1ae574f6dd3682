//! The plugin as hosts load it: `Ukulelatent.clap` and `Ukulelatent.vst3` under `target/bundled`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::workspace::{Workspace, cargo, run};

/// The Cargo package that is the plugin.
const PACKAGE: &str = "ukulelatent";
/// Its display name in bundler.toml, which names the bundles.
const DISPLAY_NAME: &str = "Ukulelatent";
/// The instrument that is compiled in (`ModelFile::built_in`).
const BUILT_IN: &str = "plucked.onnx";

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
    let models = instruments(&workspace.root.join("models"))?;
    for folder in [models_in(&bundles.vst3), models_in(&bundles.clap)] {
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Error::file("clear", &folder))?;
        }
        lay_out(&models, &folder)?;
    }
    Ok(bundles)
}

/// The folder in which the plugin of this bundle looks for instruments (`Catalog::standard`).
pub fn models_in(bundle: &Path) -> PathBuf {
    if bundle.is_dir() {
        bundle.join("Contents").join("Resources").join("models")
    } else {
        bundle.with_file_name("models")
    }
}

/// The instruments that ship beside the plugin: all but the one that is compiled in, and no encoders.
pub fn instruments(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::file("read", folder))? {
        let path = entry.map_err(Error::file("read", folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".onnx") && !name.ends_with(".encoder.onnx") && name != BUILT_IN {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Copies files to a folder, and leaves alone what else is there.
pub fn lay_out(files: &[PathBuf], folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    for file in files {
        let to = folder.join(file.file_name().expect("a file has a name"));
        fs::copy(file, &to).map_err(Error::file("copy to", &to))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instruments_are_laid_out_where_the_plugin_looks() {
        let folder = tempfile::tempdir().expect("a folder");
        let models = folder.path().join("models");
        fs::create_dir(&models).expect("a folder");
        for name in [BUILT_IN, "harp.onnx", "harp.encoder.onnx", "README.md"] {
            fs::write(models.join(name), name).expect("a file");
        }
        let bundle = folder.path().join("X.vst3");
        fs::create_dir(&bundle).expect("a folder");
        let found = instruments(&models).expect("a folder that can be read");
        lay_out(&found, &models_in(&bundle)).expect("a folder that can be written");
        let names =
            |at: &Path| fs::read_dir(at).expect("it is there").map(|e| e.unwrap().file_name()).collect::<Vec<_>>();
        assert_eq!(names(&bundle.join("Contents/Resources/models")), ["harp.onnx"]);
        assert_eq!(models_in(&folder.path().join("X.clap")), models);
    }

    #[test]
    fn the_instrument_that_is_compiled_in_is_named_here() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/model/file.rs");
        let source = fs::read_to_string(file).expect("the plugin's source");
        assert!(source.contains(&format!("include_bytes!(\"../../models/{BUILT_IN}\")")));
    }
}
