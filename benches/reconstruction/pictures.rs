//! Pictures of sounds: waveforms and spectrograms, one sound above the other.

use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;
use ukulelatent::dsp::metrics::spectrogram;
use ukulelatent::dsp::stft::Stft;
use ukulelatent::heat;
use ukulelatent::units::gain_to_db;

use crate::GEOMETRY;
use crate::recordings::RATE_HZ;

const FONT: &str = "sans-serif";
const WIDTH: u32 = 1100;
const ROW: u32 = 230;
/// Colours of a spectrogram span this much below the loudest point.
const RANGE_DB: f32 = 80.0;
const INK: RGBColor = RGBColor(34, 40, 58);
const LINE: RGBColor = RGBColor(38, 104, 164);
const EDGE: RGBColor = RGBColor(200, 84, 40);

/// One row of a picture: its title and its sound.
pub type Row<'a> = (&'a str, &'a [f32]);

/// The font that all pictures use.
pub fn register_font() -> Result<(), String> {
    plotters::style::register_font(FONT, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT)
        .map_err(|_| "the built-in font cannot be used".into())
}

/// A stretch of each sound, with upright lines at the samples of `edges`.
pub fn waveforms(path: &Path, rows: &[Row], span: Range<usize>, edges: &[usize]) -> Result<(), String> {
    draw(path, rows.len(), |areas| {
        let peak = rows.iter().flat_map(|(_, s)| &s[span.clone()]).fold(1e-6f32, |peak, s| peak.max(s.abs()));
        for (area, (title, signal)) in areas.iter().zip(rows) {
            let ms = |n: usize| n as f32 / RATE_HZ * 1e3;
            let mut chart = ChartBuilder::on(area)
                .caption(title, (FONT, 17, &INK))
                .margin(8)
                .x_label_area_size(24)
                .y_label_area_size(48)
                .build_cartesian_2d(ms(span.start)..ms(span.end), -peak..peak)?;
            chart.configure_mesh().disable_y_mesh().x_desc("ms").label_style((FONT, 13, &INK)).draw()?;
            for &edge in edges.iter().filter(|edge| span.contains(edge)) {
                chart.draw_series(LineSeries::new([(ms(edge), -peak), (ms(edge), peak)], EDGE))?;
            }
            chart.draw_series(LineSeries::new(span.clone().map(|n| (ms(n), signal[n])), LINE))?;
        }
        Ok(())
    })
}

/// The whole of each sound: time to the right, frequency upwards, level as colour.
pub fn spectrograms(path: &Path, rows: &[Row]) -> Result<(), String> {
    draw(path, rows.len(), |areas| {
        let mut stft = Stft::new(GEOMETRY);
        for (area, (title, signal)) in areas.iter().zip(rows) {
            let levels: Vec<f32> = spectrogram(&mut stft, signal).into_iter().map(gain_to_db).collect();
            let loudest = levels.iter().copied().fold(f32::MIN, f32::max);
            let frames = levels.len() / GEOMETRY.bins();
            let hop_s = GEOMETRY.hop as f32 / RATE_HZ;
            let bin_khz = RATE_HZ / GEOMETRY.fft_size as f32 / 1e3;
            let mut chart = ChartBuilder::on(area)
                .caption(title, (FONT, 17, &INK))
                .margin(8)
                .x_label_area_size(24)
                .y_label_area_size(48)
                .build_cartesian_2d(0.0..frames as f32 * hop_s, 0.0..GEOMETRY.bins() as f32 * bin_khz)?;
            chart.configure_mesh().disable_mesh().y_desc("kHz").label_style((FONT, 13, &INK)).draw()?;
            let cells = levels.iter().enumerate().map(|(i, db)| {
                let (frame, bin) = ((i / GEOMETRY.bins()) as f32, (i % GEOMETRY.bins()) as f32);
                let corners = [(frame * hop_s, bin * bin_khz), ((frame + 1.0) * hop_s, (bin + 1.0) * bin_khz)];
                let [r, g, b] = heat::colour(1.0 + (db - loudest) / RANGE_DB);
                Rectangle::new(corners, RGBColor(r, g, b).filled())
            });
            chart.draw_series(cells)?;
        }
        Ok(())
    })
}

type Area<'a> = DrawingArea<BitMapBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

fn draw(path: &Path, rows: usize, paint: impl FnOnce(&[Area]) -> Drawn) -> Result<(), String> {
    let root = BitMapBackend::new(path, (WIDTH, ROW * rows as u32)).into_drawing_area();
    let drawn: Drawn = root.fill(&WHITE).map_err(Into::into).and_then(|()| {
        paint(&root.split_evenly((rows, 1)))?;
        Ok(root.present()?)
    });
    drawn.map_err(|error| format!("{}: {error}", path.display()))
}
