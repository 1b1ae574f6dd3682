//! An instrument's encoder, in a file of its own beside it: from a recording's mel-spectrogram to its latent point.
//!
//! The plugin plays without it. It is for placing recordings in the latent space of an instrument that is there
//! already.

use std::path::{Path, PathBuf};

use ort::session::Session;
use ort::value::TensorRef;

use super::backend::Backend;
use super::card::LATENT_DIM;
use super::decoder::{DecodeError, one_hot};
use super::file::{ModelError, ModelFile, Origin};
use crate::units::MidiNote;

/// Key, in the ONNX file's `metadata_props`, of the SHA-256 of the instrument file that an encoder belongs to.
pub const ENCODER_OF_KEY: &str = "ukulelatent.encoder_of";

/// Where an instrument's encoder lies: `NAME.encoder.onnx` beside `NAME.onnx`.
#[must_use]
pub fn encoder_path(instrument: &Path) -> PathBuf {
    instrument.with_extension("encoder.onnx")
}

/// A session of an encoder. Inputs `mel` f32 `[frames, bands]`, `octave` f32 `[1, 7]`, `semitone` f32 `[1, 12]`; output
/// `latent` f32 `[1, 4]`.
pub struct Encoder {
    session: Session,
    frames: usize,
    bands: usize,
}

impl Encoder {
    /// Opens the encoder of `instrument`.
    ///
    /// # Errors
    /// [`ModelError`] for a file that is no encoder, or that belongs to another instrument.
    pub fn open(path: &Path, instrument: &ModelFile) -> Result<Self, ModelError> {
        let bytes = std::fs::read(path).map_err(|source| ModelError::Unreadable { path: path.into(), source })?;
        Self::from_bytes(&bytes, Origin::File(path.into()), instrument)
    }

    /// The same from a file's bytes; `origin` is where messages say they are from.
    ///
    /// # Errors
    /// [`ModelError`] for bytes that are no encoder, or that belong to another instrument.
    pub fn from_bytes(bytes: &[u8], origin: Origin, instrument: &ModelFile) -> Result<Self, ModelError> {
        let model = onnx_rs::parse(bytes)
            .map_err(|e| ModelError::NotOnnx { origin: origin.clone(), reason: e.to_string() })?;
        let of = model.metadata_props.iter().find(|entry| entry.key == ENCODER_OF_KEY).map(|entry| entry.value);
        if of != Some(&instrument.sha256) {
            return Err(ModelError::Graph {
                origin,
                part: "metadata `ukulelatent.encoder_of`",
                expected: format!("the SHA-256 of {}, {}", instrument.origin, instrument.sha256),
                got: of.unwrap_or("none").to_owned(),
            });
        }
        let refused = |backend, reason| ModelError::Backend { origin: origin.clone(), backend, reason };
        let backend = Backend::get().map_err(|reason| refused("inference", reason))?;
        let session = backend.session(bytes).map_err(|reason| refused(backend.kind.name(), reason))?;
        let card = &instrument.card;
        let mut encoder = Self { session, frames: card.frames, bands: card.mel.bands };
        // A graph of another shape shows itself at the first run.
        let silence = vec![-1.0; card.frames * card.mel.bands];
        encoder.encode(&silence, card.notes.lowest).map_err(|e| refused(backend.kind.name(), e.to_string()))?;
        Ok(encoder)
    }

    /// The latent point of a normalised mel-spectrogram, frames x bands in [-1, 1], of a note.
    ///
    /// # Errors
    /// [`DecodeError`] from the backend, for a spectrogram of another size, or a note that no model can be asked for.
    pub fn encode(&mut self, mel: &[f32], note: MidiNote) -> Result<[f32; LATENT_DIM], DecodeError> {
        let (octave, semitone) = note.octave_and_semitone().ok_or(DecodeError::Note(note.number()))?;
        if mel.len() != self.frames * self.bands {
            return Err(DecodeError::Size { expected: self.frames * self.bands, got: mel.len() });
        }
        let octave = one_hot::<{ MidiNote::OCTAVES }>(octave);
        let semitone = one_hot::<{ MidiNote::SEMITONES }>(semitone);
        let mel = TensorRef::from_array_view(([self.frames, self.bands], mel))?;
        let octave = TensorRef::from_array_view(([1, MidiNote::OCTAVES], octave.as_slice()))?;
        let semitone = TensorRef::from_array_view(([1, MidiNote::SEMITONES], semitone.as_slice()))?;
        let outputs = self.session.run(ort::inputs!["mel" => mel, "octave" => octave, "semitone" => semitone])?;
        let (_, values) = outputs["latent"].try_extract_tensor::<f32>()?;
        values.try_into().map_err(|_| DecodeError::Size { expected: LATENT_DIM, got: values.len() })
    }
}
