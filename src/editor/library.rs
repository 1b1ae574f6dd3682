//! The presets that can be loaded: those that come with the instrument, and the user's own.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use super::gesture::Values;
use super::view::{PresetRow, Presets};
use crate::model::{ModelFile, ModelReference};
use crate::preset::{Preset, PresetError, factory, factory_of_other_models, file_name};

/// All presets, and which was loaded last.
pub struct Library {
    folder: Option<PathBuf>,
    presets: Vec<(Preset, bool)>,
    rows: Arc<Vec<PresetRow>>,
    mark: Mark,
}

/// Which preset was loaded last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mark {
    /// Its name, and whether it is the user's own.
    preset: Option<(String, bool)>,
    /// The parameters as they were right after it was loaded.
    clean: Option<Values>,
}

impl Library {
    /// With the user's own in this folder.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        let mut library = Self { folder, presets: Vec::new(), rows: Arc::default(), mark: Mark::default() };
        library.read();
        library
    }

    /// Looks again which presets there are: the user's own first, by name.
    pub fn read(&mut self) {
        let entries = self.folder.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
        let paths = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "json"));
        let mut own: Vec<Preset> = paths.filter_map(|path| Preset::open(&path).ok()).collect();
        own.sort_by_key(|preset| preset.name.to_lowercase());
        let own = own.into_iter().map(|preset| (preset, true));
        let factory = of_built_in().chain(factory_of_other_models().iter().cloned());
        self.presets = own.chain(factory.map(|preset| (preset, false))).collect();
        self.rows = Arc::new(self.presets.iter().map(|(preset, own)| row(preset, *own)).collect());
    }

    fn place(&self, name: &str, own: bool) -> Option<usize> {
        self.presets.iter().position(|(preset, is_own)| *is_own == own && preset.name == name)
    }

    /// The preset at this place of the list.
    #[must_use]
    pub fn get(&self, n: usize) -> Option<&Preset> {
        self.presets.get(n).map(|(preset, _)| preset)
    }

    /// The place this many further than the one that was loaded last, around the ends, among those of an instrument:
    /// another one is for the list, which says what it brings along.
    #[must_use]
    pub fn beside(&self, step: isize, instrument: &ModelReference) -> Option<usize> {
        let is_of = |preset: &Preset| preset.model.as_ref().is_none_or(|model| model.sha256 == instrument.sha256);
        let places: Vec<usize> = (0..self.presets.len()).filter(|n| is_of(&self.presets[*n].0)).collect();
        let count = isize::try_from(places.len()).ok().filter(|count| *count > 0)?;
        let playing = self.playing().and_then(|n| places.iter().position(|place| *place == n));
        let from = playing.and_then(|n| isize::try_from(n).ok()).unwrap_or(if step > 0 { -1 } else { 0 });
        usize::try_from((from + step).rem_euclid(count)).ok().map(|n| places[n])
    }

    /// A preset was loaded, and these are the parameters since.
    pub fn loaded(&mut self, n: usize, values: Values) {
        let named = self.presets.get(n).map(|(preset, own)| (preset.name.clone(), *own));
        self.mark = Mark { preset: named, clean: Some(values) };
    }

    /// Which was loaded last.
    #[must_use]
    pub fn mark(&self) -> &Mark {
        &self.mark
    }

    /// Another one was, as undo and A/B have it.
    pub fn set_mark(&mut self, mark: Mark) {
        self.mark = mark;
    }

    /// The place of the preset that was loaded last.
    fn playing(&self) -> Option<usize> {
        self.mark.preset.as_ref().and_then(|(name, own)| self.place(name, *own))
    }

    /// Saves one of the user's own, in the place of one of the same name.
    ///
    /// # Errors
    /// [`PresetError`].
    pub fn save(&mut self, preset: &Preset, values: Values) -> Result<(), PresetError> {
        let folder = self.folder.as_ref().ok_or(PresetError::NoFolder)?;
        preset.save(&folder.join(file_name(&preset.name) + ".json"))?;
        self.read();
        // Saving is no edit: nothing takes it back.
        if let Some(n) = self.place(&preset.name, true) {
            self.loaded(n, values);
        }
        Ok(())
    }

    /// For the window. What no preset was loaded into began with the parameters' defaults.
    #[must_use]
    pub fn view(&self, values: &Values, defaults: &Values, instrument: &ModelReference) -> Presets {
        let saved_with = self.playing().and_then(|n| self.presets[n].0.model.as_ref());
        let dirty = differs(self.mark.clean.as_ref().unwrap_or(defaults), values)
            || saved_with.is_some_and(|model| model.sha256 != instrument.sha256);
        Presets { rows: Arc::clone(&self.rows), loaded: self.playing(), dirty }
    }
}

/// Those of the built-in instrument, by its name, so that they bring it back wherever they are chosen.
fn of_built_in() -> impl Iterator<Item = Preset> {
    static BUILT_IN: LazyLock<Option<ModelReference>> =
        LazyLock::new(|| ModelFile::built_in().ok().map(|model| ModelReference::to(&model)));
    factory().iter().map(|preset| Preset { model: BUILT_IN.clone(), ..preset.clone() })
}

/// Whether values differ by more than hosts' rounding.
fn differs(a: &Values, b: &Values) -> bool {
    a.iter().any(|(id, value)| b.get(id).is_none_or(|other| (other - value).abs() > 1e-5))
}

fn row(preset: &Preset, own: bool) -> PresetRow {
    PresetRow {
        name: preset.name.clone(),
        author: preset.author.clone(),
        about: preset.about.clone(),
        instrument: preset.model.as_ref().map_or_else(String::new, |model| model.name.clone()),
        own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::editor::gesture::tests::params;

    #[test]
    fn a_saved_preset_comes_first_is_loaded_and_gets_dirty() {
        let folder = tempfile::tempdir().unwrap();
        let mut library = Library::new(Some(folder.path().join("new")));
        let factory_count = library.presets.len();
        let mut values: Values = [("z1".to_owned(), 0.5)].into();
        let instrument = params().model_choice().reference();
        library.save(&Preset::of("Mine", "", &params()), values.clone()).unwrap();
        let view = library.view(&values, &Values::new(), &instrument);
        assert_eq!((view.rows.len(), view.loaded, view.dirty), (factory_count + 1, Some(0), false));
        assert_eq!((view.title(), view.rows[0].own), ("Mine", true));
        let other = ModelReference { sha256: "0".repeat(64), ..instrument.clone() };
        assert!(library.view(&values, &Values::new(), &other).dirty);
        values.insert("z1".into(), 0.6);
        assert!(library.view(&values, &Values::new(), &instrument).dirty);
    }

    #[test]
    fn what_no_preset_was_loaded_into_gets_dirty_when_it_leaves_the_defaults() {
        let library = Library::new(None);
        let instrument = params().model_choice().reference();
        let defaults: Values = [("z1".to_owned(), 0.5)].into();
        assert!(!library.view(&defaults, &defaults, &instrument).dirty);
        assert!(library.view(&[("z1".to_owned(), 0.6)].into(), &defaults, &instrument).dirty);
    }

    #[test]
    fn next_and_previous_go_around_within_an_instrument() {
        let mut library = Library::new(None);
        let instrument = library.presets[0].0.model.clone().unwrap();
        let last = factory().len() - 1;
        assert!(last + 1 < library.presets.len(), "other instruments have some, too");
        let beside = |library: &Library| (library.beside(1, &instrument), library.beside(-1, &instrument));
        assert_eq!(beside(&library), (Some(0), Some(last)));
        library.loaded(last, Values::new());
        assert_eq!(beside(&library), (Some(0), Some(last - 1)));
        library.loaded(last + 1, Values::new());
        assert_eq!(beside(&library), (Some(0), Some(last)), "of another instrument");
        let unknown = ModelReference { name: "Mine".into(), sha256: "0".into(), path: None };
        assert_eq!(library.beside(1, &unknown), None);
        assert!(library.save(&Preset::of("Mine", "", &params()), Values::new()).is_err(), "nowhere to save");
    }
}
