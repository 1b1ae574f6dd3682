//! Where a plucked note begins.

use ukulelatent::units::SampleRate;

/// Energy is compared in steps of this length.
const STEP_MS: f32 = 1.0;
/// What sounds this long after a candidate ...
const AFTER_STEPS: usize = 10;
/// ... is compared with what sounded this long before it.
const BEFORE_STEPS: usize = 20;
/// Energy this far below the loudest stretch counts as silence (40 dB), so that handling noise is no onset.
const FLOOR: f64 = 1e-4;
/// Of two rises, the earlier wins if it is this share of the higher.
const EARLY_SHARE: f64 = 0.7;
/// The attack has begun where the signal reaches this share of the attack's peak (-26 dB) ...
const ATTACK_SHARE: f32 = 0.05;
/// ... and clears the peak of what came before by this factor.
const NOISE_MARGIN: f32 = 1.5;

/// The sample at which the loudest note of a recording begins to sound, `None` for silence.
///
/// First the steepest rise of short-time energy, weighted by how loud it gets, is found to about 10 ms; then the
/// first sample of that attack that stands out of what came before.
#[must_use]
pub fn find_onset(signal: &[f32], rate: SampleRate) -> Option<usize> {
    let signal = without_rumble(signal, rate);
    let step = rate.samples_in_ms(STEP_MS).max(1);
    let energy: Vec<f64> =
        signal.chunks(step).map(|chunk| chunk.iter().map(|&x| f64::from(x) * f64::from(x)).sum()).collect();
    let rise = steepest_rise(&energy)? * step;
    Some(first_of_attack(&signal, rise, step))
}

/// Removes what lies below hearing, which would look like energy before the note: a one-pole DC blocker at 20 Hz.
fn without_rumble(signal: &[f32], rate: SampleRate) -> Vec<f32> {
    let pole = (-std::f32::consts::TAU * 20.0 / rate.hz()).exp();
    let (mut last, mut out) = (0.0, 0.0);
    let mut next = |&x: &f32| {
        out = pole * out + x - last;
        last = x;
        out
    };
    signal.iter().map(&mut next).collect()
}

/// The step at which `ln(after / before)`, weighted by the fourth root of the relative level after, is highest.
fn steepest_rise(energy: &[f64]) -> Option<usize> {
    let mean = |range: std::ops::Range<usize>, over: usize| energy[range].iter().sum::<f64>() / over as f64;
    let after = |k: usize| mean(k..(k + AFTER_STEPS).min(energy.len()), AFTER_STEPS);
    // Before the recording there was silence.
    let before = |k: usize| mean(k.saturating_sub(BEFORE_STEPS)..k, BEFORE_STEPS);
    let loudest = (0..energy.len()).map(after).fold(0.0, f64::max);
    if loudest <= 0.0 {
        return None;
    }
    let floor = loudest * FLOOR;
    let rises: Vec<f64> = (0..energy.len())
        .map(|k| ((after(k) + floor) / (before(k) + floor)).ln() * (after(k) / loudest).sqrt().sqrt())
        .collect();
    let highest = rises.iter().copied().fold(f64::MIN, f64::max);
    let first = rises.iter().position(|&rise| rise >= EARLY_SHARE * highest)?;
    // The rise is seen as soon as the attack enters the stretch after; it is highest when it fills it.
    let near = first..(first + AFTER_STEPS + 2).min(rises.len());
    near.max_by(|&a, &b| rises[a].total_cmp(&rises[b]).then(b.cmp(&a)))
}

fn first_of_attack(signal: &[f32], rise: usize, step: usize) -> usize {
    let peak = |from: usize, to: usize| {
        let (from, to) = (from.min(signal.len()), to.min(signal.len()));
        signal[from..to.max(from)].iter().fold(0.0f32, |peak, x| peak.max(x.abs()))
    };
    let search = rise.saturating_sub(8 * step);
    let noise = peak(search.saturating_sub(40 * step), search);
    let attack = peak(search, rise + 15 * step);
    let threshold = (ATTACK_SHARE * attack).max(NOISE_MARGIN * noise).min(0.7 * attack);
    let mut onset = (search..signal.len()).find(|&n| signal[n].abs() >= threshold).unwrap_or(rise);
    // A slow attack may have begun before the search did.
    while onset >= 2 * step && onset <= search && peak(onset - 2 * step, onset) >= threshold {
        onset -= 2 * step;
    }
    onset
}
