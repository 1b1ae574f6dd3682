//! Streams: what comes out depends on the frames alone, and is finite.

mod levels;
mod real_notes;

use proptest::prelude::*;

use super::super::metrics::{spectral_convergence_db, spectrogram};
use super::super::stft::Stft;
use super::super::testing::{GEOMETRY, ONSET, SAMPLES, string};
use super::*;

/// All samples of a whole spectrogram.
fn rebuilt(geometry: FrameGeometry, quality: Quality, magnitude: &[f32]) -> Vec<f32> {
    rebuilt_from(0, geometry, quality, magnitude)
}

/// The same, of a sound that begins at sample `onset`.
fn rebuilt_from(onset: usize, geometry: FrameGeometry, quality: Quality, magnitude: &[f32]) -> Vec<f32> {
    let mut reconstructor = Reconstructor::new(geometry, quality);
    reconstructor.begin(quality, onset);
    for frame in magnitude.chunks_exact(geometry.bins()) {
        reconstructor.push(frame).unwrap();
    }
    reconstructor.finish();
    let mut signal = vec![0.0; geometry.samples(magnitude.len() / geometry.bins())];
    assert_eq!(reconstructor.pull(&mut signal), signal.len());
    assert_eq!(reconstructor.pull(&mut [0.0]), 0, "no sample after the last");
    signal
}

fn string_spectrogram(frames: usize) -> Vec<f32> {
    spectrogram(&mut Stft::new(GEOMETRY), &string(196.0, GEOMETRY.samples(frames)))
}

fn level_db(signal: &[f32]) -> f64 {
    10.0 * (signal.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / signal.len() as f64).log10()
}

fn assert_sound(signal: &[f32]) {
    for (n, s) in signal.iter().enumerate() {
        assert!(s.is_finite() && !s.is_subnormal(), "sample {n} is {s:e}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_cut_of_pushes_and_pulls_changes_no_bit(
        frames in 0usize..40,
        pushes in prop::collection::vec(1usize..12, 1..8),
        pulls in prop::collection::vec(1usize..3000, 1..8),
        quality in prop::sample::select(Quality::ALL.to_vec()),
        onset in 0usize..5000,
    ) {
        let magnitude = string_spectrogram(40);
        let magnitude = &magnitude[..frames * GEOMETRY.bins()];
        let whole = rebuilt_from(onset, GEOMETRY, quality, magnitude);
        let mut reconstructor = Reconstructor::new(GEOMETRY, quality);
        reconstructor.begin(quality, onset);
        let mut signal = vec![0.0; whole.len()];
        let (mut rows, mut pulled) = (magnitude.chunks_exact(GEOMETRY.bins()), 0);
        let (mut pushes, mut pulls) = (pushes.iter().cycle(), pulls.iter().cycle());
        while pulled < signal.len() {
            for frame in rows.by_ref().take(*pushes.next().unwrap()) {
                reconstructor.push(frame).unwrap();
            }
            if rows.len() == 0 {
                reconstructor.finish();
            }
            let end = (pulled + pulls.next().unwrap()).min(signal.len());
            pulled += reconstructor.pull(&mut signal[pulled..end]);
        }
        prop_assert!(signal.iter().map(|s| s.to_bits()).eq(whole.iter().map(|s| s.to_bits())));
    }

    #[test]
    fn any_magnitudes_give_finite_samples(
        rows in prop::collection::vec(
            prop::sample::select(vec![0.0, f32::from_bits(1), 1e-38, 1e-20, 2e-9, 1.0, 512.0, 1e12]), 1..24),
        bin in 0usize..33,
        quality in prop::sample::select(Quality::ALL.to_vec()),
        onset in 0usize..200,
    ) {
        let geometry = FrameGeometry { fft_size: 64, hop: 16 };
        let mut magnitude = Vec::new();
        for (i, &value) in rows.iter().enumerate() {
            // Alternately one bin and a constant spectrum.
            magnitude.extend((0..geometry.bins()).map(|k| if k == bin || i % 2 == 1 { value } else { 0.0 }));
        }
        assert_sound(&rebuilt_from(onset, geometry, quality, &magnitude));
    }
}

#[test]
fn silence_is_silence() {
    for quality in Quality::ALL {
        let signal = rebuilt(GEOMETRY, quality, &vec![0.0; 30 * GEOMETRY.bins()]);
        assert!(signal.iter().all(|&s| s == 0.0), "{quality:?}");
    }
}

#[test]
fn a_sound_ends_in_exact_silence_once_its_frames_are_silent() {
    let mut magnitude = string_spectrogram(40);
    magnitude[20 * GEOMETRY.bins()..].fill(0.0);
    let signal = rebuilt(GEOMETRY, Quality::Play, &magnitude);
    assert_sound(&signal);
    assert!(signal[GEOMETRY.samples(20)..].iter().all(|&s| s == 0.0));
}

#[test]
fn frames_that_are_none_are_refused_at_the_door() {
    let mut reconstructor = Reconstructor::new(GEOMETRY, Quality::Play);
    let error = reconstructor.push(&[0.0; 3]).unwrap_err();
    assert_eq!(error.to_string(), "a frame of magnitudes has 1025 bins, got 3");
    for bad in [f32::NAN, f32::INFINITY, -1.0, 1e13] {
        let mut frame = vec![0.0; GEOMETRY.bins()];
        frame[7] = bad;
        let error = reconstructor.push(&frame).unwrap_err();
        assert!(matches!(error, BadFrame::Magnitude { bin: 7, .. }), "{error}");
    }
    reconstructor.finish();
    assert_eq!(reconstructor.push(&vec![0.0; GEOMETRY.bins()]), Err(BadFrame::AfterEnd));
    assert_eq!(reconstructor.pull(&mut [0.0; 8]), 0, "refused frames leave no sound");
}

#[test]
fn the_wanted_frames_are_enough_and_no_fewer_are() {
    let magnitude = string_spectrogram(30);
    let mut reconstructor = Reconstructor::new(GEOMETRY, Quality::Play);
    let mut rows = magnitude.chunks_exact(GEOMETRY.bins());
    let mut out = vec![0.0; SAMPLES];
    for _ in 0..3 {
        let wanted = reconstructor.frames_wanted();
        for _ in 0..wanted {
            assert_eq!(reconstructor.pull(&mut out), 0);
            reconstructor.push(rows.next().unwrap()).unwrap();
        }
        assert_eq!(reconstructor.frames_wanted(), 0);
        assert!(reconstructor.pull(&mut out) >= 512);
    }
}

#[test]
fn a_reset_reconstructor_is_as_good_as_new() {
    let magnitude = string_spectrogram(25);
    let mut reconstructor = Reconstructor::new(GEOMETRY, Quality::Play);
    let mut run = |frames: usize| {
        reconstructor.reset();
        for frame in magnitude.chunks_exact(GEOMETRY.bins()).take(frames) {
            reconstructor.push(frame).unwrap();
        }
        reconstructor.finish();
        let mut out = vec![0.0; GEOMETRY.samples(frames)];
        reconstructor.pull(&mut out);
        out
    };
    let fresh = run(25);
    run(11);
    assert_eq!(run(25), fresh);
}

#[test]
fn every_geometry_of_a_card_is_rebuilt() {
    for (fft_size, hop) in [(1024, 256), (1024, 128), (2048, 512), (4096, 512), (1536, 256), (4096, 256)] {
        let geometry = FrameGeometry { fft_size, hop };
        let mut stft = Stft::new(geometry);
        let target = spectrogram(&mut stft, &string(196.0, geometry.samples(48)));
        let signal = rebuilt(geometry, Quality::Play, &target);
        let convergence = spectral_convergence_db(&mut stft, &signal, &target);
        // A quarter window's hop has half the redundancy of an eighth's; -20 dB is where 100 textbook iterations end.
        assert!(convergence < -25.0, "{geometry:?}: {convergence:.1} dB");
    }
}

/// A held note may change its target while it sounds: what is final stays, what comes is continuous with it.
#[test]
fn frames_that_change_later_change_no_sample_that_is_final_and_make_no_click() {
    let steady = string_spectrogram(60);
    let mut changed = steady.clone();
    let from = 30;
    // An octave up, within the frame: another pitch class of partials, and twice as loud.
    for row in changed[from * GEOMETRY.bins()..].chunks_exact_mut(GEOMETRY.bins()) {
        for k in (1..GEOMETRY.bins()).rev() {
            row[k] = 2.0 * row[k / 2];
        }
    }
    let (a, b) = (rebuilt(GEOMETRY, Quality::Play, &steady), rebuilt(GEOMETRY, Quality::Play, &changed));
    // Whatever was final before the first changed frame was pushed is the same.
    let mut reconstructor = Reconstructor::new(GEOMETRY, Quality::Play);
    for row in steady.chunks_exact(GEOMETRY.bins()).take(from) {
        reconstructor.push(row).unwrap();
    }
    let seen = reconstructor.pull(&mut vec![0.0; SAMPLES]);
    assert!(seen > 8 * GEOMETRY.hop);
    assert_eq!(a[..seen], b[..seen]);
    assert_ne!(a[..from * GEOMETRY.hop + 1024], b[..from * GEOMETRY.hop + 1024]);
    let bend =
        |at: std::ops::Range<usize>| at.map(|n| (b[n + 1] - 2.0 * b[n] + b[n - 1]).abs()).fold(0.0f32, f32::max);
    let change = bend(seen - 64..(from + 4) * GEOMETRY.hop);
    let after = bend((from + 8) * GEOMETRY.hop..(from + 16) * GEOMETRY.hop);
    assert!(change < 1.5 * after, "{change} against {after}");
}

/// What an earlier stream left must not be heard in the next, whatever its quality and onset.
#[test]
fn streams_of_all_kinds_follow_each_other_as_if_each_were_the_first() {
    let magnitude = string_spectrogram(30);
    let mut reconstructor = Reconstructor::new(GEOMETRY, Quality::Play);
    let stream = |reconstructor: &mut Reconstructor, samples: usize| {
        for row in magnitude.chunks_exact(GEOMETRY.bins()) {
            reconstructor.push(row).unwrap();
        }
        reconstructor.finish();
        let mut out = vec![0.0; samples];
        assert_eq!(reconstructor.pull(&mut out), samples);
        out
    };
    let kinds = [(Quality::Play, 0), (Quality::Play, 3000), (Quality::Fine, 512), (Quality::Draft, 0)];
    for (quality, onset) in kinds.into_iter().chain(kinds.into_iter().rev()) {
        reconstructor.begin(Quality::Play, 2000);
        stream(&mut reconstructor, 4000); // given up half-way
        reconstructor.begin(quality, onset);
        let used = stream(&mut reconstructor, GEOMETRY.samples(30));
        assert_eq!(used, rebuilt_from(onset, GEOMETRY, quality, &magnitude), "{quality:?}, onset {onset}");
    }
}

#[test]
fn streams_shorter_than_a_window_sound_too() {
    for frames in 1..8 {
        let target = &string_spectrogram(20)[8 * GEOMETRY.bins()..(8 + frames) * GEOMETRY.bins()];
        let signal = rebuilt(GEOMETRY, Quality::Play, target);
        let convergence = spectral_convergence_db(&mut Stft::new(GEOMETRY), &signal, target);
        assert!(convergence < -15.0, "{frames} frames: {convergence:.1} dB");
    }
}

/// Hops of a few samples: half a hop rounds down.
#[test]
fn odd_hops_keep_their_level() {
    for hop in [1, 3, 5] {
        let geometry = FrameGeometry { fft_size: 60, hop };
        let original: Vec<f32> = (0..geometry.samples(200)).map(|n| (n as f32 * 0.3).sin()).collect();
        let target = spectrogram(&mut Stft::new(geometry), &original);
        for onset in [0, hop, 20] {
            let signal = rebuilt_from(onset, geometry, Quality::Play, &target);
            let inner = 60..signal.len() - 60;
            let gap = level_db(&signal[inner.clone()]) - level_db(&original[inner]);
            assert!(gap.abs() < 1.0, "hop {hop}, onset {onset}: {gap:.2} dB");
        }
    }
}

#[test]
fn a_single_frame_and_a_constant_spectrum_are_finite_in_every_quality() {
    let bins = GEOMETRY.bins();
    for quality in Quality::ALL {
        for lone in [0, 9, 19] {
            let mut magnitude = vec![0.0; 20 * bins];
            magnitude[lone * bins..(lone + 1) * bins].fill(100.0);
            let signal = rebuilt(GEOMETRY, quality, &magnitude);
            assert_sound(&signal);
            let peak = (0..signal.len()).max_by(|&a, &b| signal[a].abs().total_cmp(&signal[b].abs())).unwrap();
            let frame = lone * GEOMETRY.hop..lone * GEOMETRY.hop + GEOMETRY.fft_size;
            assert!(frame.contains(&peak) && signal[peak].abs() > 0.1, "{quality:?}: {} at {peak}", signal[peak]);
        }
        let signal = rebuilt(GEOMETRY, quality, &vec![1.0; 20 * bins]);
        assert_sound(&signal);
        assert!(level_db(&signal) > -60.0, "{quality:?}: {} dB", level_db(&signal));
    }
}
