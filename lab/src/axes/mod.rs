//! Axes that mean something: after training, the latent coordinates are whitened and turned so that each moves one
//! quality of sound as far as the space allows, the most audible first.
//!
//! The encodings get mean 0 and covariance I; a rotation keeps both. Of the qualities of notes drawn from the prior, the
//! gradients over z are found by regression, and the rotation is the one whose axes are nearest to them
//! (orthogonal Procrustes; Schönemann 1966).

mod axis;
pub mod transform;

use std::array::from_fn;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};
use ukulelatent::model::card::{LATENT_DIM, LatentAxis};
use ukulelatent::units::MidiNote;

use crate::evaluate::prior::{FULL_SCALE, Health, LEVEL_REACH_DB, examine};
use crate::evaluate::sweeps::{self, NOTES, along, courses, measured};
use crate::evaluate::{Encoding, Subject};
use crate::features::FeatureSet;
use crate::latent_map::{Point, moments};
use crate::measures::Quality;
use crate::run::{LATENTS_NAME, Latent, RunRecord, read_json, write_json};
use crate::run_error::RunError;
use crate::statistics::{mean, variance};
use axis::{distinct, label, sentence};

pub use axis::Axis;
pub use transform::{Matrix, Transform};

/// The axes of a run, in its folder.
pub const AXES_NAME: &str = "axes.json";
/// Three deviations of the prior: beyond is nothing to learn from.
const REACH: f32 = 3.0;
/// Notes drawn from the prior, for each of [`NOTES`].
const DRAWS: usize = 120;
/// What musicians reach for most, brightness and decay, is aligned first; how much it outweighs the rest is tried.
const WEIGHTS: [[f64; Quality::ALL.len()]; 6] = [
    [2.0, 2.0, 1.0, 0.5],
    [2.0, 4.0, 1.0, 0.5],
    [4.0, 2.0, 1.0, 0.5],
    [2.0, 8.0, 1.0, 0.5],
    [8.0, 2.0, 1.0, 0.5],
    [8.0, 8.0, 1.0, 0.5],
];
/// Clearer than this is clear.
const ENOUGH: f64 = 0.98;
/// Ends of an axis are tried this far apart.
const RANGE_STEP: f32 = 0.25;
/// A range is not made narrower than this to either side.
const LEAST_REACH: f32 = 1.0;

/// Turns a run's latent space so that its axes mean something, and describes them.
#[derive(Clone, Debug, clap::Args)]
pub struct AxesArgs {
    /// The run's folder
    pub run: PathBuf,
    /// The folder that `lab features` made, the one that the model was trained on
    pub features: PathBuf,
}

/// [`AXES_NAME`]: a run's coordinates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axes {
    /// Steps that the run had made: of a run that went on they are void.
    pub steps: u64,
    /// From the coordinates of training to these.
    pub transform: Transform,
    /// The axes, in order; none where nobody measured.
    pub axes: Vec<Axis>,
}

impl Axes {
    /// The coordinates of training, undescribed.
    #[must_use]
    pub fn of_training() -> Self {
        Self { steps: 0, transform: Transform::IDENTITY, axes: Vec::new() }
    }

    /// The axes of the run in `folder` after `steps` steps: [`Axes::of_training`] where there are none.
    ///
    /// # Errors
    /// [`RunError`] for a file that is none.
    pub fn find(folder: &Path, steps: u64) -> Result<Self, RunError> {
        let path = folder.join(AXES_NAME);
        if !path.is_file() {
            return Ok(Self::of_training());
        }
        let axes: Self = read_json(&path, "the axes of a run")?;
        Ok(if axes.steps == steps { axes } else { Self::of_training() })
    }

    /// The axes as a card has them.
    #[must_use]
    pub fn labels(&self) -> [LatentAxis; LATENT_DIM] {
        from_fn(|i| match self.axes.get(i) {
            Some(axis) => {
                LatentAxis { label: axis.label.clone(), range: axis.range, description: axis.description.clone() }
            }
            None => {
                LatentAxis { label: format!("z{}", i + 1), range: [-REACH, REACH], description: String::new() }
            }
        })
    }
}

/// Finds the axes of a run, writes them into its folder and prints them.
///
/// # Errors
/// [`RunError`] for a run or features that cannot be read or do not belong together.
pub fn run(args: &AxesArgs) -> Result<Axes, RunError> {
    let features = FeatureSet::load(&args.features)?;
    let axes = find(&args.run, &features)?;
    for (i, axis) in axes.axes.iter().enumerate() {
        println!("z{} {} ({} to {}): {}", i + 1, axis.label, axis.range[0], axis.range[1], axis.description);
    }
    Ok(axes)
}

/// Finds the axes of a run and writes them into its folder.
///
/// # Errors
/// [`RunError`] for a run or features that cannot be read or do not belong together.
pub fn find(folder: &Path, features: &FeatureSet) -> Result<Axes, RunError> {
    let record = RunRecord::read(folder)?;
    record.check_features(folder, features)?;
    let (mut subject, steps) = Subject::of_training(&record, folder, features)?;
    let encodings = subject.encodings(features)?;
    place(folder, features, &encodings)?;
    let points: Vec<Point> = encodings.iter().map(|e| e.z).collect();
    let whitening = Transform::whitening(&moments(&points));
    subject.change_coordinates(&whitening)?;
    let (mut rotation, meant) = ordered_rotation(&mut subject)?;
    turn(&mut subject, &rotation)?;
    let mut axes = Vec::new();
    for (i, meant) in meant.into_iter().enumerate() {
        let axis = describe(&mut subject, i, meant)?;
        // What an axis is named after rises along it.
        let falls = axis.named_after().is_some_and(|q| axis.courses[q as usize].spearman < 0.0);
        if falls {
            rotation[i] = rotation[i].map(|x| -x);
        }
        axes.push(if falls { axis.turned_round() } else { axis });
    }
    let axes = Axes { steps, transform: whitening.then(&rotation), axes: distinct(axes) };
    write_json(&folder.join(AXES_NAME), &axes)?;
    // As everybody else will read them: JSON keeps one digit less.
    Axes::find(folder, steps)
}

/// Writes the training notes' refined points where training left the encoder's guesses.
fn place(folder: &Path, features: &FeatureSet, encodings: &[Encoding]) -> Result<(), RunError> {
    let path = folder.join(LATENTS_NAME);
    let mut latents: Vec<Latent> = read_json(&path, "the latent points of a run")?;
    let found: HashMap<&str, Point> = encodings
        .iter()
        .filter_map(|e| e.entry.map(|entry| (features.entries[entry].file.as_str(), e.z)))
        .collect();
    for latent in &mut latents {
        if let Some(z) = found.get(latent.file.as_str()) {
            latent.z = *z;
        }
    }
    write_json(&path, &latents)
}

/// The rotation whose rows are the axes, the most audible first, and the quality that each is to carry.
fn ordered_rotation(subject: &mut Subject) -> Result<(Matrix, [Quality; LATENT_DIM]), RunError> {
    let rotation = clearest_rotation(subject)?;
    // How audible each is can only be heard once it is an axis.
    turn(subject, &rotation)?;
    let mut audible = [0.0; LATENT_DIM];
    for (i, effect) in audible.iter_mut().enumerate() {
        *effect = sweeps::sensitivity(subject, i)?;
    }
    turn(subject, &transform::inverse(&rotation))?;
    let mut order: Vec<usize> = (0..LATENT_DIM).collect();
    order.sort_by(|&a, &b| audible[b].total_cmp(&audible[a]));
    Ok((from_fn(|i| rotation[order[i]]), from_fn(|i| Quality::ALL[order[i]])))
}

/// Of the rotations nearest to the qualities' directions, weighed one way and another, the one along whose axes
/// brightness and decay rise most steadily.
fn clearest_rotation(subject: &mut Subject) -> Result<Matrix, RunError> {
    let gradients = gradients(subject)?;
    let mut best = (f64::NEG_INFINITY, Transform::IDENTITY.matrix);
    for weights in WEIGHTS {
        let weighed: Matrix = from_fn(|q| gradients[q].map(|g| weights[q] * g));
        let rotation = transform::nearest_rotation(&weighed);
        turn(subject, &rotation)?;
        let mut clear = 0.0;
        for quality in [Quality::Brightness, Quality::Decay] {
            let axis = quality as usize;
            let course = courses(subject, axis, [-REACH, REACH])?[axis];
            clear += if course.spearman.is_nan() { 0.0 } else { course.spearman.min(ENOUGH) };
        }
        turn(subject, &transform::inverse(&rotation))?;
        if clear > best.0 {
            best = (clear, rotation);
        }
    }
    Ok(best.1)
}

fn turn(subject: &mut Subject, rotation: &Matrix) -> Result<(), RunError> {
    subject.change_coordinates(&Transform { centre: [0.0; LATENT_DIM], matrix: *rotation })
}

/// For each quality, in a row, the direction of z in which it rises: its correlations with the coordinates over notes of
/// the prior.
fn gradients(subject: &mut Subject) -> Result<Matrix, RunError> {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let mut sums = [[0.0; LATENT_DIM]; LATENT_DIM];
    for note in NOTES.iter().filter_map(|&n| MidiNote::new(n).ok()) {
        let notes: Vec<(Point, MidiNote)> =
            (0..DRAWS).map(|_| (from_fn(|_| rng.sample(StandardNormal)), note)).collect();
        let measured = measured(subject, &notes)?;
        for (row, quality) in sums.iter_mut().zip(Quality::ALL) {
            let known: Vec<_> = notes
                .iter()
                .zip(&measured)
                .map(|((z, _), q)| (z, q[quality as usize]))
                .filter(|(_, value)| value.is_finite())
                .collect();
            let values: Vec<f64> = known.iter().map(|(_, value)| *value).collect();
            let (centre, deviation) = (mean(&values), variance(&values).sqrt());
            if known.len() < DRAWS / 2 || deviation == 0.0 {
                continue;
            }
            for (i, sum) in row.iter_mut().enumerate() {
                let along = known.iter().map(|(z, value)| f64::from(z[i]) * (value - centre));
                *sum += along.sum::<f64>() / known.len() as f64 / deviation;
            }
        }
    }
    Ok(sums)
}

fn describe(subject: &mut Subject, axis: usize, meant: Quality) -> Result<Axis, RunError> {
    let range = useful_range(subject, axis)?;
    let courses = courses(subject, axis, range)?;
    let sensitivity = sweeps::sensitivity(subject, axis)?;
    Ok(Axis { label: label(&courses, meant), range, description: sentence(&courses), sensitivity, courses })
}

/// As far from zero, to either side, as every one of [`NOTES`] sounds like a note.
fn useful_range(subject: &mut Subject, axis: usize) -> Result<[f32; 2], RunError> {
    let notes = || NOTES.iter().filter_map(|&n| MidiNote::new(n).ok());
    let centre = examine(subject, &notes().map(|note| ([0.0; LATENT_DIM], note)).collect::<Vec<_>>(), "centre")?;
    let good = |health: &Health, centre: &Health| {
        health.whole && health.peak <= FULL_SCALE && (health.level_db - centre.level_db).abs() <= LEVEL_REACH_DB
    };
    let mut ends = [-REACH, REACH];
    for end in &mut ends {
        let side = end.signum();
        let steps = ((REACH - LEAST_REACH) / RANGE_STEP) as usize;
        let reaches: Vec<f32> = (0..=steps).map(|s| LEAST_REACH + RANGE_STEP * s as f32).collect();
        let tried: Vec<_> =
            reaches.iter().flat_map(|reach| notes().map(move |note| (along(axis, reach * side), note))).collect();
        let health = examine(subject, &tried, "range")?;
        let holds = |at: &[Health]| at.iter().zip(&centre).all(|(h, c)| good(h, c));
        let held = health.chunks_exact(NOTES.len()).take_while(|at| holds(at)).count();
        *end = side * reaches[held.saturating_sub(1)];
    }
    Ok(ends)
}
