//! Presets, instruments, scales, pins and preferences: what the desk fetches and keeps.

use std::path::PathBuf;

use super::action::{Preference, Sheet};
use super::desk::Desk;
use super::gesture::Host;
use super::patch::Patch;
use crate::link::{MAX_PINS, Pin};
use crate::model::ModelReference;
use crate::preset::Preset;
use crate::tuning::ScaleFiles;

impl Desk {
    pub(super) fn load(&mut self, host: &dyn Host, n: usize) {
        self.stop(host);
        let Some(preset) = self.library.get(n).cloned() else { return };
        let before = Patch::of(&self.gestures);
        match before.with(&preset, self.gestures.params()) {
            Ok(after) => {
                after.apply(&before, &mut self.gestures, host);
                self.history.record(
                    &format!("Load \u{201c}{}\u{201d}", preset.name),
                    before,
                    Patch::of(&self.gestures),
                );
                self.library.loaded(n, self.gestures.values());
            }
            Err(error) => self.complaints.push(error.to_string()),
        }
    }

    pub(super) fn save(&mut self, name: &str) {
        let preset = Preset::of(name, "", self.gestures.params());
        let values = self.gestures.values();
        match self.library.save(&preset, values) {
            Ok(()) => self.sheet = None,
            Err(error) => self.complaints.push(error.to_string()),
        }
    }

    /// Plays another instrument.
    pub(super) fn play(&mut self, reference: ModelReference) {
        let before = Patch::of(&self.gestures);
        self.gestures.params().model_choice().choose(reference);
        let after = Patch::of(&self.gestures);
        self.history.record(&format!("Instrument \u{201c}{}\u{201d}", after.model.name), before, after);
    }

    pub(super) fn tune(&mut self, path: Option<PathBuf>) {
        let files = match &path {
            Some(path) => ScaleFiles::open(Some(path), None),
            None => Ok(ScaleFiles::default()),
        };
        match files {
            Ok(files) => {
                let before = Patch::of(&self.gestures);
                if let Err(error) = self.gestures.params().scale_choice().choose(files) {
                    self.complaints.push(error.to_string());
                }
                self.history.record("Scale", before, Patch::of(&self.gestures));
            }
            Err(error) => {
                let name = path.map_or_else(String::new, |path| format!("{}: ", path.display()));
                self.complaints.push(format!("{name}{error}; the scale is as it was"));
            }
        }
    }

    pub(super) fn pin(&mut self, change: impl FnOnce(&mut Vec<Pin>)) {
        let before = Patch::of(&self.gestures);
        let mut pins = before.pins.clone();
        change(&mut pins.pins);
        pins.pins.truncate(MAX_PINS);
        if let Err(error) = self.gestures.params().orbit_choice().choose(pins) {
            self.complaints.push(error.to_string());
        }
        self.history.record("Pins", before, Patch::of(&self.gestures));
    }

    pub(super) fn show(&mut self, sheet: Option<Sheet>) {
        match sheet {
            Some(Sheet::Models) => self.shelf.read(&self.settings),
            Some(Sheet::Presets) => self.library.read(),
            _ => {}
        }
        self.shelf.refusal = None;
        self.sheet = sheet;
    }

    pub(super) fn prefer(&mut self, preference: Preference) {
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

    pub(super) fn keep_settings(&mut self) {
        if let Some(Err(error)) = self.settings_file.as_deref().map(|file| self.settings.write(file)) {
            self.complaints.push(error.to_string());
        }
    }
}
