//! An instrument file: an ONNX graph with a model card, checked against each other before anything plays.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use onnx_rs::ast::{DataType, Dimension, Graph, TensorShapeDimension, ValueInfo};
use sha2::{Digest, Sha256};

use super::card::{CardError, LATENT_DIM, METADATA_KEY, ModelCard};
use super::decoder::Decoder;
use super::loudness;
use crate::units::MidiNote;

/// The instrument inside the program.
static BUILT_IN: &[u8] = include_bytes!("../../models/plucked.onnx");
/// More than any decoder for live use needs; a guard against opening something else.
const MAX_BYTES: u64 = 512 << 20;

/// Where a model came from, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Compiled into this program.
    BuiltIn,
    /// Read from a file.
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("the built-in model"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A file that is no instrument.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file cannot be read.
    #[error("{path}: cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is larger than any instrument.
    #[error("{path}: expected an instrument of at most {} MiB, got {} MiB", MAX_BYTES >> 20, .bytes >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// Not ONNX.
    #[error("{origin}: expected an ONNX file, got something else ({reason})")]
    NotOnnx {
        /// The file.
        origin: Origin,
        /// What the parser said.
        reason: String,
    },
    /// ONNX, but no instrument.
    #[error("{origin}: expected a model card under {METADATA_KEY:?} in the file's metadata, got none")]
    NoCard {
        /// The file.
        origin: Origin,
    },
    /// The card cannot be used.
    #[error("{origin}: {source}")]
    Card {
        /// The file.
        origin: Origin,
        /// What is wrong with it.
        source: CardError,
    },
    /// The graph is not the decoder that the card promises.
    #[error("{origin}: {part}: expected {expected}, got {got}")]
    Graph {
        /// The file.
        origin: Origin,
        /// Input or output.
        part: &'static str,
        /// What a decoder with this card has.
        expected: String,
        /// What the graph has.
        got: String,
    },
    /// The inference backend refuses the graph.
    #[error("{origin}: the {backend} backend cannot run it: {reason}")]
    Backend {
        /// The file.
        origin: Origin,
        /// Which backend.
        backend: &'static str,
        /// What it said.
        reason: String,
    },
}

/// An instrument, read and checked.
pub struct ModelFile {
    /// What it says of itself.
    pub card: ModelCard,
    /// Where it came from.
    pub origin: Origin,
    /// SHA-256 of the whole file, in lower-case hexadecimal: what a project remembers it by.
    pub sha256: String,
    /// Whether a decode can be cut in chunks (the graph has a `frames` input).
    pub chunked: bool,
    common_gain: OnceLock<f32>,
    bytes: Cow<'static, [u8]>,
}

impl ModelFile {
    /// The instrument inside the program.
    ///
    /// # Errors
    /// [`ModelError`] if this program was built with a broken one, which a test rules out.
    pub fn built_in() -> Result<Arc<Self>, ModelError> {
        Self::from_bytes(Cow::Borrowed(BUILT_IN), Origin::BuiltIn).map(Arc::new)
    }

    /// Reads and checks an instrument file.
    ///
    /// # Errors
    /// [`ModelError`], naming the file, what was expected and what was found.
    pub fn open(path: &Path) -> Result<Arc<Self>, ModelError> {
        let unreadable = |source| ModelError::Unreadable { path: path.into(), source };
        let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
        if bytes > MAX_BYTES {
            return Err(ModelError::TooLarge { path: path.into(), bytes });
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        Self::from_bytes(Cow::Owned(bytes), Origin::File(path.into())).map(Arc::new)
    }

    /// Checks the bytes of an instrument file.
    ///
    /// # Errors
    /// [`ModelError`], naming `origin`, what was expected and what was found.
    pub fn from_bytes(bytes: Cow<'static, [u8]>, origin: Origin) -> Result<Self, ModelError> {
        let not_onnx = |reason: String| ModelError::NotOnnx { origin: origin.clone(), reason };
        let model = onnx_rs::parse(&bytes).map_err(|e| not_onnx(e.to_string()))?;
        let graph = model.graph.as_ref().ok_or_else(|| not_onnx("no graph in it".into()))?;
        let card = model
            .metadata_props
            .iter()
            .find(|entry| entry.key == METADATA_KEY)
            .ok_or_else(|| ModelError::NoCard { origin: origin.clone() })?;
        let card = ModelCard::from_json(card.value)
            .map_err(|source| ModelError::Card { origin: origin.clone(), source })?;
        let chunked = GraphCheck { origin: &origin, graph, card: &card }.run()?;
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { card, origin, sha256, chunked, common_gain: OnceLock::new(), bytes })
    }

    /// The gain that brings it to the common loudness, measured by the first caller. A model that cannot be decoded is
    /// left as it is: whoever plays it will say so.
    pub fn common_gain(&self, decoder: &mut Decoder) -> f32 {
        *self.common_gain.get_or_init(|| loudness::common_gain(decoder, &self.card).unwrap_or(1.0))
    }

    /// The whole file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Compares a graph's inputs and outputs with those of a decoder that has this card.
struct GraphCheck<'a> {
    origin: &'a Origin,
    graph: &'a Graph<'a>,
    card: &'a ModelCard,
}

impl GraphCheck<'_> {
    /// Whether the decoder takes `frames`.
    fn run(&self) -> Result<bool, ModelError> {
        let inputs = self.graph.non_init_inputs();
        let find = |name| inputs.iter().copied().find(|input| input.name == name);
        let vector = |name, part, len| self.vector(find(name), part, len);
        vector("latent", "input `latent`", LATENT_DIM)?;
        vector("octave", "input `octave`", MidiNote::OCTAVES)?;
        vector("semitone", "input `semitone`", MidiNote::SEMITONES)?;
        let frames = find("frames");
        if let Some(frames) = frames
            && (frames.tensor_elem_type() != Some(DataType::Int64) || dims(frames).len() != 1)
        {
            return Err(self.mismatch("input `frames`", "i64[n]".into(), describe(frames)));
        }
        let known = ["latent", "octave", "semitone", "frames"];
        if let Some(other) = inputs.iter().find(|input| !known.contains(&input.name)) {
            return Err(self.mismatch("inputs", known.join(", "), format!("also `{}`", other.name)));
        }
        self.output()?;
        Ok(frames.is_some())
    }

    fn vector(&self, input: Option<&ValueInfo>, part: &'static str, len: usize) -> Result<(), ModelError> {
        let expected = format!("f32[1,{len}]");
        let Some(input) = input else {
            return Err(self.mismatch(part, expected, "no such input".into()));
        };
        let fits = input.tensor_elem_type() == Some(DataType::Float) && is_fixed(dims(input), &[1, len]);
        if fits { Ok(()) } else { Err(self.mismatch(part, expected, describe(input))) }
    }

    /// `mel` is frames x bands; the number of frames may be left open where `frames` decides it.
    fn output(&self) -> Result<(), ModelError> {
        let (frames, bands) = (self.card.frames, self.card.mel.bands);
        let part = "output `mel`";
        let expected = format!("f32[{frames},{bands}], as the card promises");
        let Some(mel) = self.graph.output.iter().find(|output| output.name == "mel") else {
            return Err(self.mismatch(part, expected, "no such output".into()));
        };
        let fits = |dim: &Dimension, size: usize, may_vary: bool| match dim {
            Dimension::Value(value) => *value == size as i64,
            Dimension::Param(_) => may_vary,
        };
        let shape_fits = matches!(dims(mel), [rows, columns]
            if fits(&rows.value, frames, true) && fits(&columns.value, bands, false));
        if shape_fits && mel.tensor_elem_type() == Some(DataType::Float) {
            Ok(())
        } else {
            Err(self.mismatch(part, expected, describe(mel)))
        }
    }

    fn mismatch(&self, part: &'static str, expected: String, got: String) -> ModelError {
        ModelError::Graph { origin: self.origin.clone(), part, expected, got }
    }
}

/// A tensor's shape; empty for what is no tensor.
fn dims<'a>(value: &'a ValueInfo<'_>) -> &'a [TensorShapeDimension<'a>] {
    value.tensor_shape().map_or(&[][..], |shape| &shape.dim)
}

fn is_fixed(dims: &[TensorShapeDimension<'_>], sizes: &[usize]) -> bool {
    dims.len() == sizes.len()
        && dims.iter().zip(sizes).all(|(dim, &size)| dim.value == Dimension::Value(size as i64))
}

/// A tensor's type as the messages write it: `f32[1,500,128]`.
fn describe(value: &ValueInfo) -> String {
    let kind = match value.tensor_elem_type() {
        Some(DataType::Float) => "f32".to_owned(),
        Some(DataType::Int64) => "i64".to_owned(),
        Some(other) => format!("{other:?}"),
        None => "no tensor".to_owned(),
    };
    let dims: Vec<String> = dims(value)
        .iter()
        .map(|dim| match &dim.value {
            Dimension::Value(size) => size.to_string(),
            Dimension::Param(name) => (*name).to_owned(),
        })
        .collect();
    format!("{kind}[{}]", dims.join(","))
}
