//! The whole window, from plain data to what the user did: where each view lies.

use egui::{Align2, Event, Key, Rect, Role, Sense, Ui, WidgetInfo};

use super::action::{Action, Sheet};
use super::browser::{self, BrowserState};
use super::keyboard::{self, KeyboardState};
use super::map::{self, MapState};
use super::models::{self, ModelsState};
use super::pad::{self, PadState};
use super::preferences::{self, PreferencesState};
use super::sound::{self, SoundState};
use super::strip::{self, Tab};
use super::theme::{self, DESIGN, Theme, Type};
use super::view::View;
use super::widgets::{Entry, Icon, Look, Pen, icon_button};
use super::{bar, help};

/// What the views remember between frames of one window.
#[derive(Default)]
pub struct Panels {
    pads: [PadState; 2],
    map: MapState,
    sound: SoundState,
    keyboard: KeyboardState,
    /// What the strip shows.
    pub tab: Tab,
    browser: BrowserState,
    models: ModelsState,
    preferences: PreferencesState,
    entry: Entry,
    scale: Option<f32>,
}

impl Panels {
    /// Of a new window whose strip shows this.
    #[must_use]
    pub fn showing(tab: Tab) -> Self {
        Self { tab, ..Self::default() }
    }

    /// Whether something in the window still fades.
    #[must_use]
    pub fn are_moving(&self) -> bool {
        self.pads.iter().any(PadState::is_moving)
    }
}

/// Draws everything, with a sheet over it if there is one; returns what the user did.
pub fn draw(ui: &mut Ui, view: &View, panels: &mut Panels, sheet: Option<Sheet>) -> Vec<Action> {
    let whole = ui.ctx().content_rect();
    let theme = Theme::fitting(whole.size());
    if panels.scale != Some(theme.scale) {
        theme.apply(ui.ctx());
        panels.scale = Some(theme.scale);
    }
    // A host that does not keep the ratio gets a margin.
    let window = Rect::from_center_size(whole.center(), theme.size(DESIGN[0], DESIGN[1]));
    let mut actions = Vec::new();
    let mut entry = std::mem::take(&mut panels.entry);
    let mut pen = Pen { theme, actions: &mut actions, entry: &mut entry };
    ui.add_enabled_ui(sheet.is_none(), |ui| instrument(ui, window, &mut pen, view, panels));
    match sheet {
        Some(Sheet::Presets) => browser::show(ui, window, &mut pen, view, &mut panels.browser),
        Some(Sheet::Models) => models::show(ui, window, &mut pen, view, &mut panels.models),
        Some(Sheet::Settings) => preferences::show(ui, window, &mut pen, view, &mut panels.preferences),
        Some(Sheet::Help) => help::show(ui, window, &mut pen),
        None => shortcuts(ui, &mut pen),
    }
    panels.entry = entry;
    actions
}

fn instrument(ui: &mut Ui, window: Rect, pen: &mut Pen, view: &View, panels: &mut Panels) {
    let place = |x: f32, y: f32, width: f32, height: f32| pen.theme.rect(window.min, x, y, width, height);
    let (top, pads) =
        (place(0.0, 0.0, 1120.0, 56.0), [place(16.0, 56.0, 296.0, 320.0), place(320.0, 56.0, 296.0, 320.0)]);
    let (map_place, strip_place) = (place(624.0, 56.0, 480.0, 320.0), place(16.0, 384.0, 1088.0, 120.0));
    let (sound_place, keys) = (place(16.0, 512.0, 1088.0, 120.0), place(16.0, 640.0, 1088.0, 64.0));
    bar::show(ui, top, pen, view);
    for (number, (rect, state)) in pads.into_iter().zip(&mut panels.pads).enumerate() {
        pad::show(ui, rect, pen, view, (number, state));
    }
    map::show(ui, map_place, pen, view, &mut panels.map);
    strip::show(ui, strip_place, pen, view, &mut panels.tab);
    sound::show(ui, sound_place, pen, view, &mut panels.sound);
    keyboard::show(ui, keys, pen, &view.keys, &mut panels.keyboard);
    notices(ui, strip_place, pen, view);
}

/// What the user should know, over the strip until it has been read.
fn notices(ui: &mut Ui, rect: Rect, pen: &mut Pen, view: &View) {
    let Some(notice) = view.notices.last() else { return };
    let theme = pen.theme;
    let rect = Rect::from_min_max(rect.min, egui::pos2(rect.right(), rect.top() + theme.px(40.0)));
    let response = ui.interact(rect, ui.scope_id().with("notice"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Alert, true, notice));
    let painter = ui.painter();
    theme.framed(painter, rect, 8.0, (theme::RAISED, theme::WARNING));
    let at = rect.left_center() + theme.size(16.0, 0.0);
    let room = rect.width() - theme.px(72.0);
    theme.text_within(painter, (at, room), Align2::LEFT_CENTER, notice, (Type::Body, theme::WARNING));
    let cross = Rect::from_center_size(rect.right_center() - theme.size(24.0, 0.0), theme.size(28.0, 28.0));
    if icon_button(ui, cross, &theme, (Icon::Close, "I have read this"), Look::Plain).clicked() {
        pen.act(Action::Dismiss);
    }
    response.on_hover_text(notice);
}

/// Keys that mean the same everywhere, while nobody types.
fn shortcuts(ui: &Ui, pen: &mut Pen) {
    if ui.ctx().text_edit_focused() {
        return;
    }
    ui.input(|input| {
        for event in &input.events {
            match event {
                Event::Key { key, pressed: true, modifiers, .. } => {
                    match (key, modifiers.command, modifiers.shift) {
                        (Key::Z, true, false) => pen.act(Action::Undo),
                        (Key::Z, true, true) | (Key::Y, true, false) => pen.act(Action::Redo),
                        (Key::F, true, false) => pen.act(Action::Show(Some(Sheet::Presets))),
                        (Key::PageUp, ..) => pen.act(Action::StepPreset(-1)),
                        (Key::PageDown, ..) => pen.act(Action::StepPreset(1)),
                        _ => {}
                    }
                }
                Event::Text(text) if text == "?" => pen.act(Action::Show(Some(Sheet::Help))),
                Event::Copy => pen.act(Action::CopyPoint),
                _ => {}
            }
        }
    });
}
