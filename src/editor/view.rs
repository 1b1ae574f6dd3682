//! What the window draws from: plain data, gathered once a frame, so that every view can be tested without a window,
//! a host or a thread.

use std::path::PathBuf;
use std::sync::Arc;

use super::action::{Id, Latent};
use super::instrument::Instrument;

/// Everything that is shown.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The parameters, by id.
    pub controls: Controls,
    /// The instrument that plays.
    pub instrument: Arc<Instrument>,
    /// Where the parameters are.
    pub z: Latent,
    /// Where the sound is: after the host's modulation and Orbits.
    pub z_now: Latent,
    /// What sounds.
    pub sound: Sound,
    /// The keyboard.
    pub keys: Keys,
    /// Orbits.
    pub orbits: Orbits,
    /// Presets.
    pub presets: Presets,
    /// Instruments to choose from.
    pub models: Models,
    /// Edits.
    pub edits: Edits,
    /// Settings, and what they mean now.
    pub settings: Settings,
    /// What the user should know.
    pub notices: Vec<String>,
}

/// One parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Control {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Where it is set, as a share of its range.
    pub set: f32,
    /// Where the host's modulation has moved it, as a share of its range.
    pub now: f32,
    /// Its default, as a share of its range.
    pub default: f32,
    /// Its value with its unit.
    pub text: String,
    /// What an arrow key moves, as a share of its range.
    pub step: f32,
    /// Names of its choices, for one that has few.
    pub choices: Vec<String>,
}

/// All parameters.
#[derive(Clone, Debug, Default)]
pub struct Controls(pub Vec<Control>);

impl Controls {
    /// The parameter of this id.
    ///
    /// # Panics
    /// For an id that does not exist, which a test of the strip finds.
    #[must_use]
    pub fn get(&self, id: &str) -> &Control {
        self.0.iter().find(|control| control.id == id).unwrap_or_else(|| panic!("no parameter {id}"))
    }
}

/// A note's spectrogram, as it was decoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spectrogram {
    /// Changes with each note.
    pub serial: u64,
    /// Frames that are there so far.
    pub frames: usize,
    /// Frames of a whole note.
    pub whole: usize,
    /// Bands.
    pub bands: usize,
    /// Levels, frame by frame, 0 the quietest and 255 the loudest.
    pub levels: Vec<u8>,
    /// Its key.
    pub key: u8,
}

/// What sounds.
#[derive(Clone, Debug, Default)]
pub struct Sound {
    /// The last note's spectrogram.
    pub spectrogram: Option<Arc<Spectrogram>>,
    /// Where each voice is in its note.
    pub playheads: Vec<Playhead>,
    /// Where each voice is in the latent space.
    pub voices_at: Vec<Latent>,
    /// The last moments of the output: lowest and highest sample of each step.
    pub wave: Vec<[f32; 2]>,
    /// Level of the output, linear.
    pub level: f32,
    /// Its highest, held for a while, linear.
    pub held: f32,
    /// Voices sounding, and how many there can be.
    pub voices: [u32; 2],
    /// Notes that began late, or broke off because the rest of them came late.
    pub late: u32,
    /// Notes that could not be made, or not to their end.
    pub failed: u32,
    /// How busy the workers are, 0 to 1.
    pub load: f32,
    /// Starts of notes in the cache.
    pub cached: u32,
    /// Memory that the cache set aside, in MiB.
    pub cache_mib: f32,
}

/// Where a voice is in its note.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Playhead {
    /// As a share of a whole note.
    pub place: f32,
    /// How loud it is, 0 to 1.
    pub level: f32,
    /// Whether it is the note whose spectrogram is shown.
    pub is_last: bool,
}

/// The keyboard.
#[derive(Clone, Debug, PartialEq)]
pub struct Keys {
    /// Keys that are down, by whomever.
    pub down: [bool; 128],
    /// Keys whose notes' starts are made already.
    pub warm: [bool; 128],
    /// The notes that training heard.
    pub range: [u8; 2],
}

impl Default for Keys {
    fn default() -> Self {
        Self { down: [false; 128], warm: [false; 128], range: [36, 88] }
    }
}

/// Orbits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Orbits {
    /// The points that it travels among.
    pub pins: Vec<Latent>,
    /// Points on its path, for drawing.
    pub path: Vec<Latent>,
    /// Where on its path it is, in turns, while it moves.
    pub phase: Option<f32>,
}

/// One preset of the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PresetRow {
    /// Its name.
    pub name: String,
    /// Who made it.
    pub author: String,
    /// What one hears.
    pub about: String,
    /// The instrument that it brings along.
    pub instrument: String,
    /// Whether it is the user's own.
    pub own: bool,
}

/// Presets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Presets {
    /// The list.
    pub rows: Arc<Vec<PresetRow>>,
    /// Which one was loaded last.
    pub loaded: Option<usize>,
    /// Whether anything was changed since.
    pub dirty: bool,
}

impl Presets {
    /// What the bar shows.
    #[must_use]
    pub fn title(&self) -> &str {
        self.loaded.and_then(|row| self.rows.get(row)).map_or("Init", |row| &row.name)
    }
}

/// One instrument of the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelRow {
    /// Its name.
    pub name: String,
    /// Where it is from.
    pub place: String,
    /// Whether it plays now.
    pub plays: bool,
}

/// Instruments to choose from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Models {
    /// The list.
    pub rows: Arc<Vec<ModelRow>>,
    /// Why the last one was refused.
    pub refusal: Option<String>,
    /// Where users put their instruments.
    pub folder: Option<PathBuf>,
    /// Whether new instances start with the one that plays.
    pub starts_new: bool,
}

/// Edits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edits {
    /// What undo would take back.
    pub undo: Option<String>,
    /// What redo would do again.
    pub redo: Option<String>,
    /// Whether B is shown.
    pub is_b: bool,
}

/// Settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The window's scale.
    pub scale: f32,
    /// Seconds that a journey on the map takes.
    pub travel_seconds: f32,
    /// What the host is told, in milliseconds.
    pub latency_ms: f32,
    /// What runs models, and why nothing faster does.
    pub backend: String,
    /// See [`Settings::backend`].
    pub because: String,
    /// What was asked for.
    pub backend_wish: Option<crate::model::backend::BackendKind>,
    /// What the scale file calls itself; empty for twelve equal steps.
    pub scale_name: String,
}
