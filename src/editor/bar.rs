//! The bar at the top: which instrument and preset play, and what was edited.

use egui::{Align2, CursorIcon, Painter, Pos2, Rect, Response, Role, Sense, Ui, WidgetInfo, vec2};

use super::action::{Action, Sheet};
use super::theme::{self, Theme, Type};
use super::view::View;
use super::widgets::{Icon, Look, Pen, button, icon_button, word_button};

/// Radius of the dot behind the name of what was changed, and how far it lies from the name.
const DOT: f32 = 4.0;
const BESIDE_NAME: f32 = 12.0;

/// Draws it.
pub fn show(ui: &mut Ui, rect: Rect, pen: &mut Pen, view: &View) {
    let theme = pen.theme;
    let at = |x: f32, width: f32| theme.rect(rect.min, x, 12.0, width, 32.0);
    mark(ui.painter(), &theme, rect.min + theme.size(32.0, 28.0));
    let word = rect.min + theme.size(56.0, 28.0);
    theme.text(ui.painter(), word, Align2::LEFT_CENTER, "Ukulelatent", (Type::Title, theme::TEXT));

    let about = "Choose an instrument, and see whom to thank for it";
    if field(ui, at(152.0, 200.0), &theme, ("Instrument", &view.instrument.name, about), false).clicked() {
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
    let previous = (Icon::Previous, "Previous preset of this instrument");
    if icon_button(ui, at(368.0, 32.0), &theme, previous, Look::Plain).clicked() {
        pen.act(Action::StepPreset(-1));
    }
    let presets = &view.presets;
    let about = match (presets.dirty, presets.loaded) {
        (false, _) => "Browse presets",
        (true, Some(_)) => "The dot: changed since it was loaded. Choose it in the list to bring it back",
        (true, None) => "The dot: changed since it began. Save it to keep it as a preset",
    };
    if field(ui, at(400.0, 224.0), &theme, ("Preset", presets.title(), about), presets.dirty).clicked() {
        pen.act(Action::Show(Some(Sheet::Presets)));
    }
    let next = (Icon::Next, "Next preset of this instrument");
    if icon_button(ui, at(624.0, 32.0), &theme, next, Look::Plain).clicked() {
        pen.act(Action::StepPreset(1));
    }
    let save = (Icon::Save, "Save", "Save as a preset of your own");
    if word_button(ui, at(664.0, 72.0), &theme, save, Look::Plain).clicked() {
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

/// A name that opens a list. The pointer is told all of a name that is too long, and what there is to say about it.
fn field(
    ui: &mut Ui,
    rect: Rect,
    theme: &Theme,
    (what, name, about): (&str, &str, &str),
    dirty: bool,
) -> Response {
    let response = ui.interact(rect, ui.scope_id().with(what), Sense::click());
    let changed = if dirty { ", changed" } else { "" };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{what}: {name}{changed}")));
    let painter = ui.painter();
    painter.rect_filled(rect, theme.corner(4.0), if response.hovered() { theme::LIFTED } else { theme::RAISED });
    let at = rect.left_center() + vec2(theme.px(12.0), 0.0);
    let room = rect.width() - theme.px(if dirty { 64.0 } else { 48.0 });
    let text = theme.text_within(painter, (at, room), Align2::LEFT_CENTER, name, (Type::Title, theme::TEXT));
    if dirty {
        let dot = text.right_center() + vec2(theme.px(BESIDE_NAME), 0.0);
        painter.circle_filled(dot, theme.px(DOT), theme::ACCENT);
    }
    Icon::Down.paint(painter, rect.right_center() - vec2(theme.px(16.0), 0.0), theme, theme::DIM);
    let whole = theme.fits(painter, room, name, Type::Title);
    theme.focus_ring(ui, &response, rect);
    let told = if whole { about.to_owned() } else { format!("{name}\n{about}") };
    response.on_hover_text(told).on_hover_cursor(CursorIcon::PointingHand)
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
