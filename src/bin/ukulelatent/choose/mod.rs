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
use ukulelatent::preset::Preset;
use ukulelatent::units::db_to_gain;

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

/// How many of the longest sounds are also made into pads.
const PADS: usize = 2;

/// What to choose from, and how many.
#[derive(clap::Args)]
pub struct Args {
    /// Where the files go
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// The instrument [default: the built-in one]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// How many presets; the two longest are made into pads besides
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=128))]
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
    let model = args.model.is_some().then_some(&*model);
    let mut presets = Vec::new();
    for (place, name) in names.into_iter().enumerate() {
        let (apart, neighbour) = nearest(&sketches, &chosen, place);
        let preset = slopes.preset(name, &sketches[chosen[place]], &sketches[neighbour], model);
        println!("{:<32} {apart:5.1} dB from its nearest neighbour; {}", preset.name, preset.about);
        presets.push((sketches[chosen[place]].fall_db, preset));
    }
    let mut longest: Vec<usize> = (0..presets.len()).collect();
    longest.sort_by(|&a, &b| presets[a].0.total_cmp(&presets[b].0));
    let pads: Vec<Preset> = longest.iter().take(PADS).map(|&place| pad(&presets[place].1)).collect();
    for (number, mut preset) in (1..).zip(presets.into_iter().map(|(_, preset)| preset).chain(pads)) {
        if let Some(model) = model {
            // Presets of all instruments share one list.
            preset.name = format!("{} ({})", preset.name, model.card.name);
        }
        if let Some(reference) = &mut preset.model {
            // The file lies elsewhere on the next machine; its hash finds it.
            reference.path = None;
        }
        preset.save(&args.folder.join(format!("{number:02}.json")))?;
    }
    Ok(Outcome::Done)
}

/// The same sound, held: it swells, wanders while the key is down, and fades.
fn pad(plucked: &Preset) -> Preset {
    let mut pad = plucked.clone();
    pad.name = format!("{} pad", plucked.name);
    pad.about = format!("{}, held for as long as the key", plucked.about);
    let held = [("attack", 300.0), ("release", 1_500.0), ("stretch", 2.0), ("start", 0.1), ("width", 0.6)];
    pad.params.extend(held.map(|(id, value)| (id.to_owned(), Value::from(value))));
    pad.params.insert("sustain".into(), Value::from("wander"));
    pad
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
        let kind = kind_of(nearest_label(model, &sketch.point).unwrap_or("sound"));
        let name = format!("{colour} {length} {kind}");
        let same = names.iter().filter(|other| other.starts_with(&name)).count();
        names.push(if same == 0 { name } else { format!("{name} {}", same + 1) });
    }
    names
}

/// From `guitar-electric-emily` to `electric guitar`.
fn kind_of(label: &str) -> String {
    let mut words = label.split('-');
    let family = words.next().unwrap_or(label);
    words.next().map_or(family.to_owned(), |which| format!("{which} {family}"))
}

fn nearest_label<'a>(model: &'a ModelFile, point: &Latent) -> Option<&'a str> {
    let distance = |z: &Latent| z.iter().zip(point).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
    let nearest = model.card.map.iter().min_by(|a, b| distance(&a.z).total_cmp(&distance(&b.z)));
    nearest.map(|point| &*point.label)
}

/// Along which direction of the latent space sounds get brighter, and ring longer (of length one), and how loud its
/// centre is.
struct Slopes {
    brighter: Latent,
    longer: Latent,
    /// Of the centre.
    level_db: f32,
}

impl Slopes {
    fn of(sketches: &[Sketch]) -> Self {
        Self {
            brighter: slope(sketches, |sketch| sketch.brightness_hz.log2()),
            longer: slope(sketches, |sketch| -sketch.fall_db),
            level_db: sketches[0].level_db,
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
        // All are brought to the level of the centre.
        params.insert("gain".into(), Value::from(f64::from(rounded(db_to_gain(self.level_db - own.level_db)))));
        params.extend(
            [("sustain", Value::from("off")), ("soft_limit", Value::from(false))].map(|(id, x)| (id.into(), x)),
        );
        let rest = [
            ("attack", 0.0),
            ("release", 250.0),
            ("velocity", 0.7),
            ("humanise", 0.15),
            ("width", 0.3),
            ("morph", 60.0),
            ("start", 0.0),
            ("stretch", 1.0),
            ("sustain_begin", 0.25),
            ("sustain_end", 0.5),
            ("orbit_depth", 0.0),
        ];
        params.extend(rest.map(|(id, x)| (id.to_owned(), Value::from(x))));
        let about = format!(
            "centre of brightness {:.0} Hz, {:.0} dB softer after a second",
            own.brightness_hz, own.fall_db
        );
        let author = "The Ukulelatent project".into();
        let model = model.map(ukulelatent::model::ModelReference::to);
        Preset { format: STATE_VERSION, name, author, about, model, scale: None, orbit: None, params }
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
