//! Journeys and auditions: what the desk does over some time.

use super::action::Latent;
use super::desk::{Desk, Z};
use super::gesture::Host;
use super::pad::share_of_reach;
use super::patch::Patch;
use super::travel::Journey;
use crate::units::MidiNote;

/// How long a sound is heard that nobody travels to, in seconds, and how hard it is struck.
const AUDITION_SECONDS: f64 = 0.8;
const AUDITION_VELOCITY: f32 = 0.8;

impl Desk {
    pub(super) fn depart(&mut self, host: &dyn Host, time: f64, to: Latent) {
        self.stop(host);
        self.history.open("Journey", || Patch::of(&self.gestures, &self.library));
        self.journey = Some(Journey { from: self.z(), to, began: time, seconds: self.settings.travel_seconds });
        for id in Z {
            self.gestures.begin(host, id);
        }
    }

    pub(super) fn audition(&mut self, time: f64, z: Latent, key: u8) {
        if let Some((key, _)) = self.audition.take() {
            self.listener.end().release(key);
        }
        let Ok(key) = MidiNote::new(key) else { return };
        if self.listener.end().audition(key, AUDITION_VELOCITY, z) {
            self.audition = Some((key, time + AUDITION_SECONDS));
        }
    }

    /// A journey's next step, and the end of an audition.
    pub(super) fn go_on(&mut self, host: &dyn Host, time: f64) {
        if let Some((key, _)) = self.audition.filter(|(_, until)| time >= *until) {
            self.listener.end().release(key);
            self.audition = None;
        }
        let Some(journey) = self.journey else { return };
        let (z, arrived) = journey.at(time);
        for (id, z) in Z.into_iter().zip(z) {
            self.gestures.set(host, id, share_of_reach(z));
        }
        if arrived {
            self.stop(host);
        }
    }

    /// A journey ends where it is: whoever takes hold of something else wants that.
    pub(super) fn stop(&mut self, host: &dyn Host) {
        if self.journey.take().is_some() {
            for id in Z {
                self.gestures.end(host, id);
            }
            self.close_gesture();
            // The next journey is another one, however soon.
            self.history.rest();
        }
    }
}
