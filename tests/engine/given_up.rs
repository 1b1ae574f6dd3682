//! Workers that are gone, and notes that they refuse: what is there is played, and no note hangs, clicks or counts twice.

use std::sync::atomic::Ordering;

use ukulelatent::engine::{Engine, Mode};
use ukulelatent::instance::Setup;
use ukulelatent::link::{CHUNK, Chunk, Order, WorkerEnd, link};

use crate::by_hand::{FADE, by_hand, feed, go_on, sine, struck, struck_in};
use crate::support::{CLICK, click_ratio, on, peak, play, setup};

/// Tells the engine that no more comes of a note.
fn refuse(worker: &mut WorkerEnd, order: Order) {
    let feed = worker.feed_of(order.slot).expect("the slot's feed");
    assert!(worker.feeds[feed].push(Chunk::refusal(order.epoch)));
}

/// Notes that were late and notes of which nothing more came: the window adds them up.
fn lost(engine: &Engine) -> [u32; 2] {
    let meters = engine.meters();
    [&meters.missed_notes, &meters.failed_notes].map(|count| count.load(Ordering::Relaxed))
}

#[test]
fn an_offline_render_without_workers_ends_its_notes_and_does_not_hang() {
    let Setup { rate, controls, .. } = setup();
    let (end, ends) = link(rate, 2);
    drop(ends);
    let mut engine = Engine::new(end, rate, Mode::Offline, 0, controls);
    let played = play(&mut engine, &[(0, on(1, 57)), (100, on(2, 60))], &[64], 640);
    assert_eq!(played.ended_numbers(), [1, 2]);
    assert_eq!(peak(&played.samples), 0.0);
    assert!(!engine.is_active());
}

#[test]
fn an_offline_render_plays_what_a_worker_left_behind() {
    let (mut engine, mut worker, order) = struck_in(Mode::Offline);
    (0..2).for_each(|index| feed(&mut worker, order, index, false));
    drop(worker);
    let heard = go_on(&mut engine, 3 * CHUNK);
    assert_eq!(heard.samples[CHUNK], sine(CHUNK));
    assert_eq!(heard.ended_numbers(), [1]);
    assert_eq!(lost(&engine), [0, 1]);
}

#[test]
fn a_note_whose_worker_has_gone_ends_in_real_time_too() {
    let (mut engine, worker) = by_hand(0);
    drop(worker);
    let heard = play(&mut engine, &[(0, on(1, 57))], &[64], 640);
    assert_eq!(heard.ended_numbers(), [1]);
    assert_eq!(engine.meters().failed_notes.load(Ordering::Relaxed), 1);
    assert!(!engine.is_active());
}

#[test]
fn a_note_whose_worker_goes_after_it_ran_dry_fails_once() {
    let (mut engine, mut worker, order) = struck();
    feed(&mut worker, order, 0, false);
    go_on(&mut engine, 2 * CHUNK);
    drop(worker);
    assert_eq!(go_on(&mut engine, CHUNK).ended_numbers(), [1]);
    assert_eq!(lost(&engine), [0, 1]);
}

#[test]
fn a_note_that_ran_dry_plays_the_one_chunk_that_its_worker_left() {
    for refused in [false, true] {
        let (mut engine, mut worker, order) = struck();
        feed(&mut worker, order, 0, false);
        go_on(&mut engine, 2 * CHUNK);
        feed(&mut worker, order, 1, false);
        if refused {
            refuse(&mut worker, order);
        }
        let worker = refused.then_some(worker);
        let heard = go_on(&mut engine, 2 * CHUNK);
        assert_eq!(heard.samples[CHUNK / 2], sine(CHUNK + CHUNK / 2));
        assert_eq!((heard.ended_numbers(), lost(&engine)), (vec![1], [0, 1]), "refused: {refused}");
        drop(worker);
    }
}

#[test]
fn a_note_that_its_worker_refuses_fails_once_whenever_it_does_and_whatever_becomes_of_the_worker() {
    for fed in [0, 1] {
        for leaves in [false, true] {
            let (mut engine, mut worker, order) = struck();
            (0..fed).for_each(|index| feed(&mut worker, order, index, false));
            // Long enough to run dry.
            go_on(&mut engine, 2 * CHUNK);
            refuse(&mut worker, order);
            let worker = (!leaves).then_some(worker);
            assert_eq!(go_on(&mut engine, CHUNK).ended_numbers(), [1]);
            assert_eq!(lost(&engine), [0, 1], "{fed} chunks before, the worker leaves: {leaves}");
            assert_eq!(engine.meters().started_notes.load(Ordering::Relaxed), fed as u32);
            drop(worker);
        }
    }
}

#[test]
fn a_note_that_is_refused_while_it_sounds_fades_and_does_not_click() {
    for mode in [Mode::Realtime, Mode::Offline] {
        let (mut engine, mut worker, order) = struck_in(mode);
        (0..3).for_each(|index| feed(&mut worker, order, index, false));
        refuse(&mut worker, order);
        let heard = go_on(&mut engine, 4 * CHUNK);
        let end = 3 * CHUNK;
        assert_eq!(heard.samples[end - FADE - 1], sine(end - FADE - 1));
        assert!(heard.samples[end..].iter().all(|&x| x == 0.0));
        for at in [end - FADE, end] {
            let ratio = click_ratio(&heard.samples, at, setup().rate);
            assert!(ratio <= CLICK, "clicks {ratio} at {at}");
        }
        assert_eq!((heard.ended_numbers(), lost(&engine)), (vec![1], [0, 1]));
        assert_eq!(engine.meters().dry_streams.load(Ordering::Relaxed), 0, "its worker was in time");
    }
}
