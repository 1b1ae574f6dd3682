//! What one hears along each coordinate: sounds at points along it, the others at zero, measured.

use rayon::prelude::*;
use serde::{Deserialize, Deserializer, Serialize};
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::units::MidiNote;

use super::progress;
use super::subject::Subject;
use crate::chain::Chain;
use crate::features::FrontEnd;
use crate::latent_map::Point;
use crate::measures::{Qualities, Quality, Sound, qualities};
use crate::run_error::RunError;
use crate::statistics::{mean, spearman};

/// Notes at which a coordinate is swept.
pub const NOTES: [u8; 4] = [45, 55, 65, 75];
/// Points along it.
pub const POINTS: usize = 6;
/// How far a coordinate moves to either side where the change of the spectrogram is measured.
const MOVE: f32 = 2.0;

/// What a quality does along a coordinate, averaged over the notes; not a number where it cannot be measured or rests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Spearman's correlation of coordinate and quality.
    #[serde(deserialize_with = "number")]
    pub spearman: f64,
    /// From the coordinate's low end to its high end, in the quality's unit.
    #[serde(deserialize_with = "number")]
    pub change: f64,
    /// From the quality's least to its largest value on the way.
    #[serde(deserialize_with = "number")]
    pub span: f64,
}

/// JSON has `null` for what is not a number.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
}

/// One coordinate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sweep {
    /// What the card calls it.
    pub label: String,
    /// Where the sweep began and ended: the card's useful range.
    pub range: [f32; 2],
    /// Mean squared change of the normalised mel spectrogram from -2 to +2.
    pub sensitivity: f64,
    /// Each quality's course, in the order of [`Quality::ALL`].
    pub courses: [Course; Quality::ALL.len()],
}

/// All coordinates, and which of them carries what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sweeps {
    /// The coordinates, in order.
    pub coordinates: [Sweep; LATENT_DIM],
    /// The coordinate with the clearest course of brightness, from 1.
    pub brightness_axis: usize,
    /// That course: Spearman, octaves.
    pub brightness: Course,
    /// The coordinate with the clearest course of decay, from 1.
    pub decay_axis: usize,
    /// That course: Spearman, decades of the time to fall by 60 dB.
    pub decay: Course,
}

/// Sweeps each coordinate over the card's range.
///
/// # Errors
/// [`RunError`] if the model fails.
pub fn measure(subject: &mut Subject) -> Result<Sweeps, RunError> {
    let bar = progress("sweeps", LATENT_DIM);
    let mut sweep = |i: usize| {
        bar.inc(1);
        let axis = subject.axes[i].clone();
        let courses = courses(subject, i, axis.range)?;
        Ok::<_, RunError>(Sweep {
            label: axis.label,
            range: axis.range,
            sensitivity: sensitivity(subject, i)?,
            courses,
        })
    };
    let coordinates = [sweep(0)?, sweep(1)?, sweep(2)?, sweep(3)?];
    bar.finish_and_clear();
    let clearest = |quality: Quality| {
        let course = |i: usize| coordinates[i].courses[quality as usize];
        let clear = |i: usize| {
            let clear = course(i).spearman.abs() * course(i).span;
            if clear.is_nan() { 0.0 } else { clear }
        };
        let axis = (0..LATENT_DIM).max_by(|&a, &b| clear(a).total_cmp(&clear(b))).unwrap_or(0);
        (axis + 1, course(axis))
    };
    let (brightness_axis, brightness) = clearest(Quality::Brightness);
    let (decay_axis, decay) = clearest(Quality::Decay);
    Ok(Sweeps { brightness_axis, brightness, decay_axis, decay, coordinates })
}

/// The courses of all qualities along coordinate `axis`, from one end of `range` to the other.
///
/// # Errors
/// [`RunError`] if the model fails.
pub fn courses(
    subject: &mut Subject,
    axis: usize,
    range: [f32; 2],
) -> Result<[Course; Quality::ALL.len()], RunError> {
    let [low, high] = range;
    let steps: Vec<f32> = (0..POINTS).map(|p| low + (high - low) * p as f32 / (POINTS - 1) as f32).collect();
    let notes: Vec<_> = NOTES
        .iter()
        .filter_map(|&n| MidiNote::new(n).ok())
        .flat_map(|note| steps.iter().map(move |&x| (along(axis, x), note)))
        .collect();
    let measured = measured(subject, &notes)?;
    let x: Vec<f64> = steps.iter().map(|&x| f64::from(x)).collect();
    Ok(Quality::ALL.map(|quality| {
        let courses = measured.chunks_exact(POINTS).map(|points| {
            let y: Vec<f64> = points.iter().map(|q| q[quality as usize]).collect();
            let known = || y.iter().copied().filter(|y| !y.is_nan());
            let span = known().fold(f64::MIN, f64::max) - known().fold(f64::MAX, f64::min);
            let change = known().next_back().unwrap_or(f64::NAN) - known().next().unwrap_or(f64::NAN);
            Course { spearman: spearman(&x, &y), change, span: if span < 0.0 { f64::NAN } else { span } }
        });
        average(&courses.collect::<Vec<_>>())
    }))
}

/// Over the notes at which the quality could be measured.
fn average(courses: &[Course]) -> Course {
    let of = |field: fn(&Course) -> f64| {
        mean(&courses.iter().map(field).filter(|value| !value.is_nan()).collect::<Vec<_>>())
    };
    Course { spearman: of(|c| c.spearman), change: of(|c| c.change), span: of(|c| c.span) }
}

/// The point at `x` on a coordinate's axis.
#[must_use]
pub fn along(axis: usize, x: f32) -> Point {
    std::array::from_fn(|i| if i == axis { x } else { 0.0 })
}

/// The qualities of notes as they sound.
///
/// # Errors
/// [`RunError`] if the model fails.
pub fn measured(subject: &mut Subject, notes: &[(Point, MidiNote)]) -> Result<Vec<Qualities>, RunError> {
    let front_end = subject.front_end.clone();
    let FrontEnd { sample_rate_hz: rate, onset_sample: onset, .. } = front_end;
    let decoded = subject.decode(notes)?;
    let measured = decoded.par_iter().zip(notes).map_init(
        || Chain::new(&front_end),
        |chain, (mel, &(_, note))| qualities(&Sound { samples: &chain.sound(mel), rate, onset, note }),
    );
    Ok(measured.collect())
}

/// Mean squared change of the normalised mel spectrogram when a coordinate moves from -2 to +2.
///
/// # Errors
/// [`RunError`] if the model fails.
pub fn sensitivity(subject: &mut Subject, axis: usize) -> Result<f64, RunError> {
    let numbers = super::pitch::NOTES.step_by(4).filter_map(|n| MidiNote::new(n).ok());
    let notes: Vec<_> = numbers.flat_map(|note| [(along(axis, -MOVE), note), (along(axis, MOVE), note)]).collect();
    let decoded = subject.decode(&notes)?;
    let changes = decoded.chunks_exact(2).map(|pair| {
        let squares = pair[0].iter().zip(&pair[1]).map(|(a, b)| f64::from(a - b).powi(2));
        squares.sum::<f64>() / pair[0].len() as f64
    });
    Ok(mean(&changes.collect::<Vec<_>>()))
}
