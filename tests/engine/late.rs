//! Changes of timbre that come late: they are counted, they are made all the same, and the note goes on.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ukulelatent::engine::{Controls, Engine};
use ukulelatent::link::{
    CHUNK, Change, EngineEnd, Message, Order, Quality, Recipe, TimeShape, What, WorkerEnd, link,
};
use ukulelatent::worker::WorkerPool;

use crate::by_hand::{by_hand, feed, go_on, next_order, sine};
use crate::support::{choice, first_difference, key, note, peak, setup};

/// Nobody is to wait longer than this for a worker.
const PATIENCE: Duration = Duration::from_secs(60);

/// The changes that wait for a worker.
fn changes(worker: &mut WorkerEnd) -> Vec<Change> {
    let change = |message| match message {
        Message::Change(change) => change,
        Message::Order(order) => panic!("an order: {order:?}"),
    };
    std::iter::from_fn(|| worker.next_message().map(change)).collect()
}

#[test]
fn changes_that_find_the_workers_queue_full_are_counted_and_the_last_is_sent_when_there_is_room() {
    let (mut engine, mut worker) = by_hand(0);
    let moving = Controls { morph_ms: 60.0, ..setup().controls };
    engine.set_controls(moving);
    assert_eq!(engine.note_on(note(1, 57), 1.0), None);
    let order = next_order(&mut worker).expect("an order");
    (0..4).for_each(|index| feed(&mut worker, order, index, false));
    let late = |engine: &Engine| engine.meters().late_changes.load(Ordering::Relaxed);
    // A controller that does not rest, and a worker that does.
    let timbre = |moves: usize| [1e-4 * moves as f32; 4];
    let mut moves = 0;
    while late(&engine) < 3 {
        moves += 1;
        assert!(moves < 100_000, "a queue without an end, or nobody counts");
        engine.set_controls(Controls { latent: timbre(moves), ..moving });
    }
    // The note takes no notice.
    let heard = go_on(&mut engine, 2 * CHUNK).samples;
    assert!(heard.iter().enumerate().all(|(n, &sample)| sample == sine(n)));
    // All came but those three, of which the last still comes.
    let sent = changes(&mut worker);
    assert_eq!(sent.len(), moves - 3);
    go_on(&mut engine, CHUNK);
    let What::Latent(last) = changes(&mut worker).pop().expect("the change that had no room").what else {
        panic!("no timbre")
    };
    assert_eq!(last, timbre(moves));
    feed(&mut worker, order, 4, true);
    let rest = go_on(&mut engine, 2 * CHUNK + 1);
    assert_eq!(rest.samples[CHUNK], sine(4 * CHUNK));
    assert_eq!(rest.ended, [(2 * CHUNK, note(1, 57))]);
    assert_eq!(late(&engine), 3, "once each");
}

/// Takes one chunk of slot 0's note from a real worker, as the engine does.
fn take(end: &mut EngineEnd, epoch: u32, samples: &mut Vec<f32>) -> bool {
    let began = Instant::now();
    while end.player(0).waiting(epoch) == 0 {
        assert!(began.elapsed() < PATIENCE, "the note does not go on after {} samples", samples.len());
        end.nudge(0);
        end.wake();
        std::thread::sleep(Duration::from_millis(1));
    }
    let player = end.player(0);
    let chunk = *player.front().expect("a chunk");
    player.advance();
    samples.extend(&chunk.samples[..usize::from(chunk.len)]);
    player.report(samples.len() as i64);
    chunk.last
}

/// A whole note of a slow worker whose timbre is moved after 40 chunks. `held_up` tells for how many samples the change
/// was on its way; without one nothing moves. Returns the note, and how many changes were late.
fn moved_note(held_up: Option<usize>) -> (Vec<f32>, u32) {
    let rate = setup().rate;
    let (mut end, ends) = link(rate, 1);
    let _pool = WorkerPool::start(ends, None, &choice(), rate, Some(Duration::from_millis(20))).expect("a thread");
    let recipe = Recipe {
        note: key(57),
        cents: 0.0,
        latent: [0.0; 4],
        morph_ms: 60.0,
        time: TimeShape::default(),
        quality: Quality::Draft,
        seed: 57,
    };
    let epoch = end.player(0).begin(0);
    assert!(end.order(Order { slot: 0, epoch, latency: 0, skip: 0, generation: 0, recipe }));
    let mut samples = Vec::new();
    for _ in 0..40 {
        assert!(!take(&mut end, epoch, &mut samples), "it ends too early");
    }
    if let Some(held_up) = held_up {
        let what = What::Latent([1.0, -1.0, 1.0, -1.0]);
        assert!(end.change(Change { slot: 0, epoch, at: (samples.len() - held_up) as i64, what }));
    }
    while !take(&mut end, epoch, &mut samples) {}
    (samples, end.meters().late_changes.load(Ordering::Relaxed))
}

#[test]
fn a_change_that_comes_after_its_frame_was_made_is_counted_and_heard_and_the_note_goes_on() {
    let (plain, none) = moved_note(None);
    let (in_time, not_late) = moved_note(Some(0));
    let (held_up, late) = moved_note(Some(40 * CHUNK));
    assert_eq!((none, not_late, late), (0, 0, 1));
    for (moved, what) in [(in_time, "in time"), (held_up, "held up")] {
        assert_eq!(moved.len(), plain.len(), "{what}: the note is cut");
        let from = first_difference(&moved, &plain).expect("the change is heard");
        assert!(from > 40 * CHUNK, "{what}: it changes what was taken, from sample {from}");
        assert!(peak(&moved[from..from + 20 * CHUNK]) > 1e-3, "{what}: the note falls silent");
    }
}
