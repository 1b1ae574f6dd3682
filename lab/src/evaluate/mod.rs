//! `lab evaluate`: how good a run or an instrument file is, in numbers.
//!
//! All figures of reconstruction, fidelity and families are of recordings that training never saw. A module each:

pub mod families;
pub mod fidelity;
pub mod latent;
pub mod leak;
pub mod pitch;
pub mod prior;
pub mod reconstruction;
mod render;
pub mod smoothness;
mod subject;
pub mod sweeps;
mod text;
pub mod whistle;

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::features::FeatureSet;
use crate::run_error::RunError;

pub use families::Families;
pub use fidelity::Fidelity;
pub use latent::LatentSpace;
pub use leak::Leak;
pub use pitch::Pitch;
pub use prior::Prior;
pub use reconstruction::Reconstruction;
pub use smoothness::Smoothness;
pub use subject::{Encoding, Subject};
pub use sweeps::Sweeps;
pub use whistle::Whistle;

/// Measures a run or an instrument file.
#[derive(Clone, Debug, clap::Args)]
pub struct EvaluateArgs {
    /// A run's folder, or an instrument file. Of a file with its encoder beside it (NAME.encoder.onnx) all figures
    /// are measured
    pub model: PathBuf,
    /// A folder that `lab features` made: the one that the model was trained on, or one of other recordings, all of
    /// which then count as unseen. Where these name an instrument as the training did, its notes are takes of the
    /// same cells
    pub features: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// How much is measured.
    #[command(flatten)]
    pub effort: Effort,
}

/// How many sounds are made for the figures.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Effort {
    /// Timbres whose pitch is measured, at each note from 40 to 84
    #[arg(long, default_value_t = 20)]
    pub timbres: usize,
    /// Points drawn from the prior
    #[arg(long, default_value_t = 500)]
    pub prior_points: usize,
    /// Lines between training points along which steps are measured
    #[arg(long, default_value_t = 100)]
    pub lines: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self { timbres: 20, prior_points: 500, lines: 100 }
    }
}

/// All figures. What needs an encoder, or recordings that training never saw, is `None` without.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// What was measured.
    pub model: String,
    /// Errors of the spectrograms.
    pub reconstruction: Option<Reconstruction>,
    /// What is left of the attack, and of what one hears.
    pub fidelity: Option<Fidelity>,
    /// The same of the recordings' own spectrograms, made to sound: what a perfect decoder would reach.
    pub fidelity_limit: Option<Fidelity>,
    /// Pitch, through the whole chain to sound.
    pub pitch: Pitch,
    /// Whether neighbours are of a family.
    pub families: Option<Families>,
    /// What one hears along each coordinate.
    pub sweeps: Sweeps,
    /// What can be read of the pitch from z.
    pub leak: Leak,
    /// How the encodings lie.
    pub latent: LatentSpace,
    /// What points of the prior sound like.
    pub prior: Prior,
    /// How even the way from sound to sound is.
    pub smoothness: Smoothness,
    /// Whether a band stands out of its neighbours, whatever the note; `None` for a front end without bands that could.
    pub whistle: Option<Whistle>,
}

/// Measures and prints.
///
/// # Errors
/// [`RunError`] for a model or features that cannot be read or do not belong together.
pub fn run(args: &EvaluateArgs) -> Result<Evaluation, RunError> {
    let features = FeatureSet::load(&args.features)?;
    let evaluation = evaluate(&args.model, &features, args.effort)?;
    if args.json {
        println!("{}", evaluation.to_json());
    } else {
        print!("{evaluation}");
    }
    Ok(evaluation)
}

/// Measures the run in a folder, or an instrument file.
///
/// # Errors
/// [`RunError`] for a model that cannot be read or was not made of such features.
pub fn evaluate(model: &Path, features: &FeatureSet, effort: Effort) -> Result<Evaluation, RunError> {
    let mut subject = Subject::open(model, features)?;
    let encodings = subject.encodings(features)?;
    let unseen = subject.unseen(features)?;
    let rendered = match &unseen {
        Some(unseen) => Some(render::render(&mut subject, features, unseen)?),
        None => None,
    };
    let timbres = unseen.as_ref().map_or_else(
        || encodings.iter().map(|e| e.z).collect(),
        |unseen| unseen.iter().map(|note| note.z).collect::<Vec<_>>(),
    );
    Ok(Evaluation {
        model: model.display().to_string(),
        reconstruction: rendered
            .as_ref()
            .map(|r| reconstruction::measure(features, r, subject.is_trained_on_these())),
        fidelity: rendered.as_ref().map(|r| fidelity::measure(features, r)),
        fidelity_limit: rendered.as_ref().map(|r| fidelity::limit(features, r)),
        pitch: pitch::measure(&mut subject, features, rendered.as_deref(), &timbres, effort.timbres)?,
        families: unseen.as_ref().map(|unseen| families::measure(&encodings, unseen, features)),
        sweeps: sweeps::measure(&mut subject)?,
        leak: leak::measure(&encodings),
        latent: latent::measure(&encodings)?,
        prior: prior::measure(&mut subject, effort.prior_points)?,
        smoothness: smoothness::measure(&mut subject, &encodings, effort.lines)?,
        whistle: whistle::measure(&mut subject, rendered.as_deref())?,
    })
}

impl Evaluation {
    /// All figures as JSON; what is no number is `null`.
    ///
    /// # Panics
    /// Never: every field has a JSON form.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("every field has a JSON form")
    }
}

/// A bar for `len` sounds of one kind.
fn progress(what: &'static str, len: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:24} {bar:30} {pos}/{len} {eta}").expect("a valid template");
    ProgressBar::new(len as u64).with_style(style).with_message(what)
}
