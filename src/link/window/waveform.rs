//! The latest sound, as a window draws it: its lowest and highest sample, stretch by stretch.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};

/// Stretches that are remembered: a power of two.
pub(super) const STRETCHES: usize = 1024;

/// The lowest and the highest sample of a stretch, of both channels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Extremes {
    /// The lowest.
    pub low: f32,
    /// The highest.
    pub high: f32,
}

/// (audio -> window) The latest stretches. Each is written whole; a reader may find the oldest ones newer than the rest.
pub(super) struct Waveform {
    stretches: [AtomicU64; STRETCHES],
    written: AtomicU64,
}

impl Default for Waveform {
    fn default() -> Self {
        Self { stretches: array::from_fn(|_| AtomicU64::new(0)), written: AtomicU64::new(0) }
    }
}

impl Waveform {
    /// Adds a stretch.
    pub fn push(&self, Extremes { low, high }: Extremes) {
        let written = self.written.load(Ordering::Relaxed);
        let packed = u64::from(low.to_bits()) | u64::from(high.to_bits()) << 32;
        self.stretches[written as usize % STRETCHES].store(packed, Ordering::Relaxed);
        self.written.store(written + 1, Ordering::Release);
    }

    /// Fills `out` with the latest stretches, the newest last; what is older than the first is silence.
    pub fn read(&self, out: &mut [Extremes]) {
        let written = self.written.load(Ordering::Acquire);
        for (age, place) in (1..).zip(out.iter_mut().rev()) {
            *place = match written.checked_sub(age) {
                Some(index) if age <= STRETCHES as u64 => {
                    let packed = self.stretches[index as usize % STRETCHES].load(Ordering::Relaxed);
                    Extremes { low: f32::from_bits(packed as u32), high: f32::from_bits((packed >> 32) as u32) }
                }
                _ => Extremes::default(),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_come_last_and_before_the_first_is_silence() {
        let waveform = Waveform::default();
        let stretch = |n: usize| Extremes { low: -(n as f32), high: n as f32 };
        (1..=3).for_each(|n| waveform.push(stretch(n)));
        let mut out = [stretch(9); 5];
        waveform.read(&mut out);
        assert_eq!(out, [0, 0, 1, 2, 3].map(stretch));
        (4..=STRETCHES + 9).for_each(|n| waveform.push(stretch(n)));
        waveform.read(&mut out);
        assert_eq!((out[0], out[4]), (stretch(STRETCHES + 5), stretch(STRETCHES + 9)));
        let mut all = vec![stretch(1); STRETCHES + 2];
        waveform.read(&mut all);
        assert_eq!((all[1], all[2]), (Extremes::default(), stretch(10)));
    }
}
