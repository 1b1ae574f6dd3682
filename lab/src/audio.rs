//! Audio files in and out, and resampling.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Async, FixedAsync, Resampler, SincInterpolationParameters, WindowFunction};
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as DecodeError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use ukulelatent::units::SampleRate;

use crate::LabError;

/// Endings of the file names that [`read_mono`] understands, in lower case.
pub const EXTENSIONS: [&str; 8] = ["wav", "flac", "aif", "aiff", "mp3", "ogg", "oga", "m4a"];

/// A recording with all channels mixed to one.
#[derive(Clone, Debug, PartialEq)]
pub struct Mono {
    /// Samples, nominally in [-1, 1].
    pub samples: Vec<f32>,
    /// Their rate.
    pub rate: SampleRate,
}

/// Whether a file's name ends like audio that [`read_mono`] understands.
#[must_use]
pub fn is_audio(path: &Path) -> bool {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    EXTENSIONS.contains(&ending.as_str())
}

/// Decodes WAV, FLAC, AIFF, MP3, Ogg Vorbis or MP4/AAC and averages its channels; two minutes of it at most.
///
/// # Errors
/// [`LabError::Io`] if the file cannot be opened, [`LabError::Undecodable`] if it is no audio, is damaged or cut
/// short, or holds samples that are no numbers.
pub fn read_mono(path: &Path) -> Result<Mono, LabError> {
    let file = File::open(path).map_err(LabError::io(path, "read the recording"))?;
    let mut hint = Hint::new();
    if let Some(ending) = path.extension().and_then(|e| e.to_str()) {
        hint.with_extension(ending);
    }
    let bad = |reason: String| LabError::Undecodable { path: path.to_owned(), reason };
    decode(file, &hint).map_err(bad).and_then(|mono| {
        let broken = mono.samples.iter().position(|x| !x.is_finite());
        broken.map_or(Ok(mono), |at| Err(bad(format!("sample {at} is not a finite number"))))
    })
}

/// Of a longer recording only the beginning is read: an hour of it would fill the memory, and a note is over by then.
const LONGEST_S: f32 = 120.0;
/// An encoder's delay and padding, which a player drops: two MP3 granules and the decoder's own, rounded up.
const GAPLESS_SLACK_FRAMES: u64 = 4 * 1152;

fn decode(file: File, hint: &Hint) -> Result<Mono, String> {
    let stream = MediaSourceStream::new(Box::new(file), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(hint, stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|e| e.to_string())?;
    let track = format.default_track(TrackType::Audio).ok_or("a file without an audio track")?;
    let (id, promised) = (track.id, track.num_frames);
    let parameters =
        track.codec_params.as_ref().and_then(|p| p.audio()).ok_or("an audio track of an unknown kind")?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(|e| e.to_string())?;
    let mono = decode_track(format.as_mut(), decoder.as_mut(), id)?;
    let frames = mono.samples.len() as u64;
    let whole = frames < mono.rate.samples_in_ms(LONGEST_S * 1e3) as u64;
    match promised {
        Some(promised) if whole && frames + GAPLESS_SLACK_FRAMES < promised => {
            Err(format!("{frames} samples where the file promises {promised}: it is cut short"))
        }
        _ => Ok(mono),
    }
}

fn decode_track(format: &mut dyn FormatReader, decoder: &mut dyn AudioDecoder, id: u32) -> Result<Mono, String> {
    let (mut samples, mut interleaved) = (Vec::new(), Vec::<f32>::new());
    let mut rate_hz = None;
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            // Some readers tell the end of a file in this way.
            Err(DecodeError::IoError(e)) if e.kind() == ErrorKind::UnexpectedEof => break,
            Err(e) => return Err(e.to_string()),
        };
        if packet.track_id != id {
            continue;
        }
        let buffer = match decoder.decode(&packet) {
            Ok(buffer) => buffer,
            // The first packets of an MP3 that was cut from a longer one lean on lost ones.
            Err(DecodeError::DecodeError(_)) if samples.is_empty() => continue,
            Err(e) => return Err(e.to_string()),
        };
        let (rate, channels) = (buffer.spec().rate(), buffer.num_planes());
        if *rate_hz.get_or_insert(rate) != rate {
            return Err(format!("a sample rate that changes on the way to {rate} Hz"));
        }
        buffer.copy_to_vec_interleaved(&mut interleaved);
        let gain = 1.0 / channels.max(1) as f32;
        samples.extend(interleaved.chunks_exact(channels.max(1)).map(|frame| frame.iter().sum::<f32>() * gain));
        if samples.len() as f32 >= LONGEST_S * rate as f32 {
            break;
        }
    }
    let rate = SampleRate::new(rate_hz.ok_or("no samples at all")? as f32).map_err(|e| e.to_string())?;
    Ok(Mono { samples, rate })
}

/// Writes a mono WAV of 32-bit floats.
///
/// # Errors
/// [`LabError::Io`] if the file cannot be written.
pub fn write_wav(path: &Path, samples: &[f32], rate: SampleRate) -> Result<(), LabError> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate.hz().round() as u32,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let write = || {
        let mut writer = hound::WavWriter::create(path, spec)?;
        for &x in samples {
            writer.write_sample(x)?;
        }
        writer.finalize()
    };
    write().map_err(|e| {
        let source = match e {
            hound::Error::IoError(source) => source,
            other => std::io::Error::other(other),
        };
        LabError::io(path, "write the WAV file")(source)
    })
}

/// Filter lengths, in input samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    /// Flat to 0.95 of the lower Nyquist frequency: what is stored.
    Best,
    /// Flat to 0.9 of it, three times as fast: copies made while training.
    Fast,
}

/// Resamples to `ratio` times as many samples, band-limited by windowed sincs (rubato). Output sample `n` lies
/// at input sample `n / ratio`.
///
/// # Panics
/// If `ratio` is not finite and positive.
#[must_use]
pub fn resample(signal: &[f32], ratio: f64, quality: Quality) -> Vec<f32> {
    if ratio == 1.0 || signal.is_empty() {
        return signal.to_vec();
    }
    let length = match quality {
        Quality::Best => 512,
        Quality::Fast => 128,
    };
    // Downsampling widens the sinc, so that the filter needs as many more taps for the same slope.
    let length = (f64::from(length) * (1.0 / ratio).clamp(1.0, 8.0)).ceil() as usize;
    let parameters = SincInterpolationParameters::new(length, WindowFunction::BlackmanHarris2);
    let mut resampler = Async::new_sinc(ratio, 1.0, &parameters, CHUNK_FRAMES, 1, FixedAsync::Input)
        .expect("the ratio is finite and positive");
    let input = InterleavedSlice::new(signal, 1, signal.len()).expect("one channel of that length");
    let output = resampler.process_all(&input, signal.len(), None).expect("the buffers have the sizes asked for");
    output.take_data()
}

const CHUNK_FRAMES: usize = 1024;
