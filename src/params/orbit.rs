//! The parameters of the orbit; its pins are points, not parameters.

use nice_plug::prelude::*;

use crate::perform::{OrbitSettings, OrbitSpeed};

/// The slowest and the fastest turn of an orbit that follows no tempo.
const SLOWEST_HZ: f32 = 0.01;
const FASTEST_HZ: f32 = 10.0;

/// How long a turn takes, in quarter notes: whole bars of three and of four.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // They say what they are.
pub enum OrbitLength {
    #[id = "1"]
    #[name = "1 beat"]
    Beats1,
    #[id = "2"]
    #[name = "2 beats"]
    Beats2,
    #[id = "3"]
    #[name = "3 beats"]
    Beats3,
    #[id = "4"]
    #[name = "4 beats"]
    Beats4,
    #[id = "6"]
    #[name = "6 beats"]
    Beats6,
    #[id = "8"]
    #[name = "8 beats"]
    Beats8,
    #[id = "12"]
    #[name = "12 beats"]
    Beats12,
    #[id = "16"]
    #[name = "16 beats"]
    Beats16,
    #[id = "24"]
    #[name = "24 beats"]
    Beats24,
    #[id = "32"]
    #[name = "32 beats"]
    Beats32,
    #[id = "48"]
    #[name = "48 beats"]
    Beats48,
    #[id = "64"]
    #[name = "64 beats"]
    Beats64,
}

impl OrbitLength {
    /// Quarter notes in a turn.
    #[must_use]
    pub fn beats(self) -> f64 {
        match self {
            Self::Beats1 => 1.0,
            Self::Beats2 => 2.0,
            Self::Beats3 => 3.0,
            Self::Beats4 => 4.0,
            Self::Beats6 => 6.0,
            Self::Beats8 => 8.0,
            Self::Beats12 => 12.0,
            Self::Beats16 => 16.0,
            Self::Beats24 => 24.0,
            Self::Beats32 => 32.0,
            Self::Beats48 => 48.0,
            Self::Beats64 => 64.0,
        }
    }
}

/// How the timbre travels among the pins.
#[derive(Params)]
pub struct OrbitParams {
    /// How much of the way from the middle of the pins to the path is added to the timbre.
    #[id = "orbit_depth"]
    pub depth: FloatParam,
    /// Whether turns take `length`, in the host's tempo, and not `rate`.
    #[id = "orbit_sync"]
    pub sync: BoolParam,
    /// Turns in a second, where no tempo is followed.
    #[id = "orbit_rate"]
    pub rate: FloatParam,
    /// How long a turn takes in the host's tempo.
    #[id = "orbit_length"]
    pub length: EnumParam<OrbitLength>,
    /// Where it is at the song's beginning, in turns from the first pin.
    #[id = "orbit_phase"]
    pub phase: FloatParam,
}

impl Default for OrbitParams {
    fn default() -> Self {
        let share = |name, default| {
            FloatParam::new(name, default, FloatRange::Linear { min: 0.0, max: 1.0 })
                .with_value_to_string(formatters::v2s_f32_percentage(0))
                .with_string_to_value(formatters::s2v_f32_percentage())
                .with_unit(" %")
        };
        let factor = FloatRange::skew_factor(-2.0);
        let rates = FloatRange::Skewed { min: SLOWEST_HZ, max: FASTEST_HZ, factor };
        Self {
            depth: share("Orbit Depth", 0.0),
            sync: BoolParam::new("Orbit Sync", true),
            rate: FloatParam::new("Orbit Rate", 0.25, rates)
                .with_unit(" Hz")
                .with_value_to_string(formatters::v2s_f32_rounded(2)),
            length: EnumParam::new("Orbit Length", OrbitLength::Beats16),
            phase: share("Orbit Phase", 0.0),
        }
    }
}

impl OrbitParams {
    /// For whoever travels.
    #[must_use]
    pub fn settings(&self) -> OrbitSettings {
        let speed = if self.sync.value() {
            OrbitSpeed::Synced { beats: self.length.value().beats() }
        } else {
            OrbitSpeed::Free { hz: self.rate.value() }
        };
        OrbitSettings { depth: self.depth.value(), speed, phase: self.phase.value() }
    }
}
