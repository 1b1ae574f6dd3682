//! What is done to the encoder's input in training: parts go missing and noise comes in, while the decoder must still
//! make the whole note. The encoder cannot rely on any one trait of the few hundred recordings that it knows.

use candle_core::{Device, Result, Tensor};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use crate::config::InputConfig;

const SILENCE: f32 = -1.0;

/// A copy of `mel`, `[B, frames, bands]` in [-1, 1], as `config` says.
///
/// # Errors
/// None in practice; candle's.
pub fn spoiled(mel: &Tensor, config: &InputConfig, rng: &mut ChaCha8Rng) -> Result<Tensor> {
    if *config == InputConfig::UNTOUCHED {
        return Ok(mel.clone());
    }
    let (_, frames, bands) = mel.dims3()?;
    let mut values = mel.flatten_all()?.to_vec1::<f32>()?;
    for note in values.chunks_exact_mut(frames * bands) {
        if config.noise > 0.0 {
            // One draw a band: noise that differs from frame to frame would average out in the encoder.
            let noise: Vec<f32> =
                (0..bands).map(|_| config.noise * rng.sample::<f32, _>(StandardNormal)).collect();
            for row in note.chunks_exact_mut(bands) {
                for (value, noise) in row.iter_mut().zip(&noise) {
                    // Loud values move most; silence stays silence.
                    *value += noise * (*value - SILENCE);
                }
            }
        }
        let (first, count) = run(bands, config.masked_bands, rng);
        for row in note.chunks_exact_mut(bands) {
            row[first..first + count].fill(SILENCE);
        }
        let (first, count) = run(frames, config.masked_frames, rng);
        note[first * bands..(first + count) * bands].fill(SILENCE);
    }
    Tensor::from_vec(values, mel.shape(), &Device::Cpu)
}

/// A run of at most `longest` of `all` places: where it begins and how long it is.
fn run(all: usize, longest: usize, rng: &mut ChaCha8Rng) -> (usize, usize) {
    let count = rng.random_range(0..=longest.min(all));
    (rng.random_range(0..=all - count), count)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn spoil(config: &InputConfig) -> Vec<f32> {
        let mel = Tensor::full(0.5f32, (2, 8, 10), &Device::Cpu).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        spoiled(&mel, config, &mut rng).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn nothing_asked_nothing_done() {
        assert!(spoil(&InputConfig::UNTOUCHED).iter().all(|&v| v == 0.5));
    }

    #[test]
    fn masks_silence_whole_bands_and_frames() {
        let bands = spoil(&InputConfig { masked_bands: 4, ..InputConfig::UNTOUCHED });
        let silent = |values: &[f32], at: &dyn Fn(usize) -> usize| values[at(0)] == SILENCE;
        let mut found = 0;
        for note in bands.chunks_exact(80) {
            for band in 0..10 {
                let first = silent(note, &|_| band);
                assert!((0..8).all(|frame| (note[frame * 10 + band] == SILENCE) == first));
                found += usize::from(first);
            }
        }
        assert!((1..=8).contains(&found), "{found}");
        let frames = spoil(&InputConfig { masked_frames: 8, ..InputConfig::UNTOUCHED });
        assert!(frames.chunks_exact(10).all(|row| row.iter().all(|v| *v == row[0])));
        assert!(frames.contains(&SILENCE) && frames.contains(&0.5));
    }

    #[test]
    fn noise_moves_what_sounds_and_not_silence() {
        let noisy = spoil(&InputConfig { noise: 0.1, ..InputConfig::UNTOUCHED });
        let deviation = (noisy.iter().map(|v| (v - 0.5).powi(2)).sum::<f32>() / noisy.len() as f32).sqrt();
        assert!((0.07..0.3).contains(&deviation), "{deviation}");
        let silence = Tensor::full(SILENCE, (1, 3, 4), &Device::Cpu).unwrap();
        let config = InputConfig { noise: 0.1, ..InputConfig::UNTOUCHED };
        let same = spoiled(&silence, &config, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        assert!(same.flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().all(|&v| v == SILENCE));
    }
}
