//! A pad's menu.

use egui::{Key, Response, RichText, TextEdit, Ui};

use super::action::{Action, Sheet};
use super::pad::PADS;
use super::theme;
use super::view::View;
use super::widgets::Pen;

/// Opens with the right button, or the menu key.
pub fn show(response: &Response, pen: &mut Pen, view: &View, number: usize) {
    response.context_menu(|ui| contents(ui, pen, view, number));
}

fn contents(ui: &mut Ui, pen: &mut Pen, view: &View, number: usize) {
    ui.set_min_width(pen.theme.px(232.0));
    for (n, id) in PADS[number].into_iter().enumerate() {
        let control = view.controls.get(id);
        let axis = &view.instrument.axes[2 * number + n];
        ui.horizontal(|ui| {
            ui.label(RichText::new(format!("{} {}", control.name, axis.label)).color(theme::DIM));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                type_value(ui, pen, id, &control.text)
            });
        });
    }
    ui.separator();
    let ids = PADS[number];
    if item(ui, "Centre", "double-click") {
        for id in ids {
            pen.act(Action::Reset(id));
        }
    }
    if item(ui, "Copy this point", "all four coordinates, as text") {
        pen.act(Action::CopyPoint);
    }
    if item(ui, "Paste a point", "") {
        pen.act(Action::PastePoint);
    }
    if item(ui, "Pin this point for Orbits", "") {
        pen.act(Action::Pin(view.z));
    }
    ui.separator();
    let names = ids.map(|id| view.controls.get(id).name.clone());
    let note = format!("To automate, choose {} and {} in your host", names[0], names[1]);
    ui.label(RichText::new(note).small().color(theme::DIM));
    if item(ui, "All gestures", "?") {
        pen.act(Action::Show(Some(Sheet::Help)));
    }
}

fn item(ui: &mut Ui, words: &str, key: &str) -> bool {
    let button =
        egui::Button::new(words).shortcut_text(key).frame(false).min_size(egui::vec2(ui.available_width(), 0.0));
    let clicked = ui.add(button).clicked();
    if clicked {
        ui.close();
    }
    clicked
}

/// A value as a text field, in the menu.
fn type_value(ui: &mut Ui, pen: &mut Pen, id: &'static str, shown: &str) {
    let key = ui.scope_id().with(("menu value", id));
    let mut text: String = ui.data(|data| data.get_temp(key)).unwrap_or_else(|| shown.into());
    let field =
        TextEdit::singleline(&mut text).desired_width(pen.theme.px(64.0)).align(egui::Align2::RIGHT_CENTER);
    let response = ui.add(field);
    if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
        pen.act(Action::Enter(id, text));
        ui.data_mut(|data| data.remove::<String>(key));
        ui.close();
    } else if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(key, text));
    } else {
        ui.data_mut(|data| data.remove::<String>(key));
    }
}
