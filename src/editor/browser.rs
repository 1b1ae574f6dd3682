//! The preset browser.

use egui::{Align2, Id, Key, Rect, ScrollArea, TextEdit, Ui, UiBuilder, vec2};

use super::action::Action;
use super::sheet;
use super::theme::{self, Type};
use super::view::{PresetRow, View};
use super::widgets::{Look, Pen, button};

/// What the browser remembers between frames.
#[derive(Default)]
pub struct BrowserState {
    search: String,
    name: String,
    was_open: bool,
}

/// Where the bar leaves word that a preset is to be saved.
#[must_use]
pub fn saving() -> Id {
    Id::unique("saving a preset")
}

/// Draws the browser.
pub fn show(ui: &mut Ui, window: Rect, pen: &mut Pen, view: &View, state: &mut BrowserState) {
    sheet::show(ui, window, pen, ("Presets", [640.0, 560.0]), |ui, body, pen| {
        let theme = pen.theme;
        let just_opened = !std::mem::replace(&mut state.was_open, true);
        let saves = ui.data_mut(|data| data.remove_temp::<bool>(saving())).unwrap_or(false);
        let search = Rect::from_min_size(body.min, vec2(body.width(), theme.px(32.0)));
        let field =
            TextEdit::singleline(&mut state.search).hint_text("Search by name, author, instrument or sound");
        let field = field.margin(theme.size(12.0, 7.0)).desired_width(search.width());
        let response = ui.put(search, field);
        if just_opened && !saves {
            response.request_focus();
        }
        let list = Rect::from_min_max(body.min + theme.size(0.0, 44.0), body.max - theme.size(0.0, 48.0));
        rows(ui, list, pen, view, &state.search);
        save(ui, body, pen, view, (state, saves));
        // The one preset that a search leaves is what Enter means.
        if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            let found = view.presets.rows.iter().position(|row| matches(row, &state.search));
            if let Some(n) = found.filter(|_| !state.search.is_empty()) {
                pen.act(Action::LoadPreset(n));
                pen.act(Action::Show(None));
            }
        }
    });
    let closes = pen.actions.contains(&Action::Show(None));
    if closes {
        // A name that was not used must not lie ready to replace a preset the next time.
        *state = BrowserState { search: std::mem::take(&mut state.search), ..BrowserState::default() };
    }
}

/// Whether all words of a search are somewhere in a preset.
fn matches(row: &PresetRow, search: &str) -> bool {
    let text = format!("{} {} {} {}", row.name, row.author, row.about, row.instrument).to_lowercase();
    search.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

fn rows(ui: &mut Ui, list: Rect, pen: &mut Pen, view: &View, search: &str) {
    let theme = pen.theme;
    let mut inside = ui.new_child(UiBuilder::new().max_rect(list).id_salt("presets"));
    let found: Vec<usize> =
        (0..view.presets.rows.len()).filter(|n| matches(&view.presets.rows[*n], search)).collect();
    if found.is_empty() {
        let words = format!("No preset has \u{201c}{}\u{201d} in it.", search.trim());
        theme.text(ui.painter(), list.center(), Align2::CENTER_CENTER, words, (Type::Body, theme::DIM));
    }
    ScrollArea::vertical().auto_shrink(false).show(&mut inside, |ui| {
        ui.spacing_mut().item_spacing.y = theme.px(2.0);
        for n in found {
            let row = &view.presets.rows[n];
            let whose = if row.own { "yours" } else { &row.author };
            let other = if row.instrument.is_empty() || row.instrument == view.instrument.name {
                String::new()
            } else {
                format!("changes the instrument to {}", row.instrument)
            };
            let loaded = view.presets.loaded == Some(n);
            let changed = if loaded && view.presets.dirty { "changed since: click to bring it back" } else { "" };
            let about = [whose, &other, &row.about, changed]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>();
            let plays = loaded && !view.presets.dirty;
            if sheet::row(ui, pen, (&row.name, &about.join("  \u{b7}  ")), plays) {
                // One click to hear it, another to keep it: a double click does both.
                pen.act(if plays { Action::Show(None) } else { Action::LoadPreset(n) });
            }
        }
    });
}

fn save(ui: &mut Ui, body: Rect, pen: &mut Pen, view: &View, (state, now): (&mut BrowserState, bool)) {
    let theme = pen.theme;
    let place = Rect::from_min_size(
        body.left_bottom() - theme.size(0.0, 32.0),
        vec2(body.width() - theme.px(104.0), theme.px(32.0)),
    );
    let field = TextEdit::singleline(&mut state.name).hint_text("Name of a new preset of your own");
    let response = ui.put(place, field.margin(theme.size(12.0, 7.0)).desired_width(place.width()));
    if now {
        response.request_focus();
    }
    let name = state.name.trim().to_owned();
    let replaces = view.presets.rows.iter().any(|row| row.own && row.name == name);
    let place = Rect::from_min_size(body.right_bottom() - theme.size(96.0, 32.0), theme.size(96.0, 32.0));
    let look = if name.is_empty() { Look::Off } else { Look::Main };
    let pressed = button(ui, place, &theme, if replaces { "Replace" } else { "Save" }, look).clicked();
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if (pressed || entered) && !name.is_empty() {
        pen.act(Action::SavePreset(name));
        state.name.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_finds_words_in_any_order_and_case() {
        let row = PresetRow {
            name: "Dark folk harp".into(),
            author: "Ann".into(),
            about: "590 Hz".into(),
            instrument: "Plucked".into(),
            own: false,
        };
        for search in ["", "harp dark", "ANN harp", "590", "plucked"] {
            assert!(matches(&row, search), "{search}");
        }
        assert!(!matches(&row, "harp bright"));
    }
}
