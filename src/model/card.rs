//! The model card: all that the plugin must know of an instrument, as JSON in the ONNX file's metadata.

use serde::{Deserialize, Serialize};

use crate::dsp::mel::{AmplitudeMap, MelScale};
use crate::dsp::stft::FrameGeometry;
use crate::units::{MidiNote, SampleRate};

/// Key of the card in the ONNX file's `metadata_props`.
pub const METADATA_KEY: &str = "ukulelatent.card";
/// The card version that this program writes, and the only one it reads so far.
pub const CARD_VERSION: u32 = 1;
/// Latent coordinates of every instrument.
pub const LATENT_DIM: usize = 4;
/// Fewer samples a frame hold no pitch, more are seconds.
const MIN_FFT_SIZE: usize = 64;
const MAX_FFT_SIZE: usize = 65_536;
const MAX_FRAMES: usize = 65_536;
const MAX_BANDS: usize = 8192;

/// Everything that decoding, inverting and playing a model needs, and who is to be thanked for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// [`CARD_VERSION`].
    pub card_version: u32,
    /// The instrument's name, as musicians see it.
    pub name: String,
    /// Who trained it.
    pub author: String,
    /// One or two sentences.
    pub description: String,
    /// Licence of the instrument itself, as an SPDX expression.
    pub licence: String,
    /// The rate of the recordings, in hertz.
    pub sample_rate_hz: SampleRate,
    /// FFT size and hop, in samples; the window is a periodic Hann.
    pub geometry: FrameGeometry,
    /// The mel filter bank (Slaney scale and area norm).
    pub mel: MelScale,
    /// From linear mel magnitude to the decoder's [-1, 1].
    pub amplitude: AmplitudeMap,
    /// Frames of a whole note.
    pub frames: usize,
    /// Frames before a wanted one that a decoder cut in chunks must see again: its receptive field, less one.
    #[serde(default)]
    pub context_frames: usize,
    /// Where in the reconstructed signal a note begins to sound, in samples.
    pub onset_sample: usize,
    /// First and last note that training heard.
    pub notes: NoteRange,
    /// The latent coordinates, in order.
    pub axes: [LatentAxis; LATENT_DIM],
    /// The training sounds: where they lie in the latent space and on the plane.
    #[serde(default)]
    pub map: Vec<MapPoint>,
    /// The recordings, their authors and licences.
    #[serde(default)]
    pub credits: Vec<Credit>,
    /// How the model was made: configuration, seed, data hash, program version. Free-form.
    #[serde(default)]
    pub training: serde_json::Value,
}

/// An inclusive range of MIDI notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteRange {
    /// The lowest note.
    pub lowest: MidiNote,
    /// The highest note.
    pub highest: MidiNote,
}

impl NoteRange {
    /// The note of the range nearest to `note`.
    #[must_use]
    pub fn nearest(self, note: MidiNote) -> MidiNote {
        note.clamp(self.lowest, self.highest)
    }
}

/// One latent coordinate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatentAxis {
    /// What one hears along it, in a word or two.
    pub label: String,
    /// The range in which the model sounds good.
    pub range: [f32; 2],
    /// What was measured along it.
    #[serde(default)]
    pub description: String,
}

/// One training sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapPoint {
    /// Its latent coordinates.
    pub z: [f32; LATENT_DIM],
    /// Its place on the two-dimensional map.
    pub xy: [f32; 2],
    /// Instrument or family.
    pub label: String,
    /// Its note.
    pub note: MidiNote,
}

/// Thanks to those who recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// What was used.
    pub work: String,
    /// Who made it.
    pub author: String,
    /// Under which licence.
    pub licence: String,
    /// Where it was published.
    #[serde(default)]
    pub url: String,
}

/// A card that no instrument can have.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// Not the JSON of a card.
    #[error("the model card is not readable: {0}")]
    Syntax(#[from] serde_json::Error),
    /// Written by a later program.
    #[error("the model card has version {got}, this program reads version {CARD_VERSION}")]
    Version {
        /// The card's version.
        got: u32,
    },
    /// A value that makes no sense.
    #[error("the model card's {field}: expected {expected}, got {got}")]
    Value {
        /// Which one.
        field: &'static str,
        /// What would make sense.
        expected: String,
        /// What it says.
        got: String,
    },
}

impl ModelCard {
    /// Reads and checks a card.
    ///
    /// # Errors
    /// [`CardError`] for text that is no card and for values that no instrument can have.
    pub fn from_json(json: &str) -> Result<Self, CardError> {
        #[derive(Deserialize)]
        struct Version {
            card_version: u32,
        }
        // The version first: a later card may have other fields.
        let Version { card_version } = serde_json::from_str(json)?;
        if card_version != CARD_VERSION {
            return Err(CardError::Version { got: card_version });
        }
        let card: Self = serde_json::from_str(json)?;
        card.check()?;
        Ok(card)
    }

    /// The card as the text that [`ModelCard::from_json`] reads.
    ///
    /// # Panics
    /// Never: every field has a JSON form.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("every field has a JSON form")
    }

    /// Samples of a whole note at the model's rate.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.geometry.samples(self.frames)
    }

    fn check(&self) -> Result<(), CardError> {
        let FrameGeometry { fft_size, hop } = self.geometry;
        require(
            (MIN_FFT_SIZE..=MAX_FFT_SIZE).contains(&fft_size) && fft_size.is_multiple_of(2),
            "geometry.fft_size",
            format!("an even number from {MIN_FFT_SIZE} to {MAX_FFT_SIZE}"),
            fft_size,
        )?;
        require(
            hop > 0 && fft_size.is_multiple_of(hop) && fft_size / hop >= 4,
            "geometry.hop",
            format!("a divisor of {fft_size}, at most a quarter of it"),
            hop,
        )?;
        require((1..=MAX_FRAMES).contains(&self.frames), "frames", format!("1 to {MAX_FRAMES}"), self.frames)?;
        require(
            (1..=MAX_BANDS).contains(&self.mel.bands),
            "mel.bands",
            format!("1 to {MAX_BANDS}"),
            self.mel.bands,
        )?;
        let nyquist = self.sample_rate_hz.hz() / 2.0;
        require(
            self.mel.low_hz >= 0.0 && self.mel.low_hz < self.mel.high_hz && self.mel.high_hz <= nyquist,
            "mel range",
            format!("0 <= low < high <= {nyquist} Hz"),
            format!("{}..{} Hz", self.mel.low_hz, self.mel.high_hz),
        )?;
        let AmplitudeMap { gain, full_scale } = self.amplitude;
        require(
            gain.is_finite() && gain > 0.0 && full_scale.is_finite() && full_scale > 0.0,
            "amplitude",
            "positive numbers",
            format!("gain {gain}, full scale {full_scale}"),
        )?;
        require(
            self.onset_sample < self.samples(),
            "onset_sample",
            format!("less than the note's {} samples", self.samples()),
            self.onset_sample,
        )?;
        let NoteRange { lowest, highest } = self.notes;
        require(
            lowest <= highest && lowest.octave_and_semitone().is_some() && highest.octave_and_semitone().is_some(),
            "notes",
            "lowest <= highest, both in 21..=104",
            format!("{}..={}", lowest.number(), highest.number()),
        )?;
        for LatentAxis { range: [low, high], .. } in &self.axes {
            require(low < high, "axes.range", "low < high", format!("{low}..{high}"))?;
        }
        Ok(())
    }
}

fn require(
    holds: bool,
    field: &'static str,
    expected: impl Into<String>,
    got: impl ToString,
) -> Result<(), CardError> {
    if holds { Ok(()) } else { Err(CardError::Value { field, expected: expected.into(), got: got.to_string() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> ModelCard {
        let axis = LatentAxis { label: "1".into(), range: [-3.0, 3.0], description: String::new() };
        ModelCard {
            card_version: CARD_VERSION,
            name: "Test".into(),
            author: "Nobody".into(),
            description: String::new(),
            licence: "CC0-1.0".into(),
            sample_rate_hz: SampleRate::new(22_050.0).unwrap(),
            geometry: FrameGeometry { fft_size: 2048, hop: 256 },
            mel: MelScale { bands: 500, low_hz: 0.0, high_hz: 11_025.0 },
            amplitude: AmplitudeMap::REFERENCE,
            frames: 128,
            context_frames: 28,
            onset_sample: 512,
            notes: NoteRange { lowest: MidiNote::new(36).unwrap(), highest: MidiNote::new(88).unwrap() },
            axes: std::array::from_fn(|_| axis.clone()),
            map: Vec::new(),
            credits: Vec::new(),
            training: serde_json::Value::Null,
        }
    }

    #[test]
    fn a_card_survives_json() {
        assert_eq!(ModelCard::from_json(&card().to_json()).unwrap(), card());
    }

    #[test]
    fn a_later_card_is_refused_by_its_version_alone() {
        let error = ModelCard::from_json(r#"{"card_version": 9, "unheard_of": true}"#).unwrap_err();
        assert_eq!(error.to_string(), "the model card has version 9, this program reads version 1");
    }

    #[test]
    fn senseless_values_are_named() {
        type Spoil = fn(&mut ModelCard);
        let cases: [(Spoil, &str); 6] = [
            (|c| c.geometry.hop = 300, "geometry.hop"),
            (|c| c.geometry.fft_size = 2047, "geometry.fft_size"),
            (|c| c.frames = 0, "frames"),
            (|c| c.mel.high_hz = 20_000.0, "mel range"),
            (|c| c.onset_sample = 40_000, "onset_sample"),
            (|c| c.notes.highest = MidiNote::new(120).unwrap(), "notes"),
        ];
        for (spoil, field) in cases {
            let mut card = card();
            spoil(&mut card);
            let error = ModelCard::from_json(&card.to_json()).unwrap_err().to_string();
            assert!(error.contains(field) && error.contains("expected"), "{error}");
        }
    }
}
