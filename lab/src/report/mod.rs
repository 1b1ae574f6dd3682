//! The report of a run: its figures, and pictures of what it learnt, as one HTML page with its PNG files beside it.

mod drawing;
mod page;
mod pictures;

use std::fs;
use std::path::{Path, PathBuf};

use crate::checkpoint::write_atomically;
use crate::curves::PNG_NAME;
use crate::evaluate::{Effort, Evaluation, Subject, evaluate};
use crate::features::FeatureSet;
use crate::run::RunRecord;
use crate::run_error::RunError;

/// The page.
pub const PAGE_NAME: &str = "report.html";
/// All figures, as `lab evaluate --json` prints them.
pub const FIGURES_NAME: &str = "figures.json";
/// Recordings beside their reconstructions.
pub const RECONSTRUCTIONS_NAME: &str = "reconstructions.png";
/// The training recordings on the plane.
pub const MAP_NAME: &str = "map.png";
/// Spectrograms along each axis.
pub const AXES_NAME: &str = "axes.png";

/// Writes a report of a run: figures and pictures, report.html.
#[derive(Clone, Debug, clap::Args)]
pub struct ReportArgs {
    /// The run's folder
    pub run: PathBuf,
    /// The folder that `lab features` made, the one that the model was trained on
    pub features: PathBuf,
    /// The folder to write the report into
    pub out: PathBuf,
    /// The instrument's name
    #[arg(long, default_value = "Untitled")]
    pub name: String,
    /// How much is measured.
    #[command(flatten)]
    pub effort: Effort,
}

/// Measures and writes.
///
/// # Errors
/// [`RunError`] for a run or features that cannot be read, and for a folder that cannot be written.
pub fn run(args: &ReportArgs) -> Result<PathBuf, RunError> {
    let features = FeatureSet::load(&args.features)?;
    let evaluation = evaluate(&args.run, &features, args.effort)?;
    let page = write(&args.run, &features, &evaluation, &args.name, &args.out)?;
    println!("{}", page.display());
    Ok(page)
}

/// Writes the report of the run in `run` into the folder `out`; returns the page's path.
///
/// # Errors
/// [`RunError`] for a run that cannot be read, and for a folder that cannot be written.
pub fn write(
    run: &Path,
    features: &FeatureSet,
    evaluation: &Evaluation,
    name: &str,
    out: &Path,
) -> Result<PathBuf, RunError> {
    fs::create_dir_all(out).map_err(RunError::io(out, "make the report's folder"))?;
    let record = RunRecord::read(run)?;
    let mut subject = Subject::open(run, features)?;
    let curves = run.join(PNG_NAME);
    if curves.is_file() {
        let to = out.join(PNG_NAME);
        fs::copy(&curves, &to).map_err(RunError::io(&to, "write the curves"))?;
    }
    pictures::reconstructions(&mut subject, features, &out.join(RECONSTRUCTIONS_NAME))?;
    pictures::map(&mut subject, features, &out.join(MAP_NAME))?;
    pictures::axes(&mut subject, &out.join(AXES_NAME))?;
    let text = |path: PathBuf, text: String| {
        write_atomically(&path, |new| fs::write(new, &text).map_err(RunError::io(new, "write the report")))?;
        Ok::<_, RunError>(path)
    };
    text(out.join(FIGURES_NAME), evaluation.to_json() + "\n")?;
    let page = page::Page { name, record: &record, features, evaluation, folder: out };
    text(out.join(PAGE_NAME), page.html())
}
