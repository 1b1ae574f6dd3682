//! Sounds for the tests of this module: a synthetic string and, where they are at hand, the real ones.

use super::stft::FrameGeometry;
use crate::units::SampleRate;

#[path = "../../tests/support/recordings.rs"]
mod recordings;
pub use recordings::{RATE_HZ, Recording, recordings};

/// The geometry of the reference instrument.
pub const GEOMETRY: FrameGeometry = FrameGeometry { fft_size: 2048, hop: 256 };
/// Samples of its notes.
pub const SAMPLES: usize = GEOMETRY.samples(128);
/// Where its notes begin.
pub const ONSET: usize = 512;

/// The rate of the reference instrument.
pub fn rate() -> SampleRate {
    SampleRate::new(RATE_HZ).unwrap()
}

/// A string of `hz` that is plucked at [`ONSET`]: partials slightly sharp of harmonic, higher ones decaying faster.
pub fn string(hz: f64, samples: usize) -> Vec<f32> {
    let mut signal = vec![0.0f64; samples];
    for k in 1..=((10_000.0 / hz) as usize).min(24) {
        let k = k as f64;
        let partial = hz * k * (1.0 + 1e-5 * k * k);
        let step = std::f64::consts::TAU * partial / 22_050.0;
        let decay = (1.5 + 0.4 * k) / 22_050.0;
        for (n, s) in signal.iter_mut().skip(ONSET).enumerate() {
            let t = n as f64;
            *s += (step * t + k).sin() * (-decay * t).exp() / k;
        }
    }
    signal.into_iter().map(|s| 0.3 * s as f32).collect()
}
