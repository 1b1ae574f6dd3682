//! The real recordings, where they are at hand: for unit tests, integration tests and benchmarks. Knows nothing of the
//! crate, so that all of them can include it.

#![allow(dead_code)] // Each user needs its own part.

use std::path::{Path, PathBuf};

use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::formats::TrackType;
use symphonia::core::formats::probe::Hint;
use symphonia::core::io::MediaSourceStream;

/// The rate that recordings are brought to.
pub const RATE_HZ: f32 = 22_050.0;

/// A recording and what its file name says.
pub struct Recording {
    /// The file's name without its extension.
    pub name: String,
    /// MIDI number.
    pub note: u8,
    /// At [`RATE_HZ`], as long as it is.
    pub samples: Vec<f32>,
}

impl Recording {
    /// The recording as an instrument has it: peak-normalised, its onset at sample `onset`, `samples` long.
    pub fn aligned(&self, onset: usize, samples: usize) -> Vec<f32> {
        let peak = self.samples.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
        let begins = self.samples.iter().position(|s| s.abs() > 0.02 * peak).unwrap_or(0);
        let mut note = vec![0.0; samples];
        for (n, s) in note[onset..].iter_mut().zip(&self.samples[begins..]) {
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
