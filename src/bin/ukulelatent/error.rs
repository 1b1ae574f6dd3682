//! Everything that can go wrong, in the words that the user reads after `error:`.

use ukulelatent::model::ModelError;
use ukulelatent::params::ValueError;
use ukulelatent::preset::PresetError;
use ukulelatent::settings::SettingsError;
use ukulelatent::tuning::TuningError;

use crate::automation::AutomationError;
use crate::song::SongError;
use crate::spectrogram::PictureError;
use crate::wav::WavError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A model file.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A MIDI file.
    #[error(transparent)]
    Song(#[from] SongError),
    /// An automation file.
    #[error(transparent)]
    Automation(#[from] AutomationError),
    /// A preset.
    #[error(transparent)]
    Preset(#[from] PresetError),
    /// A parameter's value.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// A scale.
    #[error(transparent)]
    Tuning(#[from] TuningError),
    /// A WAV file.
    #[error(transparent)]
    Wav(#[from] WavError),
    /// A picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The inference backend, in its own sentence.
    #[error("{0}")]
    Backend(String),
    /// A model that cannot be chosen or added, in a sentence.
    #[error("{0}")]
    Choice(String),
    /// The settings file.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// No worker threads.
    #[error("the workers cannot start: {0}")]
    Workers(std::io::Error),
}
