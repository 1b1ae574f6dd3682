//! Reading a stream between its samples, by a windowed sinc (Smith & Gossett 1984, "A flexible
//! sampling-rate conversion method"): a table of filters,
//! one for each of a few places between two samples, and straight lines between their taps. Until the first
//! bend comes the stream passes through as it is, to the bit; and since the filter at a whole sample is that
//! sample, the first bend changes the speed and nothing else.

use std::f64::consts::PI;
use std::sync::LazyLock;

/// Samples to either side of the place that is read.
pub(super) const HALF: usize = 12;
/// Taps of a filter.
const TAPS: usize = 2 * HALF;
/// Taps that are summed side by side.
const LANES: usize = 4;
/// Places between two samples that have a filter of their own. Straight lines between them are off by at most
/// `(pi / 128)^2 / 8`, -82 dB, at the highest frequency.
const PLACES: usize = 128;
/// Shape of the Kaiser window: a stop band of 70 dB.
const KAISER_BETA: f64 = 7.0;
/// Up to which speed each table is used, and its cutoff as a share of the highest frequency. A note played faster
/// would fold what lies above; models seldom fill the host's band, so that the first table leaves it whole.
const TABLES: [(f32, f64); 4] = [(4.0 / 3.0, 1.0), (2.0, 0.72), (4.0, 0.5), (f32::INFINITY, 0.25)];

type Filter = [f32; TAPS];

/// The filters, made once in a process.
pub(super) struct Filters([[Filter; PLACES + 1]; TABLES.len()]);

impl Filters {
    /// Computed by the first caller. Not for the audio thread.
    pub fn get() -> &'static Self {
        static FILTERS: LazyLock<Filters> = LazyLock::new(Filters::compute);
        &FILTERS
    }

    fn compute() -> Self {
        let mut tables = [[[0.0; TAPS]; PLACES + 1]; TABLES.len()];
        for (table, (_, cutoff)) in tables.iter_mut().zip(TABLES) {
            for (place, filter) in table.iter_mut().enumerate() {
                *filter = windowed_sinc(place as f64 / PLACES as f64, cutoff);
            }
        }
        Self(tables)
    }

    fn at(&self, speed: f32) -> &[Filter; PLACES + 1] {
        let index = TABLES.iter().position(|&(fastest, _)| speed <= fastest);
        &self.0[index.unwrap_or(TABLES.len() - 1)]
    }
}

/// The filter that reads `place` (0 to 1) of the way from its middle tap to the next, with a gain of one at 0 Hz.
fn windowed_sinc(place: f64, cutoff: f64) -> Filter {
    let taps: [f64; TAPS] = std::array::from_fn(|tap| {
        // From the place that is read, in samples.
        let x = tap as f64 - (HALF - 1) as f64 - place;
        let sinc = if x == 0.0 { 1.0 } else { (PI * cutoff * x).sin() / (PI * cutoff * x) };
        let within = 1.0 - (x / HALF as f64).powi(2);
        if within <= 0.0 { 0.0 } else { sinc * bessel_i0(KAISER_BETA * within.sqrt()) }
    });
    let sum: f64 = taps.iter().sum();
    taps.map(|tap| (tap / sum) as f32)
}

/// The modified Bessel function of the first kind and order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..40 {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum += term;
    }
    sum
}

/// Where one note is in its stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader {
    /// The latest inputs, written twice so that they always lie in one piece; `next` is the oldest.
    inputs: [f32; 2 * TAPS],
    next: usize,
    /// How far past the middle tap the next sample lies, 0 to 1.
    place: f64,
    /// Inputs to take before the next sample can be read.
    owed: usize,
    /// Whether a bend ever came.
    bends: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self { inputs: [0.0; 2 * TAPS], next: 0, place: 0.0, owed: 0, bends: false }
    }
}

impl Reader {
    /// The next sample at `speed` (1 is as the note was made, 2 an octave higher), of a stream whose own next
    /// sample `supply` gives. `None` if that gave none; nothing is lost then.
    pub fn read(&mut self, speed: f32, filters: &Filters, mut supply: impl FnMut() -> Option<f32>) -> Option<f32> {
        #[allow(clippy::float_cmp)] // Any other speed is a bend, however small.
        if !self.bends && speed == 1.0 {
            let sample = supply()?;
            self.push(sample);
            return Some(sample);
        }
        if !self.bends {
            // The next sample becomes the middle one of the filter.
            (self.bends, self.owed) = (true, HALF + 1);
        }
        while self.owed > 0 {
            let sample = supply()?;
            self.push(sample);
            self.owed -= 1;
        }
        let sample = self.interpolate(filters.at(speed));
        let ahead = self.place + f64::from(speed);
        self.owed = ahead as usize;
        self.place = ahead - self.owed as f64;
        Some(sample)
    }

    /// Whether a bend ever came.
    pub fn bends(&self) -> bool {
        self.bends
    }

    fn push(&mut self, sample: f32) {
        self.inputs[self.next] = sample;
        self.inputs[self.next + TAPS] = sample;
        self.next = (self.next + 1) % TAPS;
    }

    fn interpolate(&self, table: &[Filter; PLACES + 1]) -> f32 {
        let place = self.place as f32 * PLACES as f32;
        // The place is below one, unless its rounding to single precision lifts it there.
        let index = (place as usize).min(PLACES - 1);
        let share = place - index as f32;
        let [below, above] = [&table[index], &table[index + 1]];
        let Some(inputs) = self.inputs[self.next..].first_chunk::<TAPS>() else { return 0.0 };
        // Both filters side by side, in lanes that the processor adds at once.
        let [inputs, below, above] = [inputs, below, above].map(|taps| taps.as_chunks::<LANES>().0);
        let (mut near, mut far) = ([0.0_f32; LANES], [0.0_f32; LANES]);
        for ((inputs, below), above) in inputs.iter().zip(below).zip(above) {
            for lane in 0..LANES {
                near[lane] += inputs[lane] * below[lane];
                far[lane] += inputs[lane] * above[lane];
            }
        }
        let mut sums = near;
        sums.iter_mut().zip(far).for_each(|(near, far)| *near += share * (far - *near));
        (sums[0] + sums[2]) + (sums[1] + sums[3])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(cycles: f64) -> impl FnMut() -> Option<f32> {
        let mut n = 0.0;
        move || {
            n += 1.0;
            Some((std::f64::consts::TAU * cycles * (n - 1.0)).sin() as f32)
        }
    }

    #[test]
    fn without_a_bend_no_bit_changes() {
        let mut reader = Reader::default();
        let mut stream = sine(0.0123);
        let mut same = sine(0.0123);
        for _ in 0..500 {
            assert_eq!(reader.read(1.0, Filters::get(), &mut stream), same());
        }
    }

    #[test]
    fn a_bent_tone_is_the_tone_of_the_bent_pitch() {
        // Up to the band that is left whole by each table, less its slope.
        for (speed, highest) in [(0.5, 0.3), (0.94, 0.3), (1.059, 0.3), (1.5, 0.2), (3.0, 0.1), (8.0, 0.03)] {
            for cycles in [0.003, 0.01, highest] {
                let mut reader = Reader::default();
                let mut stream = sine(cycles);
                let mut worst = 0.0_f64;
                for n in 0..4000 {
                    let got = reader.read(speed, Filters::get(), &mut stream).unwrap();
                    let phase = std::f64::consts::TAU * cycles * f64::from(speed) * f64::from(n);
                    // The stream's start is an edge that the filter sees.
                    if n > TAPS as i32 {
                        worst = worst.max((f64::from(got) - phase.sin()).abs());
                    }
                }
                assert!(worst < 2e-3, "speed {speed}, {cycles} cycles a sample: {worst}");
            }
        }
    }

    #[test]
    fn the_first_bend_goes_on_from_the_sample_before() {
        let mut reader = Reader::default();
        let mut stream = sine(0.01);
        let mut heard: Vec<f32> =
            (0..300).map(|_| reader.read(1.0, Filters::get(), &mut stream).unwrap()).collect();
        heard.extend((0..300).map(|_| reader.read(1.0001, Filters::get(), &mut stream).unwrap()));
        let bend = |n: usize| (heard[n - 1] - 2.0 * heard[n] + heard[n + 1]).abs();
        let usual = (1..299).map(bend).fold(0.0, f32::max);
        let worst = (290..590).map(bend).fold(0.0, f32::max);
        assert!(worst < 1.05 * usual, "{worst} where {usual} is usual");
    }

    #[test]
    fn a_stream_that_stalls_goes_on_where_it_was() {
        let speed = 1.3;
        let mut whole = Reader::default();
        let mut stream = sine(0.02);
        let expected: Vec<f32> =
            (0..400).map(|_| whole.read(speed, Filters::get(), &mut stream).unwrap()).collect();
        let mut reader = Reader::default();
        let mut stream = sine(0.02);
        let mut calls = 0;
        let mut stalling = || {
            calls += 1;
            if calls % 5 == 0 { None } else { stream() }
        };
        let mut heard = Vec::new();
        while heard.len() < expected.len() {
            heard.extend(reader.read(speed, Filters::get(), &mut stalling));
        }
        assert_eq!(heard, expected);
    }
}
