//! Orbits: the points that the sound travels among, and how.

use egui::{Align2, Rect, Ui, vec2};

use super::action::{Action, Id};
use super::strip;
use super::theme::{self, Type};
use super::view::View;
use super::widgets::{Look, Pen, button, icon_button, Icon};

/// The most points that can be pinned.
pub const PINS: usize = 8;

/// The parameters of Orbits, in the order in which they are shown, where the instrument has them.
const CONTROLS: [(Id, &str); 6] = [
    ("orbit", "Whether the sound travels"),
    ("orbit_depth", "How far from the point that is set it travels"),
    ("orbit_phase", "Where on the path it begins, in turns"),
    ("orbit_sync", "Follow the host's tempo"),
    ("orbit_beats", "Beats for a turn, with the host's tempo"),
    ("orbit_seconds", "Seconds for a turn, without it"),
];

/// Draws the pins and their controls.
pub fn show(ui: &mut Ui, body: Rect, pen: &mut Pen, view: &View) {
    let theme = pen.theme;
    let pins = &view.orbits.pins;
    for n in 0..PINS {
        let cell = theme.rect(body.min, 16.0 + 44.0 * n as f32, 16.0, 40.0, 40.0);
        pin(ui, cell, pen, pins.get(n).is_some(), n);
    }
    let add = theme.rect(body.min, 16.0, 72.0, 168.0, 28.0);
    let look = if pins.len() < PINS { Look::Main } else { Look::Off };
    if button(ui, add, &theme, "Pin the present point", look).clicked() {
        pen.act(Action::Pin(view.z));
    }
    let clear = theme.rect(body.min, 192.0, 72.0, 80.0, 28.0);
    if button(ui, clear, &theme, "Clear all", Look::enabled(!pins.is_empty())).clicked() {
        pen.act(Action::ClearPins);
    }
    let has = |id: &str| view.controls.0.iter().any(|control| control.id == id);
    let mut x = 384.0;
    for (id, about) in CONTROLS.into_iter().filter(|(id, _)| has(id)) {
        let cell = theme.rect(body.min, x, 16.0, 72.0, 88.0);
        strip::control(ui, cell, pen, view, (id, about));
        x += 76.0;
    }
    if pins.len() < 2 {
        let at = theme.rect(body.min, x + 16.0, 16.0, 0.0, 0.0).min;
        for (n, line) in ["Pin two points or more,", "and the sound travels", "among them along a", "closed path."].iter().enumerate() {
            let at = at + vec2(0.0, theme.px(10.0 + 18.0 * n as f32));
            theme.text(ui.painter(), at, Align2::LEFT_CENTER, line, (Type::Caption, theme::DIM));
        }
    }
}

/// A place for a pin: its number, and a cross to take it away.
fn pin(ui: &mut Ui, cell: Rect, pen: &mut Pen, is_set: bool, n: usize) {
    let theme = pen.theme;
    let painter = ui.painter();
    let ink = if is_set { theme::WARNING } else { theme::LINE };
    painter.circle(cell.center(), theme.px(13.0), theme::WELL, theme.stroke(1.5, ink));
    theme.text(painter, cell.center(), Align2::CENTER_CENTER, n + 1, (Type::Strong, ink));
    if is_set {
        let corner = Rect::from_center_size(cell.right_top() + theme.size(-6.0, 6.0), theme.size(14.0, 14.0));
        let name = format!("Take pin {} away", n + 1);
        if icon_button(ui, corner, &theme, (Icon::Close, &name), Look::Plain).clicked() {
            pen.act(Action::Unpin(n));
        }
    }
}
