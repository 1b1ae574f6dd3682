//! The lab: makes Ukulelatent instruments from recordings.
//!
//! It shares the plugin's signal processing, so that a model learns exactly what the plugin undoes.
//! [`prepare`] turns recordings into a feature folder, [`features`] reads it back as what a network sees.
//! [`train`] makes a run out of features: networks, checkpoint, curves. [`axes`] turns its latent space, [`export`] makes
//! an instrument of it, an ONNX file, and [`evaluate`] says how good it is. [`new`] does all of that.

pub mod audio;
pub mod augment;
pub mod average;
pub mod axes;
mod band_energy;
mod beginning;
pub mod chain;
pub mod checkpoint;
pub mod colour;
pub mod config;
pub mod curves;
pub mod dataset;
pub mod encode;
pub mod encoder_graph;
pub mod error;
pub mod evaluate;
pub mod evenness;
pub mod export;
pub mod features;
pub mod front_end;
pub mod graph;
pub mod independence;
pub mod latent_map;
pub mod level_loss;
pub mod linear;
pub mod live;
pub mod manifest;
pub mod material;
pub mod measures;
pub mod memory;
pub mod mmd;
pub mod network;
pub mod new;
pub mod objective;
pub mod onnx;
pub mod onset;
pub mod onset_loss;
pub mod optimiser;
pub mod paper_graph;
pub mod prepare;
pub mod recording;
pub mod refine;
pub mod report;
pub mod rumble;
pub mod run;
pub mod run_error;
mod saved_values;
pub mod split;
pub mod statistics;
pub mod train;
pub mod training;
pub mod tuning_loss;

pub use error::LabError;
pub use run_error::RunError;
