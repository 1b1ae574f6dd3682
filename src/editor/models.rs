//! Instruments: which plays, whom to thank for it, and others to open.

use std::path::PathBuf;

use egui::{Align2, Color32, Rect, RichText, ScrollArea, Ui, UiBuilder, vec2};

use super::action::{Action, Preference};
use super::files::{self, Files};
use super::sheet;
use super::theme::{self, Type};
use super::view::View;
use super::widgets::{Look, Pen, button, tab, toggle};

/// What the sheet remembers between frames.
#[derive(Default)]
pub struct ModelsState {
    files: Files,
    /// Whether a folder is shown instead of the known instruments.
    browses: bool,
}

/// Draws the sheet.
pub fn show(ui: &mut Ui, window: Rect, pen: &mut Pen, view: &View, state: &mut ModelsState) {
    sheet::show(ui, window, pen, ("Instruments", [960.0, 576.0]), |ui, body, pen| {
        let theme = pen.theme;
        let left = Rect::from_min_size(body.min, vec2(theme.px(448.0), body.height()));
        let right = Rect::from_min_max(body.min + theme.size(480.0, 0.0), body.max);
        choose(ui, left, pen, view, state);
        describe(ui, right, pen, view);
    });
}

fn choose(ui: &mut Ui, left: Rect, pen: &mut Pen, view: &View, state: &mut ModelsState) {
    let theme = pen.theme;
    for (n, (name, browses)) in [("Known", false), ("Open a file", true)].into_iter().enumerate() {
        let cell = theme.rect(left.min, 112.0 * n as f32, 0.0, 104.0, 28.0);
        if tab(ui, cell, &theme, name, state.browses == browses).clicked() {
            state.browses = browses;
        }
    }
    let mut list = Rect::from_min_max(left.min + theme.size(0.0, 40.0), left.max);
    if let Some(refusal) = &view.models.refusal {
        list.set_bottom(left.bottom() - theme.px(96.0));
        refused(ui, Rect::from_min_max(list.left_bottom() + theme.size(0.0, 8.0), left.max), pen, refusal, view);
    }
    if state.browses {
        if state.files.folder().is_none() {
            let start = view.models.folder.clone().filter(|folder| folder.is_dir()).unwrap_or_else(home);
            state.files.look_into(&start, ".onnx");
        }
        if let Some(path) = files::show(ui, list, pen, &mut state.files, ".onnx") {
            pen.act(Action::OpenModel(path));
        }
        return;
    }
    let mut inside = ui.new_child(UiBuilder::new().max_rect(list).id_salt("models"));
    ScrollArea::vertical().auto_shrink(false).show(&mut inside, |ui| {
        ui.spacing_mut().item_spacing.y = theme.px(2.0);
        for (n, row) in view.models.rows.iter().enumerate() {
            if sheet::row(ui, pen, (&row.name, &row.place), row.plays) {
                pen.act(Action::UseModel(n));
            }
        }
    });
}

/// Where files are looked for first.
fn home() -> PathBuf {
    directories::UserDirs::new().map_or_else(|| PathBuf::from("/"), |dirs| dirs.home_dir().to_path_buf())
}

/// Why a file is no instrument, and what keeps playing.
fn refused(ui: &mut Ui, rect: Rect, pen: &Pen, refusal: &str, view: &View) {
    let theme = pen.theme;
    ui.painter().rect_filled(rect, theme.corner(6.0), theme::ALARM.gamma_multiply(0.14));
    let mut inside = ui.new_child(UiBuilder::new().max_rect(rect.shrink(theme.px(8.0))).id_salt("refusal"));
    ScrollArea::vertical().auto_shrink(false).show(&mut inside, |ui| {
        ui.label(RichText::new(refusal).color(theme::ALARM).small());
        let plays = format!("\u{201c}{}\u{201d} keeps playing.", view.instrument.name);
        ui.label(RichText::new(plays).color(theme::TEXT).small());
    });
}

fn describe(ui: &mut Ui, right: Rect, pen: &mut Pen, view: &View) {
    let theme = pen.theme;
    let instrument = &view.instrument;
    let painter = ui.painter();
    theme.text(painter, right.min, Align2::LEFT_TOP, &instrument.name, (Type::Display, theme::TEXT));
    let by = format!("by {}  \u{b7}  {}", instrument.author, instrument.licence);
    theme.text(painter, right.min + theme.size(0.0, 28.0), Align2::LEFT_TOP, by, (Type::Body, theme::DIM));
    let list = Rect::from_min_max(right.min + theme.size(0.0, 56.0), right.max - theme.size(0.0, 44.0));
    let mut inside = ui.new_child(UiBuilder::new().max_rect(list).id_salt("card"));
    ScrollArea::vertical().auto_shrink(false).show(&mut inside, |ui| {
        let say = |ui: &mut Ui, text: &str, colour: Color32| {
            ui.label(RichText::new(text).color(colour));
        };
        say(ui, &instrument.description, theme::TEXT);
        ui.add_space(theme.px(12.0));
        for (n, axis) in instrument.axes.iter().enumerate() {
            say(ui, &format!("z{}  {}", n + 1, axis.label), theme::TEXT);
            if !axis.description.is_empty() {
                ui.label(RichText::new(&axis.description).small().color(theme::DIM));
            }
        }
        ui.add_space(theme.px(12.0));
        say(ui, "Recordings", theme::ACCENT);
        for (work, author, licence) in &instrument.credits {
            ui.label(RichText::new(format!("{author}: {work} ({licence})")).small().color(theme::DIM));
        }
    });
    let place = Rect::from_min_size(right.left_bottom() - theme.size(0.0, 32.0), theme.size(232.0, 32.0));
    if toggle(ui, place, &theme, "New instances start with it", view.models.starts_new).clicked() {
        pen.act(Action::Prefer(Preference::StartWithThis(!view.models.starts_new)));
    }
    let done = Rect::from_min_size(right.right_bottom() - theme.size(96.0, 32.0), theme.size(96.0, 32.0));
    if button(ui, done, &theme, "Done", Look::Main).clicked() {
        pen.act(Action::Show(None));
    }
}
