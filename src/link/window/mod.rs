//! Between the window and the instrument, both ways.
//!
//! The window holds a [`WindowEnd`], the audio thread a [`Stage`], each worker a [`Painter`]. All three outlive no one
//! and wait for no one: atomics, a triple buffer per writer, one ring for what the mouse plays. Nothing is written while no
//! window is open.

mod gesture;
mod keys;
mod painter;
mod picture;
mod snapshot;
mod stage;
mod waveform;
mod window_end;

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use atomic_float::AtomicF32;
use rtrb::RingBuffer;

pub use gesture::Gesture;
pub use keys::KeySet;
pub use painter::Painter;
pub use picture::{BANDS, COLUMNS, Picture};
pub use snapshot::{NoteMark, Snapshot, VoiceView};
pub use stage::Stage;
pub use waveform::Extremes;
pub use window_end::WindowEnd;

use keys::AtomicKeys;
use waveform::Waveform;
use window_end::Front;

/// Gestures that wait at once: a hand on a mouse makes a few in a block.
const GESTURES: usize = 64;

/// What all ends see.
#[derive(Default)]
struct Shared {
    /// Whether anyone looks.
    open: AtomicBool,
    /// Counts everything that changes what a window shows.
    changes: AtomicU64,
    /// Milliseconds from one picture of the instrument to the next, at least.
    pace_ms: AtomicU32,
    /// Keys that the window holds down.
    held: AtomicKeys,
    /// Highest absolute sample of each channel since the window last took it.
    peaks: [AtomicF32; 2],
    waveform: Waveform,
}

impl Shared {
    fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Says that there is something new to see; what that is was written before.
    fn changed(&self) {
        self.changes.fetch_add(1, Ordering::Release);
    }
}

/// Makes the window's end and the audio thread's, for as long as the plugin lives. Workers come and go with the
/// host's activations ([`WindowEnd::paint`]).
#[must_use]
pub fn window() -> (Arc<WindowEnd>, Stage) {
    let shared = Arc::new(Shared::default());
    let (asked, gestures) = RingBuffer::new(GESTURES);
    let (show, shown) = triple_buffer::triple_buffer(&Snapshot::default());
    let front = Front::new(asked, shown);
    let end = WindowEnd { shared: Arc::clone(&shared), front: Mutex::new(front) };
    (Arc::new(end), Stage::new(shared, gestures, show))
}
