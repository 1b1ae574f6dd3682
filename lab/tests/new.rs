//! From a folder of recordings to an instrument, in one command, with the recordings that people really have.

#[expect(dead_code, reason = "other tests use the rest")]
mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::Pluck;
use lab::export::Imprint;
use lab::features::FeatureSet;
use lab::front_end::FrontEndArgs;
use lab::new::{self, NewArgs, Places};
use lab::prepare::RecordingArgs;
use lab::run::RunRecord;
use lab::training::Run;
use tempfile::tempdir;
use ukulelatent::model::encoder::encoder_path;
use ukulelatent::model::file::ModelFile;
use ukulelatent::units::MidiNote;

/// Twelve notes of two instruments, named but not labelled.
fn record(folder: &Path) {
    for (instrument, notes) in [("harp", 50..56), ("banjo", 60..66)] {
        for number in notes {
            let hz = MidiNote::new(number).unwrap().hz();
            let pluck = Pluck { hz, rate_hz: 22_050.0, seconds: 0.7, ..Pluck::default() };
            pluck.write(&folder.join(format!("{instrument}_{number:03}.wav")));
        }
    }
}

/// A few steps of small networks on short notes.
fn args(folder: &Path, name: &str) -> NewArgs {
    let config = folder.join("small.toml");
    let text = "steps = 12\n[network]\nchannels = 16\ncondition = 16\ndilations = [1, 2]\nencoder_channels = 16\n";
    fs::write(&config, text).unwrap();
    NewArgs {
        name: name.into(),
        samples: folder.join("samples"),
        out: folder.into(),
        full_band: false,
        config: Some(config),
        steps: None,
        seed: 1,
        recordings: RecordingArgs {
            front_end: FrontEndArgs {
                rate: Some(8000),
                fft: Some(512),
                hop: Some(128),
                frames: Some(20),
                bands: Some(48),
                ..FrontEndArgs::default()
            },
            ..RecordingArgs::default()
        },
        imprint: Imprint::default(),
        timbres: 1,
    }
}

fn wav(path: PathBuf, spec: hound::WavSpec, samples: &[f32]) {
    let full = f32::from(i16::MAX) / f32::from(1u16 << (16 - spec.bits_per_sample));
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for sample in samples {
        for _ in 0..spec.channels {
            writer.write_sample((sample * full) as i16).unwrap();
        }
    }
    writer.finalize().unwrap();
}

/// What else lies in people's folders.
fn add_oddities(folder: &Path) {
    let spec = |channels, sample_rate, bits_per_sample| hound::WavSpec {
        channels,
        sample_rate,
        bits_per_sample,
        sample_format: hound::SampleFormat::Int,
    };
    let note = |number: u8, rate_hz: f32| {
        let hz = MidiNote::new(number).unwrap().hz();
        Pluck { hz, rate_hz, seconds: 0.6, ..Pluck::default() }.samples()
    };
    wav(folder.join("harp_057.wav"), spec(2, 96_000, 16), &note(57, 96_000.0));
    wav(folder.join("harp_058.wav"), spec(1, 22_050, 8), &note(58, 22_050.0));
    // Its name says 40, it sounds 59.
    wav(folder.join("harp_040.wav"), spec(1, 22_050, 16), &note(59, 22_050.0));
    wav(folder.join("silent_060.wav"), spec(1, 22_050, 16), &vec![0.0; 22_050]);
    let mut long = note(61, 8000.0);
    long.resize(8000 * 200, 0.0);
    wav(folder.join("long_061.wav"), spec(1, 8000, 16), &long);
    fs::write(folder.join("broken_062.wav"), b"RIFF, but that is all").unwrap();
    fs::write(folder.join("notes.txt"), "no recording").unwrap();
}

#[test]
fn a_dozen_recordings_and_what_else_lies_there_become_an_instrument() {
    let folder = tempdir().unwrap();
    record(&folder.path().join("samples"));
    add_oddities(&folder.path().join("samples"));
    let places = new::run(&args(folder.path(), "Small harp")).unwrap();

    let model = ModelFile::open(&folder.path().join("Small harp.onnx")).unwrap();
    assert_eq!(model.card.name, "Small harp");
    assert!(encoder_path(&places.model).is_file());
    let features = FeatureSet::load(&places.features).unwrap();
    let notes: Vec<(&str, u8)> =
        features.entries.iter().map(|entry| (entry.file.as_str(), entry.note.number())).collect();
    assert_eq!(notes.len(), 16, "{notes:?}");
    for expected in [("harp_057.wav", 57), ("harp_058.wav", 58), ("harp_040.wav", 59), ("long_061.wav", 61)] {
        assert!(notes.contains(&expected), "{expected:?} in {notes:?}");
    }
    let config = RunRecord::read(&places.run).unwrap().config;
    assert!(
        config.loss.placed > 0 && config.batch + config.loss.placed <= notes.len(),
        "each is there once a step"
    );
    let page = fs::read_to_string(places.work.join("report.html")).unwrap();
    for said in ["silent_060.wav", "broken_062.wav", "harp_040.wav: labelled MIDI 40", "SHA-256", "seed = 1"] {
        assert!(page.contains(said), "{said}");
    }
    for picture in ["reconstructions.png", "map.png", "axes.png"] {
        assert!(page.contains(picture), "{picture}");
        assert_eq!(&fs::read(places.work.join(picture)).unwrap()[1..4], b"PNG");
    }
    let figures = fs::read_to_string(places.work.join("figures.json")).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&figures).unwrap()["pitch"]["prior"]["notes"] == 45);
}

#[test]
fn whatever_stops_it_the_same_command_ends_with_the_same_instrument() {
    let folder = tempdir().unwrap();
    let samples = folder.path().join("samples");
    record(&samples);
    let whole = new::run(&args(folder.path(), "whole")).unwrap();
    let want = fs::read(&whole.model).unwrap();
    let again = args(folder.path(), "again");
    let places = Places::of("again", folder.path());
    let finish = |stage: &str| {
        new::run(&again).unwrap();
        // The instrument's name is on its card.
        let got = fs::read(&places.model).unwrap();
        assert_eq!(got.len(), want.len(), "{stage}");
        let differ = got.iter().zip(&want).filter(|(a, b)| a != b).count();
        assert!(differ <= 2 * "again".len(), "{stage}: {differ} bytes differ");
    };
    new::run(&again).unwrap();

    // While features were made: the index is written last.
    fs::remove_file(places.features.join("index.json")).unwrap();
    fs::remove_file(places.features.join("audio/0003.wav")).unwrap();
    fs::remove_dir_all(&places.run).unwrap();
    finish("features");

    // While it was training, with half a checkpoint beside the last one.
    fs::remove_dir_all(&places.run).unwrap();
    let features = FeatureSet::load(&places.features).unwrap();
    let record = lab::run::RunRecord::read(&whole.run).unwrap();
    let mut run = Run::open(record.config, &features, &places.features, &places.run).unwrap();
    (0..5).for_each(|_| run.step().unwrap());
    run.save().unwrap();
    fs::write(places.run.join("checkpoint.safetensors.new"), b"half a chec").unwrap();
    finish("training");

    // Between training and report.
    fs::remove_file(places.run.join("axes.json")).unwrap();
    fs::remove_file(&places.model).unwrap();
    fs::remove_file(places.work.join("report.html")).unwrap();
    finish("export");
    assert!(places.work.join("report.html").is_file());
}

#[test]
fn another_request_under_the_same_name_is_refused_with_what_differs() {
    let folder = tempdir().unwrap();
    record(&folder.path().join("samples"));
    let first = args(folder.path(), "harp");
    new::run(&first).unwrap();
    let message = |args: NewArgs| new::run(&args).unwrap_err().to_string();
    let text = message(NewArgs { seed: 2, ..first.clone() });
    assert!(text.contains("request.json") && text.contains("seed 1 became 2"), "{text}");
    fs::remove_file(folder.path().join("samples/harp_050.wav")).unwrap();
    let text = message(first);
    assert!(text.contains("recordings") && text.contains("another name"), "{text}");
}

#[test]
fn what_cannot_become_an_instrument_is_named() {
    let folder = tempdir().unwrap();
    let message = |args: NewArgs| new::run(&args).unwrap_err().to_string();
    let text = message(args(folder.path(), "harp"));
    assert!(text.contains("samples"), "{text}");
    let text = message(args(folder.path(), "a/harp"));
    assert!(text.contains("a/harp") && text.contains("expected"), "{text}");
    let samples = folder.path().join("samples");
    Pluck { rate_hz: 22_050.0, seconds: 0.7, ..Pluck::default() }.write(&samples.join("one.wav"));
    let text = message(args(folder.path(), "harp"));
    assert!(text.contains("at least 2 notes to train on, got 1"), "{text}");
}
