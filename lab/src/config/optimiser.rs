//! How a run follows its gradients.

use serde::{Deserialize, Serialize};

/// How a step is made of gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// Adam (Kingma & Ba, 2015).
    Adam,
    /// Muon (Jordan, 2024) for the layers' weights, Adam for the rest.
    Muon,
}

/// Warmed up, then along half a cosine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimiserConfig {
    /// Which rule makes steps of gradients.
    pub rule: Rule,
    /// Highest rate.
    pub rate: f64,
    /// Steps up to it.
    pub warm_up: u64,
    /// Share of it at the end.
    pub final_share: f64,
    /// Longest gradient.
    pub clip: f32,
    /// What weights lose of themselves in a step, relative to the rate.
    pub weight_decay: f32,
    /// Decay of the running average of the weights, which is what gets exported.
    pub average: f32,
}

impl Default for OptimiserConfig {
    fn default() -> Self {
        Self {
            rule: Rule::Muon,
            rate: 2.4e-3,
            warm_up: 50,
            final_share: 0.02,
            clip: 1.0,
            weight_decay: 0.02,
            average: 0.9985,
        }
    }
}

impl OptimiserConfig {
    /// The rate at `step` of `steps`.
    #[must_use]
    pub fn rate_at(&self, step: u64, steps: u64) -> f64 {
        if step < self.warm_up {
            return self.rate * (step + 1) as f64 / self.warm_up as f64;
        }
        let along = (step - self.warm_up) as f64 / (steps - self.warm_up.min(steps)).max(1) as f64;
        let cosine = 0.5 + 0.5 * (std::f64::consts::PI * along.min(1.0)).cos();
        self.rate * (self.final_share + (1.0 - self.final_share) * cosine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_then_falls_to_its_share() {
        let o = OptimiserConfig::default();
        assert!(o.rate_at(0, 1000) < o.rate_at(10, 1000));
        assert_eq!(o.rate_at(o.warm_up, 1000), o.rate);
        assert!((o.rate_at(1000, 1000) - o.rate * o.final_share).abs() < 1e-12);
    }
}
