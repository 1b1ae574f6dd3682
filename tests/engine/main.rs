//! The engine with its workers, without a host: when it sounds, what it sounds like, how notes come and go.

mod bounce;
mod by_hand;
mod cached;
mod given_up;
mod hasty;
mod held;
mod late;
mod notes;
mod sound;
mod starved;
mod stress;
#[path = "../support/mod.rs"]
mod support;
mod timing;
mod tuning;
