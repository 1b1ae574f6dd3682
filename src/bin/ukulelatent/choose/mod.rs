//! `preset choose`: presets for a model, by measurement.
//!
//! Candidates are the middle of each recorded instrument in the latent space and points drawn from a ball. Beginning
//! with the centre of the space, the candidate that sounds most unlike all chosen ones is taken next, if it is good:
//! in tune, neither silent nor a mere click. The same model and options give the same presets.

mod measure;

use std::collections::BTreeMap;
use std::path::PathBuf;

use indicatif::ProgressBar;
use serde_json::Value;
use ukulelatent::model::ModelFile;
use ukulelatent::params::{LATENT_REACH, STATE_VERSION};
use ukulelatent::perform::drawn_from_ball;
use ukulelatent::preset::{Preset, file_name};

use crate::Outcome;
use crate::error::CliError;
use crate::sound::Latent;
use measure::{Ear, Sketch};

/// Where the drawn candidates lie: nearly all recordings do.
const BALL: f32 = 2.7;
/// A note may be this far off, in cents.
const IN_TUNE_CENTS: f32 = 10.0;
/// A preset may be this much louder or softer than the centre, in decibels.
const LEVEL_RANGE_DB: f32 = 9.0;
/// A note that falls by more in its first 0.15 s is a click.
const LARGEST_EARLY_FALL_DB: f32 = 24.0;

/// What to choose from, and how many.
#[derive(clap::Args)]
pub struct Args {
    /// Where the files go
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// The instrument [default: the built-in one]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// How many presets
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=128))]
    count: u16,
    /// How many points are drawn, beside the recorded instruments
    #[arg(long, default_value_t = 160, value_parser = clap::value_parser!(u16).range(0..=5000))]
    candidates: u16,
}

/// Measures, chooses, writes, and says how far apart they are.
pub fn run(args: &Args) -> Result<Outcome, CliError> {
    let model = match &args.model {
        Some(path) => ModelFile::open(path)?,
        None => ModelFile::built_in()?,
    };
    let points = candidates(&model, args.candidates);
    let mut ear = Ear::new(&model)?;
    let bar = ProgressBar::new(points.len() as u64);
    let sketches = points.iter().map(|point| {
        bar.inc(1);
        ear.sketch(point)
    });
    let sketches = sketches.collect::<Result<Vec<_>, _>>()?;
    bar.finish_and_clear();
    let chosen = choose(&mut ear, &sketches, usize::from(args.count))?;
    let slopes = Slopes::of(&sketches);
    let names = names(&model, &sketches, &chosen);
    for (place, name) in names.into_iter().enumerate() {
        let (apart, neighbour) = nearest(&sketches, &chosen, place);
        let preset = slopes.preset(
            name,
            &sketches[chosen[place]],
            &sketches[neighbour],
            args.model.is_some().then_some(&*model),
        );
        let path =
            args.folder.join(format!("{:02} {}", place + 1, file_name(&preset.name))).with_extension("json");
        preset.save(&path)?;
        println!("{:<32} {apart:5.1} dB from its nearest neighbour; {}", preset.name, preset.about);
    }
    Ok(Outcome::Done)
}

/// The centre, the middle of each recorded instrument, and points from a ball.
fn candidates(model: &ModelFile, drawn: u16) -> Vec<Latent> {
    let mut recorded: BTreeMap<&str, Vec<Latent>> = BTreeMap::new();
    for point in &model.card.map {
        recorded.entry(&point.label).or_default().push(point.z);
    }
    let middles = recorded.into_values().map(|points| {
        std::array::from_fn(|axis| {
            let mut along: Vec<f32> = points.iter().map(|point| point[axis]).collect();
            along.sort_by(f32::total_cmp);
            along[along.len() / 2].clamp(-LATENT_REACH, LATENT_REACH)
        })
    });
    let ball = (0..drawn).map(|n| drawn_from_ball(i64::from(n), 0).map(|x| x * BALL));
    std::iter::once([0.0; 4]).chain(middles).chain(ball).map(|point: Latent| point.map(rounded)).collect()
}

/// To two decimals, as hosts show them.
fn rounded(x: f32) -> f32 {
    (x * 100.0).round() / 100.0
}

/// The places of the chosen ones, in the order of choice.
fn choose(ear: &mut Ear, sketches: &[Sketch], count: usize) -> Result<Vec<usize>, CliError> {
    let mut chosen = vec![0];
    let mut refused = vec![false; sketches.len()];
    while chosen.len() < count {
        let apart =
            |n: usize| chosen.iter().map(|&c| sketches[n].distance_db(&sketches[c])).fold(f32::MAX, f32::min);
        let left = (0..sketches.len()).filter(|n| !refused[*n] && !chosen.contains(n));
        let Some(next) = left.max_by(|&a, &b| apart(a).total_cmp(&apart(b))) else { break };
        if is_good(ear, &sketches[next], &sketches[0])? {
            chosen.push(next);
        } else {
            refused[next] = true;
        }
    }
    Ok(chosen)
}

fn is_good(ear: &mut Ear, sketch: &Sketch, centre: &Sketch) -> Result<bool, CliError> {
    let is_heard = (sketch.level_db - centre.level_db).abs() <= LEVEL_RANGE_DB;
    if !is_heard || sketch.early_fall_db > LARGEST_EARLY_FALL_DB {
        return Ok(false);
    }
    let worst = ear.worst_cents(&sketch.point)?;
    Ok(worst.is_some_and(|cents| cents <= IN_TUNE_CENTS))
}

/// How far the nearest other chosen one is, and which it is.
fn nearest(sketches: &[Sketch], chosen: &[usize], place: usize) -> (f32, usize) {
    let own = &sketches[chosen[place]];
    let others = chosen.iter().filter(|&&other| other != chosen[place]);
    let apart = others.map(|&other| (own.distance_db(&sketches[other]), other));
    apart.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, chosen[place]))
}

/// Each is called after the recording that is nearest in the latent space, and what sets it apart.
fn names(model: &ModelFile, sketches: &[Sketch], chosen: &[usize]) -> Vec<String> {
    let rank = |value: fn(&Sketch) -> f32, sketch: &Sketch| {
        let below = chosen.iter().filter(|&&other| value(&sketches[other]) < value(sketch)).count();
        3 * below / chosen.len().max(1)
    };
    let mut names: Vec<String> = Vec::new();
    for &place in chosen {
        let sketch = &sketches[place];
        let colour = ["Dark", "Warm", "Bright"][rank(|s| s.brightness_hz, sketch).min(2)];
        let length = ["long", "plucked", "short"][rank(|s| s.fall_db, sketch).min(2)];
        let kind = nearest_label(model, &sketch.point).unwrap_or("sound").replace('-', " ");
        let name = format!("{colour} {length} {kind}");
        let same = names.iter().filter(|other| other.starts_with(&name)).count();
        names.push(if same == 0 { name } else { format!("{name} {}", same + 1) });
    }
    names
}

fn nearest_label<'a>(model: &'a ModelFile, point: &Latent) -> Option<&'a str> {
    let distance = |z: &Latent| z.iter().zip(point).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
    let nearest = model.card.map.iter().min_by(|a, b| distance(&a.z).total_cmp(&distance(&b.z)));
    nearest.map(|point| &*point.label)
}

/// Along which direction of the latent space sounds get brighter, and ring longer: of length one.
struct Slopes {
    brighter: Latent,
    longer: Latent,
}

impl Slopes {
    fn of(sketches: &[Sketch]) -> Self {
        Self {
            brighter: slope(sketches, |sketch| sketch.brightness_hz.log2()),
            longer: slope(sketches, |sketch| -sketch.fall_db),
        }
    }

    /// The wheel goes to the nearest neighbour, harder strokes and pressure are brighter, and slide is length.
    fn preset(&self, name: String, own: &Sketch, neighbour: &Sketch, model: Option<&ModelFile>) -> Preset {
        let wheel: Latent = std::array::from_fn(|axis| neighbour.point[axis] - own.point[axis]);
        let depth = |direction: Latent, depth: f32| direction.map(|x| x * depth);
        let groups = [
            ("", own.point),
            ("wheel_", wheel.map(|x| x.clamp(-LATENT_REACH, LATENT_REACH))),
            ("pressure_", depth(self.brighter, 1.0)),
            ("slide_", depth(self.longer, 1.2)),
            ("velocity_", depth(self.brighter, 0.5)),
        ];
        let mut params: BTreeMap<String, Value> = BTreeMap::new();
        for (group, point) in groups {
            for (axis, x) in (1..).zip(point) {
                params.insert(format!("{group}z{axis}"), Value::from((f64::from(x) * 100.0).round() / 100.0));
            }
        }
        params.extend([("humanise", 0.15), ("width", 0.3)].map(|(id, x)| (id.to_owned(), Value::from(x))));
        let about = format!(
            "centre of brightness {:.0} Hz, {:.0} dB softer after a second",
            own.brightness_hz, own.fall_db
        );
        let author = "The Ukulelatent project".into();
        let model = model.map(ukulelatent::model::ModelReference::to);
        Preset { format: STATE_VERSION, name, author, about, model, scale: None, params }
    }
}

/// The direction of steepest ascent of a measure over all candidates, axis by axis: they are drawn without
/// preference, so that axes do not confound each other.
fn slope(sketches: &[Sketch], measure: impl Fn(&Sketch) -> f32) -> Latent {
    let count = sketches.len() as f32;
    let mean = sketches.iter().map(&measure).sum::<f32>() / count;
    let along: Latent = std::array::from_fn(|axis| {
        let middle = sketches.iter().map(|sketch| sketch.point[axis]).sum::<f32>() / count;
        let spread = sketches.iter().map(|sketch| (sketch.point[axis] - middle).powi(2)).sum::<f32>();
        let with = sketches.iter().map(|sketch| (sketch.point[axis] - middle) * (measure(sketch) - mean));
        with.sum::<f32>() / spread.max(f32::MIN_POSITIVE)
    });
    let length = along.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    along.map(|x| x / length)
}
