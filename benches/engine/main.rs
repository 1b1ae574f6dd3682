//! How long a note takes to its first sample, and what the audio thread takes of its block, on this machine.
//!
//! `cargo bench --bench engine` prints one table and writes `target/bench/engine.json`. The host is simulated in real
//! time: it sleeps between blocks of 64 samples at 48 kHz. `-- --soak MINUTES` plays four voices at random with a
//! look-ahead of 20 ms instead, and counts late notes. `-- --notes N` measures fewer notes.
//!
//! A process has one inference backend: the delays of both are measured in child processes, those of ONNX Runtime where
//! a library is found (`UKULELATENT_ONNXRUNTIME`, or one beside this program).

#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ukulelatent::calibrate::{BLOCK, Delays, Playing, measure, quantile};
use ukulelatent::engine::{Controls, Mode, NoteId, NoteSelector, POLYPHONY};
use ukulelatent::instance::{Instance, Setup};
use ukulelatent::link::{CacheLimits, ModelChoice, Sustain, TimeShape};
use ukulelatent::model::backend::BackendKind;
use ukulelatent::model::{Catalog, ModelFile};
use ukulelatent::units::{MidiNote, SampleRate};

use support::{Clock, as_a_child, cpu_time, finish, in_a_child, is_asked, write};

/// Notes whose delay is measured.
const NOTES: usize = 2000;
/// The time that sixteen notes need to begin all at once, which is not counted.
const BEGINNING: Duration = Duration::from_secs(1);
/// How long the audio thread is watched.
const WATCHED: Duration = Duration::from_secs(20);
/// Keys that the cached notes are of.
const CACHED_KEYS: &[u8] = &[48, 50, 52, 53, 55, 57, 59, 60];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if !is_asked() {
        return;
    }
    let option = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1)?.parse::<f32>().ok()
    };
    let notes = option("--notes").map_or(NOTES, |n| n as usize);
    if let Some(result) = as_a_child(|| Ok(delays(notes))) {
        return finish(result);
    }
    finish(match option("--soak") {
        Some(minutes) => tell("engine-soak", &soak(minutes)),
        None => all().and_then(|report| tell("engine", &report)),
    });
}

fn all() -> Result<Value, String> {
    Ok(json!({
        "load_average": load_average(),
        "delays": in_a_child(BackendKind::Embedded)?,
        "delays_with_onnxruntime": in_a_child(BackendKind::OnnxRuntime)?,
        "cpu_to_first_sample_ms": cpu_to_first_sample(),
        "audio_thread": audio_thread(),
    }))
}

/// Prints the report and keeps it.
fn tell(name: &str, report: &Value) -> Result<(), String> {
    println!("{report:#}");
    write(name, report)
}

fn rate() -> SampleRate {
    SampleRate::new(48_000.0).expect("a positive rate")
}

fn choice() -> Arc<ModelChoice> {
    Arc::new(ModelChoice::new(ModelFile::built_in().expect("the built-in model opens"), Catalog::default()))
}

fn setup(latency_ms: f32, controls: Controls) -> Setup {
    let (rate, cache) = (rate(), CacheLimits::NONE);
    let latency = rate.samples_in_ms(latency_ms);
    Setup { rate, mode: Mode::Realtime, latency, controls, threads: None, cache, drag: None }
}

/// Delays from key to first sample, without and with the key cache.
fn delays(notes: usize) -> Value {
    let fresh = Playing { notes, keys: &[], new_timbres: true, cache: CacheLimits::NONE, threads: None };
    let cached = Playing { keys: CACHED_KEYS, new_timbres: false, cache: CacheLimits::default(), ..fresh };
    let [fresh, cached] =
        [fresh, cached].map(|playing| measure(&choice(), rate(), playing).expect("threads start"));
    assert_eq!([fresh.failed_notes, cached.failed_notes], [0, 0], "a note could not be made");
    json!({
        "uncached_ms": summary(&fresh.sorted_ms),
        "uncached_dry_streams": fresh.dry_streams,
        "cached_ms": summary(&cached.cached_ms),
        "cache_hits": hit_share(&cached),
        "block_ms": rate().seconds(BLOCK) * 1e3,
    })
}

fn hit_share(delays: &Delays) -> f64 {
    delays.cached_ms.len() as f64 / delays.sorted_ms.len().max(1) as f64
}

fn summary(sorted: &[f32]) -> Value {
    json!({
        "count": sorted.len(),
        "median": quantile(sorted, 0.5),
        "p90": quantile(sorted, 0.9),
        "p99": quantile(sorted, 0.99),
        "worst": quantile(sorted, 1.0),
    })
}

/// What this process computes from key to first sample of a note that plays alone: the delay on a machine that does
/// nothing else, whatever else this one does.
fn cpu_to_first_sample() -> Value {
    let mut instance = Instance::start(&choice(), setup(0.0, Controls::default())).expect("the workers start");
    let engine = &mut instance.engine;
    let meters = engine.meters();
    let (mut left, mut right) = ([0.0; 1], [0.0; 1]);
    let mut times = Vec::new();
    for n in 0..200_u8 {
        let started = meters.started_notes.load(Ordering::Acquire);
        let key = MidiNote::new(40 + n % 45).expect("a key");
        let latent = [f32::from(n % 7) / 3.0 - 1.0, f32::from(n % 11) / 5.0 - 1.0, 0.0, 0.0];
        engine.set_controls(Controls { latent, ..Controls::default() });
        std::thread::sleep(Duration::from_millis(2));
        let began = cpu_time(Clock::Process);
        let _ = engine.note_on(NoteId { voice: Some(n.into()), channel: 0, key }, 0.7);
        while meters.started_notes.load(Ordering::Acquire) == started {
            assert!(engine.is_active(), "note {n} could not be made");
            engine.render(&mut left, &mut right, |_, _| {});
            std::thread::sleep(Duration::from_micros(100));
        }
        times.push((cpu_time(Clock::Process) - began).as_secs_f32() * 1e3);
        engine.reset();
        std::thread::sleep(Duration::from_millis(10));
    }
    times.sort_by(f32::total_cmp);
    summary(&times)
}

/// The share of a block's time that sixteen voices take of the audio thread, by the wall's clock and by the thread's.
fn audio_thread() -> Value {
    let time = TimeShape { sustain: Sustain::Wander, ..TimeShape::default() };
    let mut instance = Instance::start(&choice(), setup(0.0, Controls { time, ..Controls::default() }))
        .expect("the workers start");
    let engine = &mut instance.engine;
    let meters = engine.meters();
    for n in 0..POLYPHONY as u8 {
        let key = MidiNote::new(40 + 3 * n).expect("a key");
        let _ = engine.note_on(NoteId { voice: Some(n.into()), channel: 0, key }, 0.7);
    }
    let priority = as_an_audio_thread();
    let block = Duration::from_secs_f64(rate().seconds(BLOCK));
    let (mut wall, mut cpu) = (Vec::new(), Vec::new());
    let mut pacer = Pacer::new();
    let (whole, own) = (cpu_time(Clock::Process), cpu_time(Clock::Thread));
    let dry_streams = || meters.dry_streams.load(Ordering::Relaxed);
    let mut dry_at_first = 0;
    while pacer.began.elapsed() < WATCHED {
        let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
        let (started, busy) = (Instant::now(), cpu_time(Clock::Thread));
        engine.render(&mut left, &mut right, |_, _| {});
        cpu.push((cpu_time(Clock::Thread) - busy).as_secs_f32() / block.as_secs_f32());
        wall.push(started.elapsed().as_secs_f32() / block.as_secs_f32());
        if pacer.began.elapsed() < BEGINNING {
            dry_at_first = dry_streams();
        }
        pacer.wait(block);
    }
    let others = (cpu_time(Clock::Process) - whole).saturating_sub(cpu_time(Clock::Thread) - own);
    let workers = others.as_secs_f64() / pacer.began.elapsed().as_secs_f64();
    let begun = (BEGINNING.as_secs_f32() / block.as_secs_f32()) as usize;
    let shares = |mut values: Vec<f32>| {
        values.drain(..begun.min(values.len()));
        values.sort_by(f32::total_cmp);
        json!({
            "blocks": values.len(),
            "median": quantile(&values, 0.5),
            "p99": quantile(&values, 0.99),
            "p99.9": quantile(&values, 0.999),
            "worst": quantile(&values, 1.0),
        })
    };
    json!({
        "voices": POLYPHONY,
        "priority": priority,
        "share_wall": shares(wall),
        "share_cpu": shares(cpu),
        "dry_streams_while_all_begin": dry_at_first,
        "dry_streams": dry_streams() - dry_at_first,
        "workers_cores": workers,
    })
}

/// Random playing of four voices with a look-ahead of 20 ms.
fn soak(minutes: f32) -> Value {
    let mut instance =
        Instance::start(&choice(), setup(20.0, Controls { release_ms: 50.0, ..Controls::default() }))
            .expect("the workers start");
    let engine = &mut instance.engine;
    let meters = engine.meters();
    let priority = as_an_audio_thread();
    let block = Duration::from_secs_f64(rate().seconds(BLOCK));
    let (mut dice, mut number, mut until_next, mut load) = (1_u32, 0_i32, 0, vec![load_average()]);
    let mut roll = |bound: u32| {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (dice >> 8) % bound
    };
    let mut pacer = Pacer::new();
    let mut slept_through = 0;
    while pacer.began.elapsed().as_secs_f32() < 60.0 * minutes {
        if until_next == 0 {
            let mut latent = [0.0; 4];
            latent.fill_with(|| roll(4001) as f32 / 1000.0 - 2.0);
            engine.set_controls(Controls { latent, release_ms: 50.0, ..Controls::default() });
            engine.note_off(NoteSelector { voice: Some(number - 4), ..NoteSelector::default() });
            let key = MidiNote::new(40 + roll(45) as u8).expect("a key");
            let _ = engine.note_on(NoteId { voice: Some(number), channel: 0, key }, 0.8);
            number += 1;
            until_next = 40 + roll(240);
        }
        until_next -= 1;
        let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
        engine.render(&mut left, &mut right, |_, _| {});
        slept_through += u32::from(!pacer.wait(block));
        if pacer.blocks.is_multiple_of(45_000) {
            load.push(load_average());
        }
    }
    json!({
        "minutes": minutes,
        "notes": number,
        "late_notes": meters.late_notes.load(Ordering::Relaxed),
        "dry_streams": meters.dry_streams.load(Ordering::Relaxed),
        "failed_notes": meters.failed_notes.load(Ordering::Relaxed),
        "blocks_that_began_late": slept_through,
        "priority": priority,
        "load_average": load,
    })
}

/// A host's clock: the next block begins when its time has come.
struct Pacer {
    began: Instant,
    due: Instant,
    blocks: u64,
}

impl Pacer {
    fn new() -> Self {
        Self { began: Instant::now(), due: Instant::now(), blocks: 0 }
    }

    /// Sleeps until the next block; `false` if its time had come already.
    fn wait(&mut self, block: Duration) -> bool {
        self.blocks += 1;
        self.due += block;
        let early = self.due.checked_duration_since(Instant::now());
        match early {
            Some(early) => std::thread::sleep(early),
            // An audio device would have dropped out and gone on.
            None => self.due = Instant::now(),
        }
        early.is_some()
    }
}

/// Gives this thread the priority that hosts give theirs, once the workers have started without it; tells what it has.
#[cfg(unix)]
fn as_an_audio_thread() -> String {
    use thread_priority::unix::{set_thread_priority_and_policy, thread_native_id};
    use thread_priority::{RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy};
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    let priority = ThreadPriority::Crossplatform(50_u8.try_into().expect("from 0 to 99"));
    match set_thread_priority_and_policy(thread_native_id(), priority, policy) {
        Ok(()) => "real time".into(),
        Err(error) => format!("ordinary: {error:?}"),
    }
}

/// Gives this thread no priority: not known here.
#[cfg(not(unix))]
fn as_an_audio_thread() -> String {
    "ordinary".into()
}

/// The machine's load over the last minute, where the system tells it.
fn load_average() -> Option<f32> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}
