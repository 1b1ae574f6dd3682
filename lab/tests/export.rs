//! From a tiny run to an instrument file and its figures.

mod tiny;

use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use lab::axes::{self, Axes};
use lab::config::TrainConfig;
use lab::dataset::{PitchLabel, Source};
use lab::encode::{EncodeArgs, encode};
use lab::evaluate::{Effort, evaluate};
use lab::export::{self, CHUNK_TOLERANCE, ExportArgs, Imprint, NETWORK_TOLERANCE};
use lab::features::FeatureSet;
use lab::latent_map::Point;
use lab::network::{Architecture, NetworkConfig};
use lab::recording::prepare;
use lab::refine::{Guess, Refiner};
use lab::run::{Networks, RunRecord};
use lab::split::Split;
use lab::training::Run;
use tempfile::tempdir;
use ukulelatent::model::encoder::encoder_path;
use ukulelatent::model::file::ModelFile;
use ukulelatent::units::MidiNote;

fn trained(folder: &Path) -> (FeatureSet, PathBuf) {
    trained_with(&tiny::config(), folder)
}

fn trained_with(config: &TrainConfig, folder: &Path) -> (FeatureSet, PathBuf) {
    let features = tiny::features(&folder.join("features"));
    let out = folder.join("run");
    let mut run = Run::open(config.clone(), &features, Path::new("features"), &out).unwrap();
    (0..40).for_each(|_| run.step().unwrap());
    run.save().unwrap();
    (features, out)
}

fn args(run: &Path, model: &Path) -> ExportArgs {
    ExportArgs {
        run: run.to_owned(),
        model: model.to_owned(),
        name: "Tiny".into(),
        imprint: Imprint {
            author: "A test".into(),
            description: "Plucks.".into(),
            licence: "CC0-1.0".into(),
            credits: None,
        },
        axes: None,
    }
}

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

const QUICK: Effort = Effort { timbres: 1, prior_points: 40, lines: 8 };

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
fn run_and_file_get_the_same_figures() {
    let folder = tempdir().unwrap();
    let (features, run) = trained(folder.path());
    axes::find(&run, &features).unwrap();
    let model = folder.path().join("tiny.onnx");
    export::run(&args(&run, &model)).unwrap();
    let of_run = evaluate(&run, &features, QUICK).unwrap();
    let of_file = evaluate(&model, &features, QUICK).unwrap();
    let (a, b) = (of_run.reconstruction.unwrap(), of_file.reconstruction.unwrap());
    let split: Split = lab::run::read_json(&run.join("split.json"), "a split").unwrap();
    assert_eq!(a.all.notes, split.held_out.len());
    assert_eq!(a.seen_cells.notes + a.unseen_cells.notes, a.all.notes);
    assert!(a.all.r2 < 1.0 && a.all.mse > 0.0);
    assert!((a.encoder_alone.mse - b.encoder_alone.mse).abs() < 1e-6, "{a:?} {b:?}");
    // Rounding decides some steps of a search that has little to gain, as in a network that has learnt nothing.
    assert!((a.all.mse - b.all.mse).abs() < 1e-3 * a.all.mse, "{a:?} {b:?}");
    assert_eq!(of_run.latent.notes, features.entries.len());
    // Rounding moves refined points a little.
    let (run_mmd, file_mmd) = (of_run.latent.mmd, of_file.latent.mmd);
    assert!((run_mmd - file_mmd).abs() < 1e-3, "{run_mmd} {file_mmd}");
    assert_eq!(of_run.pitch.prior.notes, 45);
    assert_eq!(of_run.pitch.own_note.unwrap().notes, a.all.notes);
    for (a, b) in of_run.sweeps.coordinates.iter().zip(&of_file.sweeps.coordinates) {
        assert!(a.sensitivity > 0.0 && (a.sensitivity - b.sensitivity).abs() < 1e-4, "{a:?} {b:?}");
        assert_eq!((&a.label, a.range), (&b.label, b.range));
    }
    // The refined points were whitened. In the new coordinates the pull towards the guess is another one: a network that
    // has learnt something has deviations of 1 again, this one has not.
    let moments = |of: &lab::evaluate::Evaluation| [of.latent.mean, of.latent.deviation].concat();
    for (a, b) in moments(&of_run).into_iter().zip(moments(&of_file)) {
        assert!((a - b).abs() < 1e-2, "{:?} {:?}", of_run.latent, of_file.latent);
    }
    let json: serde_json::Value = serde_json::from_str(&of_run.to_json()).unwrap();
    for path in
        ["/reconstruction/natural_mix/r2", "/fidelity/attack_median_db", "/leak/quadratic", "/prior/broken"]
    {
        assert!(json.pointer(path).is_some_and(|value| value.is_number()), "{path}");
    }
}

#[test]
fn an_instrument_without_its_encoder_is_measured_as_far_as_it_goes() {
    let folder = tempdir().unwrap();
    let (features, run) = trained(folder.path());
    let model = folder.path().join("tiny.onnx");
    export::run(&args(&run, &model)).unwrap();
    fs::remove_file(encoder_path(&model)).unwrap();
    let evaluation = evaluate(&model, &features, QUICK).unwrap();
    assert!(evaluation.reconstruction.is_none() && evaluation.families.is_none());
    let split: Split = lab::run::read_json(&run.join("split.json"), "a split").unwrap();
    assert_eq!(evaluation.latent.notes, split.train.len());
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
fn an_encoder_of_another_instrument_is_refused() {
    let folder = tempdir().unwrap();
    let (features, run) = trained(folder.path());
    let (model, other) = (folder.path().join("tiny.onnx"), folder.path().join("other.onnx"));
    export::run(&args(&run, &model)).unwrap();
    export::run(&ExportArgs { name: "Other".into(), ..args(&run, &other) }).unwrap();
    fs::copy(encoder_path(&other), encoder_path(&model)).unwrap();
    let message = evaluate(&model, &features, QUICK).unwrap_err().to_string();
    assert!(message.contains("tiny.encoder.onnx") && message.contains("SHA-256"), "{message}");
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
