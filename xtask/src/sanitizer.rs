//! RealtimeSanitizer, which Rust brings along on Linux: tests/realtime.rs watches the audio thread with it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The environment with which cargo links the sanitizer into the tests that use it; empty where Rust has none.
pub fn environment() -> Vec<(&'static str, PathBuf)> {
    library().map_or_else(Vec::new, |library| vec![("RTSAN_ENABLE", "1".into()), ("RTSAN_LIB_PATH", library)])
}

/// The sanitizer's library for this machine.
fn library() -> Option<PathBuf> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let folder = PathBuf::from(rustc(&["--print", "target-libdir"])?);
    let entries = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    entries.into_iter().find(|path| path.to_string_lossy().ends_with("_rt.rtsan.a"))
}

/// What the compiler prints, on one line.
fn rustc(arguments: &[&str]) -> Option<String> {
    let output = Command::new("rustc").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned())
}
