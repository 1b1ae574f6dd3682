//! The key cache: a cached note sounds at once, and is the same note.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ukulelatent::engine::{Controls, Engine, Mode};
use ukulelatent::instance::Setup;
use ukulelatent::link::{CacheLimits, Sustain, TimeShape};

use crate::support::{Event, all, first_difference, on, peak, play, render, setup, start};

/// Samples of a host's block.
const BLOCK: usize = 240;
/// Samples of a note that are compared: more than the cache holds of it.
const LEN: usize = 48_000;

fn cached() -> Setup {
    // As much of a core as it likes: the test does not wait for long.
    let cache = CacheLimits { memory_mib: 4.0, cpu_share: 1.0 };
    Setup { mode: Mode::Realtime, latency: 0, cache, ..setup() }
}

/// Lets time pass, block by block, until `done` or five minutes have: the cache gives way to all else that the machine does.
fn wait_until(engine: &mut Engine, mut done: impl FnMut(&Engine) -> bool) -> bool {
    (0..30_000).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        play(engine, &[], &[BLOCK], BLOCK);
        done(engine)
    })
}

fn starts(engine: &Engine) -> u32 {
    engine.meters().cached_starts.load(Ordering::Relaxed)
}

/// Plays a key once, so that it is one of those played lately, and waits for as many starts.
fn warm(engine: &mut Engine, key: u8, wanted: u32) {
    play(engine, &[(0, on(1, key)), (1, Event::Choke(all()))], &[BLOCK], BLOCK);
    assert!(wait_until(engine, |engine| starts(engine) >= wanted), "{} starts", starts(engine));
}

/// Plays a score at a third of real time, so that no stream runs dry.
fn slowly(engine: &mut Engine, score: &[(usize, Event)], len: usize) -> Vec<f32> {
    let mut heard = Vec::new();
    for at in (0..len).step_by(BLOCK) {
        let here = |&&(event_at, _): &&(usize, Event)| (at..at + BLOCK).contains(&event_at);
        let now: Vec<_> = score.iter().filter(here).map(|&(event_at, event)| (event_at - at, event)).collect();
        heard.extend(play(engine, &now, &[BLOCK], BLOCK).samples);
        std::thread::sleep(Duration::from_millis(15));
    }
    heard
}

#[test]
fn a_cached_note_sounds_at_once_and_is_the_same_note() {
    let shapes = [
        Controls { ..setup().controls },
        Controls {
            morph_ms: 40.0,
            time: TimeShape { sustain: Sustain::Wander, stretch: 2.0, ..TimeShape::default() },
            ..setup().controls
        },
    ];
    for controls in shapes {
        let mut instance = start(Setup { controls, ..cached() });
        let engine = &mut instance.engine;
        // The key, its neighbours, fifths and octaves.
        warm(engine, 60, 11);
        let moved = Controls { latent: [0.0, 1.0, 0.0, -1.0], ..controls };
        // A change right after the start must find the stream as if there had been no cache.
        let score = [(0, on(2, 62)), (30, Event::Set(moved)), (20_000, Event::Off(all()))];
        let heard = slowly(engine, &score, LEN);
        assert_eq!(engine.meters().cache_hits.load(Ordering::Relaxed), 1);
        assert_ne!(heard[0], 0.0, "it does not sound at once");
        assert_eq!(engine.meters().dry_streams.load(Ordering::Relaxed), 0, "no samples where the start ends");
        let offline = render(Setup { controls, ..setup() }, &score, &[BLOCK], LEN).samples;
        assert_eq!(first_difference(&heard, &offline), None);
    }
}

#[test]
fn another_timbre_or_shape_makes_a_start_worthless() {
    let mut instance = start(cached());
    let engine = &mut instance.engine;
    let controls = setup().controls;
    warm(engine, 60, 11);
    let hits = |engine: &Engine| engine.meters().cache_hits.load(Ordering::Relaxed);
    let others = [
        Controls { latent: [0.0, 0.0, 1e-6, 0.0], ..controls },
        Controls { time: TimeShape { stretch: 1.5, ..TimeShape::default() }, ..controls },
        Controls { morph_ms: 10.0, ..controls },
    ];
    for other in others {
        play(engine, &[(0, Event::Set(other)), (0, on(3, 60)), (9, Event::Choke(all()))], &[BLOCK], BLOCK);
        assert_eq!(hits(engine), 0);
    }
    let mut detuned = [0.0; 128];
    detuned[60] = 3.0;
    engine.set_tuning(detuned);
    play(engine, &[(0, Event::Set(controls)), (0, on(3, 60)), (9, Event::Choke(all()))], &[BLOCK], BLOCK);
    assert_eq!(hits(engine), 0);
    // What nobody touched is still good.
    play(engine, &[(0, on(4, 61))], &[BLOCK], BLOCK);
    assert_eq!(hits(engine), 1);
}

#[test]
fn a_timbre_that_moves_while_starts_are_made_finds_its_own_in_the_end() {
    // Slowly made: many wait.
    let cache = CacheLimits { cpu_share: 0.1, ..cached().cache };
    let mut instance = start(Setup { cache, ..cached() });
    let engine = &mut instance.engine;
    // The key's own start is there, and its neighbours' are on their way.
    warm(engine, 60, 1);
    let moved = Controls { latent: [1.0, 0.0, 0.0, 0.0], ..setup().controls };
    play(engine, &[(0, Event::Set(moved))], &[BLOCK], BLOCK);
    // All are there, and for three seconds nothing was left to make.
    let mut at_rest = 0;
    let done = |engine: &Engine| {
        let rests = engine.meters().cache_cpu.load(Ordering::Relaxed) == 0.0;
        at_rest = if rests && starts(engine) >= 11 { at_rest + 1 } else { 0 };
        at_rest == 300
    };
    assert!(wait_until(engine, done), "{} starts", starts(engine));
    for key in [61, 59, 62, 58, 72] {
        play(engine, &[(0, on(2, key)), (1, Event::Choke(all()))], &[BLOCK], BLOCK);
    }
    assert_eq!(engine.meters().cache_hits.load(Ordering::Relaxed), 5);
}

#[test]
fn the_cache_keeps_to_its_memory_and_follows_the_keys() {
    let cache = CacheLimits { memory_mib: 0.06, cpu_share: 1.0 };
    let mut instance = start(Setup { cache, ..cached() });
    let engine = &mut instance.engine;
    let bytes = engine.meters().cache_bytes.load(Ordering::Relaxed);
    assert!(bytes > 0 && f64::from(bytes) <= 0.06 * 1024.0 * 1024.0, "{bytes} bytes");
    warm(engine, 60, 4);
    warm(engine, 84, 4);
    // Room for four: two keys of late, and two neighbours. They change places in time that nothing tells.
    for _ in 0..200 {
        std::thread::sleep(Duration::from_millis(5));
        play(engine, &[], &[BLOCK], BLOCK);
    }
    assert!(starts(engine) <= 4, "{} starts", starts(engine));
    for key in [60, 84] {
        let heard = play(engine, &[(0, on(5, key))], &[BLOCK], BLOCK).samples;
        assert!(peak(&heard) > 0.0, "key {key} does not sound at once");
    }
}

#[test]
fn there_is_no_cache_offline_nor_without_memory_nor_behind_a_look_ahead() {
    let off = CacheLimits::NONE;
    for setup in [
        Setup { mode: Mode::Offline, ..cached() },
        Setup { cache: off, ..cached() },
        Setup { latency: 480, ..cached() },
    ] {
        let mut instance = start(setup);
        let engine = &mut instance.engine;
        for _ in 0..30 {
            std::thread::sleep(Duration::from_millis(5));
            play(engine, &[(0, on(1, 60)), (9, Event::Choke(all()))], &[BLOCK], BLOCK);
        }
        assert_eq!((starts(engine), engine.meters().cache_hits.load(Ordering::Relaxed)), (0, 0));
    }
}
