//! Naming notes: who plays, and which ones an event means.

use crate::units::MidiNote;

/// Which note this is, as the host names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteId {
    /// The host's own number for it, if it gave one.
    pub voice: Option<i32>,
    /// MIDI channel, 0 to 15.
    pub channel: u8,
    /// Its key.
    pub key: MidiNote,
}

/// Which notes an event is for; `None` is any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoteSelector {
    /// The host's number.
    pub voice: Option<i32>,
    /// MIDI channel.
    pub channel: Option<u8>,
    /// Key.
    pub key: Option<MidiNote>,
}

impl NoteSelector {
    /// Whether the event is for this note. A note without a number of its own answers to any number.
    #[must_use]
    pub fn selects(self, id: NoteId) -> bool {
        let same_voice = match (self.voice, id.voice) {
            (Some(wanted), Some(own)) => wanted == own,
            _ => true,
        };
        same_voice
            && self.channel.is_none_or(|channel| channel == id.channel)
            && self.key.is_none_or(|key| key == id.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: fn(u8) -> MidiNote = |n| MidiNote::new(n).unwrap();

    #[test]
    fn wildcards_select_everything() {
        let id = NoteId { voice: Some(7), channel: 3, key: KEY(60) };
        assert!(NoteSelector::default().selects(id));
    }

    #[test]
    fn each_named_part_must_match() {
        let id = NoteId { voice: Some(7), channel: 3, key: KEY(60) };
        let exact = NoteSelector { voice: Some(7), channel: Some(3), key: Some(KEY(60)) };
        assert!(exact.selects(id));
        assert!(!NoteSelector { voice: Some(8), ..exact }.selects(id));
        assert!(!NoteSelector { channel: Some(4), ..exact }.selects(id));
        assert!(!NoteSelector { key: Some(KEY(61)), ..exact }.selects(id));
    }

    #[test]
    fn a_note_without_a_number_is_found_by_key_and_channel() {
        let id = NoteId { voice: None, channel: 0, key: KEY(60) };
        assert!(NoteSelector { voice: Some(1), channel: Some(0), key: Some(KEY(60)) }.selects(id));
    }
}
