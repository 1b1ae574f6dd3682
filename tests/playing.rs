//! Playing the plugin in a CLAP host: bends, pressure, pedals, MPE, note expressions.

#[path = "support/host.rs"]
mod host;
#[path = "support/midi.rs"]
mod midi;
mod support;

use clack_host::events::event_types::NoteExpressionType;
use host::{Cue, Heard, Host};
use midi::{control, note_off, note_on, wheel};
use support::{first_difference, key, peak, rate};
use ukulelatent::dsp::pitch::PitchRange;
use ukulelatent::dsp::yin::yin_f0;

/// A second.
const LEN: usize = 48_000;
/// What is measured of a note: after its transient, and after a bend has arrived.
const MEASURED: std::ops::Range<usize> = 12_000..36_000;

/// An offline host, after these settings.
fn host(settings: &[(&'static str, f64)]) -> Host {
    let mut host = Host::new();
    for &(id, value) in settings {
        host.set(id, value);
    }
    host.set_offline();
    host.activate(48_000.0);
    host
}

fn play(settings: &[(&'static str, f64)], score: &[(usize, Cue)]) -> Heard {
    host(settings).play(score, &[512], LEN)
}

/// How far a sound lies above a key, in cents.
fn cents_above(samples: &[f32], number: u8) -> f32 {
    let key = key(number);
    let range = PitchRange { min_hz: key.hz() / 1.9, max_hz: key.hz() * 1.9 };
    key.cents_to(yin_f0(&samples[MEASURED], rate(48_000.0), range).expect("a pitch"))
}

#[test]
fn the_wheel_bends_by_its_range_to_three_cents() {
    let still = cents_above(&play(&[], &[(0, note_on(0, 57))]).samples, 57);
    for (position, cents) in [(8191, 200.0), (-8192, -200.0), (4096, 100.0), (-1000, -24.4), (100, 2.44)] {
        let bent = play(&[], &[(0, note_on(0, 57)), (4000, wheel(0, position))]);
        let got = cents_above(&bent.samples, 57) - still;
        assert!((got - cents).abs() < 3.0, "wheel at {position}: {got} cents where {cents} are expected");
    }
    // An octave, as a controller would ask for it.
    let range = [control(0, 101, 0), control(0, 100, 0), control(0, 6, 12)];
    let mut score: Vec<(usize, Cue)> = range.into_iter().map(|cue| (0, cue)).collect();
    score.extend([(0, note_on(0, 57)), (4000, wheel(0, 8191))]);
    let got = cents_above(&play(&[], &score).samples, 69) + 1200.0 - still;
    assert!((got - 1200.0).abs() < 3.0, "{got}");
}

#[test]
fn a_bend_that_rests_again_leaves_the_pitch_where_it_was() {
    let still = cents_above(&play(&[], &[(0, note_on(0, 57))]).samples, 57);
    let back = play(&[], &[(0, note_on(0, 57)), (2000, wheel(0, 5000)), (6000, wheel(0, 0))]);
    assert!((cents_above(&back.samples, 57) - still).abs() < 3.0);
    // A wheel that only says that it rests changes no bit.
    let rest = play(&[], &[(0, note_on(0, 57)), (2000, wheel(0, 0))]);
    assert_eq!(first_difference(&rest.samples, &play(&[], &[(0, note_on(0, 57))]).samples), None);
}

#[test]
fn bends_do_not_click() {
    for (at, position) in [(5000, 8191), (5001, -8192), (5300, 3000)] {
        let score = [(0, note_on(0, 57)), (at, wheel(0, position)), (at + 9600, wheel(0, 0))];
        let heard = play(&[("bend_range", 12.0)], &score).samples;
        for moment in [at, at + 9600] {
            let ratio = support::click_ratio(&heard, moment, rate(48_000.0));
            assert!(ratio < support::CLICK, "a bend to {position} at {moment}: {ratio}");
        }
    }
}

#[test]
fn mpe_notes_bend_independently() {
    // One semitone of a member's 48.
    let semitone = 8191 / 48;
    let mpe = [("mpe", 1.0)];
    let bends = [(4000, wheel(2, semitone))];
    let alone = |channel, key| play(&mpe, &[&[(0, note_on(channel, key))][..], &bends].concat()).samples;
    let still = |channel, key| play(&mpe, &[(0, note_on(channel, key))]).samples;
    assert_eq!(first_difference(&alone(1, 57), &still(1, 57)), None, "another note's bend");
    let bent = cents_above(&alone(2, 64), 64) - cents_above(&still(2, 64), 64);
    assert!((bent - 100.0).abs() < 3.0, "{bent} cents");
    // Together they are what they are alone.
    let score = [(0, note_on(1, 57)), (0, note_on(2, 64)), bends[0]];
    let both = play(&mpe, &score).samples;
    let sum = alone(1, 57).iter().zip(alone(2, 64)).map(|(a, b)| a + b).collect::<Vec<f32>>();
    let worst = both.iter().zip(&sum).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-5, "{worst}");
}

#[test]
fn the_zones_master_bends_all_of_its_notes() {
    let score = [(0, note_on(3, 57)), (4000, wheel(0, 8191))];
    let still = cents_above(&play(&[("mpe", 1.0)], &score[..1]).samples, 57);
    let bent = cents_above(&play(&[("mpe", 1.0)], &score).samples, 57) - still;
    assert!((bent - 200.0).abs() < 3.0, "{bent}");
    // Without MPE, channel 0 is none of channel 3's business.
    assert!((cents_above(&play(&[], &score).samples, 57) - still).abs() < 0.01);
}

#[test]
fn mpe_notes_morph_independently() {
    // Pressure of one note's channel, and slide, move that note's z alone, from its start or while it is held.
    let settings = [("mpe", 1.0), ("pressure_z1", 0.9), ("slide_z2", 0.8), ("morph", 0.4)];
    for change in [Cue::Midi([0xD2, 127, 0]), control(2, 74, 127)] {
        let alone = |channel, key, at| play(&settings, &[(0, note_on(channel, key)), (at, change)]).samples;
        let still = |channel, key| play(&settings, &[(0, note_on(channel, key))]).samples;
        let still_1 = still(1, 57);
        assert_eq!(first_difference(&alone(1, 57, 6000), &still_1), None, "{change:?}: another note's z");
        let changed = first_difference(&alone(2, 64, 6000), &still(2, 64)).expect("the note's own z");
        assert!(changed > 6000, "{change:?}: {changed}");
    }
}

#[test]
fn note_expressions_are_for_one_note() {
    let notes = [(0, Cue::On(57, 1)), (0, Cue::On(64, 2))];
    let only = |number: usize, change: Cue| play(&[], &[notes[number - 1], (4000, change)]);
    let still = |number: usize| play(&[], &[notes[number - 1]]);
    let tuned = Cue::Express(2, NoteExpressionType::Tuning, 0.5);
    let bent = cents_above(&only(2, tuned).samples, 64) - cents_above(&still(2).samples, 64);
    assert!((bent - 50.0).abs() < 3.0, "{bent}");
    for change in
        [tuned, Cue::Express(2, NoteExpressionType::Volume, 0.5), Cue::Express(2, NoteExpressionType::Pan, 0.0)]
    {
        assert_eq!(first_difference(&only(1, change).samples, &still(1).samples), None, "{change:?}");
        assert!(first_difference(&only(2, change).samples, &still(2).samples) >= Some(4000), "{change:?}");
    }
    let left = only(2, Cue::Express(2, NoteExpressionType::Pan, 0.0));
    assert!(peak(&left.right[6000..]) < 1e-4 && peak(&left.samples[6000..]) > 1e-3);
    let soft = only(2, Cue::Express(2, NoteExpressionType::Volume, 0.25));
    let ratio = peak(&soft.samples[6000..]) / peak(&still(2).samples[6000..]);
    assert!((ratio - 0.25).abs() < 1e-3, "{ratio}");
}

#[test]
fn polyphonic_modulation_moves_one_notes_timbre() {
    let settings = [("morph", 0.4)];
    let moved = |number: u32| [(0, Cue::On(57, 1)), (5000, Cue::Modulate("z1", number, 0.3))];
    let still = play(&settings, &moved(1)[..1]).samples;
    assert!(first_difference(&play(&settings, &moved(1)).samples, &still) > Some(5000));
    assert_eq!(first_difference(&play(&settings, &moved(2)).samples, &still), None);
}

#[test]
fn what_is_said_of_a_note_at_its_first_sample_is_there_from_its_first_sample() {
    // Without morph, a note's timbre is that of its strike: hosts modulate right after the note-on.
    let plain = play(&[], &[(700, Cue::On(57, 1))]).samples;
    let moved = play(&[("z1", 0.75)], &[(700, Cue::On(57, 1))]).samples;
    let modulated = [(700, Cue::On(57, 1)), (700, Cue::Modulate("z1", 1, 0.25))];
    assert_eq!(first_difference(&play(&[], &modulated).samples, &moved), None);
    let late = [(700, Cue::On(57, 1)), (701, Cue::Modulate("z1", 1, 0.25))];
    assert_eq!(first_difference(&play(&[], &late).samples, &plain), None);
    let tuned = [(700, Cue::On(57, 1)), (700, Cue::Express(1, NoteExpressionType::Volume, 0.5))];
    let half: Vec<f32> = plain.iter().map(|x| x * 0.5).collect();
    assert_eq!(first_difference(&play(&[], &tuned).samples, &half), None);
}

#[test]
fn the_pedal_keeps_notes_until_it_comes_up() {
    let score =
        [(0, control(0, 64, 127)), (10, note_on(0, 57)), (2000, note_off(0, 57)), (30_000, control(0, 64, 0))];
    let held = play(&[], &score).samples;
    let plain = play(&[], &score[1..2]).samples;
    assert_eq!(first_difference(&held[..30_000], &plain[..30_000]), None, "the pedal holds the note");
    assert!(peak(&held[46_000..]) < 0.2 * peak(&plain[46_000..]), "it falls when the pedal comes up");
    let lifted = play(&[], &score[1..]).samples;
    assert!(first_difference(&lifted, &plain) < Some(2300), "without a pedal it falls at once");
    for again in [note_off(0, 57), control(0, 123, 0)] {
        let score = [score[0], score[1], score[2], (3000, again)];
        assert_eq!(
            first_difference(&play(&[], &score).samples, &plain),
            None,
            "it is told twice that the key is up"
        );
    }
}

#[test]
fn the_pedal_keeps_a_key_that_was_struck_again_when_its_former_note_has_faded() {
    // The low key leaves the first place, the second strike takes it, and then the first strike ends.
    let keys = [(0, note_on(0, 43)), (10, note_on(0, 57)), (100, note_off(0, 43)), (14_000, note_on(0, 57))];
    let pedal = [(36_000, control(0, 64, 127)), (38_000, note_off(0, 57))];
    let held = play(&[], &[&keys[..], &pedal[..]].concat()).samples;
    let plain = play(&[], &keys).samples;
    assert_eq!(first_difference(&held, &plain), None, "the pedal holds the second strike");
    let lifted = play(&[], &[&keys[..], &pedal[1..]].concat()).samples;
    assert!(first_difference(&lifted, &plain) < Some(38_300), "without a pedal it falls at once");
}

#[test]
fn wheel_pressure_and_velocity_move_the_timbre_as_far_as_they_are_set() {
    // At note-on: the timbre is that of the moved point, to the bit.
    let moved = play(&[("z1", 0.5 + 1.5 / 6.0)], &[(0, note_on(0, 57))]).samples;
    let by_wheel = [(0, control(0, 1, 127)), (0, note_on(0, 57))];
    let depth = 0.5 + 1.5 / 6.0;
    assert_eq!(first_difference(&play(&[("wheel_z1", depth)], &by_wheel).samples, &moved), None, "wheel");
    let by_pressure = [(0, Cue::Midi([0xD0, 127, 0])), (0, note_on(0, 57))];
    assert_eq!(first_difference(&play(&[("pressure_z1", depth)], &by_pressure).samples, &moved), None, "pressure");
    assert_eq!(
        first_difference(&play(&[("velocity_z1", depth)], &by_pressure[1..]).samples, &moved),
        None,
        "velocity"
    );
}

#[test]
fn humanised_hits_differ_and_a_bounce_repeats_them() {
    let score = [(0, note_on(0, 57)), (20_000, note_off(0, 57)), (24_000, note_on(0, 57))];
    let settings = [("humanise", 0.5)];
    let first = play(&settings, &score).samples;
    assert_eq!(first_difference(&first, &play(&settings, &score).samples), None, "a bounce repeats");
    let blocks = host(&settings).play(&score, &[31, 640], LEN).samples;
    assert_eq!(first_difference(&first, &blocks), None, "blocks change nothing");
    assert!(first_difference(&first, &play(&[], &score).samples).is_some(), "nothing was drawn");
    let worst = (0..8000).map(|n| (first[n] - first[24_000 + n]).abs()).fold(0.0, f32::max);
    assert!(worst > 0.01 * peak(&first), "two hits are alike");
}

#[test]
fn width_sets_keys_apart_and_without_it_both_sides_are_the_same() {
    let mono = play(&[], &[(0, note_on(0, 59)), (0, note_on(0, 64))]);
    assert_eq!(first_difference(&mono.samples, &mono.right), None);
    let wide = |key| play(&[("width", 1.0)], &[(0, note_on(0, key))]);
    let balance = |heard: &Heard| peak(&heard.samples) / peak(&heard.right);
    assert!(balance(&wide(61)) / balance(&wide(62)) > 2.0 || balance(&wide(62)) / balance(&wide(61)) > 2.0);
}

#[test]
fn a_soft_limit_keeps_loud_chords_below_full_scale() {
    let chord: Vec<(usize, Cue)> = (0..12).map(|n| (0, note_on(0, 40 + 3 * n))).collect();
    let loud = [("gain", 1.0)];
    assert!(peak(&play(&loud, &chord).samples) > 1.0, "the test must be loud");
    let limited = play(&[loud[0], ("soft_limit", 1.0)], &chord).samples;
    assert!(peak(&limited) <= 1.0);
    let soft = [(0, note_on(0, 57))];
    let untouched = play(&[("soft_limit", 1.0)], &soft).samples;
    assert_eq!(first_difference(&untouched, &play(&[], &soft).samples), None, "what is soft is not touched");
}

#[test]
fn channel_ten_is_a_channel_like_any_other() {
    let drums = play(&[], &[(0, note_on(9, 57))]).samples;
    assert_eq!(first_difference(&drums, &play(&[], &[(0, note_on(0, 57))]).samples), None);
}

#[test]
fn all_notes_off_obeys_the_pedal_and_all_sound_off_does_not() {
    let pedal = [(0, control(0, 64, 127)), (0, note_on(0, 57))];
    let after = |number| play(&[], &[&pedal[..], &[(4000, control(0, number, 0))]].concat()).samples;
    let plain = play(&[], &pedal).samples;
    assert_eq!(first_difference(&after(123), &plain), None);
    assert_eq!(peak(&after(120)[5000..]), 0.0);
}
