//! A page to look at and listen to: the original, the ancestor's method and ours, side by side.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::pictures::{self, Row};
use crate::recordings::RATE_HZ;
use crate::sounds::{self, Candidate, Sound};
use crate::{GEOMETRY, ONSET};

/// Sounds on the page, spread over all of them.
const SHOWN: usize = 6;
/// What surrounds an edge and an onset, in samples.
const AROUND_EDGE: usize = 1400;
const AROUND_ONSET: usize = 512;

/// Writes the page with its pictures and sounds, and says where.
pub fn write(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    pictures::register_font()?;
    let mut candidates = sounds::candidates();
    candidates.retain(|candidate| ["ancestor (4 x 32 x 100)", "play"].contains(&candidate.name));
    let mut body = String::new();
    let all = sounds::all();
    for sound in all.iter().step_by(all.len().div_ceil(SHOWN)) {
        println!("{}", sound.name);
        body += &section(folder, sound, &mut candidates)?;
    }
    let page = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>Reconstruction</title>\
         <style>body{{font:16px sans-serif;max-width:1120px;margin:2em auto;color:#22283a}}\
         img{{max-width:100%}}</style><h1>Phase reconstruction, seen and heard</h1>\
         <p>Magnitudes of real notes, made into sound again by the ancestor's method (Griffin-Lim, four batches of 32 \
         frames, 100 iterations each) and by ours. Upright lines: where the ancestor's batches meet, and the onset.</p>{body}\n"
    );
    let path = folder.join("index.html");
    fs::write(&path, page).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("\nwrote {}", path.display());
    Ok(())
}

fn section(folder: &Path, sound: &Sound, candidates: &mut [Candidate]) -> Result<String, String> {
    let edge = candidates[0].edges[1];
    let made: Vec<(&str, Vec<f32>)> =
        candidates.iter_mut().map(|candidate| (candidate.name, (candidate.run)(&sound.consistent))).collect();
    let mut rows: Vec<Row> = vec![("original", &sound.original)];
    rows.extend(made.iter().map(|(name, signal)| (*name, signal.as_slice())));
    let file = |kind: &str| format!("{}-{kind}.png", sound.name.replace(' ', "-"));
    let near_edge = edge - AROUND_EDGE..edge + AROUND_EDGE;
    pictures::waveforms(&folder.join(file("edge")), &rows, near_edge, &[edge])?;
    let near_onset = ONSET - AROUND_ONSET..ONSET + 2 * AROUND_ONSET;
    pictures::waveforms(&folder.join(file("attack")), &rows, near_onset, &[ONSET])?;
    pictures::spectrograms(&folder.join(file("spectrogram")), &rows)?;
    let mut html = format!("<h2>{}</h2>", sound.name);
    for (name, signal) in rows {
        let wave = format!("{}-{}.wav", sound.name.replace(' ', "-"), name.split(' ').next().unwrap_or(name));
        write_wave(&folder.join(&wave), signal)?;
        let _ = write!(html, "<p>{name} <audio controls src=\"{wave}\"></audio></p>");
    }
    for (kind, what) in [("edge", "where batches meet"), ("attack", "the attack"), ("spectrogram", "spectrograms")]
    {
        let _ = write!(html, "<h3>{what}</h3><img src=\"{}\" alt=\"{what}\">", file(kind));
    }
    Ok(html)
}

fn write_wave(path: &Path, signal: &[f32]) -> Result<(), String> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE_HZ as u32,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let written = hound::WavWriter::create(path, spec).and_then(|mut writer| {
        for &sample in &signal[GEOMETRY.hop.min(ONSET)..] {
            writer.write_sample(sample)?;
        }
        writer.finalize()
    });
    written.map_err(|error| format!("{}: {error}", path.display()))
}
