//! Files that are no instruments, and projects whose instrument is somewhere else. Each message is read.

mod support;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use nice_plug::prelude::Params;
use onnx_rs::ast::{DataType, Dimension, Model, TensorShape, TensorShapeDimension, TypeValue, ValueInfo};
use support::{Dice, built_in, key};
use ukulelatent::link::ModelChoice;
use ukulelatent::model::card::{METADATA_KEY, ModelCard};
use ukulelatent::model::decoder::Decoder;
use ukulelatent::model::file::Origin;
use ukulelatent::model::{Catalog, ModelFile, ModelReference};
use ukulelatent::params::UkulelatentParams;
use ukulelatent::preset::{all_factory, factory, factory_of_other_models};

/// Why these bytes are refused.
fn refusal(bytes: &[u8]) -> String {
    let opened = ModelFile::from_bytes(Cow::Owned(bytes.to_vec()), Origin::File("bad.onnx".into()));
    opened.err().expect("no instrument").to_string()
}

/// The built-in file, written again with a change.
fn altered(change: impl FnOnce(&mut Model<'_>)) -> Vec<u8> {
    let original = built_in();
    let mut model = onnx_rs::parse(original.bytes()).expect("the built-in model is ONNX");
    change(&mut model);
    onnx_rs::encode(&model)
}

/// The built-in file with another text for a card.
fn with_card_text(text: &str) -> Vec<u8> {
    let original = built_in();
    let mut model = onnx_rs::parse(original.bytes()).expect("the built-in model is ONNX");
    for entry in model.metadata_props.iter_mut().filter(|entry| entry.key == METADATA_KEY) {
        entry.value = text;
    }
    onnx_rs::encode(&model)
}

/// The built-in file with a changed card.
fn with_card(change: impl FnOnce(&mut ModelCard)) -> Vec<u8> {
    let mut card = built_in().card.clone();
    change(&mut card);
    with_card_text(&card.to_json())
}

/// An instrument of another name, and so of another hash, that sounds like the built-in one.
fn named(name: &str) -> Vec<u8> {
    with_card(|card| card.name = name.into())
}

fn set_type(value: &mut ValueInfo<'_>, kind: DataType, sizes: &[usize]) {
    let inner = value.r#type.as_mut().and_then(|inner| inner.value.as_mut());
    let Some(TypeValue::Tensor(tensor)) = inner else { panic!("{}: no tensor", value.name) };
    let dim = |&size: &usize| TensorShapeDimension { value: Dimension::Value(size as i64), denotation: "" };
    tensor.elem_type = kind;
    tensor.shape = Some(TensorShape { dim: sizes.iter().map(dim).collect() });
}

fn input<'a, 'm>(model: &'a mut Model<'m>, name: &str) -> &'a mut ValueInfo<'m> {
    let graph = model.graph.as_mut().expect("a graph");
    graph.input.iter_mut().find(|input| input.name == name).expect("such an input")
}

fn output<'a, 'm>(model: &'a mut Model<'m>, name: &str) -> &'a mut ValueInfo<'m> {
    let graph = model.graph.as_mut().expect("a graph");
    graph.output.iter_mut().find(|output| output.name == name).expect("such an output")
}

#[test]
fn the_built_in_file_written_again_is_the_same_instrument() {
    let again = ModelFile::from_bytes(Cow::Owned(altered(|_| ())), Origin::BuiltIn);
    let again = again.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again.card, built_in().card);
    let decode = |model: &ModelFile| {
        let mut decoder = Decoder::new(model).expect("it runs");
        let range = decoder.granted(0..8);
        let mut mel = vec![0.0; range.len() * model.card.mel.bands];
        let note = model.card.notes.nearest(key(60));
        decoder.decode(&[0.5, -0.5, 1.0, 0.0], note, range, &mut mel).expect("it decodes");
        mel
    };
    assert_eq!(support::first_difference(&decode(&again), &decode(&built_in())), None);
}

#[test]
fn what_is_no_onnx_is_called_so() {
    let mut dice = Dice::new(7);
    let noise: Vec<u8> = (0..4096).map(|_| dice.below(256) as u8).collect();
    for bytes in [&b"This is a poem, not a model.\n"[..], &b""[..], &b"{\"card_version\": 1}"[..], &noise[..]] {
        let message = refusal(bytes);
        assert!(message.starts_with("bad.onnx: expected an ONNX file, got something else ("), "{message}");
    }
}

#[test]
fn a_file_cut_short_anywhere_is_refused() {
    let original = built_in();
    let bytes = original.bytes();
    let mut dice = Dice::new(64);
    let near_the_end = (1..8).map(|short| bytes.len() - short);
    let lengths: Vec<usize> = (0..64).map(|_| dice.below(bytes.len())).chain(near_the_end).chain([1, 2]).collect();
    for len in lengths {
        let message = refusal(&bytes[..len]);
        assert!(message.starts_with("bad.onnx: ") && message.contains("expected"), "{len} bytes: {message}");
    }
}

#[test]
fn a_file_with_flipped_bytes_opens_or_is_refused_and_never_panics() {
    let original = built_in();
    let mut dice = Dice::new(99);
    for _ in 0..32 {
        let mut bytes = original.bytes().to_vec();
        // Sizes and names lie at both ends; weights fill the middle.
        let reach = 2000.min(bytes.len());
        let from_start = dice.below(reach);
        let from_end = bytes.len() - 1 - dice.below(reach);
        bytes[from_start] ^= 1 << dice.below(8);
        bytes[from_end] ^= 1 << dice.below(8);
        let opened = ModelFile::from_bytes(Cow::Owned(bytes), Origin::File("bad.onnx".into()));
        if let Err(error) = opened {
            assert!(error.to_string().starts_with("bad.onnx: "), "{error}");
        }
    }
}

#[test]
fn an_onnx_file_without_a_card_is_no_instrument() {
    let message = refusal(&altered(|model| model.metadata_props.clear()));
    let expected =
        format!("bad.onnx: expected a model card under {METADATA_KEY:?} in the file's metadata, got none");
    assert_eq!(message, expected);
}

#[test]
fn a_card_of_a_later_version_is_refused_by_its_version() {
    let message = refusal(&with_card_text(r#"{"card_version": 2, "smell": "roses"}"#));
    assert_eq!(message, "bad.onnx: the model card has version 2, this program reads version 1");
}

#[test]
fn a_card_that_is_no_card_is_refused() {
    for text in ["", "roses", "[1, 2]", r#"{"card_version": 1}"#] {
        let message = refusal(&with_card_text(text));
        assert!(message.starts_with("bad.onnx: the model card is not readable: "), "{text:?}: {message}");
    }
}

#[test]
fn a_card_with_senseless_values_is_refused() {
    let message = refusal(&with_card(|card| card.geometry.hop = 300));
    assert!(message.starts_with("bad.onnx: the model card's geometry.hop: expected a divisor of"), "{message}");
    assert!(message.ends_with("got 300"), "{message}");
}

#[test]
fn inputs_of_another_shape_or_type_are_named_with_what_was_expected() {
    let message = refusal(&altered(|model| set_type(input(model, "latent"), DataType::Float, &[1, 5])));
    assert_eq!(message, "bad.onnx: input `latent`: expected f32[1,4], got f32[1,5]");
    let message = refusal(&altered(|model| set_type(input(model, "semitone"), DataType::Float, &[12])));
    assert_eq!(message, "bad.onnx: input `semitone`: expected f32[1,12], got f32[12]");
    let message = refusal(&altered(|model| set_type(input(model, "octave"), DataType::Int64, &[1, 7])));
    assert_eq!(message, "bad.onnx: input `octave`: expected f32[1,7], got i64[1,7]");
}

#[test]
fn missing_and_unknown_inputs_and_outputs_are_named() {
    let message = refusal(&altered(|model| input(model, "octave").name = "oktave"));
    assert_eq!(message, "bad.onnx: input `octave`: expected f32[1,7], got no such input");
    let message = refusal(&altered(|model| {
        let mut extra = input(model, "latent").clone();
        extra.name = "mood";
        model.graph.as_mut().expect("a graph").input.push(extra);
    }));
    assert_eq!(message, "bad.onnx: inputs: expected latent, octave, semitone, frames, got also `mood`");
    let message = refusal(&altered(|model| output(model, "mel").name = "sound"));
    assert!(message.starts_with("bad.onnx: output `mel`: expected f32["), "{message}");
    assert!(message.ends_with("got no such output"), "{message}");
}

#[test]
fn a_card_that_contradicts_its_graph_in_bands_or_frames_is_refused() {
    let model = built_in();
    let (frames, bands) = (model.card.frames, model.card.mel.bands);
    let message = refusal(&with_card(|card| card.mel.bands += 1));
    let expected =
        format!("bad.onnx: output `mel`: expected f32[{frames},{}], as the card promises, got f32[", bands + 1);
    assert!(message.starts_with(&expected), "{message}");
    let message = refusal(&altered(|model| set_type(output(model, "mel"), DataType::Float, &[frames + 1, bands])));
    assert_eq!(
        message,
        format!(
            "bad.onnx: output `mel`: expected f32[{frames},{bands}], as the card promises, got f32[{},{bands}]",
            frames + 1
        )
    );
}

#[test]
fn a_file_that_cannot_be_read_or_is_far_too_large_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("nowhere.onnx");
    let message = ModelFile::open(&nowhere).err().expect("no file").to_string();
    assert!(message.starts_with(&format!("{}: cannot be read: ", nowhere.display())), "{message}");
    let huge = folder.path().join("huge.onnx");
    // A hole: it takes no room on the disk.
    fs::File::create(&huge).and_then(|file| file.set_len(513 << 20)).expect("a sparse file");
    let message = ModelFile::open(&huge).err().expect("too large").to_string();
    let expected = format!("{}: expected an instrument of at most 512 MiB, got 513 MiB", huge.display());
    assert_eq!(message, expected);
}

/// Writes an instrument and returns how a project refers to it, without its place.
fn shelve(folder: &Path, file_name: &str, bytes: &[u8]) -> ModelReference {
    let path = folder.join(file_name);
    fs::write(&path, bytes).expect("a writable folder");
    let model = ModelFile::open(&path).unwrap_or_else(|error| panic!("{error}"));
    ModelReference { path: None, ..ModelReference::to(&model) }
}

#[test]
fn a_model_is_found_by_its_hash_under_any_name_among_other_files() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a-broken-one.onnx"), b"not ONNX").expect("written");
    fs::write(folder.path().join("notes.txt"), named("Wanted")).expect("written");
    shelve(folder.path(), "b-other.onnx", &named("Other"));
    let wanted = shelve(folder.path(), "was renamed.onnx", &named("Wanted"));
    let empty = tempfile::tempdir().expect("a folder");
    let catalog = Catalog::of(vec![empty.path().join("none"), empty.path().into(), folder.path().into()]);
    let resolved = catalog.resolve(&wanted).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(resolved.notice, None);
    assert_eq!(resolved.model.card.name, "Wanted");
    assert_eq!(resolved.model.origin, Origin::File(folder.path().join("was renamed.onnx")));
    let own = ModelReference::to(&built_in());
    assert_eq!(catalog.resolve(&own).unwrap_or_else(|error| panic!("{error}")).model.origin, Origin::BuiltIn);
}

#[test]
fn a_model_that_moved_is_found_and_one_that_was_overwritten_is_not_taken_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut reference = shelve(folder.path(), "mine.onnx", &named("Mine"));
    let elsewhere = tempfile::tempdir().expect("a folder");
    let moved = elsewhere.path().join("mine.onnx");
    fs::rename(folder.path().join("mine.onnx"), &moved).expect("moved");
    reference.path = Some(moved.clone());
    let catalog = Catalog::of(vec![folder.path().into()]);
    let resolved = catalog.resolve(&reference).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((resolved.model.card.name.as_str(), resolved.notice), ("Mine", None));
    fs::write(&moved, named("Trained again")).expect("written");
    let resolved = catalog.resolve(&reference).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(resolved.model.sha256, built_in().sha256);
    assert!(resolved.notice.is_some());
}

#[test]
fn a_missing_model_gives_the_built_in_one_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let broken = folder.path().join("broken.onnx");
    fs::write(&broken, b"not ONNX").expect("written");
    let reference =
        ModelReference { name: "Gone".into(), sha256: "0123456789abcdef".into(), path: Some(broken.clone()) };
    let resolved = Catalog::default().resolve(&reference).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(resolved.model.sha256, built_in().sha256);
    let notice = resolved.notice.expect("a notice");
    let own = built_in().card.name.clone();
    for part in ["\"Gone\"", "0123456789ab", "was not found", "expected an ONNX file", own.as_str()] {
        assert!(notice.contains(part), "{part:?} is not in: {notice}");
    }
    assert!(notice.contains(&broken.display().to_string()), "{notice}");
}

#[test]
fn a_project_keeps_its_missing_model_and_tells_the_user() {
    let choice = Arc::new(ModelChoice::new(built_in(), Catalog::default()));
    let params = UkulelatentParams::new(Arc::clone(&choice), Arc::default());
    let before = choice.generation();
    let missing = r#"{"name":"Gone","sha256":"00ff","path":"/nowhere/gone.onnx"}"#;
    params.deserialize_fields(&BTreeMap::from([("model".to_owned(), missing.to_owned())]));
    assert!(choice.generation() > before, "the workers must learn of it");
    let chosen = choice.resolve().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(chosen.model.sha256, built_in().sha256);
    assert_eq!(chosen.generation, choice.generation());
    assert_eq!(choice.notices().len(), 1);
    assert!(choice.notices()[0].contains("\"Gone\""), "{:?}", choice.notices());
    assert_eq!(params.serialize_fields()["model"], missing);
    // Asking twice says it once; choosing a model that is there takes the notice back.
    choice.resolve().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(choice.notices().len(), 1);
    choice.choose(ModelReference::to(&built_in()));
    choice.resolve().unwrap_or_else(|error| panic!("{error}"));
    assert!(choice.notices().is_empty());
}

#[test]
fn presets_of_other_instruments_name_one_that_is_there() {
    let shipped = Catalog::of(vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("models")]);
    assert!(!factory_of_other_models().is_empty());
    for preset in factory_of_other_models() {
        let reference = preset.model.as_ref().unwrap_or_else(|| panic!("{} names no instrument", preset.name));
        assert_eq!(reference.path, None, "{}: files lie elsewhere on other machines", preset.name);
        let resolved = shipped.resolve(reference).expect("the built-in model opens at least");
        assert_eq!(resolved.notice, None, "{}", preset.name);
        assert_eq!(preset.params.len(), factory()[0].params.len(), "{}", preset.name);
    }
    let names: BTreeSet<_> = all_factory().map(|preset| preset.name.to_lowercase()).collect();
    assert_eq!(names.len(), all_factory().count(), "two presets of one name");
}
