//! A picture of a sound: time to the right, frequency upwards on a logarithmic axis, level as colour.

use std::path::{Path, PathBuf};

use plotters::coord::Shift;
use plotters::prelude::*;
use ukulelatent::dsp::stft::{FrameGeometry, Stft};
use ukulelatent::heat;
use ukulelatent::units::{SampleRate, gain_to_db};

use crate::wav::partial_path;

const SIZE: (u32, u32) = (1200, 600);
const FONT: &str = "sans-serif";
const LOWEST_HZ: f64 = 50.0;
const HIGHEST_HZ: f64 = 20_000.0;
/// The colours span this much below the loudest point.
const RANGE_DB: f32 = 90.0;
/// Samples in a frame, at 48 kHz; other rates take as long a frame, as a power of two.
const FRAME_S: f32 = 4096.0 / 48_000.0;
/// Width of the colour scale and of the room for its labels, in pixels.
const SCALE_WIDTH: u32 = 90;
/// A picture that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: cannot be written: {reason}")]
pub struct PictureError {
    path: PathBuf,
    reason: String,
}

/// Draws a mono signal into a PNG file.
pub fn draw(signal: &[f32], rate: SampleRate, path: &Path) -> Result<(), PictureError> {
    let failed = |reason: String| PictureError { path: path.into(), reason };
    if path.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("png")) {
        return Err(failed("expected a name that ends in .png".into()));
    }
    plotters::style::register_font(FONT, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT)
        .map_err(|_| failed("the built-in font cannot be used".into()))?;
    // Beside it first, so that a failure leaves an older picture alone.
    let partial = partial_path(path).map_err(|reason| failed(reason.into()))?;
    let drawn = paint(&Levels::of(signal, rate), &partial).map_err(failed);
    let named = drawn.and_then(|()| std::fs::rename(&partial, path).map_err(|error| failed(error.to_string())));
    if named.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    named
}

/// The level of every frame and bin.
struct Levels {
    geometry: FrameGeometry,
    rate_hz: f64,
    seconds: f64,
    /// Frames x bins, in dB below the loudest of them: 0 down to minus infinity.
    db: Vec<f32>,
}

impl Levels {
    /// Measures a signal, silent before its start and after its end, with a frame around each hop.
    fn of(signal: &[f32], rate: SampleRate) -> Self {
        let fft_size = ((FRAME_S * rate.hz()) as usize).next_power_of_two().max(64);
        let geometry = FrameGeometry { fft_size, hop: fft_size / 8 };
        let mut padded = vec![0.0; fft_size / 2];
        padded.extend_from_slice(signal);
        padded.resize(padded.len() + fft_size / 2, 0.0);
        let mut stft = Stft::new(geometry);
        let mut magnitude = vec![0.0; geometry.bins()];
        let mut db = Vec::with_capacity(geometry.frames(padded.len()) * geometry.bins());
        for start in (0..=padded.len() - fft_size).step_by(geometry.hop) {
            stft.magnitude(&padded[start..start + fft_size], &mut magnitude);
            db.extend(magnitude.iter().map(|&m| gain_to_db(m)));
        }
        let loudest = db.iter().copied().fold(f32::MIN, f32::max);
        for level in &mut db {
            *level -= loudest;
        }
        Self { geometry, rate_hz: f64::from(rate.hz()), seconds: rate.seconds(signal.len()).max(1e-3), db }
    }

    /// The level at a time and frequency, of the nearest frame, between the nearest bins.
    fn at(&self, seconds: f64, hz: f64) -> f32 {
        let bins = self.geometry.bins();
        let frame = (seconds * self.rate_hz / self.geometry.hop as f64).round() as usize;
        let frame = frame.min(self.db.len() / bins - 1);
        let place = (hz * self.geometry.fft_size as f64 / self.rate_hz).min((bins - 1) as f64);
        let lower = (place as usize).min(bins - 2);
        let share = (place - lower as f64) as f32;
        let row = &self.db[frame * bins..(frame + 1) * bins];
        let floor = |db: f32| db.max(-2.0 * RANGE_DB);
        floor(row[lower]) * (1.0 - share) + floor(row[lower + 1]) * share
    }
}

/// The colour of a level in dB, 0 at most. Silence has no levels at all: its colour is the lowest.
fn colour(db: f32) -> [u8; 3] {
    heat::colour(1.0 + db / RANGE_DB)
}

type Canvas<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// Draws everything; an error comes back in plotters' words.
fn paint(levels: &Levels, path: &Path) -> Result<(), String> {
    let say = |error: &dyn std::fmt::Display| error.to_string();
    let root = BitMapBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(|e| say(&e))?;
    let (picture, scale) = root.split_horizontally(SIZE.0 - SCALE_WIDTH);
    let highest_hz = HIGHEST_HZ.min(levels.rate_hz / 2.0);
    let mut chart = ChartBuilder::on(&picture)
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..levels.seconds, (LOWEST_HZ..highest_hz).log_scale())
        .map_err(|e| say(&e))?;
    let (across, down) = chart.plotting_area().get_pixel_range();
    let ratio = highest_hz / LOWEST_HZ;
    let pixel = |x: f64, y: f64| colour(levels.at(x * levels.seconds, LOWEST_HZ * ratio.powf(1.0 - y)));
    blit(&root, (across.start, down.start), (across.end - across.start, down.end - down.start), pixel)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .x_desc("seconds")
        .y_desc("Hz")
        .x_labels(12)
        .y_label_formatter(&|hz| format!("{hz:.0}"))
        .label_style((FONT, 15))
        .draw()
        .map_err(|e| say(&e))?;
    paint_scale(&root, scale.get_pixel_range().0.start, &down)?;
    root.present().map_err(|e| say(&e))
}

/// Draws the colours with their levels, from 0 dB at the top.
fn paint_scale(root: &Canvas<'_>, left: i32, down: &std::ops::Range<i32>) -> Result<(), String> {
    const BAR: i32 = 18;
    const STEP_DB: f32 = 15.0;
    let height = down.end - down.start;
    blit(root, (left, down.start), (BAR, height), |_, y| colour(-RANGE_DB * y as f32))?;
    let mut db = 0.0;
    while db <= RANGE_DB {
        let y = down.start + (db / RANGE_DB * height as f32) as i32;
        let text = Text::new(format!("{} dB", -(db as i32)), (left + BAR + 6, y - 7), (FONT, 15).into_font());
        root.draw(&text).map_err(|error| error.to_string())?;
        db += STEP_DB;
    }
    Ok(())
}

/// Fills a rectangle by a function of the place in it: from 0, the top left, to 1.
fn blit(
    root: &Canvas<'_>,
    corner: (i32, i32),
    size: (i32, i32),
    pixel: impl Fn(f64, f64) -> [u8; 3],
) -> Result<(), String> {
    let (width, height) = (size.0.max(1), size.1.max(1));
    let mut pixels = Vec::with_capacity((width * height) as usize * 3);
    for y in 0..height {
        for x in 0..width {
            let centre = |n: i32, len: i32| (f64::from(n) + 0.5) / f64::from(len);
            pixels.extend(pixel(centre(x, width), centre(y, height)));
        }
    }
    let image: BitMapElement<'_, (i32, i32)> =
        BitMapElement::with_owned_buffer(corner, (width as u32, height as u32), pixels)
            .ok_or("the picture's buffer has the wrong size")?;
    root.draw(&image).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loudest_level_lies_at_the_tones_frequency() {
        let rate = SampleRate::new(48_000.0).unwrap();
        let tone: Vec<f32> =
            (0..24_000).map(|n| (std::f32::consts::TAU * n as f32 * 3000.0 / 48_000.0).sin()).collect();
        let levels = Levels::of(&tone, rate);
        assert!(levels.at(0.25, 3000.0) > -1.0);
        assert!(levels.at(0.25, 1000.0) < -60.0);
        assert_eq!(colour(0.0), heat::colour(1.0));
        assert_eq!(colour(-RANGE_DB), heat::colour(0.0));
    }
}
