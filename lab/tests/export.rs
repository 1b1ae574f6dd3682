//! From a tiny run to an instrument file and its figures.

mod tiny;

use std::fs;
use std::path::{Path, PathBuf};

use lab::config::TrainConfig;
use lab::evaluate::evaluate;
use lab::export::{self, CHUNK_TOLERANCE, ExportArgs, NETWORK_TOLERANCE};
use lab::features::FeatureSet;
use lab::network::NetworkConfig;
use lab::split::Split;
use lab::training::Run;
use tempfile::tempdir;
use ukulelatent::model::file::ModelFile;

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
        author: "A test".into(),
        description: "Plucks.".into(),
        licence: "CC0-1.0".into(),
        credits: None,
        axes: None,
    }
}

#[test]
fn the_file_is_the_network_and_its_card_says_what_it_was_made_of() {
    let folder = tempdir().unwrap();
    let (features, run) = trained(folder.path());
    let (model, credits) = (folder.path().join("tiny.onnx"), folder.path().join("credits.toml"));
    fs::write(&credits, "[[credit]]\nwork = \"Plucks\"\nauthor = \"A sine\"\nlicence = \"CC0-1.0\"\n").unwrap();
    let args = ExportArgs { credits: Some(credits), ..args(&run, &model) };
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
    let parts: [(&str, fn(&mut NetworkConfig)); 4] = [
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
    let model = folder.path().join("tiny.onnx");
    export::run(&args(&run, &model)).unwrap();
    let (of_run, of_file) = (evaluate(&run, &features).unwrap(), evaluate(&model, &features).unwrap());
    let held_out = of_run.held_out.unwrap();
    let split: Split = lab::run::read_json(&run.join("split.json"), "a split").unwrap();
    assert_eq!(held_out.all.notes, split.held_out.len());
    assert_eq!(held_out.seen_cells.notes + held_out.unseen_cells.notes, held_out.all.notes);
    assert!(held_out.all.r2 < 1.0 && held_out.all.mse > 0.0);
    assert!(of_file.held_out.is_none(), "a file has no encoder");
    assert_eq!(of_run.latent.notes, of_file.latent.notes);
    assert!((of_run.latent.mmd - of_file.latent.mmd).abs() < 1e-6);
    for (a, b) in of_run.latent.sensitivity.iter().zip(of_file.latent.sensitivity) {
        assert!(*a > 0.0 && (a - b).abs() < 1e-4, "{a} {b}");
    }
    assert_eq!(of_run.pitch_prior.notes, 10 * 45);
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
    let text = message(ExportArgs { credits: Some(credits), ..args(&run, &model) });
    assert!(text.contains("credits.toml") && text.contains("expected"), "{text}");

    let text = message(args(&run, &folder.path().join("no/such/folder/tiny.onnx")));
    assert!(text.contains("tiny.onnx") && text.contains("cannot"), "{text}");
    assert!(!model.exists(), "nothing is written when something is wrong");
}
