//! The lab: makes Ukulelatent instruments from recordings.
//!
//! It shares the plugin's signal processing, so that a model learns exactly what the plugin undoes.
//! [`prepare`] turns recordings into a feature folder, [`features`] reads it back as what a network sees.

pub mod audio;
pub mod dataset;
pub mod error;
pub mod features;
pub mod front_end;
pub mod onset;
pub mod prepare;
pub mod recording;

pub use error::LabError;
