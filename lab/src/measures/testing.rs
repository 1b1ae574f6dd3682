//! Strings whose every quality is known.

use std::cell::OnceCell;

use ukulelatent::units::{MidiNote, SampleRate};

use super::Sound;

/// Partials `k` of amplitude `share^(k - 1)`, all falling alike, and a click of noise that is gone after 10 ms.
pub struct Pluck {
    pub note: u8,
    pub partials: usize,
    pub share: f64,
    pub t60_s: f64,
    pub stiffness: f64,
    pub click: f64,
    pub seconds: f64,
    pub made: OnceCell<Vec<f32>>,
}

const RATE_HZ: f64 = 22_050.0;
const ONSET: usize = 512;

impl Default for Pluck {
    fn default() -> Self {
        Self {
            note: 57,
            partials: 10,
            share: 0.7,
            t60_s: 1.5,
            stiffness: 0.0,
            click: 0.0,
            seconds: 1.5,
            made: OnceCell::new(),
        }
    }
}

impl Pluck {
    pub fn sound(&self) -> Sound<'_> {
        Sound {
            samples: self.made.get_or_init(|| self.samples()),
            rate: SampleRate::new(RATE_HZ as f32).unwrap(),
            onset: ONSET,
            note: MidiNote::new(self.note).unwrap(),
        }
    }

    fn samples(&self) -> Vec<f32> {
        let f0_hz = f64::from(MidiNote::new(self.note).unwrap().hz());
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state as i32) / 2_147_483_648.0
        };
        let mut samples = vec![0.0; ONSET];
        samples.extend((0..(self.seconds * RATE_HZ) as usize).map(|n| {
            let t = n as f64 / RATE_HZ;
            let partial = |k: usize| {
                let hz = k as f64 * f0_hz * (1.0 + self.stiffness * (k * k) as f64).sqrt();
                let audible = if hz < 0.48 * RATE_HZ { self.share.powi(k as i32 - 1) } else { 0.0 };
                // Phases apart, so that the partials do not all peak at the onset.
                audible * (std::f64::consts::TAU * hz * t + (k * k) as f64).sin()
            };
            let fall = 10f64.powf(-3.0 * t / self.t60_s);
            let click = self.click * noise() * (-t / 0.002).exp();
            (0.2 * ((1..=self.partials).map(partial).sum::<f64>() * fall + click)) as f32
        }));
        samples
    }
}
