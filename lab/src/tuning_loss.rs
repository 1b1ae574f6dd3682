//! How far decoded notes are out of tune: where the middle of each low partial lies, against where it lies in a tone that
//! is in tune.
//!
//! Recordings say how a timbre sounds at the notes that were recorded with it. At others nothing else in the loss hears
//! whether a note is in tune, and a fundamental that is a fifth of a band low is 30 cents flat at the guitar's lowest
//! string while it costs next to no squared error. Of the recordings' own fundamentals, all but a few lie within 10 cents by
//! this measure.

use candle_core::{Device, Result, Tensor};
use ukulelatent::dsp::mel::{AmplitudeMap, MelFilterBank};

use crate::features::FrontEnd;
use crate::front_end::magnitudes;
use crate::material::note_of;
use crate::network::comb::harmonic_spectrum;
use crate::network::partials::{band_spacing_hz, partial_tables};
use crate::network::{PITCHES, Shape};

/// Partials that are heard: stiffness moves those of thick strings by less than 10 cents.
const PARTIALS: usize = 4;
/// Errors well below this many cents count by their square, larger ones by themselves.
const SCALE_CENTS: f64 = 20.0;
/// Less than this is silence; magnitudes are summed over frames.
const FLOOR: f64 = 1e-3;

/// Hears how far notes are out of tune.
pub struct Tuning {
    /// `[PITCHES, PARTIALS, bands]`: a window around each partial.
    windows: Tensor,
    /// The same, times the distance from the partial in cents.
    moments: Tensor,
    /// `[PITCHES, PARTIALS, 1]`: what is read of a tone that is in tune.
    in_tune: Tensor,
    amplitude: AmplitudeMap,
}

impl Tuning {
    /// Prepares it for one front end.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn new(front_end: &FrontEnd) -> Result<Self> {
        let shape = Shape::of(front_end);
        let bands = shape.bands();
        let bank = MelFilterBank::new(shape.mel, shape.geometry, shape.sample_rate);
        let tables = partial_tables(PARTIALS, &shape)?;
        let centres = tables.centre.to_vec2::<f32>()?;
        let half_widths = tables.half_width.to_vec2::<f32>()?;
        let (mut windows, mut moments, mut in_tune) = (Vec::new(), Vec::new(), Vec::new());
        for pitch in 0..PITCHES {
            let f0_hz = f64::from(note_of(pitch as u32).hz());
            let mut tone = vec![0.0; bands];
            bank.apply(&harmonic_spectrum(f0_hz, shape.geometry, shape.sample_rate), &mut tone);
            for h in 0..PARTIALS {
                let (centre, half_width) = (centres[pitch][h], half_widths[pitch][h]);
                let hz = f0_hz * (h + 1) as f64;
                let spacing_hz = band_spacing_hz(shape.mel, hz);
                let cents_a_band = (1200.0 / std::f64::consts::LN_2 * spacing_hz / hz) as f32;
                // Where the window would hear the next partial, nothing can be told.
                let alone = 2.0 * half_width - 1.0 <= (f0_hz / spacing_hz) as f32;
                let window = |k: usize| {
                    if alone { (1.0 - ((k as f32 - centre) / half_width).powi(2)).max(0.0) } else { 0.0 }
                };
                let moment = |k: usize| window(k) * (k as f32 - centre) * cents_a_band;
                let sum = |of: &dyn Fn(usize) -> f32| (0..bands).map(|k| tone[k] * of(k)).sum::<f32>();
                // No window of a partial beyond the highest band holds anything.
                in_tune.push(sum(&moment) / sum(&window).max(f32::MIN_POSITIVE));
                windows.extend((0..bands).map(window));
                moments.extend((0..bands).map(moment));
            }
        }
        Ok(Self {
            windows: Tensor::from_vec(windows, (PITCHES, PARTIALS, bands), &Device::Cpu)?,
            moments: Tensor::from_vec(moments, (PITCHES, PARTIALS, bands), &Device::Cpu)?,
            in_tune: Tensor::from_vec(in_tune, (PITCHES, PARTIALS, 1), &Device::Cpu)?,
            amplitude: front_end.amplitude,
        })
    }

    /// `[B, PARTIALS, 1]` each: how far each partial of `mel`, `[B, frames, bands]` in [-1, 1], is from its place, in
    /// cents, and its share of what is heard, a constant. The windows are narrow: what is read is some two thirds of the
    /// truth.
    fn of(&self, mel: &Tensor, pitches: &[u32]) -> Result<(Tensor, Tensor)> {
        let index = Tensor::from_slice(pitches, pitches.len(), &Device::Cpu)?;
        let sums = magnitudes(self.amplitude, mel)?.sum(1)?.unsqueeze(2)?;
        let level = (self.windows.index_select(&index, 0)?.matmul(&sums)? + FLOOR)?;
        let moment = self.moments.index_select(&index, 0)?.matmul(&sums)?;
        let cents = (moment.div(&level)? - self.in_tune.index_select(&index, 0)?)?;
        let level = level.detach();
        let share = level.broadcast_div(&level.sum_keepdim(1)?)?;
        Ok((cents, share))
    }

    /// How far notes are out of tune, a scalar: of each partial's error `e`, in units of 20 cents, `2 (sqrt(1 + e^2) - 1)`,
    /// weighed by its share of the sound.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn error(&self, mel: &Tensor, pitches: &[u32]) -> Result<Tensor> {
        let (cents, share) = self.of(mel, pitches)?;
        let error = (((cents / SCALE_CENTS)?.sqr()? + 1.0)?.sqrt()? - 1.0)?;
        (error * share)?.sum(1)?.mean_all()? * 2.0
    }
}

#[cfg(test)]
mod tests {
    use ukulelatent::dsp::stft::Stft;
    use ukulelatent::units::MidiNote;

    use super::*;
    use crate::material::pitch_of;

    /// A tone of ten partials that is `cents` sharp, as a batch of one spectrogram.
    fn tone(front_end: &FrontEnd, note: MidiNote, cents: f32) -> Tensor {
        let f0_hz = note.hz() * (cents / 1200.0).exp2();
        let rate_hz = front_end.sample_rate_hz.hz();
        let partial =
            |n: usize, h: f32| (std::f32::consts::TAU * h * f0_hz * n as f32 / rate_hz + h * h).sin() / (h * h);
        let sample = |n: usize| 0.3 * (1..=10).map(|h| partial(n, h as f32)).sum::<f32>();
        let signal: Vec<f32> = (0..front_end.samples()).map(sample).collect();
        let bank = MelFilterBank::new(front_end.mel, front_end.geometry, front_end.sample_rate_hz);
        let mut stft = Stft::new(front_end.geometry);
        let mut mel = Vec::new();
        for frame in 10..20 {
            let mut magnitude = vec![0.0; front_end.geometry.bins()];
            let from = frame * front_end.geometry.hop;
            stft.magnitude(&signal[from..from + front_end.geometry.fft_size], &mut magnitude);
            let mut row = vec![0.0; front_end.mel.bands];
            bank.apply(&magnitude, &mut row);
            mel.extend(row.iter().map(|m| front_end.amplitude.to_normalised(*m)));
        }
        Tensor::from_vec(mel, (1, 10, front_end.mel.bands), &Device::Cpu).unwrap()
    }

    #[test]
    fn a_tone_in_tune_costs_nothing_and_one_out_of_tune_does() {
        let front_end = FrontEnd::default();
        let tuning = Tuning::new(&front_end).unwrap();
        for number in [40, 43, 52, 60, 76, 84] {
            let note = MidiNote::new(number).unwrap();
            let error = |cents: f32| {
                let mel = tone(&front_end, note, cents);
                tuning.error(&mel, &[pitch_of(note)]).unwrap().to_scalar::<f32>().unwrap()
            };
            let [right, a_little, flat, sharp] = [0.0, 10.0, -40.0, 40.0].map(error);
            assert!(right < 0.1 && right < a_little, "note {number}: {right} {a_little}");
            assert!(flat > 0.5 && sharp > 0.5 && flat > 5.0 * right, "note {number}: {right} {flat} {sharp}");
        }
    }

    #[test]
    fn where_partials_cannot_be_told_apart_nothing_is_said() {
        let mut front_end = FrontEnd::default();
        let low = MidiNote::new(24).unwrap();
        let full = Tuning::new(&front_end).unwrap().error(&tone(&front_end, low, 0.0), &[pitch_of(low)]).unwrap();
        assert!(full.to_scalar::<f32>().unwrap() < 0.1);
        front_end.mel.bands = 16;
        let coarse = Tuning::new(&front_end).unwrap();
        for pitch in 0..PITCHES as u32 {
            let error = coarse.error(&tone(&front_end, note_of(pitch), 40.0), &[pitch]).unwrap();
            assert!(error.to_scalar::<f32>().unwrap().is_finite(), "pitch {pitch}");
        }
    }

    #[test]
    fn silence_costs_nothing() {
        let front_end = FrontEnd::default();
        let silence = Tensor::full(-1.0f32, (2, 8, front_end.mel.bands), &Device::Cpu).unwrap();
        let error = Tuning::new(&front_end).unwrap().error(&silence, &[20, 60]).unwrap();
        let error = error.to_scalar::<f32>().unwrap();
        assert!(error < 0.1, "{error}");
    }
}
