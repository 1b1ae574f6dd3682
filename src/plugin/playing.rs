//! What plays while the plugin is active: an instance, who plays it, and in which tuning.

use crate::engine::{Mode, NoteId, Tuning};
use crate::instance::Instance;
use crate::link::window::{Snapshot, Stage};
use crate::link::{OrbitChoice, ScaleChoice};
use crate::params::UkulelatentParams;
use crate::perform::{Performer, SongTime};
use crate::tuning::mts_esp::MtsClient;
use crate::units::SampleRate;

/// One activation's state.
pub(super) struct Playing {
    pub instance: Instance,
    pub performer: Performer,
    /// As the parameters have it.
    own_tuning: Tuning,
    /// As the engine has it: the parameters', but for keys that the conductor spoke of.
    tuning: Tuning,
    /// Whoever may conduct the session's tuning.
    conductor: Option<MtsClient>,
    follows_conductor: bool,
    /// Which choice of scale `own_tuning` is of.
    scale_generation: u32,
    /// Cents that master tune and transposition add, to what the conductor says too.
    moved_cents: f32,
    /// Which choice of pins the performer has.
    pins_generation: u32,
    /// Whether it bounces: then no one plays with the mouse.
    is_offline: bool,
    /// Samples since activation: the song's position where the host has none.
    clock: i64,
    /// Where in the song the next sample is.
    time: SongTime,
}

impl Playing {
    pub fn new(instance: Instance, params: &UkulelatentParams, (rate, mode): (SampleRate, Mode)) -> Self {
        let performer = Performer::new(params.settings(), params.controls(), rate);
        let mut playing = Self {
            instance,
            performer,
            own_tuning: [0.0; 128],
            tuning: [0.0; 128],
            conductor: MtsClient::join(),
            follows_conductor: false,
            scale_generation: ScaleChoice::TWELVE_EQUAL_STEPS,
            moved_cents: 0.0,
            pins_generation: OrbitChoice::NO_PINS,
            is_offline: mode == Mode::Offline,
            clock: 0,
            time: SongTime::at(0, None, rate),
        };
        playing.follow(params);
        playing
    }

    /// Takes over the parameters as they stand.
    pub fn follow(&mut self, params: &UkulelatentParams) {
        let engine = &mut self.instance.engine;
        self.performer.set_controls(params.controls());
        self.performer.set(engine, params.settings());
        let pins = params.orbit_choice();
        // Pins that are being put down right now are for the next block.
        if pins.generation() != self.pins_generation
            && let Some((generation, points)) = pins.read()
        {
            self.pins_generation = generation;
            self.performer.set_pins(&points);
        }
        self.follows_conductor = params.tuning.mts_esp.value();
        let (generation, moved_cents) = (params.scale_choice().generation(), params.retuning_cents());
        if (generation, moved_cents.to_bits()) != (self.scale_generation, self.moved_cents.to_bits()) {
            (self.scale_generation, self.moved_cents) = (generation, moved_cents);
            self.own_tuning = params.tuning_table();
            self.tuning = self.own_tuning;
            engine.set_tuning(self.tuning);
        }
    }

    /// A block begins, here in the song.
    pub fn begin(&mut self, time: SongTime) {
        self.time = time;
        self.travel();
    }

    /// Lets the timbre be where it is at this place in the song; returns for how many samples that holds.
    pub fn travel(&mut self) -> usize {
        self.performer.travel(&mut self.instance.engine, self.time)
    }

    /// Plays what the mouse plays. Nothing is to be had from it in a bounce.
    pub fn take_gestures(&mut self, stage: &mut Stage) {
        while let Some(gesture) = stage.next_gesture() {
            if !self.is_offline && stage.is_open() {
                self.performer.gesture(&mut self.instance.engine, gesture, self.time.samples);
            }
        }
        self.performer.release_gestures(&mut self.instance.engine, stage.held());
    }

    /// Lets a window see, after another `samples`, if one is open and it is time.
    pub fn show(&mut self, stage: &mut Stage, samples: usize) {
        if stage.is_due(samples) {
            let mut snapshot = Snapshot::default();
            self.instance.engine.look(&mut snapshot);
            self.performer.look(&mut snapshot);
            stage.show(&snapshot);
        }
    }

    /// A key goes down, in the tuning of this moment.
    pub fn note_on(&mut self, id: NoteId, velocity: f32) {
        let engine = &mut self.instance.engine;
        let key = usize::from(id.key.number());
        let conductor = self.conductor.as_ref().filter(|_| self.follows_conductor);
        let conducted = conductor.and_then(|conductor| conductor.cents(id.key, id.channel));
        let cents = conducted.map_or(self.own_tuning[key], |cents| cents + self.moved_cents);
        if cents.to_bits() != self.tuning[key].to_bits() {
            // Notes that wait are struck in the tuning that they were told.
            self.performer.strike_waiting(engine);
            self.tuning[key] = cents;
            engine.set_tuning(self.tuning);
        }
        self.performer.note_on(engine, id, velocity, self.time.samples);
    }

    /// Strikes the notes whose keys went down at this sample; `dismissed` gets those that had to go at once.
    pub fn strike(&mut self, mut dismissed: impl FnMut(NoteId)) {
        self.performer.strike_waiting(&mut self.instance.engine);
        self.tell_dismissed(&mut dismissed);
    }

    /// `dismissed` gets the notes that had to go at once.
    pub fn tell_dismissed(&mut self, mut dismissed: impl FnMut(NoteId)) {
        while let Some(id) = self.performer.take_dismissed() {
            dismissed(id);
        }
    }

    /// Renders; `ended` gets the offset and name of each note that is over.
    pub fn render(&mut self, left: &mut [f32], right: &mut [f32], mut ended: impl FnMut(usize, NoteId)) {
        let mut at = 0;
        while at < left.len() {
            let until = at.saturating_add(self.travel()).min(left.len());
            self.strike(|id| ended(at, id));
            let performer = &mut self.performer;
            self.instance.engine.render(&mut left[at..until], &mut right[at..until], |offset, id| {
                performer.ended(id);
                ended(at + offset, id);
            });
            self.clock += (until - at) as i64;
            self.time = self.time.later(until - at);
            at = until;
        }
    }

    pub fn clock(&self) -> i64 {
        self.clock
    }

    pub fn reset(&mut self) {
        self.instance.engine.reset();
        self.performer.reset();
    }
}
