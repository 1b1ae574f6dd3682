//! `lab export`: makes an instrument file of a run, and proves that it is the network that was trained.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::Deserialize;
use ukulelatent::model::card::{
    CARD_VERSION, Credit, LATENT_DIM, LatentAxis, METADATA_KEY, MapPoint, ModelCard, NoteRange,
};
use ukulelatent::model::decoder::Decoder as FileDecoder;
use ukulelatent::model::file::{ModelFile, Origin};
use ukulelatent::units::MidiNote;

use crate::checkpoint::write_atomically;
use crate::graph::decoder_graph;
use crate::latent_map::principal_plane;
use crate::material::pitch_of;
use crate::network::Decoder;
use crate::run::{LATENTS_NAME, Latent, Networks, RunRecord, read_json};
use crate::run_error::RunError;

/// Most by which any value of the file's spectrograms may differ from the network's.
pub const NETWORK_TOLERANCE: f32 = 1e-4;
/// Most by which a value may depend on how a decode is cut in chunks.
pub const CHUNK_TOLERANCE: f32 = 1e-6;
/// Notes that are compared.
const PROBES: usize = 6;
/// Lengths of the chunks that are compared with whole decodes.
const CHUNKS: [usize; 4] = [16, 32, 56, 96];
/// Latent coordinates are drawn from N(0, I): beyond three deviations there is nothing to learn from.
const AXIS_RANGE: [f32; 2] = [-3.0, 3.0];

/// Makes an instrument file of a run.
#[derive(Clone, Debug, clap::Args)]
pub struct ExportArgs {
    /// The run's folder
    pub run: PathBuf,
    /// The file to write
    pub model: PathBuf,
    /// The instrument's name
    #[arg(long, default_value = "Untitled")]
    pub name: String,
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
    /// What one hears along each coordinate
    #[arg(long, num_args = 4, value_name = "LABEL")]
    pub axes: Option<Vec<String>>,
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
    /// Largest difference from the network.
    pub network: f32,
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
    let agreement = prove(bytes, &networks.decoder, card, &args.model)?;
    write_atomically(&args.model, |path| fs::write(path, bytes).map_err(RunError::io(path, "write the model")))?;
    println!(
        "{}: {} bytes; differs from the network by at most {:.1e}, chunks from whole decodes by {:.1e}",
        args.model.display(),
        agreement.bytes,
        agreement.network,
        agreement.chunks
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
        let (networks, steps) = record.trained(&args.run)?;
        let latents: Vec<Latent> = read_json(&args.run.join(LATENTS_NAME), "the latent points of a run")?;
        let card = card(args, &record, &latents, steps)?;
        let graph = decoder_graph(&networks.decoder, &record.config.network)?;
        let bytes = graph.encode(&card.name, &[(METADATA_KEY, &card.to_json())]);
        Ok(Self { networks, card, bytes })
    }
}

fn card(args: &ExportArgs, record: &RunRecord, latents: &[Latent], steps: u64) -> Result<ModelCard, RunError> {
    let path = args.run.join(LATENTS_NAME);
    let notes = || latents.iter().map(|latent| latent.note);
    let (Some(lowest), Some(highest)) = (notes().min(), notes().max()) else {
        return Err(RunError::unexpected(&path, "the latent points of a run", "none"));
    };
    let credits = match &args.credits {
        None => Vec::new(),
        Some(path) => {
            let text = fs::read_to_string(path).map_err(RunError::io(path, "read the credits"))?;
            let credits: Credits = toml::from_str(&text)
                .map_err(|e| RunError::unexpected(path, "credits as [[credit]] tables", e))?;
            credits.credit
        }
    };
    let points: Vec<_> = latents.iter().map(|latent| latent.z).collect();
    let map = latents.iter().zip(principal_plane(&points));
    let label = |i: usize| args.axes.as_ref().map_or_else(|| format!("z{}", i + 1), |labels| labels[i].clone());
    let front_end = &record.front_end;
    let card = ModelCard {
        card_version: CARD_VERSION,
        name: args.name.clone(),
        author: args.author.clone(),
        description: args.description.clone(),
        licence: args.licence.clone(),
        sample_rate_hz: front_end.sample_rate_hz,
        geometry: front_end.geometry,
        mel: front_end.mel,
        amplitude: front_end.amplitude,
        frames: front_end.frames,
        context_frames: record.config.network.context_frames(),
        onset_sample: front_end.onset_sample,
        notes: NoteRange { lowest, highest },
        axes: std::array::from_fn(|i| LatentAxis { label: label(i), range: AXIS_RANGE }),
        map: map.map(|(l, xy)| MapPoint { z: l.z, xy, label: l.instrument.clone(), note: l.note }).collect(),
        credits,
        training: serde_json::json!({
            "program": record.program,
            "config": record.config,
            "data_sha256": record.data_sha256,
            "steps": steps,
            "notes": latents.len(),
        }),
    };
    Ok(card)
}

/// Runs the file as the plugin would and compares it with the network.
fn prove(bytes: &[u8], network: &Decoder, card: &ModelCard, path: &Path) -> Result<Agreement, RunError> {
    let refused = |reason: String| RunError::Model { path: path.to_owned(), reason };
    let file = ModelFile::from_bytes(Cow::Owned(bytes.to_vec()), Origin::File(path.to_owned()))
        .map_err(|e| refused(e.to_string()))?;
    let mut decoder = FileDecoder::new(&file).map_err(|e| refused(e.to_string()))?;
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let size = card.frames * card.mel.bands;
    let (mut whole, mut cut) = (vec![0.0; size], vec![0.0; size]);
    let mut agreement = Agreement { network: 0.0, chunks: 0.0, bytes: bytes.len() };
    for probe in 0..PROBES {
        let z: [f32; LATENT_DIM] = std::array::from_fn(|_| rng.sample(StandardNormal));
        let (lowest, highest) = (card.notes.lowest.number(), card.notes.highest.number());
        let note = lowest + ((highest - lowest) as usize * probe / (PROBES - 1)) as u8;
        let note = MidiNote::new(note).map_err(|e| refused(e.to_string()))?;
        decoder.decode(&z, note, 0..card.frames, &mut whole).map_err(|e| refused(e.to_string()))?;
        let latent = Tensor::from_slice(&z, (1, LATENT_DIM), &Device::Cpu)?;
        let want = network.forward(&latent, &[pitch_of(note)], 0..card.frames)?.flatten_all()?.to_vec1()?;
        agreement.network = agreement.network.max(largest_gap(&whole, &want));
        for chunk in CHUNKS {
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

/// Largest difference; infinite if a number is none.
fn largest_gap(a: &[f32], b: &[f32]) -> f32 {
    let gap = |(a, b): (&f32, &f32)| if (a - b).is_nan() { f32::INFINITY } else { (a - b).abs() };
    a.iter().zip(b).map(gap).fold(0.0, f32::max)
}
