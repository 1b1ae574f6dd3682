//! What goes on in the instrument, from the window's end of the link, as the views draw it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::action::Latent;
use super::view::{Keys, Playhead, Sound, Spectrogram};
use crate::link::window::{BANDS, Extremes, NoteMark, Snapshot, WindowEnd};
use crate::params::POLYPHONY;
use crate::units::MidiNote;

/// Columns of the waveform: 5 ms each.
const WAVE: usize = 264;
/// How long the highest level stays.
const HOLD: Duration = Duration::from_millis(1500);
/// How fast the meter falls, in decibels per second.
const FALL_DB: f32 = 24.0;
/// Below this nothing is seen to move.
const SILENCE: f32 = 1e-4;
/// Between two looks at the workers' load: shorter ones only tell of single notes.
const LOAD_EVERY: Duration = Duration::from_millis(500);

/// Listens.
pub struct Listener {
    end: Arc<WindowEnd>,
    last: Option<(NoteMark, usize)>,
    spectrogram: Option<Arc<Spectrogram>>,
    serial: u64,
    level: f32,
    held: f32,
    held_at: Instant,
    looked_at: Instant,
    load: (Instant, f32),
}

impl Listener {
    /// At this end.
    #[must_use]
    pub fn new(end: Arc<WindowEnd>) -> Self {
        let now = Instant::now();
        Self {
            end,
            last: None,
            spectrogram: None,
            serial: 0,
            level: 0.0,
            held: 0.0,
            held_at: now,
            looked_at: now,
            load: (now, 0.0),
        }
    }

    /// Where notes are played.
    #[must_use]
    pub fn end(&self) -> &WindowEnd {
        &self.end
    }

    /// Whether the meter still falls.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.level > SILENCE || self.held > SILENCE
    }

    /// The instrument as it is now: what sounds, and how far and where the orbit is.
    pub fn listen(&mut self) -> (Sound, Keys, Latent, Option<f32>) {
        let snapshot = self.end.snapshot();
        self.meter();
        self.look_at_the_last_note(&snapshot);
        let mut wave = vec![Extremes::default(); WAVE];
        self.end.waveform(&mut wave);
        let meters = self.end.meters();
        let count = |read: fn(&crate::link::Meters) -> u32| meters.as_deref().map_or(0, read);
        let voices = snapshot.voices.iter().flatten();
        let place = |played: u64| self.end.picture(|picture| picture.place_of(played));
        let playheads = voices.clone().filter_map(|voice| {
            let is_last = snapshot.last_note == Some(voice.mark);
            Some(Playhead { place: place(voice.played)?, level: voice.level, is_last })
        });
        use std::sync::atomic::Ordering::Relaxed;
        let sound = Sound {
            spectrogram: self.spectrogram.clone(),
            playheads: playheads.collect(),
            voices_at: voices.clone().map(|voice| voice.latent).collect(),
            wave: wave.iter().map(|stretch| [stretch.low, stretch.high]).collect(),
            level: self.level,
            held: self.held,
            voices: [voices.count() as u32, POLYPHONY as u32],
            late: count(|meters| meters.missed_notes.load(Relaxed)),
            failed: count(|meters| meters.failed_notes.load(Relaxed)),
            load: self.load.1,
            cached: count(|meters| meters.cached_starts.load(Relaxed)),
            cache_mib: count(|meters| meters.cache_bytes.load(Relaxed)) as f32 / f32::from(1_u16 << 10).powi(2),
        };
        (sound, keys(&snapshot), snapshot.orbit, snapshot.orbit_turn)
    }

    fn meter(&mut self) {
        let now = Instant::now();
        let [left, right] = self.end.take_peaks();
        let peak = left.max(right);
        let seconds = (now - self.looked_at).as_secs_f32();
        self.looked_at = now;
        self.level = peak.max(self.level * crate::units::db_to_gain(-FALL_DB * seconds));
        if peak >= self.held {
            (self.held, self.held_at) = (peak, now);
        } else if now - self.held_at > HOLD {
            self.held = self.level;
        }
        if !self.is_moving() {
            (self.level, self.held) = (0.0, 0.0);
        }
        if now - self.load.0 > LOAD_EVERY {
            self.load = (now, self.end.load());
        }
    }

    /// Takes the picture over when there is more of it.
    fn look_at_the_last_note(&mut self, snapshot: &Snapshot) {
        let Some(mark) = snapshot.last_note else { return };
        let key =
            snapshot.voices.iter().flatten().find(|voice| voice.mark == mark).map(|voice| voice.key.number());
        let is_new = self.last.is_none_or(|(of, _)| of != mark);
        let (last, before) = (self.last, self.spectrogram.clone());
        let serial = self.serial + u64::from(is_new);
        let taken = self.end.picture(|picture| {
            let seen = (picture.mark == Some(mark)).then_some((mark, picture.columns()));
            (seen != last && seen.is_some()).then(|| {
                let known = before.as_ref().filter(|_| !is_new).map(|before| before.key);
                let spectrogram = Spectrogram {
                    serial,
                    frames: picture.columns(),
                    whole: picture.expected_columns(),
                    bands: BANDS,
                    levels: picture.levels().to_vec(),
                    key: key.or(known).unwrap_or(60),
                };
                (seen, spectrogram)
            })
        });
        if let Some(Some((seen, spectrogram))) = taken {
            (self.last, self.serial) = (seen, serial);
            self.spectrogram = Some(Arc::new(spectrogram));
        }
    }
}

fn keys(snapshot: &Snapshot) -> Keys {
    let each = |set: crate::link::window::KeySet| {
        std::array::from_fn(|key| MidiNote::new(key as u8).is_ok_and(|key| set.contains(key)))
    };
    Keys { down: each(snapshot.keys_down), warm: each(snapshot.warm_keys), ..Keys::default() }
}
