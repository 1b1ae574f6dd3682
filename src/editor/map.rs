//! The map: every training sound as a mark on the card's plane, and where the present point is among them.

use egui::{
    Align2, CursorIcon, Key, Pos2, Rect, Response, Role, Sense, TextureHandle, Ui, Vec2, WidgetInfo, vec2,
};

use super::action::Action;
use super::instrument::{FAMILIES, Instrument, Point};
use super::map_legend;
use super::map_paint::{draw_choice, draw_marks, draw_place, tell};
use super::theme::{self, Type};
use super::view::View;
use super::widgets::Pen;
use crate::units::MidiNote;

/// How near the pointer must come to a mark, in design units.
const REACH: f32 = 10.0;
const LARGEST_ZOOM: f32 = 12.0;

/// What the map remembers between frames.
pub struct MapState {
    /// 1 for the whole map.
    pub(super) zoom: f32,
    /// What lies in the middle, from 0 to 1.
    centre: [f32; 2],
    /// Which families are shown.
    pub(super) shown: [bool; FAMILIES],
    /// What the keyboard has chosen.
    chosen: Option<usize>,
    pub(super) marks: Option<TextureHandle>,
}

impl Default for MapState {
    fn default() -> Self {
        Self { zoom: 1.0, centre: [0.5; 2], shown: [true; FAMILIES], chosen: None, marks: None }
    }
}

impl MapState {
    /// The picture of the marks, once it has been drawn.
    #[must_use]
    pub fn texture(&self) -> Option<egui::TextureId> {
        self.marks.as_ref().map(TextureHandle::id)
    }
}

/// From places on the card's plane to the screen, and back.
#[derive(Clone, Copy)]
pub(super) struct Projection {
    well: Rect,
    /// Points for the whole plane.
    side: f32,
    centre: [f32; 2],
}

impl Projection {
    fn new(well: Rect, state: &MapState) -> Self {
        // The plane is square and the well is not: the whole of the plane fits, with a margin for the marks.
        let side = (well.height() * 0.94).min(well.width() * 0.94) * state.zoom;
        Self { well, side, centre: state.centre }
    }

    pub fn place(&self, [x, y]: [f32; 2]) -> Pos2 {
        // Wells are wider than high: along x the plane is stretched to fill them.
        let stretch = self.well.width() / self.well.height();
        self.well.center() + vec2((x - self.centre[0]) * stretch, self.centre[1] - y) * self.side
    }

    fn plane(&self, at: Pos2) -> [f32; 2] {
        let stretch = self.well.width() / self.well.height();
        let offset = (at - self.well.center()) / self.side;
        [self.centre[0] + offset.x / stretch, self.centre[1] - offset.y]
    }
}

/// Draws the map in a panel.
pub fn show(ui: &mut Ui, rect: Rect, pen: &mut Pen, view: &View, state: &mut MapState) {
    let theme = pen.theme;
    let instrument = &*view.instrument;
    theme.panel(ui.painter(), rect);
    let well = theme.rect(rect.min, 12.0, 40.0, 456.0, 232.0);
    let title = rect.min + vec2(theme.px(12.0), theme.px(20.0));
    theme.text(ui.painter(), title, Align2::LEFT_CENTER, "Map", (Type::Title, theme::TEXT));
    theme.well(ui.painter(), well);
    if instrument.points.is_empty() {
        let words = "This instrument's card names no training sounds.";
        theme.text(ui.painter(), well.center(), Align2::CENTER_CENTER, words, (Type::Body, theme::DIM));
        return;
    }
    let response = ui.interact(well, ui.scope_id().with("map"), Sense::click_and_drag());
    let nearest = instrument.nearest(&view.z_now);
    let name = nearest
        .map_or_else(|| "Map".into(), |n| format!("Map, nearest sound: {}", name_of(&instrument.points[n])));
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, &name));

    look_around(ui, &response, well, state);
    let projection = Projection::new(well, state);
    let hovered = response.hover_pos().and_then(|at| hit(instrument, state, projection, theme.px(REACH), at));
    travel(ui, &response, pen, instrument, state, hovered);
    let painter = ui.painter().with_clip_rect(well);
    let key = view.sound.spectrogram.as_ref().map(|last| last.key);
    draw_marks(ui, &painter, &theme, (instrument, state, projection), key);
    draw_place(&painter, &theme, instrument, projection, view);
    let chosen = state.chosen.filter(|_| response.has_focus());
    draw_choice(&painter, &theme, instrument, projection, hovered.or(chosen));
    tell(ui, rect, &theme, instrument, (nearest, hovered.or(chosen), key));
    map_legend::show(ui, rect, pen, instrument, state);
    theme.focus_ring(ui, &response, well);
    response.on_hover_cursor(if hovered.is_some() { CursorIcon::PointingHand } else { CursorIcon::Move });
}

/// Zoom with the wheel, pan with a drag, all of it with a double click.
fn look_around(ui: &Ui, response: &Response, well: Rect, state: &mut MapState) {
    if response.dragged() {
        let before = Projection::new(well, state);
        let moved = response.drag_delta();
        let [x, y] = before.plane(well.center() - moved);
        state.centre = [x, y].map(|c| c.clamp(0.0, 1.0));
    }
    let scroll = ui.input(|input| input.smooth_scroll_delta().y + 240.0 * (input.zoom_delta() - 1.0));
    if let Some(at) = response.hover_pos().filter(|_| scroll != 0.0) {
        // What is under the pointer stays there.
        let fixed = Projection::new(well, state).plane(at);
        state.zoom = (state.zoom * (scroll / 160.0).exp()).clamp(1.0, LARGEST_ZOOM);
        let now = Projection::new(well, state).plane(at);
        state.centre = std::array::from_fn(|axis| (state.centre[axis] + fixed[axis] - now[axis]).clamp(0.0, 1.0));
    }
    if state.zoom <= 1.0 || response.double_clicked() {
        (state.zoom, state.centre) = (1.0, [0.5; 2]);
    }
}

pub(super) fn is_shown(state: &MapState, point: &Point) -> bool {
    state.shown.get(point.family).copied().unwrap_or(true)
}

/// The mark under the pointer.
fn hit(instrument: &Instrument, state: &MapState, projection: Projection, reach: f32, at: Pos2) -> Option<usize> {
    let points = instrument.points.iter().enumerate().filter(|(_, point)| is_shown(state, point));
    let distances = points.map(|(n, point)| (n, projection.place(point.place).distance(at)));
    let (n, distance) = distances.min_by(|a, b| a.1.total_cmp(&b.1))?;
    (distance <= reach).then_some(n)
}

/// Clicks and keys that go somewhere.
fn travel(
    ui: &Ui,
    response: &Response,
    pen: &mut Pen,
    instrument: &Instrument,
    state: &mut MapState,
    hovered: Option<usize>,
) {
    if response.clicked() {
        response.request_focus();
    }
    if let Some(n) = hovered.filter(|_| response.clicked()) {
        state.chosen = Some(n);
        pen.act(go(&instrument.points[n], ui.input(|input| input.modifiers.alt)));
    }
    if !response.has_focus() {
        return;
    }
    let [x, y] = super::widgets::arrow_steps(ui, response);
    if x != 0.0 || y != 0.0 {
        state.chosen = next_towards(instrument, state, vec2(x, y)).or(state.chosen);
    }
    let Some(point) = state.chosen.and_then(|n| instrument.points.get(n)) else { return };
    ui.input(|input| {
        if input.key_pressed(Key::Enter) {
            pen.act(go(point, input.modifiers.alt));
        }
    });
}

/// To a sound, or only to hear it on its own key.
fn go(point: &Point, only_hear: bool) -> Action {
    if only_hear { Action::Audition(point.z, point.key) } else { Action::Travel(point.z) }
}

/// The nearest sound in this direction from the chosen one.
fn next_towards(instrument: &Instrument, state: &MapState, way: Vec2) -> Option<usize> {
    let from = state.chosen.and_then(|n| instrument.points.get(n)).map_or([0.5; 2], |point| point.place);
    let cost = |point: &Point| {
        let offset = vec2(point.place[0] - from[0], point.place[1] - from[1]);
        let along = offset.dot(way.normalized());
        let across = (offset - along * way.normalized()).length();
        (along > 1e-4).then_some(along + 2.0 * across)
    };
    let shown = instrument.points.iter().enumerate().filter(|(_, point)| is_shown(state, point));
    let costs = shown.filter_map(|(n, point)| Some((n, cost(point)?)));
    costs.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(n, _)| n)
}

/// A training sound's name and note.
#[must_use]
pub fn name_of(point: &Point) -> String {
    let note = MidiNote::new(point.key).map_or_else(|_| String::new(), |note| note.to_string());
    format!("{} {note}", point.label.replace('-', " "))
}

/// Where a mark is drawn in a well while the whole map is shown.
#[cfg(test)]
pub(super) fn place_of(well: Rect, place: [f32; 2]) -> Pos2 {
    Projection::new(well, &MapState::default()).place(place)
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;
    use crate::editor::instrument::tests::built_in;
    use crate::editor::map_paint::{NEIGHBOURS, neighbours};

    #[test]
    fn what_is_drawn_somewhere_is_hit_there_at_every_zoom() {
        let instrument = built_in();
        let well = Rect::from_min_size(pos2(100.0, 50.0), vec2(456.0, 232.0));
        for zoom in [1.0, 3.0] {
            let state = MapState { zoom, centre: [0.4, 0.6], ..MapState::default() };
            let projection = Projection::new(well, &state);
            for point in instrument.points.iter().step_by(50) {
                let at = projection.place(point.place);
                let back = projection.plane(at);
                assert!((0..2).all(|axis| (back[axis] - point.place[axis]).abs() < 1e-4));
                let found = hit(&instrument, &state, projection, 1.0, at).unwrap();
                assert!(projection.place(instrument.points[found].place).distance(at) <= 1.0);
            }
        }
    }

    #[test]
    fn families_that_are_hidden_are_not_hit() {
        let instrument = built_in();
        let mut state = MapState::default();
        let projection = Projection::new(Rect::from_min_size(pos2(0.0, 0.0), vec2(456.0, 232.0)), &state);
        let at = projection.place(instrument.points[0].place);
        state.shown = [false; FAMILIES];
        assert_eq!(hit(&instrument, &state, projection, 1e6, at), None);
    }

    #[test]
    fn a_training_sound_is_its_own_nearest_neighbour() {
        let instrument = built_in();
        let all = neighbours(&instrument, &instrument.points[3].z);
        let most = all.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert_eq!(instrument.points[most.0].z, instrument.points[3].z);
        assert_eq!(all.len(), NEIGHBOURS);
    }
}
