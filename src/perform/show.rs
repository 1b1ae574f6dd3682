//! What the window plays with the mouse, and what it sees of the player's hands.

use super::{Performer, exactly};
use crate::engine::{Engine, NoteId};
use crate::link::window::{Gesture, KeySet, Snapshot};

/// The channel of notes that the mouse plays: none of MIDI's, so that no wheel, pedal or zone of the host's is theirs, and the
/// host is not told of them.
pub const WINDOW_CHANNEL: u8 = 16;

impl Performer {
    /// The mouse strikes a key, at a position in the song in samples.
    pub fn gesture(&mut self, engine: &mut Engine, gesture: Gesture, position: i64) {
        // A number, so that what hosts say of notes by number is not for this one.
        let voice = Some(i32::MIN + i32::from(gesture.key.number()));
        let id = NoteId { voice, channel: WINDOW_CHANNEL, key: gesture.key };
        self.key_down(engine, (id, gesture.latent), gesture.velocity, position);
    }

    /// Lets go of every key of the window's that is not among these.
    pub fn release_gestures(&mut self, engine: &mut Engine, held: KeySet) {
        let let_go = |id: NoteId| id.channel == WINDOW_CHANNEL && !held.contains(id.key);
        if self.notes.iter().flatten().any(|note| note.key_is_down && let_go(note.id)) {
            self.strike_waiting(engine);
            for note in self.notes.iter_mut().flatten().filter(|note| note.key_is_down && let_go(note.id)) {
                note.key_is_down = false;
                engine.note_off(exactly(note.id));
            }
        }
    }

    /// Fills in what the player's hands know: keys that are down, and where the orbit is.
    pub fn look(&self, snapshot: &mut Snapshot) {
        snapshot.keys_down = KeySet::default();
        for note in self.notes.iter().flatten().filter(|note| note.key_is_down) {
            snapshot.keys_down.insert(note.id.key);
        }
        snapshot.orbit = self.traveller.offset();
        snapshot.orbit_turn = self.traveller.turn();
    }
}
