//! The map's legend: colours and shapes of families, and which of them are shown.

use egui::{Align2, CursorIcon, Rect, Role, Sense, Ui, WidgetInfo, vec2};

use super::instrument::Instrument;
use super::map::MapState;
use super::marks;
use super::theme::{self, Type};
use super::widgets::Pen;

/// Design units for all families, and for what is not words in each.
const ROOM: f32 = 456.0;
const BESIDE_WORDS: f32 = 20.0;
/// Families stand together, however few they are.
const WIDEST_GAP: f32 = 12.0;

/// Draws it along the lower edge of the map's panel. A click hides a family or shows it; a double click shows it alone.
pub fn show(ui: &mut Ui, rect: Rect, pen: &mut Pen, instrument: &Instrument, state: &mut MapState) {
    let theme = pen.theme;
    let Some(texture) = state.texture() else { return };
    let mut mesh = marks::mesh(texture);
    let font = theme.font(Type::Caption);
    let words =
        |name: &str| ui.painter().layout_no_wrap(name.into(), font.clone(), theme::DIM).size().x / theme.scale;
    let widths: Vec<f32> = instrument.families.iter().map(|family| BESIDE_WORDS + words(&family.name)).collect();
    // What is left is spread between them, within reason; where nothing is, all give way alike.
    let room = ROOM - widths.iter().sum::<f32>();
    let gap = (room.max(0.0) / widths.len().max(1) as f32).min(WIDEST_GAP);
    let share = (ROOM / (ROOM - room.min(0.0))).min(1.0);
    let mut x = 12.0;
    for (n, family) in instrument.families.iter().enumerate() {
        let width = widths[n] * share + gap;
        let cell = theme.rect(rect.min, x, 280.0, width, 24.0);
        x += width;
        let response = ui.interact(cell, ui.scope_id().with(("family", n)), Sense::click());
        let shown = state.shown[n];
        response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, shown, &family.name));
        let colour = if shown { theme::FAMILIES[n] } else { theme::LINE };
        marks::add(&mut mesh, n, cell.left_center() + vec2(theme.px(6.0), 0.0), theme.px(5.0), colour);
        let at = cell.left_center() + vec2(theme.px(15.0), 0.0);
        let room = cell.width() - theme.px(15.0);
        theme.text_within(
            ui.painter(),
            (at, room),
            Align2::LEFT_CENTER,
            &family.name,
            (Type::Caption, theme::DIM),
        );
        if !shown {
            let word = theme.px(words(&family.name)).min(room);
            ui.painter().hline(at.x..=at.x + word, at.y, theme.stroke(1.0, theme::DIM));
        }
        theme.focus_ring(ui, &response, cell.shrink(theme.px(2.0)));
        if response.double_clicked() {
            let alone = (0..state.shown.len()).all(|other| state.shown[other] == (other == n));
            for (other, shown) in state.shown.iter_mut().enumerate() {
                *shown = alone || other == n;
            }
        } else if response.clicked() {
            state.shown[n] = !shown;
        }
        let sounds = format!(
            "{}: {} sounds. Click to hide or show, double-click to see them alone",
            family.name, family.sounds
        );
        response.on_hover_text(sounds).on_hover_cursor(CursorIcon::PointingHand);
    }
    ui.painter().add(mesh);
}
