//! What becomes of notes that no worker can make.

use super::*;
use crate::link::{EngineEnd, Quality, Recipe, TimeShape, link};
use crate::model::Catalog;
use crate::units::MidiNote;

/// A worker without a thread, whose model could not be started.
fn broken() -> (EngineEnd, Worker) {
    let rate = SampleRate::new(48_000.0).expect("a rate");
    let (audio, mut ends) = link(rate, 1);
    let end = ends.pop().expect("one worker");
    let choice = Arc::new(ModelChoice::new(ModelFile::built_in().expect("a model"), Catalog::default()));
    let (refused, played) = (vec![None; end.feeds.len()], vec![0; end.feeds.len()]);
    let broken = Some(choice.generation());
    (audio, Worker { end, choice, rate, kits: Vec::new(), broken, refused, played, drag: None, dragged: 1 })
}

fn order(epoch: u32) -> Order {
    let note = MidiNote::new(60).expect("a note");
    let time = TimeShape::default();
    let recipe =
        Recipe { note, cents: 0.0, latent: [0.0; 4], morph_ms: 0.0, time, quality: Quality::Play, seed: 0 };
    Order { slot: 0, epoch, latency: 0, skip: 0, generation: 0, recipe }
}

/// Leaves no room in the ring of slot 0.
fn fill(worker: &mut Worker, epoch: u32) {
    while worker.end.feeds[0].push(Chunk::empty(epoch)) {}
}

#[test]
fn a_note_that_cannot_be_made_is_refused_once_there_is_room() {
    let (mut audio, mut worker) = broken();
    fill(&mut worker, 1);
    worker.begin(order(1));
    worker.deliver_refusals();
    audio.player(0).advance();
    worker.deliver_refusals();
    let player = audio.player(0);
    assert!(player.is_refused(1), "the engine is told");
    assert!(!player.is_refused(2), "of that note alone");
    while player.waiting(1) > 0 {
        assert!(player.front().is_some_and(|chunk| !chunk.refused));
        player.advance();
    }
    assert!(player.front().is_some_and(|chunk| chunk.refused), "behind all that there is to play");
    player.advance();
    worker.deliver_refusals();
    assert!(!audio.player(0).is_refused(1), "and only once");
}
