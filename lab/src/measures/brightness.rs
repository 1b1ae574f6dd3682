//! Brightness: where the middle of a note's spectrum lies above its fundamental.

use super::Sound;
use super::spectrum::magnitudes;

/// Long enough to resolve the partials of a bass, short enough to be what one hears as the note's colour.
const MEASURED_MS: f32 = 500.0;
/// Bins this far below the loudest one are not heard, and a decoder has nothing there: -60 dB.
const FLOOR: f32 = 1e-3;

/// Octaves from the note's fundamental to the magnitude-weighted centroid of its first half second.
pub(super) fn octaves_above_fundamental(sound: &Sound<'_>) -> f64 {
    let piece = sound.first(MEASURED_MS);
    if piece.len() < 64 {
        return f64::NAN;
    }
    let len = piece.len().next_power_of_two();
    let magnitudes = magnitudes(piece, len);
    let floor = FLOOR * magnitudes.iter().copied().fold(0.0, f32::max);
    let heard = || magnitudes.iter().enumerate().filter(|&(_, &m)| m > floor);
    let weight: f64 = heard().map(|(_, &m)| f64::from(m)).sum();
    let moment: f64 = heard().map(|(bin, &m)| bin as f64 * f64::from(m)).sum();
    let centroid_hz = moment / weight * f64::from(sound.rate.hz()) / len as f64;
    (centroid_hz / f64::from(sound.note.hz())).log2()
}

#[cfg(test)]
mod tests {
    use super::super::testing::Pluck;
    use super::*;

    #[test]
    fn the_centroid_of_a_string_is_that_of_its_partials() {
        // Amplitudes 1, r, r^2 ...: the mean partial is sum k r^(k-1) / sum r^(k-1).
        for share in [0.3f64, 0.6, 0.8] {
            let string = Pluck { share, partials: 16, t60_s: 20.0, ..Pluck::default() };
            let weights: Vec<f64> = (0..16).map(|k| share.powi(k)).collect();
            let mean = weights.iter().zip(1..).map(|(w, k)| w * f64::from(k)).sum::<f64>();
            let want = (mean / weights.iter().sum::<f64>()).log2();
            let got = octaves_above_fundamental(&string.sound());
            assert!((got - want).abs() < 0.08, "{share}: {got} {want}");
        }
    }

    #[test]
    fn the_same_string_an_octave_higher_is_as_bright() {
        let at = |note| octaves_above_fundamental(&Pluck { note, partials: 6, ..Pluck::default() }.sound());
        assert!((at(52) - at(64)).abs() < 0.05, "{} {}", at(52), at(64));
    }

    #[test]
    fn silence_has_no_brightness() {
        let string = Pluck { partials: 0, ..Pluck::default() };
        assert!(octaves_above_fundamental(&string.sound()).is_nan());
    }
}
