//! What happens under a held key: timbre that moves, notes that are stretched, notes that stay.

use ukulelatent::dsp::metrics::{spectral_convergence_db, spectrogram};
use ukulelatent::dsp::pitch::PitchRange;
use ukulelatent::dsp::stft::Stft;
use ukulelatent::dsp::yin::yin_f0;
use ukulelatent::engine::Controls;
use ukulelatent::instance::Setup;
use ukulelatent::link::{Sustain, TimeShape};
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::units::SampleRate;

use crate::support::{CLICK, Event, all, built_in, click_ratio, key, model_s, on, play, render, setup, start};

/// A host moves a parameter this often, in samples.
const STEP: usize = 64;
const KEY: u8 = 57;
/// No one hears a level move by less: half of the least difference that listeners notice in a laboratory.
const INAUDIBLE_DB: f32 = 0.25;

/// Held at one frame, for as long as the key is down.
fn frozen() -> TimeShape {
    TimeShape { sustain: Sustain::Freeze, ..TimeShape::default() }
}

fn wandering() -> TimeShape {
    TimeShape { sustain: Sustain::Wander, ..TimeShape::default() }
}

/// The model's own: notes pass through, and frames can be compared.
fn model_rate() -> SampleRate {
    built_in().card.sample_rate_hz
}

/// At the model's rate, with these parameters.
fn at_model_rate(controls: Controls) -> Setup {
    Setup { rate: model_rate(), controls, ..setup() }
}

fn seconds(s: f32) -> usize {
    model_rate().samples_in_ms(1000.0 * s)
}

/// A straight way of one coordinate from one value to another, as a host would send it.
fn ramp(controls: Controls, axis: usize, [from, to]: [f32; 2], begin: usize, len: usize) -> Vec<(usize, Event)> {
    (0..=len / STEP)
        .map(|n| {
            let mut latent = controls.latent;
            latent[axis] = from + (to - from) * (n * STEP) as f32 / (len / STEP * STEP) as f32;
            (begin + n * STEP, Event::Set(Controls { latent, ..controls }))
        })
        .collect()
}

fn fundamental(samples: &[f32], key_number: u8) -> f32 {
    let expected = key(key_number).hz();
    let range = PitchRange { min_hz: expected / 1.5, max_hz: expected * 1.5 };
    yin_f0(samples, model_rate(), range).expect("a note has a pitch")
}

#[test]
fn a_ramp_of_the_timbre_does_not_click_and_ends_at_its_end() {
    let mut instance = start(at_model_rate(setup().controls));
    let engine = &mut instance.engine;
    let mut stft = Stft::new(built_in().card.geometry);
    let before = seconds(0.5);
    for axis in 0..LATENT_DIM {
        for length_s in [0.1, 1.0, 10.0] {
            let controls = Controls { morph_ms: 50.0, time: frozen(), ..setup().controls };
            let [mut from, mut to] = [controls; 2];
            (from.latent[axis], to.latent[axis]) = (-1.5, 1.5);
            let len = seconds(length_s);
            let total = before + len + seconds(1.0);
            let mut perform = |first: Controls, score: &[(usize, Event)]| {
                engine.reset();
                engine.set_controls(first);
                let mut whole = vec![(0, on(1, KEY))];
                whole.extend_from_slice(score);
                play(engine, &whole, &[480], total).samples
            };
            let moved = perform(from, &ramp(controls, axis, [-1.5, 1.5], before, len));
            let rested = perform(to, &[]);
            let what = format!("z{} over {length_s} s", axis + 1);
            let worst = (before / 40..(total - seconds(0.1)) / 40)
                .map(|n| click_ratio(&moved, n * 40, model_rate()))
                .fold(0.0, f32::max);
            let geometry = built_in().card.geometry;
            let last = total - geometry.samples(16);
            let target = spectrogram(&mut stft, &rested[last..]);
            let convergence = spectral_convergence_db(&mut stft, &moved[last..], &target);
            assert!(worst <= CLICK, "{what}: clicks {worst}");
            assert!(convergence <= -20.0, "{what}: {convergence} dB");
        }
    }
}

#[test]
fn a_stretched_note_keeps_its_pitch() {
    for key_number in [45, 57, 69, 81] {
        let note = |stretch, len_s| {
            let time = TimeShape { stretch, ..TimeShape::default() };
            let setup = at_model_rate(Controls { time, ..setup().controls });
            render(setup, &[(0, on(1, key_number))], &[512], seconds(len_s)).samples
        };
        let own = fundamental(&note(1.0, 0.9)[seconds(0.1)..], key_number);
        for stretch in [0.25, 0.5, 2.0, 8.0] {
            let from = seconds(0.1 * stretch);
            let stretched = note(stretch, 0.9 * stretch);
            let cents = 1200.0 * (fundamental(&stretched[from..], key_number) / own).log2();
            assert!(cents.abs() < 5.0, "key {key_number} x{stretch}: {cents} cents");
        }
    }
}

#[test]
fn a_stretched_note_lasts_as_long_as_it_says() {
    let ends = |stretch| {
        let time = TimeShape { stretch, ..TimeShape::default() };
        let setup = at_model_rate(Controls { time, ..setup().controls });
        let played = render(setup, &[(0, on(1, KEY))], &[512], seconds(model_s() * stretch + 0.3));
        played.ended.first().expect("it ends").0
    };
    let own = ends(1.0) as f32;
    assert!((ends(2.0) as f32 / own - 2.0).abs() < 0.1);
    assert!((ends(0.5) as f32 / own - 0.5).abs() < 0.05);
}

/// Root mean square of each stretch of `len` samples, in decibels.
fn levels_db(samples: &[f32], len: usize) -> Vec<f32> {
    let level = |part: &[f32]| part.iter().map(|x| x * x).sum::<f32>() / part.len() as f32;
    samples.chunks_exact(len).map(|part| 10.0 * level(part).log10()).collect()
}

/// The highest of the autocorrelation of a signal without its mean, at these lags and after its first fall below
/// zero: what is near in time is alike in any slow movement, and no loop.
fn loop_peak(signal: &[f32], lags: std::ops::Range<usize>) -> f32 {
    let mean = signal.iter().sum::<f32>() / signal.len() as f32;
    let centred: Vec<f32> = signal.iter().map(|x| x - mean).collect();
    let product = |lag: usize| {
        let pairs = centred.iter().zip(&centred[lag..]);
        pairs.map(|(a, b)| a * b).sum::<f32>() / (centred.len() - lag) as f32
    };
    let power = product(0);
    let products = lags.map(|lag| product(lag) / power);
    products.skip_while(|&product| product > 0.0).fold(0.0, f32::max)
}

/// The difference between the highest and the lowest.
fn spread(values: &[f32]) -> f32 {
    let (low, high) = values.iter().fold((f32::MAX, f32::MIN), |(l, h), &x| (l.min(x), h.max(x)));
    high - low
}

/// How bright each stretch of `len` samples is: the level of its second differences over its own, in decibels.
fn brightness_db(samples: &[f32], len: usize) -> Vec<f32> {
    let bends: Vec<f32> = samples.windows(3).map(|w| w[0] - 2.0 * w[1] + w[2]).collect();
    let levels = levels_db(samples, len);
    levels_db(&bends, len).iter().zip(levels).map(|(bright, level)| bright - level).collect()
}

#[test]
fn a_held_note_keeps_level_and_pitch_for_a_minute_and_does_not_loop() {
    for (name, time) in [("frozen", frozen()), ("wandering", wandering())] {
        for key_number in [45, 57, 76] {
            let setup = at_model_rate(Controls { time, ..setup().controls });
            let held = render(setup, &[(0, on(1, key_number))], &[4096], seconds(62.0)).samples;
            let held = &held[seconds(1.0)..];
            let level = spread(&levels_db(held, seconds(0.25)));
            let own = fundamental(&held[..seconds(1.0)], key_number);
            let drift = (0..60)
                .map(|s| fundamental(&held[seconds(s as f32)..][..seconds(1.0)], key_number))
                .map(|f0| (1200.0 * (f0 / own).log2()).abs())
                .fold(0.0, f32::max);
            let what = format!("{name} {key_number}");
            assert!(level <= 1.0, "{what}: {level} dB");
            assert!(drift <= 5.0, "{what}: {drift} cents");
            // What repeats must first be heard to move.
            for movement in [levels_db(held, seconds(0.1)), brightness_db(held, seconds(0.1))] {
                let (heard, peak) = (spread(&movement) > INAUDIBLE_DB, loop_peak(&movement, 1..300));
                assert!(!heard || peak <= 0.5, "{what}: autocorrelation {peak} over {} dB", spread(&movement));
            }
        }
    }
}

#[test]
fn a_note_let_go_goes_on_to_its_end() {
    let controls = Controls { time: frozen(), release_ms: 5000.0, ..setup().controls };
    let mut instance = start(at_model_rate(controls));
    let held = play(&mut instance.engine, &[(0, on(1, KEY))], &[512], seconds(5.0));
    assert!(held.ended.is_empty(), "it ends while its key is down");
    let rest = play(&mut instance.engine, &[(0, Event::Off(all()))], &[512], seconds(model_s() + 1.5));
    assert_eq!(rest.ended_numbers(), [1]);
    assert!(rest.ended[0].0 < seconds(model_s() + 0.4), "it stays after its key is up");
}
