//! Changes on their way: with a look-ahead they are heard, like notes, after the latency.

/// Changes that can wait at once: one a block of 64 samples over the longest look-ahead at 192 kHz, and some.
const WAITING: usize = 512;

/// A queue of changes by the sample at which they are due; in order, since the latency is added to a clock that only
/// goes forward.
pub(super) struct Due<T> {
    waiting: [(u64, T); WAITING],
    first: usize,
    len: usize,
}

impl<T: Copy> Due<T> {
    /// Nothing waits. `filler` is never handed out.
    pub fn new(filler: T) -> Self {
        Self { waiting: [(0, filler); WAITING], first: 0, len: 0 }
    }

    /// Forgets what waits.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds a change, due at sample `at`. When the queue is full, it gives back the one that was due first, to be
    /// made at once: some changes come early then, none is lost.
    pub fn push(&mut self, at: u64, change: T) -> Option<T> {
        let pushed_out = if self.len == WAITING { self.due(u64::MAX) } else { None };
        self.waiting[(self.first + self.len) % WAITING] = (at, change);
        self.len += 1;
        pushed_out
    }

    /// Takes the next change that is due at `clock`, if one is.
    pub fn due(&mut self, clock: u64) -> Option<T> {
        if self.next_at()? > clock {
            return None;
        }
        let (_, change) = self.waiting[self.first];
        self.first = (self.first + 1) % WAITING;
        self.len -= 1;
        Some(change)
    }

    /// When the next one is due.
    pub fn next_at(&self) -> Option<u64> {
        (self.len > 0).then(|| self.waiting[self.first].0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_come_in_order_at_their_time() {
        let mut gains = Due::new(0.0);
        gains.push(10, 0.5);
        gains.push(20, 0.25);
        assert_eq!(gains.due(9), None);
        assert_eq!(gains.due(10), Some(0.5));
        assert_eq!(gains.due(10), None);
        assert_eq!(gains.next_at(), Some(20));
        assert_eq!(gains.due(30), Some(0.25));
        assert_eq!(gains.due(30), None);
    }

    #[test]
    fn a_full_queue_loses_nothing() {
        let mut changes = Due::new(0);
        let pushed_out: Vec<usize> = (0..WAITING + 9).filter_map(|n| changes.push(n as u64, n)).collect();
        assert_eq!(pushed_out, (0..9).collect::<Vec<usize>>());
        let kept: Vec<usize> = std::iter::from_fn(|| changes.due(u64::MAX)).collect();
        assert_eq!(kept, (9..WAITING + 9).collect::<Vec<usize>>());
    }
}
