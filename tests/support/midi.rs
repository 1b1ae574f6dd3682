//! MIDI messages, as a keyboard sends them.

#![allow(dead_code)] // Each test binary uses its own part.

use crate::host::Cue;

/// A key of a channel, struck as hard as can be.
pub fn note_on(channel: u8, key: u8) -> Cue {
    Cue::Midi([0x90 | channel, key, 127])
}

/// A key of a channel, let go.
pub fn note_off(channel: u8, key: u8) -> Cue {
    Cue::Midi([0x80 | channel, key, 64])
}

/// A controller.
pub fn control(channel: u8, number: u8, value: u8) -> Cue {
    Cue::Midi([0xB0 | channel, number, value])
}

/// A pitch wheel, -8192 to 8191.
pub fn wheel(channel: u8, from_rest: i16) -> Cue {
    let raw = (from_rest + 8192) as u16;
    Cue::Midi([0xE0 | channel, (raw & 127) as u8, (raw >> 7) as u8])
}
