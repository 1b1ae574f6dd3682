//! Recognises a host that bounces without saying so.
//!
//! Some hosts export a track faster than it would play and still call it real time. The engine would not wait for its
//! notes then, and the export would be silent. Audio time that runs ahead of the clock gives them away.

use std::time::{Duration, Instant};

use crate::units::SampleRate;

/// No host that plays to someone is this far ahead of the clock: its buffers would hold as much.
const BOUNCING: f64 = 2.0;
/// What lies further ahead is not counted: a host that goes back to playing is soon believed.
const FURTHEST: f64 = 3.0;
/// Share of the time that passes by which the lead shrinks of itself, for the same reason.
const LEAK: f64 = 0.1;
/// The longest wait in one call: a host that waits for us longer may think us dead.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// How far the host's audio time is ahead of the clock. `Instant::now` reads the monotonic clock from memory that the
/// kernel shares with every process on the systems that matter here (the vDSO on Linux): no system call.
#[derive(Default)]
pub(super) struct Pace {
    last_call: Option<Instant>,
    ahead: f64,
}

impl Pace {
    /// The host asks for `samples` now. Returns until when their notes may be waited for, if it is bouncing.
    pub fn called(&mut self, samples: usize, rate: SampleRate) -> Option<Instant> {
        self.called_at(Instant::now(), samples, rate)
    }

    fn called_at(&mut self, now: Instant, samples: usize, rate: SampleRate) -> Option<Instant> {
        let elapsed = self.last_call.map_or(0.0, |last| now.saturating_duration_since(last).as_secs_f64());
        self.last_call = Some(now);
        self.ahead = (self.ahead - elapsed * (1.0 + LEAK)).max(0.0) + rate.seconds(samples);
        let bouncing = self.ahead >= BOUNCING;
        self.ahead = self.ahead.min(FURTHEST);
        bouncing.then(|| now + LONGEST_WAIT)
    }

    /// The call has ended. Time that it took is ours, not the host's.
    pub fn returned(&mut self) {
        self.last_call = Some(Instant::now());
    }

    /// The host jumped: what was is no guide.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a host that calls for 10 ms every `interval_ms`, for `calls` times, is taken to be bouncing at the end.
    fn is_bouncing(pace: &mut Pace, now: &mut Instant, interval_ms: u64, calls: usize) -> bool {
        let rate = SampleRate::new(48_000.0).unwrap();
        let mut bouncing = false;
        for _ in 0..calls {
            *now += Duration::from_millis(interval_ms);
            bouncing = pace.called_at(*now, 480, rate).is_some();
        }
        bouncing
    }

    #[test]
    fn a_host_in_real_time_is_never_taken_for_one_that_bounces() {
        let (mut pace, mut now) = (Pace::default(), Instant::now());
        assert!(!is_bouncing(&mut pace, &mut now, 10, 100_000));
        // It fills its buffers, half a second of them, and goes on.
        assert!(!is_bouncing(&mut pace, &mut now, 0, 50));
        assert!(!is_bouncing(&mut pace, &mut now, 10, 1000));
    }

    #[test]
    fn a_host_that_runs_ahead_is_recognised_and_believed_again_when_it_plays() {
        let (mut pace, mut now) = (Pace::default(), Instant::now());
        assert!(!is_bouncing(&mut pace, &mut now, 1, 200));
        assert!(is_bouncing(&mut pace, &mut now, 1, 100));
        assert!(!is_bouncing(&mut pace, &mut now, 10, 1200));
    }
}
