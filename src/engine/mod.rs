//! The audio thread's side: events become orders, chunks become sound.
//!
//! Nothing here allocates, locks, logs or runs a model. In real time nothing waits either; offline, a voice
//! waits for its worker, so that a bounce has every note whole. All decisions hang on the engine's own sample
//! clock, never on block borders or on how far a worker is: that is what makes bounces repeat to the bit.

mod envelope;
mod gains;
mod note;
mod steal;
mod voice;

use std::sync::Arc;
use std::sync::atomic::Ordering;

pub use note::{NoteId, NoteSelector};

use crate::link::{EngineEnd, Meters, Order, Quality, SLOTS};
use crate::model::card::LATENT_DIM;
use crate::units::SampleRate;
use envelope::{Envelope, Glide};
use gains::DueGains;
use steal::Candidate;
use voice::{Surroundings, Voice};

/// Notes that may be held at once; further slots are for the tails of stolen ones.
pub const POLYPHONY: usize = 16;
/// A stolen or choked note fades over this long.
const CUT_MS: f32 = 5.0;
/// A change of gain takes this long.
const GAIN_GLIDE_MS: f32 = 20.0;
/// Samples mixed at a time.
const MIX: usize = 256;

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
    /// Timbre of notes to come.
    pub latent: [f32; LATENT_DIM],
    /// Output gain, linear.
    pub gain: f32,
    /// Rise of notes to come, in milliseconds.
    pub attack_ms: f32,
    /// Fall of notes let go from now on, in milliseconds.
    pub release_ms: f32,
    /// How much velocity matters to level: 0 not at all, 1 fully.
    pub velocity: f32,
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
            quality: Quality::default(),
        }
    }
}

/// Sixteen voices, their mixing, and their time.
pub struct Engine {
    end: EngineEnd,
    rate: SampleRate,
    mode: Mode,
    /// Samples from an event to its sound.
    latency: usize,
    controls: Controls,
    gain: Glide,
    /// Gains that wait for their time: like notes, they are heard after the latency.
    gains: DueGains,
    voices: [Option<Voice>; SLOTS],
    clock: u64,
    serial: u64,
    mix: [f32; MIX],
}

impl Engine {
    /// Takes the audio thread's end of the link. `latency` is in samples at `rate`.
    #[must_use]
    pub fn new(end: EngineEnd, rate: SampleRate, mode: Mode, latency: usize, controls: Controls) -> Self {
        Self {
            end,
            rate,
            mode,
            latency,
            controls,
            gain: Glide::new(controls.gain, rate.samples_in_ms(GAIN_GLIDE_MS)),
            gains: DueGains::default(),
            voices: [const { None }; SLOTS],
            clock: 0,
            serial: 0,
            mix: [0.0; MIX],
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
            self.gains.push(self.clock + self.latency as u64, controls.gain);
        }
        self.controls = controls;
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
    /// room, if one did; it ends without a call of [`Engine::render`]'s `ended`.
    pub fn note_on(&mut self, id: NoteId, velocity: f32) -> Option<NoteId> {
        let start_at = self.clock + self.latency as u64;
        if !self.is_active() {
            // Nothing sounds that a step could be heard in: every pass over a song starts at its own gain.
            self.gain = Glide::new(self.controls.gain, self.rate.samples_in_ms(GAIN_GLIDE_MS));
            self.gains = DueGains::default();
        }
        self.pluck_again(id, start_at);
        let slot = self.free_slot(start_at);
        let epoch = self.end.player(slot).begin();
        let Controls { latent, quality, .. } = self.controls;
        let order = Order { slot: slot as u8, epoch, note: id.key, latent, quality };
        let sensitivity = self.controls.velocity.clamp(0.0, 1.0);
        // Square law: half the velocity is a quarter of the level at full sensitivity, -12 dB.
        let velocity_gain = 1.0 - sensitivity + sensitivity * velocity.clamp(0.0, 1.0).powi(2);
        let envelope = Envelope::start(self.rate.samples_in_ms(self.controls.attack_ms));
        self.serial += 1;
        let mut voice = Voice::new(id, self.serial, order, start_at, (velocity_gain, envelope));
        if self.end.order(order) {
            voice.unsent = None;
        }
        self.voices[slot].replace(voice).map(|dismissed| dismissed.id)
    }

    /// Keys go up now.
    pub fn note_off(&mut self, which: NoteSelector) {
        let at = self.clock + self.latency as u64;
        let release = self.rate.samples_in_ms(self.controls.release_ms);
        for voice in self.voices.iter_mut().flatten().filter(|voice| which.selects(voice.id)) {
            voice.let_go(at, release);
        }
    }

    /// Notes stop now, whatever their release.
    pub fn choke(&mut self, which: NoteSelector) {
        let at = self.clock + self.latency as u64;
        let fade = self.rate.samples_in_ms(CUT_MS).max(1);
        for voice in self.voices.iter_mut().flatten().filter(|voice| which.selects(voice.id)) {
            voice.cut(at, fade);
        }
    }

    /// Renders the next samples into both channels (of equal length), calling `ended` with the offset and name
    /// of each note that ends.
    pub fn render(&mut self, left: &mut [f32], right: &mut [f32], mut ended: impl FnMut(usize, NoteId)) {
        let mut peak: f32 = 0.0;
        let mut offset = 0;
        for (left, right) in left.chunks_mut(MIX).zip(right.chunks_mut(MIX)) {
            self.render_mix(left.len(), |n, id| ended(offset + n, id));
            let began = self.clock - left.len() as u64;
            for (n, ((l, r), mixed)) in left.iter_mut().zip(right).zip(&self.mix).enumerate() {
                while let Some(gain) = self.gains.due(began + n as u64) {
                    self.gain.aim(gain);
                }
                let sample = mixed * self.gain.next_value();
                peak = peak.max(sample.abs());
                (*l, *r) = (sample, sample);
            }
            offset += left.len();
        }
        let meters = self.end.meters();
        meters.peak.fetch_max(peak, Ordering::Relaxed);
        meters.voices.store(self.voices.iter().flatten().count() as u32, Ordering::Relaxed);
        self.end.wake();
    }

    fn render_mix(&mut self, len: usize, mut ended: impl FnMut(usize, NoteId)) {
        let mix = &mut self.mix[..len];
        mix.fill(0.0);
        let mut ends = [None; SLOTS];
        for (slot, place) in self.voices.iter_mut().enumerate() {
            let Some(voice) = place else { continue };
            if let Some(order) = voice.unsent.take()
                && !self.end.order(order)
            {
                voice.unsent = Some(order);
            }
            let offline = self.mode == Mode::Offline;
            let around =
                Surroundings { end: &mut self.end, slot, clock: self.clock, offline, has_lead: self.latency > 0 };
            if let Some(after) = voice.render(mix, around) {
                ends[slot] = Some((after, voice.id));
                *place = None;
                self.end.player(slot).begin();
                self.end.nudge(slot);
            }
        }
        self.clock += len as u64;
        // Hosts want events in the order of time; an array this short sorts in place.
        ends.sort_unstable_by_key(|end| end.map_or(usize::MAX, |(after, _)| after));
        for (after, id) in ends.into_iter().flatten() {
            ended(after, id);
        }
    }

    /// A string plucked again stops its former vibration: a key that sounds already falls when it is struck
    /// again, unless the host keeps the two notes apart by number.
    fn pluck_again(&mut self, id: NoteId, at: u64) {
        let release = self.rate.samples_in_ms(self.controls.release_ms);
        let again = |voice: &&mut Voice| voice.id.key == id.key && voice.id.channel == id.channel;
        for voice in self.voices.iter_mut().flatten().filter(again) {
            if id.voice.is_none() || voice.id.voice == id.voice {
                voice.let_go(at, release);
            }
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
        self.end.player(slot).begin();
        self.end.nudge(slot);
    }
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
