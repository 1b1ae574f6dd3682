//! `listen`: what is heard in a WAV file.

use std::path::PathBuf;

use serde::Serialize;
use ukulelatent::dsp::pitch::PitchRange;
use ukulelatent::dsp::yin::yin_f0;
use ukulelatent::units::{MidiNote, SampleRate, gain_to_db};

use crate::clicks::{self, Clicks};
use crate::error::CliError;
use crate::solo::{self, SoloNotes};
use crate::song::Song;
use crate::sound::between;
use crate::wav::Recording;
use crate::{Outcome, keys, spectrogram};

/// Where a fundamental is looked for if no key is given: below E1 and above the highest fret of a ukulele.
const ANY_PITCH: PitchRange = PitchRange { min_hz: 35.0, max_hz: 4_000.0 };

/// What to listen to, and for.
#[derive(clap::Args)]
pub struct Args {
    /// The sound
    #[arg(value_name = "FILE.wav")]
    file: PathBuf,
    /// The song that it is: its note-offs and the ends of its notes are looked at for clicks, and its solo notes
    /// are measured against their keys
    #[arg(long, value_name = "SONG.mid")]
    midi: Option<PathBuf>,
    /// How long the song's notes fall after they are let go, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 250.0, value_parser = between(0.0, 5_000.0))]
    release: f32,
    /// The key that the sound should have: 0 to 127, or a name such as A4 [default: the nearest one]
    #[arg(long, value_parser = keys::parse)]
    key: Option<MidiNote>,
    /// Draw the spectrogram
    #[arg(long, value_name = "OUT.png")]
    png: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// All that was measured.
#[derive(Serialize)]
struct Heard {
    seconds: f64,
    sample_rate_hz: SampleRate,
    channels: usize,
    /// Absent for silence.
    peak_dbfs: Option<f32>,
    /// Over the whole length; absent for silence.
    rms_dbfs: Option<f32>,
    /// The largest absolute second difference anywhere.
    sharpest: f32,
    /// Absent if the whole has no single pitch, or is a song.
    pitch: Option<Pitch>,
    /// With a song only.
    clicks: Option<Clicks>,
    /// With a song only.
    solo_notes: Option<SoloNotes>,
}

/// A fundamental and the key that it is held against.
#[derive(Serialize)]
struct Pitch {
    f0_hz: f32,
    key: MidiNote,
    key_name: String,
    cents: f32,
}

/// Measures, draws, tells.
pub fn run(args: &Args) -> Result<Outcome, CliError> {
    let song = args.midi.as_deref().map(Song::open).transpose()?;
    let recording = Recording::read(&args.file)?;
    let heard = measure(&recording, song.as_ref(), args);
    if let Some(path) = &args.png {
        spectrogram::draw(&recording.mono(), recording.rate, path)?;
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&heard).expect("every field has a JSON form"));
    } else {
        print(&heard);
    }
    Ok(Outcome::Done)
}

fn measure(recording: &Recording, song: Option<&Song>, args: &Args) -> Heard {
    let mono = recording.mono();
    let rate = recording.rate;
    let all = || recording.channels.iter().flatten();
    let peak = all().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    let power: f64 = all().map(|&sample| f64::from(sample).powi(2)).sum();
    let count = (mono.len() * recording.channels.len()).max(1);
    let rms = (power / count as f64).sqrt() as f32;
    let level = |gain: f32| (gain > 0.0).then(|| gain_to_db(gain));
    let release_s = f64::from(args.release) * 1e-3;
    Heard {
        seconds: rate.seconds(mono.len()),
        sample_rate_hz: rate,
        channels: recording.channels.len(),
        peak_dbfs: level(peak),
        rms_dbfs: level(rms),
        sharpest: clicks::sharpest(&mono),
        pitch: if song.is_none() { pitch(&mono, rate, args.key) } else { None },
        clicks: song.map(|song| clicks::find(&mono, rate, &song.events, release_s)),
        solo_notes: song.map(|song| solo::measure(&mono, rate, &song.events, release_s)),
    }
}

fn pitch(signal: &[f32], rate: SampleRate, key: Option<MidiNote>) -> Option<Pitch> {
    let f0_hz = yin_f0(signal, rate, ANY_PITCH)?;
    let key = match key {
        Some(key) => key,
        None => MidiNote::nearest(f0_hz)?.0,
    };
    Some(Pitch { f0_hz, key, key_name: key.to_string(), cents: key.cents_to(f0_hz) })
}

fn print(heard: &Heard) {
    let level = |db: Option<f32>| db.map_or("silent".to_owned(), |db| format!("{db:.1} dBFS"));
    println!("length    {:.2} s, {} Hz, {} channels", heard.seconds, heard.sample_rate_hz.hz(), heard.channels);
    println!("peak      {}", level(heard.peak_dbfs));
    println!("RMS       {}", level(heard.rms_dbfs));
    println!("sharpest  {:.4} (second difference)", heard.sharpest);
    if let Some(pitch) = &heard.pitch {
        println!("pitch     {:.2} Hz, {:+.1} cents from {}", pitch.f0_hz, pitch.cents, pitch.key_name);
    } else if heard.clicks.is_none() {
        println!("pitch     none found");
    }
    if let Some(clicks) = &heard.clicks {
        let (found, moments) = (clicks.found.len(), clicks.moments);
        println!("clicks    {found} at {moments} note-offs and note ends, the worst {:.1}", clicks.worst_ratio);
        for click in &clicks.found {
            println!("          {:.3} s: {:.1} times its surroundings", click.seconds, click.ratio);
        }
    }
    if let Some(solo) = &heard.solo_notes {
        println!("in tune   {} of {} solo notes within 30 cents", solo.in_tune, solo.measured);
        for note in &solo.out_of_tune {
            let cents = note.cents.map_or("no pitch".to_owned(), |cents| format!("{cents:+.1} cents"));
            println!("          {:.3} s: {}: {cents}", note.seconds, note.key);
        }
    }
}
