//! From a tiny run to an instrument file and its figures.

mod tiny;
mod trained;

use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use lab::axes::{self, Axes};
use lab::dataset::{PitchLabel, Source};
use lab::encode::{EncodeArgs, encode};
use lab::evaluate::evaluate;
use lab::export::{self, CHUNK_TOLERANCE, ExportArgs, Imprint, NETWORK_TOLERANCE};
use lab::latent_map::Point;
use lab::network::{Architecture, NetworkConfig};
use lab::recording::prepare;
use lab::refine::{Guess, Refiner};
use lab::run::{Networks, RunRecord};
use lab::split::Split;
use lab::training::Run;
use tempfile::tempdir;
use trained::{QUICK, args, trained, trained_with};
use ukulelatent::model::encoder::encoder_path;
use ukulelatent::model::file::ModelFile;
use ukulelatent::units::MidiNote;

fn credited(args: ExportArgs, credits: PathBuf) -> ExportArgs {
    ExportArgs { imprint: Imprint { credits: Some(credits), ..args.imprint }, ..args }
}

#[test]
fn the_file_is_the_network_and_its_card_says_what_it_was_made_of() {
    let folder = tempdir().unwrap();
    let (features, run) = trained(folder.path());
    let (model, credits) = (folder.path().join("tiny.onnx"), folder.path().join("credits.toml"));
    fs::write(&credits, "[[credit]]\nwork = \"Plucks\"\nauthor = \"A sine\"\nlicence = \"CC0-1.0\"\n").unwrap();
    let args = credited(args(&run, &model), credits);
    let agreement = export::run(&args).unwrap();
    assert!(agreement.network <= NETWORK_TOLERANCE && agreement.chunks <= CHUNK_TOLERANCE, "{agreement:?}");

    let card = &ModelFile::open(&model).unwrap().card;
    let front_end = &features.front_end;
    assert_eq!((card.frames, card.mel, card.geometry), (front_end.frames, front_end.mel, front_end.geometry));
    assert_eq!(card.context_frames, 4 * (1 + 2));
    assert_eq!((card.name.as_str(), card.credits[0].author.as_str()), ("Tiny", "A sine"));
    let split: Split = lab::run::read_json(&run.join("split.json"), "a split").unwrap();
    assert_eq!(card.map.len(), split.train.len());
    assert_eq!(card.training["steps"], 40);
    assert_eq!(card.training["data_sha256"], "0".repeat(64));
}

#[test]
fn every_part_that_a_decoder_can_have_is_exported() {
    type Add = fn(&mut NetworkConfig);
    let parts: [(&str, Add); 4] = [
        ("partials", |n| n.partials = 6),
        ("spectra", |n| n.spectra = 2),
        ("pitch_table", |n| n.pitch_table = true),
        ("all", |n| (n.partials, n.spectra, n.pitch_table, n.hats) = (5, 3, true, 6)),
    ];
    for (name, add) in parts {
        let folder = tempdir().unwrap();
        let mut config = tiny::config();
        add(&mut config.network);
        let (_, run) = trained_with(&config, folder.path());
        let agreement = export::run(&args(&run, &folder.path().join("tiny.onnx"))).unwrap();
        assert!(agreement.network <= NETWORK_TOLERANCE && agreement.chunks <= CHUNK_TOLERANCE, "{name}");
    }
}

#[test]
fn turned_axes_change_no_sound_and_go_with_their_run() {
    let folder = tempdir().unwrap();
    let (features, run) = trained(folder.path());
    let record = RunRecord::read(&run).unwrap();
    let (before, _) = record.as_trained(&run).unwrap();
    let axes = axes::find(&run, &features).unwrap();
    assert_eq!(axes.axes.len(), 4);
    assert!(axes.axes.windows(2).all(|pair| pair[0].sensitivity >= 0.9 * pair[1].sensitivity), "{axes:?}");
    let (after, found, _) = record.trained(&run).unwrap();
    assert_eq!(found, axes);

    let z = [0.7f32, -1.2, 0.1, 1.9];
    let decode = |networks: &Networks, z: &[f32; 4]| {
        let z = Tensor::from_slice(z, (1, 4), &Device::Cpu).unwrap();
        networks.decoder.forward(&z, &[39], 0..20).unwrap()
    };
    let (plain, turned) = (decode(&before, &z), decode(&after, &axes.transform.apply(&z)));
    let gap = |a: &Tensor, b: &Tensor| {
        let gap = (a - b).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
        gap.to_scalar::<f32>().unwrap()
    };
    assert!(gap(&plain, &turned) < 1e-4, "{}", gap(&plain, &turned));
    assert!(gap(&plain, &decode(&after, &z)) > 1e-3, "the axes were turned at all");

    let point = |networks: &Networks| -> [f32; 4] {
        let z = networks.encoder.forward(&plain, &[39]).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        z.try_into().unwrap()
    };
    let want = axes.transform.apply(&point(&before));
    for (got, want) in point(&after).iter().zip(want) {
        assert!((got - want).abs() < 1e-3, "{got} {want}");
    }

    // A run that goes on leaves its axes behind.
    let mut going_on = Run::open(tiny::config(), &features, Path::new("features"), &run).unwrap();
    going_on.step().unwrap();
    going_on.save().unwrap();
    assert_eq!(record.trained(&run).unwrap().1, Axes::of_training());
}

#[test]
fn a_recording_finds_its_place_in_an_instrument() {
    let folder = tempdir().unwrap();
    let (features, run) = trained(folder.path());
    let model = folder.path().join("tiny.onnx");
    export::run(&args(&run, &model)).unwrap();
    let entry = &features.entries[3];
    let recording = folder.path().join("features").join(&entry.aligned);
    let args = EncodeArgs { model, recordings: vec![recording], note: Some(entry.note.number()), json: false };
    let placed = encode(&args).unwrap();
    let (networks, ..) = RunRecord::read(&run).unwrap().trained(&run).unwrap();
    let source = Source {
        path: args.recordings[0].clone(),
        file: entry.file.clone(),
        instrument: String::new(),
        family: String::new(),
        licence: String::new(),
        pitch: PitchLabel::Manifest { note: entry.note, cents: None },
    };
    let prepared = prepare(&source, &tiny::front_end(), false).unwrap();
    let mel = features.mel_of(&prepared.samples[..tiny::front_end().samples()]);
    let pitch = u32::from(entry.note.number() - 21);
    let input = Tensor::from_slice(&mel, (1, 20, 48), &Device::Cpu).unwrap();
    let guess = networks.encoder.forward(&input, &[pitch]).unwrap().flatten_all().unwrap();
    let z = guess.to_vec1::<f32>().unwrap().try_into().unwrap();
    // What the files say is what the network says, which is moved to where its decoder comes nearest.
    let decode = |(z, _): &(Point, MidiNote)| {
        let z = Tensor::from_slice(z, (1, 4), &Device::Cpu)?;
        networks.decoder.forward(&z, &[pitch], 0..20)?.flatten_all()?.to_vec1::<f32>()
    };
    let mut decode =
        |notes: &[(Point, MidiNote)]| notes.iter().map(decode).collect::<candle_core::Result<Vec<_>>>();
    let refiner = Refiner::new(&tiny::front_end()).unwrap();
    let want = refiner.refined(&[Guess { mel: &mel, note: entry.note, z }], &mut decode).unwrap()[0];
    for (got, want) in placed[0].z.iter().zip(want) {
        // The logarithm of a nearly silent onset magnifies what rounding does, and four steps of an untaught network are long.
        assert!((got - want).abs() < 2e-2 * (1.0 + want.abs()), "{got} {want}");
    }

    fs::remove_file(encoder_path(&args.model)).unwrap();
    let message = encode(&args).unwrap_err().to_string();
    assert!(message.contains("tiny.encoder.onnx") && message.contains("expected"), "{message}");
}

#[test]
fn the_networks_of_2019_train_export_and_play() {
    let folder = tempdir().unwrap();
    let mut config = tiny::config();
    config.network.architecture = Architecture::Paper;
    (config.batch, config.loss.adversary) = (4, 0.0);
    let features = tiny::features(&folder.path().join("features"));
    let run_folder = folder.path().join("run");
    let mut run = Run::open(config, &features, Path::new("features"), &run_folder).unwrap();
    (0..4).for_each(|_| run.step().unwrap());
    let first = run.validate().unwrap();
    (0..10).for_each(|_| run.step().unwrap());
    run.save().unwrap();
    let last = run.validate().unwrap();
    assert!(last < first, "{first} {last}");

    let model = folder.path().join("paper.onnx");
    let agreement = export::run(&args(&run_folder, &model)).unwrap();
    assert!(agreement.network <= NETWORK_TOLERANCE, "{agreement:?}");
    let file = ModelFile::open(&model).unwrap();
    assert!(!file.chunked && file.card.context_frames == 0);
    let evaluation = evaluate(&model, &features, QUICK).unwrap();
    assert!(evaluation.reconstruction.unwrap().all.mse < 0.5);
}

#[test]
fn what_cannot_be_exported_is_named() {
    let folder = tempdir().unwrap();
    let (_, run) = trained(folder.path());
    let model = folder.path().join("tiny.onnx");
    let message = |args: ExportArgs| export::run(&args).unwrap_err().to_string();

    let text = message(args(folder.path(), &model));
    assert!(text.contains("run.json") && text.contains("expected"), "{text}");

    let credits = folder.path().join("credits.toml");
    fs::write(&credits, "[[credit]]\nauthor = 3\n").unwrap();
    let text = message(credited(args(&run, &model), credits));
    assert!(text.contains("credits.toml") && text.contains("expected"), "{text}");

    let text = message(args(&run, &folder.path().join("no/such/folder/tiny.onnx")));
    assert!(text.contains("tiny.onnx") && text.contains("cannot"), "{text}");
    assert!(!model.exists(), "nothing is written when something is wrong");
}
