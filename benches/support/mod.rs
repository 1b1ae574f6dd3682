//! What the benchmarks share: when to run, where results go, the clocks of processor time, and a process for each backend.

#![allow(dead_code)] // Each benchmark uses its own part.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use ukulelatent::model::backend::{BACKEND_VARIABLE, Backend, BackendKind};

/// Tells a child what to measure with.
const CHILD: &str = "UKULELATENT_BENCH_CHILD";

/// Whether something is to be measured: `cargo bench` says so, `cargo test --all-targets` does not.
pub fn is_asked() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// `target/bench`, wherever cargo puts `target`.
pub fn folder() -> PathBuf {
    let program = std::env::current_exe().expect("the system knows this program's file");
    // target/release/deps/PROGRAM
    program.ancestors().nth(3).expect("cargo put it three folders deep").join("bench")
}

/// Writes results as JSON, and says where.
pub fn write(name: &str, report: &Value) -> Result<(), String> {
    let path = folder().join(format!("{name}.json"));
    let written = fs::create_dir_all(folder()).and_then(|()| fs::write(&path, format!("{report:#}\n")));
    written.map_err(|error| format!("{}: {error}", path.display()))?;
    println!("\nwrote {}", path.display());
    Ok(())
}

/// Whose time.
#[derive(Clone, Copy)]
pub enum Clock {
    /// This thread's.
    Thread,
    /// All threads' of this process.
    Process,
}

/// Processor time so far.
#[cfg(unix)]
pub fn cpu_time(clock: Clock) -> Duration {
    let id = match clock {
        Clock::Thread => libc::CLOCK_THREAD_CPUTIME_ID,
        Clock::Process => libc::CLOCK_PROCESS_CPUTIME_ID,
    };
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec that outlives the call.
    let status = unsafe { libc::clock_gettime(id, &mut time) };
    assert_eq!(status, 0, "every Unix has these clocks");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Without such clocks: the wall's, which load makes longer.
#[cfg(not(unix))]
pub fn cpu_time(_: Clock) -> Duration {
    use std::time::Instant;
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    START.elapsed()
}

/// What this program, started anew with the same arguments, measures with one backend: a process has but one. Where there is no such
/// backend, an object whose `missing` says why.
pub fn in_a_child(kind: BackendKind) -> Result<Value, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let child = Command::new(program)
        .args(std::env::args().skip(1))
        .env(CHILD, kind.name())
        .env(BACKEND_VARIABLE, kind.name())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| error.to_string())?;
    if !child.status.success() {
        return Err(format!("the {} backend: {}", kind.name(), child.status));
    }
    serde_json::from_slice(&child.stdout).map_err(|error| error.to_string())
}

/// What such a child does: it prints what it measures, and nothing else. `None` in any other process.
pub fn as_a_child(measure: impl FnOnce() -> Result<Value, String>) -> Option<Result<(), String>> {
    let wanted = std::env::var(CHILD).ok()?;
    let measured = Backend::get().and_then(|backend| match backend.kind.name() {
        name if name == wanted => measure(),
        _ => Ok(json!({ "missing": backend.because })),
    });
    Some(measured.map(|measured| println!("{measured}")))
}

/// Ends the program with what went wrong, if something did.
pub fn finish(result: Result<(), String>) {
    if let Err(error) = result {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}
