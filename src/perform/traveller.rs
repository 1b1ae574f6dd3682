//! Travelling the orbit: where the timbre is at which place in the song.

use super::Performer;
use super::orbit::OrbitPath;
use super::song_time::SongTime;
use super::touch::Offset;
use crate::engine::{Controls, Engine};
use crate::link::PinPoints;
use crate::model::card::LATENT_DIM;
use crate::units::SampleRate;

/// The orbit is looked at this often, in milliseconds of the song: about once in a frame of a model.
const STEP_MS: f32 = 10.0;

/// The parameters of the orbit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrbitSettings {
    /// How much of the way from the middle of the pins to the path is added to the timbre: 0 none, 1 all.
    pub depth: f32,
    /// How fast.
    pub speed: OrbitSpeed,
    /// Where it is at the song's beginning, in turns from the first pin.
    pub phase: f32,
}

impl Default for OrbitSettings {
    fn default() -> Self {
        Self { depth: 0.0, speed: OrbitSpeed::Synced { beats: 4.0 }, phase: 0.0 }
    }
}

/// How fast an orbit is travelled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OrbitSpeed {
    /// In the host's tempo.
    Synced {
        /// Quarter notes in a turn.
        beats: f64,
    },
    /// In its own.
    Free {
        /// Turns in a second.
        hz: f32,
    },
}

/// Who is on the way. All that it knows of time is where in the song it is: the same place is the same timbre.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traveller {
    path: OrbitPath,
    settings: OrbitSettings,
    rate_hz: f64,
    /// Samples in a step.
    step: i64,
    /// Which step of the song it stands on; `None` if it has to look again.
    at: Option<i64>,
    turn: f64,
    offset: Offset,
}

impl Traveller {
    pub fn new(settings: OrbitSettings, rate: SampleRate) -> Self {
        Self {
            path: OrbitPath::default(),
            settings,
            rate_hz: f64::from(rate.hz()),
            step: rate.samples_in_ms(STEP_MS).max(1) as i64,
            at: None,
            turn: 0.0,
            offset: [0.0; LATENT_DIM],
        }
    }

    pub fn set(&mut self, settings: OrbitSettings) {
        if settings != self.settings {
            (self.settings, self.at) = (settings, None);
        }
    }

    pub fn set_pins(&mut self, pins: &PinPoints) {
        (self.path, self.at) = (OrbitPath::through(pins.as_slice()), None);
    }

    /// Whether it adds nothing, wherever it is.
    pub fn is_still(&self) -> bool {
        self.settings.depth == 0.0 || self.path.is_still()
    }

    /// Goes to a place; returns samples to the next step.
    pub fn travel(&mut self, time: SongTime) -> usize {
        if self.is_still() {
            (self.at, self.turn, self.offset) = (None, 0.0, [0.0; LATENT_DIM]);
            return usize::MAX;
        }
        let step = time.samples.div_euclid(self.step);
        if self.at != Some(step) {
            self.at = Some(step);
            self.turn = self.turn_at(time, step * self.step);
            self.offset = self.path.offset(self.turn).map(|z| z * self.settings.depth);
        }
        ((step + 1) * self.step - time.samples) as usize
    }

    /// What is added to the timbre here.
    pub fn offset(&self) -> Offset {
        self.offset
    }

    /// How far it is on its way round, 0 to 1; `None` if it is not on its way.
    pub fn turn(&self) -> Option<f32> {
        (!self.is_still()).then_some(self.turn as f32)
    }

    fn turn_at(&self, time: SongTime, sample: i64) -> f64 {
        let turns = match self.settings.speed {
            OrbitSpeed::Synced { beats } => time.beats_at(sample) / beats,
            OrbitSpeed::Free { hz } => sample as f64 / self.rate_hz * f64::from(hz),
        };
        (turns + f64::from(self.settings.phase)).rem_euclid(1.0)
    }
}

impl Performer {
    /// Puts down the pins of the orbit; heard from the next [`Performer::travel`] on.
    pub fn set_pins(&mut self, pins: &PinPoints) {
        self.traveller.set_pins(pins);
    }

    /// Sets the engine's parameters as the host has them; heard from the next [`Performer::travel`] on.
    pub fn set_controls(&mut self, controls: Controls) {
        self.controls = controls;
    }

    /// Comes to a place in the song: from here on the engine has the host's parameters, and the timbre is moved by what
    /// the orbit adds there. To be called again after so many samples as it returns, or earlier; how often, and where blocks
    /// end, changes nothing.
    pub fn travel(&mut self, engine: &mut Engine, time: SongTime) -> usize {
        let left = self.traveller.travel(time);
        let mut controls = self.controls;
        // Added to nothing, zero could still turn the sign of another zero.
        if !self.traveller.is_still() {
            let offset = self.traveller.offset();
            controls.latent = std::array::from_fn(|axis| controls.latent[axis] + offset[axis]);
        }
        engine.set_controls(controls);
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{Pin, Pins};

    fn rate() -> SampleRate {
        SampleRate::new(48_000.0).unwrap()
    }

    fn traveller(settings: OrbitSettings) -> Traveller {
        let pin = |z| Pin { z, name: String::new() };
        let pins = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [-1.0, 0.0, 2.0, 0.0], [0.0, -1.0, 0.0, 0.0]];
        let mut traveller = Traveller::new(settings, rate());
        traveller.set_pins(&Pins { pins: pins.map(pin).to_vec() }.points());
        traveller
    }

    fn at(traveller: &mut Traveller, samples: i64) -> Offset {
        traveller.travel(SongTime::at(samples, None, rate()));
        traveller.offset()
    }

    #[test]
    fn pins_are_met_on_the_beat() {
        let mut traveller = traveller(OrbitSettings { depth: 1.0, ..OrbitSettings::default() });
        // The middle of the pins is (0, 0, 0.5, 0), and a beat is 24 000 samples.
        for bar in [-2, 0, 5] {
            assert_eq!(at(&mut traveller, bar * 96_000), [1.0, 0.0, -0.5, 0.0]);
            assert_eq!(at(&mut traveller, bar * 96_000 + 48_000), [-1.0, 0.0, 1.5, 0.0]);
        }
        traveller.set(OrbitSettings { depth: 0.5, phase: 0.25, ..OrbitSettings::default() });
        assert_eq!(at(&mut traveller, 0), [0.0, 0.5, -0.25, 0.0]);
        let free = OrbitSpeed::Free { hz: 2.0 };
        traveller.set(OrbitSettings { depth: 1.0, speed: free, phase: 0.0 });
        assert_eq!(at(&mut traveller, 12_000), [-1.0, 0.0, 1.5, 0.0]);
    }

    #[test]
    fn where_it_is_hangs_on_the_place_alone() {
        let mut walked = traveller(OrbitSettings { depth: 0.7, ..OrbitSettings::default() });
        let mut samples = -7013;
        while samples < 200_000 {
            let left = walked.travel(SongTime::at(samples, Some(133.0), rate()));
            let mut jumped = traveller(OrbitSettings { depth: 0.7, ..OrbitSettings::default() });
            for near in [samples, samples + left as i64 - 1] {
                jumped.travel(SongTime::at(near - 4096, Some(133.0), rate()).later(4096));
                assert_eq!(jumped.offset().map(f32::to_bits), walked.offset().map(f32::to_bits), "{samples}");
            }
            samples += left as i64;
        }
    }

    #[test]
    fn without_depth_or_pins_it_adds_nothing_and_asks_for_nothing() {
        let mut deep = Traveller::new(OrbitSettings { depth: 1.0, ..OrbitSettings::default() }, rate());
        let mut flat = traveller(OrbitSettings::default());
        for traveller in [&mut deep, &mut flat] {
            assert_eq!(traveller.travel(SongTime::at(777, None, rate())), usize::MAX);
            assert_eq!((traveller.offset(), traveller.turn()), ([0.0; LATENT_DIM], None));
        }
    }
}
