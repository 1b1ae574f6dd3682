//! What happens to notes that sound: keys go up, timbres move, single notes are bent.

use super::{CUT_MS, Change, Engine, Expression, Mode, NoteId, NoteSelector, Voice, moved};
use crate::link::{Sustain, What};

impl Engine {
    /// Changes single notes.
    pub fn express(&mut self, which: NoteSelector, expression: Expression) {
        if let Expression::Latent(offset) = expression {
            for voice in self.voices.iter_mut().flatten().filter(|voice| which.selects(voice.id)) {
                voice.latent_offset = offset;
            }
            self.morph(which);
        } else {
            self.push_due(Change::Express(which, expression));
        }
    }

    /// Keys go up now.
    pub fn note_off(&mut self, which: NoteSelector) {
        self.let_go(|voice| which.selects(voice.id));
    }

    /// Notes stop now, whatever their release.
    pub fn choke(&mut self, which: NoteSelector) {
        let at = self.clock + self.latency as u64;
        let fade = self.rate.samples_in_ms(CUT_MS).max(1);
        for voice in self.voices.iter_mut().flatten().filter(|voice| which.selects(voice.id)) {
            voice.cut(at, fade);
        }
    }

    /// A string plucked again stops its former vibration: a key that sounds already falls when it is struck
    /// again, unless the host keeps the two notes apart by number.
    pub(super) fn pluck_again(&mut self, id: NoteId) {
        self.let_go(|voice| {
            let again = voice.id.key == id.key && voice.id.channel == id.channel;
            again && (id.voice.is_none() || voice.id.voice == id.voice)
        });
    }

    /// Lets voices fall from now on, after the latency.
    pub(super) fn let_go(&mut self, which: impl Fn(&Voice) -> bool) {
        let at = self.clock + self.latency as u64;
        let release = self.rate.samples_in_ms(self.controls.release_ms);
        let offline = self.mode == Mode::Offline;
        for (slot, voice) in self.voices.iter_mut().enumerate() {
            let Some(voice) = voice.as_mut().filter(|voice| which(voice)) else { continue };
            if voice.let_go(at, release) && voice.recipe.time.sustain != Sustain::Off {
                let stamp = (slot, voice.position(self.clock));
                voice.stream.tell(&mut self.end, stamp, What::Release, offline);
            }
        }
    }

    /// Tells the workers where the timbre of sounding notes goes.
    pub(super) fn morph(&mut self, which: NoteSelector) {
        let offline = self.mode == Mode::Offline;
        for (slot, voice) in self.voices.iter_mut().enumerate() {
            let Some(voice) = voice.as_mut().filter(|voice| which.selects(voice.id)) else { continue };
            if voice.recipe.morph_ms > 0.0 && !voice.is_cut() {
                let latent = moved(self.controls.latent, voice.latent_offset);
                let stamp = (slot, voice.position(self.clock));
                voice.stream.tell(&mut self.end, stamp, What::Latent(latent), offline);
            }
        }
    }

    pub(super) fn push_due(&mut self, change: Change) {
        if let Some(early) = self.due.push(self.clock + self.latency as u64, change) {
            self.make(early, u64::MAX);
        }
    }
}
