//! Loss curves, as a table and as a picture.

use std::path::Path;

use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

use crate::checkpoint::write_atomically;
use crate::run_error::RunError;

/// The table, in a run's folder.
pub const CSV_NAME: &str = "curves.csv";
/// The picture, in a run's folder.
pub const PNG_NAME: &str = "curves.png";

/// Losses at a step, each the mean since the row before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Steps made.
    pub step: f64,
    /// Mean squared error of the training batches.
    pub mse: f64,
    /// Their divergence from the prior; may be negative.
    pub divergence: f64,
    /// The adversary's error in reading the pitch.
    pub adversary: f64,
    /// Mean squared error of the averaged network on the validation notes; not a number where it was not measured.
    pub validation: f64,
}

impl Row {
    /// Numbers in a row.
    pub const LEN: usize = 5;

    /// The row as numbers.
    #[must_use]
    pub fn numbers(self) -> [f64; Self::LEN] {
        [self.step, self.mse, self.divergence, self.adversary, self.validation]
    }

    /// The row of numbers.
    #[must_use]
    pub fn of([step, mse, divergence, adversary, validation]: [f64; Self::LEN]) -> Self {
        Self { step, mse, divergence, adversary, validation }
    }
}

/// Writes table and picture into a run's folder.
///
/// # Errors
/// [`RunError`] if a file cannot be written.
pub fn write(folder: &Path, rows: &[Row]) -> Result<(), RunError> {
    write_csv(&folder.join(CSV_NAME), rows)?;
    if rows.len() < 2 {
        return Ok(());
    }
    let path = folder.join(PNG_NAME);
    draw(&path, rows).map_err(|e| RunError::Plot { path: path.clone(), reason: e.to_string() })
}

fn write_csv(path: &Path, rows: &[Row]) -> Result<(), RunError> {
    let bad = |path: &Path| {
        let path = path.to_owned();
        move |e: csv::Error| RunError::unexpected(&path, "a file to write curves in", e)
    };
    write_atomically(path, |path| {
        let mut writer = csv::Writer::from_path(path).map_err(bad(path))?;
        writer.write_record(["step", "mse", "divergence", "adversary", "validation_mse"]).map_err(bad(path))?;
        for row in rows {
            let cells = row.numbers().map(|n| if n.is_nan() { String::new() } else { n.to_string() });
            writer.write_record(cells).map_err(bad(path))?;
        }
        writer.flush().map_err(RunError::io(path, "write the curves"))
    })
}

const SIZE: (u32, u32) = (1200, 800);
const FONT: (&str, u32) = ("sans-serif", 22);
const TITLE: (&str, u32) = ("sans-serif", 28);

fn draw(path: &Path, rows: &[Row]) -> Result<(), Box<dyn std::error::Error>> {
    // The pure-Rust text back end knows no fonts of its own.
    register_font("sans-serif", FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT)
        .map_err(|_| "the built-in font does not load")?;
    let root = BitMapBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (upper, lower) = root.split_vertically(SIZE.1 * 5 / 8);
    let last = rows.last().map_or(1.0, |row| row.step);
    let errors = rows.iter().flat_map(|row| [row.mse, row.validation]).filter(|e| *e > 0.0);
    let (least, most) = errors.fold((f64::MAX, 0.0f64), |(least, most), e| (least.min(e), most.max(e)));
    let mut chart = ChartBuilder::on(&upper)
        .caption("Mean squared error of normalised mel spectrograms", TITLE)
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(90)
        .build_cartesian_2d(0.0..last, (least * 0.9..most * 1.1).log_scale())?;
    chart.configure_mesh().x_desc("step").label_style(FONT).axis_desc_style(FONT).draw()?;
    let validation: Vec<_> =
        rows.iter().filter(|r| !r.validation.is_nan()).map(|r| (r.step, r.validation)).collect();
    let training = LineSeries::new(rows.iter().map(|r| (r.step, r.mse)), &BLUE);
    chart.draw_series(training)?.label("training").legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], BLUE));
    let validation = LineSeries::new(validation, RED.stroke_width(2));
    chart
        .draw_series(validation)?
        .label("validation, averaged weights")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], RED));
    chart.configure_series_labels().label_font(FONT).background_style(WHITE).border_style(BLACK).draw()?;
    let range =
        rows.iter().fold((0.0f64, 0.01f64), |(low, high), r| (low.min(r.divergence), high.max(r.divergence)));
    let mut chart = ChartBuilder::on(&lower)
        .caption("Divergence of the latent points from the prior", TITLE)
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(90)
        .build_cartesian_2d(0.0..last, range.0..range.1)?;
    chart.configure_mesh().x_desc("step").label_style(FONT).axis_desc_style(FONT).draw()?;
    chart.draw_series(LineSeries::new(rows.iter().map(|r| (r.step, r.divergence)), &BLUE))?;
    root.present()?;
    Ok(())
}
