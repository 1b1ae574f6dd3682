//! Channels, one message at a time.

use super::ChannelMessage::{Bend, Controller, Pressure};
use super::*;

const RANGES: BendRanges = BendRanges { channel: 2.0, member: 48.0 };

fn said(messages: &[(u8, ChannelMessage)]) -> Channels {
    let mut channels = Channels::default();
    for &(channel, message) in messages {
        channels.hear(channel, message);
    }
    channels
}

fn mpe(messages: &[(u8, ChannelMessage)]) -> Channels {
    let mut channels = Channels::default();
    channels.set_mpe(true);
    for &(channel, message) in messages {
        channels.hear(channel, message);
    }
    channels
}

/// A registered parameter's value.
fn registered(parameter: (u8, u8), value: u8) -> [ChannelMessage; 3] {
    let byte = |n: u8| f32::from(n) / 127.0;
    [Controller(101, byte(parameter.0)), Controller(100, byte(parameter.1)), Controller(6, byte(value))]
}

#[test]
fn without_mpe_channels_keep_to_themselves() {
    let channels = said(&[(0, Bend(0.5)), (3, Bend(-1.0)), (3, Pressure(0.7)), (3, Controller(1, 0.2))]);
    assert_eq!(channels.touch(0, RANGES).bend_semitones, 1.0);
    let touch = channels.touch(3, RANGES);
    assert_eq!((touch.bend_semitones, touch.pressure, touch.wheel, touch.slide), (-2.0, 0.7, 0.2, 0.5));
    assert_eq!(channels.touch(9, RANGES).bend_semitones, 0.0);
}

#[test]
fn in_a_zone_a_note_has_its_own_bend_and_the_masters() {
    let channels = mpe(&[(0, Bend(0.5)), (3, Bend(0.25)), (0, Pressure(0.4)), (3, Pressure(0.8))]);
    let touch = channels.touch(3, RANGES);
    assert_eq!((touch.bend_semitones, touch.pressure), (13.0, 1.0));
    assert_eq!(channels.touch(4, RANGES).bend_semitones, 1.0);
    assert_eq!(channels.touch(0, RANGES).bend_semitones, 1.0);
}

#[test]
fn a_masters_message_reaches_its_zone() {
    let mut channels = mpe(&[]);
    assert_eq!(channels.hear(0, Bend(0.1)), Effect::Touch(ChannelSet::ALL));
    let Effect::Touch(reached) = channels.hear(5, Bend(0.1)) else { panic!("a touch") };
    assert!(reached.contains(5) && !reached.contains(6) && !reached.contains(0));
}

#[test]
fn a_wheel_at_rest_bends_nothing_and_both_ends_reach_as_far() {
    let bends = [0, 8192, 16_383, u16::MAX].map(ChannelMessage::bend);
    assert_eq!(bends, [Bend(-1.0), Bend(0.0), Bend(1.0), Bend(1.0)]);
}

#[test]
fn a_pedal_holds_from_half_way_down() {
    let mut channels = Channels::default();
    assert!(matches!(channels.hear(2, Controller(64, 64.0 / 127.0)), Effect::Pedal(_)));
    assert!(channels.is_pedal_down(2) && !channels.is_pedal_down(0));
    channels.hear(2, Controller(64, 63.0 / 127.0));
    assert!(!channels.is_pedal_down(2));
    let zone = mpe(&[(0, Controller(64, 1.0))]);
    assert!(zone.is_pedal_down(7));
}

#[test]
fn a_channel_may_ask_for_its_own_range_of_bends() {
    let mut channels = said(&[(0, Bend(1.0)), (1, Bend(1.0))]);
    for message in registered((0, 0), 12) {
        channels.hear(0, message);
    }
    channels.hear(0, Controller(38, 50.0 / 127.0));
    assert_eq!(channels.touch(0, RANGES).bend_semitones, 12.5);
    assert_eq!(channels.touch(1, RANGES).bend_semitones, 2.0);
    // An unregistered parameter's value is not for us.
    channels.hear(0, Controller(99, 0.1));
    channels.hear(0, Controller(6, 1.0));
    assert_eq!(channels.touch(0, RANGES).bend_semitones, 12.5);
}

#[test]
fn one_notes_range_is_that_of_its_zone() {
    let mut channels = mpe(&[(4, Bend(1.0)), (9, Bend(1.0)), (0, Bend(1.0))]);
    for message in registered((0, 0), 24) {
        channels.hear(4, message);
    }
    assert_eq!(channels.touch(9, RANGES).bend_semitones, 24.0 + 2.0);
    assert_eq!(channels.touch(0, RANGES).bend_semitones, 2.0);
}

#[test]
fn a_controller_can_turn_mpe_on_and_the_parameter_decides_again_when_it_moves() {
    let mut channels = said(&[(0, Bend(1.0)), (3, Bend(1.0))]);
    assert_eq!(channels.touch(3, RANGES).bend_semitones, 2.0);
    for message in registered((0, 6), 15) {
        channels.hear(0, message);
    }
    assert_eq!(channels.touch(3, RANGES).bend_semitones, 50.0);
    channels.set_mpe(false);
    assert_eq!(channels.touch(3, RANGES).bend_semitones, 50.0, "the parameter did not move");
    channels.set_mpe(true);
    channels.set_mpe(false);
    assert_eq!(channels.touch(3, RANGES).bend_semitones, 2.0);
}

#[test]
fn mode_messages_end_notes_and_a_reset_puts_everything_to_rest() {
    let mut channels = said(&[(1, Bend(0.3)), (1, Pressure(1.0)), (1, Controller(64, 1.0))]);
    assert!(matches!(channels.hear(1, Controller(120, 0.0)), Effect::SoundOff(_)));
    for mode in 123..=127 {
        assert!(matches!(channels.hear(1, Controller(mode, 0.0)), Effect::NotesOff(_)));
    }
    assert!(matches!(channels.hear(1, Controller(121, 0.0)), Effect::Pedal(_)));
    let touch = channels.touch(1, RANGES);
    assert_eq!((touch.bend_semitones, touch.pressure), (0.0, 0.0));
    assert!(!channels.is_pedal_down(1));
}

#[test]
fn nonsense_is_put_up_with() {
    let mut channels = Channels::default();
    assert_eq!(channels.hear(16, Bend(1.0)), Effect::None);
    assert_eq!(channels.hear(255, Controller(64, 1.0)), Effect::None);
    channels.hear(0, Bend(f32::NAN));
    channels.hear(0, Pressure(9.0));
    channels.hear(0, Controller(255, -3.0));
    let touch = channels.touch(0, RANGES);
    assert_eq!((touch.bend_semitones, touch.pressure), (0.0, 1.0));
    assert_eq!(channels.touch(200, RANGES).bend_semitones, 0.0);
}
