//! Levels where they are hard to keep: at the attack, before it, and where blocks meet.

use super::*;

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
    // The frames of two blocks are equally loud half a window after the later ones begin.
    let seam = (GEOMETRY.fft_size - GEOMETRY.hop) / 2;
    let middle = |edges: &[usize]| (edges[0] + edges[1]) * GEOMETRY.hop / 2 + seam;
    let gap = median(&|edges| edges[0] * GEOMETRY.hop + seam) - median(&middle);
    assert!(gap.abs() < 0.3, "{gap:.2} dB");
}
