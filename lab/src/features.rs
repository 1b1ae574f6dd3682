//! How recordings become what a network sees, and the folders that hold them ready for it.

use std::path::Path;

use serde::{Deserialize, Serialize};
use ukulelatent::dsp::mel::MelFilterBank;
use ukulelatent::dsp::stft::Stft;
use ukulelatent::units::MidiNote;

use crate::LabError;
use crate::audio::{Quality, resample};
use crate::front_end::shift_factor;
pub use crate::front_end::{FrontEnd, MAX_SHIFT_UP};
use crate::recording::PEAK;

/// The index of a feature folder.
pub const INDEX_NAME: &str = "index.json";
/// The form of [`INDEX_NAME`] that this program writes, and the only one it reads.
pub const INDEX_VERSION: u32 = 2;

/// One note of a feature folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoteEntry {
    /// The recording it was made from, relative to the folder of recordings.
    pub file: String,
    /// Whose sound it is.
    pub instrument: String,
    /// The instrument's family.
    pub family: String,
    /// The note it sounds.
    pub note: MidiNote,
    /// How far above the note the recording was; measured and removed. In cents.
    pub detune_cents: f32,
    /// SPDX expression; empty where nobody said.
    pub licence: String,
    /// The aligned recording in the feature folder, a mono WAV of 32-bit floats.
    pub aligned: String,
}

/// What the label and the ear disagree on, by more than [`crate::recording::CONSISTENT_CENTS`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Disagreement {
    /// The recording.
    pub file: String,
    /// The note that the manifest or the file's name gives.
    pub labelled: MidiNote,
    /// Who labelled it.
    pub labelled_by: LabelOrigin,
    /// The fundamental frequency measured, in hertz.
    pub measured_hz: f32,
    /// How far above the labelled note that is, in cents.
    pub cents: f32,
    /// The note that the entry has.
    pub kept: MidiNote,
}

/// Where a label comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelOrigin {
    /// A row of the manifest.
    Manifest,
    /// A measurement in the manifest, which disagrees with the note in the same row.
    ManifestF0,
    /// The file's name.
    Name,
}

/// A recording that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The recording.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

/// [`INDEX_NAME`]: everything about a feature folder but the sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// [`INDEX_VERSION`].
    pub version: u32,
    /// What the notes were made for.
    pub front_end: FrontEnd,
    /// SHA-256 over the sorted recordings: names, notes and contents. Hexadecimal.
    pub data_sha256: String,
    /// The notes, sorted by file.
    pub entries: Vec<NoteEntry>,
    /// Labels that the sound contradicts.
    pub disagreements: Vec<Disagreement>,
    /// Recordings left out.
    pub skipped: Vec<Skipped>,
}

/// A feature folder in memory. Any number of threads may read it at once.
pub struct FeatureSet {
    /// What the notes were made for.
    pub front_end: FrontEnd,
    /// The notes, sorted by file.
    pub entries: Vec<NoteEntry>,
    /// SHA-256 over the recordings; belongs on the card of a model trained on them.
    pub data_sha256: String,
    /// Labels that the sound contradicts.
    pub disagreements: Vec<Disagreement>,
    /// Recordings left out.
    pub skipped: Vec<Skipped>,
    stored: Vec<Vec<f32>>,
    maker: SpectrogramMaker,
}

impl FeatureSet {
    /// Reads the folder that `lab features` made: its index and all aligned recordings.
    ///
    /// # Errors
    /// [`LabError::NoIndex`], [`LabError::BadIndex`] and [`LabError::BadAligned`] for a folder that is not, or is no
    /// longer, what `lab features` leaves; [`LabError::Io`] if the system refuses.
    pub fn load(folder: &Path) -> Result<Self, LabError> {
        let path = folder.join(INDEX_NAME);
        if !path.is_file() {
            return Err(LabError::NoIndex { path: folder.to_owned() });
        }
        let text = std::fs::read_to_string(&path).map_err(LabError::io(&path, "read the index"))?;
        let bad = |reason: String| LabError::BadIndex { path: path.clone(), reason };
        let index: Index = serde_json::from_str(&text).map_err(|e| bad(e.to_string()))?;
        if index.version != INDEX_VERSION {
            return Err(bad(format!("version {}, this program reads version {INDEX_VERSION}", index.version)));
        }
        let front_end = index.front_end;
        front_end.check().map_err(|e| bad(e.to_string()))?;
        let stored = index
            .entries
            .iter()
            .map(|entry| read_aligned(&folder.join(&entry.aligned), &front_end))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            maker: SpectrogramMaker::new(&front_end),
            front_end,
            entries: index.entries,
            data_sha256: index.data_sha256,
            disagreements: index.disagreements,
            skipped: index.skipped,
            stored,
        })
    }

    /// A note's sound: [`FrontEnd::samples`] samples with a peak of 0.9, the onset at the front end's
    /// `onset_sample`.
    ///
    /// # Panics
    /// If there is no such entry.
    #[must_use]
    pub fn audio(&self, index: usize) -> &[f32] {
        &self.stored[index][..self.front_end.samples()]
    }

    /// A copy of a note's sound played `semitones` higher, by resampling: the same length, peak and onset. The
    /// caller shifts the label.
    ///
    /// Upwards, the copy's end is real sound for [`MAX_SHIFT_UP`] semitones, and silence beyond.
    ///
    /// # Panics
    /// If there is no such entry.
    #[must_use]
    pub fn shifted_audio(&self, index: usize, semitones: i8) -> Vec<f32> {
        if semitones == 0 {
            return self.audio(index).to_vec();
        }
        let onset = self.front_end.onset_sample;
        let ratio = 1.0 / shift_factor(semitones);
        let shifted = resample(&self.stored[index], ratio, Quality::Fast);
        let mut copy = place(&shifted, (onset as f64 * ratio).round() as usize, onset, self.front_end.samples());
        normalise(&mut copy, self.front_end.samples());
        copy
    }

    /// The normalised mel-spectrogram of a copy played `semitones` higher: frames x bands, frame by frame, in
    /// [-1, 1]. The caller shifts the label.
    ///
    /// # Panics
    /// If there is no such entry.
    #[must_use]
    pub fn mel(&self, index: usize, semitones: i8) -> Vec<f32> {
        let shifted;
        let audio = if semitones == 0 {
            self.audio(index)
        } else {
            shifted = self.shifted_audio(index, semitones);
            &shifted
        };
        self.mel_of(audio)
    }

    /// The normalised mel-spectrogram of any sound at the front end's rate: frames x bands, frame by frame, in
    /// [-1, 1]; as many frames as fit into it.
    #[must_use]
    pub fn mel_of(&self, audio: &[f32]) -> Vec<f32> {
        self.maker.mel_of(audio)
    }
}

/// Turns sound into what a network sees. Any number of threads may use it at once.
pub struct SpectrogramMaker {
    front_end: FrontEnd,
    bank: MelFilterBank,
}

impl SpectrogramMaker {
    /// Prepares the filter bank of a front end.
    #[must_use]
    pub fn new(front_end: &FrontEnd) -> Self {
        let bank = MelFilterBank::new(front_end.mel, front_end.geometry, front_end.sample_rate_hz);
        Self { front_end: front_end.clone(), bank }
    }

    /// The normalised mel-spectrogram of a sound at the front end's rate: frames x bands, frame by frame, in
    /// [-1, 1]; as many frames as fit into it.
    #[must_use]
    pub fn mel_of(&self, audio: &[f32]) -> Vec<f32> {
        let FrontEnd { geometry, amplitude, .. } = self.front_end;
        let (frames, bands) = (geometry.frames(audio.len()), self.bank.bands());
        let mut stft = Stft::new(geometry);
        let mut magnitude = vec![0.0; geometry.bins()];
        let mut mel = vec![0.0; frames * bands];
        for (frame, row) in mel.chunks_exact_mut(bands).enumerate() {
            let start = frame * geometry.hop;
            stft.magnitude(&audio[start..start + geometry.fft_size], &mut magnitude);
            self.bank.apply(&magnitude, row);
            for value in row {
                *value = amplitude.to_normalised(*value).clamp(-1.0, 1.0);
            }
        }
        mel
    }
}

/// `samples` samples of silence with `signal` in it, moved so that its sample `from` lies at `to`.
pub(crate) fn place(signal: &[f32], from: usize, to: usize, samples: usize) -> Vec<f32> {
    let mut placed = vec![0.0; samples];
    let (skip, lead) = (from.saturating_sub(to), to.saturating_sub(from));
    for (out, x) in placed.iter_mut().skip(lead).zip(signal.iter().skip(skip)) {
        *out = *x;
    }
    placed
}

/// Scales all of `signal` so that its first `samples` have a peak of [`PEAK`]. Silence stays silence.
pub(crate) fn normalise(signal: &mut [f32], samples: usize) {
    let peak = signal[..samples].iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
    if peak > 0.0 {
        signal.iter_mut().for_each(|x| *x *= PEAK / peak);
    }
}

fn read_aligned(path: &Path, front_end: &FrontEnd) -> Result<Vec<f32>, LabError> {
    let bad = |expected: String, got: String| LabError::BadAligned { path: path.to_owned(), expected, got };
    let readable = |e: hound::Error| bad("a WAV file".into(), e.to_string());
    let reader = hound::WavReader::open(path).map_err(readable)?;
    let (spec, rate_hz) = (reader.spec(), front_end.sample_rate_hz.hz().round() as u32);
    if (spec.channels, spec.sample_rate, spec.sample_format) != (1, rate_hz, hound::SampleFormat::Float) {
        let got = format!("{} channels of {:?} at {} Hz", spec.channels, spec.sample_format, spec.sample_rate);
        return Err(bad(format!("1 channel of Float at {rate_hz} Hz"), got));
    }
    let samples = reader.into_samples().collect::<Result<Vec<f32>, _>>().map_err(readable)?;
    let expected = front_end.stored_samples();
    if samples.len() == expected {
        Ok(samples)
    } else {
        Err(bad(format!("{expected} samples"), samples.len().to_string()))
    }
}
