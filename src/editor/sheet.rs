//! What lies over the instrument: a sheet with a heading, closed with Escape, its cross or a click beside it.

use egui::{Align2, Id, Key, Rect, Sense, Ui, UiBuilder, vec2};

use super::action::Action;
use super::theme::{self, Type};
use super::widgets::{Icon, Look, Pen, icon_button};

/// Draws a sheet of this size in design units in the middle of the window, and what is on it.
pub fn show(
    ui: &mut Ui,
    window: Rect,
    pen: &mut Pen,
    (title, size): (&str, [f32; 2]),
    contents: impl FnOnce(&mut Ui, Rect, &mut Pen),
) {
    let theme = pen.theme;
    let area = egui::Area::new(Id::unique("sheet")).order(egui::Order::Middle).fixed_pos(window.min);
    area.show(ui.ctx(), |ui| {
        let behind = ui.interact(window, ui.scope_id().with("behind"), Sense::click_and_drag());
        ui.painter().rect_filled(window, 0.0, theme::GROUND.gamma_multiply(0.78));
        let rect = Rect::from_center_size(window.center(), theme.size(size[0], size[1]));
        ui.interact(rect, ui.scope_id().with("sheet"), Sense::click_and_drag());
        let painter = ui.painter();
        theme.framed(painter, rect, 12.0, (theme::PANEL, theme::LINE));
        let at = rect.min + theme.size(24.0, 32.0);
        theme.text(painter, at, Align2::LEFT_CENTER, title, (Type::Display, theme::TEXT));
        let cross = Rect::from_min_size(rect.right_top() + theme.size(-56.0, 16.0), theme.size(32.0, 32.0));
        let closed = icon_button(ui, cross, &theme, (Icon::Close, "Close"), Look::Plain).clicked();
        let body = Rect::from_min_max(rect.min + theme.size(24.0, 64.0), rect.max - theme.size(24.0, 24.0));
        let mut inside = ui.new_child(UiBuilder::new().max_rect(body).id_salt(title));
        inside.set_clip_rect(body.expand(theme.px(4.0)).intersect(ui.clip_rect()));
        contents(&mut inside, body, pen);
        let escaped = ui.input(|input| input.key_pressed(Key::Escape));
        if closed || escaped || behind.clicked() {
            pen.act(Action::Show(None));
        }
        ui.advance_cursor_after_rect(window);
    });
}

/// A row of a list: a name, and what there is to say about it. Returns whether it was chosen.
pub fn row(ui: &mut Ui, pen: &Pen, (name, about): (&str, &str), chosen: bool) -> bool {
    let theme = pen.theme;
    let (rect, mut response) = ui.allocate_exact_size(vec2(ui.available_width(), theme.px(40.0)), Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, chosen, name));
    if ui.is_rect_visible(rect) {
        let ground = match (chosen, response.hovered()) {
            (true, _) => theme::ACCENT.gamma_multiply(0.22),
            (false, true) => theme::RAISED,
            (false, false) => egui::Color32::TRANSPARENT,
        };
        let painter = ui.painter();
        painter.rect_filled(rect, theme.corner(4.0), ground);
        let room = rect.width() - theme.px(24.0);
        let at = rect.min + theme.size(12.0, 13.0);
        let ink = if chosen { theme::ACCENT } else { theme::TEXT };
        theme.text_within(painter, (at, room), Align2::LEFT_CENTER, name, (Type::Title, ink));
        let at = rect.min + theme.size(12.0, 29.0);
        theme.text_within(painter, (at, room), Align2::LEFT_CENTER, about, (Type::Caption, theme::DIM));
        theme.focus_ring(ui, &response, rect.shrink(theme.px(2.0)));
        let fits = |text: &str, kind: Type| theme.fits(painter, room, text, kind);
        if !fits(name, Type::Title) || !fits(about, Type::Caption) {
            response = response.on_hover_text(format!("{name}\n{about}"));
        }
    }
    response.on_hover_cursor(egui::CursorIcon::PointingHand).clicked()
}
