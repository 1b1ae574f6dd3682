//! The notes of a song that sound alone, and whether they are in tune.

use serde::Serialize;
use ukulelatent::dsp::pitch::PitchRange;
use ukulelatent::dsp::yin::yin_f0;
use ukulelatent::perform::ChannelMessage;
use ukulelatent::units::{MidiNote, SampleRate};

use crate::song::{Action, Event};

/// A note needs this much of itself to be measured, and enough of its periods.
const MIN_MEASURED_S: f64 = 0.1;
/// The transient at a note's start has no pitch.
const SKIP_S: f64 = 0.02;
/// No more than this much of a note is needed.
const MAX_MEASURED_S: f64 = 0.5;
/// How far off a note may be.
const IN_TUNE_CENTS: f32 = 30.0;
/// The longest periods looked for that the estimator needs, with some to spare.
const MIN_PERIODS: f64 = 3.2;
/// The fundamental is looked for this far either side of the key: a wrong octave is found out.
const REACH: f32 = 2.3;

/// A note that is not in tune.
#[derive(Debug, Serialize)]
pub struct Astray {
    /// When it begins.
    pub seconds: f64,
    /// What it should be.
    pub key: MidiNote,
    /// How far above; absent if it has no pitch.
    pub cents: Option<f32>,
}

/// What was heard of the notes that sound alone.
#[derive(Debug, Serialize)]
pub struct SoloNotes {
    /// How many do.
    pub measured: usize,
    /// How many of these lie within 30 cents of their key.
    pub in_tune: usize,
    /// The others.
    pub out_of_tune: Vec<Astray>,
}

/// A note of the song, with the end of its fall.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    start: f64,
    end: f64,
    key: MidiNote,
    is_bent: bool,
}

/// Measures each solo note, between the end of the one before and the start of the one after.
pub fn measure(signal: &[f32], rate: SampleRate, events: &[Event], release_s: f64) -> SoloNotes {
    let song_end = rate.seconds(signal.len());
    let spans = spans(events, release_s, song_end);
    let mut heard = SoloNotes { measured: 0, in_tune: 0, out_of_tune: Vec::new() };
    for (span, end) in alone(&spans) {
        let sample = |seconds: f64| ((seconds * f64::from(rate.hz())) as usize).min(signal.len());
        let from = span.start + SKIP_S;
        let part = &signal[sample(from)..sample(end.min(from + MAX_MEASURED_S)).max(sample(from))];
        let range = PitchRange { min_hz: span.key.hz() / REACH, max_hz: span.key.hz() * REACH };
        let cents = yin_f0(part, rate, range).map(|f0_hz| span.key.cents_to(f0_hz));
        heard.measured += 1;
        if cents.is_some_and(|cents| cents.abs() <= IN_TUNE_CENTS) {
            heard.in_tune += 1;
        } else {
            heard.out_of_tune.push(Astray { seconds: span.start, key: span.key, cents });
        }
    }
    heard
}

/// From each note's start to the end of its fall; to the song's end if it is never let go. Notes that are bent, and
/// have another pitch than their key's, have no key to measure.
fn spans(events: &[Event], release_s: f64, song_end: f64) -> Vec<Span> {
    let mut spans = Vec::new();
    for (index, event) in events.iter().enumerate() {
        if let Action::On { key, .. } = event.action {
            let end =
                end_of(&events[index + 1..], event.channel, key, is_pedal_down(&events[..index], event.channel));
            let end = end.map_or(song_end, |end| end + release_s);
            spans.push(Span {
                start: event.seconds,
                end,
                key,
                is_bent: is_bent(events, event.channel, (index, end)),
            });
        }
    }
    spans
}

/// When a note is let go: by its key, or by the pedal if that is down then.
fn end_of(later: &[Event], channel: u8, key: MidiNote, pedal: bool) -> Option<f64> {
    let (mut pedal, mut key_is_up) = (pedal, false);
    for event in later.iter().filter(|event| event.channel == channel) {
        match event.action {
            // A key struck again stops its former note.
            Action::On { key: other, .. } if other == key => return Some(event.seconds),
            Action::Choke => return Some(event.seconds),
            Action::Off { key: other } if other == key => key_is_up = true,
            Action::AllOff => key_is_up = true,
            Action::Channel(message) => pedal = pedal_after(message).unwrap_or(pedal),
            _ => {}
        }
        if key_is_up && !pedal {
            return Some(event.seconds);
        }
    }
    None
}

/// Whether a message moves the sustain pedal, and where to.
fn pedal_after(message: ChannelMessage) -> Option<bool> {
    match message {
        ChannelMessage::Controller(64, value) => Some(value >= 0.5),
        _ => None,
    }
}

fn is_pedal_down(before: &[Event], channel: u8) -> bool {
    let messages = before.iter().rev().filter(|event| event.channel == channel);
    let moved = messages.filter_map(|event| match event.action {
        Action::Channel(message) => pedal_after(message),
        _ => None,
    });
    moved.take(1).any(|down| down)
}

/// Whether the channel's wheel is away from rest at any time of a note.
fn is_bent(events: &[Event], channel: u8, (index, end): (usize, f64)) -> bool {
    let bend = |event: &&Event| match event.action {
        Action::Channel(ChannelMessage::Bend(bend)) if event.channel == channel => Some(bend != 0.0),
        _ => None,
    };
    let before = events[..index].iter().rev().find_map(|event| bend(&event));
    let during = events[index..].iter().take_while(|event| event.seconds < end).filter_map(|event| bend(&event));
    before.into_iter().chain(during).any(|bent| bent)
}

/// A note that is alone for less cannot be measured.
fn min_alone_s(key: MidiNote) -> f64 {
    SKIP_S + (MIN_PERIODS * f64::from(REACH) / f64::from(key.hz())).max(MIN_MEASURED_S)
}

/// The notes that sound alone for long enough, and until when they do.
fn alone(spans: &[Span]) -> Vec<(Span, f64)> {
    let mut found = Vec::new();
    let mut others_end = f64::NEG_INFINITY;
    for (index, &span) in spans.iter().enumerate() {
        let next = spans.get(index + 1).map_or(f64::INFINITY, |next| next.start);
        let end = span.end.min(next);
        if !span.is_bent && others_end <= span.start && end - span.start >= min_alone_s(span.key) {
            found.push((span, end));
        }
        others_end = others_end.max(span.end);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> MidiNote {
        MidiNote::new(number).unwrap()
    }

    fn on(seconds: f64, number: u8) -> Event {
        Event { seconds, channel: 0, action: Action::On { key: key(number), velocity: 1.0 } }
    }

    fn off(seconds: f64, number: u8) -> Event {
        Event { seconds, channel: 0, action: Action::Off { key: key(number) } }
    }

    #[test]
    fn a_note_is_solo_until_the_next_one_and_after_the_last_ones_fall() {
        // The second begins while the first still falls; the third is alone, until the end.
        let events = [on(0.0, 60), off(0.4, 60), on(0.5, 62), off(0.6, 62), on(1.0, 64)];
        let spans = spans(&events, 0.25, 2.0);
        assert_eq!(alone(&spans), [(spans[0], 0.5), (spans[2], 2.0)]);
    }

    #[test]
    fn a_pedal_makes_notes_longer_and_a_bent_note_has_no_key() {
        let say = |seconds, message| Event { seconds, channel: 0, action: Action::Channel(message) };
        let pedal = |seconds, value| say(seconds, ChannelMessage::Controller(64, value));
        let events = [pedal(0.0, 1.0), on(0.1, 60), off(0.5, 60), pedal(0.9, 0.0), on(2.0, 62), off(2.5, 62)];
        let ends: Vec<f64> = spans(&events, 0.25, 4.0).iter().map(|span| span.end).collect();
        assert_eq!(ends, [1.15, 2.75]);
        let bent = [on(0.0, 60), say(0.2, ChannelMessage::Bend(0.5)), off(0.5, 60), on(1.0, 62), off(1.5, 62)];
        assert!(spans(&bent, 0.1, 2.0).iter().all(|span| span.is_bent));
    }

    #[test]
    fn a_chord_has_no_solo_notes() {
        let events = [on(0.0, 60), on(0.0, 64), off(1.0, 60), off(1.0, 64)];
        assert!(alone(&spans(&events, 0.25, 2.0)).is_empty());
    }

    #[test]
    fn tones_are_held_against_their_keys() {
        let rate = SampleRate::new(48_000.0).unwrap();
        let tone = |hz: f32, n: usize| (std::f32::consts::TAU * hz * n as f32 / 48_000.0).sin();
        // A4 as written; then A4 where B4 is written.
        let signal: Vec<f32> = (0..48_000).map(|n| tone(440.0, n % 24_000)).collect();
        let events = [on(0.0, 69), off(0.4, 69), on(0.5, 71), off(0.9, 71)];
        let heard = measure(&signal, rate, &events, 0.05);
        assert_eq!((heard.measured, heard.in_tune), (2, 1));
        let cents = heard.out_of_tune[0].cents.expect("a tone has a pitch");
        assert!((cents + 200.0).abs() < 2.0, "{cents}");
    }
}
