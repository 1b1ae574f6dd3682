//! The audio thread's side: events become orders, chunks become sound.
//!
//! Nothing here allocates, locks, logs or runs a model. In real time nothing waits either, but for a host that bounces
//! in disguise (`pace.rs`); offline, a voice waits for its worker, so that a bounce has every note whole. All decisions
//! hang on the engine's own sample clock, never on block borders or on how far a worker is: that is what makes bounces
//! repeat to the bit.

mod bend;
mod changes;
mod controls;
mod due;
mod envelope;
mod foresight;
mod interpolate;
mod limit;
mod look;
mod note;
mod outbox;
mod overload;
mod pace;
mod patience;
mod render;
mod steal;
mod stream;
mod voice;

use std::sync::Arc;

pub use controls::{Controls, Expression, LATENT_REACH, Mode, Strike, Tuning};
pub use note::{NoteId, NoteSelector};

use crate::link::window::NoteMark;
use crate::link::{EngineEnd, Meters, Order, Recipe, SLOTS};
use crate::model::card::LATENT_DIM;
use crate::units::{MidiNote, SampleRate};
use due::Due;
use envelope::{Envelope, Glide};
use foresight::Foresight;
use pace::Pace;
use steal::Candidate;
use stream::Stream;
use voice::{Start, Voice};

/// Notes that may be held at once; further slots are for the tails of stolen ones.
pub const POLYPHONY: usize = 16;
/// A stolen or choked note fades over this long.
const CUT_MS: f32 = 5.0;
/// A change of gain takes this long.
const GAIN_GLIDE_MS: f32 = 20.0;
/// Samples mixed at a time.
const MIX: usize = 256;

/// What waits for its time.
#[derive(Clone, Copy)]
enum Change {
    Gain(f32),
    Express(NoteSelector, Expression),
}

/// Sixteen voices, their mixing, and their time.
pub struct Engine {
    end: EngineEnd,
    rate: SampleRate,
    mode: Mode,
    /// Samples from an event to its sound.
    latency: usize,
    controls: Controls,
    tuning: Tuning,
    gain: Glide,
    /// What waits for its time: like notes, it is heard after the latency.
    due: Due<Change>,
    foresight: Foresight,
    pace: Pace,
    voices: [Option<Voice>; SLOTS],
    clock: u64,
    serial: u64,
    /// The one that was struck last.
    last_note: Option<NoteMark>,
    mix: [[f32; MIX]; 2],
}

impl Engine {
    /// Takes the audio thread's end of the link. `latency` is in samples at `rate`.
    #[must_use]
    pub fn new(end: EngineEnd, rate: SampleRate, mode: Mode, latency: usize, controls: Controls) -> Self {
        bend::Bend::warm_up();
        Self {
            end,
            rate,
            mode,
            latency,
            controls,
            tuning: [0.0; 128],
            gain: Glide::new(controls.gain, rate.samples_in_ms(GAIN_GLIDE_MS)),
            due: Due::new(Change::Gain(1.0)),
            foresight: Foresight::new(rate.samples_in_ms(foresight::REST_MS)),
            pace: Pace::default(),
            voices: [const { None }; SLOTS],
            clock: 0,
            serial: 0,
            last_note: None,
            mix: [[0.0; MIX]; 2],
        }
    }

    /// Samples from an event to its sound: what the host is told.
    #[must_use]
    pub fn latency(&self) -> usize {
        self.latency
    }

    /// Changes the latency for events from now on.
    pub fn set_latency(&mut self, samples: usize) {
        self.latency = samples;
    }

    /// Sets the parameters from this sample on.
    pub fn set_controls(&mut self, controls: Controls) {
        if controls.gain.to_bits() != self.controls.gain.to_bits() {
            self.push_due(Change::Gain(controls.gain));
        }
        let old = std::mem::replace(&mut self.controls, controls);
        let moved = controls.latent.map(f32::to_bits) != old.latent.map(f32::to_bits);
        if moved {
            self.morph(NoteSelector::default());
        }
        let kind = |c: &Controls| (c.morph_ms, c.time, c.quality);
        if moved || kind(&controls) != kind(&old) {
            self.foresight.moved(self.clock);
        }
    }

    /// Tunes notes to come.
    pub fn set_tuning(&mut self, tuning: Tuning) {
        self.tuning = tuning;
        self.foresight.moved(self.clock);
    }

    /// Silences everything at once, as after a jump of the transport.
    pub fn reset(&mut self) {
        self.pace.forget();
        for slot in 0..SLOTS {
            if self.voices[slot].take().is_some() {
                self.abandon(slot);
            }
        }
        self.end.wake();
    }

    /// Whether any note sounds or waits to.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.voices.iter().any(Option::is_some)
    }

    /// The meters, to read elsewhere.
    #[must_use]
    pub fn meters(&self) -> Arc<Meters> {
        self.end.share_meters()
    }

    /// A key goes down now: its note sounds after the latency. Returns the note that had to go at once to make
    /// room, or the new one if its key is tuned to nothing; it ends without a call of [`Engine::render`]'s `ended`.
    pub fn note_on(&mut self, id: NoteId, velocity: f32) -> Option<NoteId> {
        self.strike(id, Strike { velocity, ..Strike::default() })
    }

    /// As [`Engine::note_on`], with all that a single note may begin with.
    pub fn strike(&mut self, id: NoteId, strike: Strike) -> Option<NoteId> {
        let controls = match strike.own_timbre {
            Some(latent) => Controls { latent, morph_ms: 0.0, ..self.controls },
            None => self.controls,
        };
        let Some(recipe) = recipe(&controls, &self.tuning, id.key, strike.latent) else { return Some(id) };
        let start_at = self.clock + self.latency as u64;
        if !self.is_active() {
            // Nothing sounds that a step could be heard in: every pass over a song starts at its own gain.
            self.gain = Glide::new(self.controls.gain, self.rate.samples_in_ms(GAIN_GLIDE_MS));
            self.due.clear();
        }
        self.pluck_again(id);
        let slot = self.free_slot(start_at);
        let epoch = self.end.player(slot).begin(self.latency);
        self.last_note = Some(NoteMark { slot: slot as u8, epoch });
        let latency = self.latency as u32;
        let (skip, generation) = if self.uses_cache() { self.end.load(slot, epoch, &recipe) } else { (0, 0) };
        let order = Order { slot: slot as u8, epoch, latency, skip, generation, recipe };
        self.foresight.heard(id.key);
        let sensitivity = self.controls.velocity.clamp(0.0, 1.0);
        self.serial += 1;
        let start = Start {
            id,
            serial: self.serial,
            at: start_at,
            // Square law: half the velocity is a quarter of the level at full sensitivity, -12 dB.
            velocity_gain: 1.0 - sensitivity + sensitivity * strike.velocity.clamp(0.0, 1.0).powi(2),
            envelope: Envelope::start(self.rate.samples_in_ms(self.controls.attack_ms)),
        };
        let stream = Stream::new(order, &mut self.end);
        let voice = Voice::new(start, &strike, &order, stream);
        self.voices[slot].replace(voice).map(|dismissed| dismissed.id)
    }

    /// Whether notes may begin from the key cache: they wait for their workers offline, and with a look-ahead there is
    /// time for them.
    fn uses_cache(&self) -> bool {
        self.mode == Mode::Realtime && self.latency == 0
    }

    /// A slot for a note that starts at `start_at`: room is made by cutting voices, and a free slot, or that of
    /// the oldest tail, is taken.
    fn free_slot(&mut self, start_at: u64) -> usize {
        let fade = self.rate.samples_in_ms(CUT_MS).max(1);
        let sounding = |voice: &Voice| !voice.is_cut();
        if self.voices.iter().flatten().filter(|voice| sounding(voice)).count() >= POLYPHONY
            && let Some(slot) = steal::choose(candidates(&self.voices, sounding))
            && let Some(voice) = &mut self.voices[slot]
        {
            voice.cut(start_at, fade);
            if voice.start_at >= start_at {
                // It would be cut before it sounds.
                return slot;
            }
        }
        if let Some(free) = self.voices.iter().position(Option::is_none) {
            return free;
        }
        steal::choose(candidates(&self.voices, Voice::is_cut)).unwrap_or(0)
    }

    fn abandon(&mut self, slot: usize) {
        self.end.player(slot).begin(0);
        self.end.nudge(slot);
    }
}

/// What a key is made of; `None` if it is tuned to nothing.
fn recipe(
    controls: &Controls,
    tuning: &Tuning,
    key: MidiNote,
    latent_offset: [f32; LATENT_DIM],
) -> Option<Recipe> {
    let Controls { latent, morph_ms, time, quality, .. } = *controls;
    let latent = moved(latent, latent_offset);
    let cents = tuning[usize::from(key.number())];
    let seed = u32::from(key.number());
    cents.is_finite().then_some(Recipe { note: key, cents, latent, morph_ms, time, quality, seed })
}

/// A timbre after a move, which must not lead out of the space.
fn moved(latent: [f32; LATENT_DIM], offset: [f32; LATENT_DIM]) -> [f32; LATENT_DIM] {
    std::array::from_fn(|axis| (latent[axis] + offset[axis]).clamp(-LATENT_REACH, LATENT_REACH))
}

fn candidates(
    voices: &[Option<Voice>; SLOTS],
    filter: impl Fn(&Voice) -> bool,
) -> impl Iterator<Item = (usize, Candidate)> {
    voices.iter().enumerate().filter_map(move |(slot, voice)| {
        let voice = voice.as_ref().filter(|voice| filter(voice))?;
        let candidate = Candidate { released: voice.is_let_go(), level: voice.level(), serial: voice.serial };
        Some((slot, candidate))
    })
}
