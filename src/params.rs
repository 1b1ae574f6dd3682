//! The parameters that hosts see and projects save. Ids are frozen: append only (tests/frozen.rs).

use std::sync::Arc;

use nice_plug::params::persist::PersistentField;
use nice_plug::prelude::*;

use crate::engine::Controls;
use crate::link::ModelChoice;
use crate::model::ModelReference;
use crate::model::card::LATENT_DIM;
use crate::units::{SampleRate, db_to_gain, gain_to_db};

/// Version of what a project saves. Raised when `Plugin::filter_state` learns to migrate from an older one.
pub const STATE_VERSION: u32 = 1;

/// Reach of each latent coordinate: three standard deviations of the prior either way.
const LATENT_REACH: f32 = 3.0;
/// Level of a full-velocity note at a gain of 0 dB: room for a chord of four.
const HEADROOM_DB: f32 = -12.0;
const MIN_GAIN_DB: f32 = -60.0;
const MAX_GAIN_DB: f32 = 12.0;
const MAX_ATTACK_MS: f32 = 2_000.0;
const MIN_RELEASE_MS: f32 = 5.0;
const MAX_RELEASE_MS: f32 = 5_000.0;

/// How far notes are computed ahead.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatencySetting {
    /// None: a note sounds as soon as its first samples are there.
    #[id = "live"]
    #[name = "Live"]
    Live,
    /// 10 ms, reported to the host.
    #[id = "10ms"]
    #[name = "10 ms"]
    Ms10,
    /// 20 ms, reported to the host.
    #[id = "20ms"]
    #[name = "20 ms"]
    Ms20,
    /// 40 ms, reported to the host.
    #[id = "40ms"]
    #[name = "40 ms"]
    Ms40,
    /// 80 ms, reported to the host.
    #[id = "80ms"]
    #[name = "80 ms"]
    Ms80,
}

impl LatencySetting {
    /// Samples from an event to its sound.
    #[must_use]
    pub fn samples(self, rate: SampleRate) -> usize {
        rate.samples_in_ms(match self {
            Self::Live => 0.0,
            Self::Ms10 => 10.0,
            Self::Ms20 => 20.0,
            Self::Ms40 => 40.0,
            Self::Ms80 => 80.0,
        })
    }
}

/// All that a project saves.
#[derive(Params)]
pub struct UkulelatentParams {
    /// [`STATE_VERSION`].
    #[persist = "state_version"]
    state_version: SavedVersion,
    /// Which instrument plays.
    #[persist = "model"]
    pub model: SavedModel,
    /// First latent coordinate.
    #[id = "z1"]
    pub z1: FloatParam,
    /// Second latent coordinate.
    #[id = "z2"]
    pub z2: FloatParam,
    /// Third latent coordinate.
    #[id = "z3"]
    pub z3: FloatParam,
    /// Fourth latent coordinate.
    #[id = "z4"]
    pub z4: FloatParam,
    /// Output gain, linear; shown in decibels.
    #[id = "gain"]
    pub gain: FloatParam,
    /// Rise time, in milliseconds.
    #[id = "attack"]
    pub attack: FloatParam,
    /// Fall time, in milliseconds.
    #[id = "release"]
    pub release: FloatParam,
    /// How much velocity matters to level, 0 to 1.
    #[id = "velocity"]
    pub velocity: FloatParam,
    /// Look-ahead.
    #[id = "latency"]
    pub latency: EnumParam<LatencySetting>,
}

impl UkulelatentParams {
    /// Defaults, playing what `choice` chooses.
    #[must_use]
    pub fn new(choice: Arc<ModelChoice>) -> Self {
        let gain_range = FloatRange::Skewed {
            min: db_to_gain(MIN_GAIN_DB),
            max: db_to_gain(MAX_GAIN_DB),
            factor: FloatRange::gain_skew_factor(MIN_GAIN_DB, MAX_GAIN_DB),
        };
        let milliseconds = |name: &str, default, min, max| {
            FloatParam::new(name, default, FloatRange::Skewed { min, max, factor: FloatRange::skew_factor(-2.0) })
                .with_unit(" ms")
                .with_value_to_string(formatters::v2s_f32_rounded(1))
        };
        Self {
            state_version: SavedVersion,
            model: SavedModel(choice),
            z1: latent("Z1"),
            z2: latent("Z2"),
            z3: latent("Z3"),
            z4: latent("Z4"),
            gain: FloatParam::new("Gain", 1.0, gain_range)
                .with_unit(" dB")
                .with_value_to_string(formatters::v2s_f32_gain_to_db(1))
                .with_string_to_value(formatters::s2v_f32_gain_to_db()),
            attack: milliseconds("Attack", 0.0, 0.0, MAX_ATTACK_MS),
            release: milliseconds("Release", 250.0, MIN_RELEASE_MS, MAX_RELEASE_MS),
            velocity: FloatParam::new("Velocity", 0.7, FloatRange::Linear { min: 0.0, max: 1.0 })
                .with_unit(" %")
                .with_value_to_string(formatters::v2s_f32_percentage(0))
                .with_string_to_value(formatters::s2v_f32_percentage()),
            latency: EnumParam::new("Latency", LatencySetting::Live).non_automatable(),
        }
    }

    /// The values as they stand, for the engine.
    #[must_use]
    pub fn controls(&self) -> Controls {
        let latent: [f32; LATENT_DIM] = [&self.z1, &self.z2, &self.z3, &self.z4].map(|z| z.value());
        Controls {
            latent,
            gain: output_gain(gain_to_db(self.gain.value())),
            attack_ms: self.attack.value(),
            release_ms: self.release.value(),
            velocity: self.velocity.value(),
            ..Controls::default()
        }
    }
}

/// The engine's linear gain for the gain parameter's value in decibels.
#[must_use]
pub fn output_gain(gain_db: f32) -> f32 {
    db_to_gain(gain_db + HEADROOM_DB)
}

fn latent(name: &str) -> FloatParam {
    FloatParam::new(name, 0.0, FloatRange::Linear { min: -LATENT_REACH, max: LATENT_REACH })
        .with_value_to_string(formatters::v2s_f32_rounded(2))
}

/// The model choice as a saved field: loading a project chooses its model, found or not.
pub struct SavedModel(Arc<ModelChoice>);

impl<'a> PersistentField<'a, ModelReference> for SavedModel {
    fn set(&self, reference: ModelReference) {
        self.0.choose(reference);
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&ModelReference) -> R,
    {
        f(&self.0.reference())
    }
}

/// Writes [`STATE_VERSION`]; what a project says is for `Plugin::filter_state`, which sees it first.
struct SavedVersion;

impl<'a> PersistentField<'a, u32> for SavedVersion {
    fn set(&self, _: u32) {}

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&u32) -> R,
    {
        f(&STATE_VERSION)
    }
}
