//! `lab export`: makes an instrument file of a run, and its encoder's beside it, and proves that they are the networks
//! that were trained.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::Deserialize;
use ukulelatent::model::card::{CARD_VERSION, Credit, LATENT_DIM, METADATA_KEY, MapPoint, ModelCard, NoteRange};
use ukulelatent::model::decoder::Decoder as FileDecoder;
use ukulelatent::model::encoder::{ENCODER_OF_KEY, Encoder as FileEncoder, encoder_path};
use ukulelatent::model::file::{ModelFile, Origin};
use ukulelatent::units::MidiNote;

use crate::axes::Axes;
use crate::checkpoint::write_atomically;
use crate::latent_map::{Point, t_sne};
use crate::material::pitch_of;
use crate::network::AnyDecoder;
use crate::run::{LATENTS_NAME, Latent, Networks, RunRecord, read_json};
use crate::run_error::RunError;

/// Most by which any value of the file's spectrograms may differ from the network's.
pub const NETWORK_TOLERANCE: f32 = 1e-4;
/// Most by which any coordinate that the encoder's file gives may differ from the network's: the prior's deviation is 1.
pub const ENCODER_TOLERANCE: f32 = 1e-3;
/// Most by which a value may depend on how a decode is cut in chunks.
pub const CHUNK_TOLERANCE: f32 = 1e-6;
/// Notes that are compared.
const PROBES: usize = 6;
/// Lengths of the chunks that are compared with whole decodes.
const CHUNKS: [usize; 4] = [16, 32, 56, 96];

/// Makes an instrument file of a run, and beside it its encoder, `NAME.encoder.onnx`.
#[derive(Clone, Debug, clap::Args)]
pub struct ExportArgs {
    /// The run's folder
    pub run: PathBuf,
    /// The file to write
    pub model: PathBuf,
    /// The instrument's name
    #[arg(long, default_value = "Untitled")]
    pub name: String,
    /// What the card says of it.
    #[command(flatten)]
    pub imprint: Imprint,
    /// What one hears along each coordinate [default: what `lab axes` found]
    #[arg(long, num_args = 4, value_name = "LABEL")]
    pub axes: Option<Vec<String>>,
}

/// Who made an instrument, and what may be done with it: of `lab export` and of `lab new`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Imprint {
    /// Who trained it
    #[arg(long, default_value = "")]
    pub author: String,
    /// One or two sentences
    #[arg(long, default_value = "")]
    pub description: String,
    /// Licence of the instrument, an SPDX expression
    #[arg(long, default_value = "")]
    pub licence: String,
    /// Whom to thank for the recordings: TOML, a table `[[credit]]` for each with work, author, licence, url
    #[arg(long, value_name = "FILE.toml")]
    pub credits: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credits {
    #[serde(default)]
    credit: Vec<Credit>,
}

/// How well an exported file agrees with the network and with itself.
#[derive(Clone, Copy, Debug)]
pub struct Agreement {
    /// Largest difference of the decoder from the network.
    pub network: f32,
    /// Largest difference of the encoder's coordinates from the network's.
    pub encoder: f32,
    /// Largest difference between whole and cut decodes.
    pub chunks: f32,
    /// Size of the file.
    pub bytes: usize,
}

/// Exports a run.
///
/// # Errors
/// [`RunError`] for a run that cannot be read, a file that cannot be written, and for a graph that disagrees with the
/// network; then nothing is written.
pub fn run(args: &ExportArgs) -> Result<Agreement, RunError> {
    let instrument = Instrument::of(args)?;
    let Instrument { networks, card, bytes } = &instrument;
    let refused = |reason: String| RunError::Model { path: args.model.clone(), reason };
    let file = ModelFile::from_bytes(Cow::Owned(bytes.clone()), Origin::File(args.model.clone()))
        .map_err(|e| refused(e.to_string()))?;
    let mut agreement = prove(&file, &networks.decoder, &args.model)?;
    let beside = encoder_path(&args.model);
    let graph = networks.encoder_graph(card.frames, card.mel.bands)?;
    let encoder = graph.encode(&card.name, &[(ENCODER_OF_KEY, &file.sha256)]);
    agreement.encoder = prove_encoder(&encoder, &file, networks, &beside)?;
    for (path, bytes) in [(&args.model, bytes), (&beside, &encoder)] {
        write_atomically(path, |path| fs::write(path, bytes).map_err(RunError::io(path, "write the model")))?;
    }
    println!(
        "{}: {} bytes; differs from the network by at most {:.1e}, chunks from whole decodes by {:.1e}",
        args.model.display(),
        agreement.bytes,
        agreement.network,
        agreement.chunks
    );
    println!(
        "{}: {} bytes; differs from the network by at most {:.1e}",
        beside.display(),
        encoder.len(),
        agreement.encoder
    );
    Ok(agreement)
}

/// An instrument file, not yet proven and not yet written.
pub struct Instrument {
    /// What it was made of.
    pub networks: Networks,
    /// What it says of itself.
    pub card: ModelCard,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Instrument {
    /// Encodes what `args` name.
    ///
    /// # Errors
    /// [`RunError`] for a run or credits that cannot be read.
    pub fn of(args: &ExportArgs) -> Result<Self, RunError> {
        let record = RunRecord::read(&args.run)?;
        let (networks, axes, steps) = record.trained(&args.run)?;
        let mut latents: Vec<Latent> = read_json(&args.run.join(LATENTS_NAME), "the latent points of a run")?;
        latents.iter_mut().for_each(|latent| latent.z = axes.transform.apply(&latent.z));
        let card = card(args, &record, &latents, &axes, steps)?;
        let graph = networks.decoder_graph(&record.config.network)?;
        let bytes = graph.encode(&card.name, &[(METADATA_KEY, &card.to_json())]);
        Ok(Self { networks, card, bytes })
    }
}

fn card(
    args: &ExportArgs,
    record: &RunRecord,
    latents: &[Latent],
    axes: &Axes,
    steps: u64,
) -> Result<ModelCard, RunError> {
    let path = args.run.join(LATENTS_NAME);
    let notes = || latents.iter().map(|latent| latent.note);
    let (Some(lowest), Some(highest)) = (notes().min(), notes().max()) else {
        return Err(RunError::unexpected(&path, "the latent points of a run", "none"));
    };
    let points: Vec<_> = latents.iter().map(|latent| latent.z).collect();
    let map = latents.iter().zip(t_sne(&points));
    let mut axes = axes.labels();
    for (axis, label) in axes.iter_mut().zip(args.axes.iter().flatten()) {
        axis.label.clone_from(label);
    }
    let front_end = &record.front_end;
    let card = ModelCard {
        card_version: CARD_VERSION,
        name: args.name.clone(),
        author: args.imprint.author.clone(),
        description: args.imprint.description.clone(),
        licence: args.imprint.licence.clone(),
        sample_rate_hz: front_end.sample_rate_hz,
        geometry: front_end.geometry,
        mel: front_end.mel,
        amplitude: front_end.amplitude,
        frames: front_end.frames,
        context_frames: record.config.network.context_frames(),
        onset_sample: front_end.onset_sample,
        notes: NoteRange { lowest, highest },
        axes,
        map: map.map(|(l, xy)| MapPoint { z: l.z, xy, label: l.instrument.clone(), note: l.note }).collect(),
        credits: credits(args.imprint.credits.as_deref())?,
        training: serde_json::json!({
            "program": record.program,
            "config": record.config,
            "data_sha256": record.data_sha256,
            "steps": steps,
            "notes": latents.len(),
            "start": record.start,
        }),
    };
    Ok(card)
}

fn credits(path: Option<&Path>) -> Result<Vec<Credit>, RunError> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let text = fs::read_to_string(path).map_err(RunError::io(path, "read the credits"))?;
    let credits: Credits =
        toml::from_str(&text).map_err(|e| RunError::unexpected(path, "credits as [[credit]] tables", e))?;
    Ok(credits.credit)
}

/// Points of the prior at notes over the whole range.
fn probes(card: &ModelCard) -> Result<Vec<(Point, MidiNote)>, RunError> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let (lowest, highest) = (card.notes.lowest.number(), card.notes.highest.number());
    let probe = |probe: usize| {
        let note = lowest + ((highest - lowest) as usize * probe / (PROBES - 1)) as u8;
        let note = MidiNote::new(note).map_err(|e| candle_core::Error::Msg(e.to_string()))?;
        Ok((std::array::from_fn(|_| rng.sample(StandardNormal)), note))
    };
    (0..PROBES).map(probe).collect()
}

/// Runs the file as the plugin would and compares it with the network.
fn prove(file: &ModelFile, network: &AnyDecoder, path: &Path) -> Result<Agreement, RunError> {
    let refused = |reason: String| RunError::Model { path: path.to_owned(), reason };
    let card = &file.card;
    let mut decoder = FileDecoder::new(file).map_err(|e| refused(e.to_string()))?;
    let size = card.frames * card.mel.bands;
    let (mut whole, mut cut) = (vec![0.0; size], vec![0.0; size]);
    let mut agreement = Agreement { network: 0.0, encoder: 0.0, chunks: 0.0, bytes: file.bytes().len() };
    for (z, note) in probes(card)? {
        decoder.decode(&z, note, 0..card.frames, &mut whole).map_err(|e| refused(e.to_string()))?;
        let latent = Tensor::from_slice(&z, (1, LATENT_DIM), &Device::Cpu)?;
        let want = network.forward(&latent, &[pitch_of(note)], 0..card.frames)?.flatten_all()?.to_vec1()?;
        agreement.network = agreement.network.max(largest_gap(&whole, &want));
        for chunk in CHUNKS.into_iter().filter(|_| file.chunked) {
            for start in (0..card.frames).step_by(chunk) {
                let range = start..(start + chunk).min(card.frames);
                let part = &mut cut[range.start * card.mel.bands..range.end * card.mel.bands];
                decoder.decode(&z, note, range, part).map_err(|e| refused(e.to_string()))?;
            }
            agreement.chunks = agreement.chunks.max(largest_gap(&whole, &cut));
        }
    }
    let differ = |what, expected, got| RunError::Disagrees { path: path.to_owned(), what, expected, got };
    if agreement.network > NETWORK_TOLERANCE {
        return Err(differ("the file and the network", NETWORK_TOLERANCE, agreement.network));
    }
    if agreement.chunks > CHUNK_TOLERANCE {
        return Err(differ("chunks and whole decodes", CHUNK_TOLERANCE, agreement.chunks));
    }
    Ok(agreement)
}

/// Runs the encoder's file on spectrograms that the decoder makes, and compares it with the network.
fn prove_encoder(bytes: &[u8], file: &ModelFile, networks: &Networks, path: &Path) -> Result<f32, RunError> {
    let refused = |reason: String| RunError::Model { path: path.to_owned(), reason };
    let mut encoder =
        FileEncoder::from_bytes(bytes, Origin::File(path.to_owned()), file).map_err(|e| refused(e.to_string()))?;
    let mut gap = 0.0f32;
    for (z, note) in probes(&file.card)? {
        let pitch = [pitch_of(note)];
        let z = Tensor::from_slice(&z, (1, LATENT_DIM), &Device::Cpu)?;
        let mel = networks.decoder.forward(&z, &pitch, 0..file.card.frames)?;
        let want = networks.encoder.forward(&mel, &pitch)?.flatten_all()?.to_vec1()?;
        let mel = mel.flatten_all()?.to_vec1::<f32>()?;
        let got = encoder.encode(&mel, note).map_err(|e| refused(e.to_string()))?;
        gap = gap.max(largest_gap(&got, &want));
    }
    if gap > ENCODER_TOLERANCE {
        let what = "the encoder's file and the network";
        return Err(RunError::Disagrees { path: path.to_owned(), what, expected: ENCODER_TOLERANCE, got: gap });
    }
    Ok(gap)
}

/// Largest difference; infinite if a number is none.
fn largest_gap(a: &[f32], b: &[f32]) -> f32 {
    let gap = |(a, b): (&f32, &f32)| if (a - b).is_nan() { f32::INFINITY } else { (a - b).abs() };
    a.iter().zip(b).map(gap).fold(0.0, f32::max)
}
