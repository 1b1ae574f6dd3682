//! What the plugin has to tell its user and has no window for: the last few sentences, kept in a file per user
//! and shown by `ukulelatent info`.

use std::fs;
use std::path::{Path, PathBuf};

/// Sentences kept; older ones are dropped.
const KEPT: usize = 20;

/// Where they are kept, on this system.
#[must_use]
pub fn file() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "Ukulelatent").map(|dirs| dirs.data_dir().join("notices.txt"))
}

/// Adds a sentence as the latest. A disk that refuses loses a hint, not a sound. Not for the audio thread.
pub fn remember(notice: &str) {
    if let Some(file) = file() {
        let _ = add(&file, notice);
    }
}

/// The sentences that are kept, the latest last.
#[must_use]
pub fn recent() -> Vec<String> {
    file().map(|file| read(&file)).unwrap_or_default()
}

fn read(file: &Path) -> Vec<String> {
    fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn add(file: &Path, notice: &str) -> std::io::Result<()> {
    let line = notice.replace(['\r', '\n'], " ");
    let mut lines = read(file);
    lines.retain(|kept| *kept != line);
    lines.push(line);
    let surplus = lines.len().saturating_sub(KEPT);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, lines[surplus..].join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sentences_are_kept_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new").join("notices.txt");
        for n in 0..KEPT + 3 {
            add(&file, &format!("notice {n}")).unwrap();
        }
        add(&file, "notice 10").unwrap();
        let kept = read(&file);
        assert_eq!(kept.len(), KEPT);
        assert_eq!(kept.first().unwrap(), "notice 3");
        assert_eq!(kept.last().unwrap(), "notice 10");
        assert_eq!(kept.iter().filter(|line| *line == "notice 10").count(), 1);
    }
}
