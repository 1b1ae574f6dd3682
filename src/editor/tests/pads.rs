//! A hand on a pad: what the host records of it, and what undo takes back.

use egui::{Key, Modifiers};

use super::{design, drag, on_pad, open, open_at_pace};
use crate::model::card::LATENT_DIM;

#[test]
fn a_drag_on_a_pad_is_one_gesture_that_the_host_records_and_one_undo() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(folder.path(), design());
    drag(&mut harness, on_pad(0.25, 0.25), on_pad(0.75, 0.5));
    let z = harness.state().z();
    assert!((z[0] - 1.5).abs() < 0.05 && z[1].abs() < 0.05, "{z:?}");
    let log = harness.state().host.log.borrow().clone();
    assert_eq!(log.iter().filter(|line| *line == "begin").count(), 2, "{log:?}");
    assert_eq!(log.iter().filter(|line| *line == "end").count(), 2, "{log:?}");
    assert_eq!(&log[..2], ["begin", "begin"]);

    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(3);
    assert_eq!(harness.state().z(), [0.0; LATENT_DIM]);
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    harness.run_steps(3);
    assert_eq!(harness.state().z(), z);
}

#[test]
fn shift_drags_ten_times_finer() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(folder.path(), design());
    harness.event(egui::Event::ModifiersChanged(Modifiers::SHIFT));
    harness.run_steps(1);
    drag(&mut harness, on_pad(0.2, 0.5), on_pad(0.7, 0.5));
    let z = harness.state().z();
    assert!((z[0] - 0.3).abs() < 0.03, "half a pad of six units, a tenth of it: {z:?}");
}

#[test]
fn a_double_click_goes_to_the_centre_and_is_one_undo() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open_at_pace(folder.path(), design(), 1.0 / 30.0);
    drag(&mut harness, on_pad(0.5, 0.5), on_pad(0.8, 0.3));
    let z = harness.state().z();
    // Longer than the pause between two gestures.
    harness.run_steps(60);
    for _ in 0..2 {
        harness.drag_at(on_pad(0.2, 0.9));
        harness.run_steps(1);
        harness.drop_at(on_pad(0.2, 0.9));
        harness.run_steps(1);
    }
    harness.run_steps(3);
    assert_eq!(harness.state().z(), [0.0; LATENT_DIM]);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(3);
    assert_eq!(harness.state().z(), z);
}
