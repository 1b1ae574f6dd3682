//! The model's frames for one timbre, decoded as they are needed.

use super::note::NoteError;
use super::tools::Tools;
use crate::model::card::LATENT_DIM;
use crate::units::MidiNote;

/// Frames decoded before one that is wanted when the path goes back: it will go further.
const BACK: usize = 8;

/// Rows of one latent point, each decoded once, in runs whose length is fixed: which frames are decoded together
/// may show in the last bit, and must not hang on when a worker came to it.
pub(super) struct Take {
    latent: [f32; LATENT_DIM],
    note: MidiNote,
    /// Frames x bands, normalised.
    rows: Vec<f32>,
    decoded: Vec<bool>,
    bands: usize,
    /// Frames in the next run and in those after it.
    runs: (usize, usize),
}

impl Take {
    pub fn new(frames: usize, bands: usize) -> Self {
        Self {
            latent: [0.0; LATENT_DIM],
            note: MidiNote::LOWEST_ENCODED,
            rows: vec![0.0; frames * bands],
            decoded: vec![false; frames],
            bands,
            runs: (1, 1),
        }
    }

    /// Starts over with another point.
    pub fn begin(&mut self, latent: [f32; LATENT_DIM], note: MidiNote, runs: (usize, usize)) {
        (self.latent, self.note, self.runs) = (latent, note, runs);
        self.decoded.fill(false);
    }

    pub fn latent(&self) -> &[f32; LATENT_DIM] {
        &self.latent
    }

    /// The rows on both sides of a position, and how far it is from the first to the second; `None` if they are to
    /// be decoded first.
    pub fn around(&self, position: f64) -> Option<(&[f32], &[f32], f32)> {
        let (first, second, share) = self.neighbours(position);
        (self.decoded[first] && self.decoded[second]).then(|| (self.row(first), self.row(second), share))
    }

    /// Decodes the run that begins at the first row missing at a position; `false` if none is.
    pub fn decode(&mut self, position: f64, tools: &mut Tools) -> Result<bool, NoteError> {
        let (first, second, _) = self.neighbours(position);
        let Some(missing) = [first, second].into_iter().find(|&row| !self.decoded[row]) else { return Ok(false) };
        let back = if self.decoded.get(missing + 1) == Some(&true) { BACK } else { 1 };
        let begin = (missing + 1).saturating_sub(back);
        let begin = (begin..=missing).rev().take_while(|&row| !self.decoded[row]).last().unwrap_or(missing);
        let known = self.decoded[missing..].iter().position(|&there| there);
        let end = (missing + self.runs.0).min(known.map_or(self.decoded.len(), |after| missing + after));
        self.runs.0 = self.runs.1;
        let range = tools.decoder.granted(begin..end);
        let rows = &mut self.rows[range.start * self.bands..range.end * self.bands];
        tools.decoder.decode(&self.latent, self.note, range.clone(), rows)?;
        self.decoded[range].fill(true);
        Ok(true)
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.rows[row * self.bands..][..self.bands]
    }

    fn neighbours(&self, position: f64) -> (usize, usize, f32) {
        let last = self.decoded.len() - 1;
        let first = (position.max(0.0) as usize).min(last);
        let share = (position - first as f64).clamp(0.0, 1.0) as f32;
        (first, if share > 0.0 { (first + 1).min(last) } else { first }, share)
    }
}
