//! The strip of parameters below the pads: what shapes the sound, what moves it, and Orbits, a tab each.

use egui::{Align2, Rect, Ui, vec2};

use super::action::Id;
use super::theme::{self, Type};
use super::touch;
use super::view::View;
use super::widgets::{Pen, Spread, knob, segments, switch, tab};

/// What the strip shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// What shapes the sound.
    #[default]
    Sound,
    /// What playing moves.
    Touch,
    /// Orbits.
    Orbits,
}

const TABS: [(Tab, &str); 3] = [(Tab::Sound, "Sound"), (Tab::Touch, "Touch"), (Tab::Orbits, "Orbits")];

/// A group of controls: its name, and for each its id, what it is called here, and what it does.
type Group = (&'static str, &'static [(Id, &'static str, &'static str)]);

const GROUPS: [Group; 4] = [
    (
        "Level",
        &[
            ("gain", "Gain", "Output gain, in decibels"),
            ("velocity", "Velocity", "How much playing harder is louder"),
            ("width", "Width", "Every key has a place of its own, from left to right"),
            ("soft_limit", "Limit", "Bends peaks towards full scale instead of letting them clip"),
        ],
    ),
    (
        "Shape",
        &[
            ("attack", "Attack", "How long notes take to rise, in milliseconds"),
            ("release", "Release", "How long notes take to fade when the key is let go, in milliseconds"),
            (
                "humanise",
                "Humanise",
                "Each hit is drawn from a ball of this radius around the point, in latent units",
            ),
        ],
    ),
    (
        "Time",
        &[
            (
                "morph",
                "Morph",
                "How fast held notes follow the point, in milliseconds; 0 ms: they keep their timbre",
            ),
            ("start", "Start", "How much of each note's attack is skipped"),
            ("stretch", "Stretch", "Length of notes against the recording, at the same pitch"),
            ("sustain", "Sustain", "What a held note does: decay, stay at one frame, or wander in a region"),
            ("sustain_begin", "From", "Where the sustained region begins"),
            ("sustain_end", "To", "Where the sustained region ends"),
        ],
    ),
    (
        "Pitch",
        &[
            ("tune", "Tune", "Master tune, in cents"),
            ("transpose", "Transpose", "Moves all keys, in semitones"),
            ("bend_range", "Bend", "Pitch wheel, all the way: semitones"),
        ],
    ),
];

/// Draws the strip in a panel.
pub fn show(ui: &mut Ui, rect: Rect, pen: &mut Pen, view: &View, tab_shown: &mut Tab) {
    let theme = pen.theme;
    theme.panel(ui.painter(), rect);
    for (n, (which, name)) in TABS.into_iter().enumerate() {
        let cell = theme.rect(rect.min, 8.0, 8.0 + 32.0 * n as f32, 64.0, 28.0);
        if tab(ui, cell, &theme, name, *tab_shown == which).clicked() {
            *tab_shown = which;
        }
    }
    let body = Rect::from_min_max(rect.min + vec2(theme.px(80.0), 0.0), rect.max);
    ui.painter().vline(body.left(), body.y_range().shrink(theme.px(12.0)), theme.stroke(1.0, theme::LINE));
    match tab_shown {
        Tab::Sound => sound(ui, body, pen, view),
        Tab::Touch => touch::show(ui, body, pen, view),
        Tab::Orbits => super::orbits::show(ui, body, pen, view),
    }
}

fn sound(ui: &mut Ui, body: Rect, pen: &mut Pen, view: &View) {
    let theme = pen.theme;
    let mut x = 12.0;
    for (n, (name, controls)) in GROUPS.into_iter().enumerate() {
        if n > 0 {
            let line = theme.rect(body.min, x + 2.0, 0.0, 0.0, 0.0).left();
            ui.painter().vline(line, body.y_range().shrink(theme.px(16.0)), theme.stroke(1.0, theme::HAIR));
            x += 6.0;
        }
        let heading = theme.rect(body.min, x + 8.0, 8.0, 0.0, 0.0).min;
        theme.text(ui.painter(), heading, Align2::LEFT_TOP, name.to_uppercase(), (Type::Caption, theme::DIM));
        for (id, label, about) in controls {
            let cell = theme.rect(body.min, x, 24.0, 61.0, 88.0);
            control(ui, cell, pen, view, (id, label, about));
            x += 61.0;
        }
    }
}

/// Parameters side by side: their ids, what they are called here, and what they do.
pub fn controls(ui: &mut Ui, first: Rect, pen: &mut Pen, view: &View, controls: &[(Id, &str, &str)]) {
    for (n, &control) in controls.iter().enumerate() {
        self::control(ui, first.translate(vec2(n as f32 * first.width(), 0.0)), pen, view, control);
    }
}

/// A parameter, as the kind of control that suits it.
pub fn control(ui: &mut Ui, cell: Rect, pen: &mut Pen, view: &View, (id, label, about): (Id, &str, &str)) {
    let control = view.controls.get(id);
    match control.choices.len() {
        2 => switch(ui, cell, pen, control, (label, about)),
        3.. => segments(ui, cell, pen, control, (label, about)),
        _ => {
            let spread = if (control.default - 0.5).abs() < 1e-3 { Spread::FromMiddle } else { Spread::FromLow };
            knob(ui, cell, pen, control, (spread, label, about));
        }
    }
}
