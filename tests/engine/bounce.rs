//! A bounce is what the score says: block sizes, threads, and slow workers change no bit of it, however much moves
//! while it sounds.

use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use ukulelatent::engine::{Controls, Engine, Expression, Mode};
use ukulelatent::instance::Setup;
use ukulelatent::link::{CacheLimits, Recipe, Sustain, TimeShape, link};
use ukulelatent::worker::WorkerPool;

use crate::support::{Event, choice, first_difference, key, on, only, peak, play, render, setup, start};

/// Samples of the piece.
const LEN: usize = 40_000;

/// Notes that are frozen, wander and are stretched, while their timbre moves and they are bent.
fn piece() -> Vec<(usize, Event)> {
    let plain = setup().controls;
    let time = |sustain, stretch| TimeShape { sustain, stretch, ..TimeShape::default() };
    let pad = Controls { morph_ms: 60.0, time: time(Sustain::Freeze, 1.0), ..plain };
    let cloud = Controls { morph_ms: 10.0, time: time(Sustain::Wander, 0.5), ..plain };
    let slow = Controls { morph_ms: 200.0, time: time(Sustain::Off, 3.0), ..plain };
    let mut score = vec![
        (0, Event::Set(pad)),
        (17, on(1, 60)),
        (1003, Event::Set(cloud)),
        (1003, on(2, 64)),
        (1500, Event::Set(slow)),
        (1501, on(3, 50)),
        (5000, Event::Express(only(1), Expression::Bend(150.0))),
        (6001, Event::Express(only(2), Expression::Latent([0.0, 1.0, -1.0, 0.0]))),
        (9001, Event::Express(only(3), Expression::Gain(0.5))),
        (9002, Event::Express(only(3), Expression::Bend(-700.0))),
        (20_000, Event::Off(only(1))),
        (22_222, Event::Off(only(2))),
        (30_000, Event::Choke(only(3))),
    ];
    for n in 0..60 {
        let latent = [0.03 * n as f32, -0.02 * n as f32, 0.0, 1.0 - 0.01 * n as f32];
        score.push((7000 + 200 * n, Event::Set(Controls { latent, ..slow })));
    }
    score.sort_by_key(|(at, _)| *at);
    score
}

/// The piece on one thread, in blocks of 512.
static REFERENCE: LazyLock<Vec<f32>> = LazyLock::new(|| render(setup(), &piece(), &[512], LEN).samples);

fn assert_is_reference(setup: Setup, blocks: &[usize], what: &str) {
    let samples = render(setup, &piece(), blocks, LEN).samples;
    assert_eq!(first_difference(&samples, &REFERENCE), None, "{what}");
}

#[test]
fn block_sizes_change_nothing() {
    for size in [1, 37, 64, 1000, 8192] {
        assert_is_reference(setup(), &[size], &format!("blocks of {size}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_block_sizes_change_nothing(blocks in vec(1usize..=8192, 1..24)) {
        let samples = render(setup(), &piece(), &blocks, LEN).samples;
        prop_assert_eq!(first_difference(&samples, &REFERENCE), None);
    }
}

#[test]
fn threads_change_nothing() {
    for threads in [2, 8] {
        assert_is_reference(Setup { threads: Some(threads), ..setup() }, &[512], &format!("{threads} threads"));
    }
}

#[test]
fn slow_workers_change_nothing() {
    for (threads, block) in [(1, 64), (2, 512), (8, 4096)] {
        let drag = Some(Duration::from_millis(200));
        let slow = Setup { threads: Some(threads), drag, ..setup() };
        assert_is_reference(slow, &[block], &format!("{threads} slow threads"));
    }
}

/// Instances make no cache offline (`cached.rs`); an engine that was given one all the same waits for its workers.
#[test]
fn a_cached_start_is_left_alone_offline() {
    let (Setup { rate, controls, .. }, choice) = (setup(), choice());
    let (mut end, ends) = link(rate, 1);
    let limits = CacheLimits { cpu_share: 1.0, ..CacheLimits::default() };
    let cache = end.add_cache(limits, rate, &choice);
    assert!(cache.is_some(), "there is room for one");
    let _pool = WorkerPool::start(ends, cache, &choice, rate, None).expect("the workers start");
    // The first note of the piece, to the last bit of its recipe.
    let Some((_, Event::Set(Controls { latent, morph_ms, time, quality, .. }))) = piece().first().copied() else {
        panic!("the piece begins with its timbre")
    };
    let recipe = Recipe { note: key(60), cents: 0.0, latent, morph_ms, time, quality, seed: 60 };
    let shelf = end.shelf().expect("a shelf");
    assert!(shelf.ask(recipe, |_| None));
    let began = Instant::now();
    while shelf.find(&recipe).is_none() {
        assert!(began.elapsed() < Duration::from_secs(60), "the start is never made");
        shelf.wake();
        std::thread::sleep(Duration::from_millis(5));
        shelf.receive();
    }
    let mut engine = Engine::new(end, rate, Mode::Offline, 0, controls);
    let samples = play(&mut engine, &piece(), &[512], LEN).samples;
    assert_eq!(engine.meters().cache_hits.load(Ordering::Relaxed), 0);
    assert_eq!(first_difference(&samples, &REFERENCE), None);
}

#[test]
fn every_event_of_the_piece_is_heard() {
    for left_out in 0..piece().len() {
        let mut score = piece();
        let (_, event) = score.remove(left_out);
        if matches!(event, Event::Set(_)) {
            // One of many on the way.
            continue;
        }
        let samples = render(setup(), &score, &[512], LEN).samples;
        assert!(first_difference(&samples, &REFERENCE).is_some(), "event {left_out} changes nothing");
    }
}

#[test]
fn real_time_without_late_notes_is_the_bounce() {
    let latency = 2400;
    let offline = render(Setup { latency, ..setup() }, &piece(), &[240], LEN).samples;
    for attempt in 0..10 {
        let mut instance = start(Setup { mode: Mode::Realtime, latency, threads: Some(2), ..setup() });
        let mut heard = Vec::new();
        let mut at = 0;
        while at < LEN {
            // A host at a third of real time: its workers are never late but on a machine that has no time at all.
            std::thread::sleep(Duration::from_millis(15));
            let score: Vec<(usize, Event)> = piece()
                .into_iter()
                .filter(|(event_at, _)| (at..at + 240).contains(event_at))
                .map(|(event_at, event)| (event_at - at, event))
                .collect();
            heard.extend(play(&mut instance.engine, &score, &[240], 240).samples);
            at += 240;
        }
        heard.truncate(LEN);
        let meters = instance.engine.meters();
        let late = [&meters.late_notes, &meters.dry_streams, &meters.late_changes];
        if late.iter().all(|count| count.load(Ordering::Relaxed) == 0) {
            assert!(peak(&heard) > 0.01);
            assert_eq!(first_difference(&heard, &offline), None);
            return;
        }
        eprintln!("attempt {attempt}: a note was late");
    }
    panic!("notes were late at a third of real time, ten times");
}
