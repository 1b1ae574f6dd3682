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

/// Mean and worst spectral convergence, and the attacks' levels against the originals', in dB.
fn closeness(notes: &[(String, Vec<f32>)], quality: Quality, from_mel: bool) -> (f64, f64, Vec<f64>) {
    let mut stft = Stft::new(GEOMETRY);
    let scale = MelScale { bands: 500, low_hz: 0.0, high_hz: 11_025.0 };
    let bank = MelFilterBank::new(scale, GEOMETRY, rate());
    let mut inverter = MelInverter::new(&bank, MelInverter::ITERATIONS);
    let (mut sum, mut worst, mut attacks) = (0.0, f64::NEG_INFINITY, Vec::new());
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
        attacks.push(level_db(&signal[ONSET..ONSET + 128]) - level_db(&original[ONSET..ONSET + 128]));
    }
    attacks.sort_by(f64::total_cmp);
    (sum / notes.len() as f64, worst, attacks)
}

#[test]
fn real_notes_are_closer_to_their_spectrogram_than_the_agreed_limits() {
    let Some(notes) = real_notes() else { return };
    let (mean, worst, attacks) = closeness(&notes, Quality::Play, false);
    assert!(mean < -44.0 && worst < -38.0, "mean {mean:.2} dB, worst {worst:.2} dB");
    let (median, p90) = (attacks[attacks.len() / 2], attacks[attacks.len() * 9 / 10]);
    assert!(
        median.abs() < 1.0 && p90 < 2.0,
        "attacks {median:.2} dB at the median, {p90:.2} dB at the 90th percentile"
    );
    let (mean, ..) = closeness(&notes, Quality::Play, true);
    assert!(mean < -36.0, "from mel frames: mean {mean:.2} dB");
    // Every third for the sake of time.
    let some: Vec<_> = notes.into_iter().step_by(3).collect();
    let (fine, ..) = closeness(&some, Quality::Fine, false);
    let (play, ..) = closeness(&some, Quality::Play, false);
    assert!(fine < play - 3.0, "fine: mean {fine:.2} dB, play {play:.2} dB");
}
