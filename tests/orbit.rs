//! The orbit in a CLAP host: where the timbre is at which beat, and that a bounce repeats it.

#[path = "support/host.rs"]
mod host;
mod support;

use host::{Cue, Host, Song};
use support::first_difference;

/// A second and a half.
const LEN: usize = 72_000;
/// Four pins around the middle of the space, so that what is added is where they are.
const PINS: [[f32; 4]; 4] =
    [[1.5, 0.0, 0.0, 0.75], [0.0, 1.5, 0.75, 0.0], [-1.5, 0.0, 0.0, -0.75], [0.0, -1.5, -0.75, 0.0]];
const RATE: f64 = 48_000.0;
/// A beat is half a second.
const SONG: Song = Song { from: 0, tempo: 120.0, rate_hz: RATE };

/// A parameter's value as CLAP knows it, for a length by its place in the list.
const FOUR_BEATS: f64 = 3.0;
const ONE_BEAT: f64 = 0.0;

/// An offline host with pins, after these settings.
fn host(song: Option<Song>, settings: &[(&'static str, f64)]) -> Host {
    let mut host = Host::new();
    let mut state = host.saved_json();
    let pins: Vec<_> = PINS.iter().map(|z| serde_json::json!({ "z": z })).collect();
    state["fields"]["orbit"] = serde_json::json!({ "pins": pins }).to_string().into();
    assert!(host.load_json(&state.to_string()));
    for &(id, value) in settings {
        host.set(id, value);
    }
    host.song = song;
    host.set_offline();
    host.activate(RATE);
    host
}

fn play(
    song: Option<Song>,
    settings: &[(&'static str, f64)],
    score: &[(usize, Cue)],
    blocks: &[usize],
) -> Vec<f32> {
    host(song, settings).play(score, blocks, LEN).samples
}

/// A latent coordinate as CLAP knows it.
fn z(value: f64) -> f64 {
    (value + 3.0) / 6.0
}

/// Held notes, struck at awkward samples, one of them while automation moves.
fn score() -> Vec<(usize, Cue)> {
    vec![
        (17, Cue::On(60, 1)),
        (9001, Cue::Set("z1", z(0.7))),
        (9001, Cue::On(64, 2)),
        (20_003, Cue::Set("orbit_phase", 0.3)),
        (30_000, Cue::Off(1)),
        (33_333, Cue::On(67, 3)),
        (50_000, Cue::AllOff),
    ]
}

/// Deep, and with sounding notes that follow.
const MOVING: [(&str, f64); 3] = [("orbit_depth", 1.0), ("orbit_length", ONE_BEAT), ("morph", 0.3)];

#[test]
fn a_note_on_a_beat_has_the_timbre_of_its_pin() {
    let settings = [("orbit_depth", 1.0), ("orbit_length", FOUR_BEATS)];
    for (beat, pin) in PINS.iter().enumerate() {
        for bar in [0, 7] {
            let song = Song { from: (bar * 4 + beat as i64) * 24_000, ..SONG };
            let travelled = play(Some(song), &settings, &[(0, Cue::On(60, 1))], &[512]);
            let ids = ["z1", "z2", "z3", "z4"];
            let set: Vec<_> = ids.into_iter().zip(pin.map(|value| z(f64::from(value)))).collect();
            let there = play(None, &set, &[(0, Cue::On(60, 1))], &[512]);
            assert_eq!(first_difference(&travelled, &there), None, "bar {bar}, beat {beat}");
        }
    }
}

#[test]
fn it_is_added_to_what_the_host_automates() {
    let settings = [("orbit_depth", 1.0), ("orbit_length", FOUR_BEATS), ("z1", z(-0.75)), ("z3", z(1.5))];
    let travelled = play(Some(SONG), &settings, &[(0, Cue::On(60, 1))], &[512]);
    let sum = [("z1", z(0.75)), ("z3", z(1.5)), ("z4", z(0.75))];
    assert_eq!(first_difference(&travelled, &play(None, &sum, &[(0, Cue::On(60, 1))], &[512])), None);
}

#[test]
fn without_depth_or_pins_it_changes_no_bit() {
    let morph = [("morph", 0.3)];
    let still = {
        let mut host = Host::new();
        host.set("morph", 0.3);
        host.set_offline();
        host.activate(RATE);
        host.play(&score(), &[512], LEN).samples
    };
    assert_eq!(first_difference(&play(Some(SONG), &morph, &score(), &[512]), &still), None, "no depth");
    let mut bare = Host::new();
    MOVING.iter().for_each(|&(id, value)| bare.set(id, value));
    bare.song = Some(SONG);
    bare.set_offline();
    bare.activate(RATE);
    assert_eq!(first_difference(&bare.play(&score(), &[512], LEN).samples, &still), None, "no pins");
    assert!(first_difference(&play(Some(SONG), &MOVING, &score(), &[512]), &still).is_some(), "it moves nothing");
}

#[test]
fn a_bounce_repeats_it_over_block_sizes_in_tempo_and_free() {
    let free = [MOVING[0], MOVING[2], ("orbit_sync", 0.0), ("orbit_rate", 0.9)];
    for (song, settings) in [
        (Some(SONG), &MOVING[..]),
        (Some(Song { from: 1_234_567, tempo: 133.0, ..SONG }), &MOVING[..]),
        (Some(SONG), &free[..]),
        (None, &MOVING[..]),
    ] {
        let reference = play(song, settings, &score(), &[512]);
        for blocks in [&[64][..], &[8192], &[37, 1000, 1, 256]] {
            let samples = play(song, settings, &score(), blocks);
            assert_eq!(first_difference(&samples, &reference), None, "{song:?} {settings:?} in {blocks:?}");
        }
    }
}

#[test]
fn it_is_where_the_song_is_and_runs_on_where_none_plays() {
    let settings = [("orbit_depth", 1.0), ("orbit_length", FOUR_BEATS)];
    // After a second without a song, two beats of 120 a minute have passed.
    let late = host(None, &settings).play(&[(48_000, Cue::On(60, 1))], &[512], LEN).samples;
    let there = host(Some(Song { from: 48_000, ..SONG }), &settings).play(&[(0, Cue::On(60, 1))], &[512], LEN);
    assert_eq!(first_difference(&late[48_000..], &there.samples[..LEN - 48_000]), None);
    // A jump of the song is one of the timbre, too.
    let mut jumped = host(Some(SONG), &settings);
    jumped.play(&[], &[512], 10_000);
    jumped.song = Some(Song { from: 48_000, ..SONG });
    let after = jumped.play(&[(0, Cue::On(60, 1))], &[512], LEN).samples;
    assert_eq!(first_difference(&after, &there.samples), None);
}

#[test]
fn a_travelling_note_neither_clicks_nor_stands_still() {
    let heard = play(Some(SONG), &MOVING, &[(0, Cue::On(57, 1))], &[512]);
    for at in (12_000..60_000).step_by(6000) {
        let ratio = support::click_ratio(&heard, at, support::rate(RATE as f32));
        assert!(ratio < support::CLICK, "{at}: {ratio}");
    }
    let still = play(Some(SONG), &MOVING[1..], &[(0, Cue::On(57, 1))], &[512]);
    // What is decided before the lead of the first change is the same note with another timbre, so look at the sum.
    let energy = |samples: &[f32]| samples.iter().map(|x| f64::from(x * x)).sum::<f64>();
    assert!((energy(&heard[24_000..]) / energy(&still[24_000..]) - 1.0).abs() > 1e-3);
}

#[test]
fn pins_that_cannot_be_used_are_kept_and_move_nothing() {
    for bad in [r#"{"pins":[{"z":[9.0,0.0,0.0,0.0]},{"z":[0.0,0.0,0.0,0.0]}]}"#, r#"{"pins":"none"}"#] {
        let mut host = Host::new();
        let mut state = host.saved_json();
        state["fields"]["orbit"] = bad.into();
        assert!(host.load_json(&state.to_string()));
        MOVING.iter().for_each(|&(id, value)| host.set(id, value));
        host.set_offline();
        host.activate(RATE);
        let heard = host.play(&[(0, Cue::On(60, 1))], &[512], 4000).samples;
        let mut plain = Host::new();
        plain.set("morph", 0.3);
        plain.set_offline();
        plain.activate(RATE);
        let still = plain.play(&[(0, Cue::On(60, 1))], &[512], 4000).samples;
        assert_eq!(first_difference(&heard, &still), None, "{bad}");
    }
}
