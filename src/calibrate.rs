//! How much look-ahead this machine needs: measured by playing.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::engine::{Controls, Mode, NoteId, NoteSelector};
use crate::instance::{Instance, Setup};
use crate::link::{CacheLimits, ModelChoice};
use crate::model::card::LATENT_DIM;
use crate::units::{MidiNote, SampleRate};

/// Samples in a block of the host that is played.
pub const BLOCK: usize = 64;
/// Voices that sound while another note begins.
const VOICES: usize = 4;
/// A note that has not begun after this long is counted as that late.
const GIVE_UP_MS: f32 = 500.0;
/// From one note to the next, at least and at most.
const BETWEEN_MS: [f32; 2] = [40.0, 90.0];
/// How much more than the slowest note took a look-ahead should have: on another day something else runs too.
const MARGIN: f32 = 1.5;

/// How long notes took from their key to their first sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Delays {
    /// In milliseconds, the shortest first.
    pub sorted_ms: Vec<f32>,
    /// Of these, the ones of notes that began from the key cache.
    pub cached_ms: Vec<f32>,
    /// Streams that ran dry while notes were measured.
    pub dry_streams: u32,
    /// Notes that could not be made, or not to their end: nothing is measured after the first.
    pub failed_notes: u32,
}

impl Delays {
    /// The delay that a share of all notes (0 to 1) did not exceed.
    #[must_use]
    pub fn quantile_ms(&self, share: f64) -> f32 {
        quantile(&self.sorted_ms, share)
    }

    /// The smallest of the settings (in milliseconds, ascending) in which all notes would have come in time, with a
    /// margin; `None` if none is large enough.
    #[must_use]
    pub fn suggestion_ms(&self, settings: &[f32]) -> Option<f32> {
        let needed = MARGIN * self.quantile_ms(1.0);
        settings.iter().copied().find(|&setting| setting >= needed)
    }
}

/// The value that a share (0 to 1) of sorted values does not exceed; zero if there are none.
#[must_use]
pub fn quantile(sorted: &[f32], share: f64) -> f32 {
    let place = (share * sorted.len() as f64).ceil() as usize;
    let last = sorted.len().saturating_sub(1);
    sorted.get(place.saturating_sub(1).min(last)).copied().unwrap_or(0.0)
}

/// What is played.
#[derive(Clone, Copy, Debug)]
pub struct Playing {
    /// Notes that are measured.
    pub notes: usize,
    /// Keys to choose from; the whole range of the model if empty.
    pub keys: &'static [u8],
    /// Whether each note has a timbre of its own.
    pub new_timbres: bool,
    /// The key cache's limits.
    pub cache: CacheLimits,
    /// Worker threads; `None` for as many as suit this machine.
    pub threads: Option<usize>,
}

/// A calibration of some ten seconds: 150 notes, each with its own key and timbre.
pub const CALIBRATION: Playing =
    Playing { notes: 150, keys: &[], new_timbres: true, cache: CacheLimits::NONE, threads: None };

/// Plays notes at random in live mode, in real time, four voices at once, and measures how long each takes to its
/// first sample. The calling thread is the host's.
///
/// # Errors
/// If the system refuses a thread.
pub fn measure(choice: &Arc<ModelChoice>, rate: SampleRate, playing: Playing) -> std::io::Result<Delays> {
    let controls = Controls { release_ms: 30.0, ..Controls::default() };
    let (cache, threads) = (playing.cache, playing.threads);
    let setup = Setup { rate, mode: Mode::Realtime, latency: 0, controls, threads, cache, drag: None };
    let mut host = Host::new(Instance::start(choice, setup)?, rate, choice, playing);
    let meters = host.instance.engine.meters();
    let (mut sorted_ms, mut cached_ms) = (Vec::new(), Vec::new());
    for _ in 0..playing.notes {
        let hits = meters.cache_hits.load(Ordering::Relaxed);
        let delay_ms = host.next_note();
        if meters.failed_notes.load(Ordering::Relaxed) > 0 {
            break;
        }
        sorted_ms.push(delay_ms);
        if meters.cache_hits.load(Ordering::Relaxed) != hits {
            cached_ms.push(delay_ms);
        }
    }
    sorted_ms.sort_by(f32::total_cmp);
    cached_ms.sort_by(f32::total_cmp);
    let [dry_streams, failed_notes] =
        [&meters.dry_streams, &meters.failed_notes].map(|count| count.load(Ordering::Relaxed));
    Ok(Delays { sorted_ms, cached_ms, dry_streams, failed_notes })
}

/// A host that plays in real time, asleep between its blocks.
struct Host {
    instance: Instance,
    rate: SampleRate,
    controls: Controls,
    playing: Playing,
    keys: Vec<MidiNote>,
    began: Instant,
    blocks: u32,
    number: i32,
    dice: u32,
}

impl Host {
    fn new(instance: Instance, rate: SampleRate, choice: &ModelChoice, playing: Playing) -> Self {
        let range = choice.resolve().map(|chosen| chosen.model.card.notes);
        let trained = |key: &MidiNote| range.as_ref().is_ok_and(|r| r.lowest <= *key && *key <= r.highest);
        let keys = if playing.keys.is_empty() {
            (0..128).filter_map(|key| MidiNote::new(key).ok()).filter(trained).collect()
        } else {
            playing.keys.iter().filter_map(|&key| MidiNote::new(key).ok()).collect()
        };
        let controls = Controls { release_ms: 30.0, ..Controls::default() };
        let (began, blocks) = (Instant::now(), 0);
        Self { instance, rate, controls, playing, keys, began, blocks, number: 0, dice: 1 }
    }

    /// Strikes the next note, lets the oldest of the others go, and plays until it is time for one more. Returns how
    /// long the note took to its first sample, in milliseconds.
    fn next_note(&mut self) -> f32 {
        let engine = &mut self.instance.engine;
        if self.playing.new_timbres {
            let mut latent = [0.0; LATENT_DIM];
            latent.fill_with(|| (random(&mut self.dice) % 4001) as f32 / 1000.0 - 2.0);
            self.controls.latent = latent;
            engine.set_controls(self.controls);
        }
        let meters = engine.meters();
        let started = meters.started_notes.load(Ordering::Acquire);
        let key = self.keys[random(&mut self.dice) as usize % self.keys.len()];
        engine.note_off(NoteSelector { voice: Some(self.number - VOICES as i32), ..NoteSelector::default() });
        let _ = engine.note_on(NoteId { voice: Some(self.number), channel: 0, key }, 0.8);
        self.number += 1;
        let [least, most] = BETWEEN_MS.map(|ms| self.rate.samples_in_ms(ms) / BLOCK);
        let blocks = least + random(&mut self.dice) as usize % (most - least);
        let give_up = self.rate.samples_in_ms(GIVE_UP_MS) / BLOCK;
        let (mut played, mut delay) = (0, None);
        while played < blocks || (delay.is_none() && played < give_up) {
            self.block();
            played += 1;
            if delay.is_none() && meters.started_notes.load(Ordering::Acquire) != started {
                delay = Some(meters.last_delay.load(Ordering::Relaxed));
            }
        }
        delay.map_or(GIVE_UP_MS, |samples| (self.rate.seconds(samples as usize) * 1e3) as f32)
    }

    fn block(&mut self) {
        let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
        self.instance.engine.render(&mut left, &mut right, |_, _| {});
        self.blocks += 1;
        let next = Duration::from_secs_f64(self.rate.seconds(BLOCK)) * self.blocks;
        match next.checked_sub(self.began.elapsed()) {
            Some(early) => std::thread::sleep(early),
            // Something kept this thread: an audio device would have dropped out and gone on.
            None => (self.began, self.blocks) = (Instant::now(), 0),
        }
    }
}

/// Numbers that look random (Marsaglia 2003, "Xorshift RNGs").
fn random(state: &mut u32) -> u32 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    *state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_setting_that_holds_is_suggested() {
        let sorted_ms = vec![1.0, 2.0, 3.0, 10.0];
        let delays = Delays { sorted_ms, cached_ms: Vec::new(), dry_streams: 0, failed_notes: 0 };
        assert_eq!([0.25, 0.5, 0.99, 1.0].map(|share| delays.quantile_ms(share)), [1.0, 2.0, 10.0, 10.0]);
        assert_eq!(delays.suggestion_ms(&[10.0, 20.0, 40.0]), Some(20.0));
        assert_eq!(delays.suggestion_ms(&[10.0]), None);
    }
}
