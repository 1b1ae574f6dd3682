//! The front end: how recordings become what a network sees, and its command-line options.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use ukulelatent::dsp::mel::{AmplitudeMap, MelScale};
use ukulelatent::dsp::stft::FrameGeometry;
use ukulelatent::model::card::ModelCard;
use ukulelatent::units::SampleRate;

use crate::LabError;

/// Shifted copies up to this many semitones higher do not run out of sound: the stored audio is that much longer.
pub const MAX_SHIFT_UP: i8 = 5;

/// How recordings become what a network sees: the fields of the same names on the model card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrontEnd {
    /// The rate of the aligned recordings.
    pub sample_rate_hz: SampleRate,
    /// FFT size and hop, in samples; the window is a periodic Hann.
    pub geometry: FrameGeometry,
    /// The mel filter bank.
    pub mel: MelScale,
    /// From linear mel magnitude to [-1, 1].
    pub amplitude: AmplitudeMap,
    /// Frames of a note.
    pub frames: usize,
    /// The sample at which every note begins to sound.
    pub onset_sample: usize,
}

impl Default for FrontEnd {
    fn default() -> Self {
        Self {
            sample_rate_hz: SampleRate::new(22_050.0).expect("a positive number"),
            geometry: FrameGeometry { fft_size: 2048, hop: 256 },
            mel: MelScale { bands: 500, low_hz: 0.0, high_hz: 11_025.0 },
            amplitude: AmplitudeMap::REFERENCE,
            frames: 128,
            onset_sample: 512,
        }
    }
}

impl FrontEnd {
    /// What an instrument with this card was trained on.
    #[must_use]
    pub fn of(card: &ModelCard) -> Self {
        Self {
            sample_rate_hz: card.sample_rate_hz,
            geometry: card.geometry,
            mel: card.mel,
            amplitude: card.amplitude,
            frames: card.frames,
            onset_sample: card.onset_sample,
        }
    }

    /// Samples of a note.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.geometry.samples(self.frames)
    }

    /// Frames of the onset: those whose middle, where the window is open, lies within the first `ms` milliseconds.
    #[must_use]
    pub fn onset_frames(&self, ms: f32) -> usize {
        let end = self.onset_sample + self.sample_rate_hz.samples_in_ms(ms);
        (end.saturating_sub(self.geometry.fft_size / 2) / self.geometry.hop + 1).clamp(1, self.frames)
    }

    /// Samples of a note as it is stored: enough for copies [`MAX_SHIFT_UP`] semitones higher.
    #[must_use]
    pub fn stored_samples(&self) -> usize {
        let sounding = (self.samples() - self.onset_sample) as f64 * shift_factor(MAX_SHIFT_UP);
        // The filter of the resampler looks ahead.
        self.onset_sample + sounding.ceil() as usize + 256
    }

    /// Whether a model card can hold this, and audio be made of it.
    ///
    /// # Errors
    /// [`LabError::FrontEnd`] that names the option.
    pub fn check(&self) -> Result<(), LabError> {
        let FrameGeometry { fft_size, hop } = self.geometry;
        let rate_hz = self.sample_rate_hz.hz();
        let (mel, map) = (self.mel, self.amplitude);
        let positive = |x: f32| x.is_finite() && x > 0.0;
        require((4000.0..=384_000.0).contains(&rate_hz), "--rate", "4000 to 384000 Hz", rate_hz)?;
        require(
            (64..=65_536).contains(&fft_size) && fft_size.is_multiple_of(2),
            "--fft",
            "an even number from 64 to 65536",
            fft_size,
        )?;
        require(
            hop > 0 && fft_size.is_multiple_of(hop) && fft_size / hop >= 4,
            "--hop",
            &format!("a divisor of {fft_size}, at most a quarter of it"),
            hop,
        )?;
        require((1..=65_536).contains(&self.frames), "--frames", "1 to 65536", self.frames)?;
        require((1..=8192).contains(&mel.bands), "--bands", "1 to 8192", mel.bands)?;
        require(
            mel.low_hz >= 0.0 && mel.low_hz < mel.high_hz && mel.high_hz <= rate_hz / 2.0,
            "--low-hz and --high-hz",
            &format!("0 <= low < high <= {}", rate_hz / 2.0),
            format!("{} and {}", mel.low_hz, mel.high_hz),
        )?;
        require(positive(map.gain), "--gain", "a positive number", map.gain)?;
        require(positive(map.full_scale), "--full-scale", "a positive number", map.full_scale)?;
        let samples = self.samples();
        require(
            self.onset_sample < samples,
            "--onset-sample",
            &format!("less than the note's {samples} samples"),
            self.onset_sample,
        )
    }
}

/// Linear magnitudes of normalised values in [-1, 1]: [`AmplitudeMap::to_magnitude`] of a tensor, with gradients.
///
/// # Errors
/// None in practice; candle's.
pub(crate) fn magnitudes(map: AmplitudeMap, normalised: &Tensor) -> candle_core::Result<Tensor> {
    let range = (f64::from(map.gain) * f64::from(map.full_scale)).ln_1p();
    (((normalised + 1.0)? * (0.5 * range))?.exp()? - 1.0)? / f64::from(map.gain)
}

fn require(holds: bool, option: &'static str, expected: &str, got: impl ToString) -> Result<(), LabError> {
    if holds {
        Ok(())
    } else {
        Err(LabError::FrontEnd { option, expected: expected.into(), got: got.to_string() })
    }
}

/// The frequency ratio of a number of semitones.
pub(crate) fn shift_factor(semitones: i8) -> f64 {
    (f64::from(semitones) / 12.0).exp2()
}

/// Front-end options. The defaults are [`FrontEnd::default`].
#[derive(Clone, Debug, Default, PartialEq, clap::Args)]
pub struct FrontEndArgs {
    /// Sample rate of the instrument, in whole hertz [default: 22050]
    #[arg(long, value_name = "HZ")]
    pub rate: Option<u32>,
    /// Samples in a frame [default: 2048]
    #[arg(long, value_name = "SAMPLES")]
    pub fft: Option<usize>,
    /// Samples from frame to frame [default: 256]
    #[arg(long, value_name = "SAMPLES")]
    pub hop: Option<usize>,
    /// Frames of a note [default: 128]
    #[arg(long)]
    pub frames: Option<usize>,
    /// Mel bands [default: 500]
    #[arg(long)]
    pub bands: Option<usize>,
    /// Lower edge of the lowest mel band [default: 0]
    #[arg(long, value_name = "HZ")]
    pub low_hz: Option<f32>,
    /// Upper edge of the highest mel band [default: half the sample rate]
    #[arg(long, value_name = "HZ")]
    pub high_hz: Option<f32>,
    /// The sample at which notes begin to sound [default: two hops]
    #[arg(long, value_name = "SAMPLE")]
    pub onset_sample: Option<usize>,
    /// Gain of the amplitude map [default: 64]
    #[arg(long)]
    pub gain: Option<f32>,
    /// The mel magnitude that the amplitude map sends to 1 [default: 64]
    #[arg(long)]
    pub full_scale: Option<f32>,
}

impl FrontEndArgs {
    /// The front end asked for.
    ///
    /// # Errors
    /// [`LabError::FrontEnd`] for options that no model card can hold.
    pub fn front_end(&self) -> Result<FrontEnd, LabError> {
        let default = FrontEnd::default();
        let rate_hz = self.rate.map_or(default.sample_rate_hz.hz(), |hz| hz as f32);
        let sample_rate_hz = SampleRate::new(rate_hz).map_err(|e| LabError::FrontEnd {
            option: "--rate",
            expected: "a positive number".into(),
            got: e.to_string(),
        })?;
        let geometry = FrameGeometry {
            fft_size: self.fft.unwrap_or(default.geometry.fft_size),
            hop: self.hop.unwrap_or(default.geometry.hop),
        };
        let front_end = FrontEnd {
            sample_rate_hz,
            geometry,
            mel: MelScale {
                bands: self.bands.unwrap_or(default.mel.bands),
                low_hz: self.low_hz.unwrap_or(default.mel.low_hz),
                high_hz: self.high_hz.unwrap_or(rate_hz / 2.0),
            },
            amplitude: AmplitudeMap {
                gain: self.gain.unwrap_or(default.amplitude.gain),
                full_scale: self.full_scale.unwrap_or(default.amplitude.full_scale),
            },
            frames: self.frames.unwrap_or(default.frames),
            onset_sample: self.onset_sample.unwrap_or(geometry.hop.saturating_mul(2)),
        };
        front_end.check()?;
        Ok(front_end)
    }
}
