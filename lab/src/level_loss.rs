//! How loud notes are, frame by frame: whether they fall as recordings do, and whether those of no recording are too loud, which at
//! pitches where a timbre was never heard nothing else bounds. It is the loudest frame that clips.

use candle_core::{Device, Result, Tensor};
use ukulelatent::dsp::mel::AmplitudeMap;

use crate::band_energy::{SCALE_DB, band_weights, levels};
use crate::front_end::{FrontEnd, magnitudes};

/// Notes that are louder than recordings by less than this are not punished.
const MARGIN_DB: f64 = 6.0;

/// Hears how loud notes are.
pub struct Loudness {
    weights: Tensor,
    amplitude: AmplitudeMap,
}

impl Loudness {
    /// Prepares it for one front end.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn new(front_end: &FrontEnd) -> Result<Self> {
        let weights = band_weights(front_end.mel);
        let bands = weights.len();
        Ok(Self {
            weights: Tensor::from_vec(weights, (1, 1, bands), &Device::Cpu)?,
            amplitude: front_end.amplitude,
        })
    }

    /// `[B, frames]`: levels of `mel`, `[B, frames, bands]` in [-1, 1], in units of [`SCALE_DB`].
    fn of(&self, mel: &Tensor) -> Result<Tensor> {
        let energy = magnitudes(self.amplitude, mel)?.sqr()?.broadcast_mul(&self.weights)?.sum(2)?;
        levels(&energy)
    }

    /// Mean squared difference of the levels of `made` and of `wanted`, a constant; a scalar.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn error(&self, made: &Tensor, wanted: &Tensor) -> Result<Tensor> {
        (self.of(made)? - self.of(wanted)?.detach())?.sqr()?.mean_all()
    }

    /// Mean squared excess of the loudest frames of `made` over the mean of those of `recorded` and the margin; a scalar.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn excess(&self, made: &Tensor, recorded: &Tensor) -> Result<Tensor> {
        let most = (self.of(recorded)?.max(1)?.mean_all()?.detach() + MARGIN_DB / SCALE_DB)?;
        self.of(made)?.max(1)?.broadcast_sub(&most)?.relu()?.sqr()?.mean_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[1, frames, bands]`: one magnitude in some bands of a few frames.
    fn mel(magnitude: f32) -> Tensor {
        let f = FrontEnd::default();
        let (loud, silent) = (f.amplitude.to_normalised(magnitude), -1.0);
        let at = |t: usize, k: usize| if t < 3 && (100..120).contains(&k) { loud } else { silent };
        let values = (0..64).flat_map(|t| (0..f.mel.bands).map(move |k| (t, k))).map(|(t, k)| at(t, k)).collect();
        Tensor::from_vec(values, (1, 64, f.mel.bands), &Device::Cpu).unwrap()
    }

    fn excess(made: f32, recorded: f32) -> f32 {
        let loudness = Loudness::new(&FrontEnd::default()).unwrap();
        loudness.excess(&mel(made), &mel(recorded)).unwrap().to_scalar().unwrap()
    }

    #[test]
    fn a_difference_counts_by_its_squared_decibels_in_the_frames_that_have_it() {
        let loudness = Loudness::new(&FrontEnd::default()).unwrap();
        let error = loudness.error(&mel(0.2), &mel(0.1)).unwrap().to_scalar::<f32>().unwrap();
        // 6 dB in 3 of 64 frames.
        let want = (6.02f32 / 20.0).powi(2) * 3.0 / 64.0;
        assert!((error - want).abs() < 0.02 * want, "{error}, wanted {want}");
    }

    #[test]
    fn what_is_beyond_the_margin_counts_by_its_squared_decibels() {
        let (quiet, loud) = (0.1, 0.1 * 10.0f32.powf(16.0 / 20.0));
        assert!((excess(loud, quiet) - 0.25).abs() < 0.01, "{}", excess(loud, quiet));
        assert_eq!(excess(quiet * 1.9, quiet), 0.0, "5.6 dB");
        assert_eq!(excess(quiet, loud), 0.0);
    }
}
