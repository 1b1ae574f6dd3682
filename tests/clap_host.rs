//! The plugin in a CLAP host: events at their samples, latency, state, the ends of notes, and repeatable bounces.

#[path = "support/host.rs"]
mod host;
mod support;

use clack_host::prelude::ProcessStatus;
use host::{Cue, Host};
use support::{Dice, first_difference, peak};

/// Notes and parameters at awkward samples.
fn tune() -> Vec<(usize, Cue)> {
    vec![
        (17, Cue::On(60, 1)),
        (700, Cue::Set("z1", 0.8)),
        (701, Cue::On(64, 2)),
        (2503, Cue::Set("gain", 0.3)),
        (2503, Cue::On(67, 3)),
        (3001, Cue::Off(1)),
        (3333, Cue::Choke(2)),
        (4099, Cue::On(60, 4)),
        (5001, Cue::AllOff),
    ]
}

/// Samples of the tune.
const LEN: usize = 6000;

#[test]
fn a_note_sounds_at_its_event_plus_the_reported_latency() {
    for (step, latency) in [(0.0, 0), (1.0, 480), (2.0, 960), (3.0, 1920), (4.0, 3840)] {
        let mut host = Host::new();
        host.set("latency", step);
        host.set_offline();
        host.activate(48_000.0);
        assert_eq!(host.latency(), latency);
        let onset = 300 + latency;
        let samples = host.play(&[(300, Cue::On(60, 1))], &[512], onset + 500).samples;
        assert!(samples[..onset].iter().all(|&x| x == 0.0), "latency {latency}: sound before the onset");
        assert_ne!(samples[onset], 0.0, "latency {latency}: no sound at the onset");
    }
}

#[test]
fn the_reported_latency_follows_the_sample_rate() {
    let mut host = Host::new();
    host.set("latency", 2.0);
    for (rate_hz, latency) in [(44_100.0, 882), (96_000.0, 1920)] {
        host.activate(rate_hz);
        assert_eq!(host.latency(), latency);
        host.deactivate();
    }
}

#[test]
fn a_latency_changed_while_playing_holds_for_the_next_notes_and_is_reported() {
    let mut host = Host::offline();
    let restarts = host.restarts();
    let score = [(100, Cue::Set("latency", 1.0)), (200, Cue::On(60, 1))];
    let samples = host.play(&score, &[512], 1200).samples;
    assert!(samples[..680].iter().all(|&x| x == 0.0));
    assert_ne!(samples[680], 0.0);
    assert_eq!(host.latency(), 480);
    assert!(host.restarts() > restarts, "the host must be asked to take note of it");
}

#[test]
fn a_parameter_changes_at_its_sample() {
    let z1_at = |change_at: usize| {
        let mut score = [(change_at, Cue::Set("z1", 1.0)), (400, Cue::On(60, 1))];
        score.sort_by_key(|(at, _)| *at);
        Host::offline().play(&score, &[512], 1500).samples
    };
    let plain = Host::offline().play(&[(400, Cue::On(60, 1))], &[512], 1500).samples;
    let mut moved = Host::new();
    moved.set("z1", 1.0);
    moved.set_offline();
    moved.activate(48_000.0);
    let moved = moved.play(&[(400, Cue::On(60, 1))], &[512], 1500).samples;
    assert!(first_difference(&plain, &moved).is_some(), "z1 changes nothing");
    assert_eq!(first_difference(&z1_at(399), &moved), None, "a change before the note");
    assert_eq!(first_difference(&z1_at(401), &plain), None, "a change after the note");
}

#[test]
fn a_gain_change_is_heard_from_its_sample_on() {
    let note = (0, Cue::On(60, 1));
    let plain = Host::offline().play(&[note], &[512], 2000).samples;
    for at in [700, 1023, 1024] {
        let changed = Host::offline().play(&[note, (at, Cue::Set("gain", 0.2))], &[512], 2000).samples;
        assert_eq!(first_difference(&changed, &plain), Some(at));
    }
}

#[test]
fn block_sizes_change_no_bit() {
    let reference = Host::offline().play(&tune(), &[512], LEN);
    assert!(peak(&reference.samples) > 1e-3);
    let mut dice = Dice::new(41);
    let random: Vec<usize> = (0..64).map(|_| 1 + dice.below(700)).collect();
    for blocks in [&[1][..], &[64][..], &[480][..], &[4096][..], &random[..]] {
        let played = Host::offline().play(&tune(), blocks, LEN);
        assert_eq!(first_difference(&played.samples, &reference.samples), None, "blocks {blocks:?}");
        assert!(played.ended.is_sorted_by_key(|&(at, _)| at), "ends out of order: {:?}", played.ended);
        assert_eq!(played.ended, reference.ended, "ends of notes with blocks {blocks:?}");
    }
}

#[test]
fn two_renders_of_one_project_are_the_same() {
    let first = Host::offline().play(&tune(), &[512], LEN).samples;
    assert_eq!(first_difference(&Host::offline().play(&tune(), &[512], LEN).samples, &first), None);
}

#[test]
fn a_project_restores_every_parameter_its_model_and_its_sound() {
    let values = [
        ("z1", 0.9),
        ("z2", 0.1),
        ("z3", 0.35),
        ("z4", 0.65),
        ("gain", 0.55),
        ("attack", 0.2),
        ("release", 0.3),
        ("velocity", 0.4),
        ("latency", 3.0),
    ];
    let mut host = Host::new();
    for (id, value) in values {
        assert_ne!(host.value(id), value, "{id}: the test must change it");
        host.set(id, value);
    }
    let saved = host.save();
    let mut restored = Host::new();
    assert!(restored.load(&saved));
    for (id, _) in values {
        assert_eq!(restored.value(id).to_bits(), host.value(id).to_bits(), "{id}");
    }
    assert_eq!(restored.saved_json(), host.saved_json());
    let model = host.saved_json()["fields"]["model"].to_string();
    assert!(model.contains(&support::built_in().sha256), "{model}");
    let [before, after] = [host, restored].map(|mut host| {
        host.set_offline();
        host.activate(48_000.0);
        host.play(&[(0, Cue::On(57, 1)), (3000, Cue::Off(1))], &[512], 5000).samples
    });
    assert!(peak(&before) > 1e-4);
    assert_eq!(first_difference(&before, &after), None);
}

#[test]
fn a_project_loads_while_it_plays() {
    let mut other = Host::new();
    other.set("z2", 0.9);
    let saved = other.save();
    let mut host = Host::offline();
    host.play(&[(0, Cue::On(57, 1))], &[512], 1024);
    assert!(host.load(&saved));
    assert!((host.value("z2") - 0.9).abs() < 1e-6);
    let heard = host.play(&[(0, Cue::AllChoke), (10, Cue::On(60, 2))], &[512], 2048);
    assert!(peak(&heard.samples[512..]) > 1e-4);
}

#[test]
fn a_state_that_is_none_is_refused_and_changes_nothing() {
    let mut host = Host::new();
    host.set("z1", 0.9);
    let before = host.save();
    // What is no JSON at all trips a debug assertion of nice-plug's that only logs.
    for bad in [&b""[..], &b"short"[..], &[255; 64][..]] {
        assert!(!host.load(bad), "{bad:?} was taken");
    }
    assert!(!host.load_json("{\"version\": 3"));
    assert_eq!(host.save(), before);
}

#[test]
fn a_missing_model_is_replaced_by_the_built_in_one_and_not_forgotten() {
    let mut json = Host::new().saved_json();
    let missing = r#"{"name":"Gone","sha256":"00ff","path":"/nowhere/gone.onnx"}"#;
    json["fields"]["model"] = missing.into();
    let mut host = Host::new();
    assert!(host.load_json(&json.to_string()));
    host.set_offline();
    host.activate(48_000.0);
    let samples = host.play(&[(0, Cue::On(60, 1))], &[512], 2000).samples;
    let built_in = Host::offline().play(&[(0, Cue::On(60, 1))], &[512], 2000).samples;
    assert_eq!(first_difference(&samples, &built_in), None);
    assert!(peak(&samples) > 1e-4);
    let saved = host.saved_json()["fields"]["model"].clone();
    let [saved, missing]: [serde_json::Value; 2] =
        [saved.as_str().expect("text"), missing].map(|text| serde_json::from_str(text).expect("JSON"));
    assert_eq!(saved, missing);
}

#[test]
fn each_note_ends_once_and_keeps_the_plugin_awake_until_then() {
    let mut host = Host::offline();
    let silent = host.play(&[], &[512], 1024);
    assert!(silent.statuses.iter().all(|&status| status != ProcessStatus::Continue), "{:?}", silent.statuses);
    let score = [(0, Cue::On(60, 7)), (10, Cue::On(64, 8)), (600, Cue::Choke(7)), (1200, Cue::Choke(8))];
    let heard = host.play(&score, &[512], 2560);
    // A cut takes 5 ms, 240 samples; the end is told of at the last one.
    assert_eq!(heard.ended, [(839, 7), (1439, 8)]);
    let awake = heard.statuses.iter().map(|&status| status == ProcessStatus::Continue);
    assert_eq!(awake.collect::<Vec<_>>(), [true, true, false, false, false]);
}

#[test]
fn a_note_that_waits_for_its_time_keeps_the_plugin_awake() {
    let mut host = Host::new();
    host.set("latency", 4.0);
    host.set_offline();
    host.activate(48_000.0);
    let heard = host.play(&[(0, Cue::On(60, 1))], &[960], 3840);
    assert_eq!(peak(&heard.samples), 0.0);
    assert!(heard.statuses.iter().all(|&status| status == ProcessStatus::Continue), "{:?}", heard.statuses);
}

#[test]
fn a_crowd_of_notes_ends_each_of_them_once() {
    let mut score: Vec<(usize, Cue)> = (0..64).map(|n| (5, Cue::On(36 + n as u8 % 48, n))).collect();
    score.push((900, Cue::AllChoke));
    let heard = Host::offline().play(&score, &[1024], 2048);
    let mut ended: Vec<i32> = heard.ended.iter().map(|(_, number)| *number).collect();
    ended.sort_unstable();
    assert_eq!(ended, (0..64).collect::<Vec<i32>>());
}

#[test]
fn blocks_of_changing_size_up_to_the_largest_are_rendered_at_every_rate() {
    for rate_hz in [22_050.0, 44_100.0, 192_000.0] {
        let mut host = Host::new();
        host.set_offline();
        host.activate(rate_hz);
        let heard = host.play(&[(0, Cue::On(60, 1))], &[host::MAX_BLOCK, 1, 333], 2 * host::MAX_BLOCK);
        assert!(heard.samples.iter().all(|x| x.is_finite()));
        assert_ne!(heard.samples[0], 0.0, "{rate_hz} Hz");
    }
}

#[test]
fn in_real_time_nothing_waits_and_the_note_comes() {
    let mut host = Host::new();
    host.activate(48_000.0);
    let mut loudest = peak(&host.play(&[(0, Cue::On(60, 1))], &[256], 256).samples);
    // Not a timed test: it goes on for as long as the machine takes, within reason.
    for _ in 0..6000 {
        if loudest > 0.0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
        loudest = peak(&host.play(&[], &[256], 256).samples);
    }
    assert!(loudest > 0.0 && loudest.is_finite(), "peak {loudest}");
}
