//! Clicks: corners in the signal where a note is let go or ends.

use serde::Serialize;
use ukulelatent::units::SampleRate;

use crate::song::{Action, Event};

/// A corner is looked for this near a moment.
const NEAR_S: f64 = 2e-3;
/// And compared with this much around it, 25 ms either way.
const AROUND_S: f64 = 25e-3;
/// How much sharper than its surroundings a click is.
const CLICK_RATIO: f32 = 4.0;
/// An attack is as sharp as a click and none: a moment so soon after a note-on is passed over.
const ATTACK_S: f64 = 10e-3;
/// Second differences below this (-120 dB of full scale) are heard by no one.
const INAUDIBLE: f32 = 1e-6;
/// How long a choked note takes to fade.
const CHOKE_S: f64 = 5e-3;

/// A moment at which the signal has a corner.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Click {
    /// When.
    pub seconds: f64,
    /// The largest second difference near the moment, over the largest around it.
    pub ratio: f32,
}

/// What was looked at and found.
#[derive(Debug, Serialize)]
pub struct Clicks {
    /// Moments: note-offs and ends of releases, but for those in an attack.
    pub moments: usize,
    /// The sharpest of them.
    pub worst_ratio: f32,
    /// Those above 4.
    pub found: Vec<Click>,
}

/// The largest absolute second difference in the whole signal.
pub fn sharpest(signal: &[f32]) -> f32 {
    second_differences(signal, 0..signal.len())
}

/// Looks at every moment of a song at which notes are let go, and at those at which they have fallen, `release_s`
/// later.
pub fn find(signal: &[f32], rate: SampleRate, events: &[Event], release_s: f64) -> Clicks {
    let is_on = |event: &&Event| matches!(event.action, Action::On { .. });
    let attacks: Vec<f64> = events.iter().filter(is_on).map(|event| event.seconds).collect();
    let in_attack =
        |seconds: f64| attacks.iter().any(|attack| (-NEAR_S..=ATTACK_S + NEAR_S).contains(&(seconds - attack)));
    let falls = events.iter().filter(|event| !is_on(event));
    let mut moments: Vec<f64> = falls
        .flat_map(|event| {
            let fall = match event.action {
                Action::Choke => CHOKE_S,
                Action::Off { .. } | Action::AllOff => release_s,
                // A wheel's move is a moment of its own.
                _ => 0.0,
            };
            [event.seconds, event.seconds + fall]
        })
        .filter(|&seconds| !in_attack(seconds))
        .collect();
    moments.sort_by(f64::total_cmp);
    moments.dedup();
    let measured: Vec<Click> =
        moments.iter().map(|&seconds| Click { seconds, ratio: ratio_at(signal, rate, seconds) }).collect();
    Clicks {
        moments: measured.len(),
        worst_ratio: measured.iter().map(|click| click.ratio).fold(0.0, f32::max),
        found: measured.into_iter().filter(|click| click.ratio > CLICK_RATIO).collect(),
    }
}

/// How much sharper the signal is near a moment than around it.
fn ratio_at(signal: &[f32], rate: SampleRate, seconds: f64) -> f32 {
    let sample = |seconds: f64| ((seconds * f64::from(rate.hz())).round().max(0.0) as usize).min(signal.len());
    let near = sample(seconds - NEAR_S)..sample(seconds + NEAR_S);
    let before = sample(seconds - AROUND_S)..near.start;
    let after = near.end..sample(seconds + AROUND_S);
    let peak = second_differences(signal, near);
    if peak <= INAUDIBLE {
        return 0.0;
    }
    let around = second_differences(signal, before).max(second_differences(signal, after));
    // Silence around it does not make a click of what no one hears.
    peak / around.max(INAUDIBLE)
}

/// The largest `|x[n-1] - 2 x[n] + x[n+1]|` with `n` in a range.
fn second_differences(signal: &[f32], range: std::ops::Range<usize>) -> f32 {
    let start = range.start.saturating_sub(1);
    let end = (range.end + 1).min(signal.len());
    let windows = signal.get(start..end).unwrap_or_default().windows(3);
    windows.map(|x| (x[0] - 2.0 * x[1] + x[2]).abs()).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ukulelatent::units::MidiNote;

    const RATE_HZ: f32 = 48_000.0;

    fn sine() -> Vec<f32> {
        (0..48_000).map(|n| (n as f32 * 0.05).sin() * 0.5).collect()
    }

    fn let_go(seconds: f64) -> Event {
        Event { seconds, channel: 0, action: Action::Off { key: MidiNote::new(60).unwrap() } }
    }

    fn clicks(signal: &[f32], events: &[Event]) -> Clicks {
        find(signal, SampleRate::new(RATE_HZ).unwrap(), events, 0.25)
    }

    #[test]
    fn a_steady_tone_has_no_clicks() {
        let clicks = clicks(&sine(), &[let_go(0.5)]);
        assert_eq!((clicks.moments, clicks.found.len()), (2, 0));
        assert!(clicks.worst_ratio > 0.5 && clicks.worst_ratio < 2.0, "{}", clicks.worst_ratio);
    }

    #[test]
    fn a_tone_cut_short_clicks_where_it_is_cut() {
        let mut signal = sine();
        // The crest of the sine, so that the cut is as hard as can be.
        signal[24_033..].fill(0.0);
        let clicks = clicks(&signal, &[let_go(0.5)]);
        assert_eq!(clicks.found.len(), 1, "{clicks:?}");
        assert_eq!(clicks.found[0].seconds, 0.5);
    }

    #[test]
    fn an_attack_is_no_click() {
        let mut signal = vec![0.0; 24_000];
        signal.extend(&sine()[31..]);
        let attack =
            Event { action: Action::On { key: MidiNote::new(60).unwrap(), velocity: 1.0 }, ..let_go(0.5) };
        assert_eq!(clicks(&signal, &[let_go(0.5)]).found.len(), 1);
        assert_eq!(clicks(&signal, &[attack, let_go(0.5)]).found.len(), 0);
    }
}
