//! The report's pictures.

use std::collections::BTreeMap;
use std::path::Path;

use plotters::prelude::*;
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::units::MidiNote;

use super::drawing::{Canvas, Drawn, FONT, label_colour, picture, spectrogram, text};
use crate::evaluate::Subject;
use crate::evaluate::sweeps::along;
use crate::features::FeatureSet;
use crate::latent_map::{Point, t_sne};
use crate::run_error::RunError;

/// Recordings that are shown.
const SHOWN: usize = 8;
/// Size of a spectrogram, in pixels.
const IMAGE: (u32, u32) = (384, 250);
/// Room for the words above it.
const TITLE: u32 = 26;
/// Between pictures.
const GAP: u32 = 12;
/// Points along an axis.
const STEPS: usize = 7;
/// The note at which axes are shown.
const NOTE: u8 = 57;
/// Names in the map's legend.
const LEGEND: usize = 24;

/// Recordings beside their reconstructions, as in the paper's figure 6: of recordings that training never saw, if there
/// are some, of evenly spaced pitches.
///
/// # Errors
/// [`RunError`] if the model fails or the file cannot be written.
pub fn reconstructions(subject: &mut Subject, features: &FeatureSet, path: &Path) -> Result<(), RunError> {
    let unseen = subject.unseen(features)?;
    let mut notes: Vec<(usize, Point)> = match &unseen {
        Some(unseen) => unseen.iter().map(|u| (u.entry, u.z)).collect(),
        None => subject.encodings(features)?.iter().filter_map(|e| Some((e.entry?, e.z))).collect(),
    };
    notes.sort_by_key(|(entry, _)| (features.entries[*entry].note, *entry));
    let every = notes.len().div_ceil(SHOWN).max(1);
    let shown: Vec<_> = notes.into_iter().step_by(every).collect();
    let asked: Vec<_> = shown.iter().map(|&(entry, z)| (z, features.entries[entry].note)).collect();
    let made = subject.decode(&asked)?;
    let bands = features.front_end.mel.bands;
    let rows = shown.len().div_ceil(2) as u32;
    let (wide, high) = (IMAGE.0 + GAP, IMAGE.1 + TITLE + GAP);
    picture(path, (4 * wide + GAP, rows * high + GAP), |root| {
        for (i, ((entry, _), made)) in shown.iter().zip(&made).enumerate() {
            let (x, y) = ((i as u32 % 2) * 2 * wide + GAP, (i as u32 / 2) * high + GAP);
            let name = &features.entries[*entry];
            let what = format!("{} (MIDI {})", name.file, name.note.number());
            text(root, &what, (x as i32, y as i32), 18)?;
            text(root, "reconstruction", ((x + wide) as i32, y as i32), 18)?;
            image(root, (x, y + TITLE), &features.mel(*entry, 0), bands)?;
            image(root, (x + wide, y + TITLE), made, bands)?;
        }
        Ok(())
    })
}

fn image(root: &Canvas<'_>, (x, y): (u32, u32), mel: &[f32], bands: usize) -> Drawn {
    let area = root.clone().shrink((x, y), IMAGE);
    spectrogram(&area, mel, bands)
}

/// The recordings on the plane, coloured by family (or by instrument, if all are of one), as in the paper's figure 7.
///
/// # Errors
/// [`RunError`] if the model fails or the file cannot be written.
pub fn map(subject: &mut Subject, features: &FeatureSet, path: &Path) -> Result<(), RunError> {
    let encodings = subject.encodings(features)?;
    let places = t_sne(&encodings.iter().map(|e| e.z).collect::<Vec<_>>());
    let entry = |e: &Option<usize>| e.map(|i| &features.entries[i]);
    let families: Vec<&str> =
        encodings.iter().map(|e| entry(&e.entry).map_or("", |entry| entry.family.as_str())).collect();
    let one_family = families.windows(2).all(|pair| pair[0] == pair[1]);
    let labels: Vec<&str> = if one_family {
        encodings.iter().map(|e| entry(&e.entry).map_or("", |entry| entry.instrument.as_str())).collect()
    } else {
        families
    };
    let mut by_label: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    for (label, [x, y]) in labels.iter().zip(&places) {
        by_label.entry(label).or_default().push((f64::from(*x), f64::from(*y)));
    }
    let range = |axis: usize| {
        let values = || places.iter().map(|xy| f64::from(xy[axis]));
        let (low, high) = values().fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
        let margin = 0.05 * (high - low).max(1e-3);
        if low <= high { low - margin..high + margin } else { -1.0..1.0 }
    };
    picture(path, (1200, 900), |root| {
        let (left, right) = root.split_horizontally(960);
        let mut chart = ChartBuilder::on(&left)
            .caption("Where the recordings lie (t-SNE of z)", (FONT, 28))
            .margin(16)
            .build_cartesian_2d(range(0), range(1))?;
        for (place, (label, points)) in by_label.iter().enumerate() {
            let colour = label_colour(place);
            chart.draw_series(points.iter().map(|&xy| Circle::new(xy, 5, colour.mix(0.8).filled())))?;
            if place < LEGEND {
                let y = 70 + 30 * place as i32;
                right.draw(&Circle::new((12, y + 9), 6, colour.filled()))?;
                text(&right, label, (28, y), 18)?;
            }
        }
        Ok(())
    })
}

/// Spectrograms of one note along each axis, the other coordinates at zero.
///
/// # Errors
/// [`RunError`] if the model fails or the file cannot be written.
pub fn axes(subject: &mut Subject, path: &Path) -> Result<(), RunError> {
    let bands = subject.front_end.mel.bands;
    let axes = subject.axes.clone();
    let note = MidiNote::new(NOTE).map_err(|e| candle_core::Error::Msg(e.to_string()))?;
    let places: Vec<Vec<f32>> = axes
        .iter()
        .map(|axis| {
            let [low, high] = axis.range;
            (0..STEPS).map(|s| low + (high - low) * s as f32 / (STEPS - 1) as f32).collect()
        })
        .collect();
    let notes: Vec<_> =
        (0..LATENT_DIM).flat_map(|axis| places[axis].iter().map(move |&x| (along(axis, x), note))).collect();
    let decoded = subject.decode(&notes)?;
    let small = (IMAGE.0 / 2, IMAGE.1 / 2);
    let (wide, high) = (small.0 + GAP, small.1 + TITLE + GAP);
    let size = (STEPS as u32 * wide + GAP, LATENT_DIM as u32 * high + GAP);
    picture(path, size, |root| {
        for (i, mel) in decoded.iter().enumerate() {
            let (axis, step) = (i / STEPS, i % STEPS);
            let (x, y) = (step as u32 * wide + GAP, axis as u32 * high + GAP);
            let at = places[axis][step];
            let words = match step {
                0 => format!("z{} {}: {at:+.2}", axis + 1, axes[axis].label),
                _ => format!("{at:+.2}"),
            };
            text(root, &words, (x as i32, y as i32), 18)?;
            spectrogram(&root.clone().shrink((x, y + TITLE), small), mel, bands)?;
        }
        Ok(())
    })
}
