//! A journey through the latent space, from where one is to a place that was clicked.

use super::action::Latent;

/// One journey.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Journey {
    /// Where it began.
    pub from: Latent,
    /// Where it goes.
    pub to: Latent,
    /// When it began, in seconds.
    pub began: f64,
    /// How long it takes, in seconds.
    pub seconds: f32,
}

impl Journey {
    /// Where it is at this time, and whether it has arrived: along a straight line, slowly at both ends.
    #[must_use]
    pub fn at(&self, time: f64) -> (Latent, bool) {
        let share =
            if self.seconds > 0.0 { ((time - self.began) as f32 / self.seconds).clamp(0.0, 1.0) } else { 1.0 };
        if share >= 1.0 {
            return (self.to, true);
        }
        let eased = share * share * (3.0 - 2.0 * share);
        (std::array::from_fn(|axis| self.from[axis] + eased * (self.to[axis] - self.from[axis])), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journey_begins_here_arrives_there_and_never_turns_back() {
        let journey = Journey { from: [0.0; 4], to: [1.0, -2.0, 0.5, 0.0], began: 10.0, seconds: 2.0 };
        assert_eq!(journey.at(10.0), ([0.0; 4], false));
        assert_eq!(journey.at(12.0), (journey.to, true));
        assert_eq!(journey.at(99.0), (journey.to, true));
        let places: Vec<f32> = (0..=20).map(|n| journey.at(10.0 + f64::from(n) * 0.1).0[0]).collect();
        assert!(places.windows(2).all(|pair| pair[1] >= pair[0]), "{places:?}");
        assert!((journey.at(11.0).0[1] + 1.0).abs() < 1e-6);
    }

    #[test]
    fn one_that_takes_no_time_is_a_jump() {
        let journey = Journey { from: [0.0; 4], to: [1.0; 4], began: 0.0, seconds: 0.0 };
        assert_eq!(journey.at(0.0), ([1.0; 4], true));
    }
}
