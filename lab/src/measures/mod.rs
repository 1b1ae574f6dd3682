//! What one hears in a plucked note, as numbers: brightness, decay, attack noise, inharmonicity. The same measures
//! describe recordings, reconstructions and the axes of a latent space.

mod attack;
mod brightness;
mod decay;
mod inharmonicity;
mod spectrum;
#[cfg(test)]
mod testing;

use serde::Serialize;
use ukulelatent::units::{MidiNote, SampleRate};

pub use attack::{ATTACK_MS, attack_level_db};
pub use decay::Envelope;

/// One note's sound, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Sound<'a> {
    /// Samples from the beginning of the recording, silence before the onset included.
    pub samples: &'a [f32],
    /// Their rate.
    pub rate: SampleRate,
    /// The sample at which the note begins.
    pub onset: usize,
    /// The note.
    pub note: MidiNote,
}

impl<'a> Sound<'a> {
    /// What sounds from the onset on, `ms` milliseconds of it at most.
    fn first(&self, ms: f32) -> &'a [f32] {
        let from = self.onset.min(self.samples.len());
        let to = (from + self.rate.samples_in_ms(ms)).min(self.samples.len());
        &self.samples[from..to]
    }
}

/// A quality of sound that an axis can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Octaves from the fundamental to the spectral centroid.
    Brightness,
    /// Decades of seconds: the logarithm of the time to fall by 60 dB.
    Decay,
    /// Decibels by which the first 40 ms are louder above 2 kHz than what follows.
    AttackNoise,
    /// Cents by which the tenth partial is sharp of ten times the first.
    Inharmonicity,
}

impl Quality {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Brightness, Self::Decay, Self::AttackNoise, Self::Inharmonicity];

    /// As people read it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Brightness => "brightness",
            Self::Decay => "decay",
            Self::AttackNoise => "attack noise",
            Self::Inharmonicity => "inharmonicity",
        }
    }

    /// What its numbers count.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Brightness => "octaves",
            Self::Decay => "decades",
            Self::AttackNoise => "dB",
            Self::Inharmonicity => "cents",
        }
    }
}

/// All qualities of one note, in the order of [`Quality::ALL`]; not a number where a quality cannot be measured.
pub type Qualities = [f64; Quality::ALL.len()];

/// Measures a note.
#[must_use]
pub fn qualities(sound: &Sound<'_>) -> Qualities {
    [
        brightness::octaves_above_fundamental(sound),
        decay::t60_s(sound).log10(),
        attack::noise_db(sound),
        inharmonicity::cents_at_partial_ten(sound),
    ]
}
