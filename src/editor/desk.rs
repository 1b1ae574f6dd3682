//! Carries out what the user did. Everything that the window changes is changed here.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::action::{Action, Latent, Sheet};
use super::gesture::{Gestures, Host};
use super::history::{History, Step};
use super::library::Library;
use super::listen::Listener;
use super::pad::latent_at;
use super::patch::Patch;
use super::point::point_as_text;
use super::shelf::Shelf;
use super::travel::Journey;
use crate::link::window::WindowEnd;
use crate::model::Catalog;
use crate::model::card::LATENT_DIM;
use crate::params::UkulelatentParams;
use crate::settings::Settings;
use crate::units::MidiNote;

/// The coordinates' parameters.
pub const Z: [&str; LATENT_DIM] = ["z1", "z2", "z3", "z4"];

/// Where a user's things are kept; tests keep them elsewhere.
pub struct Places {
    /// The user's own presets.
    pub presets: Option<PathBuf>,
    /// The settings file.
    pub settings: Option<PathBuf>,
    /// Instruments.
    pub catalog: Catalog,
}

impl Places {
    /// As everywhere in Ukulelatent.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            presets: crate::preset::user_folder(),
            settings: crate::settings::file(),
            catalog: Catalog::standard(),
        }
    }
}

/// What the user works at.
pub struct Desk {
    pub(super) gestures: Gestures,
    pub(super) history: History<Patch>,
    pub(super) library: Library,
    pub(super) shelf: Shelf,
    pub(super) listener: Listener,
    pub(super) settings: Settings,
    pub(super) settings_file: Option<PathBuf>,
    pub(super) journey: Option<Journey>,
    /// The key that is auditioned, and until when.
    pub(super) audition: Option<(MidiNote, f64)>,
    /// What could not be done, until it has been read.
    pub(super) complaints: Vec<String>,
    /// What has been read of what the choice of an instrument brought with it, and which choice that was.
    pub(super) read: (u64, Vec<String>),
    /// What lies over the instrument.
    pub sheet: Option<Sheet>,
    /// Text for the clipboard.
    pub copied: Option<String>,
    /// The point that was copied last.
    last_copied: Option<Latent>,
    /// The window's scale that was asked for.
    pub wanted_scale: Option<f32>,
}

impl Desk {
    /// For these parameters, and the instrument at the other end.
    #[must_use]
    pub fn new(params: Arc<UkulelatentParams>, end: Arc<WindowEnd>, places: Places) -> Self {
        let settings = places.settings.as_deref().map(Settings::read).and_then(Result::ok).unwrap_or_default();
        Self {
            gestures: Gestures::new(params),
            history: History::default(),
            library: Library::new(places.presets),
            shelf: Shelf::new(places.catalog),
            listener: Listener::new(end),
            settings,
            settings_file: places.settings,
            journey: None,
            audition: None,
            complaints: Vec::new(),
            read: (0, Vec::new()),
            sheet: None,
            copied: None,
            last_copied: None,
            wanted_scale: None,
        }
    }

    /// Carries out what was done, at this time in seconds.
    pub fn carry_out(&mut self, host: &dyn Host, time: f64, actions: Vec<Action>) {
        self.history.at(time);
        for action in actions {
            if !matches!(action, Action::Set(..) | Action::Enter(..) | Action::Reset(_) | Action::End(_)) {
                self.close_gesture();
            }
            self.act(host, time, action);
        }
        // What is done at once is over with its frame.
        self.close_gesture();
        self.go_on(host, time);
    }

    /// The point that was copied last, in this window or an earlier one.
    #[must_use]
    pub fn last_copied(&self) -> Option<Latent> {
        self.last_copied
    }

    /// The scale of new windows.
    #[must_use]
    pub fn window_scale(&self) -> f32 {
        self.settings.window_scale.clamp(super::theme::SCALES[0], super::theme::SCALES[1])
    }

    /// Whether a meter falls.
    #[must_use]
    pub fn is_falling(&self) -> bool {
        self.listener.is_moving()
    }

    /// Counts what the instrument changes of what is seen.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.listener.end().changes()
    }

    /// Whether something moves by itself.
    #[must_use]
    pub fn is_moving(&mut self) -> bool {
        self.journey.is_some() || self.audition.is_some() || self.gestures.settle()
    }

    /// A window opens: the instrument shows itself from now on, with at least so much time between two pictures.
    pub fn open(&self, pace: Duration) {
        self.listener.end().set_pace(pace);
        self.listener.end().set_open(true);
    }

    /// Lets go of everything, as when the window closes.
    pub fn let_go(&mut self, host: &dyn Host) {
        self.journey = None;
        self.audition = None;
        self.listener.end().release_all();
        self.gestures.end_all(host);
        let after = Patch::of(&self.gestures, &self.library);
        self.history.close(after);
    }

    fn act(&mut self, host: &dyn Host, time: f64, action: Action) {
        match action {
            Action::Begin(id) => {
                self.stop(host);
                self.history.open(&self.gestures.name(id), || Patch::of(&self.gestures, &self.library));
                self.gestures.begin(host, id);
            }
            Action::Set(id, value) => self.edit(host, id, |gestures, host| gestures.set(host, id, value)),
            Action::End(id) => {
                self.gestures.end(host, id);
                self.close_gesture();
            }
            Action::Enter(id, text) => self.edit(host, id, |gestures, host| {
                gestures.enter(host, id, &text);
            }),
            Action::Reset(id) => self.edit(host, id, |gestures, host| gestures.reset(host, id)),
            Action::Travel(to) => self.depart(host, time, to),
            Action::CopyPoint => {
                self.last_copied = Some(self.z());
                self.copied = Some(point_as_text(self.z()));
            }
            Action::Undo => self.step(host, History::undo),
            Action::Redo => self.step(host, History::redo),
            Action::Swap => {
                let present = Patch::of(&self.gestures, &self.library);
                let step = self.history.swap(present);
                self.go(host, &step);
            }
            Action::CopyAcross => self.history.copy_across(Patch::of(&self.gestures, &self.library)),
            Action::Audition(z, key) => self.audition(time, z, key),
            Action::Press(key, velocity) => {
                let _ = MidiNote::new(key).map(|key| self.listener.end().press(key, velocity));
            }
            Action::Lift(key) => {
                let _ = MidiNote::new(key).map(|key| self.listener.end().release(key));
            }
            other => self.fetch(host, other),
        }
    }

    /// One change; within a gesture a part of it, else an edit of its own.
    fn edit(&mut self, host: &dyn Host, id: &str, change: impl FnOnce(&mut Gestures, &dyn Host)) {
        if !self.history.is_open() {
            self.stop(host);
            self.history.open(&self.gestures.name(id), || Patch::of(&self.gestures, &self.library));
        }
        change(&mut self.gestures, host);
    }

    pub(super) fn close_gesture(&mut self) {
        if !self.gestures.holds_any() {
            let after = Patch::of(&self.gestures, &self.library);
            self.history.close(after);
        }
    }

    /// Where the parameters are.
    #[must_use]
    pub fn z(&self) -> Latent {
        Z.map(|id| latent_at(self.gestures.value(id)))
    }

    fn step(&mut self, host: &dyn Host, which: impl FnOnce(&mut History<Patch>) -> Option<Step<Patch>>) {
        self.stop(host);
        if let Some(step) = which(&mut self.history) {
            self.go(host, &step);
        }
    }

    fn go(&mut self, host: &dyn Host, step: &Step<Patch>) {
        step.to.apply(&step.from, &mut self.gestures, host);
        if step.to.preset != step.from.preset {
            self.library.set_mark(step.to.preset.clone());
        }
    }
}
