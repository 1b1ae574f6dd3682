//! The presets that come with the built-in instrument.

use std::sync::LazyLock;

use super::Preset;

/// Chosen by `ukulelatent preset choose`, which says how; the files are in `models/presets`.
const FILES: &[&str] = &[];

/// All of them, in the order in which they were chosen. Not for the audio thread.
#[must_use]
pub fn factory() -> &'static [Preset] {
    static PRESETS: LazyLock<Vec<Preset>> =
        LazyLock::new(|| FILES.iter().map(|text| serde_json::from_str(text).expect("tests/presets.rs")).collect());
    &PRESETS
}
