//! Ukulelatent: a latent sampler. A note's timbre is a point in the latent space of an auto-encoder; its
//! decoder makes a mel-spectrogram of that timbre at that pitch, and phase reconstruction makes it sound.
//!
//! ARCHITECTURE.md says which thread runs which module.

pub mod calibrate;
pub mod dsp;
pub mod editor;
pub mod engine;
pub mod heat;
pub mod instance;
pub mod link;
pub mod model;
pub mod notices;
pub mod params;
pub mod perform;
pub mod plugin;
pub mod preset;
pub mod settings;
pub mod tuning;
pub mod units;
pub mod worker;

use nice_plug::prelude::*;
use plugin::Ukulelatent;

nice_export_clap!(Ukulelatent);
nice_export_vst3!(Ukulelatent);
