//! The instruments that can be chosen: the one inside, those in the model folders, and those opened lately.

use std::path::Path;
use std::sync::Arc;

use super::instrument::Instrument;
use super::view::{ModelRow, Models};
use crate::link::ModelChoice;
use crate::model::file::Origin;
use crate::model::{Catalog, ModelError, ModelFile, ModelReference};
use crate::settings::Settings;

/// Instruments opened lately that are remembered.
const RECENT: usize = 8;

/// The list, and the instrument that plays.
pub struct Shelf {
    catalog: Catalog,
    references: Vec<ModelReference>,
    rows: Arc<Vec<ModelRow>>,
    /// Why the last one was refused.
    pub refusal: Option<String>,
    generation: Option<u64>,
    instrument: Arc<Instrument>,
}

impl Shelf {
    /// With the instruments of a catalogue.
    #[must_use]
    pub fn new(catalog: Catalog) -> Self {
        Self {
            catalog,
            references: Vec::new(),
            rows: Arc::default(),
            refusal: None,
            generation: None,
            instrument: Arc::default(),
        }
    }

    /// Looks again which instruments there are. Opens files: for when somebody wants to see them.
    pub fn read(&mut self, settings: &Settings) {
        let mut found: Vec<(ModelReference, String)> = Vec::new();
        let mut add = |model: &ModelFile| {
            if found.iter().all(|(known, _)| known.sha256 != model.sha256) {
                let place = match &model.origin {
                    Origin::BuiltIn => "built in".into(),
                    Origin::File(path) => path.display().to_string(),
                };
                found.push((ModelReference::to(model), place));
            }
        };
        if let Ok(model) = ModelFile::built_in() {
            add(&model);
        }
        for model in self.catalog.models().into_iter().flatten() {
            add(&model);
        }
        for recent in
            settings.recent.iter().filter(|recent| recent.path.as_ref().is_some_and(|path| path.exists()))
        {
            if found.iter().all(|(known, _)| known.sha256 != recent.sha256) {
                let place = recent.path.as_ref().map_or_else(String::new, |path| path.display().to_string());
                found.push((recent.clone(), place));
            }
        }
        let row = |(reference, place): &(ModelReference, String)| ModelRow {
            name: reference.name.clone(),
            place: place.clone(),
            plays: false,
        };
        self.rows = Arc::new(found.iter().map(row).collect());
        self.references = found.into_iter().map(|(reference, _)| reference).collect();
    }

    /// The instrument at this place of the list.
    #[must_use]
    pub fn get(&self, n: usize) -> Option<&ModelReference> {
        self.references.get(n)
    }

    /// Opens a file, and remembers it; one that is no instrument is refused, and what plays goes on.
    ///
    /// # Errors
    /// [`ModelError`], which is shown, too.
    pub fn open(&mut self, path: &Path, settings: &mut Settings) -> Result<ModelReference, ModelError> {
        match ModelFile::open(path) {
            Ok(model) => {
                let reference = ModelReference::to(&model);
                settings.recent.retain(|recent| recent.sha256 != reference.sha256);
                settings.recent.insert(0, reference.clone());
                settings.recent.truncate(RECENT);
                self.refusal = None;
                self.read(settings);
                Ok(reference)
            }
            Err(error) => {
                self.refusal = Some(error.to_string());
                Err(error)
            }
        }
    }

    /// The instrument that plays, as it is shown. What has not changed is not looked at again.
    pub fn instrument(&mut self, choice: &ModelChoice) -> Arc<Instrument> {
        if self.generation != Some(choice.generation())
            && let Ok(chosen) = choice.resolve()
        {
            self.generation = Some(chosen.generation);
            if self.instrument.sha256 != chosen.model.sha256 {
                self.instrument = Arc::new(Instrument::of(&chosen.model));
            }
        }
        Arc::clone(&self.instrument)
    }

    /// For the window.
    #[must_use]
    pub fn view(&self, settings: &Settings) -> Models {
        let plays = &self.instrument.sha256;
        let mut rows = Arc::clone(&self.rows);
        if self.references.iter().zip(rows.iter()).any(|(known, row)| row.plays != (known.sha256 == *plays)) {
            for (row, reference) in Arc::make_mut(&mut rows).iter_mut().zip(&self.references) {
                row.plays = reference.sha256 == *plays;
            }
        }
        let starts = settings.start_with.as_ref().map(|reference| &reference.sha256);
        let built_in = ModelFile::built_in().is_ok_and(|model| model.sha256 == *plays);
        Models {
            rows,
            refusal: self.refusal.clone(),
            folder: Catalog::user_folder(),
            starts_new: starts.map_or(built_in, |sha256| sha256 == plays),
        }
    }
}
