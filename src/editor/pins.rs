//! The points of Orbits, where the project keeps them.

use super::action::Latent;
use crate::params::UkulelatentParams;

/// The points that are pinned.
#[must_use]
pub fn pins(_params: &UkulelatentParams) -> Vec<Latent> {
    Vec::new()
}

/// Pins other points.
pub fn set(_params: &UkulelatentParams, _pins: Vec<Latent>) {}
