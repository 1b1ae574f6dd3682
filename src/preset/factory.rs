//! The presets that come with the built-in instrument.

use std::sync::LazyLock;

use super::Preset;

/// Chosen by `ukulelatent preset choose`, which says how; the files are in `models/presets`.
const FILES: [&str; 16] = [
    include_str!("../../models/presets/01.json"),
    include_str!("../../models/presets/02.json"),
    include_str!("../../models/presets/03.json"),
    include_str!("../../models/presets/04.json"),
    include_str!("../../models/presets/05.json"),
    include_str!("../../models/presets/06.json"),
    include_str!("../../models/presets/07.json"),
    include_str!("../../models/presets/08.json"),
    include_str!("../../models/presets/09.json"),
    include_str!("../../models/presets/10.json"),
    include_str!("../../models/presets/11.json"),
    include_str!("../../models/presets/12.json"),
    include_str!("../../models/presets/13.json"),
    include_str!("../../models/presets/14.json"),
    include_str!("../../models/presets/15.json"),
    include_str!("../../models/presets/16.json"),
];

/// All of them, in the order in which they were chosen. Not for the audio thread.
#[must_use]
pub fn factory() -> &'static [Preset] {
    static PRESETS: LazyLock<Vec<Preset>> =
        LazyLock::new(|| FILES.iter().map(|text| serde_json::from_str(text).expect("tests/presets.rs")).collect());
    &PRESETS
}
