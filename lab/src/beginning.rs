//! How a run begins: with the record that its folder holds, or a new one, and with the weights of another.

use std::collections::BTreeSet;
use std::path::Path;

use crate::checkpoint;
use crate::config::TrainConfig;
use crate::features::FeatureSet;
use crate::run::{AVERAGE_PREFIX, Networks, RUN_NAME, RunRecord, SPLIT_NAME, read_json};
use crate::run_error::RunError;
use crate::split::Split;

/// The record of the run in `folder`, which must be of this configuration and these features, or a new one.
pub(crate) fn record_of(
    folder: &Path,
    config: TrainConfig,
    features: &FeatureSet,
    start: Option<&Path>,
) -> Result<RunRecord, RunError> {
    let Some(found) = RunRecord::find(folder)? else {
        return RunRecord::new(config, features).starting_from(start);
    };
    found.check_features(folder, features)?;
    if found.config != config {
        let toml = |c: &TrainConfig| toml::to_string(c).unwrap_or_default();
        let expected = format!("the configuration it was started with:\n{}", toml(&found.config));
        return Err(RunError::unexpected(&folder.join(RUN_NAME), expected, format!("\n{}", toml(&config))));
    }
    Ok(found)
}

/// Gives fresh networks the averaged weights of the run in `folder`, where names and shapes are the same. The adversary
/// has no average.
pub(crate) fn start_from(folder: &Path, networks: &Networks, split: &Split) -> Result<(), RunError> {
    let known: Split = read_json(&folder.join(SPLIT_NAME), "the split of a run")?;
    let learnt: BTreeSet<&String> = known.train.iter().filter_map(|i| known.files.get(i)).collect();
    let apart = || split.held_out.iter().chain(&split.validation).filter_map(|i| split.files.get(i));
    if let Some(file) = apart().find(|file| learnt.contains(file)) {
        let got = format!("it was trained on {file}");
        return Err(RunError::unexpected(folder, "a run that knows nothing of what this one keeps apart", got));
    }
    let path = folder.join(checkpoint::CHECKPOINT_NAME);
    let none = || RunError::unexpected(&path, "a checkpoint written by `lab train`", "no such file");
    let tensors = checkpoint::load(folder)?.ok_or_else(none)?;
    let fitting = networks.parameters.load_fitting(&tensors, AVERAGE_PREFIX)?;
    networks.adversary_parameters.load_fitting(&tensors, "network.")?;
    println!("{}: {fitting} of {} tensors fit", folder.display(), networks.parameters.iter().count());
    Ok(())
}
