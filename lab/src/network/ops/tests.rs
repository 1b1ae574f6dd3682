//! Every hand-written gradient against central differences.

use candle_core::{DType, Device, Result, Tensor, Var};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

fn random(shape: &[usize], seed: u64) -> Tensor {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// Largest difference between the gradients of `sum(f(inputs) * weights)` and its central differences, relative
/// to the largest gradient.
fn gradient_gap(inputs: &[Tensor], f: impl Fn(&[Tensor]) -> Result<Tensor>) -> f64 {
    let vars: Vec<Var> = inputs.iter().map(|t| Var::from_tensor(t).unwrap()).collect();
    let tensors: Vec<Tensor> = vars.iter().map(|v| v.as_tensor().clone()).collect();
    let y = f(&tensors).unwrap();
    let weights = random(y.dims(), 99);
    let weigh = |y: &Tensor| (y * &weights).unwrap().sum_all().unwrap();
    let gradients = weigh(&y).backward().unwrap();
    let (mut worst, mut largest) = (0.0f64, 0.0f64);
    for (i, var) in vars.iter().enumerate() {
        let exact = gradients.get(var.as_tensor()).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for (j, exact) in exact.iter().enumerate() {
            let at = |delta: f32| {
                let mut values = inputs[i].flatten_all().unwrap().to_vec1::<f32>().unwrap();
                values[j] += delta;
                let mut moved = inputs.to_vec();
                moved[i] = Tensor::from_vec(values, inputs[i].dims(), &Device::Cpu).unwrap();
                f64::from(weigh(&f(&moved).unwrap()).to_scalar::<f32>().unwrap())
            };
            let difference = (at(STEP) - at(-STEP)) / (2.0 * f64::from(STEP));
            worst = worst.max((difference - f64::from(*exact)).abs());
            largest = largest.max(difference.abs());
        }
    }
    worst / largest
}

const STEP: f32 = 1e-2;
/// Central differences of step 1e-2 are wrong by about step^2 times the third derivative.
const TOLERANCE: f64 = 3e-3;

#[test]
fn gradients_of_the_depthwise_convolution_are_right() {
    let inputs = [random(&[2, 9, 3], 1), random(&[5, 3], 2), random(&[3], 3)];
    let gap = gradient_gap(&inputs, |t| depthwise_causal(&t[0], &t[1], &t[2], 2));
    assert!(gap < TOLERANCE, "{gap}");
}

#[test]
fn gradients_of_the_convolution_are_right() {
    for (taps, stride, height, width) in [(3, 1, 4, 5), (5, 2, 5, 4), (5, 2, 2, 1)] {
        let inputs = [random(&[2, height, width, 3], 1), random(&[taps * taps * 3, 2], 2)];
        let gap = gradient_gap(&inputs, |t| convolution(&t[0], &t[1], taps, stride));
        assert!(gap < TOLERANCE, "{taps} {stride}: {gap}");
    }
}

#[test]
fn the_convolution_is_candles() {
    for (taps, stride, height, width) in [(5, 1, 6, 7), (5, 2, 7, 6), (9, 1, 3, 4), (5, 2, 1, 3)] {
        let (x, weight) = (random(&[2, height, width, 3], 1), random(&[taps * taps * 3, 4], 2));
        let ours = convolution(&x, &weight, taps, stride).unwrap();
        let kernel = weight.reshape((taps, taps, 3, 4)).unwrap().permute((3, 2, 0, 1)).unwrap();
        let theirs = x.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap();
        let theirs = theirs.conv2d(&kernel.contiguous().unwrap(), taps / 2, stride, 1, 1).unwrap();
        let theirs = theirs.permute((0, 2, 3, 1)).unwrap();
        assert_eq!(ours.dims(), theirs.dims());
        let gap = (ours - theirs).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
        assert!(gap < 1e-4, "{taps} {stride}: {gap}");
    }
}

#[test]
fn gradients_of_unfolded_frames_are_right() {
    for (frames, stride) in [(7, 2), (8, 2), (1, 2), (4, 1)] {
        let gap = gradient_gap(&[random(&[2, frames, 3], 1)], |t| unfold(&t[0], 5, stride));
        assert!(gap < TOLERANCE, "{frames} {stride}: {gap}");
    }
}

#[test]
fn an_unfolded_row_holds_the_frames_around_its_own() {
    let x = Tensor::new(&[[[1.0f32], [2.0], [3.0], [4.0]]], &Device::Cpu).unwrap();
    let rows = unfold(&x, 5, 2).unwrap().squeeze(0).unwrap().to_vec2::<f32>().unwrap();
    assert_eq!(rows, [[0.0, 0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0, 0.0]]);
}

#[test]
fn gradients_of_the_group_norm_are_right() {
    let inputs = [random(&[2, 5, 6], 1), random(&[6], 2), random(&[6], 3)];
    // Both slopes alike: a difference would straddle the kink somewhere.
    for (groups, slope) in [(2, 1.0), (3, 1.0), (1, 1.0)] {
        let gap = gradient_gap(&inputs, |t| group_norm_leaky(&t[0], &t[1], &t[2], groups, slope));
        assert!(gap < TOLERANCE, "{groups}: {gap}");
    }
    // Far from it: shifts outweigh all else, with both signs.
    let shift = Tensor::new(&[9.0f32, -9.0, 9.0, 9.0, -9.0, -9.0], &Device::Cpu).unwrap();
    let inputs = [inputs[0].clone(), inputs[1].clone(), shift];
    let gap = gradient_gap(&inputs, |t| group_norm_leaky(&t[0], &t[1], &t[2], 2, 0.1));
    assert!(gap < TOLERANCE, "{gap}");
}

#[test]
fn groups_are_normalised_over_their_channels_and_all_frames() {
    let (one, none) = (Tensor::ones(4, DType::F32, &Device::Cpu), Tensor::zeros(4, DType::F32, &Device::Cpu));
    let x = (random(&[1, 50, 4], 1) * 3.0).unwrap();
    let y = group_norm_leaky(&x, &one.unwrap(), &none.unwrap(), 2, 1.0).unwrap();
    for group in 0..2 {
        let y = y.narrow(2, 2 * group, 2).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let mean = |f: fn(f32) -> f32| y.iter().map(|y| f(*y)).sum::<f32>() / y.len() as f32;
        assert!(mean(|y| y).abs() < 1e-5 && (mean(|y| y * y) - 1.0).abs() < 1e-3);
    }
}

#[test]
fn gradients_of_normalise_modulate_are_right() {
    let inputs = [random(&[2, 3, 8], 1), random(&[2, 8], 2), random(&[2, 8], 3)];
    let gap = gradient_gap(&inputs, |t| normalise_modulate(&t[0], &t[1], &t[2]));
    assert!(gap < TOLERANCE, "{gap}");
}

#[test]
fn gradients_of_modulated_rows_are_right() {
    let inputs = [random(&[4, 3], 1), random(&[2, 3], 2), random(&[2, 3], 3)];
    let gap = gradient_gap(&inputs, |t| modulated_rows(&t[0], &t[1], &t[2]));
    assert!(gap < TOLERANCE, "{gap}");
}

#[test]
fn gradients_of_shifted_frames_are_right() {
    let gap = gradient_gap(&[random(&[2, 4, 3], 1), random(&[2, 3], 2)], |t| shifted_frames(&t[0], &t[1]));
    assert!(gap < TOLERANCE, "{gap}");
}

#[test]
fn gradients_of_bias_leaky_are_right() {
    // Far from the kink, where a difference would straddle both slopes.
    let x = random(&[2, 2, 4], 1).affine(1.0, 0.0).unwrap();
    let away = (&x + x.sign().unwrap().affine(0.5, 0.0).unwrap()).unwrap();
    let inputs = [away, random(&[4], 2).affine(0.1, 0.0).unwrap()];
    let gap = gradient_gap(&inputs, |t| bias_leaky(&t[0], &t[1], 0.1));
    assert!(gap < TOLERANCE, "{gap}");
}

#[test]
fn gradients_of_the_tanh_of_a_sum_are_right() {
    let inputs = [random(&[2, 3, 4], 1), random(&[2, 3, 4], 2), random(&[4], 3)];
    let gap = gradient_gap(&inputs, |t| sum_tanh(&t[0], &t[1], &t[2]));
    assert!(gap < TOLERANCE, "{gap}");
}

#[test]
fn gradients_of_the_bumps_are_right() {
    // One in the middle, one cut by the edge, one out of reach; feet away from the bands, where there is a kink.
    let centre = Tensor::new(&[[4.03f32, 0.21, 100.0]], &Device::Cpu).unwrap();
    let half_width = Tensor::new(&[[2.5f32, 1.6, 2.0]], &Device::Cpu).unwrap();
    let gap = gradient_gap(std::slice::from_ref(&centre), |t| bumps(&t[0], &half_width, 9));
    assert!(gap < TOLERANCE, "{gap}");
}

#[test]
fn bumps_are_parabolas_around_their_centres() {
    let centre = Tensor::new(&[[3.0f32]], &Device::Cpu).unwrap();
    let half_width = Tensor::new(&[[2.0f32]], &Device::Cpu).unwrap();
    let y = bumps(&centre, &half_width, 7).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert_eq!(y, [0.0, 0.0, 0.75, 1.0, 0.75, 0.0, 0.0]);
}

#[test]
fn gradients_of_the_mean_squared_error_are_right() {
    let target = random(&[3, 7], 2);
    let gap = gradient_gap(&[random(&[3, 7], 1)], |t| mean_squared_error(&t[0], &target));
    assert!(gap < TOLERANCE, "{gap}");
}
