//! What the engine is told from outside: its parameters, and how single notes are struck and bent.

pub use crate::link::LATENT_REACH;
use crate::link::{Quality, TimeShape};
use crate::model::card::LATENT_DIM;

/// Whether the engine may wait for its workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Never waits: what is late comes late.
    Realtime,
    /// Waits until each sample is there.
    Offline,
}

/// The parameters as they stand at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Controls {
    /// Timbre of notes to come, and with `morph_ms` of those that sound.
    pub latent: [f32; LATENT_DIM],
    /// Output gain, linear.
    pub gain: f32,
    /// Rise of notes to come, in milliseconds.
    pub attack_ms: f32,
    /// Fall of notes let go from now on, in milliseconds.
    pub release_ms: f32,
    /// How much velocity matters to level: 0 not at all, 1 fully.
    pub velocity: f32,
    /// Whether peaks are bent towards full scale instead of exceeding it.
    pub soft_limit: bool,
    /// For notes to come: in which time their timbre follows a change, in milliseconds; 0 for never.
    pub morph_ms: f32,
    /// Which frames notes to come are made of.
    pub time: TimeShape,
    /// How much work goes into notes to come.
    pub quality: Quality,
}

impl Default for Controls {
    fn default() -> Self {
        Self {
            latent: [0.0; LATENT_DIM],
            gain: 1.0,
            attack_ms: 0.0,
            release_ms: 200.0,
            velocity: 0.7,
            soft_limit: false,
            morph_ms: 0.0,
            time: TimeShape::default(),
            quality: Quality::default(),
        }
    }
}

/// How a note begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strike {
    /// 0 to 1.
    pub velocity: f32,
    /// Added to the timbre of this note alone.
    pub latent: [f32; LATENT_DIM],
    /// A timbre in place of the parameters'. It stays as it is struck, whatever `morph_ms` says.
    pub own_timbre: Option<[f32; LATENT_DIM]>,
    /// How far it is bent from the start, in cents.
    pub bend_cents: f32,
    /// Its own gain, linear.
    pub gain: f32,
    /// Where it stands: -1 left, 0 middle, 1 right.
    pub pan: f32,
}

impl Default for Strike {
    fn default() -> Self {
        let latent = [0.0; LATENT_DIM];
        Self { velocity: 1.0, latent, own_timbre: None, bend_cents: 0.0, gain: 1.0, pan: 0.0 }
    }
}

/// What may change of a single note while it sounds. All but the timbre are heard after the latency, to the sample;
/// the timbre after the lead of its frames (docs/adr/0005).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expression {
    /// How far it is bent, in cents, in place of how far it was.
    Bend(f32),
    /// Added to the timbre of this note alone.
    Latent([f32; LATENT_DIM]),
    /// Its own gain, linear.
    Gain(f32),
    /// Where it stands: -1 left, 0 middle, 1 right.
    Pan(f32),
}

/// How far each key is tuned above its equal-tempered pitch, in cents; a key that is not a number stays silent.
pub type Tuning = [f32; 128];
