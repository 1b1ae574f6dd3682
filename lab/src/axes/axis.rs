//! One axis, and how it is named and described.

use serde::{Deserialize, Serialize};

use crate::evaluate::sweeps::Course;
use crate::measures::Quality;

/// A quality that rises or falls less clearly does not name an axis.
const CLEAR: f64 = 0.6;

/// One axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// What one hears along it, in a word or two.
    pub label: String,
    /// Where the model sounds good.
    pub range: [f32; 2],
    /// What was measured, in a sentence.
    pub description: String,
    /// Mean squared change of the normalised mel spectrogram from -2 to +2.
    pub sensitivity: f64,
    /// Each quality's course over the range, in the order of [`Quality::ALL`].
    pub courses: [Course; Quality::ALL.len()],
}

impl Axis {
    pub(super) fn named_after(&self) -> Option<Quality> {
        Quality::ALL.into_iter().find(|quality| self.label == quality.name())
    }

    /// The same axis with its ends exchanged.
    pub(super) fn turned_round(self) -> Self {
        let [low, high] = self.range;
        let courses = self.courses.map(|c| Course { spearman: -c.spearman, change: -c.change, span: c.span });
        Self { range: [-high, -low], description: sentence(&courses), courses, ..self }
    }
}

/// The quality that the axis was turned to, or else the one with the clearest course.
pub(super) fn label(courses: &[Course; Quality::ALL.len()], meant: Quality) -> String {
    let clear = |q: Quality| courses[q as usize].spearman.abs();
    let named = |&q: &Quality| clear(q) >= CLEAR;
    let clearest = || Quality::ALL.into_iter().filter(named).max_by(|&a, &b| clear(a).total_cmp(&clear(b)));
    let clearest = Some(meant).filter(named).or_else(clearest);
    clearest.map_or("timbre", Quality::name).to_owned()
}

/// Axes that would be called the same are told apart: the clearer one keeps the name.
pub(super) fn distinct(mut axes: Vec<Axis>) -> Vec<Axis> {
    for quality in Quality::ALL {
        let mut named: Vec<usize> = (0..axes.len()).filter(|&i| axes[i].label == quality.name()).collect();
        let clear = |i: usize| axes[i].courses[quality as usize].spearman.abs();
        named.sort_by(|&a, &b| clear(b).total_cmp(&clear(a)));
        for (place, i) in named.into_iter().enumerate().skip(1) {
            axes[i].label = format!("{} {}", quality.name(), place + 1);
        }
    }
    axes
}

pub(super) fn sentence(courses: &[Course; Quality::ALL.len()]) -> String {
    let part = |q: Quality| {
        let course = courses[q as usize];
        let rising = if course.spearman.is_finite() { format!("{:+.2}", course.spearman) } else { "none".into() };
        format!("{} {:+.2} {} (Spearman {rising})", q.name(), course.change, q.unit())
    };
    let measured = Quality::ALL.into_iter().filter(|&q| courses[q as usize].change.is_finite());
    format!("From end to end: {}.", measured.map(part).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(label: &str, spearman: [f64; 4]) -> Axis {
        let courses = spearman.map(|spearman| Course { spearman, change: spearman, span: 1.0 });
        Axis { label: label.into(), range: [-3.0, 3.0], description: String::new(), sensitivity: 0.0, courses }
    }

    #[test]
    fn an_axis_is_named_after_what_it_was_turned_to_or_its_clearest_quality_or_not_at_all() {
        let courses = axis("", [0.7, -0.9, f64::NAN, 0.1]).courses;
        assert_eq!(label(&courses, Quality::Brightness), "brightness");
        assert_eq!(label(&courses, Quality::AttackNoise), "decay");
        assert_eq!(label(&axis("", [0.5, -0.4, 0.2, 0.1]).courses, Quality::Decay), "timbre");
    }

    #[test]
    fn an_axis_turned_round_has_its_ends_exchanged() {
        let turned = Axis { range: [-3.0, 2.0], ..axis("decay", [0.1, -0.8, 0.0, 0.0]) }.turned_round();
        assert_eq!((turned.range, turned.courses[1].spearman), ([-2.0, 3.0], 0.8));
    }

    #[test]
    fn two_axes_of_one_name_are_told_apart() {
        let axes = distinct(vec![axis("decay", [0.0, 0.8, 0.0, 0.0]), axis("decay", [0.0, 0.9, 0.0, 0.0])]);
        assert_eq!((axes[0].label.as_str(), axes[1].label.as_str()), ("decay 2", "decay"));
    }

    #[test]
    fn an_axis_along_which_a_quality_rests_can_be_read_again() {
        let axis = axis("decay", [0.1, 0.9, f64::NAN, 0.0]);
        let read: Axis = serde_json::from_str(&serde_json::to_string(&axis).unwrap()).unwrap();
        assert!(read.courses[2].spearman.is_nan() && read.courses[1] == axis.courses[1], "{read:?}");
    }
}
