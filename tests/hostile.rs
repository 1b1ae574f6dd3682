//! What no host should send, and some do: it may crash nothing, and hang no note.

#[path = "support/host.rs"]
mod host;
#[path = "support/midi.rs"]
mod midi;
mod support;

use clack_host::events::event_types::NoteExpressionType;
use clack_host::prelude::ProcessStatus;
use host::{Cue, Heard, Host};
use midi::{control, note_off, note_on, wheel};
use support::peak;

/// A host's block.
const BLOCK: usize = 4096;

/// Plays what a hostile host sends in its first block; then all keys go up, all pedals are lifted, and the releases are
/// waited out. No note may sound, keep the plugin awake or go unreported after that, though it would have lasted longer;
/// returns what was heard.
fn survive(mut score: Vec<(usize, Cue)>) -> Heard {
    let mut struck: Vec<Name> = score.iter().filter_map(|(_, cue)| struck_by(cue)).collect();
    score.push((BLOCK, Cue::AllOff));
    // In this order: where no pedal holds anything, keys that go up release all that the engine has, lost notes too.
    score.extend((0..16).map(|channel| (BLOCK, control(channel, 64, 0))));
    let mut host = Host::offline();
    // Releases take three blocks (250 ms), a note that is held seventeen.
    let mut heard = host.play(&score, &[BLOCK], 8 * BLOCK);
    assert!(heard.samples.iter().all(|x| x.is_finite()));
    assert_eq!(peak(&heard.samples[6 * BLOCK..]), 0.0, "a note hangs");
    assert_ne!(heard.statuses.last(), Some(&ProcessStatus::Continue), "the plugin does not rest");
    struck.sort_unstable();
    heard.ended_names.sort_unstable();
    assert_eq!(heard.ended_names, struck, "each note ends once");
    heard
}

/// A note as its host knows it: number, channel, key.
type Name = (i32, i16, i16);

/// The note that a cue strikes.
fn struck_by(cue: &Cue) -> Option<Name> {
    match *cue {
        Cue::On(key, number) => Some((number as i32, 0, i16::from(key))),
        Cue::Midi([status @ 0x90..=0x9F, key @ 0..=127, 1..=127]) => {
            Some((-1, i16::from(status & 15), i16::from(key)))
        }
        _ => None,
    }
}

#[test]
fn ten_thousand_events_in_a_block_hang_no_note() {
    let mut dice = support::Dice::new(97);
    let score = (0..10_000).map(|n| {
        let (channel, data) = (dice.below(16) as u8, dice.below(128) as u8);
        // Few of them strike notes: those take a worker's time.
        let cue = match dice.below(40) {
            0 => note_on(channel, data),
            1 => Cue::On(data, dice.below(32) as u32),
            2..8 => note_off(channel, data),
            8..16 => wheel(channel, dice.below(16_384) as i16 - 8192),
            16..24 => control(channel, data, dice.below(128) as u8),
            24..30 => Cue::Midi([0xD0 | channel, data, 0]),
            30..35 => Cue::Midi([0xA0 | channel, data, dice.below(128) as u8]),
            _ => Cue::Express(dice.below(32) as u32, NoteExpressionType::Tuning, dice.below(9) as f64 - 4.0),
        };
        (n * 4000 / 10_000, cue)
    });
    survive(score.collect());
}

#[test]
fn ten_thousand_events_at_one_sample_hang_no_note() {
    let at_once = |n: usize| match n % 3 {
        0 => (7, note_on(0, 40 + (n % 40) as u8)),
        1 => (7, wheel(0, (n % 8192) as i16)),
        _ => (7, control(0, 74, (n % 128) as u8)),
    };
    survive((0..10_000).map(at_once).collect());
}

#[test]
fn wildcards_strange_channels_and_orphans_hang_no_note() {
    survive(vec![
        (0, Cue::OnAnything),
        (1, Cue::Off(99)),
        (2, note_off(9, 60)),
        (3, note_on(9, 36)),
        (4, Cue::Midi([0xFF, 0xFF, 0xFF])),
        (5, Cue::Midi([0x95, 200, 200])),
        (6, control(9, 200, 200)),
        (7, Cue::Express(77, NoteExpressionType::Volume, f64::NAN)),
        (8, Cue::Express(77, NoteExpressionType::Tuning, 1e30)),
        (9, Cue::Modulate("z1", 12, f64::INFINITY)),
        (10, Cue::AllOff),
        (11, note_on(9, 36)),
    ]);
}

#[test]
fn events_out_of_order_are_played_and_hang_no_note() {
    let times = [900, 20, 4000, 3, 777, 0, 2500];
    let heard = survive(times.iter().enumerate().map(|(n, &at)| (at, note_on(0, 50 + n as u8))).collect());
    assert!(peak(&heard.samples) > 0.01, "they are not played");
}

#[test]
fn pedals_that_are_held_down_hang_no_note() {
    let channels = || 0..16;
    let mut score: Vec<_> = channels().map(|channel| (0, control(channel, 64, 127))).collect();
    score.extend(channels().map(|channel| (1, note_on(channel, 40 + channel))));
    // Half of the keys are up long before the pedals are.
    score.extend(channels().step_by(2).map(|channel| (2000, note_off(channel, 40 + channel))));
    survive(score);
}
