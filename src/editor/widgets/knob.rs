//! Knobs, switches and choices: a parameter each.

use std::f32::consts::PI;

use egui::{Align, Align2, CursorIcon, Painter, Pos2, Rect, Response, Role, Sense, Ui, WidgetInfo, vec2};

use super::{Pen, arrow_steps, value_field, wants_default};
use crate::editor::action::Action;
use crate::editor::theme::{self, Theme, Type};
use crate::editor::view::Control;

/// Angle of a knob at its end, from straight up.
const END: f32 = 0.75 * PI;
/// Design units of a drag from one end to the other, and how much slower Shift makes it.
const TRAVEL: f32 = 160.0;
const FINE: f32 = 0.1;

/// From where a knob's arc is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// From its lowest value.
    FromLow,
    /// From its middle.
    FromMiddle,
}

/// A knob with its name above and its value below, in a column.
pub fn knob(
    ui: &mut Ui,
    rect: Rect,
    pen: &mut Pen,
    control: &Control,
    (spread, label, about): (Spread, &str, &str),
) {
    let theme = pen.theme;
    caption(ui, rect, &theme, label);
    let radius = theme.px(18.0);
    let centre = rect.center_top() + vec2(0.0, theme.px(18.0) + radius);
    let dial = Rect::from_center_size(centre, vec2(2.0, 2.0) * radius);
    let response = ui.interact(dial, ui.scope_id().with(control.id), Sense::click_and_drag());
    let info = || WidgetInfo::slider(true, f64::from(control.set), format!("{}, {}", control.name, control.text));
    response.widget_info(info);
    turn(ui, &response, pen, control);
    paint(ui.painter(), &theme, (centre, radius), control, (spread, response.hovered() || response.dragged()));
    theme.focus_ring(ui, &response, dial);
    let response = response.on_hover_cursor(CursorIcon::ResizeVertical);
    if !response.dragged() {
        response.on_hover_text(about);
    }
    let field = Rect::from_min_size(
        rect.left_top() + vec2(theme.px(2.0), theme.px(58.0)),
        vec2(rect.width() - theme.px(4.0), theme.px(14.0)),
    );
    value_field(ui, field, pen, control, Align::Center);
}

fn caption(ui: &Ui, rect: Rect, theme: &Theme, name: &str) {
    let at = rect.center_top() + vec2(0.0, theme.px(6.0));
    theme.text_within(ui.painter(), (at, rect.width()), Align2::CENTER_CENTER, name, (Type::Caption, theme::TEXT));
}

/// Drags, keys and the wheel.
fn turn(ui: &Ui, response: &Response, pen: &mut Pen, control: &Control) {
    let id = control.id;
    if response.drag_started() {
        response.request_focus();
        pen.act(Action::Begin(id));
    }
    if response.dragged() || response.drag_stopped() {
        let fine = if ui.input(|input| input.modifiers.shift) { FINE } else { 1.0 };
        let motion = ui.input(|input| input.pointer.delta());
        let moved = (motion.x - motion.y) / pen.theme.px(TRAVEL) * fine;
        // Choices and switches need more than one frame's motion: what was not enough is kept.
        let key = response.id.with("exact");
        let exact: f32 = ui.data(|data| data.get_temp(key)).unwrap_or(control.set) + moved;
        let exact = exact.clamp(0.0, 1.0);
        ui.data_mut(|data| data.insert_temp(key, exact));
        pen.act(Action::Set(id, exact));
    }
    if response.drag_stopped() {
        ui.data_mut(|data| data.remove::<f32>(response.id.with("exact")));
        pen.act(Action::End(id));
    }
    if response.double_clicked() || wants_default(ui, response) {
        pen.act(Action::Reset(id));
    } else if response.clicked() {
        response.request_focus();
    }
    let [x, y] = arrow_steps(ui, response);
    let wheel = if response.hovered() { ui.input(|input| input.smooth_scroll_delta().y) } else { 0.0 };
    let steps = x + y + wheel / 20.0;
    if steps != 0.0 {
        pen.act(Action::Set(id, (control.set + steps * control.step).clamp(0.0, 1.0)));
    }
}

fn paint(
    painter: &Painter,
    theme: &Theme,
    (centre, radius): (Pos2, f32),
    control: &Control,
    look: (Spread, bool),
) {
    let (spread, lit) = look;
    let arc = |from: f32, to: f32| -> Vec<Pos2> {
        let angle = |share: f32| -END + 2.0 * END * share;
        let point = |step: usize| {
            let angle = angle(from + (to - from) * step as f32 / 32.0);
            centre + (radius - theme.px(2.0)) * vec2(angle.sin(), -angle.cos())
        };
        (0..=32).map(point).collect()
    };
    let start = if spread == Spread::FromMiddle { 0.5 } else { 0.0 };
    painter.circle_filled(centre, radius - theme.px(5.0), if lit { theme::LIFTED } else { theme::RAISED });
    painter.line(arc(0.0, 1.0), theme.stroke(3.0, theme::LINE));
    if (control.set - start).abs() > 1e-3 {
        painter.line(arc(start, control.set), theme.stroke(3.0, theme::ACCENT));
    }
    let angle = -END + 2.0 * END * control.set;
    let towards = vec2(angle.sin(), -angle.cos());
    let hand = [centre + towards * theme.px(5.0), centre + towards * (radius - theme.px(7.0))];
    painter.line_segment(hand, theme.stroke(2.0, theme::TEXT));
    if (control.now - control.set).abs() > 1e-4 {
        let angle = -END + 2.0 * END * control.now;
        let at = centre + (radius - theme.px(2.0)) * vec2(angle.sin(), -angle.cos());
        painter.circle_filled(at, theme.px(2.5), theme::TEXT);
    }
}

/// A parameter that is on or off, in a column.
pub fn switch(ui: &mut Ui, rect: Rect, pen: &mut Pen, control: &Control, (label, about): (&str, &str)) {
    let theme = pen.theme;
    caption(ui, rect, &theme, label);
    let track = Rect::from_center_size(rect.center_top() + vec2(0.0, theme.px(36.0)), theme.size(32.0, 16.0));
    let response = ui.interact(track, ui.scope_id().with(control.id), Sense::click());
    let on = control.set > 0.5;
    response.widget_info(|| WidgetInfo::selected(Role::Switch, true, on, &control.name));
    let round = theme.corner(8.0);
    ui.painter().rect_filled(track, round, if on { theme::ACCENT } else { theme::LINE });
    let x = if on { track.right() - theme.px(8.0) } else { track.left() + theme.px(8.0) };
    let dot = if on { theme::ON_ACCENT } else { theme::TEXT };
    ui.painter().circle_filled(egui::pos2(x, track.center().y), theme.px(5.0), dot);
    theme.focus_ring(ui, &response, track);
    let below = rect.center_top() + vec2(0.0, theme.px(65.0));
    theme.text(ui.painter(), below, Align2::CENTER_CENTER, &control.text, (Type::Caption, theme::DIM));
    if response.clicked() {
        pen.act(Action::Set(control.id, if on { 0.0 } else { 1.0 }));
    }
    response.on_hover_text(about).on_hover_cursor(CursorIcon::PointingHand);
}

/// A parameter of few choices, one above the other.
pub fn segments(ui: &mut Ui, rect: Rect, pen: &mut Pen, control: &Control, (label, about): (&str, &str)) {
    let theme = pen.theme;
    caption(ui, rect, &theme, label);
    let last = (control.choices.len().max(2) - 1) as f32;
    // As high as a knob with its value.
    let top = rect.left_top() + vec2(theme.px(4.0), theme.px(18.0));
    for (n, choice) in control.choices.iter().enumerate() {
        let size = vec2(rect.width() - theme.px(8.0), theme.px(16.0));
        let cell = Rect::from_min_size(top + vec2(0.0, n as f32 * theme.px(19.0)), size);
        let chosen = (control.set * last).round() as usize == n;
        let response = ui.interact(cell, ui.scope_id().with((control.id, n)), Sense::click());
        let name = format!("{}: {choice}", control.name);
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, &name));
        let (ground, ink) = match (chosen, response.hovered()) {
            (true, _) => (theme::ACCENT, theme::ON_ACCENT),
            (false, true) => (theme::LIFTED, theme::TEXT),
            (false, false) => (theme::RAISED, theme::DIM),
        };
        ui.painter().rect_filled(cell, theme.corner(3.0), ground);
        theme.text(ui.painter(), cell.center(), Align2::CENTER_CENTER, choice, (Type::Caption, ink));
        theme.focus_ring(ui, &response, cell);
        if response.clicked() {
            pen.act(Action::Set(control.id, n as f32 / last));
        }
        response.on_hover_text(about).on_hover_cursor(CursorIcon::PointingHand);
    }
}
