//! What is wrong with recordings, manifests and feature folders is said, and nothing else is lost.

mod common;

use std::fs;
use std::path::Path;

use common::{Pluck, args};
use lab::audio::write_wav;
use lab::features::{FeatureSet, INDEX_VERSION};
use lab::prepare::run;
use tempfile::TempDir;
use ukulelatent::units::SampleRate;

fn rate() -> SampleRate {
    SampleRate::new(44_100.0).unwrap()
}

/// Runs `lab features` with defaults and expects it to fail.
fn refusal(samples: &Path, out: &Path) -> String {
    run(&args(samples, out)).expect_err("this input is bad").to_string()
}

/// A message must hold all of these.
fn assert_says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "expected `{part}` in: {message}");
    }
}

#[test]
fn an_empty_folder_and_a_missing_one_are_named() {
    let root = TempDir::new().unwrap();
    let out = root.path().join("out");
    let empty = root.path().join("empty");
    fs::create_dir(&empty).unwrap();
    fs::write(empty.join("notes.txt"), "no sound").unwrap();
    assert_says(&refusal(&empty, &out), &["empty", "expected recordings", "flac", "found none"]);
    assert_says(&refusal(&root.path().join("nowhere"), &out), &["nowhere", "cannot list the folder"]);
    assert!(!out.exists(), "nothing is made of nothing");
}

#[test]
fn recordings_that_are_no_recordings_are_told_apart() {
    let truncated = {
        let root = TempDir::new().unwrap();
        let path = root.path().join("whole.wav");
        Pluck::default().write(&path);
        let whole = fs::read(&path).unwrap();
        whole[..whole.len() / 2].to_vec()
    };
    let flac = include_bytes!("data/pluck.flac");
    let not_numbers = {
        let root = TempDir::new().unwrap();
        let path = root.path().join("nan.wav");
        write_wav(&path, &[f32::NAN; 10_000], rate()).unwrap();
        fs::read(path).unwrap()
    };
    let cases: [(&str, Vec<u8>, &[&str]); 5] = [
        (
            "text.wav",
            b"this is not audio, only text that is long enough to be probed".to_vec(),
            &["readable audio"],
        ),
        ("empty.flac", Vec::new(), &["readable audio"]),
        ("half.wav", truncated, &["cut short"]),
        ("half.flac", flac[..flac.len() / 2].to_vec(), &["readable audio"]),
        ("nan.wav", not_numbers, &["sample 0 is not a finite number"]),
    ];
    for (name, bytes, parts) in cases {
        let root = TempDir::new().unwrap();
        fs::write(root.path().join(name), bytes).unwrap();
        let message = refusal(root.path(), &root.path().join("out"));
        assert_says(&message, &["none of the 1 recordings can be used", name]);
        assert_says(&message, parts);
    }
}

#[test]
fn silence_too_little_sound_and_sound_too_short_for_a_pitch_are_told_apart() {
    let noise = (0..20_000u32).map(|n| ((n.wrapping_mul(2_654_435_761) >> 16) & 0xff) as f32 * 2.5e-7).collect();
    let brief = Pluck { lead_s: 0.0, seconds: 0.06, ..Pluck::default() }.samples();
    let cases: [(&str, Vec<f32>, &[&str]); 5] = [
        ("zeros.wav", vec![0.0; 44_100], &["is silent", "above -80 dBFS", "got -inf dBFS"]),
        ("faint.wav", noise, &["is silent", "got -84"]),
        ("brief.wav", brief, &["expected a pitched note, found no pitch"]),
        ("one.wav", vec![0.5], &["too short", "at least 2205 samples", "got 1"]),
        ("click.wav", [vec![0.0; 44_000], vec![0.5; 100]].concat(), &["too short", "got 100"]),
    ];
    for (name, samples, parts) in cases {
        let root = TempDir::new().unwrap();
        write_wav(&root.path().join(name), &samples, rate()).unwrap();
        let message = refusal(root.path(), &root.path().join("out"));
        assert_says(&message, &[name]);
        assert_says(&message, parts);
    }
}

#[test]
fn a_bad_recording_costs_itself_only() {
    let root = TempDir::new().unwrap();
    let (samples, out) = (root.path().join("samples"), root.path().join("out"));
    Pluck::default().write(&samples.join("b.wav"));
    fs::write(samples.join("a.wav"), "no audio").unwrap();
    write_wav(&samples.join("c.wav"), &[0.0; 9000], rate()).unwrap();
    run(&args(&samples, &out)).unwrap();
    let set = FeatureSet::load(&out).unwrap();
    assert_eq!(set.entries.iter().map(|e| &*e.file).collect::<Vec<_>>(), ["b.wav"]);
    assert_eq!(set.skipped.iter().map(|s| &*s.file).collect::<Vec<_>>(), ["a.wav", "c.wav"]);
    assert_says(&set.skipped[1].reason, &["c.wav", "is silent"]);
}

#[test]
fn a_bad_manifest_is_refused_with_its_line() {
    let cases: [(&str, &[&str]); 9] = [
        ("file,midi\na.wav,57\ngone.wav,60\n", &["manifest.csv, line 3", "gone.wav", "no such file"]),
        ("file,midi\na.wav,128\n", &["line 2", "a MIDI note, 0 to 127", "got `128`"]),
        ("file,midi\na.wav,A3\n", &["line 2", "a MIDI note, 0 to 127", "got `A3`"]),
        ("file,midi\na.wav,105\n", &["line 2", "a note in 21..=104", "got 105 for `a.wav`", "--high-note"]),
        ("file,midi\na.wav,57,ukulele\n", &["line 2", "3 fields"]),
        ("file,midi,f0_cents\na.wav,57,flat\n", &["line 2", "`f0_cents`", "got `flat`"]),
        ("file,midi\na.wav,57\na.wav,58\n", &["line 3", "each file once", "after line 2"]),
        ("file,note\na.wav,57\n", &["a column `midi`", "got `file,note`"]),
        ("file,midi\n", &["line 2", "expected a recording", "end of the file"]),
    ];
    for (manifest, parts) in cases {
        let root = TempDir::new().unwrap();
        Pluck::default().write(&root.path().join("a.wav"));
        fs::write(root.path().join("manifest.csv"), manifest).unwrap();
        let out = root.path().join("out");
        assert_says(&refusal(root.path(), &out), parts);
        assert!(!out.exists(), "a manifest is read before anything is written");
    }
}

#[test]
fn a_selection_that_leaves_nothing_names_the_families_there_are() {
    let root = TempDir::new().unwrap();
    Pluck::default().write(&root.path().join("harp/a.wav"));
    let mut wanted = args(root.path(), &root.path().join("out"));
    wanted.recordings.selection.families = vec!["ukulele".into()];
    let message = run(&wanted).unwrap_err().to_string();
    assert_says(&message, &["none of the 1 recordings", "the families harp"]);
}

#[test]
fn an_output_that_cannot_be_written_is_named() {
    let root = TempDir::new().unwrap();
    Pluck::default().write(&root.path().join("samples/a.wav"));
    let file = root.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let message = refusal(&root.path().join("samples"), &file.join("out"));
    assert_says(&message, &["file", "cannot make the folder"]);
    // An aligned recording's place taken by a folder.
    let out = root.path().join("out");
    fs::create_dir_all(out.join("audio/0000.wav")).unwrap();
    assert_says(&refusal(&root.path().join("samples"), &out), &["0000.wav", "cannot write the WAV file"]);
}

#[test]
fn front_end_options_that_contradict_each_other_are_named() {
    let root = TempDir::new().unwrap();
    let mut wanted = args(root.path(), &root.path().join("out"));
    wanted.recordings.front_end.hop = Some(300);
    assert_says(&run(&wanted).unwrap_err().to_string(), &["--hop", "a divisor of 2048", "got 300"]);
    wanted.recordings.front_end.hop = None;
    wanted.recordings.front_end.high_hz = Some(20_000.0);
    assert_says(&run(&wanted).unwrap_err().to_string(), &["--high-hz", "11025", "20000"]);
}

#[test]
fn a_folder_that_is_no_feature_folder_is_refused() {
    let root = TempDir::new().unwrap();
    let (samples, out) = (root.path().join("samples"), root.path().join("out"));
    let refused = |out: &Path| FeatureSet::load(out).err().expect("a bad folder").to_string();
    assert_says(&refused(&samples), &["samples", "a folder made by `lab features`"]);

    Pluck::default().write(&samples.join("a.wav"));
    run(&args(&samples, &out)).unwrap();
    let index = fs::read_to_string(out.join("index.json")).unwrap();
    fs::write(out.join("index.json"), index.replace(&format!("\"version\": {INDEX_VERSION}"), "\"version\": 99"))
        .unwrap();
    let reads = format!("version 99, this program reads version {INDEX_VERSION}");
    assert_says(&refused(&out), &["index.json", &reads]);
    fs::write(out.join("index.json"), &index[..index.len() / 2]).unwrap();
    assert_says(&refused(&out), &["index.json", "expected the index of a feature folder"]);
    fs::write(out.join("index.json"), index).unwrap();
    write_wav(&out.join("audio/0000.wav"), &[0.0; 100], SampleRate::new(22_050.0).unwrap()).unwrap();
    assert_says(&refused(&out), &["0000.wav", "got 100", "run `lab features` again"]);
    fs::remove_file(out.join("audio/0000.wav")).unwrap();
    assert_says(&refused(&out), &["0000.wav", "a WAV file"]);
}
