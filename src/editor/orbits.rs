//! Orbits: the points that the sound travels among, and how.

use egui::{Align2, Rect, Ui, vec2};

use super::action::{Action, Id};
use super::strip;
use super::theme::{self, Type};
use super::view::View;
use super::widgets::{Icon, Look, Pen, button, icon_button};
use crate::link::MAX_PINS;

/// The parameters of Orbits.
const CONTROLS: [(Id, &str, &str); 5] = [
    ("orbit_depth", "Depth", "How much of the path is added to the point that is set; 0 %: the sound stays"),
    ("orbit_sync", "Sync", "Follow the host\u{2019}s tempo"),
    ("orbit_length", "Turn", "How long a turn takes, in the host\u{2019}s tempo"),
    ("orbit_rate", "Rate", "Turns in a second, where no tempo is followed"),
    ("orbit_phase", "Phase", "Where on its path the song begins, in turns from the first pin"),
];

/// Draws the pins and their controls.
pub fn show(ui: &mut Ui, body: Rect, pen: &mut Pen, view: &View) {
    let theme = pen.theme;
    let pins = &view.orbits.pins;
    for n in 0..MAX_PINS {
        let cell = theme.rect(body.min, 16.0 + 44.0 * n as f32, 16.0, 40.0, 40.0);
        pin(ui, cell, pen, pins.get(n).is_some(), n);
    }
    let add = theme.rect(body.min, 16.0, 72.0, 168.0, 28.0);
    let look = if pins.len() < MAX_PINS { Look::Main } else { Look::Off };
    if button(ui, add, &theme, "Pin the present point", look).clicked() {
        pen.act(Action::Pin(view.z));
    }
    let clear = theme.rect(body.min, 192.0, 72.0, 80.0, 28.0);
    if button(ui, clear, &theme, "Clear all", Look::enabled(!pins.is_empty())).clicked() {
        pen.act(Action::ClearPins);
    }
    let mut x = 392.0;
    for control in CONTROLS {
        let cell = theme.rect(body.min, x, 20.0, 72.0, 88.0);
        strip::control(ui, cell, pen, view, control);
        x += 76.0;
    }
    if pins.len() < 2 || view.controls.get("orbit_depth").set <= 0.0 {
        let at = theme.rect(body.min, x + 16.0, 16.0, 0.0, 0.0).min;
        for (n, line) in [
            "Pin two points or more and turn",
            "Depth up: the sound travels among",
            "them along a closed path, the same",
            "way each time the song plays.",
        ]
        .iter()
        .enumerate()
        {
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
