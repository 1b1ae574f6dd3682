//! How loud the onset's hiss and click are, frame by frame and in narrow groups of bands: the squared error weighs a few
//! broadband frames out of a hundred and twenty little, and its best guess of a random spectrum is a smooth, too quiet one.
//!
//! Groups are narrow so that a level is made by all of their bands. Energy grows with the exponential of what the decoder makes: `N` bands
//! that lack 3 dB are cheapest made up for, in squared error, by raising one of them by `ln(N + 1)` where `N` is large, which whistles, and
//! by raising all by `ln 2` up to some `N = 20`. Where only a point is sought, the decoder's bands stay as they are and cannot whistle: there
//! one level of all of them says what is heard.

use candle_core::{Device, Result, Tensor};
use ukulelatent::dsp::mel::AmplitudeMap;

use crate::band_energy::{band_weights, centres_hz, level, levels};
use crate::features::FrontEnd;
use crate::front_end::magnitudes;

/// What a string's low partials do not drown.
const LOWEST_HZ: f32 = 2000.0;
/// Bands of a narrow group.
const NARROW: usize = 10;

/// The levels of a note's onset above 2 kHz, and how to compare two notes'.
pub struct OnsetLevel {
    frames: usize,
    first_band: usize,
    bands: usize,
    /// Bands of a group.
    group: usize,
    /// What each band's squared magnitude adds to its group's energy, from `first_band` on.
    weights: Vec<f32>,
    /// `[bands from first_band on, groups]`: the same.
    grouping: Tensor,
    amplitude: AmplitudeMap,
}

impl OnsetLevel {
    /// Levels of narrow groups of bands, for one front end and onsets of this length; `None` if the front end ends below 2 kHz.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn in_groups(front_end: &FrontEnd, onset_ms: f32) -> Result<Option<Self>> {
        Self::new(front_end, onset_ms, NARROW)
    }

    /// One level a frame, of all that lies above 2 kHz; `None` as above.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn whole(front_end: &FrontEnd, onset_ms: f32) -> Result<Option<Self>> {
        Self::new(front_end, onset_ms, front_end.mel.bands)
    }

    fn new(front_end: &FrontEnd, onset_ms: f32, group: usize) -> Result<Option<Self>> {
        let centres = centres_hz(front_end.mel);
        let Some(first_band) = centres.iter().position(|hz| *hz >= LOWEST_HZ) else { return Ok(None) };
        let weights = band_weights(front_end.mel).split_off(first_band);
        let groups = weights.len().div_ceil(group);
        let of_group =
            |(k, &weight): (usize, &f32)| (0..groups).map(move |g| if k / group == g { weight } else { 0.0 });
        let grouping = weights.iter().enumerate().flat_map(of_group).collect();
        let grouping = Tensor::from_vec(grouping, (weights.len(), groups), &Device::Cpu)?;
        Ok(Some(Self {
            frames: front_end.onset_frames(onset_ms),
            first_band,
            bands: front_end.mel.bands,
            group,
            weights,
            grouping,
            amplitude: front_end.amplitude,
        }))
    }

    /// `[B * frames, groups]`: levels of the onset's frames of `mel`, `[B, frames, bands]` in [-1, 1], in units of 20 dB.
    fn of(&self, mel: &Tensor) -> Result<Tensor> {
        let (notes, _, bands) = mel.dims3()?;
        let part = mel.narrow(1, 0, self.frames)?.narrow(2, self.first_band, bands - self.first_band)?;
        let part = part.contiguous()?.reshape((notes * self.frames, bands - self.first_band))?;
        let energy = magnitudes(self.amplitude, &part)?.sqr()?.matmul(&self.grouping)?;
        levels(&energy)
    }

    /// Levels of the onset's frames of one spectrogram, frames x bands in [-1, 1], in units of 20 dB: frames x groups.
    #[must_use]
    pub fn levels(&self, mel: &[f32]) -> Vec<f32> {
        let magnitude = |y: f32| f64::from(self.amplitude.to_magnitude(y));
        let energy = |(bands, weights): (&[f32], &[f32])| -> f64 {
            bands.iter().zip(weights).map(|(&y, &weight)| f64::from(weight) * magnitude(y).powi(2)).sum()
        };
        let rows = mel.chunks_exact(self.bands).take(self.frames);
        let energies = rows.flat_map(|row| {
            row[self.first_band..].chunks(self.group).zip(self.weights.chunks(self.group)).map(energy)
        });
        energies.map(|energy| level(energy) as f32).collect()
    }

    /// Mean squared difference of the levels of `made` and of `wanted`, a constant; a scalar. What is too quiet counts twice: the best guess
    /// of a level that cannot be known, in decibels, is some 2 dB below that of its energy.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn error(&self, made: &Tensor, wanted: &Tensor) -> Result<Tensor> {
        let over = (self.of(made)? - self.of(wanted)?.detach())?;
        (over.sqr()? + over.neg()?.relu()?.sqr()?)?.mean_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[1, frames, bands]`: silence, and `value` in the given frames and bands.
    fn mel(frames: std::ops::Range<usize>, bands: std::ops::Range<usize>, value: f32) -> Tensor {
        let f = FrontEnd::default();
        let at = |t: usize, k: usize| if frames.contains(&t) && bands.contains(&k) { value } else { -1.0 };
        let values = (0..f.frames).flat_map(|t| (0..f.mel.bands).map(move |k| (t, k))).map(|(t, k)| at(t, k));
        Tensor::from_vec(values.collect(), (1, f.frames, f.mel.bands), &Device::Cpu).unwrap()
    }

    fn error(a: &Tensor, b: &Tensor) -> f32 {
        let level = OnsetLevel::in_groups(&FrontEnd::default(), 100.0).unwrap().unwrap();
        level.error(a, b).unwrap().to_scalar().unwrap()
    }

    #[test]
    fn an_error_is_the_squared_decibels_of_the_energies() {
        let map = FrontEnd::default().amplitude;
        let (loud, soft) = (map.to_normalised(1.0), map.to_normalised(0.5));
        let got = error(&mel(0..20, 200..500, loud), &mel(0..20, 200..500, soft));
        let want = (20.0 * 2.0f32.log10() / 20.0).powi(2);
        assert!((got - want).abs() < 0.01 * want, "{got}, wanted {want}");
        let quiet = error(&mel(0..20, 200..500, soft), &mel(0..20, 200..500, loud));
        assert!((quiet - 2.0 * want).abs() < 0.02 * want, "{quiet}, wanted {}", 2.0 * want);
    }

    #[test]
    fn only_the_onset_above_2_khz_counts() {
        let silence = mel(0..0, 0..0, 0.0);
        assert!(error(&mel(0..2, 400..450, 0.5), &silence) > 0.2);
        assert!(error(&mel(0..2, 0..200, 0.5), &silence) < 1e-9, "low bands");
        assert!(error(&mel(20..40, 400..450, 0.5), &silence) < 1e-9, "later frames");
    }

    #[test]
    fn a_whistle_does_not_stand_for_hiss() {
        let map = FrontEnd::default().amplitude;
        // As much energy in one band as in all of a hundred.
        let hiss = mel(0..20, 350..450, map.to_normalised(0.1));
        let whistle = mel(0..20, 400..401, map.to_normalised(1.0));
        let hushed = mel(0..20, 350..450, map.to_normalised(0.05));
        assert!(error(&whistle, &hiss) > 5.0 * error(&hushed, &hiss));
    }

    #[test]
    fn levels_are_those_of_the_tensors() {
        let level = OnsetLevel::in_groups(&FrontEnd::default(), 100.0).unwrap().unwrap();
        let mel = mel(0..3, 250..420, 0.3);
        let of = level.of(&mel).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let plain = level.levels(&mel.flatten_all().unwrap().to_vec1::<f32>().unwrap());
        assert!(of.len() == plain.len() && of.len() > 5, "{} {}", of.len(), plain.len());
        assert!(of.iter().zip(&plain).all(|(a, b)| (a - b).abs() < 1e-3), "{of:?} {plain:?}");
    }

    #[test]
    fn the_whole_is_one_level_a_frame_of_all_groups_energy() {
        let f = FrontEnd::default();
        let mel = mel(0..3, 250..420, 0.3).flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let groups = OnsetLevel::in_groups(&f, 100.0).unwrap().unwrap().levels(&mel);
        let whole = OnsetLevel::whole(&f, 100.0).unwrap().unwrap().levels(&mel);
        assert_eq!(whole.len(), f.onset_frames(100.0));
        let energy = |level: f32| 100f64.powf(f64::from(level));
        let first = &groups[..groups.len() / whole.len()];
        let sum: f64 = first.iter().map(|&level| energy(level)).sum();
        assert!(first.len() > 5 && (energy(whole[0]) / sum - 1.0).abs() < 0.01, "{} {sum}", energy(whole[0]));
    }

    #[test]
    fn a_front_end_without_such_bands_has_no_such_level() {
        let mut front_end = FrontEnd::default();
        front_end.mel.high_hz = 1500.0;
        assert!(OnsetLevel::in_groups(&front_end, 100.0).unwrap().is_none());
    }
}
