//! How loud a model is, so that all models play alike: measured once when it opens, at the centre of its latent space.

use super::card::{LATENT_DIM, ModelCard};
use super::decoder::{DecodeError, Decoder};
use crate::dsp::inversion::MelInverter;
use crate::dsp::mel::MelFilterBank;
use crate::units::{MidiNote, db_to_gain};

/// Keys that are listened to, evenly over the model's range.
const KEYS: u16 = 5;
/// How much of a note is listened to, from its onset.
const LISTENED_S: f32 = 0.4;
/// Every other frame tells enough.
const EVERY: usize = 2;
/// Loudness of the first built-in model, whose notes leave room for a chord: what all models are brought to. In LUFS of
/// one channel (ITU-R BS.1770-5).
const REFERENCE_DB: f32 = -16.3;
/// Steps of the correction, in decibels: coarser than what backends and machines differ by.
const STEP_DB: f32 = 0.1;
/// No model is corrected by more than this.
const LARGEST_DB: f32 = 24.0;

/// The gain that brings a model to the common loudness.
///
/// # Errors
/// [`DecodeError`] if it cannot be decoded.
pub fn common_gain(decoder: &mut Decoder, card: &ModelCard) -> Result<f32, DecodeError> {
    let correction = REFERENCE_DB - loudness_db(decoder, card)?;
    let steps = (correction / STEP_DB).round();
    let correction = (steps * STEP_DB).clamp(-LARGEST_DB, LARGEST_DB);
    Ok(if correction.is_finite() { db_to_gain(correction) } else { 1.0 })
}

/// Loudness of full strokes at the centre of the latent space: the mean power of `LISTENED_S` over the keys, K-weighted.
///
/// # Errors
/// [`DecodeError`] if the model cannot be decoded.
pub fn loudness_db(decoder: &mut Decoder, card: &ModelCard) -> Result<f32, DecodeError> {
    let bank = MelFilterBank::new(card.mel, card.geometry, card.sample_rate_hz);
    let mut inverter = MelInverter::new(&bank, MelInverter::ITERATIONS);
    let bins = card.geometry.bins();
    let weights: Vec<f32> = (0..bins)
        .map(|bin| k_weight(bin as f32 * card.sample_rate_hz.hz() / card.geometry.fft_size as f32))
        .collect();
    let onset = card.onset_sample / card.geometry.hop;
    let listened = (LISTENED_S * card.sample_rate_hz.hz() / card.geometry.hop as f32) as usize;
    let range = decoder.granted(onset..(onset + listened).min(card.frames));
    let bands = card.mel.bands;
    let mut mel = vec![0.0; range.len() * bands];
    let mut magnitude = vec![0.0; bins];
    let (mut power, mut frames) = (0.0_f64, 0_u32);
    for key in keys(card) {
        decoder.decode(&[0.0; LATENT_DIM], key, range.clone(), &mut mel)?;
        mel.iter_mut().for_each(|x| *x = card.amplitude.to_magnitude(*x));
        for frame in mel.chunks_exact(bands).skip(onset.saturating_sub(range.start)).step_by(EVERY) {
            inverter.invert(frame, &mut magnitude);
            let weighted = magnitude.iter().zip(&weights).map(|(m, w)| f64::from(m * m * w));
            power += weighted.sum::<f64>();
            frames += 1;
        }
    }
    // Parseval for half a spectrum seen through a Hann window, whose mean square is 3/8.
    let size = card.geometry.fft_size as f64;
    let mean_square = 2.0 * power / (f64::from(frames.max(1)) * size * size * 0.375);
    Ok((10.0 * mean_square.max(1e-20).log10() - 0.691) as f32)
}

fn keys(card: &ModelCard) -> impl Iterator<Item = MidiNote> {
    let [low, high] = [card.notes.lowest, card.notes.highest].map(|note| u16::from(note.number()));
    (0..KEYS).filter_map(move |n| MidiNote::new((low + (high - low) * (2 * n + 1) / (2 * KEYS)) as u8).ok())
}

/// Power response of BS.1770's two filters, from the analogue prototypes of its coefficients (De Man, 2014): a shelf of
/// 4 dB above 1.7 kHz, and a high-pass at 38 Hz.
fn k_weight(hz: f32) -> f32 {
    let response = |frequency: f32, q: f32, [high, band, low]: [f32; 3]| {
        let x = hz / frequency;
        // s^2 to -x^2, s to i x.
        let squared = |high: f32, band: f32, low: f32| (low - high * x * x).powi(2) + (band * x).powi(2);
        squared(high, band, low) / squared(1.0, 1.0 / q, 1.0)
    };
    let shelf_gain = db_to_gain(3.999_843_8);
    let band_gain = shelf_gain.powf(0.499_666_77);
    let shelf_q = 0.707_175_24;
    let shelf = response(1_681.974_5, shelf_q, [shelf_gain, band_gain / shelf_q, 1.0]);
    shelf * response(38.135_47, 0.500_327_05, [1.0, 0.0, 0.0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ModelFile;
    use crate::units::gain_to_db;

    #[test]
    fn the_weighting_is_that_of_the_standard() {
        let db = |hz| 10.0 * k_weight(hz).log10();
        // A tone of 997 Hz at full scale is -3.01 LUFS: 0.691 dB of weight, which the offset takes away.
        assert!((db(997.0) - 0.691).abs() < 0.05, "{}", db(997.0));
        assert!((db(10_000.0) - 4.0).abs() < 0.15, "{}", db(10_000.0));
        assert!(db(30.0) < -8.0, "{}", db(30.0));
    }

    #[test]
    fn a_model_is_brought_to_the_common_loudness_and_a_softer_one_to_the_same() {
        let model = ModelFile::built_in().unwrap();
        let mut decoder = Decoder::new(&model).unwrap();
        let loudness = loudness_db(&mut decoder, &model.card).unwrap();
        let gain = common_gain(&mut decoder, &model.card).unwrap();
        let reached = loudness + gain_to_db(gain);
        assert!((reached - REFERENCE_DB).abs() <= STEP_DB, "{loudness} becomes {reached}");
        // The same graph with a card that makes of it half the magnitudes.
        let mut softer = model.card.clone();
        softer.amplitude.full_scale *= 0.5;
        softer.amplitude.gain *= 2.0;
        let twice = common_gain(&mut decoder, &softer).unwrap();
        assert!((twice / gain - 2.0).abs() < 0.03, "{twice} where {gain} was");
    }
}
