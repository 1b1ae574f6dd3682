//! The two-dimensional convolution of images, without the unfolded copy of its input that candle's makes: that copy
//! takes gigabytes for the layers of the 2019 decoder.
//!
//! A padded image, its rows one after the other, is a matrix of pixels x channels. All taps in one row of the kernel
//! lie side by side in it, so that a row of taps is one product with a view whose rows overlap. A stride is taken by
//! first sorting the pixels into `stride^2` images, over each of which the stride is 1. The images of a
//! batch are shared out among threads.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::product::{View, add_product};
use super::{borrow, numbers, result, tensor};

/// `y[i, j] = sum_kl x[stride i + k - taps / 2, stride j + l - taps / 2] W[k, l]` with zeros around the image: as large
/// as the image, divided by the stride and rounded up. `x` is `[B, H, W, inputs]`; `weight` is `[taps * taps * inputs,
/// outputs]`, its rows ordered by tap row, tap column, input.
///
/// # Errors
/// If shapes do not fit.
pub fn convolution(x: &Tensor, weight: &Tensor, taps: usize, stride: usize) -> Result<Tensor> {
    let (_, height, width, inputs) = x.dims4()?;
    let (rows, outputs) = weight.dims2()?;
    if rows != taps * taps * inputs {
        candle_core::bail!("convolution: expected {} rows of weights, got {rows}", taps * taps * inputs);
    }
    let op = Convolution { height, width, inputs, outputs, taps, stride };
    x.contiguous()?.apply_op2(&weight.contiguous()?, op)
}

struct Convolution {
    height: usize,
    width: usize,
    inputs: usize,
    outputs: usize,
    taps: usize,
    stride: usize,
}

/// The taps of one row of the kernel that fall on one sorted image.
struct TapRow {
    /// Which image.
    image: usize,
    /// First pixel.
    from: usize,
    /// Places of the taps in the kernel, in order.
    taps: Vec<usize>,
}

impl Convolution {
    fn out_height(&self) -> usize {
        self.height.div_ceil(self.stride)
    }

    fn out_width(&self) -> usize {
        self.width.div_ceil(self.stride)
    }

    /// Taps on a sorted image along one direction, at most.
    fn reach(&self) -> usize {
        self.taps.div_ceil(self.stride)
    }

    /// Pixels in a row of a sorted image.
    fn image_width(&self) -> usize {
        self.out_width() + self.reach() - 1
    }

    fn image_pixels(&self) -> usize {
        (self.out_height() + self.reach() - 1) * self.image_width()
    }

    /// Pixels from the first to the last output, in a sorted image's rows: those beyond the right edge are dropped.
    fn pixels(&self) -> usize {
        (self.out_height() - 1) * self.image_width() + self.out_width()
    }

    fn tap_rows(&self) -> Vec<TapRow> {
        let mut rows = Vec::new();
        for k in 0..self.taps {
            for column in 0..self.stride.min(self.taps) {
                rows.push(TapRow {
                    image: (k % self.stride) * self.stride + column,
                    from: k / self.stride * self.image_width(),
                    taps: (column..self.taps).step_by(self.stride).map(|l| k * self.taps + l).collect(),
                });
            }
        }
        rows
    }

    /// For each pixel of the image, in order, its place among the sorted images' pixels.
    fn places(&self) -> impl Iterator<Item = usize> + '_ {
        let pad = self.taps / 2;
        (0..self.height).flat_map(move |y| {
            (0..self.width).map(move |x| {
                let (row, column) = (y + pad, x + pad);
                let image = (row % self.stride) * self.stride + column % self.stride;
                image * self.image_pixels() + row / self.stride * self.image_width() + column / self.stride
            })
        })
    }

    /// The image, padded and sorted.
    fn sorted(&self, image: &[f32]) -> Vec<f32> {
        let c = self.inputs;
        let mut sorted = vec![0.0; self.stride * self.stride * self.image_pixels() * c];
        for (pixel, place) in image.chunks_exact(c).zip(self.places()) {
            sorted[place * c..][..c].copy_from_slice(pixel);
        }
        sorted
    }

    /// The weights of a row of taps, one below the other.
    fn weights(&self, weight: &[f32], row: &TapRow) -> Vec<f32> {
        let size = self.inputs * self.outputs;
        row.taps.iter().flat_map(|tap| &weight[tap * size..][..size]).copied().collect()
    }

    /// Output pixels as rows of a sorted image, with zeros where it is wider.
    fn widened(&self, y: &[f32]) -> Vec<f32> {
        let (row, wide) = (self.out_width() * self.outputs, self.image_width() * self.outputs);
        let mut widened = vec![0.0; self.out_height() * wide];
        for (to, from) in widened.chunks_exact_mut(wide).zip(y.chunks_exact(row)) {
            to[..row].copy_from_slice(from);
        }
        widened
    }

    /// Of one image, the output's pixels.
    fn forward(&self, image: &[f32], rows: &[(TapRow, Vec<f32>)]) -> Vec<f32> {
        let (c, n) = (self.inputs, self.pixels());
        let (row, wide) = (self.out_width() * self.outputs, self.image_width() * self.outputs);
        let sorted = self.sorted(image);
        let mut sum = vec![0.0; self.out_height() * wide];
        for (taps, weights) in rows {
            let from = (taps.image * self.image_pixels() + taps.from) * c;
            let k = taps.taps.len() * c;
            let (a, b) = (View::rows(&sorted[from..], c), View::rows(weights, self.outputs));
            add_product(&mut sum, a, b, [n, k, self.outputs]);
        }
        sum.chunks_exact(wide).flat_map(|pixels| &pixels[..row]).copied().collect()
    }

    /// Of one image and its output's gradient `g`, the gradients of the image and of the weights.
    fn backward(&self, image: &[f32], g: &[f32], weight: &[f32], rows: &[TapRow]) -> (Vec<f32>, Vec<f32>) {
        let (c, n) = (self.inputs, self.pixels());
        let size = c * self.outputs;
        let (sorted, g) = (self.sorted(image), self.widened(g));
        let g = View::rows(&g, self.outputs);
        let (mut back, mut of_weights) = (vec![0.0; sorted.len()], vec![0.0; weight.len()]);
        for row in rows {
            let from = (row.image * self.image_pixels() + row.from) * c;
            let k = row.taps.len() * c;
            let mut sum = vec![0.0; k * self.outputs];
            add_product(&mut sum, View::rows(&sorted[from..], c).transposed(), g, [k, n, self.outputs]);
            for (i, (tap, sum)) in row.taps.iter().zip(sum.chunks_exact(size)).enumerate() {
                of_weights[tap * size..][..size].copy_from_slice(sum);
                let of_tap = View::rows(&weight[tap * size..][..size], self.outputs).transposed();
                add_product(&mut back[from + i * c..], g, of_tap, [n, self.outputs, c]);
            }
        }
        let of_image = self.places().flat_map(|place| &back[place * c..][..c]).copied().collect();
        (of_image, of_weights)
    }
}

impl CustomOp2 for Convolution {
    fn name(&self) -> &'static str {
        "convolution"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        weight: &CpuStorage,
        lw: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, weight) = (numbers(x, lx)?, numbers(weight, lw)?);
        let with_weights = |row: TapRow| {
            let weights = self.weights(weight, &row);
            (row, weights)
        };
        let rows: Vec<(TapRow, Vec<f32>)> = self.tap_rows().into_iter().map(with_weights).collect();
        let images = x.par_chunks_exact(self.height * self.width * self.inputs);
        let outputs: Vec<Vec<f32>> = images.map(|image| self.forward(image, &rows)).collect();
        result(outputs.concat(), (outputs.len(), self.out_height(), self.out_width(), self.outputs))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let g = g.contiguous()?;
        let (xs, ws, gs) = (borrow(x)?, borrow(weight)?, borrow(&g)?);
        let (xs, ws, gs): (&[f32], &[f32], &[f32]) = (&xs, &ws, &gs);
        let rows = self.tap_rows();
        let images = xs.par_chunks_exact(self.height * self.width * self.inputs);
        let outputs = gs.par_chunks_exact(self.out_height() * self.out_width() * self.outputs);
        // Summed in the images' order, whichever thread is first: the same run ends with the same bits.
        let (gx, gw): (Vec<Vec<f32>>, Vec<Vec<f32>>) =
            images.zip(outputs).map(|(image, g)| self.backward(image, g, ws, &rows)).unzip();
        let mut sum = vec![0.0; ws.len()];
        for gw in gw {
            sum.iter_mut().zip(gw).for_each(|(sum, g)| *sum += g);
        }
        Ok((Some(tensor(gx.concat(), x.shape())?), Some(tensor(sum, weight.shape())?)))
    }
}
