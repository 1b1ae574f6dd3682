//! The options that say how notes sound, shared by `render` and `note`.

use std::path::PathBuf;
use std::sync::Arc;

use ukulelatent::engine::Controls;
use ukulelatent::link::ModelChoice;
use ukulelatent::model::backend::{Backend, BackendKind};
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::model::{Catalog, ModelFile};
use ukulelatent::params::{UkulelatentParams, output_gain};
use ukulelatent::units::SampleRate;

use crate::error::CliError;

/// Reach of each latent coordinate, as of the plugin's parameters `z1` to `z4`.
pub const LATENT_REACH: f32 = 3.0;

/// How notes sound. What is left out is as in a fresh plugin.
#[derive(clap::Args)]
pub struct SoundArgs {
    /// The instrument: an ONNX file with a model card [default: the built-in one]
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
}

/// A point in the latent space.
pub type Latent = [f32; LATENT_DIM];

/// The options, checked and opened.
pub struct Sound {
    /// What plays.
    pub choice: Arc<ModelChoice>,
    /// The rate of the file.
    pub rate: SampleRate,
    /// The parameters at the start.
    pub controls: Controls,
}

impl SoundArgs {
    /// Chooses the backend and opens the model.
    pub fn open(&self) -> Result<Sound, CliError> {
        if let Some(kind) = self.backend {
            Backend::require(kind).map_err(CliError::Backend)?;
        }
        let model = match &self.model {
            Some(path) => ModelFile::open(path)?,
            None => ModelFile::built_in()?,
        };
        let choice = Arc::new(ModelChoice::new(model, Catalog::standard()));
        let plugin = UkulelatentParams::new(Arc::clone(&choice)).controls();
        let controls = Controls {
            latent: self.latent.unwrap_or(plugin.latent),
            gain: self.gain.map_or(plugin.gain, output_gain),
            attack_ms: self.attack.unwrap_or(plugin.attack_ms),
            release_ms: self.release.unwrap_or(plugin.release_ms),
            velocity: self.velocity_sensitivity.unwrap_or(plugin.velocity),
            ..Controls::default()
        };
        let rate = SampleRate::new(self.rate as f32).expect("the option's range has positive rates only");
        Ok(Sound { choice, rate, controls })
    }
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
    fn a_latent_point_is_four_numbers_within_reach() {
        assert_eq!(parse_latent("-1, 0.5,3,-3"), Ok([-1.0, 0.5, 3.0, -3.0]));
        assert_eq!(parse_latent("1,2,3").unwrap_err(), "expected 4 numbers separated by commas, got 3");
        assert_eq!(parse_latent("0,0,0,3.5").unwrap_err(), "expected a number from -3 to 3, got \"3.5\"");
        assert!(parse_latent("0,0,0,NaN").is_err());
    }
}
