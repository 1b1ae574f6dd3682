//! Which voice yields when a note comes and none is free.

/// What the choice looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Whether its key is up.
    pub released: bool,
    /// Its envelope times its velocity: how loud it may still be.
    pub level: f32,
    /// Counts up with every note: lower is older.
    pub serial: u64,
}

/// The place of the voice that will be missed least: the quietest of those already released, else the oldest.
/// `None` if there are no candidates.
pub fn choose(candidates: impl Iterator<Item = (usize, Candidate)>) -> Option<usize> {
    candidates
        .min_by(|(_, a), (_, b)| {
            // Released ones first (false < true, hence the negation), then by level, then by age.
            let by_level =
                if a.released && b.released { a.level.total_cmp(&b.level) } else { std::cmp::Ordering::Equal };
            (!a.released).cmp(&!b.released).then(by_level).then(a.serial.cmp(&b.serial))
        })
        .map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(voices: &[(bool, f32, u64)]) -> Option<usize> {
        let candidate = |&(released, level, serial)| Candidate { released, level, serial };
        choose(voices.iter().map(candidate).enumerate())
    }

    #[test]
    fn the_quietest_released_voice_yields_first() {
        assert_eq!(chosen(&[(false, 0.1, 0), (true, 0.8, 1), (true, 0.3, 2)]), Some(2));
    }

    #[test]
    fn with_all_keys_down_the_oldest_yields() {
        assert_eq!(chosen(&[(false, 0.1, 5), (false, 0.9, 2), (false, 0.2, 9)]), Some(1));
    }

    #[test]
    fn there_may_be_no_one_to_yield() {
        assert_eq!(chosen(&[]), None);
    }
}
