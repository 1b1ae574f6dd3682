//! What reconstruction costs, against the ancestor's method and against the transforms alone.
//!
//! `cargo bench --bench reconstruction` prints one table and writes `target/bench/reconstruction.json`. Every
//! figure is the least of several rounds, in thread CPU time, and the rounds of all methods alternate: load on the
//! machine and changes of its clock reach all of them alike. (Criterion and divan measure one after the other, by the
//! wall.)

mod textbook;

use std::hint::black_box;
use std::time::Duration;

use realfft::RealFftPlanner;
use realfft::num_complex::Complex32;
use ukulelatent::dsp::metrics::{spectral_convergence_db, spectrogram};
use ukulelatent::dsp::reconstruct::{Quality, Reconstructor};
use ukulelatent::dsp::stft::{FrameGeometry, Stft};

const GEOMETRY: FrameGeometry = FrameGeometry { fft_size: 2048, hop: 256 };
const FRAMES: usize = 128;
const RATE_HZ: f64 = 22_050.0;
const ONSET: usize = 512;
const ITERATIONS: usize = 100;
const ROUNDS: usize = 7;

/// One method's least cost and, where it makes sound, how good that is.
struct Measured {
    name: &'static str,
    ms: f64,
    convergence_db: Option<f64>,
}

fn main() {
    // Cargo runs bench targets with this during `cargo test`, where nothing is to be measured.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let original = string(196.0, GEOMETRY.samples(FRAMES));
    let target = spectrogram(&mut Stft::new(GEOMETRY), &original);
    let mut methods = methods();
    let mut least = vec![Duration::MAX; methods.len()];
    let mut sounds = vec![Vec::new(); methods.len()];
    for _ in 0..ROUNDS {
        for ((_, run), (least, sound)) in methods.iter_mut().zip(least.iter_mut().zip(&mut sounds)) {
            let start = thread_cpu_time();
            *sound = black_box(run(black_box(&target)));
            *least = (*least).min(thread_cpu_time() - start);
        }
    }
    let mut stft = Stft::new(GEOMETRY);
    let measured: Vec<Measured> = methods
        .iter()
        .zip(least.iter().zip(&sounds))
        .map(|((name, _), (least, sound))| Measured {
            name,
            ms: least.as_secs_f64() * 1e3,
            convergence_db: (sound.len() == original.len())
                .then(|| spectral_convergence_db(&mut stft, sound, &target)),
        })
        .collect();
    report(&measured);
}

type Run = Box<dyn FnMut(&[f32]) -> Vec<f32>>;

/// Everything that is measured: a name, and what to do with the spectrogram.
fn methods() -> Vec<(&'static str, Run)> {
    let whole = |quality: Quality| -> Run {
        let mut reconstructor = Reconstructor::new(GEOMETRY, quality);
        Box::new(move |target| rebuild(&mut reconstructor, target, GEOMETRY.samples(FRAMES)))
    };
    let mut first = Reconstructor::new(GEOMETRY, Quality::Play);
    vec![
        (
            "ancestor: 4 batches of 32 frames, 100 iterations",
            Box::new(|t| textbook::batches(GEOMETRY, t, 32, ITERATIONS)),
        ),
        (
            "full-length Griffin-Lim, 100 iterations",
            Box::new(|t| textbook::batches(GEOMETRY, t, FRAMES, ITERATIONS)),
        ),
        ("2 x 128 x 100 transforms", Box::new(|_| transform_pairs(FRAMES * ITERATIONS))),
        ("draft", whole(Quality::Draft)),
        ("play", whole(Quality::Play)),
        ("fine", whole(Quality::Fine)),
        ("play: its transforms alone", Box::new(|_| transform_pairs(Quality::Play.transform_pairs(FRAMES)))),
        ("play: first block", Box::new(move |target| rebuild(&mut first, target, 1))),
    ]
}

/// Pushes frames as they are wanted until the first `samples` are there.
fn rebuild(reconstructor: &mut Reconstructor, target: &[f32], samples: usize) -> Vec<f32> {
    reconstructor.reset();
    let mut signal = vec![0.0; samples];
    let mut rows = target.chunks_exact(GEOMETRY.bins());
    let mut pulled = 0;
    while pulled < signal.len() {
        for row in rows.by_ref().take(reconstructor.frames_wanted()) {
            reconstructor.push(row).expect("a spectrogram's own row");
        }
        if rows.len() == 0 {
            reconstructor.finish();
        }
        pulled += reconstructor.pull(&mut signal[pulled..]);
    }
    signal
}

/// That many forward and inverse transforms of one frame, back to back.
fn transform_pairs(pairs: usize) -> Vec<f32> {
    let mut planner = RealFftPlanner::<f32>::new();
    let forward = planner.plan_fft_forward(GEOMETRY.fft_size);
    let inverse = planner.plan_fft_inverse(GEOMETRY.fft_size);
    let mut frame: Vec<f32> = (0..GEOMETRY.fft_size).map(|n| ((n * n) as f32 * 1e-3).sin()).collect();
    let mut spectrum = forward.make_output_vec();
    let mut scratch = vec![Complex32::default(); forward.get_scratch_len().max(inverse.get_scratch_len())];
    for _ in 0..pairs {
        forward.process_with_scratch(&mut frame, &mut spectrum, &mut scratch).expect("the plan's own lengths");
        // Scaled, or the values would soon overflow; realfft insists on real edge bins.
        spectrum[0] = Complex32::new(spectrum[0].re * 1e-3, 0.0);
        spectrum[GEOMETRY.fft_size / 2].im = 0.0;
        inverse.process_with_scratch(&mut spectrum, &mut frame, &mut scratch).expect("the plan's own lengths");
        frame.iter_mut().for_each(|x| *x *= 1.0 / GEOMETRY.fft_size as f32);
    }
    frame
}

/// Prints the table and writes the file.
fn report(measured: &[Measured]) {
    let ms = |name: &str| measured.iter().find(|m| m.name.starts_with(name)).map_or(f64::NAN, |m| m.ms);
    println!("{:<52}{:>10}{:>10}", "128 frames of 2048/256, one thread", "CPU ms", "SC dB");
    for m in measured {
        let convergence = m.convergence_db.map_or(String::new(), |db| format!("{db:.1}"));
        println!("{:<52}{:>10.2}{:>10}", m.name, m.ms, convergence);
    }
    let note_ms = GEOMETRY.samples(FRAMES) as f64 / RATE_HZ * 1e3;
    let ratios = [
        ("ancestor / play", ms("ancestor") / ms("play")),
        ("full-length Griffin-Lim / play", ms("full-length") / ms("play")),
        ("play / its transforms", ms("play") / ms("play: its transforms")),
        ("play / its first block", ms("play") / ms("play: first")),
        ("real-time factor of a voice", ms("play") / note_ms),
    ];
    println!();
    for (name, value) in ratios {
        println!("{name:<52}{value:>10.4}");
    }
    let json = serde_json::json!({
        "ms": measured.iter().map(|m| (m.name, m.ms)).collect::<std::collections::BTreeMap<_, _>>(),
        "spectral_convergence_db": measured.iter().filter_map(|m| Some((m.name, m.convergence_db?)))
            .collect::<std::collections::BTreeMap<_, _>>(),
        "ratios": std::collections::BTreeMap::from(ratios),
    });
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    let path = folder.join("reconstruction.json");
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, format!("{json:#}\n")));
    if let Err(error) = written {
        eprintln!("{}: {error}", path.display());
        std::process::exit(1);
    }
}

/// A plucked string: slightly sharp partials, the higher ones decaying faster.
fn string(hz: f64, samples: usize) -> Vec<f32> {
    let mut signal = vec![0.0; samples];
    for k in 1..=24 {
        let k = f64::from(k);
        let step = std::f64::consts::TAU * hz * k * (1.0 + 1e-5 * k * k) / RATE_HZ;
        let decay = (1.5 + 0.4 * k) / RATE_HZ;
        for (n, s) in signal[ONSET..].iter_mut().enumerate() {
            *s += (0.3 * (step * n as f64 + k).sin() * (-decay * n as f64).exp() / k) as f32;
        }
    }
    signal
}

/// CPU time of this thread so far.
#[cfg(unix)]
fn thread_cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec that outlives the call.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(status, 0, "every Unix has a thread clock");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Without a thread clock: the wall's, which load makes longer.
#[cfg(not(unix))]
fn thread_cpu_time() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}
