//! What a training run can be told: a TOML file, every key of which has a default.

mod loss;
mod optimiser;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::front_end::MAX_SHIFT_UP;
use crate::network::NetworkConfig;
use crate::run_error::RunError;

pub use loss::{LossConfig, Regulariser};
pub use optimiser::{OptimiserConfig, Rule};

/// Everything that decides what a run learns, apart from the recordings. The defaults are what `lab new` uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Where all random draws start from.
    pub seed: u64,
    /// Steps of the optimiser.
    pub steps: u64,
    /// Notes a step.
    pub batch: usize,
    /// Which notes are used and which are kept apart.
    pub data: DataConfig,
    /// What is done to the encoder's input.
    pub input: InputConfig,
    /// The objective.
    pub loss: LossConfig,
    /// How it is followed.
    pub optimiser: OptimiserConfig,
    /// Sizes.
    pub network: NetworkConfig,
}

/// Which notes are used and which are kept apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// Families to use; empty for all.
    pub families: Vec<String>,
    /// Lowest MIDI note to use.
    pub lowest: u8,
    /// Highest MIDI note to use.
    pub highest: u8,
    /// What decides which notes are kept apart: runs of different seeds are compared on the same ones.
    pub split_seed: u64,
    /// Share of the notes that training never sees: half of them whole cells of (instrument, note), half single
    /// recordings of cells that it knows.
    pub held_out: f64,
    /// Share of the notes for the validation curve, chosen in the same way.
    pub validation: f64,
    /// Semitones by which copies are shifted.
    pub shifts: Vec<i8>,
    /// Share of shifted copies in a batch.
    pub shifted: f64,
    /// Share of notes in a batch that are mixed from two copies of the same note on the same instrument.
    pub mixed: f64,
    /// Share of notes in a batch that are filtered and damped at random.
    pub coloured: f64,
    /// Deviation of the gain of each resonance that they get; tilt and damping go with it.
    pub colour_db: f32,
}

/// How the encoder's input differs from what the decoder is to make of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InputConfig {
    /// Longest run of neighbouring bands that is silenced.
    pub masked_bands: usize,
    /// Longest run of frames that is silenced.
    pub masked_frames: usize,
    /// Deviation of the noise on what sounds.
    pub noise: f32,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            steps: 5000,
            batch: 8,
            data: DataConfig::default(),
            input: InputConfig::default(),
            loss: LossConfig::default(),
            optimiser: OptimiserConfig::default(),
            network: NetworkConfig::default(),
        }
    }
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            families: Vec::new(),
            lowest: 36,
            highest: 88,
            split_seed: 1,
            held_out: 0.1,
            validation: 0.05,
            shifts: vec![-5, -4, -3, -2, -1, 1, 2, 3, 4, 5],
            shifted: 0.65,
            mixed: 0.25,
            coloured: 0.0,
            colour_db: 4.0,
        }
    }
}

impl Default for InputConfig {
    fn default() -> Self {
        Self { masked_bands: 24, masked_frames: 4, noise: 0.03 }
    }
}

impl InputConfig {
    /// The encoder sees all.
    pub const UNTOUCHED: Self = Self { masked_bands: 0, masked_frames: 0, noise: 0.0 };
}

impl TrainConfig {
    /// The first step that refines points.
    #[must_use]
    pub fn refined_from(&self) -> u64 {
        self.steps - (self.loss.refined * self.steps as f64).round() as u64
    }

    /// Reads a TOML file and checks it.
    ///
    /// # Errors
    /// [`RunError`] that names the file and the key.
    pub fn read(path: &Path) -> Result<Self, RunError> {
        let text = std::fs::read_to_string(path).map_err(RunError::io(path, "read the configuration"))?;
        let config: Self =
            toml::from_str(&text).map_err(|e| RunError::unexpected(path, "a training configuration", e))?;
        config.check(path)?;
        Ok(config)
    }

    /// Whether the values make sense together; `path` is where messages say they come from.
    ///
    /// # Errors
    /// [`RunError::Unexpected`] that names the key.
    pub fn check(&self, path: &Path) -> Result<(), RunError> {
        let require = |holds: bool, expected: &str, got: String| {
            if holds { Ok(()) } else { Err(RunError::unexpected(path, expected, got)) }
        };
        let share = |x: f64| (0.0..=0.5).contains(&x);
        let (data, network) = (&self.data, &self.network);
        require(self.steps > 0, "`steps` of at least 1", self.steps.to_string())?;
        require((2..=1024).contains(&self.batch), "`batch` from 2 to 1024", self.batch.to_string())?;
        require(share(data.held_out), "`data.held_out` from 0 to 0.5", data.held_out.to_string())?;
        require(share(data.validation), "`data.validation` from 0 to 0.5", data.validation.to_string())?;
        require((0.0..=1.0).contains(&data.mixed), "`data.mixed` from 0 to 1", data.mixed.to_string())?;
        require((0.0..=1.0).contains(&data.coloured), "`data.coloured` from 0 to 1", data.coloured.to_string())?;
        require(
            (0.0..=12.0).contains(&data.colour_db),
            "`data.colour_db` from 0 to 12",
            data.colour_db.to_string(),
        )?;
        require((0.0..=1.0).contains(&data.shifted), "`data.shifted` from 0 to 1", data.shifted.to_string())?;
        let lengthy = data.shifts.iter().all(|shift| (-12..=MAX_SHIFT_UP).contains(shift));
        let expected = format!("`data.shifts` from -12 to {MAX_SHIFT_UP}: higher copies run out of sound");
        require(lengthy, &expected, format!("{:?}", data.shifts))?;
        let refined = self.loss.refined;
        require((0.0..=1.0).contains(&refined), "`loss.refined` from 0 to 1", refined.to_string())?;
        require(
            self.loss.prior_draws >= 2,
            "`loss.prior_draws` of at least 2",
            self.loss.prior_draws.to_string(),
        )?;
        let rate = self.optimiser.rate;
        require(rate.is_finite() && rate > 0.0, "a positive `optimiser.rate`", rate.to_string())?;
        let sizes = [network.channels, network.condition, network.encoder_channels];
        require(
            sizes.iter().all(|s| (1..=4096).contains(s)),
            "network sizes from 1 to 4096",
            format!("{sizes:?}"),
        )?;
        let groups = network.encoder_channels.is_multiple_of(8);
        require(groups, "`network.encoder_channels` in eights", network.encoder_channels.to_string())?;
        require((2..=256).contains(&network.hats), "`network.hats` from 2 to 256", network.hats.to_string())?;
        let more = network.partials.max(network.spectra);
        require(more <= 256, "`network.partials` and `network.spectra` up to 256", more.to_string())?;
        let reach = network.dilations.iter().all(|d| (1..=64).contains(d));
        require(reach, "`network.dilations` from 1 to 64", format!("{:?}", network.dilations))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(toml::from_str::<TrainConfig>("").unwrap(), TrainConfig::default());
    }

    #[test]
    fn the_configurations_that_come_with_the_lab_can_be_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
        let defaults = TrainConfig::read(&folder.join("default.toml")).unwrap();
        assert_eq!(defaults, TrainConfig::default(), "it explains the defaults");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let read: Vec<TrainConfig> = files.map(|path| TrainConfig::read(&path).unwrap()).collect();
        assert!(read.len() >= 6, "{}", read.len());
    }

    #[test]
    fn a_configuration_survives_toml() {
        let text = toml::to_string(&TrainConfig::default()).unwrap();
        assert_eq!(toml::from_str::<TrainConfig>(&text).unwrap(), TrainConfig::default());
    }

    #[test]
    fn unknown_keys_and_senseless_values_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.toml");
        for (text, word) in [
            ("stepps = 3", "stepps"),
            ("steps = 0", "`steps`"),
            ("[data]\nheld_out = 2", "held_out"),
            ("[data]\ncoloured = 1.5", "coloured"),
            ("[data]\ncolour_db = -1", "colour_db"),
            ("[data]\nshifts = [7]", "shifts"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = TrainConfig::read(&path).unwrap_err().to_string();
            assert!(error.contains("run.toml") && error.contains(word) && error.contains("expected"), "{error}");
        }
    }
}
