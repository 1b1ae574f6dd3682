//! The bar at the top: which instrument and preset play, and what was edited.

use egui::{Align2, CursorIcon, Painter, Pos2, Rect, Response, Role, Sense, Ui, WidgetInfo, vec2};

use super::action::{Action, Sheet};
use super::theme::{self, Theme, Type};
use super::view::View;
use super::widgets::{Icon, Look, Pen, button, icon_button};

/// Draws it.
pub fn show(ui: &mut Ui, rect: Rect, pen: &mut Pen, view: &View) {
    let theme = pen.theme;
    let at = |x: f32, width: f32| theme.rect(rect.min, x, 12.0, width, 32.0);
    mark(ui.painter(), &theme, rect.min + theme.size(32.0, 28.0));
    let word = rect.min + theme.size(56.0, 28.0);
    theme.text(ui.painter(), word, Align2::LEFT_CENTER, "Ukulelatent", (Type::Title, theme::TEXT));

    let instrument = field(ui, at(152.0, 200.0), &theme, ("Instrument", &view.instrument.name), false);
    if instrument.on_hover_text("Choose an instrument, and see whom to thank for it").clicked() {
        pen.act(Action::Show(Some(Sheet::Models)));
    }
    presets(ui, pen, view, &at);

    let edits = &view.edits;
    let label = |verb: &str, what: &Option<String>| match what {
        Some(what) => format!("{verb}: {what}"),
        None => format!("{verb}: nothing"),
    };
    let undo = (Icon::Undo, &*label("Undo", &edits.undo));
    if icon_button(ui, at(752.0, 32.0), &theme, undo, Look::enabled(edits.undo.is_some())).clicked() {
        pen.act(Action::Undo);
    }
    let redo = (Icon::Redo, &*label("Redo", &edits.redo));
    if icon_button(ui, at(784.0, 32.0), &theme, redo, Look::enabled(edits.redo.is_some())).clicked() {
        pen.act(Action::Redo);
    }
    compare(ui, pen, view, &at);
    if icon_button(ui, at(1032.0, 32.0), &theme, (Icon::Settings, "Settings"), Look::Plain).clicked() {
        pen.act(Action::Show(Some(Sheet::Settings)));
    }
    if icon_button(ui, at(1072.0, 32.0), &theme, (Icon::Help, "All gestures (?)"), Look::Plain).clicked() {
        pen.act(Action::Show(Some(Sheet::Help)));
    }
}

fn presets(ui: &mut Ui, pen: &mut Pen, view: &View, at: &dyn Fn(f32, f32) -> Rect) {
    let theme = pen.theme;
    if icon_button(ui, at(368.0, 32.0), &theme, (Icon::Previous, "Previous preset"), Look::Plain).clicked() {
        pen.act(Action::StepPreset(-1));
    }
    let name = field(ui, at(400.0, 264.0), &theme, ("Preset", view.presets.title()), view.presets.dirty);
    let about = if view.presets.dirty {
        "Changed since it was loaded: choose it in the list to bring it back"
    } else {
        "Browse presets"
    };
    if name.on_hover_text(about).clicked() {
        pen.act(Action::Show(Some(Sheet::Presets)));
    }
    if icon_button(ui, at(664.0, 32.0), &theme, (Icon::Next, "Next preset"), Look::Plain).clicked() {
        pen.act(Action::StepPreset(1));
    }
    if icon_button(ui, at(704.0, 32.0), &theme, (Icon::Save, "Save as a preset of your own"), Look::Plain)
        .clicked()
    {
        pen.act(Action::Show(Some(Sheet::Presets)));
        ui.data_mut(|data| data.insert_temp(super::browser::saving(), true));
    }
}

fn compare(ui: &mut Ui, pen: &mut Pen, view: &View, at: &dyn Fn(f32, f32) -> Rect) {
    let theme = pen.theme;
    for (n, (name, is_b)) in [("A", false), ("B", true)].into_iter().enumerate() {
        let look = if view.edits.is_b == is_b { Look::On } else { Look::Plain };
        let response = button(ui, at(840.0 + 36.0 * n as f32, 32.0), &theme, name, look);
        if response.on_hover_text("Compare two sounds").clicked() && view.edits.is_b != is_b {
            pen.act(Action::Swap);
        }
    }
    let (from, to) = if view.edits.is_b { ("B", "A") } else { ("A", "B") };
    let name = format!("Copy {from} to {to}");
    if icon_button(ui, at(912.0, 32.0), &theme, (Icon::Copy, &name), Look::Plain).clicked() {
        pen.act(Action::CopyAcross);
    }
}

/// A name that opens a list.
fn field(ui: &mut Ui, rect: Rect, theme: &Theme, (what, name): (&str, &str), dirty: bool) -> Response {
    let response = ui.interact(rect, ui.scope_id().with(what), Sense::click());
    let changed = if dirty { ", changed" } else { "" };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{what}: {name}{changed}")));
    let painter = ui.painter();
    painter.rect_filled(rect, theme.corner(4.0), if response.hovered() { theme::LIFTED } else { theme::RAISED });
    let at = rect.left_center() + vec2(theme.px(12.0), 0.0);
    let room = rect.width() - theme.px(56.0);
    let text = theme.text_within(painter, (at, room), Align2::LEFT_CENTER, name, (Type::Title, theme::TEXT));
    if dirty {
        painter.circle_filled(text.right_center() + vec2(theme.px(8.0), 0.0), theme.px(3.0), theme::ACCENT);
    }
    Icon::Down.paint(painter, rect.right_center() - vec2(theme.px(16.0), 0.0), theme, theme::DIM);
    theme.focus_ring(ui, &response, rect);
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// The mark: a point, and the orbits that it may take.
fn mark(painter: &Painter, theme: &Theme, centre: Pos2) {
    for (radii, turn) in [([13.0, 5.0], 0.6_f32), ([13.0, 5.0], -0.6)] {
        let points = (0..48).map(|n| {
            let angle = n as f32 / 48.0 * std::f32::consts::TAU;
            let (x, y) = (radii[0] * angle.cos(), radii[1] * angle.sin());
            centre + theme.size(x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos())
        });
        painter.add(egui::Shape::closed_line(points.collect(), theme.stroke(1.5, theme::ACCENT)));
    }
    painter.circle_filled(centre, theme.px(3.0), theme::TEXT);
}
