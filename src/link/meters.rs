//! What goes on, for whoever wants to know.

use std::sync::atomic::AtomicU32;

use atomic_float::AtomicF32;

/// (audio, workers -> anyone) Counts and levels. Written with relaxed stores; nothing hangs on their order.
#[derive(Debug, Default)]
pub struct Meters {
    /// Notes whose first sample came after its time.
    pub late_notes: AtomicU32,
    /// Changes of timbre that took effect later than they should.
    pub late_changes: AtomicU32,
    /// Times a sounding note's stream ran dry.
    pub dry_streams: AtomicU32,
    /// Notes that a worker could not make.
    pub failed_notes: AtomicU32,
    /// Voices sounding or waiting to.
    pub voices: AtomicU32,
    /// Highest absolute sample since the reader last took it.
    pub peak: AtomicF32,
}
