//! When notes sound, and that nothing but the score decides what is heard.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use ukulelatent::engine::Controls;
use ukulelatent::instance::Setup;

use crate::support::{Event, all, first_difference, on, only, play, render, setup, start};

/// Samples of the tune.
const LEN: usize = 6000;

/// Four notes with everything that can happen to them, off every usual block border.
fn tune() -> Vec<(usize, Event)> {
    let controls = setup().controls;
    let brighter = Controls { latent: [1.0, -0.5, 0.25, 2.0], gain: 0.5, attack_ms: 3.0, ..controls };
    vec![
        (17, on(1, 60)),
        (701, Event::Set(brighter)),
        (701, on(2, 64)),
        (2503, on(3, 67)),
        (3001, Event::Off(only(1))),
        (3333, Event::Choke(only(2))),
        (4099, Event::Set(Controls { gain: 0.9, release_ms: 20.0, ..brighter })),
        (4099, on(4, 60)),
        (5001, Event::Off(all())),
    ]
}

/// The tune in blocks of 512.
static REFERENCE: LazyLock<Vec<f32>> = LazyLock::new(|| render(setup(), &tune(), &[512], LEN).samples);

#[test]
fn a_note_sounds_at_exactly_its_event_plus_the_latency() {
    const HEARD: usize = 1500;
    let mut instance = start(setup());
    let engine = &mut instance.engine;
    let note = play(engine, &[(0, on(1, 60))], &[512], HEARD).samples;
    for latency in [0, 480, 960] {
        for event_at in [0, 1, 255, 1000] {
            engine.reset();
            engine.set_latency(latency);
            let onset = event_at + latency;
            let samples = play(engine, &[(event_at, on(1, 60))], &[512], onset + HEARD).samples;
            let what = format!("latency {latency}, event at {event_at}");
            assert!(samples[..onset].iter().all(|&x| x == 0.0), "{what}: sound before the onset");
            assert_ne!(samples[onset], 0.0, "{what}: no sound at the onset");
            assert_eq!(first_difference(&samples[onset..], &note), None, "{what}: another sound");
        }
    }
}

#[test]
fn a_late_latency_change_moves_only_the_notes_that_follow() {
    let mut instance = start(setup());
    let engine = &mut instance.engine;
    let first = play(engine, &[(0, on(1, 60))], &[512], 512);
    engine.set_latency(960);
    let rest = play(engine, &[(0, on(2, 67))], &[512], 1500);
    let alone = render(setup(), &[(0, on(1, 60))], &[512], 2012).samples;
    assert_eq!(first_difference(&first.samples, &alone[..512]), None);
    assert_eq!(first_difference(&rest.samples[..960], &alone[512..1472]), None);
    assert_ne!(rest.samples[960].to_bits(), alone[1472].to_bits());
}

#[test]
fn block_sizes_change_no_bit() {
    for size in [1, 64, 480, 4096] {
        let samples = render(setup(), &tune(), &[size], LEN).samples;
        assert_eq!(first_difference(&samples, &REFERENCE), None, "blocks of {size}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_block_sizes_change_no_bit(blocks in vec(1usize..=900, 1..24)) {
        let samples = render(setup(), &tune(), &blocks, LEN).samples;
        prop_assert_eq!(first_difference(&samples, &REFERENCE), None);
    }
}

#[test]
fn worker_threads_change_no_bit() {
    for threads in [2, 8] {
        let setup = Setup { threads: Some(threads), ..setup() };
        let samples = render(setup, &tune(), &[512], LEN).samples;
        assert_eq!(first_difference(&samples, &REFERENCE), None, "{threads} threads");
    }
}

#[test]
fn two_renders_of_one_score_are_the_same() {
    assert_eq!(first_difference(&render(setup(), &tune(), &[512], LEN).samples, &REFERENCE), None);
}

#[test]
fn every_event_of_the_tune_is_heard() {
    let mut instance = start(setup());
    let engine = &mut instance.engine;
    let mut perform = |score: &[(usize, Event)]| {
        // From silence, with the first parameters again.
        engine.reset();
        engine.set_controls(setup().controls);
        play(engine, score, &[512], LEN).samples
    };
    assert_eq!(first_difference(&perform(&tune()), &REFERENCE), None);
    for left_out in 0..tune().len() {
        let mut score = tune();
        score.remove(left_out);
        assert!(first_difference(&perform(&score), &REFERENCE).is_some(), "event {left_out} changes nothing");
    }
}
