//! A run's losses as it makes them, on the terminal: a bar with the time left, the figures, and a curve in one line.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::curves::Row;
use crate::training::{ROW_STEPS, Run};

/// Characters of the curve.
const CURVE: usize = 40;
/// From low to high.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Where nobody watches, as in a log, a line is printed this often.
const LINE_EVERY: Duration = Duration::from_secs(60);

/// The display of one run.
pub struct Live {
    bar: ProgressBar,
    printed: Instant,
}

impl Live {
    /// Begins where the run stands.
    ///
    /// # Panics
    /// Never: the template is valid.
    #[must_use]
    pub fn new(run: &Run) -> Self {
        let template = "{bar:40} {pos}/{len} steps, {eta} left\n{msg}";
        let bar = ProgressBar::new(run.record.config.steps)
            .with_style(ProgressStyle::with_template(template).expect("a valid template"));
        bar.set_position(run.step);
        bar.reset_eta();
        Self { bar, printed: Instant::now() }
    }

    /// Shows the run after a step.
    pub fn show(&mut self, run: &Run) {
        self.bar.set_position(run.step);
        if !run.step.is_multiple_of(ROW_STEPS) {
            return;
        }
        let Some(figures) = figures(&run.rows) else { return };
        if self.bar.is_hidden() && self.printed.elapsed() >= LINE_EVERY {
            self.printed = Instant::now();
            eprintln!("{}/{} steps  {figures}", run.step, run.record.config.steps);
        }
        let errors: Vec<f64> = run.rows.iter().map(|row| row.mse).collect();
        self.bar.set_message(format!("{}  {figures}", curve(&errors)));
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.bar.finish();
    }
}

/// The latest of each figure.
fn figures(rows: &[Row]) -> Option<String> {
    let row = rows.last()?;
    let validation = rows.iter().rev().map(|r| r.validation).find(|v| !v.is_nan());
    let validation = validation.map_or(String::new(), |v| format!("  validation {v:.4}"));
    Some(format!("mse {:.4}{validation}  mmd {:.4}  adversary {:.2}", row.mse, row.divergence, row.adversary))
}

/// Values as a curve, on a logarithmic scale; each character is the mean of its share of them.
fn curve(values: &[f64]) -> String {
    let count = values.len().min(CURVE);
    let share = |i: usize| &values[i * values.len() / count..(i + 1) * values.len() / count];
    let means: Vec<f64> =
        (0..count).map(|i| (share(i).iter().sum::<f64>() / share(i).len() as f64).max(1e-12).ln()).collect();
    let (low, high) = means.iter().fold((f64::MAX, f64::MIN), |(low, high), &m| (low.min(m), high.max(m)));
    let level = |m: &f64| ((m - low) / (high - low).max(1e-9) * (LEVELS.len() - 1) as f64).round() as usize;
    means.iter().map(|m| LEVELS[level(m).min(LEVELS.len() - 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_falls_from_its_first_value_to_its_last() {
        let falling: Vec<f64> = (0..200).map(|i| (-f64::from(i) / 40.0).exp()).collect();
        let curve = curve(&falling);
        assert_eq!(curve.chars().count(), CURVE);
        assert!(curve.starts_with('█') && curve.ends_with('▁'), "{curve}");
    }

    #[test]
    fn few_values_make_a_short_curve() {
        assert_eq!(curve(&[]), "");
        assert_eq!(curve(&[0.5]).chars().count(), 1);
    }
}
