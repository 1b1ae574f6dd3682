//! Sounds for the tests of this module: a synthetic string and, where they are at hand, the real ones.

use std::path::{Path, PathBuf};

use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::formats::TrackType;
use symphonia::core::formats::probe::Hint;
use symphonia::core::io::MediaSourceStream;

use super::stft::FrameGeometry;
use crate::units::SampleRate;

/// The geometry of the reference instrument.
pub const GEOMETRY: FrameGeometry = FrameGeometry { fft_size: 2048, hop: 256 };
/// Samples of its notes.
pub const SAMPLES: usize = GEOMETRY.samples(128);
/// Where its notes begin.
pub const ONSET: usize = 512;

/// The rate of the reference instrument.
pub fn rate() -> SampleRate {
    SampleRate::new(22_050.0).unwrap()
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

/// A recording and what its file name says.
pub struct Recording {
    /// The file's name without its extension.
    pub name: String,
    /// MIDI number.
    pub note: u8,
    /// At [`rate`], as long as it is.
    pub samples: Vec<f32>,
}

impl Recording {
    /// The recording as the instrument has it: peak-normalised, its onset at [`ONSET`], [`SAMPLES`] long.
    pub fn aligned(&self) -> Vec<f32> {
        let peak = self.samples.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
        let onset = self.samples.iter().position(|s| s.abs() > 0.02 * peak).unwrap_or(0);
        let mut note = vec![0.0; SAMPLES];
        for (n, s) in note[ONSET..].iter_mut().zip(&self.samples[onset..]) {
            *n = s / peak;
        }
        note
    }
}

/// Every `stride`-th of the real recordings, in the order of their names; `None`, with a message, without the data.
pub fn recordings(stride: usize) -> Option<Vec<Recording>> {
    let root = std::env::var_os("UKULELATENT_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let Ok(folder) = std::fs::read_dir(root.join("plucked")) else {
        eprintln!("skipped: no recordings in {}", root.display());
        return None;
    };
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "flac"));
    paths.sort();
    Some(paths.iter().step_by(stride).map(|path| recording(path)).collect())
}

fn recording(path: &Path) -> Recording {
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let note = stem.split('_').nth(1).unwrap().parse().unwrap();
    Recording { name: stem.into(), note, samples: halved(&decoded(path)) }
}

/// A mono file's samples.
fn decoded(path: &Path) -> Vec<f32> {
    let stream = MediaSourceStream::new(Box::new(std::fs::File::open(path).unwrap()), Default::default());
    let mut hint = Hint::new();
    hint.with_extension("flac");
    let mut format =
        symphonia::default::get_probe().probe(&hint, stream, Default::default(), Default::default()).unwrap();
    let track = format.default_track(TrackType::Audio).unwrap();
    let parameters = track.codec_params.as_ref().unwrap().audio().unwrap().clone();
    let options = AudioDecoderOptions::default();
    let mut decoder = symphonia::default::get_codecs().make_audio_decoder(&parameters, &options).unwrap();
    let (mut samples, mut part) = (Vec::new(), Vec::new());
    while let Ok(Some(packet)) = format.next_packet() {
        decoder.decode(&packet).unwrap().copy_to_vec_interleaved::<f32>(&mut part);
        samples.extend_from_slice(&part);
    }
    samples
}

/// Halves the rate: a Hann-windowed sinc of 129 taps, cut off a little below half the new rate.
fn halved(signal: &[f32]) -> Vec<f32> {
    const REACH: isize = 64;
    const CUTOFF: f64 = 0.47;
    let tap = |n: isize| {
        let t = std::f64::consts::PI * n as f64;
        let sinc = if n == 0 { CUTOFF } else { (CUTOFF * t).sin() / t };
        (sinc * (0.5 + 0.5 * (t / (REACH + 1) as f64).cos())) as f32
    };
    let taps: Vec<f32> = (-REACH..=REACH).map(tap).collect();
    let at = |n: isize| usize::try_from(n).ok().and_then(|n| signal.get(n)).copied().unwrap_or(0.0);
    (0..signal.len() as isize / 2)
        .map(|i| taps.iter().zip(2 * i - REACH..).map(|(t, n)| t * at(n)).sum())
        .collect()
}
