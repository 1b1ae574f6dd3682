//! The orbit's shape: a closed smooth path through the pins.
//!
//! Between pins it is a centripetal Catmull-Rom curve (Catmull and Rom, 1974; Yuksel, Schaefer and Keyser,
//! "Parameterization and applications of Catmull-Rom curves", 2011), which neither loops nor leaves the neighbourhood
//! of its pins, wherever they are. Each leg from pin to pin takes the same time, so that four pins in four beats are met on the
//! beat; a monotone cubic (Fritsch and Carlson, 1980) leads from that time to the curve's own parameter, so that the speed does not
//! jump at a pin.

use crate::link::MAX_PINS;
use crate::model::card::LATENT_DIM;

use super::touch::Offset;

/// The shortest leg, in roots of latent units: pins in one place are one place to rest.
const SHORTEST: f32 = 1e-3;

/// A closed path in the latent space.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OrbitPath {
    count: usize,
    pins: [Offset; MAX_PINS],
    middle: Offset,
    legs: [Leg; MAX_PINS],
}

/// From one pin to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Leg {
    /// Velocities at both ends, in latent units per leg, in the curve's own parameter.
    from: Offset,
    to: Offset,
    /// How fast that parameter runs at both ends, in legs per leg.
    pace: [f32; 2],
}

impl OrbitPath {
    /// Through these pins in their order, and back to the first. With fewer than two, or if any is no point, it stays
    /// where it is.
    #[must_use]
    pub fn through(pins: &[Offset]) -> Self {
        let mut path = Self::default();
        let sound = pins.iter().flatten().all(|z| z.is_finite());
        if pins.len() < 2 || pins.len() > MAX_PINS || !sound {
            return path;
        }
        let count = pins.len();
        path.count = count;
        path.pins[..count].copy_from_slice(pins);
        path.middle = std::array::from_fn(|axis| pins.iter().map(|pin| pin[axis]).sum::<f32>() / count as f32);
        let mut lengths = [SHORTEST; MAX_PINS];
        for (n, length) in lengths.iter_mut().enumerate().take(count) {
            *length = distance(pins[n], pins[(n + 1) % count]).sqrt().max(SHORTEST);
        }
        for n in 0..count {
            let [before, after] = [(n + count - 1) % count, (n + 1) % count];
            let own = lengths[n];
            // The harmonic mean of the paces on both sides of a pin keeps the parameter from running backwards.
            let pace = |a: f32, b: f32| 2.0 * a * b / (a + b) / own;
            path.legs[n] = Leg {
                from: path.velocity(n, &lengths).map(|v| v * own),
                to: path.velocity(after, &lengths).map(|v| v * own),
                pace: [pace(lengths[before], own), pace(own, lengths[after])],
            };
        }
        path
    }

    /// Whether there is nowhere to go.
    #[must_use]
    pub fn is_still(&self) -> bool {
        self.count == 0
    }

    /// The middle of the pins: what [`OrbitPath::offset`] counts from.
    #[must_use]
    pub fn middle(&self) -> Offset {
        self.middle
    }

    /// The point after some turns, counted from the first pin; whole turns are the same. Zero if there are no pins.
    #[must_use]
    pub fn point(&self, turns: f64) -> Offset {
        if self.is_still() || !turns.is_finite() {
            return self.middle;
        }
        let place = turns.rem_euclid(1.0) * self.count as f64;
        let leg = (place as usize).min(self.count - 1);
        let time = (place - leg as f64) as f32;
        let Leg { from, to, pace } = &self.legs[leg];
        let [begin, end] = [self.pins[leg], self.pins[(leg + 1) % self.count]];
        let along = hermite(time, [0.0, 1.0], *pace);
        std::array::from_fn(|axis| hermite(along, [begin[axis], end[axis]], [from[axis], to[axis]]))
    }

    /// How far the point after some turns lies from the middle of the pins.
    #[must_use]
    pub fn offset(&self, turns: f64) -> Offset {
        let point = self.point(turns);
        std::array::from_fn(|axis| point[axis] - self.middle[axis])
    }

    /// The velocity at a pin, in latent units per unit of the centripetal parameter.
    fn velocity(&self, pin: usize, lengths: &[f32; MAX_PINS]) -> Offset {
        let [before, after] = [(pin + self.count - 1) % self.count, (pin + 1) % self.count];
        let (behind, ahead) = (lengths[before], lengths[pin]);
        std::array::from_fn(|axis| {
            let (a, b, c) = (self.pins[before][axis], self.pins[pin][axis], self.pins[after][axis]);
            (b - a) / behind - (c - a) / (behind + ahead) + (c - b) / ahead
        })
    }
}

fn distance(a: Offset, b: Offset) -> f32 {
    (0..LATENT_DIM).map(|axis| (a[axis] - b[axis]).powi(2)).sum::<f32>().sqrt()
}

/// The cubic with these values and slopes at 0 and 1.
fn hermite(t: f32, [begin, end]: [f32; 2], [from, to]: [f32; 2]) -> f32 {
    let rise = end - begin;
    begin + t * (from + t * ((3.0 * rise - 2.0 * from - to) + t * (from + to - 2.0 * rise)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PINS: [Offset; 5] = [
        [0.0, 0.0, 0.0, 0.0],
        [2.0, 0.5, -1.0, 0.0],
        [2.1, 0.5, -1.0, 0.1],
        [-2.0, 1.0, 3.0, 0.0],
        [-1.0, -3.0, 0.0, 1.0],
    ];

    /// The velocity just after some turns, in latent units a turn.
    fn velocity(path: &OrbitPath, turns: f64) -> Offset {
        let (a, b) = (path.point(turns), path.point(turns + 1e-4));
        std::array::from_fn(|axis| (b[axis] - a[axis]) * 1e4)
    }

    #[test]
    fn each_pin_is_met_at_its_share_of_a_turn_and_the_path_is_closed() {
        for count in 2..=PINS.len() {
            let path = OrbitPath::through(&PINS[..count]);
            for (n, pin) in PINS[..count].iter().enumerate() {
                let turns = n as f64 / count as f64;
                for whole in [0.0, 1.0, -3.0, 1000.0] {
                    assert!(distance(path.point(turns + whole), *pin) < 1e-4, "{count} pins: {n}, {whole}");
                }
            }
            assert!(distance(path.point(1.0 - 1e-9), PINS[0]) < 1e-4);
        }
    }

    #[test]
    fn it_has_neither_corners_nor_jumps_in_speed() {
        let path = OrbitPath::through(&PINS);
        for n in 0..PINS.len() {
            let turns = n as f64 / PINS.len() as f64;
            let (before, after) = (velocity(&path, turns - 1.2e-4), velocity(&path, turns + 1e-5));
            let speed = distance(after, [0.0; LATENT_DIM]).max(1.0);
            assert!(distance(before, after) < 0.1 * speed, "pin {n}: {before:?} {after:?}");
        }
        // Nowhere does it move further in a step than its greatest speed allows.
        let steps: Vec<Offset> = (0..=4000).map(|n| path.point(f64::from(n) / 4000.0)).collect();
        let longest = steps.windows(2).map(|pair| distance(pair[0], pair[1])).fold(0.0, f32::max);
        assert!(longest < 0.02, "{longest}");
    }

    #[test]
    fn it_stays_near_its_pins() {
        let path = OrbitPath::through(&PINS);
        for n in 0..1000 {
            let point = path.point(f64::from(n) / 1000.0);
            assert!(point.iter().all(|z| z.abs() < 3.5), "{point:?}");
        }
    }

    #[test]
    fn pins_in_one_place_are_a_place_to_rest() {
        let path = OrbitPath::through(&[PINS[1], PINS[1], PINS[4], PINS[4]]);
        for n in 0..100 {
            let point = path.point(f64::from(n) / 400.0);
            assert!(distance(point, PINS[1]) < 0.02, "{n}: {point:?}");
        }
        let all = OrbitPath::through(&[PINS[3]; 8]);
        assert!(all.offset(0.3).iter().all(|z| z.abs() < 1e-5));
    }

    #[test]
    fn without_pins_it_goes_nowhere() {
        for still in
            [OrbitPath::through(&[]), OrbitPath::through(&PINS[..1]), OrbitPath::through(&[[f32::NAN; 4]; 3])]
        {
            assert!(still.is_still());
            assert_eq!(still.offset(0.7), [0.0; LATENT_DIM]);
        }
        assert_eq!(OrbitPath::through(&PINS).point(f64::NAN), OrbitPath::through(&PINS).middle());
    }
}
