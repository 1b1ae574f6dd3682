//! Every key in tune, wherever it is tuned to.

use crate::support::{Event, key, on, play, rate, setup, start};
use ukulelatent::dsp::pitch::PitchRange;
use ukulelatent::dsp::yin::yin_f0;
use ukulelatent::engine::Tuning;
use ukulelatent::instance::{Instance, Setup};
use ukulelatent::model::card::NoteRange;
use ukulelatent::units::SampleRate;

/// How far off a note may be.
const IN_TUNE_CENTS: f32 = 10.0;

/// How far a key sounds from where it should, in cents; `None` if it has no pitch.
///
/// Measured is what follows the transient. A key outside the model's range is its lowest or highest note, played so much
/// slower or faster, and its transient with it. The estimator needs three of the longest periods that it looks for, and
/// 46 ms.
fn cents_off(instance: &mut Instance, rate: SampleRate, tuning: &Tuning, number: u8) -> Option<f32> {
    let played = trained().nearest(key(number));
    let slower = played.hz() / key(number).hz();
    let from = rate.samples_in_ms(50.0 * slower);
    let len = rate.samples_in_ms((200.0 * slower).max(100.0));
    let engine = &mut instance.engine;
    engine.reset();
    let score: [(usize, Event); 1] = [(0, on(1, number))];
    let samples = play(engine, &score, &[512], from + len).samples;
    let hz = key(number).hz() * (tuning[usize::from(number)] / 1200.0).exp2();
    let range = PitchRange { min_hz: hz / 1.9, max_hz: hz * 1.9 };
    yin_f0(&samples[from..], rate, range).map(|f0_hz| 1200.0 * (f0_hz / hz).log2())
}

fn assert_in_tune(rate: SampleRate, tuning: Tuning, numbers: impl Iterator<Item = u8>) {
    let mut instance = start(Setup { rate, ..setup() });
    instance.engine.set_tuning(tuning);
    let off: Vec<(u8, Option<f32>)> =
        numbers.map(|number| (number, cents_off(&mut instance, rate, &tuning, number))).collect();
    let worst = off.iter().filter_map(|(_, cents)| *cents).map(f32::abs).fold(0.0, f32::max);
    println!("{} keys, the worst {worst:.1} cents off: {off:.1?}", off.len());
    let astray: Vec<_> =
        off.iter().filter(|(_, cents)| cents.is_none_or(|cents| cents.abs() > IN_TUNE_CENTS)).collect();
    assert!(astray.is_empty(), "out of tune: {astray:?}");
}

/// The notes that the built-in model was trained on.
fn trained() -> NoteRange {
    crate::support::built_in().card.notes
}

/// The highest key whose period is long enough, in samples at 48 kHz, for the estimator.
const HIGHEST_AT_48_KHZ: u8 = 108;

#[test]
fn keys_below_the_models_range_are_in_tune() {
    assert_in_tune(rate(48_000.0), [0.0; 128], 0..trained().lowest.number());
}

#[test]
fn keys_of_the_models_range_are_in_tune() {
    assert_in_tune(rate(48_000.0), [0.0; 128], trained().lowest.number()..=trained().highest.number());
}

#[test]
fn keys_above_the_models_range_are_in_tune() {
    assert_in_tune(rate(48_000.0), [0.0; 128], trained().highest.number() + 1..=HIGHEST_AT_48_KHZ);
    assert_in_tune(rate(192_000.0), [0.0; 128], HIGHEST_AT_48_KHZ + 1..=127);
}

#[test]
fn all_keys_sound() {
    let mut instance = start(setup());
    for number in 0..=127 {
        let score = [(0, on(i32::from(number), number))];
        let samples = play(&mut instance.engine, &score, &[512], 4_800).samples;
        assert!(crate::support::peak(&samples) > 1e-3, "key {number} is silent");
        instance.engine.reset();
    }
}

#[test]
fn tuned_keys_are_where_they_are_tuned_to() {
    // A quarter tone up, and stretched by 3 cents a key: every offset from -150 to 240 cents.
    let tuning: Tuning = std::array::from_fn(|key| 50.0 + 3.0 * (key as f32 - 60.0));
    assert_in_tune(rate(48_000.0), tuning, (24..=96).step_by(9));
}

#[test]
fn a_key_that_is_tuned_to_nothing_is_silent() {
    let mut tuning: Tuning = [0.0; 128];
    tuning[60] = f32::NAN;
    let mut instance = start(setup());
    instance.engine.set_tuning(tuning);
    let played = play(&mut instance.engine, &[(0, on(7, 60))], &[512], 4_800);
    assert_eq!(crate::support::peak(&played.samples), 0.0);
    assert_eq!(played.ended_numbers(), [7], "its host is told that it is over");
}
