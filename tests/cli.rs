//! The command line, run as users run it: what it makes, and what it says of what it cannot.

#[path = "support/desk.rs"]
mod desk;

use std::fs;

use desk::{Desk, read_wav, song};
use ukulelatent::dsp::pitch::PitchRange;
use ukulelatent::dsp::yin::yin_f0;
use ukulelatent::units::{MidiNote, SampleRate};

#[test]
fn bad_songs_are_named_with_what_is_wrong() {
    let desk = Desk::new();
    desk.write("empty.mid", "");
    desk.write("cut.mid", &song()[..50]);
    desk.write("text.mid", "all my songs");
    for (name, words) in [
        ("empty.mid", "expected a MIDI file, got an empty one"),
        ("cut.mid", "the MIDI file is truncated: expected a chunk of"),
        ("text.mid", "expected a MIDI file, got something else"),
        ("missing.mid", "cannot be read"),
    ] {
        let message = desk.fail(1, &["render", name, "out.wav"]);
        assert!(message.contains(name) && message.contains(words), "{message}");
        assert!(!desk.path("out.wav").exists());
    }
}

#[test]
fn bad_models_are_named_with_what_is_wrong() {
    let desk = Desk::new();
    desk.song();
    desk.write("text.onnx", "this is no protobuf message, whatever its name says");
    let message = desk.fail(1, &["render", "song.mid", "out.wav", "--model", "text.onnx"]);
    assert!(message.contains("text.onnx: expected"), "{message}");
    let message = desk.fail(1, &["info", "missing.onnx"]);
    assert!(message.contains("missing.onnx: cannot be read"), "{message}");
}

#[test]
fn an_output_that_cannot_be_written_is_an_error_and_an_older_file_survives_a_failure() {
    let desk = Desk::new();
    desk.song();
    let message = desk.fail(1, &["render", "song.mid", "no/such/folder/out.wav"]);
    assert!(message.contains("out.wav: cannot be written"), "{message}");
    fs::create_dir(desk.path("folder.wav")).unwrap();
    let message = desk.fail(1, &["note", "--key", "69", "folder.wav"]);
    assert!(message.contains("folder.wav: cannot be written: it is a folder"), "{message}");
    desk.write("old.wav", "kept");
    desk.fail(1, &["render", "missing.mid", "old.wav"]);
    assert_eq!(fs::read(desk.path("old.wav")).unwrap(), b"kept");
}

#[test]
fn a_bad_automation_line_is_named_by_file_and_number() {
    let desk = Desk::new();
    desk.song();
    desk.write("moves.csv", "# out and back\n0,0,0,0,0\n1,0,0,0,5\n");
    let message = desk.fail(1, &["render", "song.mid", "out.wav", "--automate", "moves.csv"]);
    assert!(message.contains("moves.csv, line 3: z4: expected a number from -3 to 3, got \"5\""), "{message}");
}

#[test]
fn bad_options_are_usage_errors() {
    let desk = Desk::new();
    desk.song();
    for (option, value) in [
        ("--backend", "abacus"),
        ("--latent", "1,2,3"),
        ("--rate", "8000"),
        ("--block", "0"),
        ("--gain", "loud"),
        ("--velocity-sensitivity", "2"),
    ] {
        let message = desk.fail(2, &["render", "song.mid", "out.wav", option, value]);
        assert!(message.contains(option) && message.contains(value), "{message}");
    }
    let message = desk.fail(2, &["note", "--key", "H2", "out.wav"]);
    assert!(message.contains("such as A4"), "{message}");
}

#[test]
fn a_note_sounds_at_its_pitch_and_ends() {
    let desk = Desk::new();
    let said = desk.succeed(&["note", "--key", "A3", "--seconds", "0.8", "--latent", "-0.5,0,0,0.5", "a3.wav"]);
    assert!(said.starts_with("a3.wav: ") && said.contains("1 note, peak"), "{said}");
    let (spec, samples) = read_wav(&desk.path("a3.wav"));
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 48_000, 32));
    // Held 0.8 s, then released over a quarter of a second; to the sample, that is its end.
    assert!((48_000 * 8 / 10..=48_000 * 106 / 100).contains(&samples.len()), "{} samples", samples.len());
    let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!((0.02..1.0).contains(&peak), "{peak}");
    let key = MidiNote::new(57).unwrap();
    let range = PitchRange { min_hz: 60.0, max_hz: 900.0 };
    let f0_hz = yin_f0(&samples, SampleRate::new(48_000.0).unwrap(), range).expect("a pitch");
    assert!(key.cents_to(f0_hz).abs() < 30.0, "{f0_hz} Hz");
    let heard: serde_json::Value = serde_json::from_str(&desk.succeed(&["listen", "a3.wav", "--json"])).unwrap();
    assert_eq!(heard["pitch"]["key_name"], "A3");
}

#[test]
fn a_song_renders_to_the_same_bytes_whatever_the_blocks() {
    let desk = Desk::new();
    desk.song();
    desk.write("moves.csv", "0,-1,0,0,1\n2,1,0.5,0,-1\n");
    let render = |name: &str, options: &[&str]| {
        let base = ["render", "song.mid", name, "--automate", "moves.csv", "--rate", "44100"];
        desk.succeed(&[&base[..], options].concat());
        fs::read(desk.path(name)).unwrap()
    };
    let first = render("first.wav", &[]);
    assert!(first.len() > 44_100 * 2 * 8, "two seconds of stereo float, got {} bytes", first.len());
    assert!(first == render("again.wav", &[]), "a second render differs");
    assert!(first == render("small.wav", &["--block", "64"]), "blocks of 64 differ");
    assert!(first == render("large.wav", &["--block", "4096"]), "blocks of 4096 differ");
    assert!(first == render("early.wav", &["--latency", "40"]), "the look-ahead is not compensated");
    let mut entries = fs::read_dir(desk.0.path()).unwrap().filter_map(Result::ok);
    assert!(entries.all(|entry| !entry.file_name().to_string_lossy().contains("partial")));
}

#[test]
fn automation_and_a_fixed_point_are_heard() {
    let desk = Desk::new();
    desk.song();
    desk.write("far.csv", "0,2,2,2,2\n");
    desk.succeed(&["render", "song.mid", "home.wav"]);
    desk.succeed(&["render", "song.mid", "far.wav", "--automate", "far.csv"]);
    desk.succeed(&["render", "song.mid", "fixed.wav", "--latent", "2,2,2,2"]);
    let bytes = |name| fs::read(desk.path(name)).unwrap();
    assert!(bytes("far.wav") == bytes("fixed.wav"), "a constant automation is a fixed point");
    assert!(bytes("home.wav") != bytes("far.wav"), "the latent point changes the sound");
}

#[test]
fn listen_checks_a_song_for_clicks_and_draws_it() {
    let desk = Desk::new();
    desk.song();
    desk.succeed(&["render", "song.mid", "song.wav"]);
    let said = desk.succeed(&["listen", "song.wav", "--midi", "song.mid", "--png", "song.png", "--json"]);
    let heard: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(heard["clicks"]["moments"].as_u64().unwrap() >= 4, "{said}");
    assert_eq!(heard["clicks"]["found"].as_array().unwrap().len(), 0, "{said}");
    assert_eq!(heard["solo_notes"]["measured"], heard["solo_notes"]["in_tune"], "{said}");
    assert!(heard["peak_dbfs"].as_f64().unwrap() < -0.1, "{said}");
    let picture = fs::read(desk.path("song.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
    // Width and height, as the file's header has them.
    assert_eq!(picture[16..24], [1200_u32.to_be_bytes(), 600_u32.to_be_bytes()].concat()[..]);
    desk.write("text.wav", "no sound");
    let message = desk.fail(1, &["listen", "text.wav"]);
    assert!(message.contains("text.wav: cannot be read as a WAV file"), "{message}");
}

#[test]
fn info_tells_the_backend_and_the_built_in_card() {
    let desk = Desk::new();
    let text = desk.succeed(&["info"]);
    let model = ukulelatent::model::ModelFile::built_in().unwrap();
    for words in [env!("CARGO_PKG_VERSION"), "embedded", "the built-in model", &model.sha256, &model.card.name] {
        assert!(text.contains(words), "{words} in {text}");
    }
    let json: serde_json::Value = serde_json::from_str(&desk.succeed(&["info", "--json"])).unwrap();
    assert_eq!(json["backend"]["kind"], "embedded");
    assert_eq!(json["model"]["sha256"], model.sha256.as_str());
    assert_eq!(json["model"]["card"]["axes"].as_array().unwrap().len(), 4);
}

#[cfg(not(feature = "standalone"))]
#[test]
fn play_says_how_to_build_it() {
    let message = Desk::new().fail(2, &["play", "--backend", "dummy"]);
    assert!(message.contains("--features standalone"), "{message}");
}

#[test]
#[cfg(target_os = "linux")]
fn models_are_listed_added_and_chosen() {
    let desk = Desk::new();
    let list = |args: &[&str]| -> serde_json::Value {
        let args: Vec<&str> = ["models", "--json"].iter().chain(args).copied().collect();
        let text = desk.succeed(&args);
        serde_json::from_str(&text[text.find('{').expect("an object")..]).unwrap()
    };
    let firsts = |listing: &serde_json::Value| -> Vec<bool> {
        listing["models"].as_array().unwrap().iter().map(|model| model["first"].as_bool().unwrap()).collect()
    };
    assert_eq!(firsts(&list(&[])), [true]);

    // The built-in instrument with another name on its card is another instrument.
    let bytes = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/models/plucked.onnx")).unwrap();
    let mut model = onnx_rs::parse(&bytes).unwrap();
    let card = model.metadata_props.iter_mut().find(|entry| entry.key == "ukulelatent.card").unwrap();
    let mut json: serde_json::Value = serde_json::from_str(card.value).unwrap();
    json["name"] = "Harp".into();
    let json = json.to_string();
    card.value = &json;
    desk.write("my harp.onnx", onnx_rs::encode(&model));
    desk.write("my harp.encoder.onnx", "an encoder is no instrument, and goes with it");

    let added = list(&["--add", "my harp.onnx"]);
    assert_eq!(firsts(&added), [true, false]);
    assert_eq!(added["models"][1]["name"], "Harp");
    assert!(desk.path("data/ukulelatent/models/my harp.encoder.onnx").is_file());
    assert_eq!(firsts(&list(&["--use", "harp"])), [false, true]);
    assert_eq!(firsts(&list(&[])), [false, true]);
    let hash = added["models"][1]["sha256"].as_str().unwrap();
    assert_eq!(firsts(&list(&["--use", "built-in"])), [true, false]);
    assert_eq!(firsts(&list(&["--use", &hash[..8]])), [false, true]);

    let message = desk.fail(1, &["models", "--use", "Lute"]);
    assert!(message.contains("Lute") && message.contains("Harp") && message.contains("expected"), "{message}");
    fs::remove_file(desk.path("data/ukulelatent/models/my harp.onnx")).unwrap();
    assert!(desk.succeed(&["models"]).contains("not there any more"));
}
