//! Drag, map, instrument, preset saved and loaded, undo and another size, in one sitting.

use super::*;

/// Whether points differ by no more than the hosts' normalised values round.
fn are_same(a: [f32; LATENT_DIM], b: [f32; LATENT_DIM]) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
}

#[test]
fn a_long_session_and_the_host_agree_at_each_step() {
    let folder = tempfile::tempdir().unwrap();
    models_with(folder.path(), "ukulele-guitar.onnx");
    let mut harness = open(folder.path(), design());
    let shown = |harness: &Harness<'_, Stage>| {
        let stage = harness.state();
        let z = stage.z();
        assert!(are_same(stage.view.z, z), "the window shows {:?}, the host has {z:?}", stage.view.z);
        z
    };

    drag(&mut harness, on_pad(0.5, 0.5), on_pad(0.75, 0.25));
    let dragged = shown(&harness);
    assert!((dragged[0] - 1.5).abs() < 0.05 && (dragged[1] + 1.5).abs() < 0.05, "{dragged:?}");

    click_on_map(&mut harness, 100);
    let travelled = shown(&harness);
    assert_ne!(travelled, dragged);

    let built_in = harness.state().view.instrument.name.clone();
    harness.get_by_label(&format!("Instrument: {built_in}")).click();
    harness.run_steps(3);
    harness.get_by_label("Ukulele and guitar").click();
    harness.run_steps(4);
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    let chosen = |harness: &Harness<'_, Stage>| harness.state().params.model_choice().reference().name;
    assert_eq!(chosen(&harness), "Ukulele and guitar");
    assert!(are_same(shown(&harness), travelled), "another instrument, the same place");

    keep(&mut harness, "Kept");
    drag(&mut harness, on_pad(0.5, 0.5), on_pad(0.1, 0.9));
    assert_ne!(shown(&harness), travelled);
    bring_back(&mut harness, "Kept");
    assert!(are_same(shown(&harness), travelled));
    assert_eq!(chosen(&harness), "Ukulele and guitar");

    // Loading, the drag, the instrument, the journey, one by one.
    for _ in 0..4 {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
        harness.run_steps(3);
    }
    assert!(are_same(shown(&harness), dragged));
    assert_eq!(chosen(&harness), built_in);

    harness.set_size(design() * 1.5);
    harness.run_steps(4);
    let larger = |x, y| (on_pad(x, y).to_vec2() * 1.5).to_pos2();
    drag(&mut harness, larger(0.75, 0.25), larger(0.25, 0.75));
    let resized = shown(&harness);
    assert!((resized[0] + 1.5).abs() < 0.05 && (resized[1] - 1.5).abs() < 0.05, "{resized:?}");
}

/// Saves a preset, as a hand does.
pub(super) fn keep(harness: &mut Harness<'_, Stage>, name: &str) {
    harness.get_by_label("Save as a preset of your own").click();
    harness.run_steps(3);
    harness.event(egui::Event::Text(name.into()));
    harness.run_steps(2);
    harness.get_by_label("Save").click();
    harness.run_steps(4);
}

/// Finds a preset and loads it, as a hand does.
fn bring_back(harness: &mut Harness<'_, Stage>, name: &str) {
    harness.key_press_modifiers(Modifiers::COMMAND, Key::F);
    harness.run_steps(3);
    harness.event(egui::Event::Text(name.into()));
    harness.run_steps(2);
    harness.get_by_label(name).click();
    harness.run_steps(3);
    harness.key_press(Key::Escape);
    harness.run_steps(3);
}

#[test]
fn a_presets_name_comes_and_goes_with_its_loading() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(folder.path(), design());
    let step = |harness: &mut Harness<'_, Stage>, modifiers, key| {
        harness.key_press_modifiers(modifiers, key);
        harness.run_steps(3);
        harness.state().view.presets.title().to_owned()
    };
    let before = harness.state().view.presets.title().to_owned();
    let first = step(&mut harness, Modifiers::NONE, Key::PageDown);
    let second = step(&mut harness, Modifiers::NONE, Key::PageDown);
    assert!(first != second && first != before);
    assert_eq!(step(&mut harness, Modifiers::COMMAND, Key::Z), first);
    assert_eq!(step(&mut harness, Modifiers::COMMAND, Key::Z), before);
    assert_eq!(step(&mut harness, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z), first);
}
