//! Hosts that bounce without saying so, workers that cannot keep up, and what tells two notes apart.

use std::time::Duration;

use ukulelatent::engine::{Controls, Mode};
use ukulelatent::instance::Setup;

use crate::support::{Event, first_difference, model_s, note, on, only, render, setup, start};

/// Three seconds: after these a host that calls as fast as it can is known for what it is.
const LEAD_IN: usize = 144_000;
const LEN: usize = LEAD_IN + 60_000;

/// Four notes after the lead-in, two of them let go.
fn song() -> Vec<(usize, Event)> {
    let at = |n: usize| LEAD_IN + 7001 * n;
    vec![
        (at(0), on(1, 60)),
        (at(1), on(2, 64)),
        (at(2), Event::Off(only(1))),
        (at(2), on(3, 67)),
        (at(3), Event::Off(only(3))),
        (at(4), on(4, 48)),
    ]
}

#[test]
fn a_bounce_in_disguise_is_waited_for() {
    for latency in [0, 960] {
        // Workers that would never be in time for such a host.
        let drag = Some(Duration::from_millis(30));
        let disguised = Setup { mode: Mode::Realtime, latency, drag, ..setup() };
        let heard = render(disguised, &song(), &[512], LEN).samples;
        let bounce = render(Setup { latency, ..setup() }, &song(), &[512], LEN).samples;
        assert_eq!(first_difference(&heard, &bounce), None, "latency {latency}");
    }
}

#[test]
fn equal_notes_have_equal_hashes_wherever_they_are_played() {
    let len = setup().rate.samples_in_ms(1000.0 * (model_s() + 0.2));
    let hashes = |controls: Controls, keys: &[u8], block: usize| {
        let mut instance = start(Setup { controls, threads: Some(2), ..setup() });
        for (number, &key) in keys.iter().enumerate() {
            let id = note(number as i32, key);
            assert_eq!(instance.engine.note_on(id, 1.0), None);
        }
        let mut hashes = vec![0; keys.len()];
        let (mut left, mut right) = (vec![0.0; block], vec![0.0; block]);
        for _ in 0..len / block {
            instance.engine.render_hashed(&mut left, &mut right, |_, id, hash| {
                hashes[id.voice.expect("a number") as usize] = hash;
            });
        }
        assert!(!instance.engine.is_active(), "a note has not ended");
        hashes
    };
    let plain = setup().controls;
    let three = hashes(plain, &[60, 64, 67], 480);
    assert_eq!(three[1], hashes(plain, &[64], 100)[0]);
    assert!(three[0] != three[1] && three[1] != three[2] && three[0] != three[2]);
    let moved = Controls { latent: [0.0, 0.0, 1e-3, 0.0], ..plain };
    assert_ne!(three[0], hashes(moved, &[60], 480)[0]);
}
