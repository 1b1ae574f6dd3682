//! Inharmonicity: how sharp a stiff string's upper partials are.
//!
//! Source: Fletcher, Blackham & Stratton 1962, "Quality of piano tones": partial `k` of a stiff string lies at
//! `f_k = k f_0 sqrt(1 + B k^2)`, so that `(f_k / k)^2` is a line over `k^2`, and `B` its slope over its intercept.

use super::Sound;
use super::spectrum::magnitudes;

/// The attack's noise is over after this.
const FROM_MS: f32 = 50.0;
/// Partials are measured over this long.
const TO_MS: f32 = 800.0;
/// Zeros added, so that a peak's parabola is near: this many times the sound.
const PADDING: usize = 4;
/// Partials that are looked for.
const PARTIALS: usize = 24;
/// Fewer are no line.
const FEWEST: usize = 4;
/// A partial is looked for this share of the fundamental to either side of where it should be.
const REACH: f64 = 0.25;
/// Peaks this far below the loudest (-50 dB) are left out.
const FAINT: f32 = 3.2e-3;
/// A real string's, at most: a piano's highest.
const MOST: f64 = 0.02;

/// Cents by which the tenth partial is sharp of ten times the fundamental; not a number where too few partials stand
/// out.
pub(super) fn cents_at_partial_ten(sound: &Sound<'_>) -> f64 {
    coefficient(sound).map_or(f64::NAN, |b| 600.0 * (1.0 + 100.0 * b).log2())
}

/// The coefficient `B`.
fn coefficient(sound: &Sound<'_>) -> Option<f64> {
    let piece = sound.first(TO_MS).get(sound.first(FROM_MS).len()..)?;
    let len = PADDING * piece.len().next_power_of_two();
    let magnitudes = magnitudes(piece, len);
    let bin_hz = f64::from(sound.rate.hz()) / len as f64;
    let faint = FAINT * magnitudes.iter().copied().fold(0.0, f32::max);
    let f0_hz = f64::from(sound.note.hz());
    let mut found: Vec<(f64, f64)> = Vec::new();
    let (mut base, mut b) = (f0_hz, 0.0);
    for k in 1..=PARTIALS {
        let k = k as f64;
        let expected = k * base * (1.0 + b * k * k).sqrt();
        let reach = REACH * f0_hz;
        let Some(hz) = peak(&magnitudes, (expected - reach) / bin_hz, (expected + reach) / bin_hz, faint) else {
            continue;
        };
        found.push((k, hz * bin_hz));
        if found.len() >= FEWEST {
            (base, b) = line(&found)?;
        }
    }
    (found.len() >= FEWEST).then_some(b)
}

/// The place of the highest local maximum between two bins, in bins, if it is above `faint`.
fn peak(magnitudes: &[f32], from: f64, to: f64, faint: f32) -> Option<f64> {
    let (from, to) = (from.max(1.0) as usize, (to as usize).min(magnitudes.len().saturating_sub(2)));
    let at = (from..=to).max_by(|&a, &b| magnitudes[a].total_cmp(&magnitudes[b]))?;
    let [left, top, right] = [magnitudes[at - 1], magnitudes[at], magnitudes[at + 1]];
    if top <= faint || top < left || top < right {
        return None;
    }
    let [left, top, right] = [left, top, right].map(|m| f64::from(m).max(1e-30).ln());
    let bend = left - 2.0 * top + right;
    Some(at as f64 + if bend < 0.0 { 0.5 * (left - right) / bend } else { 0.0 })
}

/// Fundamental and `B` of the line through `(k^2, (f_k / k)^2)`, its points weighed by `k^2`: a bin's error in `f_k`
/// is the smaller in `f_k / k` the higher the partial. `B` is kept to what strings can have.
fn line(found: &[(f64, f64)]) -> Option<(f64, f64)> {
    let points = || found.iter().map(|&(k, hz)| (k * k, (hz / k).powi(2), k * k));
    let weight: f64 = points().map(|(.., w)| w).sum();
    let mean_x = points().map(|(x, _, w)| w * x).sum::<f64>() / weight;
    let mean_y = points().map(|(_, y, w)| w * y).sum::<f64>() / weight;
    let xy: f64 = points().map(|(x, y, w)| w * (x - mean_x) * (y - mean_y)).sum();
    let xx: f64 = points().map(|(x, _, w)| w * (x - mean_x).powi(2)).sum();
    let slope = xy / xx;
    let intercept = mean_y - slope * mean_x;
    let b = slope / intercept;
    (intercept > 0.0 && b.is_finite()).then(|| (intercept.sqrt(), b.clamp(-MOST, MOST)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Pluck;
    use super::*;

    #[test]
    fn the_stiffness_of_a_string_is_found() {
        for stiffness in [0.0, 5e-5, 3e-4, 1e-3] {
            for note in [45, 57] {
                let string = Pluck { stiffness, note, partials: 20, share: 0.85, ..Pluck::default() };
                let got = coefficient(&string.sound()).unwrap();
                assert!((got - stiffness).abs() < 0.03 * stiffness + 5e-6, "{note} {stiffness}: {got}");
            }
        }
    }

    #[test]
    fn a_stiffness_of_a_thousandth_bends_the_tenth_partial_by_83_cents() {
        let string = Pluck { stiffness: 1e-3, partials: 20, share: 0.85, ..Pluck::default() };
        let cents = cents_at_partial_ten(&string.sound());
        assert!((cents - 82.5).abs() < 2.0, "{cents}");
    }

    #[test]
    fn a_sine_has_none() {
        assert!(cents_at_partial_ten(&Pluck { partials: 1, ..Pluck::default() }.sound()).is_nan());
    }
}
