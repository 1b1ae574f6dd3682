//! `lab train`: makes a run out of features.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::config::TrainConfig;
use crate::features::FeatureSet;
use crate::live::Live;
use crate::run::RunRecord;
use crate::run_error::RunError;
use crate::training::Run;

const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);

/// Trains a model on a feature folder, or goes on with a run that was stopped.
#[derive(Clone, Debug, clap::Args)]
pub struct TrainArgs {
    /// The folder that `lab features` made
    pub features: PathBuf,
    /// The run's folder: made if it is not there, continued if it is
    pub out: PathBuf,
    /// Configuration; without it the run's own, or else the defaults
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
    /// Steps to train
    #[arg(long)]
    pub steps: Option<u64>,
    /// Where all random draws start from
    #[arg(long)]
    pub seed: Option<u64>,
    /// Start a new run from the weights of another, as far as they fit
    #[arg(long, value_name = "RUN")]
    pub start: Option<PathBuf>,
    /// Threads for the spectrograms; the steps' own are set by RAYON_NUM_THREADS [default: all]
    #[arg(long)]
    pub threads: Option<usize>,
}

/// Trains to the end.
///
/// # Errors
/// [`RunError`] for features, a configuration or a run that cannot be used, and for a loss that is no number.
pub fn run(args: &TrainArgs) -> Result<(), RunError> {
    if let Some(threads) = args.threads {
        // Fails only where a pool is running already: then that one serves.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    }
    let features = FeatureSet::load(&args.features)?;
    let mut config = match (&args.config, RunRecord::find(&args.out)?) {
        (Some(path), _) => TrainConfig::read(path)?,
        (None, Some(record)) => record.config,
        (None, None) => TrainConfig::default(),
    };
    config.steps = args.steps.unwrap_or(config.steps);
    config.seed = args.seed.unwrap_or(config.seed);
    let mut run = Run::open_from(args.start.as_deref(), config, &features, &args.features, &args.out)?;
    to_the_end(&mut run)
}

/// Makes all steps that a run has left, with a display of its losses and a checkpoint every minute: whatever stops it costs
/// a minute at most.
///
/// # Errors
/// [`RunError`] for a loss that is no number, and for a checkpoint that cannot be written.
pub fn to_the_end(run: &mut Run) -> Result<(), RunError> {
    let mut live = Live::new(run);
    let mut saved = Instant::now();
    while run.step < run.record.config.steps {
        run.step()?;
        live.show(run);
        if saved.elapsed() >= CHECKPOINT_EVERY {
            run.save()?;
            saved = Instant::now();
        }
    }
    run.save()
}
