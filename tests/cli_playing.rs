//! The command line's presets, tunings and hashes, and MIDI files with more than notes in them.

#[path = "support/desk.rs"]
mod desk;

use std::fs;

use desk::{Desk, file, midi, note, read_wav, song};
use midly::num::{u7, u24, u28};
use midly::{MetaMessage, MidiMessage, PitchBend, TrackEvent, TrackEventKind};
use ukulelatent::dsp::pitch::PitchRange;
use ukulelatent::dsp::yin::yin_f0;
use ukulelatent::units::{MidiNote, SampleRate};

/// How far the first half second of a file, after its transient, lies above a key, in cents.
fn cents_above(desk: &Desk, name: &str, number: u8) -> f32 {
    let (_, samples) = read_wav(&desk.path(name));
    let key = MidiNote::new(number).expect("a key");
    let range = PitchRange { min_hz: key.hz() / 1.9, max_hz: key.hz() * 1.9 };
    let rate = SampleRate::new(48_000.0).expect("a rate");
    key.cents_to(yin_f0(&samples[6_000..24_000], rate, range).expect("a pitch"))
}

fn bend(from_rest: i16) -> MidiMessage {
    MidiMessage::PitchBend { bend: PitchBend::from_int(from_rest) }
}

fn control(controller: u8, value: u8) -> MidiMessage {
    MidiMessage::Controller { controller: u7::new(controller), value: u7::new(value) }
}

#[test]
fn bends_and_pedals_of_a_file_are_heard() {
    let desk = Desk::new();
    desk.write("plain.mid", file(vec![note(0, 57, 100), note(960, 57, 0)]));
    desk.write("bent.mid", file(vec![note(0, 57, 100), midi(10, bend(8191)), note(950, 57, 0)]));
    let pedal = vec![midi(0, control(64, 127)), note(0, 57, 100), note(100, 57, 0), midi(1800, control(64, 0))];
    desk.write("held.mid", file(pedal));
    for name in ["plain", "bent", "held"] {
        desk.succeed(&["render", &format!("{name}.mid"), &format!("{name}.wav")]);
    }
    let bent = cents_above(&desk, "bent.wav", 57) - cents_above(&desk, "plain.wav", 57);
    assert!((bent - 200.0).abs() < 3.0, "{bent}");
    let seconds = |name| read_wav(&desk.path(name)).1.len() as f64 / 48_000.0;
    assert!(seconds("held.wav") > 1.9, "the pedal holds the note: {} s", seconds("held.wav"));
    let said = desk.succeed(&["listen", "held.wav", "--midi", "held.mid", "--json"]);
    let heard: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(heard["clicks"]["found"].as_array().map(Vec::len), Some(0), "{said}");
}

#[test]
fn equal_notes_have_equal_hashes_whatever_the_blocks() {
    let desk = Desk::new();
    desk.song();
    let hashes = |options: &[&str]| {
        let said = desk.succeed(&[&["render", "song.mid", "out.wav", "--hashes"][..], options].concat());
        said.lines().filter(|line| line.contains("channel")).map(str::to_owned).collect::<Vec<_>>()
    };
    let first = hashes(&[]);
    assert_eq!(first.len(), 6, "{first:?}");
    assert_eq!(hashes(&["--block", "61", "--latency", "20"]), first);
    let moved = hashes(&["--latent", "0.5,0,0,0"]);
    assert!(first.iter().zip(&moved).all(|(a, b)| a != b), "{first:?} {moved:?}");
}

#[test]
fn scales_and_transposition_move_keys() {
    let desk = Desk::new();
    desk.write(
        "just.scl",
        "! just.scl\njust\n12\n16/15\n9/8\n6/5\n5/4\n4/3\n45/32\n3/2\n8/5\n5/3\n9/5\n15/8\n2/1\n",
    );
    desk.succeed(&["note", "--key", "64", "equal.wav"]);
    desk.succeed(&["note", "--key", "64", "--scale", "just.scl", "just.wav"]);
    desk.succeed(&["note", "--key", "62", "--transpose", "2", "--tune", "25", "moved.wav"]);
    let equal = cents_above(&desk, "equal.wav", 64);
    // A just third is 13.7 cents narrower than the equal one.
    assert!((cents_above(&desk, "just.wav", 64) - equal + 13.69).abs() < 1.5);
    assert!((cents_above(&desk, "moved.wav", 64) - equal - 25.0).abs() < 1.5);
    desk.write("odd.scl", "no scale");
    let message = desk.fail(1, &["note", "--key", "64", "--scale", "odd.scl", "odd.wav"]);
    assert!(message.contains("expected a scale in Scala's SCL format"), "{message}");
}

#[test]
fn a_preset_that_was_saved_plays_as_what_it_was_saved_from() {
    let desk = Desk::new();
    desk.write("song.mid", song());
    let sound = ["--latent", "0.5,-1,0,1", "--release", "100", "--set", "width=0.5", "--tune", "20"];
    let saved = desk.succeed(&[&["preset", "save", "My sound", "--author", "Me"][..], &sound].concat());
    assert!(saved.trim().ends_with("My sound.json"), "{saved}");
    desk.succeed(&[&["render", "song.mid", "options.wav"][..], &sound].concat());
    desk.succeed(&["render", "song.mid", "preset.wav", "--preset", "my SOUND"]);
    let bytes = |name| fs::read(desk.path(name)).expect("a file");
    assert!(bytes("options.wav") == bytes("preset.wav"));
    let list = desk.succeed(&["preset", "list"]);
    assert!(list.contains("My sound") && list.contains("ukulele"), "{list}");
    let shown = desk.succeed(&["preset", "show", "--preset", "My sound"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(shown["params"]["width"], 0.5);
    let message = desk.fail(1, &["render", "song.mid", "x.wav", "--preset", "Nothing like it"]);
    assert!(message.contains("Nothing like it: expected the name of a preset"), "{message}");
    let message = desk.fail(1, &["render", "song.mid", "x.wav", "--set", "mpe=perhaps"]);
    assert!(message.contains("mpe: expected true or false, got \"perhaps\""), "{message}");
}

#[test]
fn an_orbit_follows_the_tempo_of_the_song() {
    let desk = Desk::new();
    let tempo =
        |us| TrackEvent { delta: u28::new(0), kind: TrackEventKind::Meta(MetaMessage::Tempo(u24::new(us))) };
    // Beats 0, 1 and 3, the last of them in another tempo.
    let beat = |beats: u32, key| [note(480 * beats, key, 100), note(0, key, 0)];
    let song =
        [vec![tempo(700_000)], beat(0, 60).into(), beat(1, 60).into(), vec![tempo(400_000)], beat(2, 60).into()];
    desk.write("song.mid", file(song.concat()));
    let pins = [[1.5, 0.0, 0.0, 0.0], [0.0, 1.5, 0.75, 0.0], [-1.5, 0.0, 0.0, 0.0], [0.0, -1.5, -0.75, 0.0]];
    let places: Vec<_> = pins.iter().map(|z| serde_json::json!({ "z": z })).collect();
    let preset = serde_json::json!({
        "format": 3, "name": "Round", "orbit": { "pins": places },
        "params": { "orbit_depth": 1.0, "orbit_length": "4" },
    });
    desk.write("round.json", preset.to_string());
    let hashes = |options: &[&str]| {
        let said = desk.succeed(&[&["render", "song.mid", "out.wav", "--hashes"][..], options].concat());
        let lines = said.lines().filter(|line| line.contains("channel"));
        lines.filter_map(|line| line.split_whitespace().last().map(str::to_owned)).collect::<Vec<_>>()
    };
    let round = hashes(&["--preset", "round.json"]);
    assert_eq!(round.len(), 3, "{round:?}");
    assert_eq!(hashes(&["--preset", "round.json", "--block", "61"]), round);
    for (heard, pin) in round.iter().zip([pins[0], pins[1], pins[3]]) {
        let there = pin.map(|z| z.to_string()).join(",");
        assert!(hashes(&["--latent", &there]).contains(heard), "{there}");
    }
}

#[test]
fn presets_are_exported_for_vst3_hosts() {
    let desk = Desk::new();
    let said = desk.succeed(&["preset", "export", "--to", "presets"]);
    assert!(said.lines().count() >= 8, "{said}");
    for entry in fs::read_dir(desk.path("presets")).expect("the folder") {
        let bytes = fs::read(entry.expect("an entry").path()).expect("a file");
        assert!(bytes.starts_with(b"VST3\x01\x00\x00\x00556B756C656C6174656E74536D706C72"));
    }
}
