//! The player's hands: keys, pedals, wheels and fingers become what the engine is told of each note.
//!
//! Runs on the audio thread, between the host adapter and the engine: nothing here allocates, and nothing looks at
//! block borders. The command line plays through it too, so that a file sounds there as in a host.

mod channels;
mod humanise;
mod orbit;
mod settings;
mod short_list;
mod show;
mod song_time;
mod touch;
mod traveller;
mod zones;

pub use channels::{BendRanges, ChannelMessage};
pub use humanise::drawn_from_ball;
pub use orbit::OrbitPath;
pub use settings::Settings;
pub use show::WINDOW_CHANNEL;
pub use song_time::SongTime;
pub use touch::{Depths, NoteChange};
pub use traveller::{OrbitSettings, OrbitSpeed};

use crate::engine::{Controls, Engine, NoteId, NoteSelector, Strike};
use crate::link::SLOTS;
use crate::model::card::LATENT_DIM;
use crate::units::SampleRate;
use channels::{Channels, Effect};
use short_list::ShortList;
use touch::{Offset, OwnExpression, Sound};
use traveller::Traveller;
use zones::ChannelSet;

/// A note from its key to its end.
#[derive(Clone, Copy, Debug)]
struct Note {
    id: NoteId,
    velocity: f32,
    /// In place of the parameters' timbre.
    own_timbre: Option<[f32; LATENT_DIM]>,
    /// Where in the ball it was drawn, in units of its radius.
    drawn: Offset,
    own: OwnExpression,
    /// What the engine was told last.
    told: Sound,
    key_is_down: bool,
    /// Whether a pedal keeps it sounding.
    is_held: bool,
    /// Whether the engine has yet to be told of it.
    waits: bool,
}

impl Note {
    /// Whether it is on its way to its end.
    fn is_let_go(&self) -> bool {
        !self.key_is_down && !self.is_held && !self.waits
    }
}

/// A note, and the timbre that it brings along.
type Struck = (NoteId, Option<[f32; LATENT_DIM]>);

/// Who plays, and how.
pub struct Performer {
    settings: Settings,
    /// As the host has them: the orbit comes on top.
    controls: Controls,
    traveller: Traveller,
    channels: Channels,
    notes: [Option<Note>; SLOTS],
    /// Places of the notes that wait for the end of their sample, in the order of their keys.
    waiting: ShortList<usize>,
    /// Notes that had to go at once to make room, or whose key is tuned to nothing.
    dismissed: ShortList<NoteId>,
}

impl Performer {
    /// With all keys up, all wheels at rest, and no pins.
    #[must_use]
    pub fn new(settings: Settings, controls: Controls, rate: SampleRate) -> Self {
        let mut channels = Channels::default();
        channels.set_mpe(settings.mpe);
        let traveller = Traveller::new(settings.orbit, rate);
        let (waiting, dismissed) = (ShortList::EMPTY, ShortList::EMPTY);
        Self { settings, controls, traveller, channels, notes: [None; SLOTS], waiting, dismissed }
    }

    /// Sets the parameters from this sample on; sounding notes follow.
    pub fn set(&mut self, engine: &mut Engine, settings: Settings) {
        if settings != self.settings {
            self.settings = settings;
            self.traveller.set(settings.orbit);
            self.channels.set_mpe(settings.mpe);
            self.tell(engine, ChannelSet::ALL);
        }
    }

    /// All keys up and all wheels at rest, as after a jump of the transport.
    pub fn reset(&mut self) {
        self.notes = [None; SLOTS];
        self.waiting = ShortList::EMPTY;
        self.channels.rest();
    }

    /// A key goes down, at a position in the song in samples. Its note is struck when the sample is over
    /// ([`Performer::strike_waiting`]): hosts say how a note is bent and modulated right after they say that it begins.
    pub fn note_on(&mut self, engine: &mut Engine, id: NoteId, velocity: f32, position: i64) {
        self.key_down(engine, (id, None), velocity, position);
    }

    fn key_down(&mut self, engine: &mut Engine, (id, own_timbre): Struck, velocity: f32, position: i64) {
        // The engine lets go of a key's former note, whatever pedal holds it.
        for former in self.notes.iter_mut().flatten() {
            let is_same_key = former.id.key == id.key && former.id.channel == id.channel;
            if is_same_key && (id.voice.is_none() || former.id.voice == id.voice) {
                (former.key_is_down, former.is_held) = (false, false);
            }
        }
        let free = |notes: &[Option<Note>; SLOTS]| notes.iter().position(Option::is_none);
        if free(&self.notes).is_none() {
            self.strike_waiting(engine);
        }
        // Where all sound: a note that nothing holds any more can be spared best.
        let fading = |note: &Option<Note>| note.as_ref().is_some_and(Note::is_let_go);
        let place = free(&self.notes).or_else(|| self.notes.iter().position(fading)).unwrap_or(0);
        self.notes[place] = Some(Note {
            id,
            velocity: if velocity.is_finite() { velocity.clamp(0.0, 1.0) } else { 0.0 },
            own_timbre,
            drawn: humanise::drawn_from_ball(position, id.key.number()),
            own: OwnExpression::default(),
            told: Sound::default(),
            key_is_down: true,
            is_held: false,
            waits: true,
        });
        self.waiting.push(place);
    }

    /// Strikes the notes whose keys went down. To be called before the engine renders.
    pub fn strike_waiting(&mut self, engine: &mut Engine) {
        for place in self.waiting.take() {
            let Some(note) = self.notes[place].filter(|note| note.waits) else { continue };
            let told = self.sound_of(&note);
            self.notes[place] = Some(Note { told, waits: false, ..note });
            let Sound { bend_cents, latent, gain, pan } = told;
            let Note { velocity, own_timbre, .. } = note;
            let strike = Strike { velocity, latent, own_timbre, bend_cents, gain, pan };
            if let Some(dismissed) = engine.strike(note.id, strike) {
                self.ended(dismissed);
                self.dismissed.push(dismissed);
            }
        }
    }

    /// The next of the notes that ended without sounding to their end: the engine tells of all others.
    pub fn take_dismissed(&mut self) -> Option<NoteId> {
        self.dismissed.pop()
    }

    /// Keys go up; a pedal may keep their notes.
    pub fn note_off(&mut self, engine: &mut Engine, which: NoteSelector) {
        self.strike_waiting(engine);
        let mut any_held = false;
        for note in self.notes.iter_mut().flatten().filter(|note| which.selects(note.id)) {
            if std::mem::take(&mut note.key_is_down) {
                note.is_held = self.channels.is_pedal_down(note.id.channel);
            }
            // A key that is up already may be told so again.
            any_held |= note.is_held;
        }
        if !any_held {
            engine.note_off(which);
            return;
        }
        for note in self.notes.iter().flatten() {
            if which.selects(note.id) && !note.key_is_down && !note.is_held {
                engine.note_off(exactly(note.id));
            }
        }
    }

    /// Notes stop, whatever pedal holds them.
    pub fn choke(&mut self, engine: &mut Engine, which: NoteSelector) {
        self.strike_waiting(engine);
        engine.choke(which);
    }

    /// A channel says something: a wheel, a pedal, a controller.
    pub fn hear(&mut self, engine: &mut Engine, channel: u8, message: ChannelMessage) {
        match self.channels.hear(channel, message) {
            Effect::None => {}
            Effect::Touch(channels) => self.tell(engine, channels),
            Effect::Pedal(channels) => {
                self.lift_pedals(engine, channels);
                self.tell(engine, channels);
            }
            Effect::NotesOff(channels) => self.for_each_channel(engine, channels, Self::note_off),
            Effect::SoundOff(channels) => self.for_each_channel(engine, channels, Self::choke),
        }
    }

    /// Something changes of single notes.
    pub fn express(&mut self, engine: &mut Engine, which: NoteSelector, change: NoteChange) {
        for place in 0..SLOTS {
            if let Some(note) = &mut self.notes[place]
                && which.selects(note.id)
            {
                note.own.apply(change);
                self.tell_note(engine, place);
            }
        }
    }

    /// The engine says that a note is over.
    pub fn ended(&mut self, id: NoteId) {
        let is_it = |note: &Option<Note>| note.is_some_and(|note| note.id == id && !note.waits);
        // A key that was struck again has two notes of one name, and the one that was let go of ends first.
        let fades = |note: &Option<Note>| is_it(note) && note.is_some_and(|note| note.is_let_go());
        let place = self.notes.iter().position(fades).or_else(|| self.notes.iter().position(is_it));
        if let Some(place) = place {
            self.notes[place] = None;
        }
    }

    fn for_each_channel(
        &mut self,
        engine: &mut Engine,
        channels: ChannelSet,
        act: fn(&mut Self, &mut Engine, NoteSelector),
    ) {
        for channel in channels.iter() {
            act(self, engine, NoteSelector { channel: Some(channel), ..NoteSelector::default() });
        }
    }

    /// Lets go of what no pedal holds any more.
    fn lift_pedals(&mut self, engine: &mut Engine, channels: ChannelSet) {
        for note in self.notes.iter_mut().flatten().filter(|note| note.is_held) {
            if channels.contains(note.id.channel) && !self.channels.is_pedal_down(note.id.channel) {
                note.is_held = false;
                engine.note_off(exactly(note.id));
            }
        }
    }

    /// Tells the engine what changed of the notes of some channels.
    fn tell(&mut self, engine: &mut Engine, channels: ChannelSet) {
        for place in 0..SLOTS {
            if self.notes[place].is_some_and(|note| channels.contains(note.id.channel)) {
                self.tell_note(engine, place);
            }
        }
    }

    fn tell_note(&mut self, engine: &mut Engine, place: usize) {
        let Some(note) = self.notes[place].filter(|note| !note.waits) else { return };
        let sound = self.sound_of(&note);
        let which = exactly(note.id);
        for change in sound.changes_from(&note.told).into_iter().flatten() {
            engine.express(which, change);
        }
        self.notes[place] = Some(Note { told: sound, ..note });
    }

    /// What a note should sound like now.
    fn sound_of(&self, note: &Note) -> Sound {
        let touch = self.channels.touch(note.id.channel, self.settings.ranges);
        let hit = note.drawn.map(|x| x * self.settings.humanise);
        let played = touch::latent(&self.settings.depths, &touch, &note.own, note.velocity);
        let moved = std::array::from_fn(|axis| played[axis] + hit[axis]);
        Sound {
            bend_cents: 100.0 * (touch.bend_semitones + note.own.tuning_semitones),
            // Whoever asks for a timbre hears that one.
            latent: if note.own_timbre.is_some() { [0.0; LATENT_DIM] } else { moved },
            gain: note.own.gain,
            pan: touch::pan(note.id.key.number(), self.settings.width, note.own.pan),
        }
    }
}

/// Names a note by all that is known of it.
fn exactly(id: NoteId) -> NoteSelector {
    NoteSelector { voice: id.voice, channel: Some(id.channel), key: Some(id.key) }
}
