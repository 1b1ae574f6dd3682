//! Gain changes on their way: with a look-ahead they are heard, like notes, after the latency.

/// Changes that can wait at once: one a block of 64 samples over the longest look-ahead at 192 kHz.
const WAITING: usize = 256;

/// A queue of gains by the sample at which they are due; in order, since the latency is added to a clock that only
/// goes forward. When it is full the latest change replaces the one before it: the ramp gets coarser, nothing else.
pub(super) struct DueGains {
    waiting: [(u64, f32); WAITING],
    first: usize,
    len: usize,
}

impl Default for DueGains {
    fn default() -> Self {
        Self { waiting: [(0, 0.0); WAITING], first: 0, len: 0 }
    }
}

impl DueGains {
    /// Adds a linear gain, due at sample `at`.
    pub fn push(&mut self, at: u64, gain: f32) {
        if self.len < WAITING {
            self.len += 1;
        }
        self.waiting[(self.first + self.len - 1) % WAITING] = (at, gain);
    }

    /// Takes the next gain that is due at `clock`, if one is.
    pub fn due(&mut self, clock: u64) -> Option<f32> {
        let (at, gain) = self.waiting[self.first];
        if self.len == 0 || at > clock {
            return None;
        }
        self.first = (self.first + 1) % WAITING;
        self.len -= 1;
        Some(gain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_come_in_order_at_their_time() {
        let mut gains = DueGains::default();
        gains.push(10, 0.5);
        gains.push(20, 0.25);
        assert_eq!(gains.due(9), None);
        assert_eq!(gains.due(10), Some(0.5));
        assert_eq!(gains.due(10), None);
        assert_eq!(gains.due(30), Some(0.25));
        assert_eq!(gains.due(30), None);
    }

    #[test]
    fn a_full_queue_keeps_the_latest() {
        let mut gains = DueGains::default();
        for n in 0..WAITING + 9 {
            gains.push(n as u64, n as f32);
        }
        let mut last = None;
        while let Some(gain) = gains.due(u64::MAX) {
            last = Some(gain);
        }
        assert_eq!(last, Some((WAITING + 8) as f32));
    }
}
