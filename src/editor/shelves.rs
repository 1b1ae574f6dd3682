//! Presets, instruments, scales, pins and preferences: what the desk fetches and keeps.

use std::path::PathBuf;

use super::action::{Action, Preference, Sheet};
use super::desk::Desk;
use super::gesture::Host;
use super::patch::Patch;
use crate::link::{MAX_PINS, Pin};
use crate::model::ModelReference;
use crate::preset::Preset;
use crate::tuning::ScaleFiles;

impl Desk {
    /// Carries out what has to do with files, pins and what is stored.
    pub(super) fn fetch(&mut self, host: &dyn Host, action: Action) {
        match action {
            Action::LoadPreset(n) => self.load(host, n),
            Action::StepPreset(step) => {
                let instrument = self.gestures.params().model_choice().reference();
                match self.library.beside(step, &instrument) {
                    Some(n) => self.load(host, n),
                    None => self.complaints.push(format!("No preset of \u{201c}{}\u{201d} yet.", instrument.name)),
                }
            }
            Action::SavePreset(name) => self.save(&name),
            Action::UseModel(n) => {
                if let Some(reference) = self.shelf.get(n).cloned() {
                    self.play(reference);
                }
            }
            Action::OpenModel(path) => {
                self.read_settings();
                if let Ok(reference) = self.shelf.open(&path, &mut self.settings) {
                    self.play(reference);
                    self.keep_settings();
                }
            }
            Action::OpenScale(path) => self.tune(path),
            Action::Show(sheet) => self.show(sheet),
            Action::Prefer(preference) => self.prefer(preference),
            Action::Dismiss => self.dismiss(),
            Action::Pin(z) => self.pin(|pins| pins.push(Pin { z, name: String::new() })),
            Action::Unpin(n) => self.pin(|pins| {
                if n < pins.len() {
                    pins.remove(n);
                }
            }),
            Action::ClearPins => self.pin(Vec::clear),
            // The rest is the desk's, and the clipboard the window's.
            _ => {}
        }
    }

    /// All that the user should know has been read.
    fn dismiss(&mut self) {
        let choice = self.gestures.params().model_choice();
        self.read = (choice.generation(), choice.notices());
        self.complaints.clear();
    }

    /// What the user should know and has not read.
    pub(super) fn unread(&self) -> Vec<String> {
        let choice = self.gestures.params().model_choice();
        let (generation, read) = &self.read;
        let known = |notice: &String| *generation == choice.generation() && read.contains(notice);
        let of_choice = choice.notices().into_iter().filter(|notice| !known(notice));
        of_choice.chain(self.complaints.iter().cloned()).collect()
    }

    fn load(&mut self, host: &dyn Host, n: usize) {
        self.stop(host);
        let Some(preset) = self.library.get(n).cloned() else { return };
        let before = Patch::of(&self.gestures, &self.library);
        match before.with(&preset, self.gestures.params()) {
            Ok(after) => {
                after.apply(&before, &mut self.gestures, host);
                self.library.loaded(n, self.gestures.values());
                let now = Patch::of(&self.gestures, &self.library);
                self.history.record(&format!("Load \u{201c}{}\u{201d}", preset.name), before, now);
            }
            Err(error) => self.complaints.push(error.to_string()),
        }
    }

    fn save(&mut self, name: &str) {
        let preset = Preset::of(name, "", self.gestures.params());
        let values = self.gestures.values();
        match self.library.save(&preset, values) {
            Ok(()) => self.sheet = None,
            Err(error) => self.complaints.push(error.to_string()),
        }
    }

    /// Plays another instrument.
    fn play(&mut self, reference: ModelReference) {
        let before = Patch::of(&self.gestures, &self.library);
        self.gestures.params().model_choice().choose(reference);
        let after = Patch::of(&self.gestures, &self.library);
        self.history.record(&format!("Instrument \u{201c}{}\u{201d}", after.model.name), before, after);
    }

    fn tune(&mut self, path: Option<PathBuf>) {
        let files = match &path {
            Some(path) => ScaleFiles::open(Some(path), None),
            None => Ok(ScaleFiles::default()),
        };
        match files {
            Ok(files) => {
                let before = Patch::of(&self.gestures, &self.library);
                if let Err(error) = self.gestures.params().scale_choice().choose(files) {
                    self.complaints.push(error.to_string());
                }
                self.history.record("Scale", before, Patch::of(&self.gestures, &self.library));
            }
            Err(error) => {
                let name = path.map_or_else(String::new, |path| format!("{}: ", path.display()));
                self.complaints.push(format!("{name}{error}; the scale is as it was"));
            }
        }
    }

    fn pin(&mut self, change: impl FnOnce(&mut Vec<Pin>)) {
        let before = Patch::of(&self.gestures, &self.library);
        let mut pins = before.pins.clone();
        change(&mut pins.pins);
        pins.pins.truncate(MAX_PINS);
        if let Err(error) = self.gestures.params().orbit_choice().choose(pins) {
            self.complaints.push(error.to_string());
        }
        self.history.record("Pins", before, Patch::of(&self.gestures, &self.library));
    }

    fn show(&mut self, sheet: Option<Sheet>) {
        match sheet {
            Some(Sheet::Models) => self.shelf.read(&self.settings),
            Some(Sheet::Presets) => self.library.read(),
            _ => {}
        }
        self.shelf.refusal = None;
        self.sheet = sheet;
    }

    fn prefer(&mut self, preference: Preference) {
        self.read_settings();
        match preference {
            Preference::Scale(scale) => {
                self.settings.window_scale = scale;
                self.wanted_scale = Some(scale);
            }
            Preference::TravelSeconds(seconds) => self.settings.travel_seconds = seconds,
            Preference::StartWithThis(yes) => {
                self.settings.start_with = yes.then(|| self.gestures.params().model_choice().reference());
            }
            Preference::Backend(kind) => self.settings.backend = kind,
        }
        self.keep_settings();
    }

    /// What another instance's window has settled meanwhile stays.
    fn read_settings(&mut self) {
        let file = self.settings_file.as_deref().filter(|file| file.exists());
        if let Some(Ok(settings)) = file.map(crate::settings::Settings::read) {
            self.settings = settings;
        }
    }

    fn keep_settings(&mut self) {
        if let Some(Err(error)) = self.settings_file.as_deref().map(|file| self.settings.write(file)) {
            self.complaints.push(error.to_string());
        }
    }
}
