//! How near reconstructed spectrograms are to the recordings'.

use std::collections::BTreeMap;

use serde::Serialize;

use super::render::Rendered;
use crate::features::FeatureSet;
use crate::split::cell;

/// Errors over a set of notes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Errors {
    /// How many.
    pub notes: usize,
    /// Mean squared error of the normalised mel spectrograms.
    pub mse: f64,
    /// `1 - mse / variance`, the variance about the one mean of all values of all unseen notes.
    pub r2: f64,
}

/// Reconstruction of notes that training never saw.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Reconstruction {
    /// Variance of the values of all unseen notes about their one mean.
    pub variance: f64,
    /// All of them.
    pub all: Errors,
    /// Of (instrument, note) cells of which training saw other takes.
    pub seen_cells: Errors,
    /// Of cells of which training saw nothing: of its own data, not even shifted copies.
    pub unseen_cells: Errors,
    /// Of a random note, the chance that its cell is unseen. Of training's own data, the share of notes that have no other
    /// take, since the notes kept apart are half of one kind and half of the other; of other recordings,
    /// what share of them are of such cells.
    pub unseen_share: f64,
    /// Seen and unseen cells mixed in that proportion: what a split by note alone would find.
    pub natural_mix: Errors,
    /// The natural mix at the points that the encoder says at its one look, not refined.
    pub encoder_alone: Errors,
}

/// Measures the spectrograms. `own_data`: whether `features` are the ones that training split.
#[must_use]
pub fn measure(features: &FeatureSet, rendered: &[Rendered], own_data: bool) -> Reconstruction {
    let values = || rendered.iter().flat_map(|r| &r.original).map(|&v| f64::from(v));
    let count = values().count().max(1) as f64;
    let mean = values().sum::<f64>() / count;
    let variance = values().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
    let unseen = rendered.iter().filter(|r| !r.note.seen_cell).count();
    let unseen_share =
        if own_data { single_takes(features) } else { unseen as f64 / rendered.len().max(1) as f64 };
    let parts = |made: fn(&Rendered) -> &[f32]| -> [Errors; 4] {
        let errors: Vec<(bool, f64)> =
            rendered.iter().map(|r| (r.note.seen_cell, squared_error(&r.original, made(r)))).collect();
        let errors_of = |keep: &dyn Fn(bool) -> bool| {
            let kept: Vec<f64> = errors.iter().filter(|(seen, _)| keep(*seen)).map(|(_, e)| *e).collect();
            let mse = kept.iter().sum::<f64>() / kept.len() as f64;
            Errors { notes: kept.len(), mse, r2: 1.0 - mse / variance }
        };
        let (all, seen, unseen) = (errors_of(&|_| true), errors_of(&|seen| seen), errors_of(&|seen| !seen));
        // One kind alone stands for both: a set of single takes has no seen cells at all.
        let mse = match (seen.notes, unseen.notes) {
            (0, _) | (_, 0) => all.mse,
            _ => unseen_share * unseen.mse + (1.0 - unseen_share) * seen.mse,
        };
        [all, seen, unseen, Errors { notes: all.notes, mse, r2: 1.0 - mse / variance }]
    };
    let [all, seen_cells, unseen_cells, natural_mix] = parts(|r| &r.decoded);
    let [.., encoder_alone] = parts(|r| &r.guessed);
    Reconstruction { variance, all, seen_cells, unseen_cells, unseen_share, natural_mix, encoder_alone }
}

fn squared_error(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / a.len() as f64
}

/// Share of notes that are the only take of their cell.
fn single_takes(features: &FeatureSet) -> f64 {
    let mut takes = BTreeMap::new();
    for entry in &features.entries {
        *takes.entry(cell(entry)).or_insert(0usize) += 1;
    }
    let single = takes.values().filter(|&&takes| takes == 1).count();
    single as f64 / features.entries.len().max(1) as f64
}
