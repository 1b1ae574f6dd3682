//! A point of the latent space as text, for the clipboard.

use super::action::Latent;

/// A point as people write it.
#[must_use]
pub fn point_as_text(z: Latent) -> String {
    z.map(|z| format!("{z:.3}")).join(", ")
}

/// Reads a point that [`point_as_text`] wrote, or that somebody typed.
#[must_use]
pub fn point_from_text(text: &str) -> Option<Latent> {
    let numbers: Option<Vec<f32>> = text
        .split([',', ';', ' ', '\t', '\n'])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect();
    let point: Latent = numbers?.try_into().ok()?;
    point.iter().all(|z| z.is_finite()).then_some(point)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_survive_the_clipboard_and_nonsense_does_not() {
        let z = [0.5, -1.25, 3.0, 0.0];
        assert_eq!(point_from_text(&point_as_text(z)), Some(z));
        assert_eq!(point_from_text("1 2\t3;4"), Some([1.0, 2.0, 3.0, 4.0]));
        for text in ["", "1, 2, 3", "1, 2, 3, 4, 5", "a, b, c, d", "nan, 0, 0, 0"] {
            assert_eq!(point_from_text(text), None, "{text}");
        }
    }
}
