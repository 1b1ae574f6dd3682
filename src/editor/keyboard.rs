//! The keyboard: plays by mouse, shows which keys are down, and which notes would start from the cache.

use egui::{Align2, Color32, CornerRadius, CursorIcon, Rect, Role, Sense, StrokeKind, Ui, WidgetInfo, pos2};

use super::action::Action;
use super::theme::{self, Theme, Type};
use super::view::Keys;
use super::widgets::Pen;
use crate::units::MidiNote;

/// The keys of a piano: A0 to C8.
const LOWEST: u8 = 21;
const HIGHEST: u8 = 108;
/// White keys among them.
const WHITE: usize = 52;
/// Height of black keys as a share of white ones.
const BLACK_HEIGHT: f32 = 0.6;
/// Velocity of a key that is struck at its far end, and at its near one.
const VELOCITIES: [f32; 2] = [0.35, 1.0];

/// What the keyboard remembers between frames.
#[derive(Default)]
pub struct KeyboardState {
    /// The key under the mouse, while its button is down.
    held: Option<u8>,
}

fn is_black(key: u8) -> bool {
    matches!(key % 12, 1 | 3 | 6 | 8 | 10)
}

/// White keys below this one, from the lowest.
fn whites_below(key: u8) -> usize {
    (LOWEST..key).filter(|key| !is_black(*key)).count()
}

fn rect_of(key: u8, board: Rect) -> Rect {
    let width = board.width() / WHITE as f32;
    let x = board.left() + whites_below(key) as f32 * width;
    if is_black(key) {
        let half = 0.31 * width;
        Rect::from_min_max(
            pos2(x - half, board.top()),
            pos2(x + half, board.top() + BLACK_HEIGHT * board.height()),
        )
    } else {
        Rect::from_min_max(pos2(x, board.top()), pos2(x + width, board.bottom()))
    }
}

/// The key at a place: black ones lie above white ones.
fn key_at(board: Rect, at: egui::Pos2) -> Option<u8> {
    let hit = |black: bool| (LOWEST..=HIGHEST).filter(move |key| is_black(*key) == black);
    hit(true).chain(hit(false)).find(|key| rect_of(*key, board).contains(at))
}

/// Draws it.
pub fn show(ui: &mut Ui, rect: Rect, pen: &mut Pen, keys: &Keys, state: &mut KeyboardState) {
    let theme = pen.theme;
    let response = ui.interact(rect, ui.scope_id().with("keyboard"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Group, true, "Keyboard: click to play"));
    // A quick hand may press and let go between two frames.
    let struck = response.is_pointer_button_down_on() || response.clicked();
    let at = response.interact_pointer_pos().filter(|_| struck);
    let under = at.and_then(|at| key_at(rect, at).map(|key| (key, at)));
    if state.held != under.map(|(key, _)| key) {
        if let Some(key) = state.held.take() {
            pen.act(Action::Lift(key));
        }
        if let Some((key, at)) = under {
            let of_key = rect_of(key, rect);
            let share = ((at.y - of_key.top()) / of_key.height()).clamp(0.0, 1.0);
            pen.act(Action::Press(key, VELOCITIES[0] + share * (VELOCITIES[1] - VELOCITIES[0])));
            state.held = Some(key);
        }
    }
    for black in [false, true] {
        for key in (LOWEST..=HIGHEST).filter(|key| is_black(*key) == black) {
            draw(ui, &theme, rect_of(key, rect), keys, key);
        }
    }
    theme.focus_ring(ui, &response, rect);
    let hovered = response.hover_pos().and_then(|at| key_at(rect, at));
    let response = response.on_hover_cursor(CursorIcon::PointingHand);
    if let Some(key) = hovered.filter(|_| state.held.is_none()) {
        let note = MidiNote::new(key).map_or_else(|_| String::new(), |note| note.to_string());
        let heard = (keys.range[0]..=keys.range[1]).contains(&key);
        let more = match (keys.warm[usize::from(key)], heard) {
            (_, false) => ": outside the range of the recordings",
            (true, true) => ": ready, starts at once",
            (false, true) => "",
        };
        response.on_hover_text_at_pointer(format!("{note}{more}. Lower on the key is louder"));
    }
}

fn draw(ui: &Ui, theme: &Theme, rect: Rect, keys: &Keys, key: u8) {
    let heard = (keys.range[0]..=keys.range[1]).contains(&key);
    let down = keys.down[usize::from(key)];
    let ground = match (is_black(key), heard) {
        _ if down => theme::ACCENT,
        (false, true) => Color32::from_rgb(0xd5, 0xd9, 0xe2),
        (false, false) => Color32::from_rgb(0x7c, 0x84, 0x95),
        (true, _) => theme::GROUND,
    };
    let radius = theme.px(3.0).round() as u8;
    let corner = CornerRadius { nw: 0, ne: 0, sw: radius, se: radius };
    let painter = ui.painter();
    painter.rect(rect, corner, ground, theme.stroke(1.0, theme::GROUND), StrokeKind::Inside);
    if keys.warm[usize::from(key)] && !down {
        let at = pos2(rect.center().x, rect.bottom() - theme.px(6.0));
        let ink = if is_black(key) { theme::ACCENT } else { Color32::from_rgb(0x5a, 0x49, 0xc8) };
        painter.circle_filled(at, theme.px(2.0), ink);
    }
    if key.is_multiple_of(12) {
        let at = pos2(rect.center().x, rect.bottom() - theme.px(15.0));
        let name = format!("C{}", i32::from(key) / 12 - 1);
        theme.text(painter, at, Align2::CENTER_CENTER, name, (Type::Caption, theme::GROUND));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::vec2;

    #[test]
    fn every_key_is_found_where_it_is_drawn() {
        let board = Rect::from_min_size(pos2(16.0, 640.0), vec2(1088.0, 64.0));
        for key in LOWEST..=HIGHEST {
            let rect = rect_of(key, board);
            assert!(board.expand(0.01).contains_rect(rect), "{key} lies outside");
            let at = pos2(rect.center().x, rect.bottom() - 2.0);
            assert_eq!(key_at(board, at), Some(key));
        }
        assert_eq!(whites_below(HIGHEST) + 1, WHITE);
    }
}
