use proptest::prelude::*;

use super::super::metrics::{spectral_convergence_db, spectrogram};
use super::super::stft::Stft;
use super::super::testing::{GEOMETRY, ONSET, SAMPLES, recordings, string};
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
    ) {
        let magnitude = string_spectrogram(40);
        let magnitude = &magnitude[..frames * GEOMETRY.bins()];
        let whole = rebuilt(GEOMETRY, quality, magnitude);
        let mut reconstructor = Reconstructor::new(GEOMETRY, quality);
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
    ) {
        let geometry = FrameGeometry { fft_size: 64, hop: 16 };
        let mut magnitude = Vec::new();
        for (i, &value) in rows.iter().enumerate() {
            // Alternately one bin and a constant spectrum.
            magnitude.extend((0..geometry.bins()).map(|k| if k == bin || i % 2 == 1 { value } else { 0.0 }));
        }
        assert_sound(&rebuilt(geometry, Quality::Draft, &magnitude));
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

/// What the sound is allowed to differ by, in decibels, on a string whose original is known.
#[test]
fn the_attack_is_as_loud_as_the_original_and_nothing_sounds_before_it() {
    let original = string(196.0, SAMPLES);
    let target = spectrogram(&mut Stft::new(GEOMETRY), &original);
    let attack = ONSET..ONSET + 128;
    for onset in [0, ONSET] {
        let signal = rebuilt_from(onset, GEOMETRY, Quality::Play, &target);
        let gap = level_db(&signal[attack.clone()]) - level_db(&original[attack.clone()]);
        assert!(gap.abs() < 1.0, "attack {gap:.2} dB off");
        let pre_echo = level_db(&signal[..ONSET - 256]) - level_db(&original[attack.clone()]);
        assert!(pre_echo < -38.0, "pre-echo {pre_echo:.1} dB");
        if onset > 0 {
            assert!(signal[..ONSET - 256].iter().all(|&s| s == 0.0), "silent by construction");
        }
    }
}

#[test]
fn a_silence_longer_than_the_opening_block_is_kept_through_the_blocks_that_it_reaches() {
    let onset = 14 * GEOMETRY.hop;
    let mut original = vec![0.0; onset - ONSET];
    original.extend(string(196.0, SAMPLES - original.len()));
    let target = spectrogram(&mut Stft::new(GEOMETRY), &original);
    let signal = rebuilt_from(onset, GEOMETRY, Quality::Play, &target);
    assert!(signal[..onset - GEOMETRY.hop].iter().all(|&s| s == 0.0));
    let convergence = spectral_convergence_db(&mut Stft::new(GEOMETRY), &signal, &target);
    assert!(convergence < -38.0, "{convergence:.1} dB");
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
    // The block that saw the first changed frame began with the last edge that its look-ahead allows.
    let seen = Quality::Play.block_edges(60).into_iter().take_while(|edge| edge + 12 < from).last().unwrap();
    assert_eq!(a[..seen * GEOMETRY.hop], b[..seen * GEOMETRY.hop]);
    assert_ne!(a[..from * GEOMETRY.hop + 1024], b[..from * GEOMETRY.hop + 1024]);
    let bend =
        |at: std::ops::Range<usize>| at.map(|n| (b[n + 1] - 2.0 * b[n] + b[n - 1]).abs()).fold(0.0f32, f32::max);
    let change = bend(seen * GEOMETRY.hop..(from + 4) * GEOMETRY.hop);
    let after = bend((from + 4) * GEOMETRY.hop..(from + 12) * GEOMETRY.hop);
    assert!(change < 4.0 * after, "{change} against {after}");
}

#[test]
fn a_single_frame_and_a_constant_spectrum_are_finite_in_every_quality() {
    let bins = GEOMETRY.bins();
    for quality in Quality::ALL {
        for lone in [0, 9, 19] {
            let mut magnitude = vec![0.0; 20 * bins];
            magnitude[lone * bins..(lone + 1) * bins].fill(100.0);
            assert_sound(&rebuilt(GEOMETRY, quality, &magnitude));
        }
        assert_sound(&rebuilt(GEOMETRY, quality, &vec![1.0; 20 * bins]));
    }
}

#[test]
fn the_level_at_block_edges_is_that_of_the_middle() {
    let original = string(196.0, SAMPLES);
    let signal = rebuilt(GEOMETRY, Quality::Play, &spectrogram(&mut Stft::new(GEOMETRY), &original));
    let edges: Vec<usize> = Quality::Play.block_edges(110);
    let deviation = |at: usize| {
        let span = at - 64..at + 64;
        level_db(&signal[span.clone()]) - level_db(&original[span])
    };
    let median = |of: &dyn Fn(&[usize]) -> usize| {
        let mut all: Vec<f64> = edges.windows(2).map(|edges| deviation(of(edges))).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let middle = |edges: &[usize]| (edges[0] + edges[1]) * GEOMETRY.hop / 2;
    let gap = median(&|edges| edges[0] * GEOMETRY.hop) - median(&middle);
    assert!(gap.abs() < 0.3, "{gap:.2} dB");
}

#[test]
fn real_notes_are_closer_to_their_spectrogram_than_the_agreed_limits() {
    let Some(mut notes) = recordings(33) else { return };
    // What instruments play: a bass string below has partials closer than the window tells apart.
    notes.retain(|note| (36..=88).contains(&note.note));
    assert!(notes.len() >= 24);
    let mut stft = Stft::new(GEOMETRY);
    let (mut sum, mut worst) = (0.0, f64::NEG_INFINITY);
    for note in &notes {
        let target = spectrogram(&mut stft, &note.aligned(ONSET, SAMPLES));
        let signal = rebuilt_from(ONSET, GEOMETRY, Quality::Play, &target);
        let convergence = spectral_convergence_db(&mut stft, &signal, &target);
        println!("{}: {convergence:.1} dB", note.name);
        sum += convergence;
        worst = worst.max(convergence);
    }
    let mean = sum / notes.len() as f64;
    println!("mean {mean:.2} dB, worst {worst:.2} dB");
    assert!(mean < -44.0, "mean {mean:.2} dB");
    assert!(worst < -38.0, "worst {worst:.2} dB");
}
