//! The settings: what each means now, and where it is kept.

use egui::{Align2, Rect, Ui};

use super::action::{Action, Preference};
use super::files::{self, Files};
use super::sheet;
use super::strip;
use super::theme::{self, Type};
use super::view::{Control, View};
use super::widgets::{Look, Pen, button};
use crate::model::backend::BackendKind;

/// Scales of the window that can be chosen.
const SCALES: [f32; 6] = [0.75, 1.0, 1.25, 1.5, 1.75, 2.0];
/// Times that a journey may take, in seconds.
const JOURNEYS: [f32; 5] = [0.0, 0.3, 1.0, 3.0, 10.0];
/// What can run models.
const BACKENDS: [(&str, Option<BackendKind>); 4] = [
    ("What is found", None),
    ("Embedded", Some(BackendKind::Embedded)),
    ("ONNX Runtime", Some(BackendKind::OnnxRuntime)),
    ("CUDA", Some(BackendKind::Cuda)),
];

/// What the sheet remembers between frames.
#[derive(Default)]
pub struct PreferencesState {
    scales: Files,
    browses: bool,
}

/// Draws the sheet.
pub fn show(ui: &mut Ui, window: Rect, pen: &mut Pen, view: &View, state: &mut PreferencesState) {
    sheet::show(ui, window, pen, ("Settings", [880.0, 576.0]), |ui, body, pen| {
        if state.browses {
            find_scale(ui, body, pen, state);
            return;
        }
        project(ui, body, pen, view, state);
        user(ui, body, pen, view);
    });
}

fn find_scale(ui: &mut Ui, body: Rect, pen: &mut Pen, state: &mut PreferencesState) {
    let theme = pen.theme;
    if state.scales.folder().is_none() {
        let home = directories::UserDirs::new().map(|dirs| dirs.home_dir().to_path_buf()).unwrap_or_default();
        state.scales.look_into(&home, ".scl");
    }
    let back = theme.rect(body.min, 0.0, 0.0, 80.0, 32.0);
    if button(ui, back, &theme, "Back", Look::Plain).clicked() {
        state.browses = false;
    }
    let list = Rect::from_min_max(body.min + theme.size(0.0, 44.0), body.max);
    if let Some(path) = files::show(ui, list, pen, &mut state.scales, ".scl") {
        pen.act(Action::OpenScale(Some(path)));
        state.browses = false;
    }
}

/// A heading.
fn heading(ui: &Ui, pen: &Pen, body: Rect, y: f32, words: &str) {
    let at = body.min + pen.theme.size(0.0, y);
    pen.theme.text(ui.painter(), at, Align2::LEFT_CENTER, words, (Type::Title, theme::ACCENT));
}

/// A line's name, and below its controls what it means.
fn line(ui: &Ui, pen: &Pen, body: Rect, y: f32, (name, meaning): (&str, &str)) {
    let theme = pen.theme;
    let at = body.min + theme.size(0.0, y + 14.0);
    theme.text(ui.painter(), at, Align2::LEFT_CENTER, name, (Type::Title, theme::TEXT));
    let at = body.min + theme.size(168.0, y + 33.0);
    let room = body.width() - theme.px(168.0);
    let galley = ui.painter().layout(meaning.into(), theme.font(Type::Caption), theme::DIM, room);
    ui.painter().galley(at, galley, theme::DIM);
}

/// A row of words, of which one is chosen; returns the one that was pressed.
fn choices(
    ui: &mut Ui,
    pen: &Pen,
    body: Rect,
    (y, width): (f32, f32),
    words: impl Iterator<Item = (String, bool)>,
) -> Option<usize> {
    let theme = pen.theme;
    let mut pressed = None;
    ui.push_id(y as i32, |ui| {
        for (n, (word, chosen)) in words.enumerate() {
            let cell = theme.rect(body.min, 168.0 + (width + 4.0) * n as f32, y, width, 28.0);
            let look = if chosen { Look::On } else { Look::Plain };
            if button(ui, cell, &theme, &word, look).clicked() {
                pressed = Some(n);
            }
        }
    });
    pressed
}

fn of_control(ui: &mut Ui, pen: &mut Pen, body: Rect, at: (f32, f32), control: &Control) {
    let last = (control.choices.len().max(2) - 1) as f32;
    let words = control.choices.iter().enumerate();
    let words = words.map(|(n, word)| (word.clone(), (control.set * last).round() as usize == n));
    if let Some(n) = choices(ui, pen, body, at, words) {
        pen.act(Action::Set(control.id, n as f32 / last));
    }
}

/// What is kept in the project.
fn project(ui: &mut Ui, body: Rect, pen: &mut Pen, view: &View, state: &mut PreferencesState) {
    let theme = pen.theme;
    let settings = &view.settings;
    heading(ui, pen, body, 8.0, "In this project");
    let latency = match settings.latency_ms {
        0.0 => {
            "Live, 0 ms: notes sound as soon as they are made. For playback, choose one that looks ahead.".into()
        }
        ms => format!("{ms:.0} ms: the host is told so, makes up for it, and notes sound on the sample."),
    };
    line(ui, pen, body, 28.0, ("Latency", &latency));
    of_control(ui, pen, body, (28.0, 72.0), view.controls.get("latency"));
    line(ui, pen, body, 88.0, ("Quality", "How much work goes into each note, played or bounced."));
    of_control(ui, pen, body, (88.0, 72.0), view.controls.get("quality"));
    let cache = format!(
        "Starts of likely notes, made ahead: {} ready, {:.1} MiB set aside.",
        view.sound.cached, view.sound.cache_mib
    );
    line(ui, pen, body, 148.0, ("Cache", &cache));
    let scale = if settings.scale_name.is_empty() { "Twelve equal steps." } else { &settings.scale_name };
    line(ui, pen, body, 208.0, ("Scale", scale));
    if button(ui, theme.rect(body.min, 168.0, 208.0, 160.0, 28.0), &theme, "Open a scale file", Look::Plain)
        .clicked()
    {
        state.browses = true;
    }
    let equal = theme.rect(body.min, 332.0, 208.0, 160.0, 28.0);
    let look = Look::enabled(!settings.scale_name.is_empty());
    if button(ui, equal, &theme, "Twelve equal steps", look).clicked() {
        pen.act(Action::OpenScale(None));
    }
    let controls = [
        ("cache_load", "Cache load", "What making them may take of one core"),
        ("mpe", "MPE", "Each note has a MIDI channel of its own, as on MPE controllers"),
    ];
    strip::controls(ui, theme.rect(body.min, 688.0, 140.0, 72.0, 88.0), pen, view, &controls);
    cache_sizes(ui, pen, body, view);
}

/// The cache's size as a row of sizes.
fn cache_sizes(ui: &mut Ui, pen: &mut Pen, body: Rect, view: &View) {
    let control = view.controls.get("cache");
    let sizes = [0.0_f32, 4.0, 16.0, 64.0];
    let words = sizes.iter().map(|mib| (format!("{mib:.0} MiB"), (control.set * 64.0 - mib).abs() < 0.5));
    if let Some(n) = choices(ui, pen, body, (148.0, 72.0), words) {
        pen.act(Action::Set(control.id, sizes[n] / 64.0));
    }
}

/// What is kept for this user, whatever the project.
fn user(ui: &mut Ui, body: Rect, pen: &mut Pen, view: &View) {
    let settings = &view.settings;
    heading(ui, pen, body, 288.0, "For all projects");
    line(
        ui,
        pen,
        body,
        312.0,
        ("Window", "Drag the host\u{2019}s window edge for sizes between, where the host allows it."),
    );
    let words =
        SCALES.iter().map(|scale| (format!("{:.0} %", scale * 100.0), (settings.scale - scale).abs() < 0.01));
    if let Some(n) = choices(ui, pen, body, (312.0, 72.0), words) {
        pen.act(Action::Prefer(Preference::Scale(SCALES[n])));
    }
    line(ui, pen, body, 372.0, ("Journey", "How long the sound takes from one place on the map to the next."));
    let words = JOURNEYS.iter().map(|s| (format!("{s} s"), (settings.travel_seconds - s).abs() < 0.01));
    if let Some(n) = choices(ui, pen, body, (372.0, 72.0), words) {
        pen.act(Action::Prefer(Preference::TravelSeconds(JOURNEYS[n])));
    }
    let now = format!(
        "Now: {}, because {}. A choice holds when the host starts next.",
        settings.backend, settings.because
    );
    line(ui, pen, body, 432.0, ("Models run on", &now));
    let words = BACKENDS.iter().map(|(name, kind)| ((*name).to_owned(), settings.backend_wish == *kind));
    if let Some(n) = choices(ui, pen, body, (432.0, 112.0), words) {
        pen.act(Action::Prefer(Preference::Backend(BACKENDS[n].1)));
    }
}
