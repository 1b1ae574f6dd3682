//! Synthetic recordings with known onset, pitch and noise.

use std::path::Path;

use lab::audio::write_wav;
use lab::prepare::{FeaturesArgs, RecordingArgs};
use ukulelatent::units::SampleRate;

/// A plucked string: eleven harmonics that decay the faster the higher they are, after `lead` of silence.
pub struct Pluck {
    pub hz: f32,
    pub rate_hz: f32,
    pub lead_s: f32,
    pub seconds: f32,
    /// Peak of white noise all along, relative to the string's peak.
    pub noise: f32,
}

impl Default for Pluck {
    fn default() -> Self {
        Self { hz: 220.0, rate_hz: 44_100.0, lead_s: 0.1, seconds: 2.0, noise: 0.0 }
    }
}

impl Pluck {
    pub fn rate(&self) -> SampleRate {
        SampleRate::new(self.rate_hz).unwrap()
    }

    /// The first sample of the string.
    pub fn onset(&self) -> usize {
        (self.lead_s * self.rate_hz).round() as usize
    }

    pub fn samples(&self) -> Vec<f32> {
        let onset = self.onset();
        let mut seed = 1u32;
        let mut noise = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        let harmonics = (1..=11).filter(|&k| self.hz * (k as f32) < 0.45 * self.rate_hz).collect::<Vec<_>>();
        let string = |n: usize| -> f32 {
            let t = n.wrapping_sub(onset) as f32 / self.rate_hz;
            let partial = |k: usize| {
                let k = k as f32;
                (std::f32::consts::TAU * self.hz * k * t).sin() / k * (-t * (2.0 + k)).exp()
            };
            if n < onset { 0.0 } else { harmonics.iter().map(|&k| partial(k)).sum() }
        };
        let len = (self.seconds * self.rate_hz) as usize;
        let mut samples: Vec<f32> = (0..len).map(string).collect();
        let peak = samples.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
        samples.iter_mut().for_each(|x| *x = 0.5 * (*x / peak + self.noise * noise()));
        samples
    }

    pub fn write(&self, path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_wav(path, &self.samples(), self.rate()).unwrap();
    }
}

/// `lab features SAMPLES OUT` with all defaults.
pub fn args(samples: &Path, out: &Path) -> FeaturesArgs {
    FeaturesArgs { samples: samples.to_owned(), out: out.to_owned(), recordings: RecordingArgs::default() }
}
