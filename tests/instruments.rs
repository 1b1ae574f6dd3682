//! The instruments in `models`, listened to as a player hears them: at all notes and several timbres.

mod support;

use std::path::{Path, PathBuf};

use support::key;
use ukulelatent::model::ModelFile;
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::model::decoder::Decoder;

/// Bands on either side that a band is compared with.
const BESIDE: usize = 8;
/// Of the bands, the lower ones hold the partials of many notes at the same places.
const LOWEST: f32 = 0.42;
/// Frames of the onset.
const ONSET: usize = 8;

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let files =
        std::fs::read_dir(folder).expect("the models' folder").map(|entry| entry.expect("an entry").path());
    let mut models: Vec<PathBuf> = files
        .filter(|path| path.to_string_lossy().ends_with(".onnx") && !path.to_string_lossy().contains(".encoder."))
        .collect();
    models.sort();
    assert!(models.len() >= 4, "{models:?}");
    models
}

/// The centre, and one deviation along each coordinate.
fn timbres() -> impl Iterator<Item = [f32; LATENT_DIM]> {
    let along = |k: usize| std::array::from_fn(|i| if i == k / 2 { 1.0 - 2.0 * (k % 2) as f32 } else { 0.0 });
    std::iter::once([0.0; LATENT_DIM]).chain((0..2 * LATENT_DIM).map(along))
}

fn median(values: &[f32]) -> f32 {
    let mut values = values.to_vec();
    values.sort_by(f32::total_cmp);
    values[values.len() / 2]
}

#[test]
fn no_band_stands_out_at_the_onset_of_all_notes() {
    for path in shipped() {
        let model = ModelFile::open(&path).expect("an instrument");
        let mut decoder = Decoder::new(&model).expect("it runs");
        let bands = model.card.mel.bands;
        let frames = decoder.granted(0..ONSET);
        let mut mel = vec![0.0; frames.len() * bands];
        let (mut prominence, mut rows) = (vec![0.0; bands], 0);
        for note in 40..=84 {
            for z in timbres() {
                decoder.decode(&z, key(note), frames.clone(), &mut mel).expect("it decodes");
                for row in mel.chunks_exact(bands).take(ONSET) {
                    for k in (LOWEST * bands as f32) as usize..bands - BESIDE {
                        prominence[k] += row[k] - median(&row[k - BESIDE..=k + BESIDE]);
                    }
                    rows += 1;
                }
            }
        }
        let (band, most) = prominence.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b)).expect("bands");
        let most = most / rows as f32;
        // Of -1..1. Partials that some notes have there make .15; a whistle at all of them made .67 and more.
        assert!(most < 0.3, "{}: band {band} of {bands} stands {most} above its neighbours", path.display());
    }
}
