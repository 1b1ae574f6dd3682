//! `info`: what would play, and why.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use ukulelatent::model::backend::{Backend, BackendKind};
use ukulelatent::model::card::ModelCard;
use ukulelatent::model::decoder::Decoder;
use ukulelatent::model::{Catalog, ModelFile};

use crate::Outcome;
use crate::error::CliError;

/// What to tell about.
#[derive(clap::Args)]
pub struct Args {
    /// An ONNX file with a model card [default: the built-in model]
    #[arg(value_name = "MODEL")]
    model: Option<PathBuf>,
    /// What is to run the model [default: an ONNX Runtime if there is one, else the embedded one]
    #[arg(long)]
    backend: Option<BackendKind>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// All there is to tell.
#[derive(Serialize)]
struct Info<'a> {
    version: &'static str,
    backend: BackendInfo,
    model_folders: Vec<String>,
    /// What the plugin had to say lately, the latest last.
    notices: Vec<String>,
    model: ModelInfo<'a>,
}

#[derive(Serialize)]
struct BackendInfo {
    kind: BackendKind,
    library: Option<String>,
    because: String,
    cuda_refusal: Option<String>,
}

#[derive(Serialize)]
struct ModelInfo<'a> {
    origin: String,
    sha256: &'a str,
    /// Whether a note can be decoded piece by piece.
    chunked: bool,
    card: &'a ModelCard,
}

/// Opens the model, starts it, and tells.
pub fn run(args: &Args) -> Result<Outcome, CliError> {
    if let Some(kind) = args.backend {
        Backend::require(kind).map_err(CliError::Backend)?;
    }
    let model: Arc<ModelFile> = match &args.model {
        Some(path) => ModelFile::open(path)?,
        None => ModelFile::built_in()?,
    };
    // Only a session shows whether the backend takes the model, and whether CUDA starts.
    Decoder::new(&model)?;
    let backend = Backend::get().map_err(CliError::Backend)?;
    let catalog = Catalog::standard();
    let info = Info {
        version: env!("CARGO_PKG_VERSION"),
        backend: BackendInfo {
            kind: backend.kind,
            library: backend.library.as_ref().map(|path| path.display().to_string()),
            because: backend.because.clone(),
            cuda_refusal: backend.cuda_refusal(),
        },
        model_folders: catalog.folders().iter().map(|folder| folder.display().to_string()).collect(),
        notices: ukulelatent::notices::recent(),
        model: ModelInfo {
            origin: model.origin.to_string(),
            sha256: &model.sha256,
            chunked: model.chunked,
            card: &model.card,
        },
    };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&info).expect("every field has a JSON form"));
    } else {
        print!("{}", text(&info));
    }
    Ok(Outcome::Done)
}

/// Lines of a name and a value, the values below each other.
struct Table(String);

impl Table {
    fn row(&mut self, name: &str, value: impl std::fmt::Display) {
        writeln!(self.0, "{name:<16}{value}").expect("a string takes everything");
    }

    /// Several values under one name.
    fn rows(&mut self, name: &str, values: impl IntoIterator<Item = String>) {
        let mut name = name;
        for value in values {
            self.row(name, value);
            name = "";
        }
    }
}

fn text(info: &Info<'_>) -> String {
    let mut table = Table(String::new());
    table.row("ukulelatent", info.version);
    let backend = &info.backend;
    table.row("backend", format_args!("{} ({})", backend.kind.name(), backend.because));
    if let Some(library) = &backend.library {
        table.row("library", library);
    }
    if let Some(refusal) = &backend.cuda_refusal {
        table.row("CUDA", format_args!("refused, the CPU is used: {refusal}"));
    }
    table.rows("model folders", info.model_folders.iter().cloned());
    table.0.push('\n');
    if !info.notices.is_empty() {
        table.rows("the plugin said", info.notices.iter().cloned());
        table.0.push('\n');
    }
    table.row("model", &info.model.origin);
    table.row("SHA-256", info.model.sha256);
    describe_card(&mut table, info.model.card, info.model.chunked);
    table.0
}

fn describe_card(table: &mut Table, card: &ModelCard, chunked: bool) {
    let rate_hz = card.sample_rate_hz.hz();
    table.row("name", &card.name);
    table.row("author", &card.author);
    table.row("licence", &card.licence);
    table.row("description", &card.description);
    table.row("sample rate", format_args!("{rate_hz} Hz"));
    table.row(
        "note",
        format_args!(
            "{} frames of {} samples, {} apart: {:.2} s{}",
            card.frames,
            card.geometry.fft_size,
            card.geometry.hop,
            card.sample_rate_hz.seconds(card.samples()),
            if chunked { ", decoded in pieces" } else { ", decoded whole" },
        ),
    );
    table.row("onset", format_args!("sample {}", card.onset_sample));
    let mel = card.mel;
    table.row("mel", format_args!("{} bands, {} to {} Hz", mel.bands, mel.low_hz, mel.high_hz));
    let (lowest, highest) = (card.notes.lowest, card.notes.highest);
    table.row(
        "range",
        format_args!("{} to {} (MIDI {} to {})", lowest, highest, lowest.number(), highest.number()),
    );
    let axes = card.axes.iter().enumerate();
    table.rows(
        "axes",
        axes.map(|(n, axis)| format!("z{} {} ({} to {})", n + 1, axis.label, axis.range[0], axis.range[1])),
    );
    table.row("map", format_args!("{} training sounds", card.map.len()));
    let credits = card.credits.iter();
    table.rows("credits", credits.map(|c| format!("{}, {}, {} {}", c.work, c.author, c.licence, c.url)));
}
