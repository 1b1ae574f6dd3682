//! What a pad looks like: where training sounds lie, the orbit, the trail, and where one is.

use egui::{
    Align2, Color32, ColorImage, Mesh, Painter, Pos2, Rect, Response, Stroke, TextureOptions, Ui, pos2, vec2,
};

use super::instrument::DENSITY;
use super::pad::{PadState, Plane, pair};
use super::theme::{self, Theme, Type};
use super::view::View;

/// Seconds in which a trail fades.
const TRAIL_SECONDS: f64 = 2.5;
/// A movement smaller than this is none: latent units.
const STILL: f32 = 1e-3;

/// The names of the axes: along the lower edge, and upwards along the left one.
pub(super) fn labels(ui: &Ui, rect: Rect, theme: &Theme, names: [&str; 2]) {
    let style = (Type::Caption, theme::DIM);
    let below = rect.min + vec2(theme.px(28.0 + 128.0), theme.px(304.0));
    let arrowed = |name: &str| format!("{name} \u{2192}");
    theme.text(ui.painter(), below, Align2::CENTER_CENTER, arrowed(names[0]), style);
    let galley = ui.painter().layout_no_wrap(arrowed(names[1]), theme.font(style.0), style.1);
    let centre = rect.min + vec2(theme.px(16.0), theme.px(40.0 + 128.0));
    let corner = centre + vec2(-galley.size().y / 2.0, galley.size().x / 2.0);
    let upwards = egui::epaint::TextShape::new(corner, galley, style.1).with_angle(-std::f32::consts::FRAC_PI_2);
    ui.painter().add(upwards);
}

/// Where training sounds lie, as light behind everything else.
pub(super) fn draw_density(
    ui: &Ui,
    painter: &Painter,
    plane: Plane,
    state: &mut PadState,
    (sha256, cells): (&str, &[f32]),
) {
    if cells.len() != DENSITY * DENSITY {
        return;
    }
    if state.density.as_ref().is_none_or(|(of, _)| of != sha256) {
        let colour = |cell: &f32| theme::ACCENT.gamma_multiply(0.42 * cell.sqrt());
        let rows = cells.chunks(DENSITY).rev().flatten();
        let image = ColorImage::new([DENSITY, DENSITY], rows.map(colour).collect());
        let texture = ui.ctx().load_texture("density", image, TextureOptions::LINEAR);
        state.density = Some((sha256.into(), texture));
    }
    if let Some((_, texture)) = &state.density {
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        let mut mesh = Mesh::with_texture(texture.id());
        mesh.add_rect_with_uv(plane.well, whole, Color32::WHITE);
        painter.add(mesh);
    }
}

pub(super) fn grid(painter: &Painter, theme: &Theme, plane: Plane) {
    for axis in 0..2 {
        let [low, high] = plane.ranges[axis];
        for unit in low.ceil() as i32..=high.floor() as i32 {
            let at = plane.place([unit as f32, unit as f32]);
            let colour = if unit == 0 { theme::LINE } else { theme::HAIR };
            match axis {
                0 => painter.vline(at.x, plane.well.y_range(), theme.stroke(1.0, colour)),
                _ => painter.hline(plane.well.x_range(), at.y, theme.stroke(1.0, colour)),
            };
        }
    }
}

/// Pins, and the path among them.
pub(super) fn orbits(painter: &Painter, theme: &Theme, plane: Plane, view: &View, number: usize) {
    let path: Vec<Pos2> = view.orbits.path.iter().map(|z| plane.place(pair(z, number))).collect();
    if path.len() > 1 {
        painter.add(egui::Shape::dashed_line(
            &path,
            theme.stroke(1.0, theme::WARNING),
            theme.px(4.0),
            theme.px(3.0),
        ));
    }
    for (n, pin) in view.orbits.pins.iter().enumerate() {
        let at = plane.place(pair(pin, number));
        painter.circle(at, theme.px(7.0), theme::WELL, theme.stroke(1.5, theme::WARNING));
        theme.text(painter, at, Align2::CENTER_CENTER, n + 1, (Type::Caption, theme::WARNING));
    }
}

/// Where the sound has been, fading.
pub(super) fn trail(
    ui: &Ui,
    painter: &Painter,
    theme: &Theme,
    (plane, state): (Plane, &mut PadState),
    now: [f32; 2],
) {
    let time = ui.input(|input| input.time);
    let moved = |(_, last): &(f64, [f32; 2])| (0..2).any(|axis| (last[axis] - now[axis]).abs() > STILL);
    if state.trail.back().is_none_or(moved) {
        state.trail.push_back((time, now));
    }
    // The last place stays: the next stretch begins there.
    while state.trail.len() > 1 && time - state.trail[0].0 > TRAIL_SECONDS {
        state.trail.pop_front();
    }
    if state.trail.len() > 1 && time - state.trail[state.trail.len() - 1].0 > TRAIL_SECONDS {
        state.trail.drain(..state.trail.len() - 1);
    }
    let points = state.trail.iter().map(|(when, z)| (*when, plane.place(*z)));
    for ((_, from), (when, to)) in points.clone().zip(points.skip(1)) {
        let freshness = (1.0 - (time - when) / TRAIL_SECONDS).clamp(0.0, 1.0) as f32;
        // A jump is no journey: a preset was loaded.
        if from.distance(to) < plane.well.width() * 0.35 {
            let colour = theme::ACCENT.gamma_multiply(freshness * 0.8);
            painter.line_segment([from, to], Stroke::new(theme.px(1.0 + 2.0 * freshness), colour));
        }
    }
}

/// Where the parameters are, and where the sound is when something else moves it.
pub(super) fn handle(
    painter: &Painter,
    theme: &Theme,
    (plane, response): (Plane, &Response),
    set: [f32; 2],
    now: [f32; 2],
) {
    let (at, sound) = (plane.place(set), plane.place(now));
    let hair = theme.stroke(1.0, theme::ACCENT.gamma_multiply(0.35));
    painter.hline(plane.well.x_range(), at.y, hair);
    painter.vline(at.x, plane.well.y_range(), hair);
    if at.distance(sound) > theme.px(1.0) {
        painter.line_segment([at, sound], theme.stroke(1.0, theme::ACCENT));
        painter.circle(sound, theme.px(5.0), theme::TEXT, theme.stroke(1.5, theme::GROUND));
    }
    let held = response.is_pointer_button_down_on();
    let radius = theme.px(if held { 10.0 } else { 8.0 });
    painter.circle(at, radius, theme::ACCENT, theme.stroke(2.0, theme::TEXT));
    if held {
        painter.circle_filled(at, theme.px(16.0), theme::ACCENT.gamma_multiply(0.18));
    }
}
