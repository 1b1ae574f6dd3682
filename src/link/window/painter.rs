//! The workers' way to the window.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use triple_buffer::Input;

use super::picture::Layout;
use super::{NoteMark, Picture, Shared};

/// Frames between two looks at a note that is being made.
const BATCH: usize = 4;

/// (worker) Paints the notes of one worker while a window is open: the one that was ordered last.
pub struct Painter {
    shared: Arc<Shared>,
    busy_ns: Arc<AtomicU64>,
    canvas: Picture,
    shown: Input<Picture>,
    unseen: usize,
}

impl Painter {
    pub(super) fn new(shared: Arc<Shared>, busy_ns: Arc<AtomicU64>, shown: Input<Picture>) -> Self {
        Self { shared, busy_ns, canvas: Picture::default(), shown, unseen: 0 }
    }

    /// When a piece of work begins, if anyone wants to know.
    #[must_use]
    pub fn clock(&self) -> Option<Instant> {
        self.shared.is_open().then(Instant::now)
    }

    /// Adds to what the worker was busy with.
    pub fn worked(&self, time: Duration) {
        self.busy_ns.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }

    /// A note begins, with frames `hop` host samples apart, `onset` of them before its first sample.
    pub fn begin(&mut self, slot: u8, epoch: u32, (hop, onset): (f64, f64), expected: usize) {
        self.canvas.mark = None;
        if self.shared.is_open() {
            let layout = Layout { hop: hop as f32, onset: onset as f32, expected };
            self.canvas.begin(NoteMark { slot, epoch }, layout);
            self.unseen = 0;
        }
    }

    /// A frame of a note was made: normalised mel, -1 to 1. Frames of other notes than the last are passed over.
    pub fn paint(&mut self, slot: u8, epoch: u32, mel: &[f32]) {
        if self.canvas.mark != Some(NoteMark { slot, epoch }) || !self.shared.is_open() {
            return;
        }
        self.canvas.paint(mel);
        self.unseen += 1;
        if self.unseen >= BATCH {
            self.show();
        }
    }

    /// Shows the frames that were not shown yet.
    pub fn show(&mut self) {
        if self.unseen > 0 {
            self.unseen = 0;
            self.shown.input_buffer_mut().copy_from(&self.canvas);
            self.shown.publish();
            self.shared.changed();
        }
    }
}
