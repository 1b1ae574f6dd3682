//! What notes sound like: in tune at every rate, at every key, as loud as the velocity says, and moved by z.

use ukulelatent::dsp::pitch::PitchRange;
use ukulelatent::dsp::yin::yin_f0;
use ukulelatent::engine::Controls;
use ukulelatent::instance::Setup;
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::model::decoder::Decoder;

use crate::support::{
    Event, all, built_in, first_difference, key, note, on, peak, play, rate, render, setup, start,
};

/// Twice the mean squared difference of the normalised mel between two takes of one note, equally loud, on one
/// instrument: .0038 over the full band, too.
const AUDIBLE: f64 = 0.0076;

/// The fundamental of half a second of a note, after its attack.
fn f0_at(rate_hz: f32, key_number: u8) -> f32 {
    let setup = Setup { rate: rate(rate_hz), ..setup() };
    let from = setup.rate.samples_in_ms(60.0);
    let len = from + setup.rate.samples_in_ms(400.0);
    let samples = render(setup, &[(0, on(1, key_number))], &[512], len).samples;
    let expected = key(key_number).hz();
    let range = PitchRange { min_hz: expected / 2.5, max_hz: expected * 2.5 };
    yin_f0(&samples[from..], setup.rate, range).expect("a note has a pitch")
}

#[test]
fn every_host_rate_keeps_the_pitch() {
    let reference = f0_at(48_000.0, 60);
    let cents = key(60).cents_to(reference);
    assert!(cents.abs() < 30.0, "{cents} cents off");
    for rate_hz in [22_050.0, 32_000.0, 44_100.0, 88_200.0, 96_000.0, 176_400.0, 192_000.0] {
        let moved = 1200.0 * (f0_at(rate_hz, 60) / reference).log2();
        // Two estimates of one sound that starts up to half a sample apart.
        assert!(moved.abs() < 3.0, "{moved} cents at {rate_hz} Hz");
    }
}

#[test]
fn notes_are_in_tune_over_the_range_that_was_learnt() {
    for key_number in [45, 57, 69, 81] {
        let played = built_in().card.notes.nearest(key(key_number));
        let cents = played.cents_to(f0_at(48_000.0, played.number()));
        assert!(cents.abs() < 30.0, "key {key_number}: {cents} cents");
    }
}

#[test]
fn a_key_beyond_the_models_range_is_the_nearest_one_transposed() {
    let highest = built_in().card.notes.highest;
    let (own, transposed) = (f0_at(48_000.0, highest.number()), f0_at(48_000.0, highest.number() + 7));
    let moved = 1200.0 * (transposed / own).log2();
    assert!((moved - 700.0).abs() < 5.0, "{moved} cents");
}

#[test]
fn every_key_sounds() {
    let mut instance = start(setup());
    for key_number in 0..=127 {
        instance.engine.reset();
        let heard = play(&mut instance.engine, &[(0, on(1, key_number))], &[480], 960).samples;
        assert!(heard.iter().all(|x| x.is_finite()), "key {key_number}");
        assert!(peak(&heard) > 1e-4, "key {key_number}: peak {}", peak(&heard));
    }
}

#[test]
fn velocity_counts_by_its_square_as_far_as_the_sensitivity_goes() {
    const LEN: usize = 1000;
    let mut instance = start(setup());
    let mut strike = |sensitivity, velocity| {
        instance.engine.reset();
        let controls = Controls { velocity: sensitivity, ..setup().controls };
        let score = [(0, Event::Set(controls)), (0, Event::On(note(1, 60), velocity))];
        play(&mut instance.engine, &score, &[500], LEN).samples
    };
    let full = strike(1.0, 1.0);
    // A quarter is a power of two: not a bit is rounded.
    let quarter: Vec<f32> = full.iter().map(|x| 0.25 * x).collect();
    assert_eq!(first_difference(&strike(1.0, 0.5), &quarter), None);
    assert_eq!(peak(&strike(1.0, 0.0)), 0.0);
    assert_eq!(first_difference(&strike(0.0, 0.1), &full), None);
    let soft = peak(&strike(0.7, 0.5)) / peak(&full);
    let expected = 1.0 - 0.7 + 0.7 * 0.25;
    // A few roundings of numbers around one.
    assert!((soft - expected).abs() < 8.0 * f32::EPSILON, "{soft}, not {expected}");
}

#[test]
fn gain_and_attack_shape_the_level() {
    let note = |controls| {
        let setup = Setup { controls, ..setup() };
        render(setup, &[(0, on(1, 60)), (2000, Event::Choke(all()))], &[512], 2500).samples
    };
    let plain = setup().controls;
    let full = note(plain);
    let halved: Vec<f32> = full.iter().map(|x| 0.5 * x).collect();
    assert_eq!(first_difference(&note(Controls { gain: 0.5, ..plain }), &halved), None);
    let slow = note(Controls { attack_ms: 20.0, ..plain });
    for (n, (slow, full)) in slow.iter().zip(&full).enumerate().take(960) {
        let rise = (n as f32 + 1.0) / 960.0;
        // The rise is a running sum: its rounding grows with its length.
        assert!((slow - rise * full).abs() <= 960.0 * f32::EPSILON * full.abs(), "sample {n}");
    }
    assert_eq!(first_difference(&slow[960..], &full[960..]), None);
}

#[test]
fn each_latent_coordinate_changes_the_spectrogram_over_its_range() {
    let model = built_in();
    let mut decoder = Decoder::new(&model).expect("the built-in model runs");
    let (frames, bands) = (model.card.frames, model.card.mel.bands);
    let mut decode = |latent: [f32; LATENT_DIM], key_number: u8| {
        let mut mel = vec![0.0; frames * bands];
        let range = decoder.granted(0..frames);
        let played = model.card.notes.nearest(key(key_number));
        decoder.decode(&latent, played, range, &mut mel).expect("decodes");
        mel
    };
    let keys = [45, 57, 69, 81];
    for axis in 0..LATENT_DIM {
        let mut difference = 0.0;
        for key_number in keys {
            let [low, high] = model.card.axes[axis].range.map(|z| {
                let mut latent = [0.0; LATENT_DIM];
                latent[axis] = z;
                decode(latent, key_number)
            });
            let squared: f64 = low.iter().zip(&high).map(|(a, b)| f64::from(a - b).powi(2)).sum();
            difference += squared / low.len() as f64 / keys.len() as f64;
        }
        assert!(difference >= AUDIBLE, "z{}: {difference}", axis + 1);
    }
}

#[test]
fn between_two_timbres_the_models_own_is_nearer_in_level_to_a_blend_of_levels() {
    /// Mel magnitudes below this are not heard.
    const FLOOR: f32 = 1e-4;
    let model = built_in();
    let mut decoder = Decoder::new(&model).expect("the built-in model runs");
    let map = model.card.amplitude;
    let mut decode = |latent: [f32; LATENT_DIM], key_number: u8| {
        let mut mel = vec![0.0; model.card.frames * model.card.mel.bands];
        let range = decoder.granted(0..model.card.frames);
        decoder.decode(&latent, key(key_number), range, &mut mel).expect("decodes");
        mel
    };
    let level_db = |magnitude: f32| 20.0 * magnitude.max(FLOOR).log10();
    let (mut of_levels, mut of_amplitudes) = (0.0, 0.0);
    for axis in 0..LATENT_DIM {
        for key_number in [45, 57, 69] {
            let [low, middle, high] = [-0.1, 0.0, 0.1].map(|z| {
                let mut latent = [0.0; LATENT_DIM];
                latent[axis] = z;
                decode(latent, key_number)
            });
            for ((&a, &own), &b) in low.iter().zip(&middle).zip(&high) {
                let own_db = level_db(map.to_magnitude(own));
                let levels = level_db(map.to_magnitude(0.5 * (a + b)));
                let amplitudes = level_db(0.5 * (map.to_magnitude(a) + map.to_magnitude(b)));
                of_levels += f64::from(levels - own_db).powi(2);
                of_amplitudes += f64::from(amplitudes - own_db).powi(2);
            }
        }
    }
    assert!(of_levels < of_amplitudes, "{of_levels} against {of_amplitudes}");
}
