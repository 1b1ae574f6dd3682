//! What the mouse plays.

use crate::model::card::LATENT_DIM;
use crate::units::MidiNote;

/// (window -> audio) A key is struck. It sounds until the window lets go of it: who holds what is told by another way,
/// which nothing can fill ([`super::WindowEnd::release`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gesture {
    /// Which key.
    pub key: MidiNote,
    /// How hard, 0 to 1.
    pub velocity: f32,
    /// A timbre of the note's own, which nothing moves; `None` for that of the parameters.
    pub latent: Option<[f32; LATENT_DIM]>,
}

const _: () = {
    const fn crosses<T: Copy + Send>() {}
    crosses::<Gesture>();
};
