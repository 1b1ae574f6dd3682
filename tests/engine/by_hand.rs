//! An engine whose only worker is the test: it hands over what it likes, when it likes.

use ukulelatent::engine::{Engine, Mode};
use ukulelatent::instance::Setup;
use ukulelatent::link::{CHUNK, Chunk, Message, Order, WorkerEnd, link};

use crate::support::{Played, note, play, setup};

/// Samples in which a stream that breaks off fades.
pub const FADE: usize = 64;

/// An engine in real time whose only worker is this test.
pub fn by_hand(latency: usize) -> (Engine, WorkerEnd) {
    by_hand_in(Mode::Realtime, latency)
}

fn by_hand_in(mode: Mode, latency: usize) -> (Engine, WorkerEnd) {
    let Setup { rate, controls, .. } = setup();
    let (end, mut ends) = link(rate, 1);
    let worker = ends.pop().expect("one worker");
    (Engine::new(end, rate, mode, latency, controls), worker)
}

/// One whose key is down, in a block of its own, so that the order is there to be served.
pub fn struck() -> (Engine, WorkerEnd, Order) {
    struck_in(Mode::Realtime)
}

/// [`struck`], in real time or offline.
pub fn struck_in(mode: Mode) -> (Engine, WorkerEnd, Order) {
    let (mut engine, mut worker) = by_hand_in(mode, 0);
    assert_eq!(engine.note_on(note(1, 57), 1.0), None);
    let order = next_order(&mut worker).expect("an order");
    (engine, worker, order)
}

/// The next message, if it is an order.
pub fn next_order(worker: &mut WorkerEnd) -> Option<Order> {
    worker.next_message().and_then(|message| match message {
        Message::Order(order) => Some(order),
        Message::Change(_) => None,
    })
}

/// A sine that goes on for ever: no model's note, so that each sample is known.
pub fn sine(n: usize) -> f32 {
    (0.4 * (std::f64::consts::TAU * 330.0 * (n as f64 + 0.25) / 48_000.0).sin()) as f32
}

/// Hands over one full chunk of the sine; `index` counts chunks.
pub fn feed(worker: &mut WorkerEnd, order: Order, index: usize, last: bool) {
    let mut samples = [0.0; CHUNK];
    for (n, sample) in samples.iter_mut().enumerate() {
        *sample = sine(index * CHUNK + n);
    }
    let feed = worker.feed_of(order.slot).expect("the slot's feed");
    assert!(worker.feeds[feed].push(Chunk { len: CHUNK as u16, last, samples, ..Chunk::empty(order.epoch) }));
}

/// Plays without further events.
pub fn go_on(engine: &mut Engine, len: usize) -> Played {
    play(engine, &[], &[100], len)
}
