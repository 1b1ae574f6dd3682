//! What the notes of one worker share, one at a time.

use crate::dsp::inversion::MelInverter;
use crate::dsp::mel::{AmplitudeMap, MelFilterBank};
use crate::model::card::NoteRange;
use crate::model::decoder::Decoder;
use crate::model::{ModelError, ModelFile};

/// A decoder session and the way from mel to linear.
pub(super) struct Tools {
    pub decoder: Decoder,
    pub notes: NoteRange,
    inverter: MelInverter,
    amplitude: AmplitudeMap,
    /// One frame, linear.
    mel: Vec<f32>,
    /// One frame, linear.
    pub magnitude: Vec<f32>,
    /// What brings the model to the loudness of all.
    gain: f32,
}

impl Tools {
    pub fn new(model: &ModelFile) -> Result<Self, ModelError> {
        let card = &model.card;
        let bank = MelFilterBank::new(card.mel, card.geometry, card.sample_rate_hz);
        let mut decoder = Decoder::new(model)?;
        Ok(Self {
            gain: model.common_gain(&mut decoder),
            decoder,
            inverter: MelInverter::new(&bank, MelInverter::ITERATIONS),
            amplitude: card.amplitude,
            notes: card.notes,
            mel: vec![0.0; card.mel.bands],
            magnitude: vec![0.0; card.geometry.bins()],
        })
    }

    /// From a normalised mel frame to `magnitude`.
    pub fn invert(&mut self, normalised: &[f32]) {
        for (mel, &y) in self.mel.iter_mut().zip(normalised) {
            *mel = self.amplitude.to_magnitude(y);
        }
        self.inverter.invert(&self.mel, &mut self.magnitude);
        #[allow(clippy::float_cmp)] // Exactly one: no sample of a model that has the common loudness is touched.
        if self.gain != 1.0 {
            self.magnitude.iter_mut().for_each(|m| *m *= self.gain);
        }
    }

    /// Root of the summed squares of `magnitude`: how loud its sound is.
    pub fn level(&self) -> f32 {
        self.magnitude.iter().map(|m| m * m).sum::<f32>().sqrt()
    }
}
