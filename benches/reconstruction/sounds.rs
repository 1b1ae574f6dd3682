//! What is reconstructed, and by what.

use ukulelatent::dsp::inversion::MelInverter;
use ukulelatent::dsp::mel::{MelFilterBank, MelScale};
use ukulelatent::dsp::metrics::spectrogram;
use ukulelatent::dsp::reconstruct::{Quality, Reconstructor};
use ukulelatent::dsp::stft::Stft;
use ukulelatent::units::SampleRate;

use crate::recordings::{RATE_HZ, recordings};
use crate::{ANCESTORS_BATCH, FRAMES, GEOMETRY, ITERATIONS, ONSET, SAMPLES, textbook};

/// Every so many of the recordings, in the order of their names: about thirty, of all instruments.
const STRIDE: usize = 33;
/// Keys that the instruments know.
const KEYS: std::ops::RangeInclusive<u8> = 36..=88;

/// A note and its magnitudes.
pub struct Sound {
    /// The recording's name.
    pub name: String,
    /// The note, [`SAMPLES`] long, its onset at [`ONSET`].
    pub original: Vec<f32>,
    /// Its own magnitudes, a row a frame.
    pub consistent: Vec<f32>,
    /// The same after mel bank and inversion: what a perfect model would give.
    pub from_mel: Vec<f32>,
}

/// The recordings where they are at hand, else synthetic strings.
pub fn all() -> Vec<Sound> {
    let mut notes: Vec<(String, Vec<f32>)> = Vec::new();
    for note in recordings(STRIDE).unwrap_or_default() {
        if KEYS.contains(&note.note) {
            notes.push((note.name.clone(), note.aligned(ONSET, SAMPLES)));
        } else {
            println!("left out, beyond the keys that models know: {}", note.name);
        }
    }
    if notes.is_empty() {
        println!("no recordings: synthetic strings instead, which figures for real notes do not hold for");
        notes.extend([98.0, 147.0, 196.0, 440.0].map(|hz| (format!("string of {hz} Hz"), string(hz))));
    }
    let mut stft = Stft::new(GEOMETRY);
    let bank = mel_bank();
    let mut inverter = MelInverter::new(&bank, MelInverter::ITERATIONS);
    let sound = |(name, original): (String, Vec<f32>)| {
        let consistent = spectrogram(&mut stft, &original);
        let mut from_mel = vec![0.0; consistent.len()];
        let mut mel = vec![0.0; bank.bands()];
        for (row, out) in consistent.chunks(GEOMETRY.bins()).zip(from_mel.chunks_mut(GEOMETRY.bins())) {
            bank.apply(row, &mut mel);
            inverter.invert(&mel, out);
        }
        Sound { name, original, consistent, from_mel }
    };
    notes.into_iter().map(sound).collect()
}

/// The paper's mel bank.
pub fn mel_bank() -> MelFilterBank {
    let rate = SampleRate::new(RATE_HZ).expect("a positive constant");
    MelFilterBank::new(MelScale { bands: 500, low_hz: 0.0, high_hz: RATE_HZ / 2.0 }, GEOMETRY, rate)
}

/// From magnitudes to sound.
pub type Method = Box<dyn FnMut(&[f32]) -> Vec<f32>>;

/// A method that is compared.
pub struct Candidate {
    /// For tables.
    pub name: &'static str,
    /// Samples at which its blocks meet.
    pub edges: Vec<usize>,
    /// What it does.
    pub run: Method,
}

/// Where blocks that part at `frame` are equally loud: half a window after the later one begins.
fn seam(frame: usize) -> usize {
    frame * GEOMETRY.hop + (GEOMETRY.fft_size - GEOMETRY.hop) / 2
}

/// The methods that are compared.
pub fn candidates() -> Vec<Candidate> {
    let textbook = |name, batch| Candidate {
        name,
        edges: (1..FRAMES / batch).map(|edge| seam(edge * batch)).collect(),
        run: Box::new(move |target| textbook::batches(GEOMETRY, target, batch, ITERATIONS)),
    };
    let ours = |name, quality: Quality, onset: usize| {
        let mut reconstructor = Reconstructor::new(GEOMETRY, quality);
        let run: Method = Box::new(move |target| {
            reconstructor.begin(quality, onset);
            pull(&mut reconstructor, target, SAMPLES)
        });
        // The last block has no edge but the note's end.
        let edges = quality.block_edges(FRAMES).into_iter().filter(|edge| edge + GEOMETRY.overlap() < FRAMES);
        Candidate { name, edges: edges.map(seam).collect(), run }
    };
    vec![
        textbook("ancestor (4 x 32 x 100)", ANCESTORS_BATCH),
        textbook("Griffin-Lim 100", FRAMES),
        ours("draft", Quality::Draft, ONSET),
        ours("play", Quality::Play, ONSET),
        ours("play, onset unknown", Quality::Play, 0),
        ours("fine", Quality::Fine, ONSET),
    ]
}

/// Pushes frames as they are wanted until the first `samples` are there.
pub fn pull(reconstructor: &mut Reconstructor, target: &[f32], samples: usize) -> Vec<f32> {
    let mut signal = vec![0.0; samples];
    let mut rows = target.chunks_exact(GEOMETRY.bins());
    let mut pulled = 0;
    while pulled < signal.len() {
        for row in rows.by_ref().take(reconstructor.frames_wanted()) {
            reconstructor.push(row).expect("a spectrogram's own row");
        }
        if rows.len() == 0 {
            reconstructor.finish();
        }
        pulled += reconstructor.pull(&mut signal[pulled..]);
    }
    signal
}

/// A plucked string: slightly sharp partials, the higher ones decaying faster.
fn string(hz: f64) -> Vec<f32> {
    let mut signal = vec![0.0; SAMPLES];
    for k in 1..=24 {
        let k = f64::from(k);
        let step = std::f64::consts::TAU * hz * k * (1.0 + 1e-5 * k * k) / f64::from(RATE_HZ);
        let decay = (1.5 + 0.4 * k) / f64::from(RATE_HZ);
        for (n, s) in signal[ONSET..].iter_mut().enumerate() {
            *s += (0.3 * (step * n as f64 + k).sin() * (-decay * n as f64).exp() / k) as f32;
        }
    }
    signal
}
