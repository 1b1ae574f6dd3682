//! The presets that come with the instruments.

use std::sync::LazyLock;

use super::Preset;

/// The texts of numbered files in a folder of `models/presets`. They were chosen by `ukulelatent preset choose`, which
/// says how.
macro_rules! files {
    ($folder:literal: $($number:literal)*) => {
        [$(include_str!(concat!("../../models/presets/", $folder, $number, ".json"))),*]
    };
}

const BUILT_IN: [&str; 16] =
    files!("plucked/": "01" "02" "03" "04" "05" "06" "07" "08" "09" "10" "11" "12" "13" "14" "15" "16");
const PLUCKED_22K: [&str; 8] = files!("plucked-22k/": "01" "02" "03" "04" "05" "06" "07" "08");
const UKULELE_GUITAR: [&str; 8] = files!("ukulele-guitar/": "01" "02" "03" "04" "05" "06" "07" "08");
const UKULELATENT: [&str; 16] =
    files!("ukulelatent/": "01" "02" "03" "04" "05" "06" "07" "08" "09" "10" "11" "12" "13" "14" "15" "16");

fn read(files: &[&str]) -> Vec<Preset> {
    files.iter().map(|text| serde_json::from_str(text).expect("tests/presets.rs")).collect()
}

/// Those of the built-in instrument, in the order in which they were chosen. Not for the audio thread.
#[must_use]
pub fn factory() -> &'static [Preset] {
    static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| read(&BUILT_IN));
    &PRESETS
}

/// Those of the other instruments in `models`: each names its model, which has to be there to be heard.
#[must_use]
pub fn factory_of_other_models() -> &'static [Preset] {
    static PRESETS: LazyLock<Vec<Preset>> =
        LazyLock::new(|| read(&[&PLUCKED_22K[..], &UKULELE_GUITAR, &UKULELATENT].concat()));
    &PRESETS
}

/// All of them, the built-in instrument's first.
pub fn all_factory() -> impl Iterator<Item = &'static Preset> {
    factory().iter().chain(factory_of_other_models())
}
