//! How playing moves the point: four sources by four coordinates, and MPE.

use egui::{Align2, CursorIcon, Rect, Sense, Ui, WidgetInfo, pos2, vec2};

use super::action::{Action, Id};
use super::strip;
use super::theme::{self, Type};
use super::view::{Control, View};
use super::widgets::{Pen, arrow_steps, value_field, wants_default};

const SOURCES: [(&str, [Id; 4]); 4] = [
    ("Mod wheel", ["wheel_z1", "wheel_z2", "wheel_z3", "wheel_z4"]),
    ("Pressure", ["pressure_z1", "pressure_z2", "pressure_z3", "pressure_z4"]),
    ("Slide", ["slide_z1", "slide_z2", "slide_z3", "slide_z4"]),
    ("Velocity", ["velocity_z1", "velocity_z2", "velocity_z3", "velocity_z4"]),
];

/// Draws the matrix, with the axes' names above it.
pub fn show(ui: &mut Ui, body: Rect, pen: &mut Pen, view: &View) {
    let theme = pen.theme;
    for (axis, of) in view.instrument.axes.iter().enumerate() {
        let at = theme.rect(body.min, 104.0 + 164.0 * axis as f32, 14.0, 0.0, 0.0).min;
        let words = format!("z{} {}", axis + 1, of.label);
        theme.text_within(
            ui.painter(),
            (at, theme.px(148.0)),
            Align2::LEFT_CENTER,
            &words,
            (Type::Caption, theme::DIM),
        );
    }
    for (row, (source, ids)) in SOURCES.into_iter().enumerate() {
        let y = 26.0 + 22.0 * row as f32;
        let at = theme.rect(body.min, 16.0, y + 10.0, 0.0, 0.0).min;
        theme.text(ui.painter(), at, Align2::LEFT_CENTER, source, (Type::Caption, theme::TEXT));
        for (axis, id) in ids.into_iter().enumerate() {
            let cell = theme.rect(body.min, 104.0 + 164.0 * axis as f32, y, 148.0, 20.0);
            depth(ui, cell, pen, view.controls.get(id));
        }
    }
    let controls = [
        ("mpe", "MPE", "Each note has a MIDI channel of its own, as on MPE controllers"),
        ("mpe_range", "MPE bend", "How far a single note bends in MPE, in semitones"),
        ("mts_esp", "MTS-ESP", "Follow the session's tuning where an MTS-ESP master gives it"),
    ];
    strip::controls(ui, theme.rect(body.min, 780.0, 16.0, 72.0, 88.0), pen, view, &controls);
}

/// How far a source moves a coordinate: a bar from the middle, and its value.
fn depth(ui: &mut Ui, cell: Rect, pen: &mut Pen, control: &Control) {
    let theme = pen.theme;
    let bar = Rect::from_min_size(cell.min, vec2(theme.px(104.0), cell.height())).shrink2(theme.size(0.0, 6.0));
    let response =
        ui.interact(bar.expand2(theme.size(0.0, 4.0)), ui.scope_id().with(control.id), Sense::click_and_drag());
    let info = || WidgetInfo::slider(true, f64::from(control.set), format!("{}, {}", control.name, control.text));
    response.widget_info(info);
    if response.drag_started() {
        pen.act(Action::Begin(control.id));
    }
    if response.dragged()
        && let Some(at) = response.interact_pointer_pos()
    {
        pen.act(Action::Set(control.id, ((at.x - bar.left()) / bar.width()).clamp(0.0, 1.0)));
    }
    if response.drag_stopped() {
        pen.act(Action::End(control.id));
    }
    if response.double_clicked() || wants_default(ui, &response) {
        pen.act(Action::Reset(control.id));
    } else if response.clicked() {
        response.request_focus();
    }
    let [x, y] = arrow_steps(ui, &response);
    if x + y != 0.0 {
        pen.act(Action::Set(control.id, (control.set + 0.01 * (x + y)).clamp(0.0, 1.0)));
    }
    let painter = ui.painter();
    painter.rect_filled(bar, theme.corner(4.0), theme::WELL);
    let at = bar.left() + control.set * bar.width();
    let filled = Rect::from_two_pos(pos2(bar.center().x, bar.top()), pos2(at, bar.bottom()));
    painter.rect_filled(filled, theme.corner(2.0), theme::ACCENT);
    painter.vline(bar.center().x, bar.y_range(), theme.stroke(1.0, theme::DIM));
    theme.focus_ring(ui, &response, bar);
    response.on_hover_cursor(CursorIcon::ResizeHorizontal).on_hover_text("In latent units; double-click for none");
    let field = Rect::from_min_max(pos2(bar.right() + theme.px(4.0), cell.top()), cell.max);
    value_field(ui, field, pen, control, egui::Align::Max);
}
