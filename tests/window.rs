//! What a window sees of the plugin, and what it plays; without a window.

#[path = "support/bare.rs"]
mod bare;
mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bare::{Bare, host_key};
use nice_plug::prelude::{Plugin, ProcessMode};
use serde_json::Value;
use support::{first_difference, key, peak};
use ukulelatent::link::window::{BANDS, Extremes};
use ukulelatent::params::set_value;
use ukulelatent::plugin::Ukulelatent;

/// Plays nothing and listens until something is so; whether it came to be within ten seconds.
fn until(bare: &mut Bare, is_so: impl Fn(&Bare) -> bool) -> bool {
    (0..1000).any(|_| is_so(bare) || bare.listen(480).is_empty())
}

fn set<'a>(values: &'a [(&'a str, f64)]) -> impl FnOnce(&Ukulelatent) + 'a {
    move |plugin| {
        for &(id, value) in values {
            set_value(plugin.parameters(), id, &Value::from(value)).expect("a value");
        }
    }
}

#[test]
fn while_no_window_is_open_nothing_is_written_for_it() {
    let mut bare = Bare::start(ProcessMode::Realtime, |_| {});
    let before = bare.window.changes();
    assert!(bare.window.press(key(60), 1.0), "there is room");
    bare.events.push_back(host_key(64, true));
    assert!(until(&mut bare, |bare| bare.window.meters().unwrap().started_notes.load(Ordering::Acquire) == 1));
    bare.listen(4800);
    assert_eq!(bare.window.changes(), before);
    assert_eq!(bare.window.snapshot(), Default::default());
    assert_eq!((bare.window.take_peaks(), bare.window.load()), ([0.0; 2], 0.0));
    assert!(bare.window.picture(|_| ()).is_none());
}

#[test]
fn a_note_is_seen_from_its_key_to_its_rest() {
    let mut bare = Bare::start(ProcessMode::Realtime, set(&[("release", 20.0), ("z2", 1.5)]));
    bare.window.set_open(true);
    let _ = bare.window.load();
    bare.events.push_back(host_key(64, true));
    bare.listen(9600);
    let seen = bare.window.snapshot();
    assert_eq!((seen.keys_down.len(), seen.keys_down.contains(key(64))), (1, true));
    assert_eq!(seen.latent, [0.0, 1.5, 0.0, 0.0]);
    let voice = seen.voices.iter().flatten().next().expect("a voice");
    assert_eq!((voice.key, Some(voice.mark), voice.is_released), (key(64), seen.last_note, false));
    assert!(voice.level > 0.0 && voice.played > 0 && voice.latent == seen.latent);
    let load = bare.window.load();
    assert!(load > 0.0 && load <= 1.0, "{load}");
    let loudest = bare.window.picture(|picture| {
        assert_eq!(picture.levels().len(), picture.columns() * BANDS);
        assert!(picture.expected_columns() >= 100, "{}", picture.expected_columns());
        let heard = picture.column_at(voice.played);
        assert!(heard > 0.0 && heard < picture.columns() as f32, "{heard} of {}", picture.columns());
        picture.levels().iter().copied().max()
    });
    assert!(loudest.expect("a picture of the last note") > Some(100));
    let [left, right] = bare.window.take_peaks();
    assert!(left > 0.01 && right > 0.01);
    let mut wave = [Extremes::default(); 20];
    bare.window.waveform(&mut wave);
    assert!(wave.iter().any(|stretch| stretch.low < -0.01 && stretch.high > 0.01), "{wave:?}");

    bare.events.push_back(host_key(64, false));
    assert!(until(&mut bare, |bare| bare.window.snapshot().voices.iter().flatten().next().is_none()));
    assert!(bare.window.snapshot().keys_down.is_empty());
    // Silence fills the waveform; then there is nothing new to draw.
    bare.play(1100 * 240, |_| {});
    let before = bare.window.changes();
    bare.play(48_000, |_| {});
    assert_eq!(bare.window.changes(), before);
}

#[test]
fn a_long_note_goes_on_in_its_picture() {
    let long = [("stretch", 8.0)];
    let mut bare = Bare::start(ProcessMode::Offline, set(&long));
    bare.window.set_open(true);
    bare.events.push_back(host_key(60, true));
    let mut columns = 0;
    for _ in 0..10 {
        bare.play(24_000, |_| {});
        let now = bare.window.picture(|picture| picture.columns()).expect("a picture");
        assert!(now > columns, "{now} after {columns}");
        columns = now;
    }
}

#[test]
fn the_orbit_is_seen_where_it_is() {
    let mut bare = Bare::start(ProcessMode::Offline, bare::travel);
    bare.window.set_open(true);
    let turns: Vec<f32> = (0..10)
        .map(|_| {
            bare.play(4800, |_| {});
            let seen = bare.window.snapshot();
            assert_eq!(seen.latent, seen.orbit, "it is all there is");
            seen.orbit_turn.expect("it is on its way")
        })
        .collect();
    assert!(turns.windows(2).all(|pair| pair[0] != pair[1]), "{turns:?}");
    set_value(&Arc::clone(bare.plugin.parameters()), "orbit_depth", &Value::from(0.0)).expect("a value");
    bare.play(960, |_| {});
    assert_eq!((bare.window.snapshot().orbit, bare.window.snapshot().orbit_turn), ([0.0; 4], None));
}

#[test]
fn warm_keys_are_those_of_late_and_their_neighbours() {
    let mut bare = Bare::start(ProcessMode::Realtime, |_| {});
    bare.window.set_open(true);
    bare.events.push_back(host_key(64, true));
    let warm = |number| move |bare: &Bare| bare.window.snapshot().warm_keys.contains(key(number));
    assert!(until(&mut bare, warm(64)) && until(&mut bare, warm(65)));
    let params = Arc::clone(bare.plugin.parameters());
    set_value(&params, "z1", &Value::from(0.5)).expect("a value");
    bare.play(960, |_| {});
    assert!(bare.window.snapshot().warm_keys.is_empty(), "they are of another timbre");
}

#[test]
fn a_window_changes_no_sample_of_a_bounce_whatever_it_plays() {
    let bounce = |is_open| {
        let mut bare = Bare::start(ProcessMode::Offline, set(&[("morph", 50.0)]));
        bare.window.set_open(is_open);
        for number in [60, 64] {
            bare.events.push_back(host_key(number, true));
        }
        let mut blocks = 0;
        bare.play(24_000, |bare| {
            blocks += 1;
            if is_open && blocks % 5 == 0 {
                bare.window.press(key(40), 1.0);
                bare.window.audition(key(41), 1.0, [2.0; 4]);
            }
        })
    };
    let (with, without) = (bounce(true), bounce(false));
    assert!(peak(&with) > 0.01);
    assert_eq!(first_difference(&with, &without), None);
}

#[test]
fn the_mouse_plays_notes_that_end_when_it_lets_go_and_the_host_hears_nothing_of_them() {
    let mut bare = Bare::start(ProcessMode::Realtime, set(&[("release", 20.0)]));
    bare.window.set_open(true);
    assert!(bare.window.press(key(57), 0.9));
    assert!(until(&mut bare, |bare| bare.window.take_peaks()[0] > 0.01), "no sound");
    let seen = bare.window.snapshot();
    assert_eq!((seen.keys_down.len(), seen.keys_down.contains(key(57))), (1, true));
    // What the host says of the same key is not for this note.
    bare.events.push_back(host_key(57, false));
    bare.listen(960);
    assert!(bare.window.snapshot().keys_down.contains(key(57)));
    bare.window.release(key(57));
    assert!(until(&mut bare, |bare| bare.window.snapshot().voices.iter().flatten().next().is_none()));
    assert!(bare.sent.is_empty(), "{:?}", bare.sent);
}

#[test]
fn no_key_hangs_when_the_window_closes_or_the_mouse_is_too_fast() {
    let mut bare = Bare::start(ProcessMode::Realtime, set(&[("release", 20.0)]));
    bare.window.set_open(true);
    // More than can wait, and most of them let go before they are struck.
    let struck = (0..200).filter(|n| bare.window.press(key(30 + n % 60), 1.0)).count();
    assert!(struck < 200);
    (30..80).for_each(|number| bare.window.release(key(number)));
    bare.listen(4800);
    assert!(!bare.window.snapshot().keys_down.is_empty(), "some are still held");
    bare.window.set_open(false);
    bare.listen(4800);
    let meters = bare.window.meters().unwrap();
    assert!(until(&mut bare, |_| meters.voices.load(Ordering::Relaxed) == 0), "a note hangs");
    // Reopened, it begins with all keys up.
    bare.window.set_open(true);
    assert_eq!(peak(&bare.listen(4800)), 0.0);
    // A jump of the host's silences all; letting go after it harms nothing.
    bare.window.press(key(60), 1.0);
    bare.listen(960);
    bare.plugin.reset();
    bare.listen(960);
    bare.window.release_all();
    bare.listen(960);
    assert!(until(&mut bare, |_| meters.voices.load(Ordering::Relaxed) == 0), "a note hangs");
}

#[test]
fn a_window_outlives_activations() {
    let mut bare = Bare::start(ProcessMode::Realtime, |_| {});
    bare.window.set_open(true);
    for _ in 0..3 {
        let before = bare.window.changes();
        bare.events.push_back(host_key(64, true));
        assert!(until(&mut bare, |bare| bare.window.picture(|picture| picture.columns()) > Some(8)));
        assert!(bare.window.snapshot().voices.iter().flatten().next().is_some() && bare.window.changes() > before);
        bare.plugin.deactivate();
        assert!(bare.window.snapshot().voices.iter().flatten().next().is_none(), "a voice of the past");
        bare.activate(ProcessMode::Realtime);
    }
}

#[test]
fn an_audition_has_its_own_timbre_and_moves_nothing() {
    const POINT: [f32; 4] = [1.5, -0.75, 0.0, 2.0];
    // As far ahead as it goes, so that workers without optimisations are in time; and a note that is late all the same proves nothing.
    let heard = |values: &[(&str, f64)], strike: &dyn Fn(&Bare)| {
        let mut bare = Bare::start(ProcessMode::Realtime, |plugin| {
            set(values)(plugin);
            set_value(plugin.parameters(), "latency", &Value::from("80ms")).expect("a setting");
        });
        bare.window.set_open(true);
        strike(&bare);
        let samples = bare.listen(14_400);
        let missed = bare.window.meters().unwrap().missed_notes.load(Ordering::Relaxed);
        (missed == 0).then_some((samples, bare))
    };
    let there = [("z1", 1.5), ("z2", -0.75), ("z4", 2.0)];
    let elsewhere = [("morph", 20.0), ("z3", -1.5)];
    // Other tests make notes at the same time: it may take until they are done.
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(120) {
        let pressed = heard(&there, &|bare| assert!(bare.window.press(key(60), 1.0)));
        let auditioned = heard(&elsewhere, &|bare| assert!(bare.window.audition(key(60), 1.0, POINT)));
        let (Some((pressed, _)), Some((auditioned, mut bare))) = (pressed, auditioned) else { continue };
        assert!(peak(&pressed) > 0.01);
        assert_eq!(first_difference(&pressed, &auditioned), None);
        // The parameters are where they were, and moving them does not move the note.
        assert_eq!(bare.window.snapshot().latent, [0.0, 0.0, -1.5, 0.0]);
        set_value(&Arc::clone(bare.plugin.parameters()), "z3", &Value::from(1.0)).expect("a value");
        bare.listen(960);
        let seen = bare.window.snapshot();
        assert_eq!(seen.latent, [0.0, 0.0, 1.0, 0.0]);
        assert_eq!(seen.voices.iter().flatten().next().map(|voice| voice.latent), Some(POINT));
        return;
    }
    panic!("notes were late for two minutes");
}
