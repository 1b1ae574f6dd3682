//! How much work reconstruction does, and how it is spread over a stream.

use serde::{Deserialize, Serialize};

/// How much work is put into the sound. It belongs to the instrument, never to the render mode: a bounce is what
/// was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    /// For many voices on a slow machine.
    Draft,
    /// The balance for playing.
    #[default]
    Play,
    /// As close to the spectrogram as a few more milliseconds allow.
    Fine,
}

/// One block's share of the work, in frames and iterations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Frames in the block.
    pub frames: usize,
    /// Of these, how many become final. At least two fewer than `frames`: the next block starts from them.
    pub commit: usize,
    /// Iterations of fast Griffin-Lim.
    pub iterations: usize,
}

const fn effort(frames: usize, commit: usize, iterations: usize) -> Effort {
    Effort { frames, commit, iterations }
}

/// A stream's blocks: the opening, the one after it, and all others.
type Schedule = [Effort; 3];

/// Found by search over real plucked strings, whose windows overlap eightfold. Work on the first frames pays for the
/// whole note: later blocks build on their phases, and the attack holds most of the energy. A short opening with
/// many iterations is nearer to its magnitudes than a long one of the same cost. It commits four frames, 1024
/// samples of 2048/256: past the onset, so that it can be heard.
const DRAFT: Schedule = [effort(7, 4, 18), effort(8, 4, 16), effort(8, 4, 3)];
const PLAY: Schedule = [effort(7, 4, 37), effort(10, 4, 48), effort(12, 6, 10)];
const FINE: Schedule = [effort(16, 4, 160), effort(16, 4, 40), effort(16, 4, 20)];

/// Frames of the longest block of any quality.
pub(super) const LONGEST_BLOCK: usize = {
    let (schedules, mut longest, mut i) = ([DRAFT, PLAY, FINE], 0, 0);
    while i < 9 {
        let Effort { frames, commit, iterations } = schedules[i / 3][i % 3];
        assert!(frames >= commit + 2 && commit > 0 && iterations > 0);
        // A block begins with the frames that the one before refined and did not commit.
        assert!(i % 3 == 2 || schedules[i / 3][i % 3 + 1].frames >= frames - commit);
        longest = if frames > longest { frames } else { longest };
        i += 1;
    }
    longest
};

impl Quality {
    /// All of them, from the least work to the most.
    pub const ALL: [Self; 3] = [Self::Draft, Self::Play, Self::Fine];

    /// The effort for block number `block` of a stream.
    pub(super) const fn effort(self, block: usize) -> Effort {
        let schedule = match self {
            Self::Draft => DRAFT,
            Self::Play => PLAY,
            Self::Fine => FINE,
        };
        schedule[if block < schedule.len() { block } else { schedule.len() - 1 }]
    }

    /// Frames, counted from a sample's own, that a stream needs before the sample is final.
    #[must_use]
    pub fn look_ahead(self) -> usize {
        (0..3).map(|block| self.effort(block).frames).max().unwrap_or(0) + 1
    }

    /// Forward and inverse transforms that a stream of `frames` costs, in pairs: the physical limit of its speed.
    #[must_use]
    pub fn transform_pairs(self, frames: usize) -> usize {
        let mut phased = 0;
        let transforms = self.blocks(frames).map(|(active, effort)| {
            let seeded = active - phased;
            phased = active - effort.commit;
            2 * active * effort.iterations + seeded
        });
        transforms.sum::<usize>() / 2
    }

    /// The frames of a stream of `frames` at which its blocks end: where an edge would be heard, if there were one.
    #[must_use]
    pub fn block_edges(self, frames: usize) -> Vec<usize> {
        let mut edge = 0;
        self.blocks(frames)
            .map(|(_, effort)| {
                edge += effort.commit;
                edge
            })
            .collect()
    }

    /// The blocks of a stream of `frames`: how many frames each works on, and its effort; the last one commits all.
    fn blocks(self, frames: usize) -> impl Iterator<Item = (usize, Effort)> {
        let (mut left, mut block) = (frames, 0);
        std::iter::from_fn(move || {
            let effort = self.effort(block);
            let last = left <= effort.frames;
            let (active, commit) = if last { (left, left) } else { (effort.frames, effort.commit) };
            (block, left) = (block + 1, left - commit);
            (active > 0).then_some((active, Effort { commit, ..effort }))
        })
    }
}
