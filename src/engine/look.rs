//! What a window sees of the engine.

use super::{Engine, LATENT_REACH, Voice, moved, recipe};
use crate::link::window::{KeySet, NoteMark, Snapshot, VoiceView};
use crate::units::MidiNote;

impl Engine {
    /// Fills in what the engine knows of itself: voices, the last note, the timbre, and the keys that are warm.
    pub fn look(&mut self, snapshot: &mut Snapshot) {
        for (slot, (seen, voice)) in (0..).zip(snapshot.voices.iter_mut().zip(&self.voices)) {
            *seen = voice.as_ref().map(|voice| self.view(slot, voice));
        }
        snapshot.last_note = self.last_note;
        snapshot.latent = self.controls.latent.map(|z| z.clamp(-LATENT_REACH, LATENT_REACH));
        snapshot.warm_keys = self.warm_keys();
    }

    fn view(&self, slot: u8, voice: &Voice) -> VoiceView {
        let latent = if voice.recipe.morph_ms > 0.0 {
            moved(self.controls.latent, voice.latent_offset)
        } else {
            voice.recipe.latent
        };
        VoiceView {
            mark: NoteMark { slot, epoch: voice.stream.epoch() },
            key: voice.id.key,
            level: voice.level(),
            played: voice.stream.taken(),
            is_released: voice.is_let_go(),
            latent,
        }
    }

    /// Keys whose start is on the shelf, of the timbre as it is now.
    fn warm_keys(&mut self) -> KeySet {
        let mut warm = KeySet::default();
        if self.uses_cache()
            && let Some(shelf) = self.end.shelf()
        {
            for number in shelf.keys() {
                let Some(key) = u8::try_from(number).ok().and_then(|number| MidiNote::new(number).ok()) else {
                    continue;
                };
                let made_of = recipe(&self.controls, &self.tuning, key, Default::default());
                if made_of.is_some_and(|recipe| shelf.find(&recipe).is_some()) {
                    warm.insert(key);
                }
            }
        }
        warm
    }
}
