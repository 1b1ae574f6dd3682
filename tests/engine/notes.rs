//! How notes end: let go, choked, stolen, struck again, or at the model's end. Each ends once, and none clicks.

use ukulelatent::engine::{Controls, NoteId, NoteSelector};
use ukulelatent::instance::Setup;

use crate::support::{
    CLICK, Event, all, built_in, click_ratio, first_difference, key, note, on, only, peak, play, rate, render,
    setup, start,
};

/// When notes are ended here: 200 ms in, long after their attack.
const END_AT: usize = 9600;
/// A cut takes 5 ms.
const CUT: usize = 240;

#[test]
fn the_measure_of_clicks_finds_one() {
    let rate = rate(48_000.0);
    let phase = |n: u32| std::f64::consts::TAU * 330.0 * f64::from(n) / 48_000.0;
    let mut sine: Vec<f32> = (0..9600).map(|n| phase(n).sin() as f32).collect();
    assert!(click_ratio(&sine, 4800, rate) <= 1.01);
    sine[4800..].fill(0.0);
    // The sine stands at a zero there, so that only its slope breaks off.
    assert!(click_ratio(&sine, 4800, rate) > CLICK);
}

#[test]
fn a_note_that_reaches_the_models_end_has_faded() {
    let model = built_in();
    let card = &model.card;
    let played_key = card.notes.nearest(key(60)).number();
    for rate in [card.sample_rate_hz, rate(48_000.0)] {
        let sounding = (card.samples() - card.onset_sample) as f64;
        let len = (sounding * f64::from(rate.hz()) / f64::from(card.sample_rate_hz.hz())).round() as usize;
        let setup = Setup { rate, ..setup() };
        let played = render(setup, &[(0, on(1, played_key))], &[512], len + rate.samples_in_ms(100.0));
        assert_eq!(played.ended, [(len, note(1, played_key))], "{rate:?}");
        let last = peak(&played.samples[len - rate.samples_in_ms(1.0)..len]);
        assert!(last < 1e-3 && last < 1e-2 * peak(&played.samples), "{rate:?}: ends at {last}");
        assert!(played.samples[len..].iter().all(|&x| x == 0.0), "{rate:?}: sound after the end");
        let ratio = click_ratio(&played.samples, len, rate);
        assert!(ratio <= CLICK, "{rate:?}: clicks {ratio}");
    }
}

#[test]
fn a_choked_note_falls_silent_within_the_cut_and_without_a_click() {
    let rate = setup().rate;
    let score = [(0, on(1, 57)), (END_AT, Event::Choke(only(1)))];
    let played = render(setup(), &score, &[512], END_AT + 4800);
    assert_eq!(played.ended, [(END_AT + CUT, note(1, 57))]);
    assert!(played.samples[END_AT + CUT..].iter().all(|&x| x == 0.0));
    for at in [END_AT, END_AT + CUT] {
        let ratio = click_ratio(&played.samples, at, rate);
        assert!(ratio <= CLICK, "clicks {ratio} at {at}");
    }
}

#[test]
fn a_note_let_go_falls_within_its_release_and_without_a_click() {
    let Setup { rate, controls, .. } = setup();
    let release = rate.samples_in_ms(controls.release_ms);
    let score = [(0, on(1, 57)), (END_AT, Event::Off(only(1)))];
    let played = render(setup(), &score, &[512], END_AT + release + 4800);
    assert_eq!(played.ended_numbers(), [1]);
    let (ended_at, _) = played.ended[0];
    // Half of the 256 samples in which a release takes hold come on top. The factor's rounding, f32::EPSILON per
    // sample at most, may cost or save a few samples of a long release.
    assert!(ended_at.abs_diff(END_AT + release + 128) <= release / 100, "ended at {ended_at}");
    for at in [END_AT, ended_at] {
        let ratio = click_ratio(&played.samples, at, rate);
        assert!(ratio <= CLICK, "clicks {ratio} at {at}");
    }
}

#[test]
fn the_oldest_of_sixteen_held_notes_is_stolen_without_a_click() {
    let mut score: Vec<(usize, Event)> = (0..16).map(|n| (0, on(n, 45 + 2 * n as u8))).collect();
    // Without velocity the thief is silent: what clicks is the theft.
    score.push((END_AT, Event::On(note(16, 60), 0.0)));
    let played = render(setup(), &score, &[512], END_AT + 4800);
    assert_eq!(played.ended, [(END_AT + CUT, note(0, 45))]);
    for at in [END_AT, END_AT + CUT] {
        let ratio = click_ratio(&played.samples, at, setup().rate);
        assert!(ratio <= CLICK, "clicks {ratio} at {at}");
    }
}

#[test]
fn released_notes_are_stolen_before_held_ones() {
    let mut score: Vec<(usize, Event)> = (0..16).map(|n| (0, on(n, 45 + 2 * n as u8))).collect();
    score.push((500, Event::Off(only(9))));
    score.push((1000, on(16, 60)));
    let played = render(setup(), &score, &[512], 1000 + CUT + 10);
    assert_eq!(played.ended_numbers(), [9]);
}

#[test]
fn a_key_struck_again_lets_its_former_note_go() {
    let nameless = NoteId { voice: None, channel: 0, key: key(60) };
    let again = [(0, Event::On(nameless, 1.0)), (3000, Event::On(nameless, 0.5))];
    let by_hand = [(0, on(1, 60)), (3000, Event::Off(only(1))), (3000, Event::On(note(2, 60), 0.5))];
    let again = render(setup(), &again, &[512], 6000).samples;
    let by_hand = render(setup(), &by_hand, &[512], 6000).samples;
    assert_eq!(first_difference(&again, &by_hand), None);
}

#[test]
fn notes_that_the_host_numbers_overlap_on_one_key() {
    let score = [(0, on(1, 60)), (500, on(2, 60)), (1000, Event::Choke(only(1)))];
    let played = render(setup(), &score, &[512], 3000);
    assert_eq!(played.ended_numbers(), [1]);
    assert!(peak(&played.samples[2000..]) > 1e-4);
}

#[test]
fn a_wildcard_ends_every_note_that_it_covers() {
    let on_channel = |number, key_number, channel| NoteId { channel, ..note(number, key_number) };
    let notes = [on_channel(1, 60, 0), on_channel(2, 64, 0), on_channel(3, 60, 5)];
    let cases: [(NoteSelector, &[i32]); 6] = [
        (all(), &[1, 2, 3]),
        (only(2), &[2]),
        (NoteSelector { channel: Some(5), ..all() }, &[3]),
        (NoteSelector { key: Some(key(60)), ..all() }, &[1, 3]),
        (NoteSelector { key: Some(key(60)), channel: Some(0), ..all() }, &[1]),
        (NoteSelector { key: Some(key(61)), ..all() }, &[]),
    ];
    let controls = Controls { release_ms: 10.0, ..setup().controls };
    let mut instance = start(Setup { controls, ..setup() });
    for (which, expected) in cases {
        for end in [Event::Off(which), Event::Choke(which)] {
            instance.engine.reset();
            let mut score: Vec<(usize, Event)> = notes.iter().map(|&id| (0, Event::On(id, 1.0))).collect();
            score.push((300, end));
            let played = play(&mut instance.engine, &score, &[256], 1200);
            assert_eq!(played.ended_numbers(), expected, "{end:?}");
        }
    }
}
