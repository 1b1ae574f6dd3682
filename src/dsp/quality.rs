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

impl Quality {
    /// The first block's effort and that of all others. Work on the first block pays twice: later ones build on it.
    pub(super) const fn efforts(self) -> (Effort, Effort) {
        match self {
            Self::Draft => (effort(8, 4, 16), effort(8, 4, 4)),
            Self::Play => (effort(8, 4, 29), effort(12, 6, 8)),
            Self::Fine => (effort(16, 4, 160), effort(16, 4, 20)),
        }
    }

    /// Frames, counted from a sample's own, that a stream needs before the sample is final.
    #[must_use]
    pub fn look_ahead(self) -> usize {
        let (first, rest) = self.efforts();
        first.frames.max(rest.frames) + 1
    }

    /// Forward and inverse transforms that a stream of `frames` costs, in pairs: the physical limit of its speed.
    #[must_use]
    pub fn transform_pairs(self, frames: usize) -> usize {
        let (first, rest) = self.efforts();
        let (mut halves, mut phased, mut committed) = (0, 0, 0);
        while committed < frames {
            let effort = if committed == 0 { first } else { rest };
            let left = frames - committed;
            let (active, commit) =
                if left > effort.frames { (effort.frames, effort.commit) } else { (left, left) };
            halves += 2 * active * effort.iterations + active - phased;
            (phased, committed) = (active - commit, committed + commit);
        }
        halves / 2
    }
}
