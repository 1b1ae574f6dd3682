//! What reconstruction costs and how good it is, against the ancestor's method and against the transforms alone.
//!
//! `cargo xtask bench` prints one table and writes `target/bench/reconstruction.json`; with `--pictures` also a page to
//! look at and listen to, `target/bench/listen/index.html`. Every cost is the least of several rounds, in thread CPU
//! time, and the rounds of all methods alternate: load on the machine and changes of its clock reach all of them
//! alike. (Criterion and divan measure one after the other, by the wall.)

mod costs;
mod hearing;
mod page;
mod pictures;
#[path = "../../tests/support/recordings.rs"]
mod recordings;
mod sounds;
#[path = "../support/mod.rs"]
mod support;
mod textbook;
mod voices;

use std::collections::BTreeMap;
use std::process::ExitCode;

use hearing::Heard;
use sounds::Sound;
use ukulelatent::dsp::stft::FrameGeometry;

/// The geometry of the paper's instrument.
pub const GEOMETRY: FrameGeometry = FrameGeometry { fft_size: 2048, hop: 256 };
/// Frames of its notes.
pub const FRAMES: usize = 128;
/// Samples of its notes.
pub const SAMPLES: usize = GEOMETRY.samples(FRAMES);
/// Where its notes begin.
pub const ONSET: usize = 512;
/// Frames of each of the ancestor's independent batches.
pub const ANCESTORS_BATCH: usize = 32;
/// Iterations that the ancestor makes.
pub const ITERATIONS: usize = 100;

fn main() -> ExitCode {
    if !support::is_asked() {
        return ExitCode::SUCCESS;
    }
    let pictures = std::env::args().any(|argument| argument == "--pictures");
    let result = if pictures { page::write(&support::folder().join("listen")) } else { measure() };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), String> {
    let sounds = sounds::all();
    println!("\n{:<52}{:>10}", "costs: 128 frames of 2048/256, one thread", "CPU ms");
    let costs = costs::measure(&sounds);
    for (name, ms) in &costs {
        println!("{name:<52}{ms:>10.2}");
    }
    let shares = voices::measure(&sounds);
    println!("\n{:<52}{:>10}", "8 voices at 48 kHz, one thread", "% of time");
    for (name, share) in &shares {
        println!("{name:<52}{:>10.2}", 100.0 * share);
    }
    let ratios = costs::ratios(&costs);
    println!("\nratios of this run");
    for (name, value) in &ratios {
        println!("{name:<52}{value:>10.4}");
    }
    let heard = hear(&sounds);
    let json = serde_json::json!({
        "cpu_ms": map(&costs), "share_of_real_time": map(&shares), "ratios": map(&ratios),
        "sounds": sounds.iter().map(|sound| &sound.name).collect::<Vec<_>>(),
        "quality": heard.iter().map(|(name, heard)| (*name, heard.json())).collect::<BTreeMap<_, _>>(),
    });
    support::write("reconstruction", &json)
}

/// Measures the sound of every method, with a line each.
fn hear(sounds: &[Sound]) -> Vec<(&'static str, Heard)> {
    println!("\nquality over {} sounds", sounds.len());
    println!("{}", Heard::HEADINGS);
    let mut all = Vec::new();
    for mut candidate in sounds::candidates() {
        let heard = hearing::hear(sounds, &mut candidate);
        println!("{:<24}{heard}", candidate.name);
        all.push((candidate.name, heard));
    }
    all
}

fn map<T: Copy>(rows: &[(&'static str, T)]) -> BTreeMap<&'static str, T> {
    rows.iter().copied().collect()
}
