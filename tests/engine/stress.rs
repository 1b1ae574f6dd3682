//! Many notes at once: none is lost, none is reported twice.

use ukulelatent::engine::POLYPHONY;
use ukulelatent::instance::Setup;

use crate::support::{Dice, Event, all, on, only, peak, play, render, setup, start};

#[test]
fn sixteen_notes_are_held_together() {
    let score: Vec<(usize, Event)> = (0..POLYPHONY as i32).map(|n| (0, on(n, 48 + n as u8))).collect();
    let mut instance = start(setup());
    let held = play(&mut instance.engine, &score, &[480], 2400);
    assert!(held.ended.is_empty(), "{:?} ended", held.ended_numbers());
    assert!(peak(&held.samples) > 1e-3);
    let choked = play(&mut instance.engine, &[(0, Event::Choke(all()))], &[480], 480);
    assert_eq!(choked.ended_numbers(), (0..16).collect::<Vec<i32>>());
    assert!(!instance.engine.is_active());
}

#[test]
fn of_sixty_four_notes_in_one_block_the_last_sixteen_sound_and_each_ends_once() {
    let mut score: Vec<(usize, Event)> = (0..64).map(|n| (100, on(n, 36 + n as u8 % 48))).collect();
    score.push((1500, Event::Choke(all())));
    for threads in [1, 3] {
        let setup = Setup { threads: Some(threads), ..setup() };
        let played = render(setup, &score, &[4096], 3000);
        assert_eq!(played.ended_numbers(), (0..64).collect::<Vec<i32>>(), "{threads} threads");
        let at_once = played.ended.iter().filter(|(at, _)| *at == 100).count();
        assert_eq!(at_once, 64 - POLYPHONY, "{threads} threads");
    }
}

#[test]
fn every_note_of_a_wild_score_is_reported_ended_exactly_once() {
    let mut dice = Dice::new(0xC0FFEE);
    let mut score = Vec::new();
    let mut at = 0;
    for number in 0..48 {
        at += dice.below(120);
        score.push((at, on(number, 40 + dice.below(40) as u8)));
        if dice.below(2) == 0 {
            score.push((at + 1, Event::Off(only(dice.below(48) as i32))));
        }
        if dice.below(4) == 0 {
            score.push((at + 2, Event::Choke(only(dice.below(48) as i32))));
        }
        at += 2;
    }
    score.push((at + 500, Event::Choke(all())));
    let played = render(Setup { latency: 96, ..setup() }, &score, &[333], at + 2000);
    assert_eq!(played.ended_numbers(), (0..48).collect::<Vec<i32>>());
}

#[test]
fn a_reset_silences_everything_at_once() {
    let mut instance = start(setup());
    let before = play(&mut instance.engine, &[(0, on(1, 60)), (0, on(2, 64))], &[256], 1024);
    assert!(peak(&before.samples) > 1e-3);
    instance.engine.reset();
    assert!(!instance.engine.is_active());
    let after = play(&mut instance.engine, &[], &[256], 1024);
    assert!(after.samples.iter().all(|&x| x == 0.0));
}
