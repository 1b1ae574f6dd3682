//! What goes on, for whoever wants to know.

use std::sync::atomic::AtomicU32;

use atomic_float::AtomicF32;

/// (audio, workers -> anyone) Counts and levels. Written with relaxed stores but where a field says more.
#[derive(Debug, Default)]
pub struct Meters {
    /// Notes whose first sample came after its time.
    pub late_notes: AtomicU32,
    /// Notes whose first sample has sounded, and how many samples the last of them came after its time: the delay is
    /// written first.
    pub started_notes: AtomicU32,
    /// See [`Meters::started_notes`].
    pub last_delay: AtomicU32,
    /// Releases cut short because other notes had no samples.
    pub shed_releases: AtomicU32,
    /// Changes of timbre that took effect later than they should.
    pub late_changes: AtomicU32,
    /// Times a sounding note's stream ran dry and did not end there.
    pub dry_streams: AtomicU32,
    /// Notes that began late or ran dry, however often, and did not fail in the end.
    pub missed_notes: AtomicU32,
    /// Notes that no worker could make, or make to their end, and that were wanted that long.
    pub failed_notes: AtomicU32,
    /// Notes that began from the key cache.
    pub cache_hits: AtomicU32,
    /// Starts of notes in the key cache, and the memory that is set aside for all that fit, in bytes.
    pub cached_starts: AtomicU32,
    /// See [`Meters::cached_starts`].
    pub cache_bytes: AtomicU32,
    /// Share of one core that the key cache took lately, 0 to 1.
    pub cache_cpu: AtomicF32,
    /// Voices sounding or waiting to.
    pub voices: AtomicU32,
    /// Highest absolute sample since the reader last took it.
    pub peak: AtomicF32,
}
