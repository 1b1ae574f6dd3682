//! The recordings that training never saw, and what the model makes of them.

use rayon::prelude::*;

use super::progress;
use super::subject::{Subject, Unseen};
use crate::chain::Chain;
use crate::features::FeatureSet;
use crate::run_error::RunError;

/// A recording that training never saw, and its reconstruction at its own note.
pub struct Rendered {
    /// Which, and where it lies.
    pub note: Unseen,
    /// Its spectrogram, frames x bands.
    pub original: Vec<f32>,
    /// What the decoder makes of its point.
    pub decoded: Vec<f32>,
    /// What it makes of the encoder's guess.
    pub guessed: Vec<f32>,
    /// The sound of what is decoded.
    pub sound: Vec<f32>,
    /// The sound of the original's spectrogram: what a perfect decoder would make.
    pub best: Vec<f32>,
}

/// Reconstructs all of `unseen`.
///
/// # Errors
/// [`RunError`] if the model fails.
pub fn render(subject: &mut Subject, features: &FeatureSet, unseen: &[Unseen]) -> Result<Vec<Rendered>, RunError> {
    let notes: Vec<_> = unseen.iter().map(|note| (note.z, features.entries[note.entry].note)).collect();
    let decoded = subject.decode(&notes)?;
    let guesses: Vec<_> = unseen.iter().map(|note| (note.guess, features.entries[note.entry].note)).collect();
    let guessed = subject.decode(&guesses)?;
    let bar = progress("reconstructions", unseen.len());
    let rendered = unseen
        .par_iter()
        .zip(decoded.into_par_iter().zip(guessed))
        .map_init(
            || Chain::new(&features.front_end),
            |chain, (note, (decoded, guessed))| {
                bar.inc(1);
                let original = features.mel(note.entry, 0);
                let (sound, best) = (chain.sound(&decoded), chain.sound(&original));
                Rendered { note: *note, original, sound, best, decoded, guessed }
            },
        )
        .collect();
    bar.finish_and_clear();
    Ok(rendered)
}
