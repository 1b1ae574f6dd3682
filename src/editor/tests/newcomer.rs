//! What somebody who sees the window for the first time asks: what is this dot, and where did my instrument go.

use super::session::keep;
use super::*;

fn chosen(harness: &Harness<'_, Stage>) -> String {
    harness.state().params.model_choice().reference().name
}

fn press(harness: &mut Harness<'_, Stage>, key: Key) {
    harness.key_press(key);
    harness.run_steps(3);
}

#[test]
fn arrows_beside_the_preset_stay_with_the_instrument_and_the_list_says_which_one_a_preset_brings() {
    let folder = tempfile::tempdir().unwrap();
    models_with(folder.path(), "plucked-22k.onnx");
    let mut harness = open(folder.path(), design());
    let built_in = chosen(&harness);
    let mut titles = std::collections::BTreeSet::new();
    for key in std::iter::repeat_n(Key::PageUp, 20).chain([Key::PageDown; 24]) {
        press(&mut harness, key);
        assert_eq!(chosen(&harness), built_in);
        titles.insert(harness.state().view.presets.title().to_owned());
    }
    assert_eq!(titles.len(), crate::preset::factory().len());

    let rows = Arc::clone(&harness.state().view.presets.rows);
    let other = rows.iter().position(|row| row.instrument == "Plucked 22k").unwrap();
    let load = |harness: &mut Harness<'_, Stage>, n: usize| {
        let stage = harness.state_mut();
        stage.desk.carry_out(&stage.host, 0.0, vec![super::super::action::Action::LoadPreset(n)]);
        harness.run_steps(3);
    };
    load(&mut harness, other);
    assert_eq!(chosen(&harness), "Plucked 22k");
    press(&mut harness, Key::PageUp);
    assert_eq!(chosen(&harness), "Plucked 22k");
    load(&mut harness, rows.iter().position(|row| row.instrument == built_in).unwrap());
    assert_eq!(chosen(&harness), built_in, "presets of the built-in instrument bring it back");
}

#[test]
fn a_dot_shows_that_something_was_changed_before_any_preset_was_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(folder.path(), design());
    assert!(!harness.state().view.presets.dirty);
    drag(&mut harness, on_pad(0.5, 0.5), on_pad(0.8, 0.5));
    assert!(harness.state().view.presets.dirty);
    assert!(harness.query_by_label("Preset: Init, changed").is_some());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(3);
    assert!(!harness.state().view.presets.dirty);
}

#[test]
fn a_name_that_is_too_long_for_the_bar_is_told_whole_to_the_pointer() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(folder.path(), design());
    let name = "A harp that somebody found in the attic of a house by the sea";
    keep(&mut harness, name);
    let field = harness.get_by_label(&format!("Preset: {name}")).rect();
    harness.hover_at(field.center());
    harness.run_steps(8);
    assert!(harness.query_by_label(&format!("{name}\nBrowse presets")).is_some());
}

#[test]
fn choices_are_no_higher_than_the_knobs_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let harness = open(folder.path(), design());
    let knob = harness.get_by(|node| node.label().is_some_and(|label| label.starts_with("Stretch, "))).rect();
    let value = harness.get_by(|node| node.label().is_some_and(|label| label.starts_with("Stretch value"))).rect();
    for choice in ["Off", "Freeze", "Wander"] {
        let cell = harness.get_by_label(&format!("Sustain: {choice}")).rect();
        assert!(cell.top() >= knob.top() - 0.1 && cell.bottom() <= value.bottom() + 0.1, "{choice}: {cell:?}");
    }
}

#[test]
fn a_legend_of_two_families_keeps_them_together() {
    let folder = tempfile::tempdir().unwrap();
    models_with(folder.path(), "ukulele-guitar.onnx");
    let mut harness = open(folder.path(), design());
    let built_in = chosen(&harness);
    harness.get_by_label(&format!("Instrument: {built_in}")).click();
    harness.run_steps(3);
    harness.get_by_label("Ukulele and guitar").click();
    harness.run_steps(4);
    press(&mut harness, Key::Escape);
    let instrument = Arc::clone(&harness.state().view.instrument);
    let names: Vec<&str> = instrument.families.iter().map(|family| &*family.name).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let map = Rect::from_min_size(pos2(624.0, 56.0), vec2(480.0, 320.0));
    for name in names {
        let cell = harness.get_by_label(name).rect();
        assert!(cell.right() < map.left() + 240.0, "{name}: {cell:?}");
    }
}
