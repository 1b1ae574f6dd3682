//! What a run minimises.

use serde::{Deserialize, Serialize};

use crate::mmd::Kernel;

/// What draws latent points towards the prior.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Regulariser {
    /// Maximum mean discrepancy with a Gaussian kernel, as in the paper.
    Rbf,
    /// Maximum mean discrepancy with the inverse multi-quadratic kernel (Tolstikhin et al., 2018).
    Imq,
    /// The Kullback-Leibler divergence of a variational auto-encoder (Kingma & Welling, 2014): the encoder draws its
    /// points from a normal distribution for each note. Its weight must be small, 1e-4 or so.
    Kl,
}

impl Regulariser {
    /// The kernel of a maximum mean discrepancy.
    #[must_use]
    pub fn kernel(self) -> Option<Kernel> {
        match self {
            Self::Rbf => Some(Kernel::Rbf),
            Self::Imq => Some(Kernel::Imq),
            Self::Kl => None,
        }
    }
}

/// The mean squared error, and with a weight each: the divergence from the prior, the errors of the onset's levels
/// (`onset`) and of the levels of all frames (`envelope`), that of reading the family from z (`family`), what notes of no
/// recording are out of tune (`tuning`) and too loud (`loud`), how uneven lines between points sound (`uneven`), what
/// points say of pitch (`dependence`), and the encoder's distance from refined points (`amortised`); less the error of
/// reading the pitch (`adversary`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LossConfig {
    /// The divergence from the prior.
    #[serde(alias = "kernel")]
    pub regulariser: Regulariser,
    /// Weight of the divergence.
    pub divergence: f64,
    /// Draws from the prior that a batch is compared with.
    pub prior_draws: usize,
    /// Further notes of a step that are placed and not decoded: what is known of how points lie comes from them too.
    pub placed: usize,
    /// Deviation of the noise on z.
    pub latent_noise: f32,
    /// Weight of the adversary's error.
    pub adversary: f64,
    /// The adversary's error counts up to this.
    pub adversary_ceiling: f32,
    /// The adversary's steps a step.
    pub adversary_steps: usize,
    /// Points of the last steps that the adversary learns from, this step's among them.
    pub adversary_memory: usize,
    /// Whether the adversary is told the instrument's family, so that it punishes only what tells pitches of one family
    /// apart.
    pub adversary_told_family: bool,
    /// Weight of the error in the onset's levels above 2 kHz.
    pub onset: f64,
    /// How long the onset is, in milliseconds.
    pub onset_ms: f32,
    /// Weight of the error in the levels of all frames.
    pub envelope: f64,
    /// Weight of the error of reading the family from z.
    pub family: f64,
    /// That error, in nats, below which it costs no less.
    pub family_floor: f64,
    /// Weight of what decoded notes are out of tune, at points and pitches drawn apart.
    pub tuning: f64,
    /// Weight of what the same notes are louder than recordings.
    pub loud: f64,
    /// Weight of how uneven steps are along lines between points.
    pub uneven: f64,
    /// Weight of what points and pitches depend on each other by.
    pub dependence: f64,
    /// Share of the steps, the last ones, of which every other one lets the decoder learn from refined points.
    pub refined: f64,
    /// Weight of the encoder's squared distance from them.
    pub amortised: f64,
}

impl Default for LossConfig {
    fn default() -> Self {
        Self {
            regulariser: Regulariser::Imq,
            divergence: 0.45,
            prior_draws: 256,
            placed: 24,
            latent_noise: 0.1,
            adversary: 0.08,
            adversary_ceiling: 2.0,
            adversary_steps: 2,
            adversary_memory: 0,
            adversary_told_family: false,
            onset: 0.08,
            onset_ms: 100.0,
            envelope: 0.02,
            family: 0.008,
            family_floor: 0.0,
            tuning: 0.025,
            loud: 0.1,
            uneven: 0.002,
            dependence: 1.0,
            refined: 0.4,
            amortised: 0.003,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TrainConfig;

    #[test]
    fn files_that_name_a_kernel_still_mean_it() {
        let config: TrainConfig = toml::from_str("[loss]\nkernel = \"rbf\"").unwrap();
        assert_eq!(config.loss.regulariser, Regulariser::Rbf);
    }
}
