//! Where the bands of a spectrogram lie, what they hold, and its level.

use candle_core::{Result, Tensor};
use ukulelatent::dsp::mel::{MelScale, hz_to_mel, mel_to_hz};

/// Levels are counted in units of this many decibels, so that an error of as many counts 1.
pub(crate) const SCALE_DB: f64 = 20.0;
/// Energies are told apart down to this, 30 to 40 dB below that of one band at magnitude 1.
const FLOOR: f64 = 1e-5;

/// The level of an energy, in units of [`SCALE_DB`].
pub(crate) fn level(energy: f64) -> f64 {
    10.0 * (energy + FLOOR).log10() / SCALE_DB
}

/// The same of each energy of a tensor.
pub(crate) fn levels(energies: &Tensor) -> Result<Tensor> {
    (energies + FLOOR)?.log()? * (10.0 / std::f64::consts::LN_10 / SCALE_DB)
}

/// Each band's centre, in hertz.
pub(crate) fn centres_hz(scale: MelScale) -> Vec<f32> {
    (1..=scale.bands).map(|j| edge_hz(scale, j) as f32).collect()
}

/// What each band's squared magnitude adds to a frame's energy, in kilohertz: filters have unit area, so that a band's magnitude is a
/// density, and a wide band holds more.
pub(crate) fn band_weights(scale: MelScale) -> Vec<f32> {
    (1..=scale.bands).map(|j| ((edge_hz(scale, j + 1) - edge_hz(scale, j)) / 1000.0) as f32).collect()
}

fn edge_hz(scale: MelScale, j: usize) -> f64 {
    let (low, high) = (hz_to_mel(scale.low_hz.into()), hz_to_mel(scale.high_hz.into()));
    mel_to_hz(low + (high - low) / (scale.bands + 1) as f64 * j as f64)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::front_end::FrontEnd;

    #[test]
    fn bands_lie_evenly_up_to_a_kilohertz_and_weigh_what_they_span() {
        let scale = FrontEnd::default().mel;
        let (centres, weights) = (centres_hz(scale), band_weights(scale));
        assert_eq!((centres.len(), weights.len()), (scale.bands, scale.bands));
        for k in 0..scale.bands - 1 {
            let span = (centres[k + 1] - centres[k]) / 1000.0;
            assert!((weights[k] - span).abs() < 1e-3 * span + 1e-6, "{k}: {} {span}", weights[k]);
        }
        assert!((centres[99] / centres[0] - 100.0).abs() < 0.01, "{} {}", centres[0], centres[99]);
    }

    #[test]
    fn levels_of_tensors_are_those_of_numbers() {
        let energies = [0.0f32, 0.5, 10.0];
        let tensor = Tensor::new(&energies, &Device::Cpu).unwrap();
        let made = levels(&tensor).unwrap().to_vec1::<f32>().unwrap();
        for (made, energy) in made.iter().zip(energies) {
            assert!((f64::from(*made) - level(energy.into())).abs() < 1e-5, "{energy}: {made}");
        }
        assert!((level(10.0) - level(1.0) - 0.5).abs() < 1e-4, "10 dB");
    }
}
