//! The parameters that come in groups: how playing moves a note, tuning, time, space, and work.

use nice_plug::prelude::*;

use super::{LATENT_REACH, milliseconds};
use crate::link::{CacheLimits, Quality, Sustain, TimeShape};
use crate::model::card::LATENT_DIM;

/// Widest range of bends, in semitones, that a controller asks for.
const WIDEST_BEND: i32 = 96;

/// How far something moves each latent coordinate.
#[derive(Params)]
pub struct DepthParams {
    #[id = "z1"]
    z1: FloatParam,
    #[id = "z2"]
    z2: FloatParam,
    #[id = "z3"]
    z3: FloatParam,
    #[id = "z4"]
    z4: FloatParam,
}

impl DepthParams {
    fn new(source: &str) -> Self {
        let depth = |axis: &str| {
            let range = FloatRange::Linear { min: -LATENT_REACH, max: LATENT_REACH };
            FloatParam::new(format!("{source} {axis}"), 0.0, range)
                .with_value_to_string(formatters::v2s_f32_rounded(2))
        };
        Self { z1: depth("Z1"), z2: depth("Z2"), z3: depth("Z3"), z4: depth("Z4") }
    }

    /// In latent units.
    #[must_use]
    pub fn values(&self) -> [f32; LATENT_DIM] {
        [&self.z1, &self.z2, &self.z3, &self.z4].map(FloatParam::value)
    }
}

/// What fingers, wheels and pedals do.
#[derive(Params)]
pub struct PlayingParams {
    /// Pitch wheel, all the way: semitones.
    #[id = "bend_range"]
    pub bend_range: IntParam,
    /// Whether each note has a MIDI channel of its own.
    #[id = "mpe"]
    pub mpe: BoolParam,
    /// A single note's pitch in MPE, all the way: semitones.
    #[id = "mpe_range"]
    pub mpe_range: IntParam,
    /// Radius of the ball that each hit's timbre is drawn from, in latent units.
    #[id = "humanise"]
    pub humanise: FloatParam,
    /// Of the modulation wheel.
    #[nested(id_prefix = "wheel")]
    pub wheel: DepthParams,
    /// Of channel and key pressure.
    #[nested(id_prefix = "pressure")]
    pub pressure: DepthParams,
    /// Of controller 74 and brightness.
    #[nested(id_prefix = "slide")]
    pub slide: DepthParams,
    /// Of velocity.
    #[nested(id_prefix = "velocity")]
    pub velocity: DepthParams,
}

impl Default for PlayingParams {
    fn default() -> Self {
        let semitones = |name, default| {
            IntParam::new(name, default, IntRange::Linear { min: 0, max: WIDEST_BEND }).with_unit(" st")
        };
        Self {
            bend_range: semitones("Bend Range", 2),
            mpe: BoolParam::new("MPE", false),
            mpe_range: semitones("MPE Range", 48),
            humanise: FloatParam::new("Humanise", 0.0, FloatRange::Linear { min: 0.0, max: 1.0 })
                .with_value_to_string(formatters::v2s_f32_rounded(2)),
            wheel: DepthParams::new("Wheel"),
            pressure: DepthParams::new("Pressure"),
            slide: DepthParams::new("Slide"),
            velocity: DepthParams::new("Velocity"),
        }
    }
}

/// Which pitch keys have; a scale is a file, not a parameter.
#[derive(Params)]
pub struct TuningParams {
    /// In cents.
    #[id = "tune"]
    pub tune: FloatParam,
    /// In semitones.
    #[id = "transpose"]
    pub transpose: IntParam,
    /// Whether to follow MTS-ESP where someone conducts.
    #[id = "mts_esp"]
    pub mts_esp: BoolParam,
}

impl Default for TuningParams {
    fn default() -> Self {
        Self {
            tune: FloatParam::new("Tune", 0.0, FloatRange::Linear { min: -100.0, max: 100.0 })
                .with_unit(" ct")
                .with_value_to_string(formatters::v2s_f32_rounded(1)),
            transpose: IntParam::new("Transpose", 0, IntRange::Linear { min: -36, max: 36 }).with_unit(" st"),
            mts_esp: BoolParam::new("MTS-ESP", true),
        }
    }
}

/// Where notes sound, and what keeps them from getting too loud.
#[derive(Params)]
pub struct OutputParams {
    /// 0 all in the middle, 1 from side to side.
    #[id = "width"]
    pub width: FloatParam,
    /// Bends peaks instead of letting them clip.
    #[id = "soft_limit"]
    pub soft_limit: BoolParam,
}

impl Default for OutputParams {
    fn default() -> Self {
        Self {
            width: FloatParam::new("Width", 0.0, FloatRange::Linear { min: 0.0, max: 1.0 })
                .with_unit(" %")
                .with_value_to_string(formatters::v2s_f32_percentage(0))
                .with_string_to_value(formatters::s2v_f32_percentage()),
            soft_limit: BoolParam::new("Soft Limit", false),
        }
    }
}

/// What a note does while its key is down and its frames would run out.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SustainSetting {
    /// It decays as it was played.
    #[id = "off"]
    #[name = "Off"]
    Off,
    /// It stays at the first frame of the region.
    #[id = "freeze"]
    #[name = "Freeze"]
    Freeze,
    /// It wanders through the region.
    #[id = "wander"]
    #[name = "Wander"]
    Wander,
}

/// How timbre and time run.
#[derive(Params)]
pub struct TimeParams {
    /// In which time sounding notes follow a change of timbre, in milliseconds; 0 for never.
    #[id = "morph"]
    pub morph: FloatParam,
    /// Share of a note that is skipped at its start.
    #[id = "start"]
    pub start: FloatParam,
    /// Length against the model's own.
    #[id = "stretch"]
    pub stretch: FloatParam,
    /// What a held note does.
    #[id = "sustain"]
    pub sustain: EnumParam<SustainSetting>,
    /// Where sustain begins, as a share of the note.
    #[id = "sustain_begin"]
    pub sustain_begin: FloatParam,
    /// Where it ends.
    #[id = "sustain_end"]
    pub sustain_end: FloatParam,
}

impl Default for TimeParams {
    fn default() -> Self {
        let share = |name, default, max| {
            FloatParam::new(name, default, FloatRange::Linear { min: 0.0, max })
                .with_unit(" %")
                .with_value_to_string(formatters::v2s_f32_percentage(0))
                .with_string_to_value(formatters::s2v_f32_percentage())
        };
        let [shortest, longest] = TimeShape::STRETCH;
        let [begin, end] = TimeShape::default().region;
        let lengths = FloatRange::Skewed { min: shortest, max: longest, factor: FloatRange::skew_factor(-2.0) };
        Self {
            morph: milliseconds("Morph", 0.0, 0.0, 2_000.0),
            start: share("Start", 0.0, TimeShape::LATEST_START),
            stretch: FloatParam::new("Stretch", 1.0, lengths)
                .with_unit(" x")
                .with_value_to_string(formatters::v2s_f32_rounded(2)),
            sustain: EnumParam::new("Sustain", SustainSetting::Off),
            sustain_begin: share("Sustain Begin", begin, 1.0),
            sustain_end: share("Sustain End", end, 1.0),
        }
    }
}

impl TimeParams {
    /// For the engine.
    #[must_use]
    pub fn shape(&self) -> TimeShape {
        TimeShape {
            start: self.start.value(),
            stretch: self.stretch.value(),
            sustain: match self.sustain.value() {
                SustainSetting::Off => Sustain::Off,
                SustainSetting::Freeze => Sustain::Freeze,
                SustainSetting::Wander => Sustain::Wander,
            },
            region: [self.sustain_begin.value(), self.sustain_end.value()],
        }
    }
}

/// How much work goes into the sound of notes.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum QualitySetting {
    /// [`Quality::Draft`].
    #[id = "draft"]
    #[name = "Draft"]
    Draft,
    /// [`Quality::Play`].
    #[id = "play"]
    #[name = "Play"]
    Play,
    /// [`Quality::Fine`].
    #[id = "fine"]
    #[name = "Fine"]
    Fine,
}

impl From<QualitySetting> for Quality {
    fn from(setting: QualitySetting) -> Self {
        match setting {
            QualitySetting::Draft => Self::Draft,
            QualitySetting::Play => Self::Play,
            QualitySetting::Fine => Self::Fine,
        }
    }
}

/// What the instrument may take of the machine.
#[derive(Params)]
pub struct MachineParams {
    /// Memory for the starts of notes that were played lately, in MiB.
    #[id = "cache"]
    pub cache: FloatParam,
    /// What making them may take of one core.
    #[id = "cache_load"]
    pub cache_load: FloatParam,
}

impl Default for MachineParams {
    fn default() -> Self {
        let limits = CacheLimits::default();
        Self {
            cache: FloatParam::new("Cache", limits.memory_mib, FloatRange::Linear { min: 0.0, max: 64.0 })
                .with_unit(" MiB")
                .with_value_to_string(formatters::v2s_f32_rounded(0))
                .with_step_size(1.0)
                .non_automatable(),
            cache_load: FloatParam::new("Cache Load", limits.cpu_share, FloatRange::Linear { min: 0.0, max: 1.0 })
                .with_unit(" %")
                .with_value_to_string(formatters::v2s_f32_percentage(0))
                .with_string_to_value(formatters::s2v_f32_percentage())
                .non_automatable(),
        }
    }
}

impl MachineParams {
    /// For the workers.
    #[must_use]
    pub fn cache_limits(&self) -> CacheLimits {
        CacheLimits { memory_mib: self.cache.value(), cpu_share: self.cache_load.value() }
    }
}
