//! Projects and presets of earlier versions: what they did not know yet is set to what those versions did.

use nice_plug::plugin::ParamValue;
use nice_plug::prelude::PluginState;
use serde_json::Value;

use super::{STATE_VERSION, STATE_VERSION_FIELD};

/// A value that a version did not save.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Addition {
    Float(f32),
    Int(i32),
    Bool(bool),
    /// The id of a choice.
    Name(&'static str),
}

impl From<Addition> for ParamValue {
    fn from(addition: Addition) -> Self {
        match addition {
            Addition::Float(value) => Self::F32(value),
            Addition::Int(value) => Self::I32(value),
            Addition::Bool(value) => Self::Bool(value),
            Addition::Name(id) => Self::String(id.into()),
        }
    }
}

impl From<Addition> for Value {
    fn from(addition: Addition) -> Self {
        match addition {
            Addition::Float(value) => Self::from(value),
            Addition::Int(value) => Self::from(value),
            Addition::Bool(value) => Self::from(value),
            Addition::Name(id) => Self::from(id),
        }
    }
}

/// Parameters that version 2 brought, as version 1 behaved. Frozen, like version 1 itself.
const SINCE_2: &[(&str, Addition)] = &[
    ("quality", Addition::Name("play")),
    ("bend_range", Addition::Int(2)),
    ("mpe", Addition::Bool(false)),
    ("mpe_range", Addition::Int(48)),
    ("humanise", Addition::Float(0.0)),
    ("wheel_z1", Addition::Float(0.0)),
    ("wheel_z2", Addition::Float(0.0)),
    ("wheel_z3", Addition::Float(0.0)),
    ("wheel_z4", Addition::Float(0.0)),
    ("pressure_z1", Addition::Float(0.0)),
    ("pressure_z2", Addition::Float(0.0)),
    ("pressure_z3", Addition::Float(0.0)),
    ("pressure_z4", Addition::Float(0.0)),
    ("slide_z1", Addition::Float(0.0)),
    ("slide_z2", Addition::Float(0.0)),
    ("slide_z3", Addition::Float(0.0)),
    ("slide_z4", Addition::Float(0.0)),
    ("velocity_z1", Addition::Float(0.0)),
    ("velocity_z2", Addition::Float(0.0)),
    ("velocity_z3", Addition::Float(0.0)),
    ("velocity_z4", Addition::Float(0.0)),
    ("tune", Addition::Float(0.0)),
    ("transpose", Addition::Int(0)),
    ("mts_esp", Addition::Bool(false)),
    ("width", Addition::Float(0.0)),
    ("soft_limit", Addition::Bool(false)),
    ("morph", Addition::Float(0.0)),
    ("start", Addition::Float(0.0)),
    ("stretch", Addition::Float(1.0)),
    ("sustain", Addition::Name("off")),
    ("sustain_begin", Addition::Float(0.25)),
    ("sustain_end", Addition::Float(0.5)),
    ("cache", Addition::Float(4.0)),
    ("cache_load", Addition::Float(0.1)),
];

/// Parameters that version 3 brought, as version 2 behaved.
const SINCE_3: &[(&str, Addition)] = &[
    ("orbit_depth", Addition::Float(0.0)),
    ("orbit_sync", Addition::Bool(true)),
    ("orbit_rate", Addition::Float(0.25)),
    ("orbit_length", Addition::Name("16")),
    ("orbit_phase", Addition::Float(0.0)),
];

/// What was added after a version, with values as it behaved, by id.
pub fn additions_since(version: u32) -> impl Iterator<Item = (&'static str, Value)> {
    added_since(version).map(|(id, addition)| (id, addition.into()))
}

fn added_since(version: u32) -> impl Iterator<Item = (&'static str, Addition)> {
    let since = [(2, SINCE_2), (3, SINCE_3)];
    since.into_iter().filter(move |(added, _)| version < *added).flat_map(|(_, added)| added.iter().copied())
}

/// The version that wrote a state. The first one may not have said.
fn version_of(state: &PluginState) -> u32 {
    state.fields.get(STATE_VERSION_FIELD).and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Makes a state of an earlier version one of this. Without it, what a state does not name would stay as the project
/// before left it.
pub fn migrate(state: &mut PluginState) {
    for (id, value) in added_since(version_of(state)) {
        state.params.entry(id.to_owned()).or_insert_with(|| value.into());
    }
    for field in [super::SCALE_FIELD, super::PINS_FIELD] {
        state.fields.entry(field.to_owned()).or_insert_with(|| "{}".to_owned());
    }
    state.fields.insert(STATE_VERSION_FIELD.to_owned(), STATE_VERSION.to_string());
}
