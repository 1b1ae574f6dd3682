//! Presets: what is saved comes back, earlier formats load, and those that come with the instrument are sound.

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nice_plug::prelude::Params;
use serde_json::Value;
use support::{choice, on, peak};
use ukulelatent::dsp::metrics::{log_spectral_distance_db, spectrogram};
use ukulelatent::dsp::stft::{FrameGeometry, Stft};
use ukulelatent::link::{Pin, Pins};
use ukulelatent::model::ModelFile;
use ukulelatent::params::{STATE_VERSION, UkulelatentParams, set_value, values};
use ukulelatent::preset::{Preset, PresetError, all_factory, factory, factory_of_other_models};

fn params() -> Arc<UkulelatentParams> {
    Arc::new(UkulelatentParams::new(choice(), Arc::default()))
}

/// Every parameter away from its default.
fn unusual() -> Arc<UkulelatentParams> {
    let params = params();
    for (id, value) in values(&params) {
        let unusual = match value {
            Value::Bool(on) => Value::from(!on),
            Value::String(_) => Value::from(match &*id {
                "latency" => "40ms",
                "quality" => "fine",
                "orbit_length" => "3",
                _ => "freeze",
            }),
            Value::Number(number) if number.is_i64() => Value::from(number.as_i64().unwrap_or(0) + 3),
            _ if id == "release" => Value::from(100.5),
            _ => Value::from(0.75),
        };
        set_value(&params, &id, &unusual).unwrap_or_else(|error| panic!("{error}"));
    }
    params
}

#[test]
fn a_preset_brings_every_parameter_its_model_and_its_scale_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep").join("unusual.json");
    let before = unusual();
    let scale = ukulelatent::tuning::ScaleFiles { scl: "! just\njust\n2\n3/2\n2/1\n".into(), kbm: String::new() };
    before.scale_choice().choose(scale.clone()).expect("a scale");
    let pin = |z| Pin { z, name: "a place".into() };
    let pins = Pins { pins: vec![pin([0.5; 4]), pin([-2.0; 4])] };
    before.orbit_choice().choose(pins.clone()).expect("pins in the space");
    Preset::of("Unusual", "A. Tester", &before).save(&path).expect("it can be written");
    let preset = Preset::open(&path).expect("it can be read");
    assert_eq!((preset.name.as_str(), preset.author.as_str()), ("Unusual", "A. Tester"));
    let after = params();
    preset.apply(&after).expect("it can be applied");
    assert_eq!(values(&after), values(&before));
    assert_eq!(after.scale_choice().files(), scale);
    assert_eq!(after.orbit_choice().pins(), pins);
    assert_eq!(after.model_choice().reference(), before.model_choice().reference());
    for (id, value) in values(&params()) {
        assert_ne!(values(&after)[&id], value, "{id}: the test must change it");
    }
}

#[test]
fn a_preset_of_version_1_sets_what_it_did_not_know_to_what_that_version_did() {
    let preset = Preset::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/states/preset-1.json"));
    let params = unusual();
    preset.expect("it can be read").apply(&params).expect("it can be applied");
    let values = values(&params);
    assert_eq!((&values["z1"], &values["gain"]), (&Value::from(-2.5), &Value::from(0.5)));
    assert_eq!((&values["width"], &values["mts_esp"]), (&Value::from(0.0), &Value::from(false)));
    assert_eq!(values["latency"], "40ms", "what it does not name stays as it was");
}

#[test]
fn messages_name_the_preset_expected_and_got() {
    let bad = |change: fn(&mut Preset)| {
        let mut preset = Preset::of("Odd", "", &params());
        change(&mut preset);
        preset.apply(&params()).unwrap_err().to_string()
    };
    assert_eq!(
        bad(|preset| drop(preset.params.insert("z1".into(), Value::from(4.0)))),
        "Odd: z1: expected a number from -3 to 3, got 4.0"
    );
    assert_eq!(
        bad(|preset| drop(preset.params.insert("mpe".into(), Value::from("yes")))),
        "Odd: mpe: expected true or false, got \"yes\""
    );
    assert_eq!(
        bad(|preset| drop(preset.params.insert("z9".into(), Value::from(0)))),
        "Odd: z9: no such parameter"
    );
    let far = |preset: &mut Preset| {
        preset.orbit = Some(Pins { pins: vec![Pin { z: [0.0, 5.0, 0.0, 0.0], name: String::new() }] });
    };
    assert_eq!(bad(far), "Odd: pin 1: expected numbers from -3 to 3, got [0.0, 5.0, 0.0, 0.0]");
    assert!(bad(|preset| preset.format = STATE_VERSION + 1).contains("a newer Ukulelatent made it"));
    assert!(matches!(Preset::find("no such preset"), Err(PresetError::Unknown { .. })));
}

/// Two presets are no nearer to each other than this.
const FAR_APART_DB: f64 = 1.2;

/// Log-spectral distance of two sounds, down to 60 dB below the loudest of either.
fn distance_db(a: &[f32], b: &[f32]) -> f64 {
    let mut stft = Stft::new(FrameGeometry { fft_size: 2048, hop: 512 });
    let mut from = |a: &[f32], b: &[f32]| {
        let target = spectrogram(&mut stft, a);
        log_spectral_distance_db(&mut stft, b, &target, 60.0)
    };
    from(a, b).min(from(b, a))
}

#[test]
fn factory_presets_are_whole_far_apart_and_heard() {
    let known: BTreeSet<String> = params().param_map().into_iter().map(|(id, ..)| id).collect();
    assert!(factory().len() >= 8, "{} presets", factory().len());
    let mut sounds: Vec<Vec<f32>> = Vec::new();
    for preset in factory() {
        assert_eq!(preset.format, STATE_VERSION, "{}", preset.name);
        assert!(preset.params.keys().all(|id| known.contains(id)), "{}", preset.name);
        // What belongs to the player and the machine is not for a preset to change.
        for id in ["latency", "mpe", "tune", "cache"] {
            assert!(!preset.params.contains_key(id), "{} sets {id}", preset.name);
        }
        let params = params();
        preset.apply(&params).unwrap_or_else(|error| panic!("{error}"));
        let setup = ukulelatent::instance::Setup { controls: params.controls(), ..support::setup() };
        let sound = support::render(setup, &[(0, on(1, 57))], &[512], 12_000).samples;
        assert!((0.01..1.0).contains(&peak(&sound)), "{}: peak {}", preset.name, peak(&sound));
        for (other, name) in sounds.iter().zip(factory().iter().map(|preset| &preset.name)) {
            let apart = distance_db(other, &sound);
            println!("{apart:.2} dB: {name} - {}", preset.name);
            assert!(apart > FAR_APART_DB, "{name} and {}: {apart:.2} dB apart", preset.name);
        }
        sounds.push(sound);
    }
    let names: BTreeSet<String> = factory().iter().map(|preset| preset.name.to_lowercase()).collect();
    assert_eq!(names.len(), factory().len(), "two presets of one name");
}

/// The files under `models` of this ending, in its folders too.
fn shipped(ending: &str) -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("models")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn every_preset_file_is_compiled_in_and_finds_its_instrument() {
    assert_eq!(shipped(".json").len(), all_factory().count(), "presets that come with no plugin");
    let instruments =
        shipped(".onnx").into_iter().filter(|path| !path.to_string_lossy().ends_with(".encoder.onnx"));
    let known: BTreeSet<_> =
        instruments.map(|path| ModelFile::open(&path).expect("an instrument").sha256.clone()).collect();
    for preset in factory_of_other_models() {
        let reference = preset.model.as_ref().expect("it names its model");
        assert!(known.contains(&reference.sha256), "{}: no file in models has its hash", preset.name);
    }
}
