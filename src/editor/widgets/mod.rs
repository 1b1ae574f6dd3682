//! The few controls that everything is made of. Each draws itself in a rectangle, can be reached by the keyboard,
//! says to screen readers what it is, and turns what is done to it into actions.

mod button;
mod entry;
mod icon;
mod knob;

pub use button::{Look, button, icon_button, tab, toggle, word_button};
pub use entry::{Entry, value_field};
pub use icon::Icon;
pub use knob::{Spread, knob, segments, switch};

use egui::{Event, Key, Modifiers, Response, Ui};

use super::action::Action;
use super::theme::Theme;

/// What every view draws with.
pub struct Pen<'a> {
    /// The look.
    pub theme: Theme,
    /// What the user does.
    pub actions: &'a mut Vec<Action>,
    /// What is being typed.
    pub entry: &'a mut Entry,
}

impl Pen<'_> {
    /// Notes what the user did.
    pub fn act(&mut self, action: Action) {
        self.actions.push(action);
    }
}

/// Steps that arrow keys ask a focused control for: right and up are positive. Shift is for fine ones.
#[must_use]
pub fn arrow_steps(ui: &Ui, response: &Response) -> [f32; 2] {
    if !response.has_focus() {
        return [0.0; 2];
    }
    let filter = egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    ui.input(|input| {
        let mut steps = [0.0, 0.0];
        for event in &input.events {
            let Event::Key { key, pressed: true, modifiers, .. } = event else { continue };
            let step = if modifiers.shift { 0.1 } else { 1.0 };
            match key {
                Key::ArrowLeft => steps[0] -= step,
                Key::ArrowRight => steps[0] += step,
                Key::ArrowUp => steps[1] += step,
                Key::ArrowDown => steps[1] -= step,
                _ => {}
            }
        }
        steps
    })
}

/// Whether a focused control was told to go back to its default.
#[must_use]
pub fn wants_default(ui: &Ui, response: &Response) -> bool {
    response.has_focus()
        && ui.input(|input| {
            input.modifiers == Modifiers::NONE && (input.key_pressed(Key::Delete) || input.key_pressed(Key::Home))
        })
}
