//! One note of the engine: its stream, its envelope, its own pitch, level and place.

use super::bend::Bend;
use super::controls::{Expression, Strike};
use super::envelope::{Envelope, Glide, smooth_step};
use super::note::NoteId;
use super::stream::{Stream, Surroundings};
use crate::link::{Order, Recipe};
use crate::model::card::LATENT_DIM;

/// Samples in which a note's own level and place follow a change.
const OWN_GLIDE: usize = 256;

/// A note from its order to its end.
pub(super) struct Voice {
    pub id: NoteId,
    pub serial: u64,
    /// Peak gain: velocity.
    velocity_gain: f32,
    /// What was ordered.
    pub recipe: Recipe,
    /// This note's own share of its timbre.
    pub latent_offset: [f32; LATENT_DIM],
    pub stream: Stream,
    /// When the note is due, on the engine's clock.
    pub start_at: u64,
    /// After how many sounding samples the key is let go; a late note keeps its length.
    release_age: Option<u64>,
    release: usize,
    /// When a choked or stolen note begins its short fade, and how long that is.
    cut: Option<(u64, usize)>,
    envelope: Envelope,
    bend: Bend,
    gain: Glide,
    /// Gains of the left and the right channel.
    sides: [Glide; 2],
    /// Samples sounded.
    age: u64,
    /// Of all samples sounded, before they are placed.
    pub hash: u64,
}

/// What a voice begins with.
pub(super) struct Start {
    pub id: NoteId,
    pub serial: u64,
    /// On the engine's clock.
    pub at: u64,
    pub velocity_gain: f32,
    pub envelope: Envelope,
}

impl Voice {
    pub fn new(start: Start, strike: &Strike, order: &Order, stream: Stream) -> Self {
        Self {
            id: start.id,
            serial: start.serial,
            velocity_gain: start.velocity_gain,
            recipe: order.recipe,
            latent_offset: strike.latent,
            stream,
            start_at: start.at,
            release_age: None,
            release: 0,
            cut: None,
            envelope: start.envelope,
            bend: Bend::new(strike.bend_cents),
            gain: Glide::new(strike.gain, OWN_GLIDE),
            sides: side_gains(strike.pan).map(|gain| Glide::new(gain, OWN_GLIDE)),
            age: 0,
            hash: 0xcbf2_9ce4_8422_2325,
        }
    }

    /// The key was let go at `at` on the engine's clock; the note falls over `release` samples. `false` if it had
    /// been before.
    pub fn let_go(&mut self, at: u64, release: usize) -> bool {
        if self.release_age.is_some() {
            return false;
        }
        self.release_age = Some(at.saturating_sub(self.start_at));
        self.release = release;
        true
    }

    /// Fades within `length` samples from `at` on, whatever the key does.
    pub fn cut(&mut self, at: u64, length: usize) {
        if self.cut.is_none_or(|(earlier, _)| at < earlier) {
            self.cut = Some((at, length));
        }
    }

    pub fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    pub fn is_let_go(&self) -> bool {
        self.release_age.is_some()
    }

    /// How loud the note may still be: for choosing who yields.
    pub fn level(&self) -> f32 {
        self.envelope.level() * self.velocity_gain
    }

    /// The sample of the stream that is due at `clock`: negative before the first.
    pub fn position(&self, clock: u64) -> i64 {
        if self.stream.taken() > 0 {
            self.stream.taken() as i64
        } else {
            (clock as i64 - self.start_at as i64).min(0)
        }
    }

    /// Whether it is silent for want of samples: it broke off, or was due before `overdue` and has not begun.
    pub fn is_starved(&self, overdue: u64) -> bool {
        self.stream.is_dry() || (self.stream.is_waiting() && self.start_at < overdue)
    }

    /// Changes the note's own pitch, level or place from its next sample on. Timbre is the worker's business.
    pub fn express(&mut self, expression: Expression) {
        match expression {
            Expression::Gain(gain) => self.gain.aim(gain),
            Expression::Pan(pan) => {
                for (side, gain) in self.sides.iter_mut().zip(side_gains(pan)) {
                    side.aim(gain);
                }
            }
            Expression::Bend(cents) => self.bend.aim(cents),
            Expression::Latent(_) => {}
        }
    }

    /// Whether nothing more will sound at `clock` or later.
    pub fn is_over(&self, clock: u64) -> bool {
        self.bend.has_ended(&self.stream)
            || self.envelope.is_ended()
            || self.cut.is_some_and(|(at, length)| clock >= at + length as u64 || (clock >= at && self.age == 0))
    }

    /// Adds the note's next samples to both channels; returns after how many of them the note was over, if it was.
    pub fn render(&mut self, mix: [&mut [f32]; 2], mut around: Surroundings<'_>) -> Option<usize> {
        let [left, right] = mix;
        let len = left.len();
        for (n, (left, right)) in left.iter_mut().zip(right).enumerate() {
            let clock = around.clock + n as u64;
            if self.is_over(clock) {
                return Some(n);
            }
            if clock < self.start_at {
                continue;
            }
            let Some(sample) = self.bend.next(&mut self.stream, &mut around, clock - self.start_at) else {
                continue;
            };
            if !self.envelope.is_released() && self.release_age.is_some_and(|age| self.age >= age) {
                self.envelope.release(self.release);
            }
            let gain =
                self.envelope.next_level() * self.cut_gain(clock) * self.velocity_gain * self.gain.next_value();
            let sample = sample * gain;
            // FNV-1a (Fowler, Noll, Vo), a sample at a time.
            self.hash = (self.hash ^ u64::from(sample.to_bits())).wrapping_mul(0x0100_0000_01b3);
            *left += sample * self.sides[0].next_value();
            *right += sample * self.sides[1].next_value();
            self.age += 1;
        }
        self.is_over(around.clock + len as u64).then_some(len)
    }

    fn cut_gain(&self, clock: u64) -> f32 {
        match self.cut {
            Some((at, length)) if clock >= at => 1.0 - smooth_step((clock - at) as f32 / length as f32),
            _ => 1.0,
        }
    }
}

/// Gains of both channels for a place from -1 to 1: of constant power, and one in the middle.
fn side_gains(pan: f32) -> [f32; 2] {
    if pan == 0.0 {
        return [1.0; 2];
    }
    let angle = (pan.clamp(-1.0, 1.0) + 1.0) * std::f32::consts::FRAC_PI_4;
    [angle.cos() * std::f32::consts::SQRT_2, angle.sin() * std::f32::consts::SQRT_2]
}
