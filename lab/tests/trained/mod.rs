//! A tiny run, and how it is exported and measured.

use std::path::{Path, PathBuf};

use lab::config::TrainConfig;
use lab::evaluate::Effort;
use lab::export::{ExportArgs, Imprint};
use lab::features::FeatureSet;
use lab::training::Run;

use super::tiny;

/// What tests have the time for.
pub const QUICK: Effort = Effort { timbres: 1, prior_points: 40, lines: 8 };

pub fn trained(folder: &Path) -> (FeatureSet, PathBuf) {
    trained_with(&tiny::config(), folder)
}

pub fn trained_with(config: &TrainConfig, folder: &Path) -> (FeatureSet, PathBuf) {
    let features = tiny::features(&folder.join("features"));
    let out = folder.join("run");
    let mut run = Run::open(config.clone(), &features, Path::new("features"), &out).unwrap();
    (0..40).for_each(|_| run.step().unwrap());
    run.save().unwrap();
    (features, out)
}

pub fn args(run: &Path, model: &Path) -> ExportArgs {
    ExportArgs {
        run: run.to_owned(),
        model: model.to_owned(),
        name: "Tiny".into(),
        imprint: Imprint {
            author: "A test".into(),
            description: "Plucks.".into(),
            licence: "CC0-1.0".into(),
            credits: None,
        },
        axes: None,
    }
}
