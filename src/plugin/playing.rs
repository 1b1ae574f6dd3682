//! What plays while the plugin is active: an instance, who plays it, and in which tuning.

use crate::engine::{NoteId, Tuning};
use crate::instance::Instance;
use crate::link::ScaleChoice;
use crate::params::UkulelatentParams;
use crate::perform::Performer;
use crate::tuning::mts_esp::MtsClient;

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
    /// Samples since activation: the song's position where the host has none.
    clock: i64,
}

impl Playing {
    pub fn new(instance: Instance, params: &UkulelatentParams) -> Self {
        let performer = Performer::new(params.settings());
        let mut playing = Self {
            instance,
            performer,
            own_tuning: [0.0; 128],
            tuning: [0.0; 128],
            conductor: MtsClient::join(),
            follows_conductor: false,
            scale_generation: ScaleChoice::TWELVE_EQUAL_STEPS,
            moved_cents: 0.0,
            clock: 0,
        };
        playing.follow(params);
        playing
    }

    /// Takes over the parameters as they stand.
    pub fn follow(&mut self, params: &UkulelatentParams) {
        let engine = &mut self.instance.engine;
        engine.set_controls(params.controls());
        self.performer.set(engine, params.settings());
        self.follows_conductor = params.tuning.mts_esp.value();
        let (generation, moved_cents) = (params.scale_choice().generation(), params.retuning_cents());
        if (generation, moved_cents.to_bits()) != (self.scale_generation, self.moved_cents.to_bits()) {
            (self.scale_generation, self.moved_cents) = (generation, moved_cents);
            self.own_tuning = params.tuning_table();
            self.tuning = self.own_tuning;
            engine.set_tuning(self.tuning);
        }
    }

    /// A key goes down, in the tuning of this moment.
    pub fn note_on(&mut self, id: NoteId, velocity: f32, position: i64) {
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
        self.performer.note_on(engine, id, velocity, position);
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
        self.strike(|id| ended(0, id));
        self.clock += left.len() as i64;
        let performer = &mut self.performer;
        self.instance.engine.render(left, right, |offset, id| {
            performer.ended(id);
            ended(offset, id);
        });
    }

    pub fn clock(&self) -> i64 {
        self.clock
    }

    pub fn reset(&mut self) {
        self.instance.engine.reset();
        self.performer.reset();
    }
}
