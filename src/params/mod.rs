//! The parameters that hosts see and projects save. Ids are frozen: append only (tests/frozen.rs).

mod groups;
mod migrate;
mod orbit;
mod saved;
mod values;

use std::sync::Arc;

use nice_plug::prelude::*;

use crate::engine::{Controls, Tuning};
pub use crate::engine::{LATENT_REACH, POLYPHONY};
use crate::link::{ModelChoice, OrbitChoice, ScaleChoice};
use crate::model::card::LATENT_DIM;
use crate::perform::{BendRanges, Depths, Settings};
use crate::units::{SampleRate, db_to_gain, gain_to_db};
pub use groups::{
    MachineParams, OutputParams, PlayingParams, QualitySetting, SustainSetting, TimeParams, TuningParams,
};
pub use migrate::{additions_since, migrate};
pub use orbit::{OrbitLength, OrbitParams};
use saved::SavedVersion;
pub use saved::{SavedModel, SavedPins, SavedScale};
pub use values::{ValueError, set_value, state_json, values};

/// Version of what a project saves. Raised when `Plugin::filter_state` learns to migrate from an older one.
pub const STATE_VERSION: u32 = 3;
/// The fields of a state that are not parameters.
const STATE_VERSION_FIELD: &str = "state_version";
const SCALE_FIELD: &str = "scale";
const PINS_FIELD: &str = "orbit";

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
    /// The settings that look ahead, in milliseconds.
    pub const LOOK_AHEADS_MS: [f32; 4] = [10.0, 20.0, 40.0, 80.0];

    /// Milliseconds from an event to its sound.
    #[must_use]
    pub fn ms(self) -> f32 {
        match self {
            Self::Live => 0.0,
            Self::Ms10 => Self::LOOK_AHEADS_MS[0],
            Self::Ms20 => Self::LOOK_AHEADS_MS[1],
            Self::Ms40 => Self::LOOK_AHEADS_MS[2],
            Self::Ms80 => Self::LOOK_AHEADS_MS[3],
        }
    }

    /// The same in samples.
    #[must_use]
    pub fn samples(self, rate: SampleRate) -> usize {
        rate.samples_in_ms(self.ms())
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
    /// Which scale it plays.
    #[persist = "scale"]
    pub scale: SavedScale,
    /// Where its timbre travels.
    #[persist = "orbit"]
    pub pins: SavedPins,
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
    /// How much work goes into notes to come: the same for playing and for bouncing.
    #[id = "quality"]
    pub quality: EnumParam<QualitySetting>,
    /// What fingers, wheels and pedals do.
    #[nested(group = "Playing")]
    pub playing: PlayingParams,
    /// Which pitch keys have.
    #[nested(group = "Tuning")]
    pub tuning: TuningParams,
    /// Where notes sound.
    #[nested(group = "Output")]
    pub output: OutputParams,
    /// How timbre and time run.
    #[nested(group = "Time")]
    pub time: TimeParams,
    /// What the instrument may take of the machine.
    #[nested(group = "Machine")]
    pub machine: MachineParams,
    /// How the timbre travels.
    #[nested(group = "Orbit")]
    pub orbit: OrbitParams,
}

impl UkulelatentParams {
    /// Defaults, playing what `choice` chooses in the scale that `scale` chooses.
    #[must_use]
    pub fn new(choice: Arc<ModelChoice>, scale: Arc<ScaleChoice>) -> Self {
        let gain_range = FloatRange::Skewed {
            min: db_to_gain(MIN_GAIN_DB),
            max: db_to_gain(MAX_GAIN_DB),
            factor: FloatRange::gain_skew_factor(MIN_GAIN_DB, MAX_GAIN_DB),
        };
        Self {
            state_version: SavedVersion,
            model: SavedModel(Arc::clone(&choice)),
            scale: SavedScale { scale, model: Arc::clone(&choice) },
            pins: SavedPins { pins: Arc::default(), model: choice },
            z1: latent("Z1", 0),
            z2: latent("Z2", 1),
            z3: latent("Z3", 2),
            z4: latent("Z4", 3),
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
            quality: EnumParam::new("Quality", QualitySetting::Play).non_automatable(),
            playing: PlayingParams::default(),
            tuning: TuningParams::default(),
            output: OutputParams::default(),
            time: TimeParams::default(),
            machine: MachineParams::default(),
            orbit: OrbitParams::default(),
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
            morph_ms: self.time.morph.value(),
            time: self.time.shape(),
            quality: self.quality.value().into(),
            soft_limit: self.output.soft_limit.value(),
        }
    }

    /// The values as they stand, for what playing does.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let playing = &self.playing;
        Settings {
            mpe: playing.mpe.value(),
            ranges: BendRanges {
                channel: playing.bend_range.value() as f32,
                member: playing.mpe_range.value() as f32,
            },
            depths: Depths {
                wheel: playing.wheel.values(),
                pressure: playing.pressure.values(),
                slide: playing.slide.values(),
                velocity: playing.velocity.values(),
            },
            humanise: playing.humanise.value(),
            width: self.output.width.value(),
            orbit: self.orbit.settings(),
        }
    }

    /// Which instrument plays.
    #[must_use]
    pub fn model_choice(&self) -> &Arc<ModelChoice> {
        &self.model.0
    }

    /// Which scale plays.
    #[must_use]
    pub fn scale_choice(&self) -> &Arc<ScaleChoice> {
        &self.scale.scale
    }

    /// Where the timbre travels.
    #[must_use]
    pub fn orbit_choice(&self) -> &Arc<OrbitChoice> {
        &self.pins.pins
    }

    /// How far all keys are moved, in cents.
    #[must_use]
    pub fn retuning_cents(&self) -> f32 {
        self.tuning.tune.value() + 100.0 * self.tuning.transpose.value() as f32
    }

    /// Every key's cents above its equal temperament, with master tune and transposition; not a number for a key
    /// that the scale leaves out. Neither locks nor allocates.
    #[must_use]
    pub fn tuning_table(&self) -> Tuning {
        let moved = self.retuning_cents();
        self.scale.scale.table().map(|cents| cents + moved)
    }
}

/// The engine's linear gain for the gain parameter's value in decibels.
#[must_use]
pub fn output_gain(gain_db: f32) -> f32 {
    db_to_gain(gain_db + HEADROOM_DB)
}

fn milliseconds(name: &str, default: f32, min: f32, max: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Skewed { min, max, factor: FloatRange::skew_factor(-2.0) })
        .with_unit(" ms")
        .with_value_to_string(formatters::v2s_f32_rounded(1))
}

/// A latent coordinate; hosts can move it for single notes, who are told of it by its axis.
fn latent(name: &str, axis: u32) -> FloatParam {
    FloatParam::new(name, 0.0, FloatRange::Linear { min: -LATENT_REACH, max: LATENT_REACH })
        .with_value_to_string(formatters::v2s_f32_rounded(2))
        .with_poly_modulation_id(axis)
}
