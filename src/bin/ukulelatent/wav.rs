//! WAV files: what is rendered goes to a temporary file that takes its name when it is whole.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use ukulelatent::units::SampleRate;

/// Samples of four bytes in the largest WAV file, its headers aside.
const MAX_SAMPLES: usize = (u32::MAX / 4 - 64) as usize;

/// A file that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum WavError {
    /// No room, no rights, no such folder.
    #[error("{path}: cannot be written: {reason}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Not there, or no WAV file.
    #[error("{path}: cannot be read as a WAV file: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: hound::Error,
    },
    /// A rate that nothing can be measured at.
    #[error("{path}: expected a sample rate above 0 Hz and at least one channel, got {rate_hz} Hz and {channels}")]
    Empty {
        /// The file.
        path: PathBuf,
        /// As the header says.
        rate_hz: u32,
        /// As the header says.
        channels: u16,
    },
}

/// Stereo, 32-bit float. Until [`WavOutput::finish`], whatever lay under the file's name stays as it was.
pub struct WavOutput {
    path: PathBuf,
    partial: PathBuf,
    /// `None` once finished.
    writer: Option<WavWriter<BufWriter<File>>>,
}

impl WavOutput {
    /// Opens the temporary file, beside `path`.
    pub fn create(path: &Path, rate: SampleRate) -> Result<Self, WavError> {
        let partial = partial_path(path).map_err(|reason| unwritable(path, reason))?;
        let spec = WavSpec {
            channels: 2,
            sample_rate: rate.hz().round() as u32,
            bits_per_sample: 32,
            sample_format: SampleFormat::Float,
        };
        let writer = WavWriter::create(&partial, spec).map_err(|error| unwritable(path, error))?;
        Ok(Self { path: path.into(), partial, writer: Some(writer) })
    }

    /// Appends samples; both channels are of one length.
    pub fn write(&mut self, left: &[f32], right: &[f32]) -> Result<(), WavError> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        if writer.len() as usize + 2 * left.len() > MAX_SAMPLES {
            return Err(unwritable(&self.path, "it would be longer than the 4 GiB that a WAV file can hold"));
        }
        for (&l, &r) in left.iter().zip(right) {
            writer
                .write_sample(l)
                .and_then(|()| writer.write_sample(r))
                .map_err(|error| unwritable(&self.path, error))?;
        }
        Ok(())
    }

    /// Completes the file and gives it its name.
    pub fn finish(mut self) -> Result<(), WavError> {
        if let Some(writer) = self.writer.take() {
            let named = writer.finalize().map_err(|error| unwritable(&self.path, error)).and_then(|()| {
                std::fs::rename(&self.partial, &self.path).map_err(|error| unwritable(&self.path, error))
            });
            if named.is_err() {
                let _ = std::fs::remove_file(&self.partial);
            }
            return named;
        }
        Ok(())
    }
}

impl Drop for WavOutput {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            drop(writer);
            // The error that led here has been reported; a leftover would only be litter.
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}

/// The name of the temporary file of `path`: beside it, with the same extension.
pub fn partial_path(path: &Path) -> Result<PathBuf, &'static str> {
    if path.is_dir() {
        return Err("it is a folder");
    }
    let name = path.file_name().ok_or("it names no file")?;
    let mut partial = std::ffi::OsString::from(format!(".{}-partial-", std::process::id()));
    partial.push(name);
    Ok(path.with_file_name(partial))
}

fn unwritable(path: &Path, reason: impl std::fmt::Display) -> WavError {
    WavError::Unwritable { path: path.into(), reason: reason.to_string() }
}

/// A WAV file in memory.
pub struct Recording {
    /// Samples a second.
    pub rate: SampleRate,
    /// Of each channel, of full scale 1.
    pub channels: Vec<Vec<f32>>,
}

impl Recording {
    /// Reads a file of 8 to 32 bits, whole numbers or floating point.
    pub fn read(path: &Path) -> Result<Self, WavError> {
        let unreadable = |source| WavError::Unreadable { path: path.into(), source };
        let reader = WavReader::open(path).map_err(unreadable)?;
        let spec = reader.spec();
        let rate = SampleRate::new(spec.sample_rate as f32).ok().filter(|_| spec.channels > 0);
        let rate = rate.ok_or_else(|| WavError::Empty {
            path: path.into(),
            rate_hz: spec.sample_rate,
            channels: spec.channels,
        })?;
        let samples: Result<Vec<f32>, hound::Error> = match spec.sample_format {
            SampleFormat::Float => reader.into_samples::<f32>().collect(),
            SampleFormat::Int => {
                let scale = (f64::from(spec.bits_per_sample) - 1.0).exp2().recip() as f32;
                reader.into_samples::<i32>().map(|sample| sample.map(|s| s as f32 * scale)).collect()
            }
        };
        let samples = samples.map_err(unreadable)?;
        let count = usize::from(spec.channels);
        let channel = |n| samples.iter().skip(n).step_by(count).copied().collect();
        Ok(Self { rate, channels: (0..count).map(channel).collect() })
    }

    /// The mean of all channels.
    pub fn mono(&self) -> Vec<f32> {
        let share = 1.0 / self.channels.len() as f32;
        let len = self.channels.first().map_or(0, Vec::len);
        (0..len).map(|n| self.channels.iter().map(|channel| channel[n]).sum::<f32>() * share).collect()
    }
}
