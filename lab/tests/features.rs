//! `lab features`, from recordings to what a network sees.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Pluck, args};
use lab::audio::read_mono;
use lab::features::{FeatureSet, FrontEnd, LabelOrigin};
use lab::onset::find_onset;
use lab::prepare::run;
use tempfile::TempDir;
use ukulelatent::dsp::pitch::{PitchRange, autocorrelation_f0};
use ukulelatent::units::{MidiNote, SampleRate};

const WIDE: PitchRange = PitchRange { min_hz: 60.0, max_hz: 1500.0 };

fn note(number: u8) -> MidiNote {
    MidiNote::new(number).unwrap()
}

/// Folders `samples` and `out` in a temporary one.
fn folders() -> (TempDir, PathBuf, PathBuf) {
    let root = TempDir::new().unwrap();
    let (samples, out) = (root.path().join("samples"), root.path().join("out"));
    fs::create_dir(&samples).unwrap();
    (root, samples, out)
}

fn made(samples: &Path, out: &Path) -> FeatureSet {
    run(&args(samples, out)).unwrap();
    FeatureSet::load(out).unwrap()
}

fn peak(signal: &[f32]) -> f32 {
    signal.iter().fold(0.0, |peak, x| peak.max(x.abs()))
}

#[test]
fn an_onset_is_found_within_5_ms_whatever_precedes_it() {
    for rate_hz in [22_050.0, 44_100.0, 96_000.0] {
        for hz in [41.2, 110.0, 440.0, 1760.0] {
            for lead_s in [0.0, 0.003, 0.05, 0.4] {
                // From silence to noise 26 dB below the string's peak.
                for noise in [0.0, 0.001, 0.01, 0.05] {
                    let pluck = Pluck { hz, rate_hz, lead_s, noise, seconds: 1.0 };
                    let found = find_onset(&pluck.samples(), pluck.rate()).unwrap();
                    let late_ms = (found as f32 - pluck.onset() as f32) / rate_hz * 1e3;
                    assert!(late_ms.abs() <= 5.0, "{late_ms} ms: {hz} Hz at {rate_hz} Hz, {lead_s} s, {noise}");
                }
            }
        }
    }
}

#[test]
fn an_offset_hum_and_a_click_before_the_string_are_no_onset() {
    let pluck = Pluck { lead_s: 0.3, ..Pluck::default() };
    let mut samples = pluck.samples();
    for (n, x) in samples.iter_mut().enumerate() {
        *x += 0.02 + 0.01 * (std::f32::consts::TAU * 50.0 * n as f32 / pluck.rate_hz).sin();
    }
    samples[4000..4030].iter_mut().for_each(|x| *x += 0.02);
    let found = find_onset(&samples, pluck.rate()).unwrap();
    assert!(found.abs_diff(pluck.onset()) <= pluck.rate().samples_in_ms(5.0), "{found}");
}

#[test]
fn silence_has_no_onset() {
    assert_eq!(find_onset(&[0.0; 5000], SampleRate::new(44_100.0).unwrap()), None);
    assert_eq!(find_onset(&[], SampleRate::new(44_100.0).unwrap()), None);
}

#[test]
fn a_manifests_notes_come_out_aligned_tuned_and_normalised() {
    let (_root, samples, out) = folders();
    let sharp = note(57).hz() * (23.0f32 / 1200.0).exp2();
    Pluck { hz: sharp, lead_s: 0.25, noise: 0.002, ..Pluck::default() }.write(&samples.join("b.wav"));
    Pluck { hz: note(64).hz(), rate_hz: 48_000.0, ..Pluck::default() }.write(&samples.join("a.wav"));
    let manifest =
        "file,midi,instrument,family,licence,f0_cents\nb.wav,57,steel,guitar,CC0-1.0,23\na.wav,64,,,,\n";
    fs::write(samples.join("manifest.csv"), manifest).unwrap();
    let set = made(&samples, &out);

    assert_eq!(set.front_end, FrontEnd::default());
    let told: Vec<_> = set.entries.iter().map(|e| (&*e.file, &*e.instrument, &*e.family, &*e.licence)).collect();
    assert_eq!(told, [("a.wav", "a", "a", ""), ("b.wav", "steel", "guitar", "CC0-1.0")]);
    assert_eq!(set.entries[1].detune_cents, 23.0);
    assert_eq!((set.disagreements.len(), set.skipped.len()), (0, 0));
    let (onset, rate) = (set.front_end.onset_sample, set.front_end.sample_rate_hz);
    for (index, entry) in set.entries.iter().enumerate() {
        let audio = set.audio(index);
        assert_eq!(audio.len(), 34_560);
        assert!((peak(audio) - 0.9).abs() < 1e-6, "{}", peak(audio));
        assert_eq!(peak(&audio[..onset - rate.samples_in_ms(4.0)]), 0.0);
        let reached = audio.iter().position(|x| x.abs() > 0.05 * 0.9).unwrap();
        assert!(reached.abs_diff(onset) <= rate.samples_in_ms(5.0), "{reached}");
        let cents = entry.note.cents_to(autocorrelation_f0(&audio[2048..10_000], rate, WIDE).unwrap());
        assert!(cents.abs() < 3.0, "{}: {cents} cents", entry.file);
    }
}

#[test]
fn without_a_manifest_folders_name_instruments_and_the_sound_gives_the_note() {
    let (_root, samples, out) = folders();
    Pluck { hz: note(57).hz() * (30.0f32 / 1200.0).exp2(), ..Pluck::default() }
        .write(&samples.join("ukulele/loud/1.wav"));
    // The octave of a name is a matter of habit, so that A2 may be what others call A3.
    Pluck { hz: note(57).hz(), ..Pluck::default() }.write(&samples.join("harp_A2.wav"));
    Pluck { hz: note(57).hz(), ..Pluck::default() }.write(&samples.join("harp_060.wav"));
    let set = made(&samples, &out);
    let found: Vec<_> = set.entries.iter().map(|e| (&*e.instrument, e.note.number())).collect();
    assert_eq!(found, [("harp", 57), ("harp", 57), ("ukulele", 57)]);
    assert!((set.entries[2].detune_cents - 30.0).abs() < 3.0, "{}", set.entries[2].detune_cents);
    let [told] = &set.disagreements[..] else { panic!("{:?}", set.disagreements) };
    assert_eq!((&*told.file, told.labelled, told.labelled_by), ("harp_060.wav", note(60), LabelOrigin::Name));
    assert!((told.cents + 300.0).abs() < 3.0, "{}", told.cents);
}

#[test]
fn a_manifest_that_the_sound_contradicts_is_kept_and_reported_unless_the_sound_is_trusted() {
    let (_root, samples, out) = folders();
    Pluck { hz: note(60).hz(), ..Pluck::default() }.write(&samples.join("a.wav"));
    fs::write(samples.join("manifest.csv"), "file,midi\na.wav,57\n").unwrap();
    let set = made(&samples, &out);
    assert_eq!((set.entries[0].note, set.entries[0].detune_cents), (note(57), 0.0));
    let [told] = &set.disagreements[..] else { panic!("{:?}", set.disagreements) };
    assert_eq!((told.labelled, told.labelled_by, told.kept), (note(57), LabelOrigin::Manifest, note(57)));
    assert!((told.cents - 300.0).abs() < 3.0, "{}", told.cents);

    let mut trusting = args(&samples, &out);
    trusting.recordings.trust_f0 = true;
    run(&trusting).unwrap();
    let set = FeatureSet::load(&out).unwrap();
    assert_eq!((set.entries[0].note, set.disagreements[0].kept), (note(60), note(60)));
}

#[test]
fn a_measurement_that_is_an_octave_off_still_tunes() {
    let (_root, samples, out) = folders();
    Pluck { hz: note(57).hz() * (15.0f32 / 1200.0).exp2(), ..Pluck::default() }.write(&samples.join("a.wav"));
    fs::write(samples.join("manifest.csv"), "file,midi,f0_hz\na.wav,69,221.92\n").unwrap();
    let set = made(&samples, &out);
    let told: Vec<_> = set.disagreements.iter().map(|told| told.labelled_by).collect();
    assert_eq!(told, [LabelOrigin::ManifestF0, LabelOrigin::Manifest]);
    assert_eq!(set.entries[0].note, note(69));
    assert!((set.entries[0].detune_cents - 15.0).abs() < 1.0, "{}", set.entries[0].detune_cents);
}

#[test]
fn every_format_gives_the_same_note() {
    let (_root, samples, out) = folders();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for ending in ["flac", "mp3", "ogg"] {
        fs::copy(data.join(format!("pluck.{ending}")), samples.join(format!("{ending}.{ending}"))).unwrap();
    }
    let flac = read_mono(&data.join("pluck.flac")).unwrap();
    lab::audio::write_wav(&samples.join("wav.wav"), &flac.samples, flac.rate).unwrap();
    fs::write(samples.join("aiff.aiff"), aiff_of(&flac.samples, flac.rate)).unwrap();
    let set = made(&samples, &out);
    let files: Vec<_> = set.entries.iter().map(|e| &*e.file).collect();
    assert_eq!(files, ["aiff.aiff", "flac.flac", "mp3.mp3", "ogg.ogg", "wav.wav"], "{:?}", set.skipped);
    let reference = set.mel(1, 0);
    for (index, entry) in set.entries.iter().enumerate() {
        assert_eq!(entry.note, note(57), "{}", entry.file);
        assert!(entry.detune_cents.abs() < 2.0, "{}: {}", entry.file, entry.detune_cents);
        let mel = set.mel(index, 0);
        let mse = mel.iter().zip(&reference).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / mel.len() as f32;
        // Half the difference between two takes of one note, for what the lossy formats leave out.
        assert!(mse < 1.9e-3, "{}: {mse}", entry.file);
    }
}

/// A 16-bit mono AIFF.
fn aiff_of(samples: &[f32], rate: SampleRate) -> Vec<u8> {
    let chunk = |id: &[u8; 4], body: &[u8]| [&id[..], &(body.len() as u32).to_be_bytes(), body].concat();
    // An 80-bit float: exponent 16383 + 14, then the rate as a 64-bit significand of 2^15 > rate >= 2^14.
    let significand = (rate.hz() as u64) << 49;
    let rate = [&(16_383u16 + 14).to_be_bytes()[..], &significand.to_be_bytes()].concat();
    let head =
        [&1u16.to_be_bytes()[..], &(samples.len() as u32).to_be_bytes(), &16u16.to_be_bytes(), &rate].concat();
    let pcm: Vec<u8> = samples.iter().flat_map(|x| ((x * 32_768.0) as i16).to_be_bytes()).collect();
    let sound = [&[0u8; 8][..], &pcm].concat();
    chunk(b"FORM", &[&b"AIFF"[..], &chunk(b"COMM", &head), &chunk(b"SSND", &sound)].concat())
}

#[test]
fn a_mel_spectrogram_is_frames_by_bands_and_a_copy_played_higher_moves_up() {
    let (_root, samples, out) = folders();
    Pluck { hz: note(69).hz(), seconds: 3.0, ..Pluck::default() }.write(&samples.join("a.wav"));
    let set = made(&samples, &out);
    let bands = set.front_end.mel.bands;
    for semitones in [-2i8, -1, 0, 1, 2] {
        let mel = set.mel(0, semitones);
        assert_eq!(mel.len(), 128 * bands);
        assert!(mel.iter().all(|y| (-1.0..=1.0).contains(y)));
        let audio = set.shifted_audio(0, semitones);
        assert!((peak(&audio) - 0.9).abs() < 1e-6);
        let reached = audio.iter().position(|x| x.abs() > 0.05 * 0.9).unwrap();
        assert!(reached.abs_diff(512) <= 110, "{semitones}: {reached}");
        // Upwards, the end is the recording's and not silence.
        assert!(peak(&audio[34_000..]) > 1e-3, "{semitones}");
        let played = note((69 + semitones) as u8);
        let hz = autocorrelation_f0(&audio[2048..10_000], set.front_end.sample_rate_hz, WIDE).unwrap();
        assert!(played.cents_to(hz).abs() < 3.0, "{semitones}: {hz} Hz");
    }
}

#[test]
fn a_short_recording_fades_to_silence_without_a_step() {
    let (_root, samples, out) = folders();
    Pluck { seconds: 0.5, ..Pluck::default() }.write(&samples.join("a.wav"));
    let set = made(&samples, &out);
    // 0.4 s after the onset, less half a fade.
    let audio = set.audio(0);
    let end = 512 + (0.4 * 22_050.0) as usize;
    assert!(peak(&audio[end - 400..end - 200]) > 0.05);
    assert!(peak(&audio[end - 12..end]) < 0.01);
    assert_eq!(peak(&audio[end + 2..]), 0.0);
}

#[test]
fn the_same_recordings_give_the_same_folder_and_others_another_hash() {
    let (root, samples, out) = folders();
    for (name, hz) in [("a.wav", 220.0), ("b.wav", 330.0), ("c.wav", 440.0)] {
        Pluck { hz, seconds: 0.5, ..Pluck::default() }.write(&samples.join(name));
    }
    let again = root.path().join("again");
    let (first, second) = (made(&samples, &out), made(&samples, &again));
    assert_eq!(fs::read(out.join("index.json")).unwrap(), fs::read(again.join("index.json")).unwrap());
    assert_eq!(first.entries.len(), 3);
    for entry in &second.entries {
        assert_eq!(fs::read(out.join(&entry.aligned)).unwrap(), fs::read(again.join(&entry.aligned)).unwrap());
    }
    Pluck { hz: 220.0, seconds: 0.51, ..Pluck::default() }.write(&samples.join("a.wav"));
    fs::remove_file(samples.join("c.wav")).unwrap();
    let third = made(&samples, &out);
    assert_ne!(third.data_sha256, first.data_sha256);
    assert!(!out.join("audio/0002.wav").exists(), "a longer run left a recording behind");
}

#[test]
fn only_what_was_asked_for_is_taken() {
    let (_root, samples, out) = folders();
    for number in [50, 57, 64] {
        Pluck { hz: note(number).hz(), seconds: 0.5, ..Pluck::default() }
            .write(&samples.join(format!("{number}.wav")));
    }
    let mut wanted = args(&samples, &out);
    (wanted.recordings.selection.low_note, wanted.recordings.selection.high_note) = (Some(55), Some(60));
    run(&wanted).unwrap();
    let notes =
        |out: &Path| FeatureSet::load(out).unwrap().entries.iter().map(|e| e.note.number()).collect::<Vec<_>>();
    assert_eq!(notes(&out), [57], "measured notes");
    // 110 is no note of a model, and is not asked for.
    let manifest = "file,midi,family\n50.wav,50,x\n57.wav,57,x\n64.wav,110,y\n";
    fs::write(samples.join("manifest.csv"), manifest).unwrap();
    let mut wanted = args(&samples, &out);
    wanted.recordings.selection.families = vec!["x".into()];
    run(&wanted).unwrap();
    assert_eq!(notes(&out), [50, 57], "labelled notes");
}

#[test]
fn real_plucked_strings_begin_where_the_card_says() {
    let data = std::env::var_os("UKULELATENT_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from);
    if !data.join("plucked/manifest.csv").is_file() {
        println!("skipped: no recordings at {}", data.display());
        return;
    }
    let (_root, _, out) = folders();
    let mut wanted = args(&data.join("plucked"), &out);
    wanted.recordings.selection.families = vec!["ukulele".into(), "zither".into()];
    run(&wanted).unwrap();
    let set = FeatureSet::load(&out).unwrap();
    assert_eq!(set.entries.len(), 83);
    for (index, entry) in set.entries.iter().enumerate() {
        let audio = set.audio(index);
        let attack = peak(&audio[412..1172]);
        let reached = audio.iter().position(|x| x.abs() >= 0.1 * attack).unwrap();
        assert!(reached.abs_diff(512) <= 110, "{}: {reached}", entry.file);
    }
}
