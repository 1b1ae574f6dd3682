//! What fingers do to a note: its timbre, its bend, its level and its place.

use super::channels::Touch;
use crate::engine::Expression;
use crate::model::card::LATENT_DIM;

/// A move in the latent space.
pub type Offset = [f32; LATENT_DIM];

/// How far playing moves each latent coordinate, in latent units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Depths {
    /// The modulation wheel all the way up.
    pub wheel: Offset,
    /// Full pressure, of the channel and of the key.
    pub pressure: Offset,
    /// Slide (controller 74, or brightness) from its middle to its end.
    pub slide: Offset,
    /// From a stroke of middle velocity to the hardest.
    pub velocity: Offset,
}

/// Something that changes of a single note.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NoteChange {
    /// How far it is bent, in semitones, beside what its channel says.
    Tuning(f32),
    /// 0 to 1.
    Pressure(f32),
    /// 0 to 1, 0.5 at rest.
    Slide(f32),
    /// Linear.
    Gain(f32),
    /// -1 (left) to 1 (right).
    Pan(f32),
    /// One latent coordinate, moved by this much.
    Latent(usize, f32),
}

/// What was said of a note alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct OwnExpression {
    pub tuning_semitones: f32,
    pub pressure: f32,
    pub slide: f32,
    pub gain: f32,
    pub pan: f32,
    pub latent: Offset,
}

impl Default for OwnExpression {
    fn default() -> Self {
        Self { tuning_semitones: 0.0, pressure: 0.0, slide: 0.5, gain: 1.0, pan: 0.0, latent: [0.0; LATENT_DIM] }
    }
}

/// Bends beyond this many semitones are no music.
const WIDEST_BEND: f32 = 120.0;
/// The loudest that a host may ask of a note: +12 dB, as in VST3.
const LOUDEST: f32 = 4.0;
/// From one end of a latent coordinate to the other.
const WIDEST_MOVE: f32 = 6.0;

impl OwnExpression {
    /// Takes a change; what is no number changes nothing.
    pub fn apply(&mut self, change: NoteChange) {
        let set = |place: &mut f32, value: f32, low: f32, high: f32| {
            if value.is_finite() {
                *place = value.clamp(low, high);
            }
        };
        match change {
            NoteChange::Tuning(semitones) => {
                set(&mut self.tuning_semitones, semitones, -WIDEST_BEND, WIDEST_BEND);
            }
            NoteChange::Pressure(pressure) => set(&mut self.pressure, pressure, 0.0, 1.0),
            NoteChange::Slide(slide) => set(&mut self.slide, slide, 0.0, 1.0),
            NoteChange::Gain(gain) => set(&mut self.gain, gain, 0.0, LOUDEST),
            NoteChange::Pan(pan) => set(&mut self.pan, pan, -1.0, 1.0),
            NoteChange::Latent(axis, offset) => {
                if let Some(place) = self.latent.get_mut(axis) {
                    set(place, offset, -WIDEST_MOVE, WIDEST_MOVE);
                }
            }
        }
    }
}

/// All that the engine is told of a note.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sound {
    pub bend_cents: f32,
    pub latent: Offset,
    pub gain: f32,
    pub pan: f32,
}

impl Sound {
    /// What the engine must be told to come here from there.
    pub fn changes_from(&self, told: &Self) -> [Option<Expression>; 4] {
        #[allow(clippy::float_cmp)] // Any change is one.
        [
            (self.bend_cents != told.bend_cents).then_some(Expression::Bend(self.bend_cents)),
            (self.latent != told.latent).then_some(Expression::Latent(self.latent)),
            (self.gain != told.gain).then_some(Expression::Gain(self.gain)),
            (self.pan != told.pan).then_some(Expression::Pan(self.pan)),
        ]
    }
}

/// How far a note's timbre lies from the point that is set.
pub(super) fn latent(depths: &Depths, touch: &Touch, own: &OwnExpression, velocity: f32) -> Offset {
    let pressure = (touch.pressure + own.pressure).min(1.0);
    // Both rest in their middle, and reach 1 at their ends.
    let slide = (2.0 * (touch.slide + own.slide - 1.0)).clamp(-1.0, 1.0);
    let velocity = 2.0 * velocity - 1.0;
    std::array::from_fn(|axis| {
        own.latent[axis]
            + depths.wheel[axis] * touch.wheel
            + depths.pressure[axis] * pressure
            + depths.slide[axis] * slide
            + depths.velocity[axis] * velocity
    })
}

/// The share of a circle whose multiples lie as far apart as any can: neighbouring keys sound in different places.
const GOLDEN: f32 = 0.618_034;

/// Where a note stands, -1 (left) to 1 (right): each key has its place, the same every time, and middle C is in the
/// middle.
pub(super) fn pan(key: u8, width: f32, own: f32) -> f32 {
    let turns = (f32::from(key) - 60.0) * GOLDEN + 0.5;
    let place = 2.0 * (turns - turns.floor()) - 1.0;
    (place * width + own).clamp(-1.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_REST: Touch = Touch { bend_semitones: 0.0, pressure: 0.0, slide: 0.5, wheel: 0.0 };

    #[test]
    fn each_source_moves_its_coordinates() {
        let depths = Depths {
            wheel: [1.0, 0.0, 0.0, 0.0],
            pressure: [0.0, 2.0, 0.0, 0.0],
            slide: [0.0, 0.0, -1.0, 0.0],
            velocity: [0.0, 0.0, 0.0, 0.5],
        };
        let own = OwnExpression::default();
        assert_eq!(latent(&depths, &AT_REST, &own, 0.5), [0.0; LATENT_DIM]);
        let touch = Touch { pressure: 0.25, slide: 1.0, wheel: 0.5, ..AT_REST };
        assert_eq!(latent(&depths, &touch, &own, 1.0), [0.5, 0.5, -1.0, 0.5]);
        let mut own = own;
        own.apply(NoteChange::Pressure(1.0));
        own.apply(NoteChange::Slide(0.0));
        own.apply(NoteChange::Latent(3, -1.5));
        assert_eq!(latent(&depths, &AT_REST, &own, 0.0), [0.0, 2.0, 1.0, -2.0]);
    }

    #[test]
    fn nonsense_changes_nothing() {
        let mut own = OwnExpression::default();
        own.apply(NoteChange::Tuning(f32::NAN));
        own.apply(NoteChange::Gain(f32::INFINITY));
        own.apply(NoteChange::Latent(99, 1.0));
        assert_eq!(own, OwnExpression::default());
        own.apply(NoteChange::Tuning(1e9));
        own.apply(NoteChange::Pan(-7.0));
        assert_eq!((own.tuning_semitones, own.pan), (WIDEST_BEND, -1.0));
    }

    #[test]
    fn neighbours_stand_apart_and_the_choir_is_balanced() {
        assert_eq!(pan(60, 1.0, 0.0), 0.0);
        let places: Vec<f32> = (0..=127).map(|key| pan(key, 1.0, 0.0)).collect();
        assert!(places.windows(2).all(|pair| (pair[0] - pair[1]).abs() > 0.5));
        assert!((places.iter().sum::<f32>() / 128.0).abs() < 0.05);
        assert!((0..=127).all(|key| pan(key, 0.0, 0.0) == 0.0));
        assert_eq!(pan(60, 1.0, 2.0), 1.0);
    }
}
