//! One recording on its way to a note: pitch decided, onset placed, tuned and normalised.

use std::path::Path;

use ukulelatent::dsp::pitch::{PitchRange, autocorrelation_f0};
use ukulelatent::units::{MidiNote, SampleRate, db_to_gain, gain_to_db};

use crate::LabError;
use crate::audio::{self, Mono, Quality, resample};
use crate::dataset::{PitchLabel, Source};
use crate::features::{Disagreement, FrontEnd, LabelOrigin, normalise, place};
use crate::onset::find_onset;
use crate::rumble::remove_rumble;

/// Peak of an aligned recording.
pub const PEAK: f32 = 0.9;
/// A label and a measurement that differ by no more, in cents, mean the same note.
pub const CONSISTENT_CENTS: f32 = 50.0;
/// A recording whose peak lies below is silent.
const SILENCE_DB: f32 = -80.0;
/// Less sound than this is no note.
const SHORTEST_MS: f32 = 50.0;
/// What precedes the onset fades in from here ...
const FADE_IN_FROM_MS: f32 = 4.0;
/// ... to here before the onset.
const FADE_IN_TO_MS: f32 = 1.0;
/// A recording that ends within the note fades over this long.
const FADE_OUT_MS: f32 = 20.0;
/// Pitch is measured after the attack's noise ...
const PITCH_FROM_MS: f32 = 60.0;
/// ... over this long.
const PITCH_OVER_MS: f32 = 400.0;

/// A recording, ready to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// [`FrontEnd::stored_samples`] samples.
    pub samples: Vec<f32>,
    /// What it sounds.
    pub pitch: Pitch,
}

/// The pitch of a recording, decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Pitch {
    /// The note.
    pub note: MidiNote,
    /// How far above the note the recording is, in cents.
    pub detune_cents: f32,
    /// Labels that the sound contradicts.
    pub disagreements: Vec<Disagreement>,
}

/// Reads a recording, decides its pitch, tunes it, puts its onset in place and normalises its peak.
/// `trust_f0` prefers a measured pitch to a manifest that contradicts it.
///
/// # Errors
/// [`LabError`] for a recording that is unreadable, silent, too short, without a pitch where no manifest gives one,
/// or of a note that models cannot name.
pub fn prepare(source: &Source, front_end: &FrontEnd, trust_f0: bool) -> Result<Prepared, LabError> {
    let recording = audio::read_mono(&source.path)?;
    let onset = sounding_from(&recording, &source.path)?;
    let measured_hz = measure_f0(&recording.samples[onset..], recording.rate, &source.pitch);
    let pitch = decide_pitch(source, measured_hz, trust_f0)?;
    Ok(Prepared { samples: align(&recording, onset, &pitch, front_end), pitch })
}

fn sounding_from(recording: &Mono, path: &Path) -> Result<usize, LabError> {
    let Mono { samples, rate } = recording;
    let expected = rate.samples_in_ms(SHORTEST_MS);
    let too_short = |got| LabError::TooShort { path: path.to_owned(), expected, got };
    if samples.len() < expected {
        return Err(too_short(samples.len()));
    }
    let peak = samples.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
    let silent = || LabError::Silent { path: path.to_owned(), peak_db: gain_to_db(peak), limit_db: SILENCE_DB };
    if peak < db_to_gain(SILENCE_DB) {
        return Err(silent());
    }
    let onset = find_onset(samples, *rate).ok_or_else(silent)?;
    let left = samples.len() - onset;
    if left < expected { Err(too_short(left)) } else { Ok(onset) }
}

/// The fundamental frequency of what sounds from the onset on, in hertz. Near a labelled note, it is looked for
/// within one and a half octaves: enough to notice a wrong label.
fn measure_f0(sounding: &[f32], rate: SampleRate, label: &PitchLabel) -> Option<f32> {
    let around = |low_hz: f32, high_hz: f32| PitchRange { min_hz: low_hz / 2.83, max_hz: high_hz * 2.83 };
    let range = match label {
        PitchLabel::Manifest { note, .. } => around(note.hz(), note.hz()),
        PitchLabel::Name { .. } | PitchLabel::Unknown => PitchRange { min_hz: 26.0, max_hz: 3600.0 },
    };
    let attack = rate.samples_in_ms(PITCH_FROM_MS).min(sounding.len() / 4);
    let end = sounding.len().min(attack + rate.samples_in_ms(PITCH_OVER_MS));
    autocorrelation_f0(&sounding[attack..end], rate, range)
}

/// Weighs label against measurement.
///
/// # Errors
/// [`LabError::NoPitch`] if there is neither, [`LabError::NotEncodable`] for a measured note that models cannot name.
fn decide_pitch(source: &Source, measured_hz: Option<f32>, trust_f0: bool) -> Result<Pitch, LabError> {
    match source.pitch {
        PitchLabel::Manifest { note, cents } => labelled_pitch(source, note, cents, measured_hz, trust_f0),
        PitchLabel::Name { .. } | PitchLabel::Unknown => heard_pitch(source, measured_hz),
    }
}

fn labelled_pitch(
    source: &Source,
    labelled: MidiNote,
    manifest_cents: Option<f32>,
    measured_hz: Option<f32>,
    trust_f0: bool,
) -> Result<Pitch, LabError> {
    let measured_cents = measured_hz.map(|hz| labelled.cents_to(hz));
    let contradicts = |cents: &f32| cents.abs() > CONSISTENT_CENTS;
    let (note, detune_cents) = match measured_hz.filter(|&hz| trust_f0 && contradicts(&labelled.cents_to(hz))) {
        Some(hz) => encodable_note(source, hz)?,
        None => {
            // An estimator that takes an octave for the fundamental still measures the tuning.
            let octaves_off = |cents: f32| cents - 1200.0 * (cents / 1200.0).round();
            let direct = [manifest_cents, measured_cents];
            let folded = direct.map(|cents| cents.map(octaves_off));
            let consistent = direct.into_iter().chain(folded).flatten().find(|cents| !contradicts(cents));
            (labelled, consistent.unwrap_or(0.0))
        }
    };
    let report = |cents: f32, labelled_by| Disagreement {
        file: source.file.clone(),
        labelled,
        labelled_by,
        measured_hz: labelled.hz() * (cents / 1200.0).exp2(),
        cents,
        kept: note,
    };
    let by_manifest = manifest_cents.filter(contradicts).map(|cents| report(cents, LabelOrigin::ManifestF0));
    let by_ear = measured_cents.filter(contradicts).map(|cents| report(cents, LabelOrigin::Manifest));
    Ok(Pitch { note, detune_cents, disagreements: by_manifest.into_iter().chain(by_ear).collect() })
}

fn heard_pitch(source: &Source, measured_hz: Option<f32>) -> Result<Pitch, LabError> {
    let Some(hz) = measured_hz else {
        return match source.pitch {
            PitchLabel::Name { note, .. } => Ok(Pitch { note, detune_cents: 0.0, disagreements: Vec::new() }),
            _ => Err(LabError::NoPitch { path: source.path.clone() }),
        };
    };
    let (note, detune_cents) = encodable_note(source, hz)?;
    let mut disagreements = Vec::new();
    if let PitchLabel::Name { note: labelled, octave_unsure } = source.pitch {
        let cents = labelled.cents_to(hz);
        let off = if octave_unsure { cents - 1200.0 * (cents / 1200.0).round() } else { cents };
        if off.abs() > CONSISTENT_CENTS {
            disagreements.push(Disagreement {
                file: source.file.clone(),
                labelled,
                labelled_by: LabelOrigin::Name,
                measured_hz: hz,
                cents,
                kept: note,
            });
        }
    }
    Ok(Pitch { note, detune_cents, disagreements })
}

fn encodable_note(source: &Source, hz: f32) -> Result<(MidiNote, f32), LabError> {
    let (note, cents) = MidiNote::nearest(hz).ok_or_else(|| LabError::NoPitch { path: source.path.clone() })?;
    match note.octave_and_semitone() {
        Some(_) => Ok((note, cents)),
        None => Err(LabError::NotEncodable { path: source.path.clone(), got: note }),
    }
}

/// Resamples to the front end's rate and the note's pitch at once, without what lies below the note, with the onset in
/// place, silence before it, a fade at the recording's end and the peak at [`PEAK`].
fn align(recording: &Mono, onset: usize, pitch: &Pitch, front_end: &FrontEnd) -> Vec<f32> {
    let rate = front_end.sample_rate_hz;
    let (to, wanted) = (front_end.onset_sample, front_end.stored_samples());
    // A recording that is sharp is played slower.
    let ratio =
        f64::from(rate.hz()) / f64::from(recording.rate.hz()) * (f64::from(pitch.detune_cents) / 1200.0).exp2();
    let in_source = |samples: usize| (samples as f64 / ratio).ceil() as usize + FILTER_MARGIN;
    let from = onset.saturating_sub(in_source(to));
    let until = recording.samples.len().min(onset + in_source(wanted - to));
    let mut resampled = resample(&recording.samples[from..until], ratio, Quality::Best);
    remove_rumble(&mut resampled, rate, pitch.note);
    let onset = ((onset - from) as f64 * ratio).round() as usize;
    let mut note = place(&resampled, onset, to, wanted);
    fade_in(&mut note, to, rate);
    let end = (resampled.len() + to).saturating_sub(onset);
    if end < wanted {
        fade_out(&mut note[..end], rate.samples_in_ms(FADE_OUT_MS));
    }
    let samples = front_end.samples();
    normalise(&mut note, samples);
    note
}

/// Samples that the resampler's filter looks beyond the last wanted one, at ratios down to an eighth.
const FILTER_MARGIN: usize = 4096;

fn fade_in(note: &mut [f32], onset: usize, rate: SampleRate) {
    let from = onset.saturating_sub(rate.samples_in_ms(FADE_IN_FROM_MS));
    let to = onset.saturating_sub(rate.samples_in_ms(FADE_IN_TO_MS));
    note[..from].fill(0.0);
    let len = to - from;
    for (n, x) in note[from..to].iter_mut().enumerate() {
        *x *= raised_cosine(n, len);
    }
}

fn fade_out(note: &mut [f32], len: usize) {
    let len = len.min(note.len());
    for (n, x) in note.iter_mut().rev().take(len).enumerate() {
        *x *= raised_cosine(n, len);
    }
}

/// From 0 at `n` = 0 to 1 at `n` = `len`.
fn raised_cosine(n: usize, len: usize) -> f32 {
    0.5 - 0.5 * (std::f32::consts::PI * n as f32 / len as f32).cos()
}
