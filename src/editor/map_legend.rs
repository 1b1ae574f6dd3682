//! The map's legend: colours and shapes of families, and which of them are shown.

use egui::{Align2, CursorIcon, Rect, Role, Sense, Ui, WidgetInfo, vec2};

use super::instrument::Instrument;
use super::map::MapState;
use super::marks;
use super::theme::{self, Type};
use super::widgets::Pen;

/// Draws it along the lower edge of the map's panel. A click hides a family or shows it; a double click shows it alone.
pub fn show(ui: &mut Ui, rect: Rect, pen: &mut Pen, instrument: &Instrument, state: &mut MapState) {
    let theme = pen.theme;
    let Some(texture) = state.texture() else { return };
    let mut mesh = marks::mesh(texture);
    let width = 456.0 / instrument.families.len().max(1) as f32;
    for (n, family) in instrument.families.iter().enumerate() {
        let cell = theme.rect(rect.min, 12.0 + n as f32 * width, 280.0, width, 24.0);
        let response = ui.interact(cell, ui.scope_id().with(("family", n)), Sense::click());
        let shown = state.shown[n];
        response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, shown, &family.name));
        let colour = if shown { theme::FAMILIES[n] } else { theme::LINE };
        marks::add(&mut mesh, n, cell.left_center() + vec2(theme.px(6.0), 0.0), theme.px(5.0), colour);
        let ink = if shown || response.hovered() { theme::DIM } else { theme::LINE };
        let at = cell.left_center() + vec2(theme.px(15.0), 0.0);
        let room = cell.width() - theme.px(16.0);
        theme.text_within(ui.painter(), (at, room), Align2::LEFT_CENTER, &family.name, (Type::Caption, ink));
        theme.focus_ring(ui, &response, cell.shrink(theme.px(2.0)));
        if response.double_clicked() {
            let alone = (0..state.shown.len()).all(|other| state.shown[other] == (other == n));
            for (other, shown) in state.shown.iter_mut().enumerate() {
                *shown = alone || other == n;
            }
        } else if response.clicked() {
            state.shown[n] = !shown;
        }
        let sounds = format!("{}: {} sounds. Click to hide or show, double-click to see them alone", family.name, family.sounds);
        response.on_hover_text(sounds).on_hover_cursor(CursorIcon::PointingHand);
    }
    ui.painter().add(mesh);
}
