//! The pins of the orbit: put down on the main thread, read by the audio thread number by number.

use std::array;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering, fence};
use std::sync::{Mutex, MutexGuard, PoisonError};

use atomic_float::AtomicF32;
use serde::{Deserialize, Serialize};

use super::LATENT_REACH;
use crate::model::card::LATENT_DIM;

/// An orbit has no more pins than this.
pub const MAX_PINS: usize = 8;
/// A pin's name has no more characters than this.
pub const LONGEST_PIN_NAME: usize = 64;

/// A point of the latent space that the orbit passes through.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pin {
    /// Where it is, each coordinate within [`LATENT_REACH`] of zero.
    pub z: [f32; LATENT_DIM],
    /// What its owner calls it; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// The pins in the order in which the orbit passes through them, as projects and presets save them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pins {
    /// At most [`MAX_PINS`]. With fewer than two there is nowhere to go.
    #[serde(default)]
    pub pins: Vec<Pin>,
}

/// Pins that no orbit can pass through.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PinsError {
    /// There are too many.
    #[error("expected at most {MAX_PINS} pins, got {got}")]
    TooMany {
        /// How many there are.
        got: usize,
    },
    /// One is not in the space.
    #[error("pin {number}: expected numbers from -{LATENT_REACH} to {LATENT_REACH}, got {z:?}")]
    OutOfReach {
        /// Which, counted from 1.
        number: usize,
        /// Where it is.
        z: [f32; LATENT_DIM],
    },
    /// One has a name that is a text.
    #[error("pin {number}: expected a name of at most {LONGEST_PIN_NAME} characters, got {got}")]
    LongName {
        /// Which, counted from 1.
        number: usize,
        /// Its characters.
        got: usize,
    },
}

impl Pins {
    /// Whether an orbit can pass through them.
    ///
    /// # Errors
    /// [`PinsError`] says why not.
    pub fn check(&self) -> Result<(), PinsError> {
        if self.pins.len() > MAX_PINS {
            return Err(PinsError::TooMany { got: self.pins.len() });
        }
        for (number, pin) in (1..).zip(&self.pins) {
            if !pin.z.iter().all(|z| z.abs() <= LATENT_REACH) {
                return Err(PinsError::OutOfReach { number, z: pin.z });
            }
            let got = pin.name.chars().count();
            if got > LONGEST_PIN_NAME {
                return Err(PinsError::LongName { number, got });
            }
        }
        Ok(())
    }

    /// Without the names: what the audio thread is told.
    #[must_use]
    pub fn points(&self) -> PinPoints {
        let mut points = PinPoints::default();
        for pin in self.pins.iter().take(MAX_PINS) {
            points.points[points.count] = pin.z;
            points.count += 1;
        }
        points
    }
}

/// Where the pins are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PinPoints {
    points: [[f32; LATENT_DIM]; MAX_PINS],
    count: usize,
}

impl PinPoints {
    /// One after another.
    #[must_use]
    pub fn as_slice(&self) -> &[[f32; LATENT_DIM]] {
        &self.points[..self.count]
    }
}

/// (main, window -> audio) The pins. The audio thread reads numbers only; the names are for the project.
#[derive(Default)]
pub struct OrbitChoice {
    pins: Mutex<Pins>,
    /// Odd while the numbers are being written.
    generation: AtomicU32,
    count: AtomicUsize,
    points: [[AtomicF32; LATENT_DIM]; MAX_PINS],
}

impl OrbitChoice {
    /// The generation before any choice: no pins.
    pub const NO_PINS: u32 = 0;

    /// Puts pins down in place of those that were there. Pins that cannot be used are kept for the project, and nothing
    /// moves.
    ///
    /// # Errors
    /// Why they cannot be used.
    pub fn choose(&self, pins: Pins) -> Result<(), PinsError> {
        let checked = pins.check();
        let points = if checked.is_ok() { pins.points() } else { PinPoints::default() };
        // Held to the end: one writer at a time.
        let mut kept = self.lock();
        *kept = pins;
        let generation = self.generation.load(Ordering::Relaxed);
        self.generation.store(generation.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        self.count.store(points.count, Ordering::Relaxed);
        for (places, point) in self.points.iter().zip(points.points) {
            for (place, z) in places.iter().zip(point) {
                place.store(z, Ordering::Relaxed);
            }
        }
        self.generation.store(generation.wrapping_add(2), Ordering::Release);
        drop(kept);
        checked
    }

    /// What was put down last.
    #[must_use]
    pub fn pins(&self) -> Pins {
        self.lock().clone()
    }

    /// Changes with every choice.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation.load(Ordering::Acquire)
    }

    /// The pins and their generation; `None` while they are being put down, and the reader has to come again. Neither
    /// locks nor waits nor allocates.
    #[must_use]
    pub fn read(&self) -> Option<(u32, PinPoints)> {
        let generation = self.generation();
        let count = self.count.load(Ordering::Relaxed).min(MAX_PINS);
        let points = array::from_fn(|pin| array::from_fn(|axis| self.points[pin][axis].load(Ordering::Relaxed)));
        fence(Ordering::Acquire);
        let whole = generation.is_multiple_of(2) && self.generation.load(Ordering::Relaxed) == generation;
        whole.then_some((generation, PinPoints { points, count }))
    }

    fn lock(&self) -> MutexGuard<'_, Pins> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pins(points: &[[f32; LATENT_DIM]]) -> Pins {
        Pins { pins: points.iter().map(|&z| Pin { z, name: String::new() }).collect() }
    }

    #[test]
    fn pins_out_of_the_space_or_too_many_are_kept_and_not_used() {
        let choice = OrbitChoice::default();
        for bad in [pins(&[[0.0; 4]; 9]), pins(&[[0.0; 4], [0.0, 3.5, 0.0, 0.0]]), pins(&[[f32::NAN; 4]])] {
            assert!(choice.choose(bad.clone()).is_err());
            assert_eq!(choice.pins().pins.len(), bad.pins.len());
            assert_eq!(choice.read().unwrap().1.as_slice().len(), 0);
        }
        let mut long = pins(&[[0.0; 4]]);
        long.pins[0].name = "n".repeat(65);
        assert_eq!(long.check(), Err(PinsError::LongName { number: 1, got: 65 }));
    }

    #[test]
    fn a_reader_sees_one_choice_or_the_other() {
        let choice = OrbitChoice::default();
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for n in 0..20_000_u16 {
                    let z = f32::from(n % 7) / 4.0;
                    choice.choose(pins(&vec![[z; 4]; usize::from(n % 7) + 1])).unwrap();
                }
                stop.store(true, Ordering::Relaxed);
            });
            while !stop.load(Ordering::Relaxed) {
                let Some((_, points)) = choice.read() else { continue };
                if let [first, ..] = points.as_slice() {
                    let count = (first[0] * 4.0) as usize + 1;
                    assert_eq!(points.as_slice(), vec![*first; count].as_slice());
                }
            }
        });
    }

    #[test]
    fn names_and_places_are_saved() {
        let text = r#"{"pins":[{"z":[0.5,-1.0,2.0,0.0],"name":"bell"},{"z":[0.0,0.0,0.0,0.0]}]}"#;
        let read: Pins = serde_json::from_str(text).unwrap();
        assert_eq!((read.pins.len(), read.pins[0].name.as_str()), (2, "bell"));
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}
