//! What a note costs, in thread CPU time.

use std::hint::black_box;
use std::time::Duration;

use realfft::RealFftPlanner;
use realfft::num_complex::Complex32;
use ukulelatent::dsp::reconstruct::{Quality, Reconstructor};

use crate::recordings::RATE_HZ;
use crate::sounds::{Method, Sound, candidates, pull};
use crate::support::{Clock, cpu_time};
use crate::{FRAMES, GEOMETRY, ITERATIONS, ONSET, SAMPLES};

const ROUNDS: usize = 3;

/// Sounds that are measured, spread over all of them.
const SOUNDS: usize = 5;

/// The least cost of every method, in milliseconds: the mean over several sounds.
pub fn measure(sounds: &[Sound]) -> Vec<(&'static str, f64)> {
    let mut methods: Vec<_> = candidates().into_iter().map(|candidate| (candidate.name, candidate.run)).collect();
    let mut opening = Reconstructor::new(GEOMETRY, Quality::Play);
    let first: Method = Box::new(move |target| {
        opening.begin(Quality::Play, ONSET);
        pull(&mut opening, target, ONSET + 1)
    });
    methods.push(("play: first block, to the first sounding sample", first));
    methods.push(("play: its transforms alone", transforms(Quality::Play.transform_pairs(FRAMES))));
    methods.push(("2 x 128 x 100 transforms", transforms(FRAMES * ITERATIONS)));
    let step = sounds.len().div_ceil(SOUNDS);
    let mut sums = vec![0.0; methods.len()];
    for sound in sounds.iter().step_by(step) {
        let mut least = vec![Duration::MAX; methods.len()];
        for _ in 0..ROUNDS {
            for ((_, run), least) in methods.iter_mut().zip(&mut least) {
                let start = cpu_time(Clock::Thread);
                black_box(run(black_box(&sound.consistent)));
                *least = (*least).min(cpu_time(Clock::Thread) - start);
            }
        }
        for (sum, least) in sums.iter_mut().zip(least) {
            *sum += least.as_secs_f64() * 1e3;
        }
    }
    let count = sounds.len().div_ceil(step) as f64;
    methods.iter().zip(sums).map(|((name, _), sum)| (*name, sum / count)).collect()
}

/// What the costs are worth, one by another.
pub fn ratios(costs: &[(&'static str, f64)]) -> Vec<(&'static str, f64)> {
    let ms = |start: &str| costs.iter().find(|(name, _)| name.starts_with(start)).map_or(f64::NAN, |(_, ms)| *ms);
    let play = costs.iter().find(|(name, _)| *name == "play").map_or(f64::NAN, |(_, ms)| *ms);
    let note_ms = SAMPLES as f64 / f64::from(RATE_HZ) * 1e3;
    vec![
        ("ancestor / play", ms("ancestor") / play),
        ("Griffin-Lim 100 / play", ms("Griffin-Lim 100") / play),
        ("play / its transforms", play / ms("play: its transforms")),
        ("play / its first block", play / ms("play: first")),
        ("real-time factor of a voice", play / note_ms),
        ("the same, were 2 x 128 x 100 transforms 44 ms", play / note_ms * 44.0 / ms("2 x 128 x 100")),
    ]
}

/// That many forward and inverse transforms of one frame, back to back.
fn transforms(pairs: usize) -> Method {
    let mut planner = RealFftPlanner::<f32>::new();
    let forward = planner.plan_fft_forward(GEOMETRY.fft_size);
    let inverse = planner.plan_fft_inverse(GEOMETRY.fft_size);
    let mut spectrum = forward.make_output_vec();
    let mut scratch = vec![Complex32::default(); forward.get_scratch_len().max(inverse.get_scratch_len())];
    Box::new(move |_| {
        let mut frame: Vec<f32> = (0..GEOMETRY.fft_size).map(|n| ((n * n) as f32 * 1e-3).sin()).collect();
        for pair in 0..pairs {
            forward.process_with_scratch(&mut frame, &mut spectrum, &mut scratch).expect("the plan's own lengths");
            // realfft insists on real edge bins.
            spectrum[0].im = 0.0;
            spectrum[GEOMETRY.fft_size / 2].im = 0.0;
            inverse.process_with_scratch(&mut spectrum, &mut frame, &mut scratch).expect("the plan's own lengths");
            // Scaled back before the values overflow, and seldom: it is no part of a transform.
            if pair % 8 == 7 {
                frame.iter_mut().for_each(|x| *x *= (GEOMETRY.fft_size as f32).powi(-8));
            }
        }
        frame
    })
}
