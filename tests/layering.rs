//! The architecture, as far as it can be read off the sources: which module may name which, and how long files are.

use std::fs;
use std::path::{Path, PathBuf};

/// A longer file does more than one thing.
const MAX_LINES: usize = 300;

/// All Rust files under a folder of this repository, with their text.
fn rust_files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("UTF-8");
                files.push((path, text));
            }
        }
    }
    assert!(!files.is_empty(), "{folder}: no sources");
    files
}

/// The lines of code, without comments and without the tests at the end.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|line| *line != "#[cfg(test)]").map(|line| line.split("//").next().unwrap_or_default())
}

/// The files under a folder that are not tests altogether.
fn modules(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = rust_files(folder);
    let of_tests = |path: &Path| path.parent().is_some_and(|folder| folder.ends_with("tests"));
    files.retain(|(path, _)| !path.ends_with("tests.rs") && !path.ends_with("testing.rs") && !of_tests(path));
    files
}

/// Asserts that no line of code under a folder contains any of these.
fn may_not_name(folder: &str, words: &[&str]) {
    for (path, text) in modules(folder) {
        for (number, line) in (1..).zip(code(&text)) {
            for word in words {
                assert!(!line.contains(*word), "{}:{number}: {folder} may not name {word}", path.display());
            }
        }
    }
}

/// The modules of this crate that a folder's code names from the root.
fn assert_names_only(folder: &str, allowed: &[&str]) {
    for (path, text) in modules(folder) {
        for (number, line) in (1..).zip(code(&text)) {
            for named in line.split("crate::").skip(1) {
                let module: String = named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let place = format!("{}:{number}", path.display());
                assert!(allowed.contains(&&*module), "{place}: {folder} may not name crate::{module}");
            }
        }
    }
}

#[test]
fn dsp_knows_quantities_and_nothing_else() {
    assert_names_only("src/dsp", &["units", "dsp"]);
    may_not_name("src/dsp", &["nice_plug", "std::thread", "std::sync::atomic", "ort::", "println", "std::fs"]);
}

#[test]
fn the_audio_side_knows_the_link_and_neither_workers_nor_models_nor_locks() {
    assert_names_only("src/engine", &["link", "units", "model", "engine"]);
    for (path, text) in rust_files("src/engine") {
        for line in code(&text).filter(|line| line.contains("crate::model")) {
            assert_eq!(line.trim(), "use crate::model::card::LATENT_DIM;", "{}", path.display());
        }
    }
    let blocking = ["Mutex", "RwLock", "Condvar", "mpsc", "println", "eprintln", "std::fs", "std::io"];
    may_not_name("src/engine", &blocking);
    may_not_name("src/engine", &["nice_plug", "ort::", "thread::spawn", "Box::new", "vec!", "Vec<", "format!"]);
}

#[test]
fn the_hands_know_the_engine_and_no_host() {
    assert_names_only("src/perform", &["engine", "link", "model", "units", "perform"]);
    may_not_name("src/perform", &["nice_plug", "Mutex", "Box::new", "vec!", "Vec<", "format!"]);
}

#[test]
fn tunings_know_quantities_alone() {
    assert_names_only("src/tuning", &["units", "tuning"]);
}

#[test]
fn the_workers_know_neither_the_engine_nor_a_host() {
    assert_names_only("src/worker", &["link", "units", "model", "dsp", "worker"]);
    may_not_name("src/worker", &["nice_plug"]);
}

#[test]
fn models_know_no_thread_of_ours_and_no_host() {
    assert_names_only("src/model", &["units", "model", "dsp"]);
    may_not_name("src/model", &["nice_plug", "thread::spawn"]);
}

#[test]
fn only_the_host_adapter_names_the_plugin_framework() {
    let adapters = ["lib.rs", "params", "plugin"];
    for (path, text) in rust_files("src") {
        let of_the_library = !path.components().any(|part| part.as_os_str() == "bin");
        let is_adapter = path.components().any(|part| adapters.iter().any(|a| part.as_os_str() == *a));
        if of_the_library && !is_adapter && !path.components().any(|part| part.as_os_str() == "editor") {
            assert!(!code(&text).any(|line| line.contains("nice_plug")), "{}: names nice_plug", path.display());
        }
    }
}

#[test]
fn the_window_waits_for_nobody_and_never_meets_the_audio_thread() {
    assert_names_only(
        "src/editor",
        &["editor", "heat", "link", "model", "params", "perform", "preset", "settings", "tuning", "units"],
    );
    may_not_name(
        "src/editor",
        &["Mutex", "RwLock", "Condvar", "thread::", ".lock()", "Engine", "Instance", "Performer"],
    );
    // Of what crosses threads it knows the choices, which the audio thread never locks, and the window's own end.
    let doors = ["desk.rs", "gather.rs", "listen.rs", "mod.rs", "orbits.rs", "patch.rs", "shelf.rs", "shelves.rs"];
    for (path, text) in modules("src/editor") {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let names_the_link = code(&text).any(|line| line.contains("crate::link"));
        assert!(
            !names_the_link || doors.contains(&&*file),
            "{}: only {doors:?} may name the link",
            path.display()
        );
    }
    may_not_name("src/editor", &["EngineEnd", "WorkerEnd", "window::Stage", "window::Painter", "set_rate"]);
}

#[test]
fn the_audio_side_knows_no_window() {
    for folder in ["src/engine", "src/perform", "src/worker", "src/link", "src/dsp", "src/model", "src/params"] {
        may_not_name(folder, &["egui", "crate::editor"]);
    }
}

#[test]
fn no_file_does_more_than_one_thing() {
    let long: Vec<String> = rust_files("src")
        .iter()
        .filter(|(_, text)| text.lines().count() >= MAX_LINES)
        .map(|(path, text)| format!("{}: {} lines", path.display(), text.lines().count()))
        .collect();
    assert!(long.is_empty(), "expected fewer than {MAX_LINES} lines, got\n{}", long.join("\n"));
}
