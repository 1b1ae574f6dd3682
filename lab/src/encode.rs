//! `lab encode`: where recordings lie in the latent space of an instrument.

use std::path::{Path, PathBuf};

use serde::Serialize;
use ukulelatent::model::card::LATENT_DIM;
use ukulelatent::model::decoder::Decoder;
use ukulelatent::model::encoder::{Encoder, encoder_path};
use ukulelatent::model::file::ModelFile;
use ukulelatent::units::MidiNote;

use crate::dataset::{PitchLabel, Source};
use crate::features::{FrontEnd, SpectrogramMaker};
use crate::latent_map::Point;
use crate::recording::prepare;
use crate::refine::{Guess, Refiner};
use crate::run_error::RunError;

/// Prints the latent points of recordings: what to set z1 to z4 to for their timbre.
#[derive(Clone, Debug, clap::Args)]
pub struct EncodeArgs {
    /// The instrument file; its encoder, NAME.encoder.onnx, lies beside it
    pub model: PathBuf,
    /// Recordings of one note each: WAV, FLAC, AIFF, MP3 or Ogg
    #[arg(required = true)]
    pub recordings: Vec<PathBuf>,
    /// The MIDI note that they sound [default: measured]
    #[arg(long, value_name = "MIDI", value_parser = clap::value_parser!(u8).range(21..=104))]
    pub note: Option<u8>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Where a recording lies.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Placed {
    /// The recording.
    pub file: PathBuf,
    /// The note it sounds.
    pub note: MidiNote,
    /// Its latent point.
    pub z: [f32; LATENT_DIM],
}

/// Encodes and prints.
///
/// # Errors
/// [`RunError`] for an instrument without an encoder, and for a recording that cannot be used.
pub fn run(args: &EncodeArgs) -> Result<Vec<Placed>, RunError> {
    let placed = encode(args)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&placed).expect("every field has a JSON form"));
    } else {
        for Placed { file, note, z } in &placed {
            println!(
                "{}  MIDI {}  z {:+.3} {:+.3} {:+.3} {:+.3}",
                file.display(),
                note.number(),
                z[0],
                z[1],
                z[2],
                z[3]
            );
        }
    }
    Ok(placed)
}

/// Encodes the recordings that `args` names.
///
/// # Errors
/// [`RunError`] for an instrument without an encoder, and for a recording that cannot be used.
pub fn encode(args: &EncodeArgs) -> Result<Vec<Placed>, RunError> {
    let refused =
        |path: &Path, e: &dyn std::fmt::Display| RunError::Model { path: path.into(), reason: e.to_string() };
    let instrument = ModelFile::open(&args.model).map_err(|e| refused(&args.model, &e))?;
    let beside = encoder_path(&args.model);
    if !beside.is_file() {
        return Err(RunError::unexpected(
            &beside,
            "the instrument's encoder, as `lab export` writes it",
            "no file",
        ));
    }
    let mut decoder = Decoder::new(&instrument).map_err(|e| refused(&args.model, &e))?;
    let mut encoder = Encoder::open(&beside, &instrument).map_err(|e| refused(&beside, &e))?;
    let front_end = FrontEnd::of(&instrument.card);
    let refiner = Refiner::new(&front_end)?;
    let maker = SpectrogramMaker::new(&front_end);
    let size = front_end.frames * front_end.mel.bands;
    let mut decode = |notes: &[(Point, MidiNote)]| {
        let whole = |&(z, note): &(Point, MidiNote)| {
            let mut mel = vec![0.0; size];
            decoder.decode(&z, note, 0..front_end.frames, &mut mel).map(|()| mel)
        };
        notes.iter().map(whole).collect::<Result<Vec<_>, _>>()
    };
    let place = |path: &PathBuf| {
        let pitch = match args.note.and_then(|n| MidiNote::new(n).ok()) {
            Some(note) => PitchLabel::Manifest { note, cents: None },
            None => PitchLabel::Unknown,
        };
        let source = Source {
            path: path.clone(),
            file: path.display().to_string(),
            instrument: String::new(),
            family: String::new(),
            licence: String::new(),
            pitch,
        };
        let prepared = prepare(&source, &front_end, false)?;
        let note = prepared.pitch.note;
        let mel = maker.mel_of(&prepared.samples[..front_end.samples()]);
        let z = encoder.encode(&mel, note).map_err(|e| refused(&beside, &e))?;
        let found = refiner.refined(&[Guess { mel: &mel, note, z }], &mut decode);
        let [z] = found.map_err(|e| refused(&args.model, &e))?[..] else { unreachable!("one guess, one point") };
        Ok(Placed { file: path.clone(), note, z })
    };
    args.recordings.iter().map(place).collect()
}
