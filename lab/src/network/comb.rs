//! The fixed part of the decoder: where a note's harmonics lie on the mel scale.
//!
//! A network that must learn this from one-hot vectors needs all notes of all instruments; given the comb it only
//! learns how strongly each harmonic sounds, and plays notes that it never heard in tune.

use candle_core::{Device, Result, Tensor};
use ukulelatent::dsp::mel::{MelFilterBank, MelScale, hz_to_mel, mel_to_hz};
use ukulelatent::dsp::stft::FrameGeometry;
use ukulelatent::units::{MidiNote, SampleRate};

/// Pitches that a model's one-hot vectors can name.
pub const PITCHES: usize = MidiNote::OCTAVES * MidiNote::SEMITONES;
/// Share of a comb's bands below its reference level.
const REFERENCE_SHARE: f64 = 0.98;
/// Gain before the logarithm: 60 dB below the reference level is where it turns linear.
const GAIN: f32 = 1000.0;
/// Peaks stop a little above the reference level.
const CEILING: f32 = 1.1;
/// Partials farther than this many bins add nothing to a bin: the Hann window's side lobes are 70 dB down.
const REACH_BINS: f64 = 8.0;

/// `[PITCHES, bands]`: the compressed mel spectrum, 0 to 1.1, of a tone with equally strong harmonics up to
/// Nyquist, for each note from A0.
///
/// # Errors
/// None in practice; candle's.
pub fn comb_table(scale: MelScale, geometry: FrameGeometry, rate: SampleRate) -> Result<Tensor> {
    let bank = MelFilterBank::new(scale, geometry, rate);
    let areas = filter_areas(scale);
    let mut table = Vec::with_capacity(PITCHES * scale.bands);
    for pitch in 0..PITCHES as u8 {
        let f0_hz = 440.0 * ((f64::from(pitch + MidiNote::LOWEST_ENCODED.number()) - 69.0) / 12.0).exp2();
        let spectrum = harmonic_spectrum(f0_hz, geometry, rate);
        let mut mel = vec![0.0; scale.bands];
        bank.apply(&spectrum, &mut mel);
        // Undo the area norm: it would make the highest harmonics look weak.
        mel.iter_mut().zip(&areas).for_each(|(m, area)| *m *= area);
        compress(&mut mel);
        table.extend(mel);
    }
    Tensor::from_vec(table, (PITCHES, scale.bands), &Device::Cpu)
}

/// Area of each filter before Slaney's norm, in hertz.
fn filter_areas(scale: MelScale) -> Vec<f32> {
    let (low, high) = (hz_to_mel(scale.low_hz.into()), hz_to_mel(scale.high_hz.into()));
    let step = (high - low) / (scale.bands + 1) as f64;
    let edge = |j: usize| mel_to_hz(low + step * j as f64);
    (0..scale.bands).map(|j| (0.5 * (edge(j + 2) - edge(j))) as f32).collect()
}

/// Magnitudes of equally strong partials of random phase: their powers add.
pub(crate) fn harmonic_spectrum(f0_hz: f64, geometry: FrameGeometry, rate: SampleRate) -> Vec<f32> {
    let bin_hz = f64::from(rate.hz()) / geometry.fft_size as f64;
    let mut power = vec![0.0f64; geometry.bins()];
    let mut partial_hz = f0_hz;
    while partial_hz < f64::from(rate.hz()) / 2.0 {
        let centre = partial_hz / bin_hz;
        let first = (centre - REACH_BINS).ceil().max(0.0) as usize;
        let last = ((centre + REACH_BINS) as usize).min(power.len() - 1);
        for (k, p) in power.iter_mut().enumerate().take(last + 1).skip(first) {
            *p += hann_lobe(k as f64 - centre).powi(2);
        }
        partial_hz += f0_hz;
    }
    power.into_iter().map(|p| p.sqrt() as f32).collect()
}

/// Magnitude of the Hann window's transform `x` bins from its peak, which is 1: `sinc(x) / (1 - x^2)`.
fn hann_lobe(x: f64) -> f64 {
    if x.abs() < 1e-9 {
        return 1.0;
    }
    if (x.abs() - 1.0).abs() < 1e-9 {
        return 0.5;
    }
    let angle = std::f64::consts::PI * x;
    (angle.sin() / angle / (1.0 - x * x)).abs()
}

/// `ln(1 + 1000 x) / ln(1001)` relative to the 98th percentile.
fn compress(mel: &mut [f32]) {
    let mut sorted = mel.to_vec();
    sorted.sort_by(f32::total_cmp);
    let reference = sorted[((sorted.len() - 1) as f64 * REFERENCE_SHARE).round() as usize];
    for m in mel {
        *m = ((GAIN * *m / reference).ln_1p() / (1.0 + GAIN).ln()).min(CEILING);
    }
}

/// `[hats, bands]`: triangles that share their feet and sum to 1 at every band.
///
/// # Errors
/// None in practice; candle's.
pub fn hats(hats: usize, bands: usize) -> Result<Tensor> {
    let step = (bands - 1) as f32 / (hats - 1) as f32;
    let hat = |h: usize, band: usize| (1.0 - (band as f32 / step - h as f32).abs()).max(0.0);
    let values = (0..hats).flat_map(|h| (0..bands).map(move |band| hat(h, band))).collect();
    Tensor::from_vec(values, (hats, bands), &Device::Cpu)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hats_interpolate() {
        let hats = hats(8, 500).unwrap();
        let sums = hats.sum(0).unwrap().to_vec1::<f32>().unwrap();
        assert!(sums.iter().all(|s| (s - 1.0).abs() < 1e-5));
        let edges = hats.to_vec2::<f32>().unwrap();
        assert_eq!((edges[0][0], edges[7][499]), (1.0, 1.0));
    }

    #[test]
    fn the_comb_peaks_at_the_harmonics() {
        let scale = MelScale { bands: 500, low_hz: 0.0, high_hz: 11_025.0 };
        let rate = SampleRate::new(22_050.0).unwrap();
        let table = comb_table(scale, FrameGeometry { fft_size: 2048, hop: 256 }, rate).unwrap();
        let comb = table.get(69 - 21).unwrap().to_vec1::<f32>().unwrap();
        let band = |hz: f64| (hz_to_mel(hz) / hz_to_mel(11_025.0) * 501.0).round() as usize - 1;
        for harmonic in 1..=6 {
            let hz = 440.0 * f64::from(harmonic);
            let peak = comb[band(hz) - 1..=band(hz) + 1].iter().copied().fold(0.0, f32::max);
            assert!(peak > 0.8, "harmonic {harmonic}: {peak}");
            assert!(comb[band(hz - 220.0)] < 0.3, "below harmonic {harmonic}: {}", comb[band(hz - 220.0)]);
        }
    }

    #[test]
    fn the_lobe_is_that_of_a_hann_window() {
        // The transform of 0.5 - 0.5 cos: its neighbours at one bin are half the peak, at two bins zero.
        for (x, want) in [(0.0, 1.0), (1.0, 0.5), (2.0, 0.0), (0.5, 8.0 / (3.0 * std::f64::consts::PI))] {
            assert!((hann_lobe(x) - want).abs() < 1e-9, "{x}");
        }
    }
}
