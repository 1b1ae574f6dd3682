//! The audio thread's side: events become orders, chunks become sound.
//!
//! Nothing here allocates, locks, logs or runs a model. In real time nothing waits either; offline, a voice
//! waits for its worker, so that a bounce has every note whole. All decisions hang on the engine's own sample
//! clock, never on block borders or on how far a worker is: that is what makes bounces repeat to the bit.

mod bend;
mod controls;
mod due;
mod envelope;
mod interpolate;
mod limit;
mod note;
mod render;
mod steal;
mod stream;
mod voice;

use std::sync::Arc;

pub use controls::{Controls, Expression, LATENT_REACH, Mode, Strike, Tuning};
pub use note::{Ended, NoteId, NoteSelector};

use crate::link::{EngineEnd, Meters, Order, Recipe, SLOTS, Sustain, What};
use crate::model::card::LATENT_DIM;
use crate::units::{MidiNote, SampleRate};
use due::Due;
use envelope::{Envelope, Glide};
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
    voices: [Option<Voice>; SLOTS],
    clock: u64,
    serial: u64,
    mix: [[f32; MIX]; 2],
    /// Whether notes are hashed as they sound.
    hashes: bool,
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
            voices: [const { None }; SLOTS],
            clock: 0,
            serial: 0,
            mix: [[0.0; MIX]; 2],
            hashes: false,
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
        let moved = controls.latent.map(f32::to_bits) != self.controls.latent.map(f32::to_bits);
        self.controls = controls;
        if moved {
            self.morph(NoteSelector::default());
        }
    }

    /// Hashes the samples of notes to come, for [`Engine::render_telling`].
    pub fn hash_notes(&mut self) {
        self.hashes = true;
    }

    /// Tunes notes to come.
    pub fn set_tuning(&mut self, tuning: Tuning) {
        self.tuning = tuning;
    }

    /// Changes single notes.
    pub fn express(&mut self, which: NoteSelector, expression: Expression) {
        if let Expression::Latent(offset) = expression {
            for voice in self.voices.iter_mut().flatten().filter(|voice| which.selects(voice.id)) {
                voice.latent_offset = offset;
            }
            self.morph(which);
        } else {
            self.push_due(Change::Express(which, expression));
        }
    }

    /// Silences everything at once, as after a jump of the transport.
    pub fn reset(&mut self) {
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
        let Some(recipe) = self.recipe(id.key, strike.latent) else { return Some(id) };
        let start_at = self.clock + self.latency as u64;
        if !self.is_active() {
            // Nothing sounds that a step could be heard in: every pass over a song starts at its own gain.
            self.gain = Glide::new(self.controls.gain, self.rate.samples_in_ms(GAIN_GLIDE_MS));
            self.due.clear();
        }
        self.pluck_again(id);
        let slot = self.free_slot(start_at);
        let epoch = self.end.player(slot).begin(self.latency);
        let latency = self.latency as u32;
        let order = Order { slot: slot as u8, epoch, latency, skip: 0, generation: 0, recipe };
        let sensitivity = self.controls.velocity.clamp(0.0, 1.0);
        self.serial += 1;
        let start = Start {
            id,
            serial: self.serial,
            at: start_at,
            // Square law: half the velocity is a quarter of the level at full sensitivity, -12 dB.
            velocity_gain: 1.0 - sensitivity + sensitivity * strike.velocity.clamp(0.0, 1.0).powi(2),
            envelope: Envelope::start(self.rate.samples_in_ms(self.controls.attack_ms)),
            hashed: self.hashes,
        };
        let stream = Stream::new(order, &mut self.end);
        let voice = Voice::new(start, &strike, &order, stream);
        self.voices[slot].replace(voice).map(|dismissed| dismissed.id)
    }

    /// What a key would be made of now; `None` if it is tuned to nothing.
    fn recipe(&self, key: MidiNote, latent_offset: [f32; LATENT_DIM]) -> Option<Recipe> {
        let Controls { latent, morph_ms, time, quality, .. } = self.controls;
        let cents = self.tuning[usize::from(key.number())];
        let mut own = latent;
        own.iter_mut().zip(latent_offset).for_each(|(z, offset)| *z = within_reach(*z + offset));
        let seed = u32::from(key.number());
        cents.is_finite().then_some(Recipe { note: key, cents, latent: own, morph_ms, time, quality, seed })
    }

    /// Keys go up now.
    pub fn note_off(&mut self, which: NoteSelector) {
        self.let_go(|voice| which.selects(voice.id));
    }

    /// Notes stop now, whatever their release.
    pub fn choke(&mut self, which: NoteSelector) {
        let at = self.clock + self.latency as u64;
        let fade = self.rate.samples_in_ms(CUT_MS).max(1);
        for voice in self.voices.iter_mut().flatten().filter(|voice| which.selects(voice.id)) {
            voice.cut(at, fade);
        }
    }

    /// A string plucked again stops its former vibration: a key that sounds already falls when it is struck
    /// again, unless the host keeps the two notes apart by number.
    fn pluck_again(&mut self, id: NoteId) {
        self.let_go(|voice| {
            let again = voice.id.key == id.key && voice.id.channel == id.channel;
            again && (id.voice.is_none() || voice.id.voice == id.voice)
        });
    }

    /// Lets voices fall from now on, after the latency.
    fn let_go(&mut self, which: impl Fn(&Voice) -> bool) {
        let at = self.clock + self.latency as u64;
        let release = self.rate.samples_in_ms(self.controls.release_ms);
        let offline = self.mode == Mode::Offline;
        for (slot, voice) in self.voices.iter_mut().enumerate() {
            let Some(voice) = voice.as_mut().filter(|voice| which(voice)) else { continue };
            if voice.let_go(at, release) && voice.recipe.time.sustain != Sustain::Off {
                let stamp = (slot, voice.position(self.clock));
                voice.stream.tell(&mut self.end, stamp, What::Release, offline);
            }
        }
    }

    /// Tells the workers where the timbre of sounding notes goes.
    fn morph(&mut self, which: NoteSelector) {
        let offline = self.mode == Mode::Offline;
        for (slot, voice) in self.voices.iter_mut().enumerate() {
            let Some(voice) = voice.as_mut().filter(|voice| which.selects(voice.id)) else { continue };
            if voice.recipe.morph_ms > 0.0 && !voice.is_cut() {
                let mut latent = self.controls.latent;
                latent.iter_mut().zip(voice.latent_offset).for_each(|(z, offset)| *z = within_reach(*z + offset));
                let stamp = (slot, voice.position(self.clock));
                voice.stream.tell(&mut self.end, stamp, What::Latent(latent), offline);
            }
        }
    }

    fn push_due(&mut self, change: Change) {
        if let Some(early) = self.due.push(self.clock + self.latency as u64, change) {
            self.make(early);
        }
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

/// What moves a note must not move it out of the space.
fn within_reach(z: f32) -> f32 {
    z.clamp(-LATENT_REACH, LATENT_REACH)
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
