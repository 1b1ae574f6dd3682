//! Training on a tiny feature folder.

mod tiny;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use lab::checkpoint::CHECKPOINT_NAME;
use lab::config::{DataConfig, Regulariser, TrainConfig};
use lab::curves::{CSV_NAME, PNG_NAME};
use lab::evenness::{POINTS, along, unevenness};
use lab::features::{FeatureSet, FrontEnd};
use lab::independence::dependence;
use lab::level_loss::Loudness;
use lab::material::{Material, originals, pitch_of};
use lab::objective::{Extras, Objective, Placed};
use lab::run::{LATENTS_NAME, Latent, Networks, RUN_NAME, read_json};
use lab::split::split;
use lab::train::TrainArgs;
use lab::training::Run;
use lab::tuning_loss::Tuning;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use tempfile::tempdir;
use ukulelatent::dsp::mel::MelScale;
use ukulelatent::model::card::LATENT_DIM;

fn open(config: &TrainConfig, features: &FeatureSet, folder: &Path) -> Run {
    Run::open(config.clone(), features, Path::new("features"), folder).unwrap()
}

fn steps(run: &mut Run, count: u64) {
    (0..count).for_each(|_| run.step().unwrap());
}

#[test]
fn training_lowers_the_error_and_leaves_curves_with_every_regulariser() {
    let folder = tempdir().unwrap();
    let features = tiny::features(&folder.path().join("features"));
    for (regulariser, weight) in [(Regulariser::Imq, 0.1), (Regulariser::Rbf, 0.1), (Regulariser::Kl, 1e-4)] {
        let mut config = tiny::config();
        (config.loss.regulariser, config.loss.divergence) = (regulariser, weight);
        let out = folder.path().join(format!("{regulariser:?}"));
        let mut run = open(&config, &features, &out);
        steps(&mut run, config.steps);
        run.save().unwrap();
        let (first, last) = (run.rows[0].mse, run.rows[run.rows.len() - 1].mse);
        assert!(last < 0.7 * first, "{regulariser:?}: {first} became {last}");
        let csv = fs::read_to_string(out.join(CSV_NAME)).unwrap();
        assert_eq!(csv.lines().count(), 1 + run.rows.len());
        assert_eq!(&fs::read(out.join(PNG_NAME)).unwrap()[1..4], b"PNG");
    }
}

#[test]
fn a_run_that_was_stopped_ends_like_one_that_was_not() {
    let folder = tempdir().unwrap();
    let features = tiny::features(&folder.path().join("features"));
    let mut config = tiny::config();
    config.loss.refined = 0.75;
    // What is remembered from step to step is kept as well.
    (config.loss.placed, config.loss.adversary_memory) = (3, 16);
    (config.loss.family, config.loss.adversary_told_family) = (0.01, true);
    (config.loss.loud, config.loss.uneven, config.loss.dependence) = (0.05, 0.002, 0.3);
    (config.loss.envelope, config.loss.tuning) = (0.02, 0.01);
    let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
    let mut run = open(&config, &features, &whole);
    steps(&mut run, 33);
    run.save().unwrap();
    // Stopped between two rows of the curves, too.
    for count in [7, 20, 6] {
        let mut run = open(&config, &features, &parts);
        steps(&mut run, count);
        run.save().unwrap();
    }
    for name in [CHECKPOINT_NAME, CSV_NAME] {
        assert!(fs::read(whole.join(name)).unwrap() == fs::read(parts.join(name)).unwrap(), "{name} differs");
    }
}

#[test]
fn the_decoder_comes_nearer_to_recordings_whose_points_are_refined() {
    let folder = tempdir().unwrap();
    let features = tiny::features(&folder.path().join("features"));
    let errors = |refined: f64| {
        let mut config = tiny::config();
        config.loss.refined = refined;
        let mut run = open(&config, &features, &folder.path().join(refined.to_string()));
        steps(&mut run, config.steps);
        run.rows.iter().map(|row| row.mse).collect::<Vec<_>>()
    };
    // Of 80 steps the last 40, which are the last two rows.
    let (plain, refined) = (errors(0.0), errors(0.5));
    assert_eq!(plain[..2], refined[..2]);
    assert!(refined[2] < plain[2] && refined[3] < plain[3], "{plain:?} {refined:?}");
}

#[test]
fn notes_that_no_recording_has_are_nearer_to_their_pitch() {
    let folder = tempdir().unwrap();
    let features = tiny::features(&folder.path().join("features"));
    let pitches: Vec<u32> = (0..40).map(|i| 20 + i).collect();
    let z = Tensor::zeros((pitches.len(), LATENT_DIM), DType::F32, &Device::Cpu).unwrap();
    let out_of_tune = |weight: f64| {
        let mut config = tiny::config();
        config.loss.tuning = weight;
        let out = folder.path().join(weight.to_string());
        let (networks, _) = trained(&config, &features, &out);
        let mel = networks.decoder.forward(&z, &pitches, 0..tiny::front_end().frames).unwrap();
        Tuning::new(&tiny::front_end()).unwrap().error(&mel, &pitches).unwrap().to_scalar::<f32>().unwrap()
    };
    let (deaf, hearing) = (out_of_tune(0.0), out_of_tune(0.1));
    assert!(hearing < 0.8 * deaf, "{deaf} {hearing}");
}

/// What training leaves: its networks, and where the training notes lie.
fn trained(config: &TrainConfig, features: &FeatureSet, out: &Path) -> (Networks, Vec<Latent>) {
    let mut run = open(config, features, out);
    steps(&mut run, config.steps);
    run.save().unwrap();
    (run.record.as_trained(out).unwrap().0, read_json(&out.join(LATENTS_NAME), "points").unwrap())
}

fn points(latents: &[Latent]) -> Tensor {
    let z = latents.iter().flat_map(|latent| latent.z).collect();
    Tensor::from_vec(z, (latents.len(), LATENT_DIM), &Device::Cpu).unwrap()
}

#[test]
fn lines_between_points_sound_more_even() {
    let folder = tempdir().unwrap();
    let features = tiny::features(&folder.path().join("features"));
    let found = |weight: f64| {
        let mut config = tiny::config();
        config.loss.uneven = weight;
        let (networks, latents) = trained(&config, &features, &folder.path().join(weight.to_string()));
        let lines = latents.len() - 1;
        let z = points(&latents);
        let ends = [0, 1].map(|first| z.narrow(0, first, lines).unwrap());
        let z = along(&ends[0], &ends[1], &vec![0.5; lines]).unwrap();
        let pitches = vec![30; lines * POINTS];
        let mel = networks.decoder.forward(&z, &pitches, 0..tiny::front_end().frames).unwrap();
        unevenness(&mel).unwrap().to_scalar::<f32>().unwrap()
    };
    let (without, with) = (found(0.0), found(0.1));
    assert!(with < 0.7 * without, "{without} {with}");
}

#[test]
fn recordings_fall_as_they_do_and_other_notes_are_not_louder() {
    let folder = tempdir().unwrap();
    let features = tiny::features(&folder.path().join("features"));
    let loudness = Loudness::new(&tiny::front_end()).unwrap();
    let every: Vec<usize> = (0..features.entries.len()).collect();
    let recorded = originals(&features, &every).unwrap();
    // The envelope's error at the recordings' own points, and the excess of prior points at all pitches.
    let found = |name: &str, envelope: f64, loud: f64| {
        let mut config = tiny::config();
        (config.loss.envelope, config.loss.loud) = (envelope, loud);
        let (networks, _) = trained(&config, &features, &folder.path().join(name));
        let decode = |z: &Tensor, pitches: &[u32]| {
            networks.decoder.forward(z, pitches, 0..tiny::front_end().frames).unwrap()
        };
        let z = networks.encoder.forward(&recorded.mel, &recorded.pitches).unwrap();
        let error = loudness.error(&decode(&z, &recorded.pitches), &recorded.mel).unwrap();
        let pitches: Vec<u32> = (0..60).map(|i| 20 + i).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let far = (0..pitches.len() * LATENT_DIM).map(|_| 3.0 * rng.sample::<f32, _>(StandardNormal)).collect();
        let far = Tensor::from_vec(far, (pitches.len(), LATENT_DIM), &Device::Cpu).unwrap();
        let excess = loudness.excess(&decode(&far, &pitches), &recorded.mel).unwrap();
        [error, excess].map(|t| t.to_scalar::<f32>().unwrap())
    };
    let [plain, envelope, loud] = [found("plain", 0.0, 0.0), found("envelope", 2.0, 0.0), found("loud", 0.0, 5.0)];
    assert!(envelope[0] < 0.9 * plain[0], "{plain:?} {envelope:?}");
    assert!(loud[1] < 0.8 * plain[1], "{plain:?} {loud:?}");
}

#[test]
fn points_say_less_of_pitch() {
    let folder = tempdir().unwrap();
    let features = tiny::features(&folder.path().join("features"));
    let found = |weight: f64| {
        let mut config = tiny::config();
        (config.loss.dependence, config.loss.placed, config.loss.adversary) = (weight, 16, 0.0);
        let (_, latents) = trained(&config, &features, &folder.path().join(weight.to_string()));
        let pitches: Vec<u32> = latents.iter().map(|latent| pitch_of(latent.note)).collect();
        dependence(&points(&latents), &pitches).unwrap().to_scalar::<f32>().unwrap()
    };
    let (without, with) = (found(0.0), found(1.0));
    assert!(with < 0.5 * without, "{without} {with}");
}

#[test]
fn further_notes_that_are_only_placed_tell_the_divergence_more() {
    let folder = tempdir().unwrap();
    let features = tiny::features(&folder.path().join("features"));
    let config = tiny::config();
    let split = split(&features.entries, &config.data);
    let material = Material::new(&features, &split, &config.data);
    let networks = Networks::new(&config, &features.front_end).unwrap();
    let objective = Objective::new(&config.loss, &features.front_end, 30..=50).unwrap();
    let spread = |placed: usize| {
        let found: Vec<f32> = (0..40)
            .map(|step| {
                let mut rng = ChaCha8Rng::seed_from_u64(step);
                let batch = material.batch(1, step, config.batch + placed, &mut rng).unwrap();
                let encoding = networks.encoder.encode(&batch.mel, &batch.pitches).unwrap();
                let placed = Placed { batch: &batch, encoding: &encoding, decoded: config.batch };
                let cost = objective.cost(&networks, &placed, Extras::default(), &mut rng).unwrap();
                cost.divergence.to_scalar().unwrap()
            })
            .collect();
        let mean = found.iter().sum::<f32>() / found.len() as f32;
        found.iter().map(|d| (d - mean).powi(2)).sum::<f32>().sqrt()
    };
    let (alone, among) = (spread(0), spread(24));
    assert!(among < 0.6 * alone, "{alone} {among}");
}

#[test]
fn copies_are_made_until_memory_is_full() {
    let folder = tempdir().unwrap();
    let features = tiny::features(&folder.path().join("features"));
    let data = DataConfig { held_out: 0.0, validation: 0.0, shifts: vec![-2, -1, 1, 2], ..DataConfig::default() };
    let split = split(&features.entries, &data);
    let (notes, bytes) = (split.train.len(), tiny::front_end().frames * tiny::front_end().mel.bands * 2);
    let held = |most: usize| Material::within(most * bytes, &features, &split, &data).spectrograms();
    assert!(held(100 * notes) > 4 * notes, "all that stay among the notes that models can name");
    assert_eq!(held(3 * notes), 3 * notes);
    assert_eq!(held(notes / 2), notes);
}

#[test]
fn mixed_notes_lie_between_notes_of_the_same_pitch_and_instrument() {
    let folder = tempdir().unwrap();
    let features = tiny::features(&folder.path().join("features"));
    let mut data = tiny::config().data;
    let split = split(&features.entries, &data);
    let mut rows = |mixed: f64| {
        data.mixed = mixed;
        let material = Material::new(&features, &split, &data);
        let batch = material.batch(1, 0, 32, &mut ChaCha8Rng::seed_from_u64(5)).unwrap();
        (batch.mel.flatten_from(1).unwrap().to_vec2::<f32>().unwrap(), batch.pitches)
    };
    let (alone, _) = rows(0.0);
    let (mixed, pitches) = rows(1.0);
    assert_ne!(alone, mixed);
    let front_end = tiny::front_end();
    let mut takes: BTreeMap<(String, u32), Vec<Vec<f32>>> = BTreeMap::new();
    for &i in &split.train {
        let entry = &features.entries[i];
        for shift in split.allowed_shifts(entry, &data.shifts).into_iter().chain([0]) {
            let pitch = pitch_of(entry.note).wrapping_add_signed(shift.into());
            takes.entry((entry.instrument.clone(), pitch)).or_default().push(features.mel(i, shift));
        }
    }
    for (row, pitch) in mixed.iter().zip(pitches) {
        assert_eq!(row.len(), front_end.frames * front_end.mel.bands);
        let between = |takes: &[Vec<f32>]| {
            row.iter().enumerate().all(|(k, value)| {
                let low = takes.iter().map(|mel| mel[k]).fold(f32::INFINITY, f32::min);
                let high = takes.iter().map(|mel| mel[k]).fold(f32::NEG_INFINITY, f32::max);
                (low - 1e-3..=high + 1e-3).contains(value)
            })
        };
        assert!(takes.iter().any(|((_, p), takes)| *p == pitch && between(takes)), "pitch {pitch}");
    }
}

#[test]
fn as_many_notes_as_asked_for_are_coloured_and_their_pitches_stay() {
    let folder = tempdir().unwrap();
    let features = tiny::features(&folder.path().join("features"));
    let mut data = DataConfig { shifted: 0.0, mixed: 0.0, ..tiny::config().data };
    let split = split(&features.entries, &data);
    let mut batch = |coloured: f64| {
        data.coloured = coloured;
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let batch = Material::new(&features, &split, &data).batch(1, 0, 200, &mut rng).unwrap();
        (batch.mel.flatten_from(1).unwrap().to_vec2::<f32>().unwrap(), batch.pitches, batch.families)
    };
    let plain = batch(0.0);
    let mut coloured = |share: f64| {
        let (mel, pitches, families) = batch(share);
        assert_eq!((&pitches, &families), (&plain.1, &plain.2));
        mel.iter().zip(&plain.0).filter(|(row, plain)| row != plain).count()
    };
    assert_eq!(coloured(1.0), 200);
    assert!((30..=70).contains(&coloured(0.25)), "{}", coloured(0.25));
    assert_eq!(coloured(0.0), 0);
}

#[test]
fn another_seed_is_another_run() {
    let folder = tempdir().unwrap();
    let features = tiny::features(&folder.path().join("features"));
    let at = |seed: u64| {
        let config = TrainConfig { seed, ..tiny::config() };
        let mut run = open(&config, &features, &folder.path().join(seed.to_string()));
        steps(&mut run, 20);
        run.rows[0].mse
    };
    assert_ne!(at(1), at(2));
}

#[test]
fn a_run_starts_where_another_is_unless_that_knows_what_it_keeps_apart() {
    let folder = tempdir().unwrap();
    let features = tiny::features(&folder.path().join("features"));
    let [first, second, third] = ["first", "second", "third"].map(|name| folder.path().join(name));
    let mut run = open(&tiny::config(), &features, &first);
    steps(&mut run, 20);
    run.save().unwrap();
    let mut config = tiny::config();
    config.loss.onset = 0.5;
    let from = |config: &TrainConfig, folder: &Path| {
        Run::open_from(Some(&first), config.clone(), &features, Path::new("features"), folder)
    };
    let started = from(&config, &second).unwrap();
    assert_eq!((started.step, started.validate().unwrap()), (0, run.validate().unwrap()));
    assert_eq!(started.record.start.as_ref().unwrap().steps, 20);
    // What it started from may be gone when it goes on.
    let again = open(&config, &features, &second);
    assert_eq!(again.validate().unwrap(), run.validate().unwrap());
    let mut other_split = tiny::config();
    other_split.data.split_seed = 2;
    let Err(error) = from(&other_split, &third) else { panic!("it knows what is to be kept apart") };
    assert!(error.to_string().contains("keeps apart"), "{error}");
}

/// The message of a run that cannot be opened.
fn refusal(config: &TrainConfig, features: &FeatureSet, folder: &Path) -> String {
    match Run::open(config.clone(), features, Path::new("features"), folder) {
        Ok(_) => panic!("the run was opened"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_damaged_checkpoint_is_named() {
    let folder = tempdir().unwrap();
    let features = tiny::features(&folder.path().join("features"));
    let out = folder.path().join("run");
    open(&tiny::config(), &features, &out).save().unwrap();
    let path = out.join(CHECKPOINT_NAME);
    let bytes = fs::read(&path).unwrap();
    for damaged in [&bytes[..bytes.len() / 2], b"not a checkpoint at all"] {
        fs::write(&path, damaged).unwrap();
        let message = refusal(&tiny::config(), &features, &out);
        assert!(message.contains(CHECKPOINT_NAME) && message.contains("expected"), "{message}");
    }
}

#[test]
fn features_of_another_front_end_or_of_other_recordings_are_refused() {
    let folder = tempdir().unwrap();
    let mut features = tiny::features(&folder.path().join("features"));
    let out = folder.path().join("run");
    open(&tiny::config(), &features, &out).save().unwrap();
    let other = FrontEnd { mel: MelScale { bands: 40, ..tiny::front_end().mel }, ..tiny::front_end() };
    let other_folder = folder.path().join("other");
    tiny::write_features(&other_folder, &other);
    let message = refusal(&tiny::config(), &FeatureSet::load(&other_folder).unwrap(), &out);
    assert!(message.contains(RUN_NAME) && message.contains("\"bands\":48") && message.contains("\"bands\":40"));
    features.data_sha256 = "1".repeat(64);
    let message = refusal(&tiny::config(), &features, &out);
    assert!(message.contains(&"0".repeat(64)) && message.contains(&"1".repeat(64)), "{message}");
}

#[test]
fn a_run_goes_on_with_its_own_configuration_only() {
    let folder = tempdir().unwrap();
    let features = tiny::features(&folder.path().join("features"));
    let out = folder.path().join("run");
    open(&tiny::config(), &features, &out).save().unwrap();
    let other = TrainConfig { batch: 4, ..tiny::config() };
    let message = refusal(&other, &features, &out);
    assert!(message.contains("batch = 8") && message.contains("batch = 4"), "{message}");
}

#[test]
fn too_few_notes_are_counted() {
    let folder = tempdir().unwrap();
    let features = tiny::features(&folder.path().join("features"));
    let mut config = tiny::config();
    config.data.highest = 49;
    let message = refusal(&config, &features, &folder.path().join("run"));
    assert!(message.contains("at least 8 notes") && message.contains("features"), "{message}");
}

#[test]
fn a_folder_without_features_is_named() {
    let folder = tempdir().unwrap();
    let args = TrainArgs {
        features: folder.path().join("nothing"),
        out: folder.path().join("run"),
        config: None,
        steps: None,
        seed: None,
        threads: None,
        start: None,
    };
    let message = lab::train::run(&args).unwrap_err().to_string();
    assert!(message.contains("nothing") && message.contains("expected"), "{message}");
}
