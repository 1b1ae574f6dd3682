//! How good a reconstruction is, in decibels.

use std::fmt;
use std::ops::Range;

use ukulelatent::dsp::metrics::spectral_convergence_db;
use ukulelatent::dsp::stft::Stft;

use crate::sounds::{Candidate, Sound};
use crate::{GEOMETRY, ONSET, SAMPLES};

/// What is heard as the attack.
const ATTACK: Range<usize> = ONSET..ONSET + 128;
/// Where an echo before the attack would be: more than a hop ahead of it.
const BEFORE: Range<usize> = 0..ONSET - 256;

/// One method's figures over all sounds, in decibels.
pub struct Heard {
    /// Spectral convergence to the sounds' own magnitudes: mean and worst.
    consistent: [f64; 2],
    /// The same to magnitudes from the mel bank.
    from_mel: [f64; 2],
    /// Level of the attack against the original's: 10th, 50th and 90th percentile.
    attack: [f64; 3],
    /// Level before the onset against the attack's: median.
    pre_echo: f64,
    /// Level at block edges against that in the middle of blocks: difference of medians.
    edges: f64,
}

impl Heard {
    /// Above the columns of its `Display`.
    pub const HEADINGS: &'static str = "dB                          SC   worst      from mel   worst     attack p10    p50    p90   pre-echo    edges";

    /// For the file.
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "spectral_convergence_db": { "mean": self.consistent[0], "worst": self.consistent[1] },
            "from_mel_db": { "mean": self.from_mel[0], "worst": self.from_mel[1] },
            "attack_level_db": { "p10": self.attack[0], "p50": self.attack[1], "p90": self.attack[2] },
            "pre_echo_db": self.pre_echo,
            "block_edges_db": self.edges.is_finite().then_some(self.edges),
        })
    }
}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { consistent: [mean, worst], from_mel, attack, pre_echo, edges } = self;
        write!(f, "{mean:>8.1}{worst:>8.1}{:>14.1}{:>8.1}", from_mel[0], from_mel[1])?;
        write!(f, "{:>15.2}{:>7.2}{:>7.2}{pre_echo:>11.1}{edges:>9.2}", attack[0], attack[1], attack[2])
    }
}

/// Reconstructs every sound and listens.
pub fn hear(sounds: &[Sound], candidate: &mut Candidate) -> Heard {
    let Candidate { edges, run: method, .. } = candidate;
    let mut stft = Stft::new(GEOMETRY);
    let (mut consistent, mut from_mel) = (Vec::new(), Vec::new());
    let (mut attack, mut pre_echo) = (Vec::new(), Vec::new());
    let (mut at_edges, mut between) = (Vec::new(), Vec::new());
    for sound in sounds {
        let signal = method(&sound.consistent);
        assert_eq!(signal.len(), SAMPLES);
        consistent.push(spectral_convergence_db(&mut stft, &signal, &sound.consistent));
        attack.push(level_db(&signal[ATTACK]) - level_db(&sound.original[ATTACK]));
        pre_echo.push(level_db(&signal[BEFORE]) - level_db(&sound.original[ATTACK]));
        let deviation = |at: usize| {
            let span = at - 64..(at + 64).min(SAMPLES);
            level_db(&signal[span.clone()]) - level_db(&sound.original[span])
        };
        for edges in edges.windows(2) {
            at_edges.push(deviation(edges[0]));
            between.push(deviation((edges[0] + edges[1]) / 2));
        }
        let signal = method(&sound.from_mel);
        from_mel.push(spectral_convergence_db(&mut stft, &signal, &sound.from_mel));
    }
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    Heard {
        consistent: [mean(&consistent), percentile(&mut consistent, 100)],
        from_mel: [mean(&from_mel), percentile(&mut from_mel, 100)],
        attack: [10, 50, 90].map(|p| percentile(&mut attack, p)),
        pre_echo: percentile(&mut pre_echo, 50),
        edges: percentile(&mut at_edges, 50) - percentile(&mut between, 50),
    }
}

/// Mean level; the silence of a faded note counts as 300 dB down.
fn level_db(signal: &[f32]) -> f64 {
    let power = signal.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / signal.len() as f64;
    10.0 * power.max(1e-30).log10()
}

/// NaN if there are no values.
fn percentile(values: &mut [f64], percent: usize) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    values.sort_by(f64::total_cmp);
    values[(values.len() - 1) * percent / 100]
}
