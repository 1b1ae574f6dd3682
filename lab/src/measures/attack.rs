//! The attack: the energy of the first moments, and how much of it is gone right after.

use super::Sound;
use super::spectrum::high_passed;

/// Length of the attack.
pub const ATTACK_MS: f32 = 40.0;
/// The noise of fingers and picks lies above.
const FROM_HZ: f32 = 2000.0;
/// What follows the attack is measured from here ...
const AFTER_FROM_MS: f32 = 60.0;
/// ... to here.
const AFTER_TO_MS: f32 = 100.0;
/// Energy below this share of the attack's own (-60 dB) is as good as none.
const FLOOR: f64 = 1e-6;

/// Energy above 2 kHz over the first 40 ms, in dB, and the level in dB below which it does not count: 60 dB below
/// all of the attack's energy. `None` for silence.
#[must_use]
pub fn attack_level_db(sound: &Sound<'_>) -> Option<(f64, f64)> {
    let all = energy(sound.first(ATTACK_MS));
    let high = high_passed(sound.samples, sound.rate.hz(), FROM_HZ);
    let high = energy(Sound { samples: &high, ..*sound }.first(ATTACK_MS));
    (all > 0.0).then(|| (10.0 * (high + f64::MIN_POSITIVE).log10(), 10.0 * (FLOOR * all).log10()))
}

/// Decibels by which the first 40 ms are stronger above 2 kHz than the 40 ms from 60 ms on: the noise of the attack is
/// gone by then, partials are not. Not a number for silence.
pub(super) fn noise_db(sound: &Sound<'_>) -> f64 {
    let all = energy(sound.first(ATTACK_MS));
    if all <= 0.0 {
        return f64::NAN;
    }
    let high = high_passed(sound.samples, sound.rate.hz(), FROM_HZ);
    let high = Sound { samples: &high, ..*sound };
    let attack = energy(high.first(ATTACK_MS));
    let after = &high.first(AFTER_TO_MS)[high.first(AFTER_FROM_MS).len()..];
    10.0 * ((attack + FLOOR * all) / (energy(after) + FLOOR * all)).log10()
}

fn energy(piece: &[f32]) -> f64 {
    piece.iter().map(|&x| f64::from(x).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::super::testing::Pluck;
    use super::*;

    #[test]
    fn partials_lose_what_their_decay_takes() {
        // Between the two windows lie 60 ms.
        for t60_s in [0.3, 1.0] {
            let got = noise_db(&Pluck { note: 76, t60_s, share: 0.9, ..Pluck::default() }.sound());
            let want = 60.0 * 0.060 / t60_s;
            assert!((got - want).abs() < 0.7, "{t60_s}: {got} {want}");
        }
    }

    #[test]
    fn a_noisier_attack_measures_noisier() {
        let at = |click| noise_db(&Pluck { click, t60_s: 2.0, ..Pluck::default() }.sound());
        assert!(at(0.0) + 3.0 < at(0.3) && at(0.3) + 2.0 < at(1.0), "{} {} {}", at(0.0), at(0.3), at(1.0));
    }

    #[test]
    fn doubling_the_click_adds_six_decibels() {
        let at = |click| attack_level_db(&Pluck { click, partials: 0, ..Pluck::default() }.sound()).unwrap().0;
        assert!((at(0.5) - at(0.25) - 6.02).abs() < 0.2, "{} {}", at(0.5), at(0.25));
    }

    #[test]
    fn silence_has_no_attack() {
        let silence = Pluck { partials: 0, ..Pluck::default() };
        assert!(noise_db(&silence.sound()).is_nan() && attack_level_db(&silence.sound()).is_none());
    }
}
