//! The colours of levels, wherever a spectrogram is drawn.

/// From quiet to loud, evenly spaced: lightness rises in even steps, so that no level stands out by itself.
const PALETTE: [[f32; 3]; 6] = [
    [4.0, 5.0, 20.0],
    [70.0, 40.0, 130.0],
    [160.0, 76.0, 130.0],
    [232.0, 122.0, 96.0],
    [250.0, 184.0, 88.0],
    [252.0, 238.0, 190.0],
];

/// Red, green and blue of a level, 0 the quietest and 1 the loudest. What is no number is silence.
#[must_use]
pub fn colour(level: f32) -> [u8; 3] {
    let level = if level.is_nan() { 0.0 } else { level.clamp(0.0, 1.0) };
    let place = level * (PALETTE.len() - 1) as f32;
    let lower = (place as usize).min(PALETTE.len() - 2);
    let mix = place - lower as f32;
    std::array::from_fn(|c| (PALETTE[lower][c] * (1.0 - mix) + PALETTE[lower + 1][c] * mix).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lightness_rises_in_even_steps() {
        let luma = |level: f32| {
            let [r, g, b] = colour(level).map(f32::from);
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let levels: Vec<f32> = (0..=5).map(|n| luma(n as f32 / 5.0)).collect();
        let mean = (levels[5] - levels[0]) / 5.0;
        assert!(levels.windows(2).all(|pair| ((pair[1] - pair[0]) / mean - 1.0).abs() < 0.1), "{levels:?}");
    }

    #[test]
    fn beyond_the_ends_lie_the_ends_and_no_number_is_silence() {
        assert_eq!(colour(2.0), [252, 238, 190]);
        assert_eq!(colour(f32::NEG_INFINITY), [4, 5, 20]);
        assert_eq!(colour(f32::NAN), [4, 5, 20]);
    }
}
