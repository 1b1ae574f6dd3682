//! Copies the bundles to the folders that hosts search.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::bundle::{Bundles, instruments, lay_out, models_in};
use crate::error::Error;

/// The folders that hosts search, one for each format.
#[derive(Debug, PartialEq)]
struct PluginFolders {
    clap: PathBuf,
    vst3: PathBuf,
}

/// Installs for everyone on the machine, or for this user.
pub fn install(bundles: &Bundles, user: bool) -> Result<(), Error> {
    let folders = if user { user_folders()? } else { system_folders() };
    for (bundle, folder) in [(&bundles.clap, &folders.clap), (&bundles.vst3, &folders.vst3)] {
        let installed = replace(bundle, folder).inspect_err(|_| advise(user))?;
        println!("installed {}", installed.display());
        if !installed.is_dir() {
            // A plugin that is one file has its instruments beside it.
            let models = instruments(&models_in(bundle))?;
            lay_out(&models, &models_in(&installed)).inspect_err(|_| advise(user))?;
        }
    }
    println!("Rescan plugins in your DAW; Ukulelatent is among the instruments.");
    Ok(())
}

fn advise(user: bool) {
    if !user {
        eprintln!("hint: these folders belong to the administrator; `cargo xtask install --user` needs no rights");
    }
    if cfg!(windows) {
        eprintln!("hint: a DAW that has the plugin open keeps its file; close it and try again");
    }
}

/// Where CLAP's entry.h and Steinberg's "Plug-in Locations" send hosts first, for all users.
fn system_folders() -> PluginFolders {
    if cfg!(target_os = "macos") {
        let library = Path::new("/Library/Audio/Plug-Ins");
        PluginFolders { clap: library.join("CLAP"), vst3: library.join("VST3") }
    } else if cfg!(windows) {
        let common = env::var_os("COMMONPROGRAMFILES")
            .map_or_else(|| r"C:\Program Files\Common Files".into(), PathBuf::from);
        PluginFolders { clap: common.join("CLAP"), vst3: common.join("VST3") }
    } else {
        PluginFolders { clap: "/usr/lib/clap".into(), vst3: "/usr/lib/vst3".into() }
    }
}

/// The same for one user.
fn user_folders() -> Result<PluginFolders, Error> {
    let missing =
        |what: &str| Error::Missing { what: what.into(), advice: "set it, or install without --user".into() };
    if cfg!(windows) {
        let local = env::var_os("LOCALAPPDATA").map(PathBuf::from).ok_or_else(|| missing("%LOCALAPPDATA%"))?;
        let common = local.join("Programs").join("Common");
        return Ok(PluginFolders { clap: common.join("CLAP"), vst3: common.join("VST3") });
    }
    let home = env::home_dir().ok_or_else(|| missing("the home folder ($HOME)"))?;
    Ok(if cfg!(target_os = "macos") {
        let library = home.join("Library/Audio/Plug-Ins");
        PluginFolders { clap: library.join("CLAP"), vst3: library.join("VST3") }
    } else {
        PluginFolders { clap: home.join(".clap"), vst3: home.join(".vst3") }
    })
}

/// Puts a copy of `bundle` into `folder`. A host that starts meanwhile finds the old bundle or the new one, never a half
/// of either; should the last step fail, the old one is put back.
fn replace(bundle: &Path, folder: &Path) -> Result<PathBuf, Error> {
    let name = bundle.file_name().expect("a bundle has a name").to_string_lossy();
    let target = folder.join(&*name);
    let fresh = folder.join(format!(".{name}.new"));
    let stale = folder.join(format!(".{name}.old"));

    fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    remove(&fresh)?;
    remove(&stale)?;
    copy(bundle, &fresh)?;
    // A rename replaces a file in one step, but no operating system does so for a folder that has content.
    let had_folder = target.is_dir();
    if had_folder {
        fs::rename(&target, &stale).map_err(Error::file("replace", &target))?;
    }
    if let Err(source) = fs::rename(&fresh, &target) {
        if had_folder {
            fs::rename(&stale, &target).map_err(Error::file("put back", &target))?;
        }
        return Err(Error::File { doing: "replace", path: target, source });
    }
    remove(&stale)?;
    Ok(target)
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop).map_err(Error::file("copy to", to));
    }
    fs::create_dir_all(to).map_err(Error::file("create", to))?;
    for entry in fs::read_dir(from).map_err(Error::file("read", from))? {
        let entry = entry.map_err(Error::file("read", from))?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), Error> {
    if path.is_dir() {
        fs::remove_dir_all(path).map_err(Error::file("remove", path))
    } else if path.exists() {
        fs::remove_file(path).map_err(Error::file("remove", path))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder bundle as VST3 has them, with one file that says `content`.
    fn folder_bundle(at: &Path, content: &str) -> PathBuf {
        let bundle = at.join("Synth.vst3");
        fs::create_dir_all(bundle.join("Contents/arch")).unwrap();
        fs::write(bundle.join("Contents/arch/Synth.so"), content).unwrap();
        bundle
    }

    #[test]
    fn a_folder_bundle_arrives_whole_and_leaves_nothing_of_the_old_one() {
        let home = tempfile::tempdir().unwrap();
        let plugins = home.path().join("plugins/vst3");
        fs::create_dir_all(plugins.join("Synth.vst3/Contents/forgotten")).unwrap();

        let installed = replace(&folder_bundle(home.path(), "new"), &plugins).unwrap();

        assert_eq!(fs::read_to_string(installed.join("Contents/arch/Synth.so")).unwrap(), "new");
        assert!(!installed.join("Contents/forgotten").exists());
        assert_eq!(fs::read_dir(&plugins).unwrap().count(), 1, "temporary copies are gone");
    }

    #[test]
    fn a_file_bundle_replaces_the_old_file() {
        let home = tempfile::tempdir().unwrap();
        let bundle = home.path().join("Synth.clap");
        let plugins = home.path().join("clap");
        for content in ["first", "second"] {
            fs::write(&bundle, content).unwrap();
            let installed = replace(&bundle, &plugins).unwrap();
            assert_eq!(fs::read_to_string(installed).unwrap(), content);
        }
        assert_eq!(fs::read_dir(&plugins).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let home = tempfile::tempdir().unwrap();
        let blocked = home.path().join("a-file");
        fs::write(&blocked, "").unwrap();
        let error = replace(&folder_bundle(home.path(), "new"), &blocked.join("vst3")).unwrap_err().to_string();
        assert!(error.contains("a-file"), "{error}");
    }

    #[test]
    fn a_missing_bundle_leaves_the_installed_one_in_place() {
        let home = tempfile::tempdir().unwrap();
        let plugins = home.path().join("plugins");
        let bundle = folder_bundle(home.path(), "kept");
        let installed = replace(&bundle, &plugins).unwrap();
        fs::remove_dir_all(&bundle).unwrap();

        assert!(replace(&bundle, &plugins).is_err());
        assert_eq!(fs::read_to_string(installed.join("Contents/arch/Synth.so")).unwrap(), "kept");
    }
}
