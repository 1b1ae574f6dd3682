//! What the integration tests share: instruments to play, a score to play on them, and measures of the sound.

#![allow(dead_code)] // Each test binary uses its own part.

use std::sync::{Arc, LazyLock};

use ukulelatent::engine::{Controls, Engine, Expression, Mode, NoteId, NoteSelector};
use ukulelatent::instance::{Instance, Setup};
use ukulelatent::link::{CacheLimits, ModelChoice};
use ukulelatent::model::{Catalog, ModelFile};
use ukulelatent::units::{MidiNote, SampleRate};

/// A change of level or phase is called a click if it bends the signal more than this many times as much as
/// anything else around it.
pub const CLICK: f32 = 4.0;

/// The built-in instrument, opened once.
pub fn built_in() -> Arc<ModelFile> {
    static BUILT_IN: LazyLock<Arc<ModelFile>> =
        LazyLock::new(|| ModelFile::built_in().expect("the built-in model opens"));
    Arc::clone(&BUILT_IN)
}

/// How long its notes last, in seconds.
pub fn model_s() -> f32 {
    let card = &built_in().card;
    card.sample_rate_hz.seconds(card.samples()) as f32
}

/// A choice of the built-in instrument that looks nowhere else.
pub fn choice() -> Arc<ModelChoice> {
    Arc::new(ModelChoice::new(built_in(), Catalog::default()))
}

/// A rate in hertz.
pub fn rate(hz: f32) -> SampleRate {
    SampleRate::new(hz).expect("a positive rate")
}

/// A key.
pub fn key(number: u8) -> MidiNote {
    MidiNote::new(number).expect("a MIDI key")
}

/// Offline at 48 kHz without latency, on one worker; velocity counts fully.
pub fn setup() -> Setup {
    let controls = Controls { velocity: 1.0, ..Controls::default() };
    Setup {
        rate: rate(48_000.0),
        mode: Mode::Offline,
        latency: 0,
        controls,
        threads: Some(1),
        cache: CacheLimits::NONE,
        drag: None,
    }
}

/// An instrument that plays the built-in model.
pub fn start(setup: Setup) -> Instance {
    Instance::start(&choice(), setup).expect("the workers start")
}

/// What happens to the engine.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A key goes down, with this velocity.
    On(NoteId, f32),
    /// Keys go up.
    Off(NoteSelector),
    /// Notes stop.
    Choke(NoteSelector),
    /// The parameters change.
    Set(Controls),
    /// Single notes change.
    Express(NoteSelector, Expression),
}

/// A note that the host numbers, on channel 0.
pub fn note(number: i32, key_number: u8) -> NoteId {
    NoteId { voice: Some(number), channel: 0, key: key(key_number) }
}

/// A key that goes down at full velocity.
pub fn on(number: i32, key_number: u8) -> Event {
    Event::On(note(number, key_number), 1.0)
}

/// The note of this number, whatever its key.
pub fn only(number: i32) -> NoteSelector {
    NoteSelector { voice: Some(number), ..NoteSelector::default() }
}

/// Every note.
pub fn all() -> NoteSelector {
    NoteSelector::default()
}

/// What was heard.
pub struct Played {
    /// The left channel, which is also the right one.
    pub samples: Vec<f32>,
    /// Notes that ended, and after how many samples.
    pub ended: Vec<(usize, NoteId)>,
}

impl Played {
    /// The host's numbers of the notes that ended, sorted.
    pub fn ended_numbers(&self) -> Vec<i32> {
        let mut numbers: Vec<i32> = self.ended.iter().filter_map(|(_, id)| id.voice).collect();
        numbers.sort_unstable();
        numbers
    }
}

/// Plays `len` samples of a score, sorted by time, in blocks of these sizes over and over. As in the plugin, a
/// block is cut where an event falls.
pub fn play(engine: &mut Engine, score: &[(usize, Event)], blocks: &[usize], len: usize) -> Played {
    let mut played = Played { samples: vec![0.0; len], ended: Vec::new() };
    let mut right = vec![0.0; len];
    let mut events = score.iter().peekable();
    let mut sizes = blocks.iter().copied().cycle();
    let mut at = 0;
    while at < len {
        let block_end = (at + sizes.next().expect("at least one block size")).min(len);
        while at < block_end {
            while let Some((_, event)) = events.next_if(|event| event.0 <= at) {
                played.ended.extend(apply(engine, *event).map(|id| (at, id)));
            }
            let until = events.peek().map_or(block_end, |event| event.0.min(block_end));
            let ended = &mut played.ended;
            engine.render(&mut played.samples[at..until], &mut right[at..until], |offset, id| {
                ended.push((at + offset, id));
            });
            at = until;
        }
    }
    assert_eq!(first_difference(&played.samples, &right), None, "left and right");
    played
}

/// Hands one event over; returns a note that had to go at once.
fn apply(engine: &mut Engine, event: Event) -> Option<NoteId> {
    match event {
        Event::On(id, velocity) => return engine.note_on(id, velocity),
        Event::Off(which) => engine.note_off(which),
        Event::Choke(which) => engine.choke(which),
        Event::Set(controls) => engine.set_controls(controls),
        Event::Express(which, expression) => engine.express(which, expression),
    }
    None
}

/// Plays a score on a new instrument.
pub fn render(setup: Setup, score: &[(usize, Event)], blocks: &[usize], len: usize) -> Played {
    play(&mut start(setup).engine, score, blocks, len)
}

/// Where two signals first differ in any bit, or where the shorter one ends.
pub fn first_difference(a: &[f32], b: &[f32]) -> Option<usize> {
    let differ = a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits());
    differ.or((a.len() != b.len()).then(|| a.len().min(b.len())))
}

/// The largest absolute sample.
pub fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, x| peak.max(x.abs()))
}

/// The largest second difference within 2 ms of `at` over the largest in the rest of the 50 ms around it.
pub fn click_ratio(samples: &[f32], at: usize, rate: SampleRate) -> f32 {
    let within = |ms| {
        let reach = rate.samples_in_ms(ms);
        at.saturating_sub(reach).max(1)..(at + reach).min(samples.len() - 1)
    };
    let bend = |n: usize| (samples[n - 1] - 2.0 * samples[n] + samples[n + 1]).abs();
    let near = within(2.0);
    let here = near.clone().map(bend).fold(0.0, f32::max);
    let around = within(50.0).filter(|n| !near.contains(n)).map(bend).fold(0.0, f32::max);
    here / around
}

/// Numbers that look random and are the same in every run (xorshift64*, Vigna 2016).
pub struct Dice(u64);

impl Dice {
    /// Any seed but zero.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }
}
