//! Buttons and tabs.

use egui::{Align2, Color32, CursorIcon, Rect, Response, Role, Sense, Ui, WidgetInfo};

use super::icon::Icon;
use crate::editor::theme::{self, Theme, Type};

/// What a button looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// One of many.
    Plain,
    /// What one would press next.
    Main,
    /// Switched on.
    On,
    /// Nothing to press now.
    Off,
}

impl Look {
    /// [`Look::Plain`], where it can be pressed.
    #[must_use]
    pub fn enabled(enabled: bool) -> Self {
        if enabled { Self::Plain } else { Self::Off }
    }

    fn colours(self, response: &Response) -> (Color32, Color32) {
        let held = response.is_pointer_button_down_on();
        match self {
            Self::Main => (if held { theme::TEXT } else { theme::ACCENT }, theme::ON_ACCENT),
            Self::On => (theme::ACCENT.gamma_multiply(0.22), theme::ACCENT),
            Self::Off => (Color32::TRANSPARENT, theme::FADED),
            Self::Plain if held => (theme::LINE, theme::TEXT),
            Self::Plain if response.hovered() => (theme::LIFTED, theme::TEXT),
            Self::Plain => (theme::RAISED, theme::TEXT),
        }
    }
}

fn sense(look: Look) -> Sense {
    if look == Look::Off { Sense::hover() } else { Sense::click() }
}

/// A button with a word on it. Its words are its name.
pub fn button(ui: &mut Ui, rect: Rect, theme: &Theme, words: &str, look: Look) -> Response {
    named_button(ui, rect, theme, (words, words), look)
}

fn named_button(ui: &mut Ui, rect: Rect, theme: &Theme, (words, name): (&str, &str), look: Look) -> Response {
    let id = ui.scope_id().with(("button", name));
    let response = ui.interact(rect, id, sense(look));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, look != Look::Off, name));
    let (ground, ink) = look.colours(&response);
    let painter = ui.painter();
    painter.rect_filled(rect, theme.corner(4.0), ground);
    let room = rect.width() - theme.px(12.0);
    theme.text_within(painter, (rect.center(), room), Align2::CENTER_CENTER, words, (Type::Strong, ink));
    theme.focus_ring(ui, &response, rect);
    pointing(response, look)
}

/// A button with a picture on it; `name` says what it does, to everybody who asks.
pub fn icon_button(ui: &mut Ui, rect: Rect, theme: &Theme, (icon, name): (Icon, &str), look: Look) -> Response {
    let (response, ink) = ground(ui, rect, theme, name, look);
    icon.paint(ui.painter(), rect.center(), theme, ink);
    response
}

/// A button with a picture and a word on it; `name` says more.
pub fn word_button(
    ui: &mut Ui,
    rect: Rect,
    theme: &Theme,
    (icon, words, name): (Icon, &str, &str),
    look: Look,
) -> Response {
    let (response, ink) = ground(ui, rect, theme, name, look);
    let middle = rect.left_center();
    icon.paint(ui.painter(), middle + theme.size(17.0, 0.0), theme, ink);
    let at = middle + theme.size(32.0, 0.0);
    theme.text(ui.painter(), at, Align2::LEFT_CENTER, words, (Type::Strong, ink));
    response
}

/// A button with nothing on it yet, and what to draw there with.
fn ground(ui: &mut Ui, rect: Rect, theme: &Theme, name: &str, look: Look) -> (Response, Color32) {
    let response = ui.interact(rect, ui.scope_id().with(("icon", name)), sense(look));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, look != Look::Off, name));
    let (ground, ink) = look.colours(&response);
    let ground = if look == Look::Plain && !response.hovered() { Color32::TRANSPARENT } else { ground };
    ui.painter().rect_filled(rect, theme.corner(4.0), ground);
    theme.focus_ring(ui, &response, rect);
    (pointing(response, look).on_hover_text(name), ink)
}

/// One of a row of words, of which one is chosen.
pub fn tab(ui: &mut Ui, rect: Rect, theme: &Theme, words: &str, chosen: bool) -> Response {
    let response = ui.interact(rect, ui.scope_id().with(("tab", words)), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, chosen, words));
    let ink = if chosen || response.hovered() { theme::TEXT } else { theme::DIM };
    let painter = ui.painter();
    theme.text(painter, rect.center(), Align2::CENTER_CENTER, words, (Type::Strong, ink));
    if chosen {
        let bottom = rect.bottom() - theme.px(1.0);
        let stroke = theme.stroke(2.0, theme::ACCENT);
        painter.hline(rect.x_range().shrink(theme.px(8.0)), bottom, stroke);
    }
    theme.focus_ring(ui, &response, rect);
    pointing(response, Look::Plain)
}

/// A word that is switched on or off.
pub fn toggle(ui: &mut Ui, rect: Rect, theme: &Theme, words: &str, on: bool) -> Response {
    let look = if on { Look::On } else { Look::Plain };
    let response = named_button(ui, rect, theme, (words, words), look);
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, on, words));
    response
}

fn pointing(response: Response, look: Look) -> Response {
    if look == Look::Off { response } else { response.on_hover_cursor(CursorIcon::PointingHand) }
}
