//! The gestures, on one page.

use egui::{Align2, Rect, Ui};

use super::sheet;
use super::theme::{self, Type};
use super::widgets::Pen;

const GROUPS: [(&str, &[(&str, &str)]); 4] = [
    (
        "Pads",
        &[
            ("Drag", "moves the sound; Shift is finer"),
            ("Double-click", "goes to the centre"),
            ("Right-click", "type, copy, paste or pin a point"),
            ("Arrow keys", "move in steps; Shift in smaller ones"),
            ("Delete", "goes to the centre, too"),
        ],
    ),
    (
        "Map",
        &[
            ("Click", "travels to that recording\u{2019}s sound"),
            ("Alt-click", "plays it, and stays here"),
            ("Wheel, drag", "zoom and look around; double-click for all"),
            ("Legend", "click hides, double-click shows alone"),
            ("Arrows, Enter", "choose a sound and go there"),
        ],
    ),
    (
        "Knobs",
        &[
            ("Drag, wheel", "turns; Shift is finer"),
            ("Double-click", "goes back to the default"),
            ("Click the value", "type one, with or without its unit"),
            ("Tab", "goes from control to control"),
        ],
    ),
    (
        "Everywhere",
        &[
            ("Ctrl+Z, Ctrl+Shift+Z", "undo, redo"),
            ("Ctrl+F", "browse presets"),
            ("Page Up, Page Down", "previous, next preset"),
            ("?", "this page"),
            ("Esc", "closes what is open"),
        ],
    ),
];

/// Draws them.
pub fn show(ui: &mut Ui, window: Rect, pen: &mut Pen) {
    sheet::show(ui, window, pen, ("Gestures", [880.0, 488.0]), |ui, body, pen| {
        let theme = pen.theme;
        for (n, (name, gestures)) in GROUPS.into_iter().enumerate() {
            let (column, row) = (n % 2, n / 2);
            let corner = body.min + theme.size(424.0 * column as f32, 200.0 * row as f32);
            theme.text(ui.painter(), corner, Align2::LEFT_TOP, name, (Type::Title, theme::ACCENT));
            for (line, (gesture, meaning)) in gestures.iter().enumerate() {
                let y = 28.0 + 28.0 * line as f32;
                let left = corner + theme.size(0.0, y);
                theme.text(ui.painter(), left, Align2::LEFT_TOP, gesture, (Type::Body, theme::TEXT));
                let right = corner + theme.size(144.0, y);
                let room = theme.px(272.0);
                theme.text_within(
                    ui.painter(),
                    (right, room),
                    Align2::LEFT_TOP,
                    meaning,
                    (Type::Body, theme::DIM),
                );
            }
        }
    });
}
