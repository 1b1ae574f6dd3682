//! Real notes, against the agreed limits.

use super::super::super::inversion::MelInverter;
use super::super::super::mel::{MelFilterBank, MelScale};
use super::super::super::testing::{rate, recordings};
use super::*;

/// Every 33rd recording that instruments play: a bass string below has partials closer than the window tells apart.
fn real_notes() -> Option<Vec<(String, Vec<f32>)>> {
    let mut notes = recordings(33)?;
    notes.retain(|note| (36..=88).contains(&note.note));
    assert!(notes.len() >= 24);
    Some(notes.into_iter().map(|note| (note.name.clone(), note.aligned(ONSET, SAMPLES))).collect())
}

/// How near the notes came, in dB.
struct Closeness {
    /// Spectral convergence.
    mean: f64,
    worst: f64,
    /// The first 128 samples against the original's, by size.
    attacks: Vec<f64>,
    /// The hop before the onset against the original's attack, by size.
    echoes: Vec<f64>,
}

impl Closeness {
    fn of(notes: &[(String, Vec<f32>)], quality: Quality, from_mel: bool) -> Self {
        let mut stft = Stft::new(GEOMETRY);
        let scale = MelScale { bands: 500, low_hz: 0.0, high_hz: 11_025.0 };
        let bank = MelFilterBank::new(scale, GEOMETRY, rate());
        let mut inverter = MelInverter::new(&bank, MelInverter::ITERATIONS);
        let (mut sum, mut worst, mut attacks, mut echoes) = (0.0, f64::NEG_INFINITY, Vec::new(), Vec::new());
        for (name, original) in notes {
            let mut target = spectrogram(&mut stft, original);
            if from_mel {
                let mut mel = vec![0.0; bank.bands()];
                for row in target.chunks_exact_mut(GEOMETRY.bins()) {
                    bank.apply(row, &mut mel);
                    inverter.invert(&mel, row);
                }
            }
            let signal = rebuilt_from(ONSET, GEOMETRY, quality, &target);
            let convergence = spectral_convergence_db(&mut stft, &signal, &target);
            println!("{quality:?} {name}: {convergence:.1} dB");
            sum += convergence;
            worst = worst.max(convergence);
            let attack = level_db(&original[ONSET..ONSET + 128]);
            attacks.push(level_db(&signal[ONSET..ONSET + 128]) - attack);
            echoes.push(level_db(&signal[ONSET - GEOMETRY.hop..ONSET]) - attack);
        }
        attacks.sort_by(f64::total_cmp);
        echoes.sort_by(f64::total_cmp);
        Self { mean: sum / notes.len() as f64, worst, attacks, echoes }
    }
}

#[test]
fn real_notes_are_closer_to_their_spectrogram_than_the_agreed_limits() {
    let Some(notes) = real_notes() else { return };
    let Closeness { mean, worst, attacks, echoes } = Closeness::of(&notes, Quality::Play, false);
    assert!(mean < -44.0 && worst < -38.0, "mean {mean:.2} dB, worst {worst:.2} dB");
    let (median, p90) = (attacks[attacks.len() / 2], attacks[attacks.len() * 9 / 10]);
    assert!(
        median.abs() < 1.0 && p90 < 2.0,
        "attacks {median:.2} dB at the median, {p90:.2} dB at the 90th percentile"
    );
    // What is left of the attack in the one hop before it that is not silent by construction. No one hears it: playback
    // starts at the onset, and this is cut off.
    let echo = echoes[echoes.len() / 2];
    println!("echo {echo:.1} dB");
    assert!(echo < -12.0, "echo before the onset {echo:.1} dB at the median");
    let Closeness { mean, .. } = Closeness::of(&notes, Quality::Play, true);
    assert!(mean < -36.0, "from mel frames: mean {mean:.2} dB");
}

#[test]
fn fine_is_closer_to_real_notes_than_its_own_limit() {
    let Some(notes) = real_notes() else { return };
    let Closeness { mean, worst, .. } = Closeness::of(&notes, Quality::Fine, false);
    assert!(mean < -50.0, "mean {mean:.2} dB");
    println!("mean {mean:.2} dB, worst {worst:.2} dB");
}
