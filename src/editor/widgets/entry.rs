//! Numbers that are typed: click a value, type, with or without its unit, and press Enter.

use egui::{Align, Align2, Key, Rect, Role, Sense, TextEdit, Ui, WidgetInfo};

use super::Pen;
use crate::editor::action::{Action, Id};
use crate::editor::theme::{self, Type};
use crate::editor::view::Control;

/// Which value is being typed, and what has been typed so far.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    open: Option<Typing>,
}

#[derive(Clone, Debug)]
struct Typing {
    id: Id,
    text: String,
    is_new: bool,
}

impl Entry {
    /// Opens a value for typing.
    pub fn open(&mut self, control: &Control) {
        self.open = Some(Typing { id: control.id, text: control.text.clone(), is_new: true });
    }

    /// Whether this parameter's value is being typed.
    #[must_use]
    pub fn is_open(&self, id: &str) -> bool {
        self.open.as_ref().is_some_and(|typing| typing.id == id)
    }
}

/// A parameter's value, which can be typed.
pub fn value_field(ui: &mut Ui, rect: Rect, pen: &mut Pen, control: &Control, align: Align) {
    if pen.entry.is_open(control.id) {
        typing_field(ui, rect, pen, control);
        return;
    }
    let theme = pen.theme;
    let response = ui.interact(rect, ui.scope_id().with(("value", control.id)), Sense::click());
    let name = format!("{} value: {}", control.name, control.text);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let (at, anchor) = match align {
        Align::Min => (rect.left_center(), Align2::LEFT_CENTER),
        Align::Center => (rect.center(), Align2::CENTER_CENTER),
        Align::Max => (rect.right_center(), Align2::RIGHT_CENTER),
    };
    let ink = if response.hovered() { theme::TEXT } else { theme::DIM };
    theme.text_within(ui.painter(), (at, rect.width()), anchor, &control.text, (Type::Caption, ink));
    theme.focus_ring(ui, &response, rect);
    if response.clicked() {
        pen.entry.open(control);
    }
}

fn typing_field(ui: &mut Ui, rect: Rect, pen: &mut Pen, control: &Control) {
    let theme = pen.theme;
    let Some(typing) = &mut pen.entry.open else { return };
    let id = ui.scope_id().with(("typing", control.id));
    let field = rect.expand2(theme.size(2.0, 2.0));
    let edit = TextEdit::singleline(&mut typing.text).id(id).font(theme.font(Type::Caption));
    let edit = edit.align(Align2::CENTER_CENTER).margin(theme.size(2.0, 1.0)).desired_width(field.width());
    let response = ui.put(field, edit.text_color(theme::TEXT));
    if std::mem::take(&mut typing.is_new) {
        response.request_focus();
        let mut state = egui::text_edit::TextEditState::load(ui.ctx(), id).unwrap_or_default();
        let all = egui::text::CCursorRange::two(
            egui::text::CCursor::new(0),
            egui::text::CCursor::new(typing.text.chars().count()),
        );
        state.cursor.set_char_range(Some(all));
        state.store(ui.ctx(), id);
    } else if response.lost_focus() {
        let text = std::mem::take(&mut typing.text);
        pen.entry.open = None;
        if ui.input(|input| !input.key_pressed(Key::Escape)) && text != control.text {
            pen.act(Action::Enter(control.id, text));
        }
    }
}
