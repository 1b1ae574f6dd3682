//! The instruments in `models`, listened to at all notes.

use std::path::{Path, PathBuf};

use lab::evaluate::whistle::{ONSET_MS, most_prominent};
use lab::features::FrontEnd;
use ukulelatent::model::ModelFile;
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::model::decoder::Decoder;
use ukulelatent::units::MidiNote;

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let instrument = |name: &str| name.ends_with(".onnx") && !name.ends_with(".encoder.onnx");
    files.filter(|path| instrument(&path.to_string_lossy())).collect()
}

/// The centre, and one deviation along each coordinate.
fn timbres() -> impl Iterator<Item = [f32; LATENT_DIM]> {
    let along = |k: usize| std::array::from_fn(|i| if i == k / 2 { 1.0 - 2.0 * (k % 2) as f32 } else { 0.0 });
    std::iter::once([0.0; LATENT_DIM]).chain((0..2 * LATENT_DIM).map(along))
}

#[test]
fn no_band_stands_out_at_the_onset_of_all_notes() {
    let models = shipped();
    assert!(models.len() >= 4, "{models:?}");
    for path in models {
        let model = ModelFile::open(&path).unwrap();
        let front_end = FrontEnd::of(&model.card);
        let mut decoder = Decoder::new(&model).unwrap();
        let frames = decoder.granted(0..front_end.onset_frames(ONSET_MS));
        let mut onsets = Vec::new();
        for note in (40..=84).map(|number| MidiNote::new(number).unwrap()) {
            for z in timbres() {
                let mut onset = vec![0.0; frames.len() * front_end.mel.bands];
                decoder.decode(&z, note, frames.clone(), &mut onset).unwrap();
                onsets.push(onset);
            }
        }
        let (band, db) = most_prominent(&front_end, onsets.iter().map(Vec::as_slice)).unwrap();
        // 4 dB in recordings; 35 dB in a file that whistled.
        assert!(db < 10.0, "{}: band {band} stands {db} dB above its neighbours", path.display());
    }
}
