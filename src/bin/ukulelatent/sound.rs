//! The options that say how notes sound, shared by `render`, `note` and `preset`.

use std::path::PathBuf;
use std::sync::Arc;

use nice_plug::prelude::Enum as _;
use serde_json::Value;
use ukulelatent::engine::{Controls, Tuning};
use ukulelatent::link::{ModelChoice, ScaleChoice};
use ukulelatent::model::backend::{Backend, BackendKind};
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::model::{Catalog, ModelFile, ModelReference};
use ukulelatent::params::{LATENT_REACH, QualitySetting, UkulelatentParams, set_value};
use ukulelatent::perform::Settings;
use ukulelatent::preset::Preset;
use ukulelatent::tuning::ScaleFiles;
use ukulelatent::units::{SampleRate, db_to_gain};

use crate::error::CliError;

/// How notes sound. What is left out is as in the preset, or else as in a fresh plugin.
#[derive(clap::Args)]
pub struct SoundArgs {
    /// A preset: its name, as `preset list` shows it, or its file
    #[arg(long, value_name = "NAME|FILE")]
    preset: Option<String>,
    /// The instrument: an ONNX file with a model card [default: the preset's, or the built-in one]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// The timbre: four numbers from -3 to 3 [default: 0,0,0,0]
    #[arg(long, value_name = "Z1,Z2,Z3,Z4", value_parser = parse_latent, allow_hyphen_values = true)]
    latent: Option<Latent>,
    /// Sample rate in hertz, 22050 to 192000
    #[arg(long, value_name = "HZ", default_value_t = 48_000,
          value_parser = clap::value_parser!(u32).range(22_050..=192_000))]
    rate: u32,
    /// What runs the model [default: an ONNX Runtime if there is one, else the embedded one]
    #[arg(long)]
    backend: Option<BackendKind>,
    /// Output gain in decibels, -60 to 12 [default: 0]
    #[arg(long, value_name = "DB", value_parser = between(-60.0, 12.0), allow_hyphen_values = true)]
    gain: Option<f32>,
    /// Rise of a note in milliseconds, 0 to 2000 [default: 0]
    #[arg(long, value_name = "MS", value_parser = between(0.0, 2_000.0))]
    attack: Option<f32>,
    /// Fall of a note that is let go in milliseconds, 5 to 5000 [default: 250]
    #[arg(long, value_name = "MS", value_parser = between(5.0, 5_000.0))]
    release: Option<f32>,
    /// How much velocity matters to level, 0 to 1 [default: 0.7]
    #[arg(long, value_name = "SHARE", value_parser = between(0.0, 1.0))]
    velocity_sensitivity: Option<f32>,
    /// How much work goes into the sound [default: play]
    #[arg(long, value_name = "QUALITY", value_parser = QualitySetting::ids().unwrap_or_default().to_vec())]
    quality: Option<String>,
    /// All keys higher by this many cents, -100 to 100 [default: 0]
    #[arg(long, value_name = "CENTS", value_parser = between(-100.0, 100.0), allow_hyphen_values = true)]
    tune: Option<f32>,
    /// All keys higher by this many semitones, -36 to 36 [default: 0]
    #[arg(long, value_name = "SEMITONES", value_parser = clap::value_parser!(i32).range(-36..=36),
          allow_hyphen_values = true)]
    transpose: Option<i32>,
    /// A scale, in Scala's SCL format, from middle C on [default: twelve equal steps]
    #[arg(long, value_name = "FILE.scl")]
    scale: Option<PathBuf>,
    /// Which key plays which degree of the scale, in Scala's KBM format
    #[arg(long, value_name = "FILE.kbm")]
    keyboard: Option<PathBuf>,
    /// Any parameter by its id, as in `wheel_z1=1.5`; `preset show` lists ids and values. May be given again
    #[arg(long = "set", value_name = "ID=VALUE", value_parser = parse_setting)]
    set: Vec<(String, Value)>,
}

/// A point in the latent space.
pub type Latent = [f32; LATENT_DIM];

/// The options, checked and opened.
pub struct Sound {
    /// What plays.
    pub choice: Arc<ModelChoice>,
    /// All parameters.
    pub params: Arc<UkulelatentParams>,
    /// The rate of the file.
    pub rate: SampleRate,
    /// The parameters at the start.
    pub controls: Controls,
    /// What playing does.
    pub settings: Settings,
    /// What keys sound like.
    pub tuning: Tuning,
}

impl SoundArgs {
    /// Chooses the backend and opens the model.
    pub fn open(&self) -> Result<Sound, CliError> {
        if let Some(kind) = self.backend {
            Backend::require(kind).map_err(CliError::Backend)?;
        }
        let params = fresh()?;
        let choice = Arc::clone(params.model_choice());
        if let Some(name) = &self.preset {
            Preset::find(name)?.apply(&params)?;
        }
        if let Some(path) = &self.model {
            choice.choose(ModelReference::to(&*ModelFile::open(path)?));
        }
        self.set_parameters(&params)?;
        if self.scale.is_some() || self.keyboard.is_some() {
            let files = ScaleFiles::open(self.scale.as_deref(), self.keyboard.as_deref())?;
            params.scale_choice().choose(files)?;
        }
        let rate = SampleRate::new(self.rate as f32).expect("the option's range has positive rates only");
        let tuning = params.tuning_table();
        Ok(Sound { controls: params.controls(), settings: params.settings(), tuning, choice, params, rate })
    }

    /// Options after the preset, and `--set` after all others.
    fn set_parameters(&self, params: &Arc<UkulelatentParams>) -> Result<(), CliError> {
        let number = |id, value: Option<f32>| value.map(|value| (id, Value::from(value)));
        let [z1, z2, z3, z4] = self.latent.map_or([None; LATENT_DIM], |latent| latent.map(Some));
        let named = [
            number("z1", z1),
            number("z2", z2),
            number("z3", z3),
            number("z4", z4),
            number("gain", self.gain.map(db_to_gain)),
            number("attack", self.attack),
            number("release", self.release),
            number("velocity", self.velocity_sensitivity),
            number("tune", self.tune),
            self.transpose.map(|semitones| ("transpose", Value::from(semitones))),
            self.quality.as_deref().map(|quality| ("quality", Value::from(quality))),
        ];
        for (id, value) in named.iter().flatten() {
            set_value(params, id, value)?;
        }
        for (id, value) in &self.set {
            set_value(params, id, value)?;
        }
        Ok(())
    }
}

/// The parameters of a fresh plugin.
pub fn fresh() -> Result<Arc<UkulelatentParams>, CliError> {
    let choice = Arc::new(ModelChoice::new(ModelFile::built_in()?, Catalog::standard()));
    Ok(Arc::new(UkulelatentParams::new(choice, Arc::new(ScaleChoice::default()))))
}

/// Reads `id=value`, where the value is a number, true, false or a name.
fn parse_setting(text: &str) -> Result<(String, Value), String> {
    let (id, value) = text.split_once('=').ok_or_else(|| format!("expected ID=VALUE, got {text:?}"))?;
    let value = value.trim();
    Ok((id.trim().into(), serde_json::from_str(value).unwrap_or_else(|_| Value::from(value))))
}

/// Reads four coordinates, separated by commas.
fn parse_latent(text: &str) -> Result<Latent, String> {
    let fields: Vec<&str> = text.split(',').collect();
    let fields: [&str; LATENT_DIM] = fields.try_into().map_err(|fields: Vec<&str>| {
        format!("expected {LATENT_DIM} numbers separated by commas, got {}", fields.len())
    })?;
    let mut latent = [0.0; LATENT_DIM];
    for (z, field) in latent.iter_mut().zip(fields) {
        *z = parse_coordinate(field)?;
    }
    Ok(latent)
}

/// Reads one coordinate.
pub fn parse_coordinate(text: &str) -> Result<f32, String> {
    parse_between(text, -LATENT_REACH, LATENT_REACH)
}

/// A parser of numbers from `low` to `high`.
pub fn between(low: f32, high: f32) -> impl Fn(&str) -> Result<f32, String> + Clone + Send + Sync + 'static {
    move |text: &str| parse_between(text, low, high)
}

fn parse_between(text: &str, low: f32, high: f32) -> Result<f32, String> {
    let number: Option<f32> = text.trim().parse().ok();
    number
        .filter(|number| (low..=high).contains(number))
        .ok_or_else(|| format!("expected a number from {low} to {high}, got {:?}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_an_id_and_a_value() {
        let read = |text| parse_setting(text).unwrap();
        assert_eq!(read("wheel_z1=-1.5"), ("wheel_z1".into(), Value::from(-1.5)));
        assert_eq!(read("mpe = true"), ("mpe".into(), Value::from(true)));
        assert_eq!(read("latency=20ms"), ("latency".into(), Value::from("20ms")));
        assert_eq!(parse_setting("mpe").unwrap_err(), "expected ID=VALUE, got \"mpe\"");
    }

    #[test]
    fn a_latent_point_is_four_numbers_within_reach() {
        assert_eq!(parse_latent("-1, 0.5,3,-3"), Ok([-1.0, 0.5, 3.0, -3.0]));
        assert_eq!(parse_latent("1,2,3").unwrap_err(), "expected 4 numbers separated by commas, got 3");
        assert_eq!(parse_latent("0,0,0,3.5").unwrap_err(), "expected a number from -3 to 3, got \"3.5\"");
        assert!(parse_latent("0,0,0,NaN").is_err());
    }
}
