//! The window: where one is in the latent space, what it sounds like, and how to go somewhere else.
//!
//! Each view is a function from plain data (`view`) to what the user did (`action`); `desk` carries that out,
//! through the host. The window runs on the host's main thread or on one of its own, and shares no lock with the
//! audio thread: it reads atomics and what [`crate::link`] has for it.

mod action;
mod bar;
mod browser;
mod desk;
mod draw;
mod files;
mod gather;
mod gesture;
mod help;
mod history;
mod instrument;
mod journeys;
mod keyboard;
mod library;
mod listen;
mod map;
mod map_legend;
mod map_paint;
mod marks;
mod models;
mod orbits;
mod pad;
mod pad_menu;
mod pad_paint;
mod patch;
mod point;
mod preferences;
mod sheet;
mod shelf;
mod shelves;
mod sound;
mod strip;
mod style;
#[cfg(test)]
mod tests;
mod theme;
mod touch;
mod travel;
mod view;
mod widgets;
mod window;

use std::sync::Arc;
use std::time::Duration;

use nice_plug::prelude::ResizeHint;
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, GraphicsConfig, RepaintNotifier, create_egui_editor,
};

use crate::link::window::WindowEnd;
use crate::params::UkulelatentParams;
use desk::{Desk, Places};
use theme::{DESIGN, SCALES};
pub use window::Window;

/// How often the window looks whether there is something new to draw, which the instrument may say less often (see
/// `window`). Hands are followed at once, whatever this is.
const POLL: Duration = Duration::from_millis(66);

/// The plugin's editor, and whether it is open.
#[must_use]
pub fn editor(
    params: Arc<UkulelatentParams>,
    end: Arc<WindowEnd>,
    repaint: RepaintNotifier,
) -> (Option<EguiEditor<Window>>, Arc<EguiEditorState>) {
    let desk = Desk::new(params, end, Places::standard());
    let scale = desk.window_scale();
    let size = |scale: f32| nice_plug_egui::baseview::dpi::LogicalSize::new(DESIGN[0] * scale, DESIGN[1] * scale);
    let hint = ResizeHint { preserve_aspect_ratio: true, ..ResizeHint::resizable() }
        .with_aspect_ratio(DESIGN[0] as u32, DESIGN[1] as u32)
        .with_min_max_logical_size(Some(size(SCALES[0])), Some(size(SCALES[1])));
    let settings = EguiNiceSettings::new()
        .with_tile("Ukulelatent")
        .with_resize_hint(hint)
        .with_repaint_poll_interval(POLL)
        // Where there is no graphics card each pixel's noise costs more than the rest of it, and nobody sees it.
        .with_graphics_config(GraphicsConfig { dithering: false, ..GraphicsConfig::default() });
    let state = EguiEditorState::from_size(size(scale), 1.0);
    (create_egui_editor(Arc::clone(&state), repaint, settings, Window::new(desk)), state)
}
