//! Weights of a network for one front end, fitted to another: what belongs to a band goes to the bands at its
//! frequency, what belongs to a frame to the frame at its time.

use candle_core::{Device, Result, Tensor};
use ukulelatent::dsp::mel::{MelScale, hz_to_mel};

use crate::features::FrontEnd;

/// Layers whose inputs are bands.
const TAKE_BANDS: [&str; 2] = ["decoder.comb_in.weight", "encoder.entry.weight"];
/// What has a column for each band.
const GIVE_BANDS: [&str; 2] = ["decoder.out.weight", "decoder.out.bias"];
/// What has a row for each frame.
const POSITIONS: &str = "decoder.positions";
/// Takes all channels of the first frames, then those of later ones.
const OVER_TIME: &str = "encoder.head.weight";

/// From one front end to another of the same hop in seconds.
pub struct Transfer {
    from: FrontEnd,
    to: FrontEnd,
}

impl Transfer {
    /// `None` if frames of the two do not follow each other equally fast.
    #[must_use]
    pub fn new(from: &FrontEnd, to: &FrontEnd) -> Option<Self> {
        let hop_s = |f: &FrontEnd| f.sample_rate_hz.seconds(f.geometry.hop);
        let same = (hop_s(from) / hop_s(to) - 1.0).abs() < 1e-3;
        same.then(|| Self { from: from.clone(), to: to.clone() })
    }

    /// The tensor `name` in the shape `wanted`; `None` if nothing can be made of it.
    ///
    /// # Errors
    /// None in practice; candle's.
    pub fn fit(&self, name: &str, tensor: &Tensor, wanted: &[usize]) -> Result<Option<Tensor>> {
        let fitted = if TAKE_BANDS.contains(&name) {
            // Bands that are new say nothing at first.
            Some(self.bands(Beyond::Nothing)?.matmul(tensor)?)
        } else if GIVE_BANDS.contains(&name) {
            let over = self.bands(Beyond::Last)?.t()?.contiguous()?;
            let rows = tensor.reshape(((), self.from.mel.bands))?;
            Some(rows.matmul(&over)?.reshape(wanted)?)
        } else if name == POSITIONS {
            let last = self.from.frames as u32 - 1;
            let rows: Vec<u32> = (0..self.to.frames as u32).map(|frame| frame.min(last)).collect();
            Some(tensor.index_select(&Tensor::new(rows, &Device::Cpu)?, 0)?)
        } else if name == OVER_TIME && tensor.dims().len() == 2 && wanted.len() == 2 {
            let (have, want) = (tensor.dim(0)?, wanted[0]);
            let kept = tensor.narrow(0, 0, have.min(want))?;
            Some(kept.pad_with_zeros(0, 0, want - have.min(want))?)
        } else {
            None
        };
        Ok(fitted.filter(|tensor| tensor.dims() == wanted))
    }

    /// `[bands, bands]`: a row for each band there, a column for each band here.
    fn bands(&self, beyond: Beyond) -> Result<Tensor> {
        let (from, to) = (self.from.mel, self.to.mel);
        let mut rows = vec![0.0f32; to.bands * from.bands];
        for (band, row) in rows.chunks_exact_mut(from.bands).enumerate() {
            let at = (centre_mel(to, band) - centre_mel(from, 0)) / step_mel(from);
            let last = (from.bands - 1) as f64;
            if at > last + 0.5 && beyond == Beyond::Nothing {
                continue;
            }
            let at = at.clamp(0.0, last);
            let (below, share) = (at.floor() as usize, at.fract() as f32);
            row[below] += 1.0 - share;
            row[(below + 1).min(from.bands - 1)] += share;
        }
        Tensor::from_vec(rows, (to.bands, from.bands), &Device::Cpu)
    }
}

/// What bands above the highest known one get.
#[derive(Clone, Copy, PartialEq)]
enum Beyond {
    Nothing,
    Last,
}

fn step_mel(scale: MelScale) -> f64 {
    (hz_to_mel(scale.high_hz.into()) - hz_to_mel(scale.low_hz.into())) / (scale.bands + 1) as f64
}

fn centre_mel(scale: MelScale, band: usize) -> f64 {
    hz_to_mel(scale.low_hz.into()) + step_mel(scale) * (band + 1) as f64
}

#[cfg(test)]
mod tests {
    use ukulelatent::dsp::mel::mel_to_hz;

    use super::*;

    fn front_ends() -> (FrontEnd, FrontEnd) {
        let from = FrontEnd::default();
        let mut to = from.clone();
        to.sample_rate_hz = ukulelatent::units::SampleRate::new(2.0 * from.sample_rate_hz.hz()).unwrap();
        to.geometry.hop *= 2;
        to.mel = MelScale { bands: 640, high_hz: 2.0 * from.mel.high_hz, ..from.mel };
        to.frames = 203;
        (from, to)
    }

    #[test]
    fn a_band_keeps_its_frequency() {
        let (from, to) = front_ends();
        let hz = |scale: MelScale, band| mel_to_hz(centre_mel(scale, band)) as f32;
        let here: Vec<f32> = (0..from.mel.bands).map(|band| hz(from.mel, band)).collect();
        let transfer = Transfer::new(&from, &to).unwrap();
        let bias = Tensor::new(here, &Device::Cpu).unwrap();
        let there = transfer.fit("decoder.out.bias", &bias, &[640]).unwrap().unwrap().to_vec1::<f32>().unwrap();
        for (band, got) in there.iter().enumerate().step_by(50) {
            let want = hz(to.mel, band).min(hz(from.mel, from.mel.bands - 1)).max(hz(from.mel, 0));
            assert!((got / want - 1.0).abs() < 0.01, "band {band}: {got} Hz, wanted {want}");
        }
    }

    #[test]
    fn new_bands_say_nothing_and_late_frames_repeat_the_last() {
        let (from, to) = front_ends();
        let transfer = Transfer::new(&from, &to).unwrap();
        let entry = Tensor::full(1.0f32, (from.mel.bands, 3), &Device::Cpu).unwrap();
        let fitted = transfer.fit("encoder.entry.weight", &entry, &[640, 3]).unwrap().unwrap();
        let columns = fitted.to_vec2::<f32>().unwrap();
        assert!((columns[100][0] - 1.0).abs() < 1e-6 && columns[630] == [0.0; 3]);
        let frames: Vec<f32> = (0..from.frames).map(|t| t as f32).collect();
        let positions = Tensor::from_vec(frames, (from.frames, 1), &Device::Cpu).unwrap();
        let fitted = transfer.fit("decoder.positions", &positions, &[203, 1]).unwrap().unwrap();
        let rows = fitted.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!((rows[5], rows[202]), (5.0, (from.frames - 1) as f32));
        assert!(transfer.fit("decoder.gate.weight", &positions, &[7, 1]).unwrap().is_none());
    }

    #[test]
    fn frames_of_another_pace_do_not_fit() {
        let (from, mut to) = front_ends();
        to.geometry.hop = from.geometry.hop;
        assert!(Transfer::new(&from, &to).is_none());
    }
}
