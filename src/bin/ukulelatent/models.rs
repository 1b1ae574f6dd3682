//! `models`: which instruments there are, and which one new instances of the plugin start with.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use ukulelatent::model::encoder::encoder_path;
use ukulelatent::model::file::Origin;
use ukulelatent::model::{Catalog, ModelFile, ModelReference};
use ukulelatent::settings::{self, Settings};

use crate::Outcome;
use crate::error::CliError;

/// What chooses the built-in model.
const BUILT_IN: &str = "built-in";
/// Characters of a hash that are shown, and that tell models apart.
const SHORT_HASH: usize = 12;

/// Which instruments, and what to do with them.
#[derive(clap::Args)]
pub struct Args {
    /// Have new instances of the plugin start with this one: a name, the beginning of a hash, a file, or `built-in`.
    /// Projects keep the models they were saved with
    #[arg(long = "use", value_name = "MODEL")]
    start_with: Option<String>,
    /// Copy an instrument file into the per-user model folder, where the plugin and its projects find it
    #[arg(long, value_name = "FILE")]
    add: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listing {
    user_folder: Option<String>,
    models: Vec<Row>,
    /// Files in the model folders that are no instruments, and why.
    refused: Vec<String>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    sha256: String,
    place: String,
    description: String,
    /// Whether new instances start with it.
    first: bool,
}

/// Adds, chooses, lists.
pub fn run(args: &Args) -> Result<Outcome, CliError> {
    let catalog = Catalog::standard();
    if let Some(path) = &args.add {
        add(path)?;
    }
    let built_in = ModelFile::built_in()?;
    let mut models = vec![Arc::clone(&built_in)];
    let mut refused = Vec::new();
    for found in catalog.models() {
        match found {
            Ok(model) if models.iter().all(|other| other.sha256 != model.sha256) => models.push(model),
            Ok(_) => {}
            Err(error) => refused.push(error.to_string()),
        }
    }
    let file =
        settings::file().ok_or_else(|| CliError::Choice("this system has no folder for settings".into()))?;
    let mut settings = Settings::read(&file)?;
    if let Some(wanted) = &args.start_with {
        settings.start_with = choose(wanted, &models)?;
        settings.write(&file)?;
    }
    let first = settings.start_with.as_ref().map_or(&built_in.sha256, |reference| &reference.sha256);
    let rows = models.iter().map(|model| Row {
        name: model.card.name.clone(),
        sha256: model.sha256.clone(),
        place: model.origin.to_string(),
        description: model.card.description.clone(),
        first: model.sha256 == *first,
    });
    let user_folder = Catalog::user_folder().map(|folder| folder.display().to_string());
    let listing = Listing { user_folder, models: rows.collect(), refused };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&listing).expect("every field has a JSON form"));
    } else {
        print(&listing, &settings);
    }
    Ok(Outcome::Done)
}

fn print(listing: &Listing, settings: &Settings) {
    for row in &listing.models {
        let mark = if row.first { '*' } else { ' ' };
        println!("{mark} {:<24} {}  {}", row.name, &row.sha256[..SHORT_HASH], row.place);
    }
    if let Some(gone) = settings.start_with.as_ref().filter(|_| listing.models.iter().all(|row| !row.first)) {
        println!("  new instances were to start with \"{}\", which is not there any more", gone.name);
    }
    for refusal in &listing.refused {
        println!("  not an instrument: {refusal}");
    }
    println!("* new instances of the plugin start with it");
    if let Some(folder) = &listing.user_folder {
        println!("your own models: {folder}");
    }
}

/// The reference to what `wanted` names; `None` for the built-in model.
fn choose(wanted: &str, models: &[Arc<ModelFile>]) -> Result<Option<ModelReference>, CliError> {
    if wanted.eq_ignore_ascii_case(BUILT_IN) {
        return Ok(None);
    }
    let stem = |model: &ModelFile| match &model.origin {
        Origin::File(path) => path.file_stem().map(|stem| stem.to_string_lossy().into_owned()),
        Origin::BuiltIn => None,
    };
    let named = |model: &&Arc<ModelFile>| {
        model.card.name.eq_ignore_ascii_case(wanted)
            || stem(model).is_some_and(|stem| stem.eq_ignore_ascii_case(wanted))
            || (wanted.len() >= 6 && model.sha256.starts_with(&wanted.to_ascii_lowercase()))
    };
    let found: Vec<_> = models.iter().filter(named).collect();
    let model = match found.as_slice() {
        [one] => Arc::clone(one),
        [] if Path::new(wanted).is_file() => ModelFile::open(Path::new(wanted))?,
        [] => {
            let known: Vec<&str> = models.iter().map(|model| model.card.name.as_str()).collect();
            let expected = format!("a model's name ({}), the beginning of its hash, or a file", known.join(", "));
            return Err(CliError::Choice(format!("--use: expected {expected}, got {wanted:?}")));
        }
        several => {
            let hashes: Vec<&str> = several.iter().map(|model| &model.sha256[..SHORT_HASH]).collect();
            let message =
                format!("--use: {wanted:?} is the name of several; choose by hash: {}", hashes.join(", "));
            return Err(CliError::Choice(message));
        }
    };
    let built_in = model.origin == Origin::BuiltIn;
    Ok((!built_in).then(|| ModelReference::to(&model)))
}

/// Copies an instrument, and its encoder if it has one, into the per-user folder. A file of that name with another
/// content stays as it is: projects may be playing it.
fn add(path: &Path) -> Result<(), CliError> {
    let model = ModelFile::open(path)?;
    let folder =
        Catalog::user_folder().ok_or_else(|| CliError::Choice("this system has no per-user folder".into()))?;
    let name = path.file_name().unwrap_or_default();
    let to = folder.join(name);
    if to.exists() && ModelFile::open(&to).is_ok_and(|there| there.sha256 != model.sha256) {
        let message = format!("{}: another model of that name is there; rename one", to.display());
        return Err(CliError::Choice(message));
    }
    let copy = |from: &Path, to: &Path| {
        let refused = |e: std::io::Error| CliError::Choice(format!("{}: cannot be written: {e}", to.display()));
        fs::create_dir_all(&folder).map_err(refused)?;
        let draft = to.with_extension("part");
        fs::copy(from, &draft).and_then(|_| fs::rename(&draft, to)).map_err(refused)
    };
    copy(path, &to)?;
    let encoder = encoder_path(path);
    if encoder.is_file() {
        copy(&encoder, &encoder_path(&to))?;
    }
    println!("{}: added", to.display());
    Ok(())
}
