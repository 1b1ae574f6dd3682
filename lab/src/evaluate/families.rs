//! Whether z carries timbre: neighbours should be of a family.

use std::collections::BTreeMap;

use serde::Serialize;

use super::leak::nearest_of;
use super::subject::{Encoding, Unseen};
use crate::features::FeatureSet;

/// Neighbours that vote.
const NEIGHBOURS: usize = 5;

/// Families told from z.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Families {
    /// How many there are.
    pub families: usize,
    /// Share of the commonest.
    pub majority: f64,
    /// Share of the recordings that training never saw whose family the 5 nearest others name.
    pub accuracy: f64,
    /// The same for all recordings, each among all others.
    pub accuracy_all: f64,
}

/// Lets neighbours vote. A recording never votes for itself.
#[must_use]
pub fn measure(encodings: &[Encoding], unseen: &[Unseen], features: &FeatureSet) -> Families {
    let labelled: Vec<(usize, &Encoding)> =
        encodings.iter().filter_map(|e| e.entry.map(|entry| (entry, e))).collect();
    let family = |entry: usize| features.entries[entry].family.as_str();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    labelled.iter().for_each(|(entry, _)| *counts.entry(family(*entry)).or_default() += 1);
    let right = |&(entry, encoding): &(usize, &Encoding)| {
        let others: Vec<_> = labelled.iter().filter(|(other, _)| *other != entry).collect();
        let near = nearest_of(others.iter().map(|(_, e)| &e.z), &encoding.z, NEIGHBOURS);
        let votes: Vec<&str> = near.iter().map(|&i| family(others[i].0)).collect();
        winner(&votes) == Some(family(entry))
    };
    let share = |of: &mut dyn Iterator<Item = bool>| {
        let (mut right, mut all) = (0usize, 0usize);
        of.for_each(|r| (right, all) = (right + usize::from(r), all + 1));
        right as f64 / all as f64
    };
    let is_unseen = |entry: usize| unseen.iter().any(|u| u.entry == entry);
    Families {
        families: counts.len(),
        majority: counts.values().max().copied().unwrap_or(0) as f64 / labelled.len() as f64,
        accuracy: share(&mut labelled.iter().filter(|(entry, _)| is_unseen(*entry)).map(right)),
        accuracy_all: share(&mut labelled.iter().map(right)),
    }
}

/// The commonest vote; among equals that of the nearest.
fn winner<'a>(votes: &[&'a str]) -> Option<&'a str> {
    let count = |name: &str| votes.iter().filter(|vote| **vote == name).count();
    let most = votes.iter().map(|vote| count(vote)).max()?;
    votes.iter().copied().find(|vote| count(vote) == most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commonest_vote_wins_and_the_nearest_among_equals() {
        assert_eq!(winner(&["a", "b", "b"]), Some("b"));
        assert_eq!(winner(&["a", "b", "b", "a", "c"]), Some("a"));
        assert_eq!(winner(&[]), None);
    }
}
