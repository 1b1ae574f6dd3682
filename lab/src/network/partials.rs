//! Where each partial of each note lies on the mel scale, and a bump for it that a decoder can raise.
//!
//! The comb opens all harmonics of a region at once. With a bump for each partial a decoder says how strong the
//! third partial is at this moment whatever the note, which is how strings behave: where the string is plucked, and how
//! quickly a partial decays, goes with its number. Real strings are stiff, so that partial `h` lies at
//! `h f0 sqrt(1 + B h^2)` (Fletcher, Blackham & Stratton, 1962); the decoder says `B` too.

use candle_core::{Device, Result, Tensor};
use ukulelatent::dsp::mel::{MelScale, hz_to_mel, mel_to_hz};
use ukulelatent::units::MidiNote;

use super::Shape;
use super::comb::PITCHES;

/// `B` is counted in units of this: nylon strings have about one, thick steel strings some five.
pub const INHARMONICITY_UNIT: f64 = 1e-4;
/// Bins from the centre of a Hann window's main lobe to its edge.
const LOBE_BINS: f64 = 2.0;
/// Partials beyond the highest band lie this many bands above it, where no bump reaches.
const FAR_BANDS: f64 = 1e3;

/// For each pitch from A0 and each partial, `[PITCHES, partials]` each.
pub struct PartialTables {
    /// Centre on the mel scale, in bands, of a string without stiffness.
    pub centre: Tensor,
    /// By how many bands a `B` of one [`INHARMONICITY_UNIT`] moves it, to first order.
    pub slope: Tensor,
    /// Half width of the bump, in bands.
    pub half_width: Tensor,
}

/// The tables for the lowest `partials` partials.
///
/// # Errors
/// None in practice; candle's.
pub fn partial_tables(partials: usize, shape: &Shape) -> Result<PartialTables> {
    let bin_hz = f64::from(shape.sample_rate.hz()) / shape.geometry.fft_size as f64;
    let mut rows = [Vec::new(), Vec::new(), Vec::new()];
    for pitch in 0..PITCHES as u8 {
        let f0_hz = 440.0 * ((f64::from(pitch + MidiNote::LOWEST_ENCODED.number()) - 69.0) / 12.0).exp2();
        for h in 1..=partials {
            let h = h as f64;
            let hz = h * f0_hz;
            let spacing_hz = band_spacing_hz(shape.mel, hz);
            let audible = hz < f64::from(shape.mel.high_hz);
            let centre = if audible { band_at(shape.mel, hz) } else { shape.mel.bands as f64 + FAR_BANDS };
            let moved_hz = hz * 0.5 * INHARMONICITY_UNIT * h * h;
            rows[0].push(centre as f32);
            rows[1].push(if audible { (moved_hz / spacing_hz) as f32 } else { 0.0 });
            rows[2].push((LOBE_BINS * bin_hz / spacing_hz + 1.0) as f32);
        }
    }
    let [centre, slope, half_width] =
        rows.map(|values| Tensor::from_vec(values, (PITCHES, partials), &Device::Cpu));
    Ok(PartialTables { centre: centre?, slope: slope?, half_width: half_width? })
}

/// The place of a frequency among the bands' centres: 0 for the lowest.
fn band_at(scale: MelScale, hz: f64) -> f64 {
    (hz_to_mel(hz) - hz_to_mel(scale.low_hz.into())) / mel_step(scale) - 1.0
}

/// Hertz from a band's centre to the next, around `hz`.
pub(crate) fn band_spacing_hz(scale: MelScale, hz: f64) -> f64 {
    let step = mel_step(scale);
    mel_to_hz(hz_to_mel(hz) + 0.5 * step) - mel_to_hz(hz_to_mel(hz) - 0.5 * step)
}

fn mel_step(scale: MelScale) -> f64 {
    (hz_to_mel(scale.high_hz.into()) - hz_to_mel(scale.low_hz.into())) / (scale.bands + 1) as f64
}

#[cfg(test)]
mod tests {
    use ukulelatent::dsp::stft::FrameGeometry;
    use ukulelatent::units::SampleRate;

    use super::*;

    fn shape() -> Shape {
        Shape {
            frames: 128,
            mel: MelScale { bands: 500, low_hz: 0.0, high_hz: 11_025.0 },
            geometry: FrameGeometry { fft_size: 2048, hop: 256 },
            sample_rate: SampleRate::new(22_050.0).unwrap(),
        }
    }

    #[test]
    fn partials_lie_where_the_comb_has_its_peaks() {
        let tables = partial_tables(8, &shape()).unwrap();
        let combs = super::super::comb::comb_table(shape().mel, shape().geometry, shape().sample_rate).unwrap();
        // Below, partials of low notes run together.
        for pitch in [69 - 21, 81 - 21] {
            let comb = combs.get(pitch).unwrap().to_vec1::<f32>().unwrap();
            for centre in tables.centre.get(pitch).unwrap().to_vec1::<f32>().unwrap() {
                let at = centre.round() as usize;
                let (near, far) = (comb[at - 1].max(comb[at]).max(comb[at + 1]), comb[at + 8]);
                assert!(near > 0.7 && near > 2.0 * far, "pitch {pitch}, band {at}: {near} against {far}");
            }
        }
    }

    #[test]
    fn stiffness_moves_partials_by_the_string_equation() {
        let tables = partial_tables(20, &shape()).unwrap();
        let (pitch, h, b) = (57 - 21, 20.0f64, 0.5);
        let at = |t: &Tensor| f64::from(t.get(pitch).unwrap().to_vec1::<f32>().unwrap()[19]);
        let hz = 220.0 * h * (1.0 + b * INHARMONICITY_UNIT * h * h).sqrt();
        let moved = at(&tables.centre) + b * at(&tables.slope);
        assert!((moved - band_at(shape().mel, hz)).abs() < 0.1, "{moved}");
        assert!(b * at(&tables.slope) > 1.0, "more than a band: worth the trouble");
    }

    #[test]
    fn partials_beyond_the_highest_band_are_out_of_reach() {
        let tables = partial_tables(32, &shape()).unwrap();
        let centres = tables.centre.get(84 - 21).unwrap().to_vec1::<f32>().unwrap();
        assert!(centres[9] < 500.0 && centres[10] > 1000.0, "{centres:?}");
    }
}
