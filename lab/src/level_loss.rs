//! What is too loud: notes of no recording, at pitches where a timbre was never heard, have no other bound. It is the loudest
//! frame that clips.

use candle_core::{Device, Result, Tensor};

use crate::front_end::{FrontEnd, magnitudes};
use crate::onset_loss::band_weights;
use ukulelatent::dsp::mel::AmplitudeMap;

/// Notes that are louder than recordings by less than this are not punished.
const MARGIN_DB: f64 = 6.0;
/// An excess of this many decibels counts 1.
const SCALE_DB: f64 = 20.0;
/// The energy of silence.
const FLOOR: f64 = 1e-5;

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

    /// `[B]`: levels of the loudest frames of `mel`, `[B, frames, bands]` in [-1, 1], in units of [`SCALE_DB`].
    fn of(&self, mel: &Tensor) -> Result<Tensor> {
        let energy = magnitudes(self.amplitude, mel)?.sqr()?.broadcast_mul(&self.weights)?.sum(2)?.max(1)?;
        (energy + FLOOR)?.log()? * (10.0 / std::f64::consts::LN_10 / SCALE_DB)
    }

    /// Mean squared excess of `made` over the mean level of `recorded` and the margin; a scalar.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn excess(&self, made: &Tensor, recorded: &Tensor) -> Result<Tensor> {
        let most = (self.of(recorded)?.mean_all()?.detach() + MARGIN_DB / SCALE_DB)?;
        self.of(made)?.broadcast_sub(&most)?.relu()?.sqr()?.mean_all()
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
    fn what_is_beyond_the_margin_counts_by_its_squared_decibels() {
        let (quiet, loud) = (0.1, 0.1 * 10.0f32.powf(16.0 / 20.0));
        assert!((excess(loud, quiet) - 0.25).abs() < 0.01, "{}", excess(loud, quiet));
        assert_eq!(excess(quiet * 1.9, quiet), 0.0, "5.6 dB");
        assert_eq!(excess(quiet, loud), 0.0);
    }
}
