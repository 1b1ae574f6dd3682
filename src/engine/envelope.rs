//! A note's level over time: attack, release, and the short fades that keep a cut from clicking.

/// Samples in which a release takes hold: a fall that began at full speed would leave a corner, and click.
const EASE: f32 = 256.0;
/// A release falls exponentially towards this far below zero, and so crosses zero at its end, nearly level. One that fell towards
/// zero would have to be cut off 80 dB down: a step.
const SILENCE: f32 = 1e-4;

/// What the level does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// Rising linearly by this much a sample.
    Attack(f32),
    Held,
    /// Falling exponentially, by up to this share a sample; `ease` grows to 1.
    Release {
        share: f32,
        ease: f32,
    },
    Ended,
}

/// Attack - hold - release, one sample at a time. Lengths are in samples.
#[derive(Clone, Copy, Debug)]
pub struct Envelope {
    stage: Stage,
    level: f32,
}

impl Envelope {
    /// Starts to rise. With an attack of zero the first sample is at full level.
    #[must_use]
    pub fn start(attack: usize) -> Self {
        if attack == 0 {
            Self { stage: Stage::Held, level: 1.0 }
        } else {
            Self { stage: Stage::Attack(1.0 / attack as f32), level: 0.0 }
        }
    }

    /// Starts to fall, to silence in about `release` samples.
    pub fn release(&mut self, release: usize) {
        if self.stage != Stage::Ended {
            let factor = (SILENCE.ln() / release.max(1) as f32).exp();
            self.stage = Stage::Release { share: 1.0 - factor, ease: 0.0 };
        }
    }

    /// The next sample's level. The first one of an attack is above zero, so that a note's first sample sounds
    /// at its time.
    pub fn next_level(&mut self) -> f32 {
        match self.stage {
            Stage::Held => {}
            Stage::Attack(step) => {
                self.level += step;
                if self.level >= 1.0 {
                    (self.level, self.stage) = (1.0, Stage::Held);
                }
            }
            Stage::Release { share, ease } => {
                let ease = (ease + 1.0 / EASE).min(1.0);
                self.stage = Stage::Release { share, ease };
                self.level -= share * ease * (self.level + SILENCE);
                if self.level <= 0.0 {
                    (self.level, self.stage) = (0.0, Stage::Ended);
                }
            }
            Stage::Ended => {}
        }
        self.level
    }

    /// The level of the sample before.
    #[must_use]
    pub fn level(&self) -> f32 {
        self.level
    }

    /// Whether the note is falling or has fallen.
    #[must_use]
    pub fn is_released(&self) -> bool {
        matches!(self.stage, Stage::Release { .. } | Stage::Ended)
    }

    /// Whether silence has been reached.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.stage == Stage::Ended
    }
}

/// A smooth step from 0 to 1 over 0..=1 with no corner at either end: `3 x^2 - 2 x^3`.
#[must_use]
pub fn smooth_step(x: f32) -> f32 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// A value that moves to its target in a straight line over a fixed number of samples, from the sample at which
/// the target is set: where blocks begin and end makes no difference.
#[derive(Clone, Copy, Debug)]
pub struct Glide {
    value: f32,
    target: f32,
    step: f32,
    left: u32,
    length: u32,
}

impl Glide {
    /// Rests at `value`; later targets are reached in `length` samples.
    #[must_use]
    pub fn new(value: f32, length: usize) -> Self {
        Self { value, target: value, step: 0.0, left: 0, length: length.max(1) as u32 }
    }

    /// Sets off for `target`, unless it is already on its way there.
    pub fn aim(&mut self, target: f32) {
        if target.to_bits() != self.target.to_bits() {
            self.target = target;
            self.left = self.length;
            self.step = (target - self.value) / self.length as f32;
        }
    }

    /// The next sample's value.
    pub fn next_value(&mut self) -> f32 {
        if self.left > 0 {
            self.left -= 1;
            self.value = if self.left == 0 { self.target } else { self.value + self.step };
        }
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attack_of_zero_is_at_full_level_at_once() {
        assert_eq!(Envelope::start(0).next_level(), 1.0);
    }

    #[test]
    fn an_attack_rises_from_its_first_sample_and_never_overshoots() {
        let mut envelope = Envelope::start(4);
        let levels: Vec<f32> = (0..6).map(|_| envelope.next_level()).collect();
        assert_eq!(levels, [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn a_release_falls_without_a_corner_and_ends_in_time() {
        let mut envelope = Envelope::start(0);
        envelope.next_level();
        envelope.release(1000);
        let (mut last, mut slope) = (1.0, 0.0);
        let (mut samples, mut last_above_zero) = (0, 1.0);
        while !envelope.is_ended() {
            let level = envelope.next_level();
            // At full speed from the start the first step would be 1 - 1e-4^(1/1000), or .009.
            assert!(level <= last && (level - last - slope).abs() < 2e-4, "{last} to {level}");
            if level > 0.0 {
                last_above_zero = level;
            }
            (slope, last, samples) = (level - last, level, samples + 1);
        }
        assert!(last_above_zero < 2e-6, "it stops at {last_above_zero}");
        // Taking hold costs half of EASE.
        assert!((1000 + 120..=1000 + 136).contains(&samples), "{samples}");
    }

    #[test]
    fn a_glide_takes_the_same_path_however_often_it_is_aimed() {
        let mut once = Glide::new(0.0, 8);
        let mut often = once;
        once.aim(1.0);
        for n in 0..10 {
            often.aim(1.0);
            let value = once.next_value();
            assert_eq!(value, often.next_value());
            assert!(n < 7 || value == 1.0, "{n}: {value}");
        }
    }
}
