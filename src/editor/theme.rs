//! How the window looks: one palette, one type scale, one grid, drawn at any scale.
//!
//! All lengths are in design units, of which the window is [`DESIGN`] wide and high; [`Theme::px`] makes points of
//! them. Nothing is scaled as a picture, so everything is crisp at every size.

use egui::{Align2, Color32, CornerRadius, FontFamily, FontId, Painter, Pos2, Rect, Response, Stroke, StrokeKind};
use egui::{Ui, Vec2, vec2};

use super::style;

/// The window's width and height in design units: a fixed ratio.
pub const DESIGN: [f32; 2] = [1120.0, 720.0];
/// Smallest and largest scale of the window, as a share of [`DESIGN`].
pub const SCALES: [f32; 2] = [0.75, 2.0];

/// The ground of the window.
pub const GROUND: Color32 = Color32::from_rgb(0x10, 0x13, 0x1a);
/// The ground of panels.
pub const PANEL: Color32 = Color32::from_rgb(0x18, 0x1c, 0x26);
/// The ground of what pictures are drawn in.
pub const WELL: Color32 = Color32::from_rgb(0x0a, 0x0c, 0x12);
/// The ground of buttons and of what lies above panels.
pub const RAISED: Color32 = Color32::from_rgb(0x25, 0x2b, 0x39);
/// [`RAISED`] under the pointer.
pub const LIFTED: Color32 = Color32::from_rgb(0x31, 0x39, 0x4a);
/// Borders, and the tracks of knobs.
pub const LINE: Color32 = Color32::from_rgb(0x35, 0x3d, 0x4e);
/// Faint lines inside pictures.
pub const HAIR: Color32 = Color32::from_rgb(0x1e, 0x24, 0x30);
/// Text to read first.
pub const TEXT: Color32 = Color32::from_rgb(0xec, 0xee, 0xf4);
/// Text to read second.
pub const DIM: Color32 = Color32::from_rgb(0xa9, 0xb1, 0xc2);
/// Text of what cannot be pressed now.
pub const FADED: Color32 = Color32::from_rgb(0x6e, 0x77, 0x8a);
/// What the user set, and where they are.
pub const ACCENT: Color32 = Color32::from_rgb(0xac, 0x9c, 0xff);
/// Text on [`ACCENT`].
pub const ON_ACCENT: Color32 = Color32::from_rgb(0x14, 0x10, 0x26);
/// What needs attention.
pub const WARNING: Color32 = Color32::from_rgb(0xff, 0xc2, 0x5c);
/// What is lost: overs.
pub const ALARM: Color32 = Color32::from_rgb(0xff, 0x8a, 0x80);

/// Colours of families, safe for colour-blind readers on a dark ground (Paul Tol's "light" scheme); shapes tell them
/// apart as well.
pub const FAMILIES: [Color32; 8] = [
    Color32::from_rgb(0x77, 0xaa, 0xdd),
    Color32::from_rgb(0xee, 0x88, 0x66),
    Color32::from_rgb(0xee, 0xdd, 0x88),
    Color32::from_rgb(0x44, 0xbb, 0x99),
    Color32::from_rgb(0xff, 0xaa, 0xbb),
    Color32::from_rgb(0xbb, 0xcc, 0x33),
    Color32::from_rgb(0x99, 0xdd, 0xff),
    Color32::from_rgb(0xdd, 0xdd, 0xdd),
];

/// The type scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Labels and values: 11.
    Caption,
    /// [`Type::Caption`], heavier.
    Strong,
    /// Text: 13.
    Body,
    /// Names of things: 13, heavier.
    Title,
    /// The one heading of a sheet: 20.
    Display,
}

/// The scale at which everything is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theme {
    /// Points per design unit.
    pub scale: f32,
}

impl Theme {
    /// For a window of this size in points: as large as fits.
    #[must_use]
    pub fn fitting(size: Vec2) -> Self {
        Self { scale: (size.x / DESIGN[0]).min(size.y / DESIGN[1]).max(0.1) }
    }

    /// Points of a length in design units.
    #[must_use]
    pub fn px(&self, units: f32) -> f32 {
        units * self.scale
    }

    /// A size in points.
    #[must_use]
    pub fn size(&self, width: f32, height: f32) -> Vec2 {
        vec2(width, height) * self.scale
    }

    /// A rectangle given in design units from the window's corner, in points.
    #[must_use]
    pub fn rect(&self, origin: Pos2, x: f32, y: f32, width: f32, height: f32) -> Rect {
        Rect::from_min_size(origin + vec2(x, y) * self.scale, self.size(width, height))
    }

    /// Corners of buttons and wells.
    #[must_use]
    pub fn corner(&self, units: f32) -> CornerRadius {
        CornerRadius::same(self.px(units).round().clamp(0.0, 255.0) as u8)
    }

    /// A line of this width, never thinner than a pixel's worth.
    #[must_use]
    pub fn stroke(&self, units: f32, colour: Color32) -> Stroke {
        Stroke::new(self.px(units).max(0.75), colour)
    }

    /// A font of the type scale.
    #[must_use]
    pub fn font(&self, kind: Type) -> FontId {
        let named = |name: &str| FontFamily::Name(name.into());
        let (size, family) = match kind {
            Type::Caption => (11.0, FontFamily::Proportional),
            Type::Strong => (11.0, named(style::MEDIUM)),
            Type::Body => (13.0, FontFamily::Proportional),
            Type::Title => (13.0, named(style::SEMI_BOLD)),
            Type::Display => (20.0, named(style::SEMI_BOLD)),
        };
        FontId::new(self.px(size), family)
    }

    /// Draws a line of text; returns where it lies.
    pub fn text(
        &self,
        painter: &Painter,
        at: Pos2,
        anchor: Align2,
        text: impl ToString,
        style: (Type, Color32),
    ) -> Rect {
        painter.text(at, anchor, text, self.font(style.0), style.1)
    }

    /// Draws a line of text that ends in "…" where it would be wider than `width` points.
    pub fn text_within(
        &self,
        painter: &Painter,
        (at, width): (Pos2, f32),
        anchor: Align2,
        text: &str,
        style: (Type, Color32),
    ) -> Rect {
        let mut job = egui::text::LayoutJob::simple_singleline(text.into(), self.font(style.0), style.1);
        job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(1.0));
        let galley = painter.layout_job(job);
        let rect = anchor.anchor_size(at, galley.size());
        painter.galley(rect.min, galley, style.1);
        rect
    }

    /// Whether a line of text is drawn whole within `width` points.
    #[must_use]
    pub fn fits(&self, painter: &Painter, width: f32, text: &str, kind: Type) -> bool {
        painter.layout_no_wrap(text.into(), self.font(kind), TEXT).size().x <= width
    }

    /// The ground of a panel.
    pub fn panel(&self, painter: &Painter, rect: Rect) {
        painter.rect_filled(rect, self.corner(8.0), PANEL);
    }

    /// The ground of a picture.
    pub fn well(&self, painter: &Painter, rect: Rect) {
        self.framed(painter, rect, 4.0, (WELL, HAIR));
    }

    /// A ground with round corners, and a line around it.
    pub fn framed(&self, painter: &Painter, rect: Rect, corner: f32, (ground, line): (Color32, Color32)) {
        painter.rect(rect, self.corner(corner), ground, self.stroke(1.0, line), StrokeKind::Inside);
    }

    /// Shows where the keyboard is.
    pub fn focus_ring(&self, ui: &Ui, response: &Response, rect: Rect) {
        if response.has_focus() {
            let stroke = self.stroke(2.0, ACCENT);
            ui.painter().rect_stroke(rect.expand(self.px(1.0)), self.corner(5.0), stroke, StrokeKind::Outside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2.2).
    fn luminance(colour: Color32) -> f32 {
        let linear = |c: u8| {
            let c = f32::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f32 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_has_the_contrast_that_wcag_aa_asks_for() {
        for ground in [GROUND, PANEL, WELL, RAISED, LIFTED] {
            for text in [TEXT, DIM, ACCENT, WARNING, ALARM] {
                let ratio = contrast(text, ground);
                assert!(ratio >= 4.5, "{text:?} on {ground:?}: {ratio:.2}");
            }
        }
        assert!(contrast(ON_ACCENT, ACCENT) >= 4.5);
    }

    #[test]
    fn marks_of_families_stand_out_from_their_ground() {
        for colour in FAMILIES {
            assert!(contrast(colour, WELL) >= 3.0, "{colour:?}");
        }
    }

    #[test]
    fn the_design_fits_windows_of_every_shape() {
        let theme = Theme::fitting(vec2(2240.0, 1000.0));
        assert!((theme.scale - 1000.0 / 720.0).abs() < 1e-6);
        assert!((Theme::fitting(vec2(DESIGN[0], DESIGN[1])).scale - 1.0).abs() < 1e-6);
    }
}
