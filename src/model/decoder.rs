//! A model's decoder as a function: latent point, note and frames in, normalised mel frames out.

use std::ops::Range;

use ort::session::Session;
use ort::value::TensorRef;

use super::backend::Backend;
use super::card::LATENT_DIM;
use super::file::{ModelError, ModelFile};
use crate::units::MidiNote;

/// Why a decode failed.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The backend's own words.
    #[error("decoding failed: {0}")]
    Backend(#[from] ort::Error),
    /// The graph gave something else than its file promises.
    #[error("decoding failed: expected {expected} values in `mel`, got {got}")]
    Size {
        /// Frames x bands.
        expected: usize,
        /// What came.
        got: usize,
    },
    /// A note that no model can be asked for.
    #[error("decoding failed: note {0} lies outside A0..G#7")]
    Note(u8),
}

/// One session of one model; one per thread.
pub struct Decoder {
    session: Session,
    frames: usize,
    bands: usize,
    /// Frames to decode again before the wanted ones; `None` if the graph decodes whole notes only.
    context: Option<usize>,
    indices: Vec<i64>,
}

impl Decoder {
    /// Starts a session for `model` on the process's backend.
    ///
    /// # Errors
    /// [`ModelError::Backend`] if the backend does not start or refuses the graph, [`ModelError::Graph`] if the
    /// graph does not have as many frames as its card says.
    pub fn new(model: &ModelFile) -> Result<Self, ModelError> {
        let refused = |backend, reason| ModelError::Backend { origin: model.origin.clone(), backend, reason };
        let backend = Backend::get().map_err(|reason| refused("inference", reason))?;
        let session = backend.session(model.bytes()).map_err(|reason| refused(backend.kind.name(), reason))?;
        let card = &model.card;
        let mut decoder = Self {
            session,
            frames: card.frames,
            bands: card.mel.bands,
            context: model.chunked.then_some(card.context_frames),
            indices: Vec::with_capacity(card.frames),
        };
        decoder.check_last_frame(model)?;
        Ok(decoder)
    }

    /// Decodes the last frame: a graph whose rows are chosen by `frames` shows only here how many it has.
    fn check_last_frame(&mut self, model: &ModelFile) -> Result<(), ModelError> {
        let range = self.granted(self.frames - 1..self.frames);
        let mut mel = vec![0.0; range.len() * self.bands];
        self.decode(&[0.0; LATENT_DIM], model.card.notes.lowest, range, &mut mel).map_err(|error| {
            ModelError::Graph {
                origin: model.origin.clone(),
                part: "output `mel`",
                expected: format!("{} frames, as the card promises", self.frames),
                got: error.to_string(),
            }
        })
    }

    /// The range that is cheapest to decode if `wanted` is needed: itself, or the whole note for a graph that
    /// cannot be cut.
    #[must_use]
    pub fn granted(&self, wanted: Range<usize>) -> Range<usize> {
        if self.context.is_some() { wanted.start..wanted.end.min(self.frames) } else { 0..self.frames }
    }

    /// Decodes the frames of `range` (as [`Decoder::granted`] gave it) into `mel`: frames x bands, in [-1, 1].
    ///
    /// # Errors
    /// [`DecodeError`] from the backend, or if the graph breaks its promise.
    pub fn decode(
        &mut self,
        latent: &[f32; LATENT_DIM],
        note: MidiNote,
        range: Range<usize>,
        mel: &mut [f32],
    ) -> Result<(), DecodeError> {
        let (octave, semitone) = note.octave_and_semitone().ok_or(DecodeError::Note(note.number()))?;
        let octave = one_hot::<{ MidiNote::OCTAVES }>(octave);
        let semitone = one_hot::<{ MidiNote::SEMITONES }>(semitone);
        let latent = TensorRef::from_array_view(([1, LATENT_DIM], latent.as_slice()))?;
        let octave = TensorRef::from_array_view(([1, MidiNote::OCTAVES], octave.as_slice()))?;
        let semitone = TensorRef::from_array_view(([1, MidiNote::SEMITONES], semitone.as_slice()))?;
        let mut inputs = ort::inputs!["latent" => latent, "octave" => octave, "semitone" => semitone];
        let first = match self.context {
            Some(context) => range.start.saturating_sub(context),
            None => 0,
        };
        let end = if self.context.is_some() { range.end } else { self.frames };
        if self.context.is_some() {
            self.indices.clear();
            self.indices.extend(first as i64..end as i64);
            let frames = TensorRef::from_array_view(([end - first], self.indices.as_slice()))?;
            inputs.push(("frames".into(), frames.into()));
        }
        let outputs = self.session.run(inputs)?;
        let (_, values) = outputs["mel"].try_extract_tensor::<f32>()?;
        let expected = (end - first) * self.bands;
        if values.len() != expected {
            return Err(DecodeError::Size { expected, got: values.len() });
        }
        mel.copy_from_slice(&values[(range.start - first) * self.bands..(range.end - first) * self.bands]);
        Ok(())
    }
}

pub(super) fn one_hot<const N: usize>(place: usize) -> [f32; N] {
    let mut vector = [0.0; N];
    vector[place] = 1.0;
    vector
}
