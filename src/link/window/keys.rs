//! Sets of keys.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::units::MidiNote;

/// Some of the 128 keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeySet(pub u128);

impl KeySet {
    /// Adds a key.
    pub fn insert(&mut self, key: MidiNote) {
        self.0 |= 1 << key.number();
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: MidiNote) {
        self.0 &= !(1 << key.number());
    }

    /// Whether a key is one of them.
    #[must_use]
    pub fn contains(self, key: MidiNote) -> bool {
        self.0 & (1 << key.number()) != 0
    }

    /// How many there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// One after another, the lowest first.
    pub fn iter(self) -> impl Iterator<Item = MidiNote> {
        (0..=127).filter_map(|number| MidiNote::new(number).ok()).filter(move |&key| self.contains(key))
    }
}

/// Keys that one thread sets and others look at.
#[derive(Default)]
pub(super) struct AtomicKeys([AtomicU64; 2]);

impl AtomicKeys {
    pub fn set(&self, key: MidiNote, is_in: bool) {
        let (half, bit) = (usize::from(key.number() / 64), 1 << (key.number() % 64));
        if is_in {
            self.0[half].fetch_or(bit, Ordering::Release);
        } else {
            self.0[half].fetch_and(!bit, Ordering::Release);
        }
    }

    pub fn clear(&self) {
        self.0.iter().for_each(|half| half.store(0, Ordering::Release));
    }

    pub fn get(&self) -> KeySet {
        let [low, high] = [&self.0[0], &self.0[1]].map(|half| u128::from(half.load(Ordering::Acquire)));
        KeySet(low | high << 64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_in_and_out() {
        let key = |number| MidiNote::new(number).unwrap();
        let (mut set, shared) = (KeySet::default(), AtomicKeys::default());
        for number in [0, 63, 64, 127] {
            set.insert(key(number));
            shared.set(key(number), true);
        }
        assert_eq!(shared.get(), set);
        assert_eq!(set.iter().map(MidiNote::number).collect::<Vec<_>>(), [0, 63, 64, 127]);
        shared.set(key(64), false);
        set.remove(key(64));
        assert_eq!((shared.get(), set.len()), (set, 3));
        shared.clear();
        assert!(shared.get().is_empty());
    }
}
