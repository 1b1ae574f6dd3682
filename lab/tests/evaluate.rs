//! The figures of runs and of instrument files.

mod tiny;
mod trained;

use std::collections::BTreeSet;
use std::fs;

use lab::axes;
use lab::evaluate::evaluate;
use lab::export::{self, ExportArgs};
use lab::split::{Cell, Split, cell};
use tempfile::tempdir;
use trained::{QUICK, args, trained};
use ukulelatent::model::encoder::encoder_path;

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
fn of_other_recordings_the_cells_that_training_knows_are_told_apart() {
    let folder = tempdir().unwrap();
    let (mut features, run) = trained(folder.path());
    let model = folder.path().join("tiny.onnx");
    export::run(&args(&run, &model)).unwrap();
    let split: Split = lab::run::read_json(&run.join("split.json"), "a split").unwrap();
    let trained: BTreeSet<Cell> = split.train.iter().map(|&i| cell(&features.entries[i])).collect();
    // As if somebody had recorded all of it again, and three notes on an instrument of their own.
    features.data_sha256 = "1".repeat(64);
    features.entries.iter_mut().take(3).for_each(|entry| entry.instrument = "another".into());
    let known = features.entries.iter().filter(|entry| trained.contains(&cell(entry))).count();
    assert!(known > 0 && known + 3 < features.entries.len());
    for path in [&run, &model] {
        let of = evaluate(path, &features, QUICK).unwrap().reconstruction.unwrap();
        let notes = [of.all, of.seen_cells, of.unseen_cells].map(|errors| errors.notes);
        assert_eq!(notes, [features.entries.len(), known, features.entries.len() - known]);
        // The natural mix of a set that nobody split is the set.
        assert!((of.natural_mix.mse - of.all.mse).abs() < 1e-9, "{of:?}");
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
