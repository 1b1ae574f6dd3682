//! What the map looks like: marks, the present point among its neighbours, and what is under the pointer.

use egui::{Align2, Color32, Painter, Rect, Ui, Vec2, pos2};

use super::instrument::{FAMILIES, Instrument, Point, distance_squared};
use super::map::{MapState, Projection, is_shown, name_of};
use super::marks;
use super::theme::{self, Theme, Type};
use super::view::View;
use crate::units::MidiNote;

/// Neighbours that show where a point is that no training sound has.
pub(super) const NEIGHBOURS: usize = 5;
/// Keys within which sounds stand out from those of other keys.
const NEAR_KEYS: f32 = 7.0;

/// All marks, in one mesh; those of keys near the note played are brighter.
pub(super) fn draw_marks(
    ui: &Ui,
    painter: &Painter,
    theme: &Theme,
    (instrument, state, projection): (&Instrument, &mut MapState, Projection),
    key: Option<u8>,
) {
    let load = || ui.ctx().load_texture("marks", marks::picture(), egui::TextureOptions::LINEAR);
    let texture = state.marks.get_or_insert_with(load).id();
    let mut mesh = marks::mesh(texture);
    let radius = theme.px(4.0) * state.zoom.powf(0.4);
    for point in instrument.points.iter().filter(|point| is_shown(state, point)) {
        let near = key.map_or(0.7, |key| {
            let apart = (f32::from(point.key) - f32::from(key)) / NEAR_KEYS;
            0.28 + 0.72 * (-apart * apart).exp()
        });
        let colour = theme::FAMILIES[point.family.min(FAMILIES - 1)].gamma_multiply(near);
        marks::add(&mut mesh, point.family, projection.place(point.place), radius, colour);
    }
    painter.add(mesh);
}

/// The present point, among its nearest neighbours: each pulls it the more, the nearer it is.
pub(super) fn draw_place(
    painter: &Painter,
    theme: &Theme,
    instrument: &Instrument,
    projection: Projection,
    view: &View,
) {
    let neighbours = neighbours(instrument, &view.z_now);
    let total: f32 = neighbours.iter().map(|(_, weight)| weight).sum();
    let places =
        neighbours.iter().map(|(n, weight)| (projection.place(instrument.points[*n].place), weight / total));
    let middle = places.clone().fold(Vec2::ZERO, |sum, (at, weight)| sum + weight * at.to_vec2()).to_pos2();
    for (at, weight) in places {
        let colour = theme::ACCENT.gamma_multiply(0.25 + 0.75 * weight);
        painter.line_segment([middle, at], theme.stroke(1.0, colour));
    }
    painter.circle(middle, theme.px(7.0), theme::ACCENT, theme.stroke(2.0, theme::TEXT));
}

/// The nearest sounds, with how much each counts.
pub(super) fn neighbours(instrument: &Instrument, z: &super::action::Latent) -> Vec<(usize, f32)> {
    let distance = |point: &Point| distance_squared(&point.z, z);
    let mut all: Vec<(usize, f32)> =
        instrument.points.iter().enumerate().map(|(n, point)| (n, distance(point))).collect();
    let count = NEIGHBOURS.min(all.len());
    if count < all.len() {
        all.select_nth_unstable_by(count, |a, b| a.1.total_cmp(&b.1));
    }
    all.truncate(count);
    all.iter().map(|(n, squared)| (*n, 1.0 / (squared + 1e-3))).collect()
}

pub(super) fn draw_choice(
    painter: &Painter,
    theme: &Theme,
    instrument: &Instrument,
    projection: Projection,
    choice: Option<usize>,
) {
    if let Some(point) = choice.and_then(|n| instrument.points.get(n)) {
        let at = projection.place(point.place);
        let colour = theme::FAMILIES[point.family.min(FAMILIES - 1)];
        painter.circle(at, theme.px(9.0), Color32::TRANSPARENT, theme.stroke(2.0, theme::TEXT));
        painter.circle_filled(at, theme.px(4.0), colour);
    }
}

/// What lies under the pointer, else what the present point is nearest to.
pub(super) fn tell(
    ui: &Ui,
    rect: Rect,
    theme: &Theme,
    instrument: &Instrument,
    (nearest, chosen, key): (Option<usize>, Option<usize>, Option<u8>),
) {
    let at = pos2(rect.right() - theme.px(12.0), rect.top() + theme.px(20.0));
    let text = |n: usize| name_of(&instrument.points[n]);
    let (words, ink) = match (chosen, nearest) {
        (Some(n), _) => (format!("{}  \u{b7}  click to go there, Alt-click to hear it", text(n)), theme::TEXT),
        (None, Some(n)) => (format!("near {}{}", text(n), bright(key)), theme::DIM),
        (None, None) => return,
    };
    theme.text_within(ui.painter(), (at, theme.px(400.0)), Align2::RIGHT_CENTER, &words, (Type::Caption, ink));
}

/// Why some marks are brighter than others.
fn bright(key: Option<u8>) -> String {
    let note = key.and_then(|key| MidiNote::new(key).ok());
    note.map_or_else(String::new, |note| format!("  \u{b7}  bright: recordings of keys around {note}"))
}
