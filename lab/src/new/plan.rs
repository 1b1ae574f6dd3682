//! How long to train on how many recordings.

use super::NewArgs;
use crate::config::TrainConfig;
use crate::features::FeatureSet;
use crate::run_error::RunError;
use crate::split::split;
use ukulelatent::units::MidiNote;

/// The number of recordings that the default steps are for.
const USUAL_NOTES: f64 = 800.0;
/// Steps grow with the root of the number of recordings, by at most this factor either way.
const MOST_TIMES: f64 = 4.0;

/// The configuration of a new run: the one asked for, or the defaults, for all notes that models can name, with steps that
/// suit the number of recordings.
///
/// # Errors
/// [`RunError`] for a configuration that cannot be read.
pub fn config(args: &NewArgs, features: &FeatureSet) -> Result<TrainConfig, RunError> {
    let mut config = match &args.config {
        Some(path) => TrainConfig::read(path)?,
        None => suited(features.entries.len()),
    };
    config.seed = args.seed;
    config.steps = args.steps.unwrap_or(config.steps);
    let learnt = split(&features.entries, &config.data).train.len();
    // A few recordings train in smaller batches, each in it once; none at all are counted where the run is opened.
    config.batch = config.batch.min(learnt.max(2));
    config.loss.placed = config.loss.placed.min(learnt.saturating_sub(config.batch));
    Ok(config)
}

fn suited(notes: usize) -> TrainConfig {
    let mut config = TrainConfig::default();
    let times = (notes as f64 / USUAL_NOTES).sqrt().clamp(1.0 / MOST_TIMES, MOST_TIMES);
    config.steps = (config.steps as f64 * times).round() as u64;
    config.data.lowest = MidiNote::LOWEST_ENCODED.number();
    config.data.highest = config.data.lowest + (MidiNote::OCTAVES * MidiNote::SEMITONES) as u8 - 1;
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_grow_slower_than_the_recordings() {
        let default = TrainConfig::default().steps;
        assert_eq!(suited(800).steps, default);
        assert_eq!(suited(3200).steps, 2 * default);
        assert_eq!(suited(1).steps, default / 4);
        assert_eq!(suited(1_000_000).steps, 4 * default);
    }
}
