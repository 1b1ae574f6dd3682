//! A session at the whole window, without a window: a hand that drags, clicks and types, and what the host's
//! parameters say after each step.

mod newcomer;
mod pads;
mod session;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Key, Modifiers, Pos2, Rect, Vec2, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable};

use super::desk::{Desk, Places, Z};
use super::draw::{Panels, draw};
use super::gesture::tests::{Desk as Host, params};
use super::pad;
use super::theme::{DESIGN, Theme};
use super::{map, view::View};
use crate::model::card::LATENT_DIM;
use crate::model::{Catalog, ModelFile};
use crate::params::UkulelatentParams;

/// What a window works on.
struct Stage {
    desk: Desk,
    panels: Panels,
    host: Host,
    view: View,
    params: Arc<UkulelatentParams>,
    /// The instrument's side of the window's end.
    stage: crate::link::window::Stage,
}

impl Stage {
    fn z(&self) -> [f32; LATENT_DIM] {
        [&self.params.z1, &self.params.z2, &self.params.z3, &self.params.z4].map(|z| z.value())
    }
}

/// A window of a size, over a user's folder.
fn open(folder: &Path, size: Vec2) -> Harness<'static, Stage> {
    open_at_pace(folder, size, 0.25)
}

/// The same, with so many seconds from frame to frame.
fn open_at_pace(folder: &Path, size: Vec2, pace_s: f32) -> Harness<'static, Stage> {
    let params = params();
    let places = Places {
        presets: Some(folder.join("presets")),
        settings: Some(folder.join("settings.json")),
        catalog: Catalog::of(vec![folder.join("models")]),
    };
    let (end, stage) = crate::link::window::window();
    let desk = Desk::new(Arc::clone(&params), end, places);
    desk.open(std::time::Duration::ZERO);
    let stage =
        Stage { desk, panels: Panels::default(), host: Host::default(), view: View::default(), params, stage };
    let frame = |ui: &mut egui::Ui, stage: &mut Stage| {
        stage.view = stage.desk.gather();
        let actions = draw(ui, &stage.view, &mut stage.panels, stage.desk.sheet);
        let time = ui.input(|input| input.time);
        if !actions.is_empty() || stage.desk.is_moving() {
            ui.ctx().request_repaint();
        }
        stage.desk.carry_out(&stage.host, time, actions);
    };
    let builder = Harness::builder()
        .with_size(size)
        .with_step_dt(pace_s)
        .with_max_steps(64)
        .with_context_setup(Theme::install_fonts);
    let mut harness = builder.build_ui_state(frame, stage);
    harness.run_steps(3);
    harness
}

/// A user's folder of instruments with one of those that come with the plugin.
fn models_with(folder: &Path, file: &str) -> PathBuf {
    let models = folder.join("models");
    std::fs::create_dir(&models).unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(file);
    std::fs::copy(file, models.join("other.onnx")).unwrap();
    models
}

fn design() -> Vec2 {
    vec2(DESIGN[0], DESIGN[1])
}

/// A place on the first pad, from its lower left corner, as shares.
fn on_pad(x: f32, y: f32) -> Pos2 {
    let (corner, side) = pad::well_in_design();
    pos2(16.0, 56.0) + corner + vec2(x, 1.0 - y) * side
}

fn drag(harness: &mut Harness<'_, Stage>, from: Pos2, to: Pos2) {
    harness.hover_at(from);
    harness.run_steps(1);
    harness.drag_at(from);
    harness.run_steps(2);
    harness.hover_at(to);
    harness.run_steps(2);
    harness.drop_at(to);
    harness.run_steps(3);
}

#[test]
fn what_has_been_read_stays_away_until_another_instrument_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(folder.path(), design());
    let choice = Arc::clone(harness.state().desk.gestures.params().model_choice());
    choice.notify("harp.onnx: no such file".into());
    harness.run_steps(2);
    harness.get_by_label("I have read this").click();
    harness.run_steps(3);
    assert!(harness.query_by_label("I have read this").is_none());
    choice.notify("the scale: not found".into());
    harness.run_steps(2);
    assert!(harness.query_by_label("I have read this").is_some());
}

/// Where the map is drawn at the design's size.
fn map_well() -> Rect {
    Rect::from_min_size(pos2(624.0 + 12.0, 56.0 + 40.0), vec2(456.0, 232.0))
}

/// Clicks on the map where one of the instrument's sounds is drawn, and waits until the journey is over.
fn click_on_map(harness: &mut Harness<'_, Stage>, sound: usize) -> Pos2 {
    let at = map::place_of(map_well(), harness.state().view.instrument.points[sound].place);
    harness.hover_at(at);
    harness.run_steps(2);
    harness.drag_at(at);
    harness.run_steps(1);
    harness.drop_at(at);
    harness.run_steps(120);
    at
}

#[test]
fn a_click_on_the_map_travels_to_that_sound() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(folder.path(), design());
    let instrument = Arc::clone(&harness.state().view.instrument);
    let at = click_on_map(&mut harness, 100);
    let z = harness.state().z();
    let reached = instrument
        .points
        .iter()
        .find(|point| (0..4).all(|axis| (point.z[axis].clamp(-3.0, 3.0) - z[axis]).abs() < 1e-3));
    let place = map::place_of(map_well(), reached.expect("arrived at a sound of the map").place);
    assert!(place.distance(at) < 10.0);
    assert_eq!(harness.state().view.edits.undo.as_deref(), Some("Journey"));
}

#[test]
fn a_preset_is_saved_found_again_and_loaded_and_all_of_it_can_be_undone() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(folder.path(), design());
    drag(&mut harness, on_pad(0.5, 0.5), on_pad(0.9, 0.1));
    let saved = harness.state().z();
    harness.get_by_label("Save as a preset of your own").click();
    harness.run_steps(3);
    harness.event(egui::Event::Text("Glass harp".into()));
    harness.run_steps(2);
    harness.get_by_label("Save").click();
    harness.run_steps(4);
    assert!(folder.path().join("presets").join("Glass harp.json").is_file());
    assert_eq!(harness.state().view.presets.title(), "Glass harp");

    drag(&mut harness, on_pad(0.5, 0.5), on_pad(0.2, 0.8));
    assert!(harness.state().view.presets.dirty);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::F);
    harness.run_steps(3);
    harness.event(egui::Event::Text("glass".into()));
    harness.run_steps(2);
    harness.get_by_label("Glass harp").click();
    harness.run_steps(3);
    assert_eq!(harness.state().z(), saved);
    assert!(!harness.state().view.presets.dirty);
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(3);
    assert_ne!(harness.state().z(), saved);
}

#[test]
fn an_instrument_is_chosen_and_a_file_that_is_none_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let models = models_with(folder.path(), "plucked-22k.onnx");
    std::fs::write(models.join("nonsense.onnx"), "not a model").unwrap();
    let mut harness = open(folder.path(), design());
    let built_in = ModelFile::built_in().unwrap().card.name.clone();
    harness.get_by_label(&format!("Instrument: {built_in}")).click();
    harness.run_steps(3);
    harness.get_by_label("Plucked 22k").click();
    harness.run_steps(4);
    assert_eq!(harness.state().params.model_choice().reference().name, "Plucked 22k");
    assert_eq!(harness.state().view.instrument.name, "Plucked 22k");

    let bad = super::action::Action::OpenModel(models.join("nonsense.onnx"));
    let stage = harness.state_mut();
    stage.desk.carry_out(&stage.host, 0.0, vec![bad]);
    harness.run_steps(3);
    let refusal = harness.state().view.models.refusal.clone().unwrap();
    assert!(refusal.contains("nonsense.onnx") && refusal.contains("expected"), "{refusal}");
    assert_eq!(harness.state().view.instrument.name, "Plucked 22k", "keeps playing");
}

#[test]
fn values_are_typed_with_their_units() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(folder.path(), design());
    let shown = harness.state().view.controls.get("release").text.clone();
    harness.get_by_label(&format!("Release value: {shown}")).click();
    harness.run_steps(3);
    harness.event(egui::Event::Text("1200 ms".into()));
    harness.run_steps(1);
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    assert!((harness.state().params.release.value() - 1200.0).abs() < 0.5);
}

#[test]
fn a_key_of_the_keyboard_is_struck_and_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(folder.path(), design());
    // Middle C is the 24th of 52 white keys, 1088 units wide; near its lower edge it is loud.
    let at = pos2(16.0 + 23.5 * 1088.0 / 52.0, 698.0);
    harness.hover_at(at);
    harness.run_steps(1);
    harness.drag_at(at);
    harness.run_steps(2);
    let struck = harness.state_mut().stage.next_gesture().expect("a note");
    assert_eq!((struck.key.number(), struck.latent), (60, None));
    assert!(struck.velocity > 0.9, "{}", struck.velocity);
    assert!(harness.state().stage.held().contains(struck.key));
    harness.drop_at(at);
    harness.run_steps(2);
    assert!(harness.state().stage.held().is_empty());
}

#[test]
fn a_and_b_keep_two_sounds() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(folder.path(), design());
    harness.get_by_label("B").click();
    harness.run_steps(3);
    drag(&mut harness, on_pad(0.5, 0.5), on_pad(0.9, 0.9));
    let b = harness.state().z();
    harness.get_by_label("A").click();
    harness.run_steps(3);
    assert_eq!(harness.state().z(), [0.0; LATENT_DIM]);
    harness.get_by_label("B").click();
    harness.run_steps(3);
    assert_eq!(harness.state().z(), b);
}

#[test]
fn every_control_lies_inside_the_window_at_every_scale() {
    for scale in [0.75, 1.0, 1.5, 2.0] {
        let folder = tempfile::tempdir().unwrap();
        let mut harness = open(folder.path(), design() * scale);
        let window = Rect::from_min_size(Pos2::ZERO, design() * scale).expand(1.0);
        let check = |harness: &Harness<'_, Stage>, what: &str| {
            for node in harness.root().children_recursive() {
                let named = node.accesskit_node().label().is_some_and(|label| !label.is_empty());
                assert!(
                    !named || window.contains_rect(node.rect()),
                    "{what} at {scale}: {node:?} {:?}",
                    node.rect()
                );
            }
        };
        check(&harness, "the instrument");
        for tab in ["Touch", "Orbits"] {
            harness.get_by_label(tab).click();
            harness.run_steps(3);
            check(&harness, tab);
        }
        harness.get_by_label("All gestures (?)").click();
        harness.run_steps(3);
        check(&harness, "the gestures");
    }
}

#[test]
fn the_strip_and_its_tabs_name_parameters_that_exist() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(folder.path(), design());
    for tab in ["Touch", "Orbits", "Sound"] {
        harness.get_by_label(tab).click();
        harness.run_steps(3);
    }
    assert!(Z.iter().all(|id| harness.state().view.controls.0.iter().any(|control| control.id == *id)));
}
