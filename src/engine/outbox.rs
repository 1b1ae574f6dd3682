//! What a note has to tell its worker: sent at once, or kept until the worker's queue has room.

use std::sync::atomic::Ordering;

use super::patience::Patience;
use crate::link::{Change, EngineEnd, Order, What};

/// A note's order, and its latest change, that wait for room.
pub(super) struct Outbox {
    order: Option<Order>,
    change: Option<Change>,
}

impl Outbox {
    /// Sends the order, or keeps it.
    pub fn new(order: Order, end: &mut EngineEnd) -> Self {
        Self { order: (!end.order(order)).then_some(order), change: None }
    }

    /// Sends a change. Offline waits for room; in real time the latest one is kept and sent as soon as there is room,
    /// and counts as late.
    pub fn tell(&mut self, end: &mut EngineEnd, mut change: Change, offline: bool) {
        let slot = usize::from(change.slot);
        if let Some(Change { what: What::Release, .. }) = self.change {
            // A release that waits is the last word.
            change.what = What::Release;
        }
        self.change = Some(change);
        self.send(end);
        let mut patience = Patience::default();
        while offline && self.change.is_some() && !end.is_orphaned(slot) {
            end.nudge(slot);
            end.wake();
            patience.wait();
            self.send(end);
        }
        if self.change.is_some() {
            end.meters().late_changes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Sends what there was no room for: no change before its note's order.
    pub fn send(&mut self, end: &mut EngineEnd) {
        if self.order.is_some_and(|order| end.order(order)) {
            self.order = None;
        }
        if self.order.is_none() && self.change.is_some_and(|change| end.change(change)) {
            self.change = None;
        }
    }
}
