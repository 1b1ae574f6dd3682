//! Which of the model's frames comes next: start, stretch and sustain as a path through the note.
//!
//! The reconstruction takes magnitudes frame by frame and makes phases for whatever follows what, so time is
//! stretched by reading the model's frames slower or faster, between them where need be, and sustained by staying.

use crate::link::{Sustain, TimeShape};

/// Frames after the onset that keep their pace, however a note is stretched: what is heard as its attack.
const ATTACK_FRAMES: usize = 2;
/// A stretch of wandering, in frames: about 0.4 to 1.6 seconds at the usual hop.
const WANDER_FRAMES: [u32; 2] = [32, 128];

/// A path through a model's frames, one step for each frame that is made.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    /// The last frame of the model.
    last: f64,
    /// Where the attack ends.
    attack_end: f64,
    /// Model frames a step, after the attack.
    pace: f64,
    /// Where sustain begins and ends; `None` if the note runs through, or its key is up.
    region: Option<[f64; 2]>,
    wander: Option<Wander>,
    position: f64,
    /// Whether the step before was in the region.
    sustaining: bool,
}

/// One step of the path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    /// Between which of the model's frames: at 2.25, a quarter of the way from 2 to 3.
    pub position: f64,
    /// The position whose level a wandering note is held at.
    pub held_at: Option<f64>,
}

impl Timeline {
    /// A path through `frames` of a model whose notes begin to sound in frame `onset`.
    pub fn new(shape: TimeShape, frames: usize, onset: usize, seed: u32) -> Self {
        let last = frames.saturating_sub(1) as f64;
        let share = |x: f32| if x.is_finite() { f64::from(x.clamp(0.0, 1.0)) } else { 0.0 };
        let attack_end = ((onset + ATTACK_FRAMES) as f64).min(last);
        let [slowest, fastest] = TimeShape::STRETCH;
        let stretch = if shape.stretch.is_finite() { shape.stretch.clamp(slowest, fastest) } else { 1.0 };
        let start = share(shape.start).min(TimeShape::LATEST_START.into()) * last;
        let region = (shape.sustain != Sustain::Off).then(|| {
            let from = (share(shape.region[0]) * last).max(attack_end).max(start);
            [from, (share(shape.region[1]) * last).max(from)]
        });
        Self {
            last,
            attack_end,
            pace: 1.0 / f64::from(stretch),
            region,
            wander: (shape.sustain == Sustain::Wander).then(|| Wander::new(seed)),
            position: start,
            sustaining: false,
        }
    }

    /// The key is up: the note goes on from where it is, to its end.
    pub fn release(&mut self) {
        self.region = None;
        self.sustaining = false;
    }

    /// Whether the note waits for its key.
    pub fn is_held(&self) -> bool {
        self.region.is_some()
    }

    /// Model frames that the next `steps` steps advance at most.
    pub fn reach(&self, steps: usize) -> usize {
        (steps as f64 * self.pace.max(1.0)).ceil() as usize
    }

    /// The next step, or `None` after the last one.
    pub fn next(&mut self) -> Option<Step> {
        if let Some([from, to]) = self.region
            && (self.sustaining || self.position >= from)
        {
            self.sustaining = true;
            let Some(wander) = &mut self.wander else {
                self.position = from;
                return Some(Step { position: from, held_at: None });
            };
            self.position = from + wander.next() * (to - from);
            return Some(Step { position: self.position, held_at: Some(from) });
        }
        if self.position > self.last {
            return None;
        }
        let step = Step { position: self.position, held_at: None };
        self.position += if self.position < self.attack_end { 1.0 } else { self.pace };
        if let Some([from, _]) = self.region {
            self.position = self.position.min(from);
        }
        Some(step)
    }
}

/// A path between 0 and 1 that starts at 0, is smooth, looks random and never repeats: from one random point to the
/// next, each in its own random time.
#[derive(Clone, Debug)]
struct Wander {
    state: u32,
    from: f64,
    to: f64,
    step: u32,
    steps: u32,
}

impl Wander {
    fn new(seed: u32) -> Self {
        // Any state but zero (Marsaglia 2003, "Xorshift RNGs").
        let state = seed.wrapping_mul(0x9e37_79b9) ^ 0x5bd1_e995;
        Self { state: state.max(1), from: 0.0, to: 0.0, step: 0, steps: 0 }
    }

    fn next(&mut self) -> f64 {
        if self.step == self.steps {
            self.from = self.to;
            self.to = f64::from(self.random()) / f64::from(u32::MAX);
            let [shortest, longest] = WANDER_FRAMES;
            (self.step, self.steps) = (0, shortest + self.random() % (longest - shortest));
        }
        let x = f64::from(self.step) / f64::from(self.steps);
        self.step += 1;
        self.from + (self.to - self.from) * x * x * (3.0 - 2.0 * x)
    }

    fn random(&mut self) -> u32 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAMES: usize = 128;
    const ONSET: usize = 2;

    fn path(shape: TimeShape) -> Timeline {
        Timeline::new(shape, FRAMES, ONSET, 60)
    }

    fn positions(timeline: &mut Timeline) -> Vec<f64> {
        std::iter::from_fn(|| timeline.next()).take(20_000).map(|step| step.position).collect()
    }

    #[test]
    fn a_plain_note_is_the_models_frames() {
        let expected: Vec<f64> = (0..FRAMES).map(|n| n as f64).collect();
        assert_eq!(positions(&mut path(TimeShape::default())), expected);
    }

    #[test]
    fn a_stretched_note_is_as_much_longer_but_for_its_attack() {
        for stretch in [0.25, 0.5, 2.0, 3.7, 8.0] {
            let made = positions(&mut path(TimeShape { stretch, ..TimeShape::default() }));
            assert_eq!(made[..5], [0.0, 1.0, 2.0, 3.0, 4.0]);
            let expected = 4.0 + f64::from(stretch) * (FRAMES as f64 - 5.0);
            assert!((made.len() as f64 - expected).abs() <= 1.0 + f64::from(stretch), "{stretch}: {}", made.len());
        }
    }

    #[test]
    fn a_start_skips() {
        let made = positions(&mut path(TimeShape { start: 0.5, ..TimeShape::default() }));
        assert_eq!((made[0], made.len()), (63.5, 64));
    }

    #[test]
    fn a_frozen_note_stays_until_its_key_is_up() {
        let mut timeline = path(TimeShape { sustain: Sustain::Freeze, ..TimeShape::default() });
        let held: Vec<Step> = (0..5000).filter_map(|_| timeline.next()).collect();
        assert_eq!(held.len(), 5000);
        assert!(held[40..].iter().all(|step| step.position == 31.75));
        timeline.release();
        assert_eq!(positions(&mut timeline).len(), 96);
    }

    #[test]
    fn a_wandering_note_stays_in_its_region_and_does_not_jump() {
        let shape = TimeShape { sustain: Sustain::Wander, region: [0.25, 0.75], ..TimeShape::default() };
        let mut timeline = path(shape);
        let held: Vec<f64> = (0..5000).filter_map(|_| timeline.next()).map(|step| step.position).collect();
        assert_eq!(held.len(), 5000);
        assert!(held[40..].iter().all(|p| (31.75..=95.25).contains(p)));
        let widest = held.windows(2).map(|p| (p[1] - p[0]).abs()).fold(0.0, f64::max);
        assert!(widest < 3.5, "{widest}");
        let mut again = path(shape);
        assert!(held.iter().all(|&p| again.next().is_some_and(|step| step.position == p)));
        let mut other = Timeline::new(shape, FRAMES, ONSET, 61);
        assert!(held.iter().any(|&p| other.next().is_some_and(|step| step.position != p)));
    }

    #[test]
    fn numbers_that_are_none_change_nothing() {
        let bad = TimeShape { start: f32::NAN, stretch: f32::NAN, region: [f32::NAN; 2], ..TimeShape::default() };
        assert_eq!(positions(&mut path(bad)).len(), FRAMES);
    }
}
