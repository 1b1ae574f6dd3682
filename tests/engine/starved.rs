//! Workers that come late or stall: the engine in real time never waits, and never clicks.

use std::sync::atomic::Ordering;

use ukulelatent::engine::{Controls, Engine, Mode};
use ukulelatent::instance::Setup;
use ukulelatent::link::CHUNK;

use crate::by_hand::{FADE, by_hand, feed, go_on, next_order, sine, struck};
use crate::support::{CLICK, Event, Played, click_ratio, note, on, only, peak, play, setup, start};

#[test]
fn a_stream_that_runs_dry_fades_and_picks_up_again_without_a_click() {
    let (mut engine, mut worker, order) = struck();
    (0..4).for_each(|index| feed(&mut worker, order, index, false));
    let mut heard = go_on(&mut engine, 4 * CHUNK + 500).samples;
    let dry_from = 4 * CHUNK;
    for (n, &sample) in heard[..dry_from - FADE].iter().enumerate() {
        assert_eq!(sample, sine(n), "sample {n}");
    }
    assert!(heard[dry_from..].iter().all(|&x| x == 0.0), "sound without a stream");
    assert_eq!(engine.meters().dry_streams.load(Ordering::Relaxed), 1);

    feed(&mut worker, order, 4, false);
    assert!(peak(&go_on(&mut engine, 300).samples) == 0.0, "one chunk is not enough to come back");
    heard.extend([0.0; 300]);
    (5..15).for_each(|index| feed(&mut worker, order, index, false));
    feed(&mut worker, order, 15, true);
    let back_at = heard.len();
    let rest = go_on(&mut engine, 12 * CHUNK + 10);
    heard.extend(&rest.samples);
    for (n, &sample) in rest.samples[FADE..12 * CHUNK].iter().enumerate() {
        assert_eq!(sample, sine(4 * CHUNK + FADE + n), "sample {n} after the gap");
    }
    assert_eq!(rest.ended, [(12 * CHUNK, note(1, 57))]);
    assert_eq!(engine.meters().dry_streams.load(Ordering::Relaxed), 1);
    for at in [dry_from - FADE, dry_from, back_at, back_at + FADE] {
        let ratio = click_ratio(&heard, at, setup().rate);
        assert!(ratio <= CLICK, "clicks {ratio} at {at}");
    }
}

#[test]
fn a_live_note_whose_first_chunk_is_late_is_moved_and_not_cut() {
    let (mut engine, mut worker) = by_hand(0);
    let silent = play(&mut engine, &[(0, on(1, 57))], &[64], 640);
    assert_eq!(peak(&silent.samples), 0.0);
    let order = next_order(&mut worker).expect("an order");
    feed(&mut worker, order, 0, true);
    let heard = go_on(&mut engine, 2 * CHUNK);
    for (n, &sample) in heard.samples[..CHUNK].iter().enumerate() {
        assert_eq!(sample, sine(n), "sample {n}");
    }
    assert_eq!(heard.ended, [(CHUNK, note(1, 57))]);
    assert_eq!(engine.meters().late_notes.load(Ordering::Relaxed), 0, "live notes have no time to miss");
}

#[test]
fn a_note_that_misses_its_look_ahead_is_counted() {
    let (mut engine, mut worker) = by_hand(480);
    play(&mut engine, &[(0, on(1, 57))], &[64], 640);
    let order = next_order(&mut worker).expect("an order");
    feed(&mut worker, order, 0, true);
    assert!(peak(&go_on(&mut engine, CHUNK).samples) > 0.0);
    assert_eq!(engine.meters().late_notes.load(Ordering::Relaxed), 1);
    assert_eq!(engine.meters().missed_notes.load(Ordering::Relaxed), 1);
}

#[test]
fn a_note_that_begins_late_and_runs_dry_twice_is_one_missed_note() {
    let (mut engine, mut worker) = by_hand(480);
    play(&mut engine, &[(0, on(1, 57))], &[64], 640);
    let order = next_order(&mut worker).expect("an order");
    for chunks in [0..2, 2..4] {
        chunks.for_each(|index| feed(&mut worker, order, index, false));
        assert!(peak(&go_on(&mut engine, 3 * CHUNK).samples) > 0.0);
    }
    let meters = engine.meters();
    let counts = [&meters.late_notes, &meters.dry_streams, &meters.missed_notes];
    assert_eq!(counts.map(|count| count.load(Ordering::Relaxed)), [1, 2, 1]);
}

#[test]
fn a_look_ahead_that_is_met_puts_the_note_at_its_time() {
    let (mut engine, mut worker) = by_hand(480);
    play(&mut engine, &[(0, on(1, 57))], &[64], 64);
    let order = next_order(&mut worker).expect("an order");
    feed(&mut worker, order, 0, true);
    let heard = go_on(&mut engine, 480 - 64 + CHUNK).samples;
    assert!(heard[..480 - 64].iter().all(|&x| x == 0.0));
    assert_eq!(heard[480 - 64], sine(0));
    assert_eq!(engine.meters().late_notes.load(Ordering::Relaxed), 0);
}

#[test]
fn chunks_of_an_earlier_note_are_dropped() {
    let (mut engine, mut worker) = by_hand(0);
    assert_eq!(engine.note_on(note(1, 57), 1.0), None);
    let stale = next_order(&mut worker).expect("an order");
    feed(&mut worker, stale, 3, false);
    engine.reset();
    assert_eq!(engine.note_on(note(2, 57), 1.0), None);
    let order = next_order(&mut worker).expect("another order");
    assert_eq!(order.slot, stale.slot);
    feed(&mut worker, stale, 7, false);
    feed(&mut worker, order, 0, true);
    let heard = go_on(&mut engine, CHUNK + 1);
    assert_eq!(heard.samples[0], sine(0));
    assert_eq!(heard.ended, [(CHUNK, note(2, 57))]);
}

#[test]
fn an_old_release_gives_way_to_an_attack_that_starves() {
    let (mut engine, mut worker) = by_hand(0);
    engine.set_controls(Controls { release_ms: 5000.0, ..setup().controls });
    let mut orders = Vec::new();
    for number in 1..=3 {
        assert_eq!(engine.note_on(note(number, 56 + number as u8), 1.0), None);
        orders.push(next_order(&mut worker).expect("an order"));
    }
    // The first two sound, and the first is let go; nobody works on the third.
    for order in &orders[..2] {
        (0..40).for_each(|index| feed(&mut worker, *order, index, false));
    }
    engine.note_off(only(1));
    let shed = |engine: &Engine| engine.meters().shed_releases.load(Ordering::Relaxed);
    assert!(go_on(&mut engine, 900).ended.is_empty());
    assert_eq!(shed(&engine), 0, "it gave way before the attack was overdue");
    let heard = go_on(&mut engine, 600);
    assert_eq!((heard.ended_numbers(), shed(&engine)), (vec![1], 1));
    go_on(&mut engine, 600);
    assert_eq!(shed(&engine), 1, "a held note gave way");
}

#[test]
fn a_new_note_finds_its_ring_empty_however_full_the_old_note_left_it() {
    let (mut engine, mut worker) = by_hand(480);
    engine.note_on(note(1, 57), 1.0);
    let order = next_order(&mut worker).expect("an order");
    let fed = worker.feed_of(order.slot).expect("the slot's feed");
    let mut index = 0;
    while worker.feeds[fed].has_room() {
        feed(&mut worker, order, index, false);
        index += 1;
    }
    go_on(&mut engine, 1000);
    engine.choke(only(1));
    go_on(&mut engine, 1000);
    engine.note_on(note(2, 60), 1.0);
    let next = next_order(&mut worker).expect("the second order");
    assert_eq!(next.slot, order.slot);
    assert_eq!(worker.feeds[fed].queued(), 0, "chunks of the choked note are in the way");
}

#[test]
fn short_notes_in_real_time_all_sound_and_end() {
    let realtime = Setup { mode: Mode::Realtime, latency: 960, ..setup() };
    let mut instance = start(realtime);
    // Plays block after block until `done`. A host waits for its audio device, so that workers get their time; how
    // much of it they need is not asked here, only that it is not for ever.
    let mut play_until = |first: (usize, Event), done: &dyn Fn(&Played) -> bool| {
        let mut event = Some(first);
        (0..2000).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(5));
            done(&play(&mut instance.engine, event.take().as_slice(), &[240], 240))
        })
    };
    for number in 0..6 {
        assert!(
            play_until((0, on(number, 57)), &|played| peak(&played.samples) > 1e-3),
            "note {number} is silent"
        );
        let off = (0, Event::Off(only(number)));
        assert!(play_until(off, &|played| !played.ended.is_empty()), "note {number} does not end");
    }
    assert!(!instance.engine.is_active());
}
