//! Instruments: the card that describes one, the file that holds it, the decoder that plays it, and where
//! files are found.

pub mod backend;
pub mod card;
pub mod catalog;
pub mod decoder;
pub mod encoder;
pub mod file;
pub mod loudness;

pub use catalog::{Catalog, ModelReference};
pub use file::{ModelError, ModelFile};
