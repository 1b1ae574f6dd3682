//! How good a reconstruction is, in decibels.

use std::fmt;
use std::ops::Range;

use ukulelatent::dsp::metrics::{log_spectral_distance_db, spectral_convergence_db};
use ukulelatent::dsp::stft::Stft;

use crate::sounds::{Candidate, Sound};
use crate::{GEOMETRY, ONSET, SAMPLES};

/// Levels are compared down to this far below a note's loudest bin.
const LSD_FLOOR_DB: f32 = 80.0;
/// What is heard as the attack.
const ATTACK: Range<usize> = ONSET..ONSET + 128;
/// Where an echo before the attack would be: up to a hop ahead of it ...
const LONG_BEFORE: Range<usize> = 0..ONSET - GEOMETRY.hop;
/// ... and right before it.
const JUST_BEFORE: Range<usize> = ONSET - GEOMETRY.hop..ONSET;

/// One method's figures over all sounds, in decibels.
pub struct Heard {
    /// Spectral convergence to the sounds' own magnitudes: mean and worst.
    consistent: [f64; 2],
    /// Log-spectral distance to the same: mean.
    log_spectral: f64,
    /// Spectral convergence to magnitudes from the mel bank: mean and worst.
    from_mel: [f64; 2],
    /// Level of the attack against the original's: 10th, 50th and 90th percentile, and the share within 1 dB.
    attack: [f64; 3],
    attacks_within_1_db: f64,
    /// Level long and just before the onset against the attack's: medians.
    pre_echo: [f64; 2],
    /// Level at block edges against that in the middle of blocks: medians' and tenth percentiles' difference.
    edges: [f64; 2],
}

impl Heard {
    /// Above the columns of its `Display`.
    pub const HEADINGS: &'static str = "dB                           SC  worst   LSD  from mel  worst  attack p10   p50   p90  in 1 dB  echo long, just before  edges p50   p10";

    /// For the file.
    pub fn json(&self) -> serde_json::Value {
        let [p10, p50, p90] = self.attack;
        let finite = |x: f64| x.is_finite().then_some(x);
        serde_json::json!({
            "spectral_convergence_db": { "mean": self.consistent[0], "worst": self.consistent[1] },
            "log_spectral_distance_db": self.log_spectral,
            "from_mel_db": { "mean": self.from_mel[0], "worst": self.from_mel[1] },
            "attack_level_db": { "p10": p10, "p50": p50, "p90": p90, "share_within_1_db": self.attacks_within_1_db },
            "pre_echo_db": { "more_than_a_hop_before": self.pre_echo[0], "the_hop_before": self.pre_echo[1] },
            "block_edges_db": { "p50": finite(self.edges[0]), "p10": finite(self.edges[1]) },
        })
    }
}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { consistent: [mean, worst], from_mel, attack, pre_echo, edges, .. } = self;
        write!(f, "{mean:>7.1}{worst:>7.1}{:>6.2}{:>10.1}{:>7.1}", self.log_spectral, from_mel[0], from_mel[1])?;
        write!(f, "{:>12.2}{:>6.2}{:>6.2}", attack[0], attack[1], attack[2])?;
        write!(f, "{:>7.0} %{:>12.1}{:>12.1}", 100.0 * self.attacks_within_1_db, pre_echo[0], pre_echo[1])?;
        write!(f, "{:>11.2}{:>6.2}", edges[0], edges[1])
    }
}

/// Reconstructs every sound and listens.
pub fn hear(sounds: &[Sound], candidate: &mut Candidate) -> Heard {
    let Candidate { edges, run: method, .. } = candidate;
    let mut stft = Stft::new(GEOMETRY);
    let (mut consistent, mut from_mel, mut log_spectral) = (Vec::new(), Vec::new(), Vec::new());
    let (mut attack, mut pre_echo) = (Vec::new(), [Vec::new(), Vec::new()]);
    let (mut at_edges, mut between) = (Vec::new(), Vec::new());
    for sound in sounds {
        let signal = method(&sound.consistent);
        assert_eq!(signal.len(), SAMPLES);
        consistent.push(spectral_convergence_db(&mut stft, &signal, &sound.consistent));
        log_spectral.push(log_spectral_distance_db(&mut stft, &signal, &sound.consistent, LSD_FLOOR_DB));
        attack.push(level_db(&signal[ATTACK]) - level_db(&sound.original[ATTACK]));
        for (levels, span) in pre_echo.iter_mut().zip([LONG_BEFORE, JUST_BEFORE]) {
            levels.push(level_db(&signal[span]) - level_db(&sound.original[ATTACK]));
        }
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
    let within = attack.iter().filter(|gap| gap.abs() <= 1.0).count() as f64 / attack.len() as f64;
    Heard {
        consistent: [mean(&consistent), percentile(&mut consistent, 100)],
        log_spectral: mean(&log_spectral),
        from_mel: [mean(&from_mel), percentile(&mut from_mel, 100)],
        attack: [10, 50, 90].map(|p| percentile(&mut attack, p)),
        attacks_within_1_db: within,
        pre_echo: pre_echo.map(|mut levels| percentile(&mut levels, 50)),
        edges: [50, 10].map(|p| percentile(&mut at_edges, p) - percentile(&mut between, p)),
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
    values[((values.len() - 1) * percent + 50) / 100]
}
