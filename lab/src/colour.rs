//! Instruments that nobody recorded: brighter or duller, with other resonances, ringing longer or shorter.
//!
//! A space learnt from a dozen instruments has places between these. Copies that are filtered and damped at random give it places
//! beside them, too. Their pitch stays true, and they keep their family.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use ukulelatent::dsp::mel::AmplitudeMap;
use ukulelatent::units::db_to_gain;

use crate::band_energy::centres_hz;
use crate::front_end::FrontEnd;

/// Where a tilt changes nothing, and where the damping is the one drawn.
const PIVOT_HZ: f32 = 500.0;
/// Bands below are treated as if they lay here.
const LOWEST_HZ: f32 = 60.0;
/// Resonances, each a bump or a dip of a body's response, and how wide they are: a Gaussian's deviation, in octaves.
const RESONANCES: usize = 3;
const WIDTHS_OCTAVES: (f32, f32) = (0.3, 1.5);
/// Deviations of the tilt, in dB per octave, and of the damping, in dB per second, for each decibel of a resonance's.
const TILT: f32 = 0.35;
const DAMPING: f32 = 1.5;
/// Deviation of how much more an octave is damped than the one below, relative to the damping's.
const UNEVEN: f32 = 0.25;
/// What notes are damped by at least and at most, in dB per second. Ringing longer lifts the recording's noise.
const DAMPING_DB_PER_S: (f32, f32) = (-6.0, 40.0);
/// Draws that lie further out count as so many deviations.
const MOST_DEVIATIONS: f32 = 2.0;

/// Filters and damps spectrograms at random.
pub struct Colour {
    /// Deviation of a resonance's gain.
    resonance_db: f32,
    /// How far each band lies above the pivot.
    octaves: Vec<f32>,
    frame_s: f32,
    amplitude: AmplitudeMap,
}

impl Colour {
    /// For spectrograms of one kind. `resonance_db` is the deviation of a resonance's gain; tilt and damping go with it.
    #[must_use]
    pub fn new(front_end: &FrontEnd, resonance_db: f32) -> Self {
        let octaves = |hz: &f32| (hz.max(LOWEST_HZ) / PIVOT_HZ).log2();
        Self {
            resonance_db,
            octaves: centres_hz(front_end.mel).iter().map(octaves).collect(),
            frame_s: front_end.geometry.hop as f32 / front_end.sample_rate_hz.hz(),
            amplitude: front_end.amplitude,
        }
    }

    /// Changes one spectrogram, frames x bands in [-1, 1]. The largest sum of a frame's squared mel magnitudes stays what it was, as far
    /// as the map's range allows: each band counts alike, however wide it is.
    pub fn apply(&self, mel: &mut [f32], rng: &mut ChaCha8Rng) {
        let bands = self.octaves.len();
        let mut gains = self.response(rng);
        let decays = self.decays(rng);
        mel.iter_mut().for_each(|value| *value = self.amplitude.to_magnitude(*value));
        let before = loudest(mel, bands);
        for row in mel.chunks_exact_mut(bands) {
            for ((value, gain), decay) in row.iter_mut().zip(&mut gains).zip(&decays) {
                *value *= *gain;
                *gain *= decay;
            }
        }
        let level = (before / loudest(mel, bands).max(f32::MIN_POSITIVE)).sqrt();
        mel.iter_mut().for_each(|value| *value = self.amplitude.to_normalised(*value * level).min(1.0));
    }

    /// The gain of each band.
    fn response(&self, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let tilt = TILT * self.resonance_db * normal(rng);
        let (lowest, highest) = (self.octaves[0], self.octaves[self.octaves.len() - 1]);
        let resonances: [_; RESONANCES] = std::array::from_fn(|_| {
            let db = self.resonance_db * normal(rng);
            (db, rng.random_range(lowest..=highest), rng.random_range(WIDTHS_OCTAVES.0..WIDTHS_OCTAVES.1))
        });
        let gain = |&octave: &f32| {
            let bumps =
                resonances.map(|(db, centre, width)| db * (-0.5 * ((octave - centre) / width).powi(2)).exp());
            db_to_gain(tilt * octave + bumps.iter().sum::<f32>())
        };
        self.octaves.iter().map(gain).collect()
    }

    /// What each band's gain is multiplied by from frame to frame.
    fn decays(&self, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let damping = DAMPING * self.resonance_db * normal(rng);
        let uneven = UNEVEN * DAMPING * self.resonance_db * normal(rng);
        let decay = |octave: &f32| {
            let db_per_s = (damping + uneven * octave).clamp(DAMPING_DB_PER_S.0, DAMPING_DB_PER_S.1);
            db_to_gain(-db_per_s * self.frame_s)
        };
        self.octaves.iter().map(decay).collect()
    }
}

fn normal(rng: &mut ChaCha8Rng) -> f32 {
    rng.sample::<f32, _>(StandardNormal).clamp(-MOST_DEVIATIONS, MOST_DEVIATIONS)
}

/// The largest sum of a frame's squared magnitudes.
fn loudest(magnitudes: &[f32], bands: usize) -> f32 {
    magnitudes.chunks_exact(bands).map(|row| row.iter().map(|m| m * m).sum()).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use ukulelatent::units::gain_to_db;

    use super::*;

    const QUIET: f32 = -0.2;

    /// What a spectrogram that is the same everywhere becomes, in decibels relative to what it was.
    fn coloured_db(resonance_db: f32, seed: u64) -> (FrontEnd, Vec<f32>) {
        let front_end = FrontEnd::default();
        let mut mel = vec![QUIET; front_end.frames * front_end.mel.bands];
        Colour::new(&front_end, resonance_db).apply(&mut mel, &mut ChaCha8Rng::seed_from_u64(seed));
        let magnitude = |value| front_end.amplitude.to_magnitude(value);
        let db = mel.iter().map(|&value| gain_to_db(magnitude(value) / magnitude(QUIET))).collect();
        (front_end, db)
    }

    #[test]
    fn one_response_and_one_damping_hold_for_the_whole_note() {
        for (seed, resonance_db) in (0..16).map(|seed| (seed, [4.0, 12.0][seed as usize % 2])) {
            let (front_end, db) = coloured_db(resonance_db, seed);
            let (bands, last) = (front_end.mel.bands, front_end.frames - 1);
            let frame_s = Colour::new(&front_end, resonance_db).frame_s;
            for band in 0..bands {
                let at = |frame: usize| db[frame * bands + band] - db[band];
                let even = at(last) * (last / 2) as f32 / last as f32;
                assert!(
                    (at(last / 2) - even).abs() < 0.05,
                    "seed {seed}, band {band}: {} dB, {even}",
                    at(last / 2)
                );
                let db_per_s = -at(last) / (frame_s * last as f32);
                let (least, most) = DAMPING_DB_PER_S;
                assert!(
                    (least - 0.1..=most + 0.1).contains(&db_per_s),
                    "seed {seed}, band {band}: {db_per_s} dB/s"
                );
            }
        }
    }

    #[test]
    fn responses_spread_as_asked_and_neighbours_stay_together() {
        let first = |resonance_db: f32, seed: u64| {
            let (front_end, mut db) = coloured_db(resonance_db, seed);
            db.truncate(front_end.mel.bands);
            db
        };
        let spread = |resonance_db: f32| {
            let square = |seed| {
                let db = first(resonance_db, seed);
                let mean = db.iter().sum::<f32>() / db.len() as f32;
                db.iter().map(|db| (db - mean).powi(2)).sum::<f32>() / db.len() as f32
            };
            ((0..60).map(square).sum::<f32>() / 60.0).sqrt()
        };
        let (half, whole) = (spread(2.0), spread(4.0));
        assert!((1.6..2.4).contains(&(whole / half)), "{half} and {whole} dB");
        assert!((2.0..6.0).contains(&whole), "{whole} dB");
        let largest = first(4.0, 1).windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(largest < 3.0, "{largest} dB between neighbours");
    }

    #[test]
    fn the_loudest_frame_keeps_its_level_and_silence_its_silence() {
        let front_end = FrontEnd::default();
        let bands = front_end.mel.bands;
        for seed in 0..8 {
            let gains: Vec<f32> = coloured_db(4.0, seed).1.iter().map(|db| db_to_gain(*db)).collect();
            let change_db = gain_to_db((loudest(&gains, bands) / bands as f32).sqrt());
            assert!(change_db.abs() < 0.01, "seed {seed}: {change_db} dB");
        }
        let mut silence = vec![-1.0; front_end.frames * bands];
        Colour::new(&front_end, 4.0).apply(&mut silence, &mut ChaCha8Rng::seed_from_u64(1));
        assert!(silence.iter().all(|v| (v + 1.0).abs() < 1e-6));
        let mut loud = vec![0.99; front_end.frames * bands];
        Colour::new(&front_end, 4.0).apply(&mut loud, &mut ChaCha8Rng::seed_from_u64(2));
        assert!(loud.iter().all(|v| (-1.0..=1.0).contains(v)));
    }

    #[test]
    fn one_band_can_be_coloured() {
        let mut front_end = FrontEnd::default();
        front_end.mel.bands = 1;
        let mut mel = vec![QUIET; front_end.frames];
        Colour::new(&front_end, 4.0).apply(&mut mel, &mut ChaCha8Rng::seed_from_u64(1));
        assert!(mel.iter().all(|v| v.is_finite()));
    }

    #[test]
    fn without_decibels_nothing_changes() {
        assert!(coloured_db(0.0, 5).1.iter().all(|db| db.abs() < 1e-3));
    }
}
