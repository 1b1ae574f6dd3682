//! No two hits alike: each note's timbre is drawn from a small ball around the point that is set.

use std::f32::consts::TAU;

use crate::model::card::LATENT_DIM;

/// A point of the unit ball, drawn evenly from its volume. The same position (in samples) and key give the same point
/// for ever: that is what makes bounces repeat.
#[must_use]
pub fn drawn_from_ball(position: i64, key: u8) -> [f32; LATENT_DIM] {
    let mut dice = Dice(position as u64 ^ (u64::from(key) << 56));
    // Normal numbers have no preferred direction; the radius makes the volume even.
    let direction: [f32; LATENT_DIM] = std::array::from_fn(|_| dice.normal());
    let length = direction.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    let reach = dice.even().powf(1.0 / LATENT_DIM as f32);
    direction.map(|x| x * reach / length)
}

/// `SplitMix64` (Steele, Lea and Flood, 2014): good numbers from any seed, even from seeds that are one apart.
struct Dice(u64);

impl Dice {
    /// Even over 0 to 1, never 0.
    fn even(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f32 / (1_u64 << 24) as f32 + f32::EPSILON
    }

    /// Of mean 0 and variance 1 (Box and Muller, 1958).
    fn normal(&mut self) -> f32 {
        (-2.0 * self.even().min(1.0).ln()).sqrt() * (TAU * self.even()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(point: [f32; LATENT_DIM]) -> f32 {
        point.iter().map(|x| x * x).sum::<f32>().sqrt()
    }

    #[test]
    fn the_same_hit_is_the_same_and_another_is_another() {
        let hit = drawn_from_ball(48_000, 60);
        assert_eq!(hit, drawn_from_ball(48_000, 60));
        assert_ne!(hit, drawn_from_ball(48_001, 60));
        assert_ne!(hit, drawn_from_ball(48_000, 61));
    }

    #[test]
    fn hits_fill_the_ball_evenly_and_stay_inside() {
        let hits: Vec<_> = (0..4000).map(|n| drawn_from_ball(n * 512, 64)).collect();
        assert!(hits.iter().all(|&hit| length(hit) <= 1.0 + 1e-5));
        // Half of a ball's volume in four dimensions lies within 2^(-1/4) of its radius.
        let inner = hits.iter().filter(|&&hit| length(hit) < 0.5_f32.powf(0.25)).count();
        assert!((1850..2150).contains(&inner), "{inner}");
        for axis in 0..LATENT_DIM {
            let mean = hits.iter().map(|hit| hit[axis]).sum::<f32>() / hits.len() as f32;
            assert!(mean.abs() < 0.04, "axis {axis}: {mean}");
        }
    }
}
