//! Which notes may be played next: the keys of late, and their neighbours, for as long as the timbre rests.

use crate::link::{EngineEnd, KEYS, Recipe};
use crate::units::MidiNote;

/// Keys that are remembered.
const RECENT: usize = 16;
/// Which keys around them, the likelier first: steps, then fifths and octaves.
const AROUND: [i16; 11] = [0, 1, -1, 2, -2, 12, -12, 7, -7, 5, -5];
/// The timbre rests when it has not moved for this long.
pub(super) const REST_MS: f32 = 50.0;

/// Asks the key cache for one start at a time, the likeliest first.
pub(super) struct Foresight {
    /// The keys of late, the latest first.
    recent: [Option<MidiNote>; RECENT],
    /// How far the list of likely keys has been asked for.
    asked: usize,
    /// Of which choice of model that was.
    generation: u64,
    /// When the timbre last moved, on the engine's clock.
    moved_at: u64,
    rest: u64,
}

impl Foresight {
    pub fn new(rest: usize) -> Self {
        Self { recent: [None; RECENT], asked: 0, generation: 0, moved_at: 0, rest: rest as u64 }
    }

    /// A key was played.
    pub fn heard(&mut self, key: MidiNote) {
        let place = self.recent.iter().position(|k| *k == Some(key)).unwrap_or(RECENT - 1);
        self.recent[..=place].rotate_right(1);
        self.recent[0] = Some(key);
        self.asked = 0;
    }

    /// What notes are made of has changed.
    pub fn moved(&mut self, clock: u64) {
        self.moved_at = clock;
        self.asked = 0;
    }

    /// Asks for the next start that is missing, if it is time. `recipe` tells what a key would be made of.
    pub fn look(&mut self, end: &mut EngineEnd, clock: u64, recipe: impl Fn(MidiNote) -> Option<Recipe>) {
        let Some(shelf) = end.shelf() else { return };
        shelf.receive();
        if self.generation != shelf.generation() {
            self.generation = shelf.generation();
            self.asked = 0;
        }
        if clock < self.moved_at + self.rest || self.asked == RECENT * AROUND.len() {
            return;
        }
        let rank = self.asked;
        if let Some(recipe) = self.likely(rank).and_then(recipe) {
            let dispensable = |shelf: &crate::link::Shelf| self.least_likely(shelf.keys(), rank);
            if !shelf.ask(recipe, dispensable) {
                return;
            }
        }
        self.asked += 1;
    }

    /// The key of a rank among those that may be played next.
    fn likely(&self, rank: usize) -> Option<MidiNote> {
        let key = i16::from(self.recent[rank % RECENT]?.number()) + AROUND[rank / RECENT];
        MidiNote::new(u8::try_from(key).ok()?).ok()
    }

    /// The key that may go for one of `rank`.
    fn least_likely(&self, keys: impl Iterator<Item = usize>, rank: usize) -> Option<usize> {
        let mut ranks = [usize::MAX; KEYS];
        for rank in (0..RECENT * AROUND.len()).rev() {
            if let Some(key) = self.likely(rank) {
                ranks[usize::from(key.number())] = rank;
            }
        }
        keys.filter(|&key| ranks[key] > rank).max_by_key(|&key| ranks[key])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: fn(u8) -> MidiNote = |n| MidiNote::new(n).unwrap();

    #[test]
    fn the_last_keys_come_first_and_then_their_neighbours() {
        let mut foresight = Foresight::new(0);
        for key in [60, 64, 60, 67] {
            foresight.heard(KEY(key));
        }
        let likely = |rank| foresight.likely(rank).map(MidiNote::number);
        assert_eq!([likely(0), likely(1), likely(2), likely(3)], [Some(67), Some(60), Some(64), None]);
        assert_eq!([likely(RECENT), likely(2 * RECENT)], [Some(68), Some(66)]);
    }

    #[test]
    fn what_is_less_likely_makes_room() {
        let mut foresight = Foresight::new(0);
        foresight.heard(KEY(60));
        assert_eq!(foresight.least_likely([30, 61, 60].into_iter(), 0), Some(30));
        assert_eq!(foresight.least_likely([61, 62].into_iter(), 0), Some(62));
        assert_eq!(foresight.least_likely([60, 61].into_iter(), 2 * RECENT), None);
    }

    #[test]
    fn keys_beyond_the_keyboard_are_passed_over() {
        let mut foresight = Foresight::new(0);
        foresight.heard(KEY(127));
        assert_eq!(foresight.likely(RECENT), None);
        assert_eq!(foresight.likely(2 * RECENT), Some(KEY(126)));
    }
}
