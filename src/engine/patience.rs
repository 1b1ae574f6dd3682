//! How the audio thread waits for a worker where it may wait at all: offline, and for a host that bounces in disguise.

/// Politely, then asleep, so that the worker gets the core.
#[derive(Default)]
pub(super) struct Patience {
    turns: u32,
}

impl Patience {
    const POLITE_TURNS: u32 = 16;

    pub fn wait(&mut self) {
        self.turns += 1;
        if self.turns <= Self::POLITE_TURNS {
            std::thread::yield_now();
        } else {
            std::thread::sleep(std::time::Duration::from_micros(100));
        }
    }
}
