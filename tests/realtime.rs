//! The audio thread makes no call that may block: RealtimeSanitizer watches the engine while it plays.
//!
//! The sanitizer must be linked in, which needs no more than what Rust brings along; `cargo xtask test` does it:
//!
//! ```sh
//! RTSAN_ENABLE=1 RTSAN_LIB_PATH=$(rustc --print sysroot)/lib/rustlib/x86_64-unknown-linux-gnu/lib/librustc-stable_rt.rtsan.a \
//!     cargo test --test realtime
//! ```
//!
//! Without it the test says that it watched nothing. What is allowed is named in [`ALLOWED`]: waking a parked worker.
#![cfg(target_os = "linux")]

#[path = "support/bare.rs"]
mod bare;
mod support;

use std::process::{Command, Output};
use std::time::Duration;

use bare::{Bare, host_key};
use nice_plug::prelude::ProcessMode;
use rtsan_standalone::ScopedSanitizeRealtime;
use support::{Event, all, note, on, only, setup, start};
use ukulelatent::engine::{Controls, Engine, Expression, Mode};
use ukulelatent::instance::Setup;
use ukulelatent::link::{CacheLimits, Sustain, TimeShape};

/// The one system call of the audio thread.
const ALLOWED: &str = "call-stack-contains:unpark\n";
/// Tells a child what to do.
const ROLE: &str = "UKULELATENT_TEST_REALTIME";

/// Runs one test of this program again, with a role, and watched.
fn child(test: &str, role: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let suppressions = folder.path().join("allowed");
    std::fs::write(&suppressions, ALLOWED).expect("a file");
    Command::new(std::env::current_exe().expect("this test's own program"))
        .args(["--exact", test, "--nocapture"])
        .env(ROLE, role)
        .env("RTSAN_OPTIONS", format!("suppressions={}", suppressions.display()))
        .output()
        .expect("the program runs again")
}

fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// Whether the sanitizer is linked in: then a lock, an allocation or a system call on the watched thread ends the program.
fn is_watching() -> bool {
    let offences: [&str; 3] = ["allocate", "read", "lock"];
    let caught = offences.map(|role| !child("an_offence_is_caught", role).status.success());
    if caught == [false; 3] {
        eprintln!("skipped: RealtimeSanitizer is not linked in; the head of this file tells how");
        return false;
    }
    assert_eq!(caught, [true; 3], "{offences:?}: the sanitizer is blind to some");
    true
}

#[test]
fn an_offence_is_caught() {
    let Some(role) = role() else { return };
    rtsan_standalone::ensure_initialized();
    let lock = std::sync::Mutex::new(0);
    let held = lock.lock();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _watched = ScopedSanitizeRealtime::default();
            match &*role {
                "allocate" => drop(std::hint::black_box(Box::new([0u8; 1000]))),
                "read" => drop(std::fs::File::open("/proc/self/stat")),
                // Contended: a lock that is free is taken without the system.
                _ => drop(lock.lock()),
            }
        });
        std::thread::sleep(Duration::from_millis(50));
        drop(held);
    });
}

/// A second of everything that a host may do to an engine, in blocks of 64 samples.
fn play_everything(engine: &mut Engine, (left, right): (&mut [f32], &mut [f32])) {
    let plain = setup().controls;
    let time = TimeShape { sustain: Sustain::Wander, stretch: 2.0, ..TimeShape::default() };
    let apply = |engine: &mut Engine, event: Event| match event {
        Event::On(id, velocity) => drop(engine.note_on(id, velocity)),
        Event::Off(which) => engine.note_off(which),
        Event::Choke(which) => engine.choke(which),
        Event::Set(controls) => engine.set_controls(controls),
        Event::Express(which, expression) => engine.express(which, expression),
    };
    for block in 0..750 {
        let z = block as f32 / 750.0;
        let latent = [z, -z, 0.0, 0.5];
        apply(engine, Event::Set(Controls { latent, morph_ms: 20.0, time, gain: 0.5 + 0.1 * z, ..plain }));
        match block % 10 {
            0 => apply(engine, on(block, 36 + (block % 48) as u8)),
            3 => apply(engine, Event::Express(only(block - 3), Expression::Bend(100.0 * z))),
            4 => apply(engine, Event::Express(only(block - 4), Expression::Latent([0.0, z, 0.0, 0.0]))),
            5 => apply(engine, Event::Express(only(block - 5), Expression::Pan(z))),
            8 => apply(engine, Event::Off(only(block - 38))),
            9 if block % 100 == 99 => apply(engine, Event::Choke(all())),
            _ => {}
        }
        // More notes than there are voices, now and then.
        if block % 250 == 249 {
            for n in 0..40 {
                let _ = engine.note_on(note(1000 + n, 30 + n as u8), 0.8);
            }
        }
        engine.render(left, right, |_, _| {});
    }
    engine.set_tuning([1.0; 128]);
    engine.set_latency(480);
    engine.reset();
}

#[test]
fn the_engine_makes_no_call_that_may_block() {
    if role().is_some() {
        rtsan_standalone::ensure_initialized();
        for latency in [0, 960] {
            let cache = CacheLimits { cpu_share: 0.5, ..CacheLimits::default() };
            let mut instance = start(Setup { mode: Mode::Realtime, latency, threads: Some(2), cache, ..setup() });
            let (mut left, mut right) = (vec![0.0; 64], vec![0.0; 64]);
            let engine = &mut instance.engine;
            let watched = ScopedSanitizeRealtime::default();
            play_everything(engine, (&mut left, &mut right));
            drop(watched);
        }
        println!("watched to the end");
        return;
    }
    watch("the_engine_makes_no_call_that_may_block");
}

/// The whole plugin, while a window looks and plays and the timbre travels.
#[test]
fn the_plugin_makes_no_call_that_may_block_while_a_window_is_open() {
    if role().is_some() {
        rtsan_standalone::ensure_initialized();
        let mut bare = Bare::start(ProcessMode::Realtime, bare::travel);
        bare.window.set_open(true);
        let (mut left, mut right) = (vec![0.0; 64], vec![0.0; 64]);
        let mut buffer = bare::buffer(&mut left, &mut right);
        for block in 0..750_u16 {
            let number = 36 + (block % 48) as u8;
            if block % 10 == 0 {
                bare.window.press(support::key(number), 1.0);
                bare.window.audition(support::key(number + 12), 1.0, [1.0; 4]);
                bare.events.push_back(host_key(number, true));
            }
            if block % 10 == 8 {
                bare.window.release_all();
                bare.events.push_back(host_key(number - 8, false));
            }
            let watched = ScopedSanitizeRealtime::default();
            bare.process(&mut buffer, (block > 300).then_some(i64::from(block) * 64));
            drop(watched);
            assert!(bare.window.changes() > 0);
        }
        println!("watched to the end");
        return;
    }
    watch("the_plugin_makes_no_call_that_may_block_while_a_window_is_open");
}

/// Runs a test again, watched, if anyone watches.
fn watch(test: &str) {
    if is_watching() {
        let output = child(test, "watch");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && out.contains("watched to the end"), "{out}\n{err}");
    }
}
