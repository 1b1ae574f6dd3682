//! The presets that can be loaded: those that come with the instrument, and the user's own.

use std::path::PathBuf;
use std::sync::Arc;

use super::gesture::Values;
use super::view::{PresetRow, Presets};
use crate::preset::{Preset, PresetError, all_factory, file_name};

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
        self.presets = own.chain(all_factory().map(|preset| (preset.clone(), false))).collect();
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

    /// The place this many further than the one that was loaded last, around the ends.
    #[must_use]
    pub fn beside(&self, step: isize) -> Option<usize> {
        let count = isize::try_from(self.presets.len()).ok().filter(|count| *count > 0)?;
        let from = self.playing().and_then(|n| isize::try_from(n).ok()).unwrap_or(if step > 0 { -1 } else { 0 });
        usize::try_from((from + step).rem_euclid(count)).ok()
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

    /// For the window.
    #[must_use]
    pub fn view(&self, values: &Values) -> Presets {
        let dirty = self.mark.clean.as_ref().is_some_and(|clean| differs(clean, values));
        Presets { rows: Arc::clone(&self.rows), loaded: self.playing(), dirty }
    }
}

/// Whether values differ by more than hosts' rounding.
fn differs(a: &Values, b: &Values) -> bool {
    a.iter().any(|(id, value)| b.get(id).is_none_or(|other| (other - value).abs() > 1e-5))
}

fn row(preset: &Preset, own: bool) -> PresetRow {
    PresetRow { name: preset.name.clone(), author: preset.author.clone(), about: preset.about.clone(), own }
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
        library.save(&Preset::of("Mine", "", &params()), values.clone()).unwrap();
        let view = library.view(&values);
        assert_eq!((view.rows.len(), view.loaded, view.dirty), (factory_count + 1, Some(0), false));
        assert_eq!((view.title(), view.rows[0].own), ("Mine", true));
        values.insert("z1".into(), 0.6);
        assert!(library.view(&values).dirty);
    }

    #[test]
    fn next_and_previous_go_around() {
        let mut library = Library::new(None);
        let last = library.presets.len() - 1;
        assert_eq!((library.beside(1), library.beside(-1)), (Some(0), Some(last)));
        library.loaded(last, Values::new());
        assert_eq!((library.beside(1), library.beside(-1)), (Some(0), Some(last - 1)));
        assert!(library.save(&Preset::of("Mine", "", &params()), Values::new()).is_err(), "nowhere to save");
    }
}
