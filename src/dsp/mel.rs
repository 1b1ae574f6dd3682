//! Mel filter bank and amplitude map: from linear magnitudes to what a model sees.

use serde::{Deserialize, Serialize};

use super::stft::FrameGeometry;
use crate::units::SampleRate;

/// Slaney's mel scale (Auditory Toolbox, 1998): linear below 1 kHz, logarithmic above.
#[must_use]
pub fn hz_to_mel(hz: f64) -> f64 {
    if hz < BREAK_HZ { hz / LINEAR_STEP_HZ } else { BREAK_MEL + (hz / BREAK_HZ).ln() / LOG_STEP }
}

/// The inverse of [`hz_to_mel`].
#[must_use]
pub fn mel_to_hz(mel: f64) -> f64 {
    if mel < BREAK_MEL { mel * LINEAR_STEP_HZ } else { BREAK_HZ * ((mel - BREAK_MEL) * LOG_STEP).exp() }
}

const LINEAR_STEP_HZ: f64 = 200.0 / 3.0;
const BREAK_HZ: f64 = 1000.0;
const BREAK_MEL: f64 = BREAK_HZ / LINEAR_STEP_HZ;
/// `ln(6.4) / 27`: 27 steps span 1 to 6.4 kHz. (`f64::ln` is not const.)
const LOG_STEP: f64 = 0.068_751_777_420_949_1;

/// What a filter bank is made from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MelScale {
    /// Number of triangular filters.
    pub bands: usize,
    /// Lower edge of the first filter, in hertz.
    pub low_hz: f32,
    /// Upper edge of the last filter, in hertz; at most half the sample rate.
    pub high_hz: f32,
}

/// One bin's share in the (at most two) triangles over it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BinWeights {
    /// Index of the falling filter; the rising one is next. `None` if no filter covers the bin.
    pub lower: Option<usize>,
    /// Weight in filter `lower`; zero where there is none (below the first peak).
    pub falling: f32,
    /// Index of the rising filter.
    pub upper: Option<usize>,
    /// Weight in filter `upper`; zero where there is none (above the last peak).
    pub rising: f32,
}

/// Triangular filters with centres even in mel and unit area in hertz (Slaney's normalisation; Auditory Toolbox, 1998). Neighbouring
/// triangles share their feet, so each bin lies in at most two filters; the bank is stored by bin.
#[derive(Clone, Debug)]
pub struct MelFilterBank {
    scale: MelScale,
    pub(super) bins: Vec<BinWeights>,
}

impl MelFilterBank {
    /// Computes the weights of every bin of `geometry` at `sample_rate`.
    #[must_use]
    pub fn new(scale: MelScale, geometry: FrameGeometry, sample_rate: SampleRate) -> Self {
        let (low, high) = (hz_to_mel(scale.low_hz.into()), hz_to_mel(scale.high_hz.into()));
        let step = (high - low) / (scale.bands + 1) as f64;
        // Feet and peaks: filter j rises from edge j to j + 1 and falls to j + 2.
        let edges: Vec<f64> = (0..scale.bands + 2).map(|j| mel_to_hz(low + step * j as f64)).collect();
        let bin_hz = f64::from(sample_rate.hz()) / geometry.fft_size as f64;
        let bins = (0..geometry.bins()).map(|k| weights_at(k as f64 * bin_hz, &edges)).collect();
        Self { scale, bins }
    }

    /// Number of filters.
    #[must_use]
    pub fn bands(&self) -> usize {
        self.scale.bands
    }

    /// Mel magnitudes of one frame: `mel[j] = sum_k W[j, k] magnitude[k]`. `magnitude` has one value a bin,
    /// `mel` one a band; both linear.
    ///
    /// # Panics
    /// If a slice has another length.
    pub fn apply(&self, magnitude: &[f32], mel: &mut [f32]) {
        assert_eq!(magnitude.len(), self.bins.len(), "one magnitude a bin");
        assert_eq!(mel.len(), self.bands(), "one value a band");
        mel.fill(0.0);
        for (bin, m) in self.bins.iter().zip(magnitude) {
            if let Some(j) = bin.lower {
                mel[j] += bin.falling * m;
            }
            if let Some(j) = bin.upper {
                mel[j] += bin.rising * m;
            }
        }
    }
}

fn weights_at(hz: f64, edges: &[f64]) -> BinWeights {
    let Some(segment) = edges.windows(2).position(|e| e[0] <= hz && hz < e[1]) else {
        return BinWeights::default();
    };
    let bands = edges.len() - 2;
    let across = (hz - edges[segment]) / (edges[segment + 1] - edges[segment]);
    let area = |j: usize| 2.0 / (edges[j + 2] - edges[j]);
    let lower = segment.checked_sub(1);
    let upper = (segment < bands).then_some(segment);
    BinWeights {
        lower,
        falling: lower.map_or(0.0, |j| ((1.0 - across) * area(j)) as f32),
        upper,
        rising: upper.map_or(0.0, |j| (across * area(j)) as f32),
    }
}

/// Invertible map from linear mel magnitude to the model's range, our own: `y = 2 ln(1 + g m) / ln(1 + g f) - 1`.
///
/// Silence is -1 and `full_scale` is +1 exactly. The reference is fixed: nothing of a note is lost on the way,
/// so [`AmplitudeMap::to_magnitude`] is the inverse for every note, not for one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AmplitudeMap {
    /// `g`: where the map turns from linear to logarithmic is at `1 / g`.
    pub gain: f32,
    /// `f`: the mel magnitude that maps to +1.
    pub full_scale: f32,
}

impl AmplitudeMap {
    /// The map of the reference figures, for peak-normalised audio: 72 dB from knee to full scale.
    pub const REFERENCE: Self = Self { gain: 64.0, full_scale: 64.0 };

    /// Linear magnitude (at least 0) to normalised value.
    #[must_use]
    pub fn to_normalised(self, magnitude: f32) -> f32 {
        2.0 * (self.gain * magnitude).ln_1p() / self.range() - 1.0
    }

    /// Normalised value to linear magnitude; values below -1 are silence.
    #[must_use]
    pub fn to_magnitude(self, normalised: f32) -> f32 {
        ((normalised + 1.0).max(0.0) * 0.5 * self.range()).exp_m1() / self.gain
    }

    fn range(self) -> f32 {
        (self.gain * self.full_scale).ln_1p()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GEOMETRY: FrameGeometry = FrameGeometry { fft_size: 2048, hop: 256 };
    const SCALE: MelScale = MelScale { bands: 500, low_hz: 0.0, high_hz: 11_025.0 };

    fn bank() -> MelFilterBank {
        MelFilterBank::new(SCALE, GEOMETRY, SampleRate::new(22_050.0).unwrap())
    }

    #[test]
    fn the_scale_is_slaneys() {
        assert!((LOG_STEP - 6.4f64.ln() / 27.0).abs() < 1e-15);
        for hz in [0.0, 440.0, 999.9, 1000.0, 6400.0, 11_025.0] {
            assert!((mel_to_hz(hz_to_mel(hz)) - hz).abs() < 1e-9, "{hz}");
        }
        assert!((hz_to_mel(6400.0) - 42.0).abs() < 1e-12);
    }

    #[test]
    fn edge_bins_lie_under_no_filter_and_all_others_under_one_or_two() {
        let bank = bank();
        let covered: Vec<bool> = bank.bins.iter().map(|b| b.falling + b.rising > 0.0).collect();
        assert!(!covered[0] && !covered[1024]);
        assert!(covered[1..1024].iter().all(|&c| c));
    }

    #[test]
    fn wide_filters_have_unit_area_in_hertz() {
        let bank = bank();
        let bin_hz = 22_050.0 / 2048.0;
        let mut area = vec![0.0; 500];
        for bin in &bank.bins {
            if let Some(j) = bin.lower {
                area[j] += bin.falling * bin_hz;
            }
            if let Some(j) = bin.upper {
                area[j] += bin.rising * bin_hz;
            }
        }
        // Above 5 kHz a filter spans many bins, so that the sum over bins is close to the integral.
        for (j, a) in area.iter().enumerate().skip(450) {
            assert!((a - 1.0).abs() < 0.03, "filter {j}: {a}");
        }
    }

    #[test]
    fn the_amplitude_map_hits_its_ends_and_inverts() {
        let map = AmplitudeMap::REFERENCE;
        assert_eq!(map.to_normalised(0.0), -1.0);
        assert_eq!(map.to_normalised(64.0), 1.0);
        for m in [1e-4f32, 1e-2, 1.0, 30.0, 64.0, 100.0] {
            let back = map.to_magnitude(map.to_normalised(m));
            // Near silence y + 1 loses digits to the 1: its rounding step, 6e-8, is 2.5e-7 / g in m.
            let tolerance = m * 32.0 * f32::EPSILON + 4.0 * f32::EPSILON;
            assert!((back - m).abs() <= tolerance, "{m} became {back}");
        }
        assert_eq!(map.to_magnitude(-1.5), 0.0);
    }
}
