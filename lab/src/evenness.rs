//! How uneven the way from sound to sound is: of the steps along a straight line between two points of the latent space, how far the
//! large ones stand out.
//!
//! Where families lie apart, the decoder may change over from one to the other within a small part of the way, and an automated
//! coordinate jumps there.

use candle_core::{D, Device, Result, Tensor};

/// Points on a line.
pub const POINTS: usize = 7;
/// Mean squared difference of spectrograms that are as good as the same.
const FLOOR: f64 = 1e-7;

/// `[lines * POINTS, D]`: points along straight lines from `from` to `to`, `[lines, D]`, evenly spaced; `offsets`, one a line in
/// 0..1, says how far into the first part the first of them lies.
///
/// # Errors
/// If shapes do not fit.
pub fn along(from: &Tensor, to: &Tensor, offsets: &[f32]) -> Result<Tensor> {
    let (lines, dimensions) = from.dims2()?;
    let at = |offset: &f32| {
        let offset = *offset;
        (0..POINTS).map(move |k| (k as f32 + offset) / POINTS as f32)
    };
    let share = Tensor::from_vec(offsets.iter().flat_map(at).collect(), (lines, POINTS, 1), &Device::Cpu)?;
    let way = (to - from)?.unsqueeze(1)?;
    share.broadcast_mul(&way)?.broadcast_add(&from.unsqueeze(1)?)?.reshape((lines * POINTS, dimensions))
}

/// Of decoded `mel`, `[lines * POINTS, frames, bands]`, the mean over lines of `mean(d^4) / mean(d^2)^2 - 1`, where `d` are the root
/// mean square differences of neighbours on a line: 0 for equal steps, as many as there are steps, less one, where all of the
/// way is made in one of them, and -1 where nothing changes. A scalar.
///
/// # Errors
/// If shapes do not fit.
pub fn unevenness(mel: &Tensor) -> Result<Tensor> {
    let (points, frames, bands) = mel.dims3()?;
    let mel = mel.reshape((points / POINTS, POINTS, frames * bands))?;
    let steps = POINTS - 1;
    let squares = (mel.narrow(1, 1, steps)? - mel.narrow(1, 0, steps)?)?.sqr()?.mean(D::Minus1)?;
    let mean = squares.mean_keepdim(1)?;
    let relative = squares.broadcast_div(&(mean + FLOOR)?)?;
    relative.sqr()?.mean(1)?.mean_all()? - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spectrograms of two bands along one line, from how far each of its points is on the way.
    fn line(way: [f32; POINTS]) -> Tensor {
        let values = way.iter().flat_map(|&x| [x, -2.0 * x, 1.0, x]).collect();
        Tensor::from_vec(values, (POINTS, 2, 2), &Device::Cpu).unwrap()
    }

    fn of(mel: &Tensor) -> f32 {
        unevenness(mel).unwrap().to_scalar().unwrap()
    }

    #[test]
    fn a_jump_stands_out_and_equal_steps_do_not() {
        let even = line(std::array::from_fn(|k| 0.02 * k as f32));
        let uneven = line(std::array::from_fn(|k| if k < 3 { 0.0 } else { 0.1 }));
        assert!(of(&even).abs() < 0.01, "{}", of(&even));
        assert!((of(&uneven) - (POINTS - 2) as f32).abs() < 0.05, "{}", of(&uneven));
        let both = Tensor::cat(&[even, uneven], 0).unwrap();
        assert!((of(&both) - 0.5 * (POINTS - 2) as f32).abs() < 0.05, "{}", of(&both));
    }

    #[test]
    fn how_far_it_is_from_end_to_end_says_nothing() {
        let way = |scale: f32| line([0.0, 0.1, 0.3, 0.35, 0.4, 0.8, 0.9].map(|x| scale * x));
        assert!((of(&way(1.0)) - of(&way(0.05))).abs() < 0.02, "{} {}", of(&way(1.0)), of(&way(0.05)));
    }

    #[test]
    fn points_lie_evenly_between_the_ends() {
        let from = Tensor::new(&[[0.0f32, 1.0], [5.0, 5.0]], &Device::Cpu).unwrap();
        let to = Tensor::new(&[[7.0f32, 1.0], [5.0, -2.0]], &Device::Cpu).unwrap();
        let points = along(&from, &to, &[0.0, 0.5]).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(points.len(), 2 * POINTS);
        for (k, point) in points[..POINTS].iter().enumerate() {
            assert!((point[0] - k as f32).abs() < 1e-5 && point[1] == 1.0, "{point:?}");
        }
        for (k, point) in points[POINTS..].iter().enumerate() {
            assert!(point[0] == 5.0 && (point[1] - (4.5 - k as f32)).abs() < 1e-5, "{point:?}");
        }
    }
}
