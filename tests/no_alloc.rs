//! Nothing on the audio thread allocates: nice-plug's guard, which is armed in debug builds, would abort.
#![cfg(debug_assertions)]

#[path = "support/bare.rs"]
mod bare;
#[path = "support/host.rs"]
mod host;
mod support;

use std::cell::RefCell;
use std::process::Command;

use bare::{Bare, host_key};
use clack_host::events::io::InputEventBuffer;
use clack_host::prelude::{InputEvents, UnknownEvent};
use host::{Cue, Host};
use nice_plug::prelude::ProcessMode;
use support::{Event, all, note, only, peak, setup, start};
use ukulelatent::dsp::reconstruct::{Quality, Reconstructor};
use ukulelatent::dsp::stft::FrameGeometry;
use ukulelatent::engine::{Controls, Engine, Expression, Mode};
use ukulelatent::instance::Setup;
use ukulelatent::link::{CacheLimits, Sustain, TimeShape};

/// Set in the process that is to be aborted.
const ALLOCATE: &str = "UKULELATENT_TEST_ALLOCATES";

/// A list of events that calls back when it is read: in `process`, behind the guard.
struct Behind<F>(RefCell<Option<F>>);

impl<F: FnOnce()> InputEventBuffer for Behind<F> {
    fn len(&self) -> u32 {
        if let Some(call) = self.0.borrow_mut().take() {
            call();
        }
        0
    }

    fn get(&self, _: u32) -> Option<&UnknownEvent> {
        None
    }
}

/// Runs something where no allocation is allowed.
fn behind_the_guard(call: impl FnOnce()) {
    let mut host = Host::offline();
    let mut finished = false;
    let events = Behind(RefCell::new(Some(|| {
        call();
        finished = true;
    })));
    let (mut left, mut right) = (vec![0.0; 64], vec![0.0; 64]);
    host.process(&InputEvents::from_buffer(&events), &mut Vec::new(), [&mut left, &mut right]);
    drop(events);
    // clack swallows a panic in a list of events.
    assert!(finished, "it did not come to its end");
}

#[test]
fn an_allocation_behind_the_guard_aborts() {
    if std::env::var_os(ALLOCATE).is_some() {
        behind_the_guard(|| drop(std::hint::black_box(Box::new([0u8; 1000]))));
        return;
    }
    let child = Command::new(std::env::current_exe().expect("this test's own program"))
        .args(["--exact", "an_allocation_behind_the_guard_aborts", "--nocapture"])
        .env(ALLOCATE, "1")
        .output()
        .expect("the program runs again");
    assert!(!child.status.success(), "the guard is not armed, so that no test here means anything");
}

/// What a host may do to an engine in a block, and more than it has voices for.
fn everything(engine: &mut Engine, left: &mut [f32], right: &mut [f32], ended: &mut usize) {
    let controls = setup().controls;
    for round in 0..4 {
        for n in 0..64 {
            let id = note(n, 36 + ((n * 5 + round) % 60) as u8);
            *ended += usize::from(engine.note_on(id, 0.8).is_some());
        }
        engine.render(left, right, |_, _| *ended += 1);
        let time = TimeShape { sustain: Sustain::Wander, ..TimeShape::default() };
        engine.set_controls(Controls { gain: 0.5, latent: [0.1; 4], morph_ms: 30.0, time, ..controls });
        for expression in [Expression::Bend(50.0), Expression::Gain(0.5), Expression::Pan(0.3)] {
            engine.express(only(63), expression);
        }
        engine.express(all(), Expression::Latent([0.2; 4]));
        // More than can wait.
        (0..2000).for_each(|n| engine.express(all(), Expression::Bend(n as f32)));
        engine.set_tuning([round as f32; 128]);
        engine.note_off(only(60));
        engine.render(left, right, |_, _| *ended += 1);
        engine.choke(only(61));
        engine.note_off(all());
        engine.set_latency(100 * round as usize);
        engine.render(left, right, |_, _| *ended += 1);
    }
    engine.choke(all());
    for _ in 0..8 {
        engine.render(left, right, |_, _| *ended += 1);
    }
    engine.reset();
}

#[test]
fn the_engine_allocates_nothing_offline_and_in_real_time() {
    for mode in [Mode::Offline, Mode::Realtime] {
        for threads in [1, 3] {
            let cache = CacheLimits::default();
            let mut instance = start(Setup { mode, threads: Some(threads), cache, ..setup() });
            let (mut left, mut right) = (vec![0.0; 300], vec![0.0; 300]);
            let mut ended = 0;
            behind_the_guard(|| everything(&mut instance.engine, &mut left, &mut right, &mut ended));
            assert_eq!(ended, 4 * 64, "{mode:?}: each note ends once");
        }
    }
}

/// A worker is no audio thread; but what it does for each note is planned ahead in the same way.
#[test]
fn a_reconstructor_allocates_nothing_once_it_is_made() {
    const FRAMES: usize = 40;
    let geometry = FrameGeometry { fft_size: 2048, hop: 256 };
    // Partials 20 bins apart, which fall from frame to frame.
    let partial = |k: usize| if k.is_multiple_of(20) { 100.0 / (1 + k) as f32 } else { 0.0 };
    let frames: Vec<Vec<f32>> =
        (0..FRAMES).map(|n| (0..geometry.bins()).map(|k| partial(k) * 0.9f32.powi(n as i32)).collect()).collect();
    let mut reconstructor = Reconstructor::new(geometry, Quality::Draft);
    let mut out = [0.0; 300];
    let (mut pulled, mut loudest) = (0, 0.0);
    behind_the_guard(|| {
        // Every quality after every other, with and without an onset.
        for (quality, onset) in Quality::ALL.into_iter().flat_map(|quality| [(quality, 512), (quality, 0)]) {
            reconstructor.begin(quality, onset);
            for row in &frames {
                while reconstructor.frames_wanted() == 0 {
                    pulled += reconstructor.pull(&mut out);
                    loudest = peak(&out).max(loudest);
                }
                reconstructor.push(row).expect("magnitudes");
            }
            reconstructor.finish();
            while reconstructor.has_samples() {
                pulled += reconstructor.pull(&mut out);
            }
        }
    });
    assert_eq!(pulled, 6 * geometry.samples(FRAMES));
    assert!(loudest > 1e-3, "it was silent");
}

#[test]
fn a_window_and_an_orbit_allocate_nothing() {
    for mode in [ProcessMode::Realtime, ProcessMode::Offline] {
        let mut bare = Bare::start(mode, bare::travel);
        bare.window.set_open(true);
        let (mut left, mut right) = (vec![0.0; 512], vec![0.0; 512]);
        let mut buffer = bare::buffer(&mut left, &mut right);
        for block in 0..20_u8 {
            assert!(bare.window.press(support::key(40 + block), 1.0));
            bare.window.audition(support::key(70 + block), 1.0, [1.0; 4]);
            bare.window.release(support::key(38 + block));
            bare.events.push_back(host_key(60 + block % 3, true));
            let song = (block >= 10).then_some(i64::from(block) * 512);
            behind_the_guard(|| bare.process(&mut buffer, song));
            assert_ne!(bare.window.snapshot().orbit_turn, None);
        }
        bare.window.set_open(false);
        behind_the_guard(|| bare.process(&mut buffer, None));
    }
}

#[test]
fn a_score_of_every_kind_of_event_allocates_nothing() {
    // The test's own way to play, outside of the guard, to see that it does what the guarded one does.
    let score = [(0, support::on(1, 60)), (100, Event::Off(only(1))), (200, Event::Choke(all()))];
    assert_eq!(support::render(setup(), &score, &[64], 640).ended_numbers(), [1]);
    let mut host = Host::offline();
    let mut score: Vec<(usize, Cue)> = (0..16).map(|n| (0, Cue::On(48 + n as u8, n))).collect();
    score.extend([(300, Cue::Set("z1", 0.9)), (301, Cue::Set("gain", 0.4)), (700, Cue::Off(3))]);
    score.extend((16..80).map(|n| (1000, Cue::On(30 + n as u8, n))));
    score.extend([(1500, Cue::AllOff), (1600, Cue::AllChoke), (1700, Cue::Set("latency", 2.0))]);
    assert_eq!(host.play(&score, &[512, 31], 3000).ended.len(), 80);
}
