//! Ukulelatent: a latent sampler. A note's timbre is a point in the latent space of an auto-encoder; its
//! decoder makes a mel-spectrogram of that timbre at that pitch, and phase reconstruction makes it sound.
//!
//! ARCHITECTURE.md says which thread runs which module.

pub mod dsp;
pub mod model;
pub mod units;
