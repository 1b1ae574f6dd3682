//! The window as the plugin framework knows it.

use std::sync::Arc;
use std::time::Duration;

use egui::{Context, Id, Ui, ViewportCommand, vec2};
use glow::HasContext as _;
use nice_plug::context::gui::GuiContext;
use nice_plug_egui::{Frame, NiceEguiApp, baseview::HandlerError};

use super::POLL;
use super::action::Action;
use super::desk::Desk;
use super::draw::{Panels, draw};
use super::point::point_from_text;
use super::theme::{self, DESIGN, Theme};

/// Least times between frames, beside [`POLL`]. Hands are followed at once whatever these are.
#[derive(Clone, Copy)]
struct Paces {
    /// While the instrument plays, or a meter falls.
    sounding: Duration,
    /// While something moves by itself.
    moving: Duration,
}

impl Paces {
    const CARD: Self = Self { sounding: Duration::ZERO, moving: Duration::from_millis(40) };
    /// Where the processor draws, each frame takes a fortieth of a second from the sound.
    const PROCESSOR: Self = Self { sounding: Duration::from_millis(200), moving: Duration::from_millis(80) };
}

/// The window of one instance. It outlives each opening: what is undone when it opens again can still be redone.
pub struct Window {
    desk: Desk,
    panels: Panels,
    /// What the instrument had changed when it was drawn last.
    drawn: u64,
    paces: Paces,
}

impl Window {
    /// A window for this desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk, panels: Panels::default(), drawn: 0, paces: Paces::CARD }
    }
}

/// The host, for as long as one window is open: it lies in egui's own memory, which goes with the window, since
/// nobody says when that closes.
#[derive(Clone)]
struct OpenWindow(Arc<GuiContext>);

fn open_window() -> Id {
    Id::unique("the host of this window")
}

impl NiceEguiApp for Window {
    fn build(&mut self, context: Context, host: GuiContext, frame: &mut Frame) -> Result<(), HandlerError> {
        // OpenGL is told numbers as they are on the screen; egui's conversion would make them linear.
        let [red, green, blue, _] = theme::GROUND.to_array().map(|part| f32::from(part) / 255.0);
        frame.set_clear_color(egui::Rgba::from_rgb(red, green, blue));
        Theme::install_fonts(&context);
        // A gesture that an earlier window's end cut off ends now.
        self.desk.let_go(&host);
        self.paces = if draws_on_the_processor(frame) { Paces::PROCESSOR } else { Paces::CARD };
        self.desk.open(self.paces.sounding);
        context.data_mut(|data| data.insert_temp(open_window(), OpenWindow(Arc::new(host))));
        // Pictures belong to the window that they were drawn in.
        self.panels = Panels::showing(self.panels.tab);
        Ok(())
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut Frame) {
        let Some(OpenWindow(host)) = ui.data(|data| data.get_temp(open_window())) else { return };
        let changes = self.desk.changes();
        let plays = std::mem::replace(&mut self.drawn, changes) != changes;
        let view = self.desk.gather();
        let mut actions = draw(ui, &view, &mut self.panels, self.desk.sheet);
        self.paste(ui, &mut actions);
        let time = ui.input(|input| input.time);
        let acted = !actions.is_empty();
        self.desk.carry_out(&*host, time, actions);
        if let Some(text) = self.desk.copied.take() {
            ui.copy_text(text);
        }
        if let Some(scale) = self.desk.wanted_scale.take() {
            ui.send_viewport_cmd(ViewportCommand::InnerSize(vec2(DESIGN[0], DESIGN[1]) * scale));
        }
        if acted {
            ui.request_repaint();
        } else if self.desk.is_moving() || self.panels.are_moving() {
            ui.ctx().request_repaint_after(self.paces.moving);
        } else if self.desk.is_falling() && !plays {
            // While it plays, the instrument says when there is more to see.
            ui.ctx().request_repaint_after(self.paces.sounding.max(POLL));
        }
    }
}

/// Whether OpenGL is a program, as on a machine without a graphics card or in a virtual one.
fn draws_on_the_processor(frame: &Frame) -> bool {
    let Some(context) = frame.baseview_window().gl_context() else { return false };
    // SAFETY: this is the window's thread, and the window is alive. Functions of OpenGL are called between the two.
    unsafe {
        if context.make_current().is_err() {
            return false;
        }
        let name = frame.gl().get_parameter_string(glow::RENDERER);
        let _ = context.make_not_current();
        is_software(&name)
    }
}

/// Whether a renderer of this name draws without a graphics card: Mesa's, ANGLE's, Apple's and Microsoft's.
fn is_software(renderer: &str) -> bool {
    const NAMES: [&str; 7] =
        ["llvmpipe", "softpipe", "swrast", "SwiftShader", "Apple Software", "Microsoft Basic", "GDI Generic"];
    NAMES.iter().any(|name| renderer.contains(name))
}

impl Window {
    /// A point that was pasted, as text, is a place to go to.
    fn paste(&self, ui: &Ui, actions: &mut Vec<Action>) {
        if ui.ctx().text_edit_focused() {
            return;
        }
        let pasted = ui.input(|input| {
            input.events.iter().find_map(|event| match event {
                egui::Event::Paste(text) | egui::Event::Text(text) => point_from_text(text),
                _ => None,
            })
        });
        let wanted = actions.contains(&Action::PastePoint);
        let point = pasted.or_else(|| self.desk.last_copied().filter(|_| wanted));
        actions.extend(point.map(Action::Travel));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_is_told_from_graphics_cards() {
        assert!(is_software("llvmpipe (LLVM 15.0.6, 256 bits)") && is_software("GDI Generic"));
        assert!(!is_software("Mesa Intel(R) UHD Graphics 620 (KBL GT2)") && !is_software("Apple M2"));
    }
}
