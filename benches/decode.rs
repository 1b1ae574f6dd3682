//! What a decode costs: processor time of one thread, for whole notes and for the first 16 frames, with both backends.
//!
//! `cargo bench --bench decode` prints a table and writes `target/bench/decode.json`. It measures the built-in instrument and
//! those in `models/`; `-- FILE.onnx ...` measures these files instead, each beside the first of them. Decodes of all instruments alternate, so
//! that what else the machine does hits them alike.
//!
//! A process has one inference backend: each is measured in a child process, ONNX Runtime where a library is found
//! (`UKULELATENT_ONNXRUNTIME`, or one beside this program).

#[path = "support/mod.rs"]
mod support;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use ukulelatent::model::backend::{Backend, BackendKind};
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::model::decoder::Decoder;
use ukulelatent::model::file::Origin;
use ukulelatent::model::{Catalog, ModelError, ModelFile};
use ukulelatent::units::MidiNote;

use support::{Clock, as_a_child, cpu_time, finish, in_a_child, is_asked, write};

/// Decodes of each kind that are measured, after some that warm the caches.
const ROUNDS: u8 = 100;
const WARM_UP: u8 = 5;
/// The chunk that a note begins with.
const FIRST_FRAMES: usize = 16;

fn main() {
    if !is_asked() {
        return;
    }
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    finish(as_a_child(|| measure(&arguments)).unwrap_or_else(compare));
}

/// What to measure: the files that were named, else the built-in instrument and the others in `models/`.
fn instruments(arguments: &[String]) -> Result<Vec<Arc<ModelFile>>, ModelError> {
    if !arguments.is_empty() {
        return arguments.iter().map(|argument| ModelFile::open(Path::new(argument))).collect();
    }
    let mut instruments = vec![ModelFile::built_in()?];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    for model in Catalog::of(vec![folder]).models() {
        let model = model?;
        if model.sha256 != instruments[0].sha256 {
            instruments.push(model);
        }
    }
    Ok(instruments)
}

/// Both backends, each in a process of its own.
fn compare() -> Result<(), String> {
    let mut report = serde_json::Map::new();
    for kind in [BackendKind::OnnxRuntime, BackendKind::Embedded] {
        let measured = in_a_child(kind)?;
        table(kind, &measured);
        report.insert(kind.name().into(), measured);
    }
    write("decode", &Value::Object(report))
}

fn table(kind: BackendKind, measured: &Value) {
    let Some(models) = measured["models"].as_array() else {
        println!("\n{}: {}", kind.name(), measured["missing"].as_str().unwrap_or_default());
        return;
    };
    let ms = |value: &Value| format!("{:7.2} {:7.2}", number(&value["least"]), number(&value["median"]));
    println!("\n{}: milliseconds of one thread, least and median of {ROUNDS}", kind.name());
    println!("{:40} {:>15} {:>15} {:>12}", "", "whole note", "first 16 frames", "times first");
    for model in models {
        let (whole, first) = (ms(&model["whole_ms"]), ms(&model["first_ms"]));
        let ratio = number(&model["whole_ms"]["least"]) / number(&models[0]["whole_ms"]["least"]);
        println!("{:40} {whole} {first} {ratio:12.2}", model["model"].as_str().unwrap_or_default());
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

/// Decodes of one instrument.
struct Subject {
    model: Arc<ModelFile>,
    decoder: Decoder,
    mel: Vec<f32>,
    whole_ms: Vec<f64>,
    first_ms: Vec<f64>,
}

impl Subject {
    fn new(model: Arc<ModelFile>) -> Result<Self, String> {
        let decoder = Decoder::new(&model).map_err(|error| error.to_string())?;
        let mel = vec![0.0; model.card.frames * model.card.mel.bands];
        Ok(Self { model, decoder, mel, whole_ms: Vec::new(), first_ms: Vec::new() })
    }

    /// Processor time of one decode, in milliseconds.
    fn decode_ms(&mut self, note: MidiNote, z: [f32; LATENT_DIM], wanted: Range<usize>) -> Result<f64, String> {
        let range = self.decoder.granted(wanted);
        let mel = &mut self.mel[..range.len() * self.model.card.mel.bands];
        let began = cpu_time(Clock::Thread);
        self.decoder.decode(&z, note, range, mel).map_err(|error| error.to_string())?;
        Ok((cpu_time(Clock::Thread) - began).as_secs_f64() * 1e3)
    }

    fn round(&mut self, round: u8) -> Result<(), String> {
        let (lowest, highest) = (self.model.card.notes.lowest.number(), self.model.card.notes.highest.number());
        let key = lowest + round % (highest - lowest + 1);
        let note = MidiNote::new(key).map_err(|error| error.to_string())?;
        let z = [f32::from(round % 7) / 3.0 - 1.0, f32::from(round % 11) / 5.0 - 1.0, 0.0, 0.0];
        let frames = self.model.card.frames;
        let whole = self.decode_ms(note, z, 0..frames)?;
        let first = self.decode_ms(note, z, 0..FIRST_FRAMES.min(frames))?;
        if round >= WARM_UP {
            self.whole_ms.push(whole);
            self.first_ms.push(first);
        }
        Ok(())
    }

    fn report(mut self) -> Value {
        let name = match &self.model.origin {
            Origin::BuiltIn => "built in".to_owned(),
            Origin::File(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        };
        let [whole_ms, first_ms] = [&mut self.whole_ms, &mut self.first_ms].map(|times| {
            times.sort_by(f64::total_cmp);
            json!({ "least": times[0], "median": times[times.len() / 2] })
        });
        json!({ "model": name, "frames": self.model.card.frames, "whole_ms": whole_ms, "first_ms": first_ms })
    }
}

/// Decodes of all instruments in turns, with this process's backend.
fn measure(arguments: &[String]) -> Result<Value, String> {
    let instruments = instruments(arguments).map_err(|error| error.to_string())?;
    let mut subjects: Vec<Subject> = instruments.into_iter().map(Subject::new).collect::<Result<_, _>>()?;
    for round in 0..WARM_UP + ROUNDS {
        for subject in &mut subjects {
            subject.round(round)?;
        }
    }
    let backend = Backend::get()?;
    let library = backend.library.as_ref().map(|path| path.display().to_string());
    let models: Vec<Value> = subjects.into_iter().map(Subject::report).collect();
    Ok(json!({ "backend": backend.kind.name(), "library": library, "rounds": ROUNDS, "models": models }))
}
