//! A pad: two latent coordinates as a place.

use std::collections::VecDeque;

use egui::{Align2, Color32, ColorImage, CursorIcon, Mesh, Painter, Pos2, Rect, Response, Role, Sense, Stroke};
use egui::{TextureHandle, TextureOptions, Ui, WidgetInfo, pos2, vec2};

use super::action::{Action, Id, Latent};
use super::instrument::DENSITY;
use super::pad_menu;
use super::theme::{self, Theme, Type};
use super::view::{Control, View};
use super::widgets::{Pen, arrow_steps, value_field, wants_default};
use crate::params::LATENT_REACH;

/// How much slower Shift makes a drag.
const FINE: f32 = 0.1;
/// Share of a pad that an arrow key moves.
const STEP: f32 = 0.01;
/// Seconds in which a trail fades.
const TRAIL_SECONDS: f64 = 2.5;
/// A movement smaller than this is none: latent units.
const STILL: f32 = 1e-3;

/// The coordinates of the two pads.
pub const PADS: [[Id; 2]; 2] = [["z1", "z2"], ["z3", "z4"]];

/// What a pad remembers between frames.
#[derive(Default)]
pub struct PadState {
    /// Where the hand is while it drags, in latent units: finer than what a host gives back.
    hand: Option<[f32; 2]>,
    /// Where the sound was, and when.
    trail: VecDeque<(f64, [f32; 2])>,
    density: Option<(String, TextureHandle)>,
}

impl PadState {
    /// Whether something still fades.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.trail.len() > 1
    }
}

/// From latent units to places on a pad, and back.
#[derive(Clone, Copy)]
struct Plane {
    well: Rect,
    ranges: [[f32; 2]; 2],
}

impl Plane {
    fn place(&self, z: [f32; 2]) -> Pos2 {
        let share = |axis: usize| {
            let [low, high] = self.ranges[axis];
            ((z[axis] - low) / (high - low)).clamp(0.0, 1.0)
        };
        pos2(self.well.left() + share(0) * self.well.width(), self.well.bottom() - share(1) * self.well.height())
    }

    fn latent(&self, at: Pos2) -> [f32; 2] {
        let share = [(at.x - self.well.left()) / self.well.width(), (self.well.bottom() - at.y) / self.well.height()];
        self.clamped(std::array::from_fn(|axis| {
            let [low, high] = self.ranges[axis];
            low + share[axis] * (high - low)
        }))
    }

    fn span(&self) -> [f32; 2] {
        self.ranges.map(|[low, high]| high - low)
    }

    fn clamped(&self, z: [f32; 2]) -> [f32; 2] {
        std::array::from_fn(|axis| z[axis].clamp(self.ranges[axis][0], self.ranges[axis][1]))
    }
}

/// Draws the pad of this number in a panel.
pub fn show(ui: &mut Ui, rect: Rect, pen: &mut Pen, view: &View, (number, state): (usize, &mut PadState)) {
    let theme = pen.theme;
    let ids = PADS[number];
    let axes = [&view.instrument.axes[2 * number], &view.instrument.axes[2 * number + 1]];
    theme.panel(ui.painter(), rect);
    let well = theme.rect(rect.min, 28.0, 40.0, 256.0, 256.0);
    let plane = Plane { well, ranges: axes.map(|axis| axis.range) };

    let response = ui.interact(well, ui.scope_id().with(ids[0]), Sense::click_and_drag());
    let name = format!("Pad of {} and {}", axes[0].label, axes[1].label);
    let text = ids.map(|id| view.controls.get(id).text.clone());
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, format!("{name}: {}, {}", text[0], text[1])));

    gestures(ui, &response, pen, (plane, state, ids), pair(&view.z, number));
    header(ui, rect, pen, view, number);
    theme.well(ui.painter(), well);
    let painter = ui.painter().with_clip_rect(well);
    draw_density(ui, &painter, plane, state, (&view.instrument.sha256, &view.instrument.densities[number]));
    grid(&painter, &theme, plane);
    orbits(&painter, &theme, plane, view, number);
    for voice in &view.sound.voices_at {
        let at = plane.place(pair(voice, number));
        painter.circle(at, theme.px(3.0), theme::TEXT.gamma_multiply(0.8), theme.stroke(1.0, theme::GROUND));
    }
    trail(ui, &painter, &theme, (plane, state), pair(&view.z_now, number));
    handle(&painter, &theme, (plane, &response), pair(&view.z, number), pair(&view.z_now, number));
    labels(ui, rect, &theme, axes.map(|axis| &*axis.label));
    theme.focus_ring(ui, &response, well);
    pad_menu::show(&response, pen, view, number);
    response.on_hover_cursor(CursorIcon::Crosshair);
}

fn pair(z: &Latent, number: usize) -> [f32; 2] {
    [z[2 * number], z[2 * number + 1]]
}

/// What hand and keys do.
fn gestures(
    ui: &Ui,
    response: &Response,
    pen: &mut Pen,
    (plane, state, ids): (Plane, &mut PadState, [Id; 2]),
    set: [f32; 2],
) {
    let primary = response.is_pointer_button_down_on() && ui.input(|input| input.pointer.primary_down());
    let fine = ui.input(|input| input.modifiers.shift);
    if primary && state.hand.is_none() {
        response.request_focus();
        for id in ids {
            pen.act(Action::Begin(id));
        }
        // With Shift the sound stays where it is until the hand moves.
        let at = response.interact_pointer_pos().filter(|_| !fine);
        state.hand = Some(at.map_or(set, |at| plane.latent(at)));
    } else if primary && let Some(hand) = &mut state.hand {
        let moved = ui.input(|input| input.pointer.delta());
        let span = plane.span();
        let share = [moved.x / plane.well.width(), -moved.y / plane.well.height()];
        let pace = if fine { FINE } else { 1.0 };
        *hand = plane.clamped(std::array::from_fn(|axis| hand[axis] + pace * share[axis] * span[axis]));
    }
    if let Some(hand) = state.hand {
        move_to(pen, ids, hand);
        if !primary {
            state.hand = None;
            for id in ids {
                pen.act(Action::End(id));
            }
        }
    }
    if response.double_clicked() || wants_default(ui, response) {
        for id in ids {
            pen.act(Action::Reset(id));
        }
    }
    let steps = arrow_steps(ui, response);
    if steps != [0.0; 2] {
        let span = plane.span();
        move_to(pen, ids, plane.clamped(std::array::from_fn(|axis| set[axis] + steps[axis] * STEP * span[axis])));
    }
}

fn move_to(pen: &mut Pen, ids: [Id; 2], z: [f32; 2]) {
    for (id, z) in ids.into_iter().zip(z) {
        pen.act(Action::Set(id, share_of_reach(z)));
    }
}

/// A latent coordinate as a share of its parameter's range.
#[must_use]
pub fn share_of_reach(z: f32) -> f32 {
    ((z + LATENT_REACH) / (2.0 * LATENT_REACH)).clamp(0.0, 1.0)
}

/// A share of a parameter's range as a latent coordinate.
#[must_use]
pub fn latent_at(share: f32) -> f32 {
    (2.0 * share - 1.0) * LATENT_REACH
}

/// What the pad is of, and its values, which can be typed.
fn header(ui: &mut Ui, rect: Rect, pen: &mut Pen, view: &View, number: usize) {
    let theme = pen.theme;
    let title = ["Z1 \u{b7} Z2", "Z3 \u{b7} Z4"][number];
    let at = rect.min + vec2(theme.px(28.0), theme.px(20.0));
    theme.text(ui.painter(), at, Align2::LEFT_CENTER, title, (Type::Title, theme::TEXT));
    for (n, id) in PADS[number].into_iter().enumerate() {
        let control: &Control = view.controls.get(id);
        let field = theme.rect(rect.min, 180.0 + 56.0 * n as f32, 12.0, 48.0, 16.0);
        value_field(ui, field, pen, control, egui::Align::Max);
    }
}

/// The names of the axes: along the lower edge, and upwards along the left one.
fn labels(ui: &Ui, rect: Rect, theme: &Theme, names: [&str; 2]) {
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
fn draw_density(ui: &Ui, painter: &Painter, plane: Plane, state: &mut PadState, (sha256, cells): (&str, &[f32])) {
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

fn grid(painter: &Painter, theme: &Theme, plane: Plane) {
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
fn orbits(painter: &Painter, theme: &Theme, plane: Plane, view: &View, number: usize) {
    let path: Vec<Pos2> = view.orbits.path.iter().map(|z| plane.place(pair(z, number))).collect();
    if path.len() > 1 {
        painter.add(egui::Shape::dashed_line(&path, theme.stroke(1.0, theme::WARNING), theme.px(4.0), theme.px(3.0)));
    }
    for (n, pin) in view.orbits.pins.iter().enumerate() {
        let at = plane.place(pair(pin, number));
        painter.circle(at, theme.px(7.0), theme::WELL, theme.stroke(1.5, theme::WARNING));
        theme.text(painter, at, Align2::CENTER_CENTER, n + 1, (Type::Caption, theme::WARNING));
    }
}

/// Where the sound has been, fading.
fn trail(
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
fn handle(painter: &Painter, theme: &Theme, (plane, response): (Plane, &Response), set: [f32; 2], now: [f32; 2]) {
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

/// Where a pad's well is in its panel: its corner and its side, in design units.
#[cfg(test)]
pub(super) fn well_in_design() -> (egui::Vec2, f32) {
    (vec2(28.0, 40.0), 256.0)
}
