//! What the audio thread shows of itself.

use super::KeySet;
use crate::link::SLOTS;
use crate::model::card::LATENT_DIM;
use crate::units::MidiNote;

/// (audio -> window) The engine at one moment, all of a piece.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snapshot {
    /// What sounds, or waits to; a voice keeps its place from its first sample to its last.
    pub voices: [Option<VoiceView>; SLOTS],
    /// The note that was struck last, sounding or not: the one of [`super::Picture`].
    pub last_note: Option<NoteMark>,
    /// Keys that are down, whoever presses them.
    pub keys_down: KeySet,
    /// Keys whose notes would sound at once: the key cache has their start, of the timbre as it is now.
    pub warm_keys: KeySet,
    /// The timbre of notes to come: the host's automation and modulation, and the orbit; without what single notes
    /// add. Within [`crate::link::LATENT_REACH`].
    pub latent: [f32; LATENT_DIM],
    /// What of this is the orbit's.
    pub orbit: [f32; LATENT_DIM],
    /// How far the orbit is on its way round, 0 to 1, from the first pin; `None` while it stands still.
    pub orbit_turn: Option<f32>,
}

impl Default for Snapshot {
    fn default() -> Self {
        Self {
            voices: [None; SLOTS],
            last_note: None,
            keys_down: KeySet::default(),
            warm_keys: KeySet::default(),
            latent: [0.0; LATENT_DIM],
            orbit: [0.0; LATENT_DIM],
            orbit_turn: None,
        }
    }
}

/// One voice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoiceView {
    /// Which note.
    pub mark: NoteMark,
    /// Its key.
    pub key: MidiNote,
    /// Linear: envelope and velocity, 0 to 1. What the sound itself does is not in it.
    pub level: f32,
    /// Host samples of its stream that were heard; [`super::Picture::column_at`] says which column that is.
    pub played: u64,
    /// Whether its key is up.
    pub is_released: bool,
    /// Where it was struck, or where it goes.
    pub latent: [f32; LATENT_DIM],
}

/// Which note: its slot, and which of that slot's notes it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoteMark {
    /// The engine's slot.
    pub slot: u8,
    /// Counts the slot's notes; it may wrap.
    pub epoch: u32,
}
