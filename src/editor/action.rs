//! What the user did: each view turns gestures into these, and the window carries them out.

use std::path::PathBuf;

use crate::model::card::LATENT_DIM;

/// A point in the latent space.
pub type Latent = [f32; LATENT_DIM];
/// A parameter's id.
pub type Id = &'static str;

/// One thing that the user did.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Took hold of a parameter.
    Begin(Id),
    /// Moved it: to this share of its range. Outside a gesture, one of its own.
    Set(Id, f32),
    /// Let go.
    End(Id),
    /// Typed a value, with or without its unit.
    Enter(Id, String),
    /// Wants its default.
    Reset(Id),
    /// Wants to be there, in the time that is set for journeys.
    Travel(Latent),
    /// Wants to hear a point on a key, and not to go there.
    Audition(Latent, u8),
    /// Put a key down, with this velocity.
    Press(u8, f32),
    /// Let it up.
    Lift(u8),
    /// Pins a point for Orbits.
    Pin(Latent),
    /// Takes a pin away.
    Unpin(usize),
    /// Takes them all away.
    ClearPins,
    /// Copies the point as text.
    CopyPoint,
    /// Goes to the point that was copied.
    PastePoint,
    /// Takes the last edit back.
    Undo,
    /// Does it again.
    Redo,
    /// Changes between A and B.
    Swap,
    /// Makes the other of A and B like this one.
    CopyAcross,
    /// Loads a preset of the list.
    LoadPreset(usize),
    /// Loads the one this many places further.
    StepPreset(isize),
    /// Saves a preset of the user's own under this name.
    SavePreset(String),
    /// Plays an instrument of the list.
    UseModel(usize),
    /// Opens an instrument's file.
    OpenModel(PathBuf),
    /// Uses a scale file, or with none twelve equal steps.
    OpenScale(Option<PathBuf>),
    /// Shows a sheet, or with none the instrument.
    Show(Option<Sheet>),
    /// Changes something that is stored per user.
    Prefer(Preference),
    /// Has read the notices.
    Dismiss,
}

/// What can lie over the instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// The presets.
    Presets,
    /// The instruments, and whom to thank for this one.
    Models,
    /// The settings.
    Settings,
    /// The gestures.
    Help,
}

/// What is stored per user and not in projects.
#[derive(Clone, Debug, PartialEq)]
pub enum Preference {
    /// Scale of the window.
    Scale(f32),
    /// Seconds that a journey on the map takes.
    TravelSeconds(f32),
    /// New instances start with the present instrument, or with the built-in one.
    StartWithThis(bool),
    /// What runs models from the next start of the host on; nothing for what is found.
    Backend(Option<crate::model::backend::BackendKind>),
}
