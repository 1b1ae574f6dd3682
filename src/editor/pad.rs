//! A pad: two latent coordinates as a place.

use std::collections::VecDeque;

use egui::{
    Align2, CursorIcon, Event, PointerButton, Pos2, Rect, Response, Role, Sense, TextureHandle, Ui, WidgetInfo,
    pos2, vec2,
};

use super::action::{Action, Id, Latent};
use super::pad_menu;
use super::pad_paint::{draw_density, grid, handle, labels, orbits, trail};
use super::theme::{self, Type};
use super::view::{Control, View};
use super::widgets::{Pen, arrow_steps, value_field, wants_default};
use crate::params::LATENT_REACH;

/// How much slower Shift makes a drag.
const FINE: f32 = 0.1;
/// Share of a pad that an arrow key moves.
const STEP: f32 = 0.01;

/// The coordinates of the two pads.
pub const PADS: [[Id; 2]; 2] = [["z1", "z2"], ["z3", "z4"]];

/// What a pad remembers between frames.
#[derive(Default)]
pub struct PadState {
    /// Where the hand took hold, while it drags.
    grab: Option<Grab>,
    /// Where the sound was, and when.
    pub(super) trail: VecDeque<(f64, [f32; 2])>,
    pub(super) density: Option<(String, TextureHandle)>,
}

impl PadState {
    /// Whether something still fades.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.trail.len() > 1
    }
}

/// A hand that holds the sound: from here the pointer moves it, finely or not.
#[derive(Clone, Copy)]
struct Grab {
    at: Pos2,
    z: [f32; 2],
    fine: bool,
}

impl Grab {
    /// Where the sound is when the pointer is here.
    fn follow(&mut self, plane: Plane, at: Pos2, fine: bool) -> [f32; 2] {
        let pace = if self.fine { FINE } else { 1.0 };
        let share = [(at.x - self.at.x) / plane.well.width(), (self.at.y - at.y) / plane.well.height()];
        let span = plane.span();
        let z = plane.clamped(std::array::from_fn(|axis| self.z[axis] + pace * share[axis] * span[axis]));
        if fine != self.fine {
            *self = Self { at, z, fine };
        }
        z
    }
}

/// From latent units to places on a pad, and back.
#[derive(Clone, Copy)]
pub(super) struct Plane {
    pub well: Rect,
    pub ranges: [[f32; 2]; 2],
}

impl Plane {
    pub fn place(&self, z: [f32; 2]) -> Pos2 {
        let share = |axis: usize| {
            let [low, high] = self.ranges[axis];
            ((z[axis] - low) / (high - low)).clamp(0.0, 1.0)
        };
        pos2(self.well.left() + share(0) * self.well.width(), self.well.bottom() - share(1) * self.well.height())
    }

    fn latent(&self, at: Pos2) -> [f32; 2] {
        let share =
            [(at.x - self.well.left()) / self.well.width(), (self.well.bottom() - at.y) / self.well.height()];
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
    // Not clipped: at the edge of the pad it must be seen, and taken hold of, too.
    handle(ui.painter(), &theme, (plane, &response), pair(&view.z, number), pair(&view.z_now, number));
    labels(ui, rect, &theme, axes.map(|axis| &*axis.label));
    theme.focus_ring(ui, &response, well);
    pad_menu::show(&response, pen, view, number);
    response.on_hover_cursor(CursorIcon::Crosshair);
}

pub(super) fn pair(z: &Latent, number: usize) -> [f32; 2] {
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
    let down = response.is_pointer_button_down_on() && ui.input(|input| input.pointer.primary_down());
    let fine = ui.input(|input| input.modifiers.shift);
    let latest = ui.input(|input| input.pointer.latest_pos()).or(response.interact_pointer_pos());
    let at = if down { latest } else { let_go_at(ui).or(latest) };
    // A quick hand may press and let go between two frames.
    let begins = state.grab.is_none() && (down || response.clicked());
    if begins && let Some(at) = at {
        response.request_focus();
        for id in ids {
            pen.act(Action::Begin(id));
        }
        // With Shift the sound stays where it is until the hand moves.
        state.grab = Some(Grab { at, z: if fine { set } else { plane.latent(at) }, fine });
    }
    if let (Some(grab), Some(at)) = (&mut state.grab, at) {
        move_to(pen, ids, grab.follow(plane, at, fine));
    }
    if !down && state.grab.take().is_some() {
        for id in ids {
            pen.act(Action::End(id));
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

/// Where the button was let go since the last frame: a quick hand is elsewhere by now.
fn let_go_at(ui: &Ui) -> Option<Pos2> {
    let released = |event: &Event| match event {
        Event::PointerButton { pos, button: PointerButton::Primary, pressed: false, .. } => Some(*pos),
        _ => None,
    };
    ui.input(|input| input.events.iter().rev().find_map(released))
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

/// Where a pad's well is in its panel: its corner and its side, in design units.
#[cfg(test)]
pub(super) fn well_in_design() -> (egui::Vec2, f32) {
    (vec2(28.0, 40.0), 256.0)
}
