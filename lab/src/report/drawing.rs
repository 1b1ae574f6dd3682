//! What the report's pictures are drawn with: spectrograms as images, colours for labels, the built-in font.

use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

use ukulelatent::heat;

use crate::run_error::RunError;

/// The font of all text.
pub const FONT: &str = "sans-serif";

/// A picture under way.
pub type Canvas<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// What a drawing may fail with.
pub type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Colours that people with any eyes tell apart (Okabe & Ito 2008), and darker ones for more labels.
const LABELS: [RGBColor; 14] = [
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 158, 115),
    RGBColor(213, 94, 0),
    RGBColor(0, 114, 178),
    RGBColor(204, 121, 167),
    RGBColor(40, 40, 40),
    RGBColor(190, 180, 20),
    RGBColor(120, 80, 0),
    RGBColor(20, 80, 120),
    RGBColor(0, 80, 60),
    RGBColor(120, 45, 0),
    RGBColor(110, 60, 90),
    RGBColor(150, 150, 150),
];

/// The colour of the label in a place; they come round again after 14.
#[must_use]
pub fn label_colour(place: usize) -> RGBColor {
    LABELS[place % LABELS.len()]
}

/// Draws a PNG file of this size, in place of an older one only once it is whole.
///
/// # Errors
/// [`RunError::Plot`] that names the file.
pub fn picture(path: &Path, size: (u32, u32), draw: impl FnOnce(&Canvas<'_>) -> Drawn) -> Result<(), RunError> {
    let failed = |reason: String| RunError::Plot { path: path.to_owned(), reason };
    // The pure-Rust text back end knows no fonts of its own.
    register_font(FONT, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT)
        .map_err(|_| failed("the built-in font does not load".into()))?;
    // plotters tells the format by the name, so that the draft ends in .png too.
    let draft = path.with_extension("draft.png");
    let drawn = || -> Drawn {
        let root = BitMapBackend::new(&draft, size).into_drawing_area();
        root.fill(&WHITE)?;
        draw(&root)?;
        root.present()?;
        Ok(())
    };
    drawn().map_err(|e| failed(e.to_string()))?;
    std::fs::rename(&draft, path).map_err(RunError::io(path, "write the picture"))
}

/// A normalised mel spectrogram, frames x bands, low bands at the bottom, over the whole of `area`.
///
/// # Errors
/// plotters' own.
pub fn spectrogram(area: &Canvas<'_>, mel: &[f32], bands: usize) -> Drawn {
    let (width, height) = area.dim_in_pixel();
    let frames = mel.len() / bands;
    for x in 0..width {
        let frame = x as usize * frames / width as usize;
        for y in 0..height {
            let band = (height - 1 - y) as usize * bands / height as usize;
            area.draw_pixel((x as i32, y as i32), &colour(mel[frame * bands + band]))?;
        }
    }
    Ok(())
}

/// The colour of a normalised value, -1 to 1.
fn colour(value: f32) -> RGBColor {
    let [r, g, b] = heat::colour(0.5 + 0.5 * value);
    RGBColor(r, g, b)
}

/// A line of text with its top left corner at `at`.
///
/// # Errors
/// plotters' own.
pub fn text(area: &Canvas<'_>, words: &str, at: (i32, i32), size: u32) -> Drawn {
    area.draw_text(words, &TextStyle::from((FONT, size)).color(&BLACK), at)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_dark_and_full_scale_bright() {
        let sum = |RGBColor(r, g, b): RGBColor| u32::from(r) + u32::from(g) + u32::from(b);
        assert!(sum(colour(-1.0)) < 40 && sum(colour(1.0)) > 650);
        assert!(sum(colour(-0.2)) < sum(colour(0.2)));
    }
}
