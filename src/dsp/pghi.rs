//! Phase gradient heap integration: a phase for magnitudes that have none.
//!
//! Source: Prusa, Balazs & Sondergaard 2017, "A noniterative method for reconstruction of phase from STFT
//! magnitude", equations 11 and 12 (the phase gradient from the log-magnitude) and algorithm 1 (its integration
//! from large magnitudes to small ones). The phases of earlier frames may be known, as in Prusa & Sondergaard
//! 2016, "Real-time spectrogram inversion using phase gradient heap integration".
//!
//! Phases here are in turns, within half a turn of zero, and refer to the middle of their frame.

use super::fast_math::{ln, vectorised, wrapped};
use super::stft::FrameGeometry;

/// Bins more than 60 dB below the loudest of a block get a pseudo-random phase: `ln 1e-3`. (`f32::ln` is not const.)
/// The iterations find theirs: 20 dB more changes spectral convergence by 0.04 dB, and costs a twentieth of a note.
const LN_TOLERANCE: f32 = -6.907_755_4;
/// Log-magnitudes are not followed further down than this below the loudest bin of a block.
const LN_FLOOR: f32 = -23.0;
/// `gamma / N^2`, the width of the Gaussian that stands for a Hann window of `N` samples, along time. Prusa et al.
/// (table 1) fit the whole window and get 0.25645. What counts here is the difference of the log-magnitude over the two
/// bins around a partial: for one that lies `d` bins off it is `ln((1 + d)(2 + d) / ((1 - d)(2 - d)))`, near `3 d`,
/// as for a Gaussian of `3 / (4 pi) = 0.2387`; the best fit over the lobe lies between.
const GAMMA_ALONG_TIME: f64 = 0.2442;
/// The same along frequency. The centre of gravity of a decaying partial moves with the window's variance,
/// `2 pi (1 / 12 - 1 / (2 pi^2)) = 0.2053`, and less at an attack: the best fit over plucked strings. With one value
/// for both, the reconstruction's spectral convergence is 3 dB worse.
const GAMMA_ALONG_FREQUENCY: f64 = 0.1795;
/// Marks a phase that is still to be found.
const UNSET: f32 = f32::NAN;

/// Where the rows of a block lie: `known` rows whose phase is there, then `new` ones, then at most one `ahead`
/// that only helps to see where the magnitude goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    /// Rows before the new ones, at most two; the phase of the last one is known.
    pub known: usize,
    /// Rows whose phase is wanted.
    pub new: usize,
    /// Rows after the new ones, at most one.
    pub ahead: usize,
}

/// Integrates the phase of one block of frames at a time.
pub(super) struct PhaseIntegrator {
    bins: usize,
    /// Bins and a guard that no path crosses.
    stride: usize,
    /// Turns a hop, by neper over two bins: `h N / (4 pi gamma)`, equation 12.
    time_slope: f32,
    /// Turns a bin, by neper over two hops: `-gamma / (4 pi h N)`, equation 11.
    frequency_slope: f32,
    /// Turns that the centre of each bin advances in a hop.
    advance: Vec<f32>,
    /// Rows: guard, last known row, new rows, guard.
    phase: Vec<f32>,
    /// Half the phase's derivative along time, in turns a hop.
    half_along_time: Vec<f32>,
    /// Half the phase's derivative along frequency, in turns a bin.
    half_along_frequency: Vec<f32>,
    level: Vec<u16>,
    queue: LevelQueue,
}

impl PhaseIntegrator {
    /// Prepares for blocks of at most `max_new` new rows; everything is allocated here.
    pub fn new(geometry: FrameGeometry, max_new: usize) -> Self {
        let (bins, stride) = (geometry.bins(), geometry.bins() + 1);
        let (n, h) = (geometry.fft_size as f64, geometry.hop as f64);
        let turn = std::f64::consts::TAU;
        let nodes = (max_new + 3) * stride;
        let advance = |k: usize| (k * geometry.hop % geometry.fft_size) as f32 / geometry.fft_size as f32;
        Self {
            bins,
            stride,
            time_slope: (h / (2.0 * GAMMA_ALONG_TIME * n) / turn) as f32,
            frequency_slope: (-GAMMA_ALONG_FREQUENCY * n / (2.0 * h) / turn) as f32,
            advance: (0..bins).map(advance).collect(),
            phase: vec![0.0; nodes],
            half_along_time: vec![0.0; nodes],
            half_along_frequency: vec![0.0; nodes],
            level: vec![0; nodes],
            queue: LevelQueue::new(nodes),
        }
    }

    /// Finds the phases of the new rows (algorithm 1). `ln_magnitude` holds all `rows`, `bins` values each; `known_phase` is the
    /// phase of the last known row (ignored if there is none); `seed` numbers the first new row in the stream, for
    /// the phases of bins too quiet to have one.
    pub fn integrate(&mut self, ln_magnitude: &[f32], rows: Rows, known_phase: &[f32], seed: u32) {
        // The same function as the magnitudes', or silence would lie a rounding step above itself.
        let ln_silence = ln(super::reconstruct::SILENT);
        let loudest = ln_magnitude.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let threshold = (loudest + LN_TOLERANCE).max(ln_silence);
        self.differentiate(ln_magnitude, rows, loudest + LN_FLOOR);
        self.mark(ln_magnitude, rows, threshold, seed);
        if rows.known > 0 {
            let first = self.stride;
            self.phase[first..first + self.bins].copy_from_slice(known_phase);
            for node in first..first + self.bins {
                if self.level[node] > 0 {
                    self.queue.push(node, self.level[node]);
                }
            }
        }
        let nodes = 2 * self.stride..(2 + rows.new) * self.stride;
        self.spread();
        for node in nodes {
            // An island: its phase relative to the others is unknown, so any will do.
            if self.phase[node].is_nan() {
                self.phase[node] = 0.0;
                self.queue.push(node, self.level[node]);
                self.spread();
            }
        }
    }

    /// Phases of new row `row`, one a bin.
    pub fn phase(&self, row: usize) -> &[f32] {
        &self.phase[(row + 2) * self.stride..][..self.bins]
    }

    /// Equations 11 and 12: the phase gradient is the log-magnitude's, turned by a quarter. Central differences,
    /// one-sided at the block's first and last row, none along frequency at DC and Nyquist.
    fn differentiate(&mut self, ln_magnitude: &[f32], rows: Rows, floor: f32) {
        let total = rows.known + rows.new + rows.ahead;
        let row = |i: usize| &ln_magnitude[i * self.bins..][..self.bins];
        let first = rows.known.saturating_sub(1);
        for i in first..rows.known + rows.new {
            let node = (i + 2 - rows.known) * self.stride;
            let (before, after) = (i.saturating_sub(1), (i + 1).min(total - 1));
            let slope = 0.5 * self.frequency_slope * if after - before < 2 { 2.0 } else { 1.0 };
            let along = &mut self.half_along_frequency[node..][..self.bins];
            vectorised(|| {
                for ((d, a), b) in along.iter_mut().zip(row(after)).zip(row(before)) {
                    *d = slope * (a.max(floor) - b.max(floor));
                }
            });
            let along = &mut self.half_along_time[node..][..self.bins];
            let slope = 0.5 * self.time_slope;
            vectorised(|| {
                for (d, advance) in along.iter_mut().zip(&self.advance) {
                    *d = 0.5 * advance;
                }
                for (d, s) in along[1..].iter_mut().zip(row(i).windows(3)) {
                    *d += slope * (s[2].max(floor) - s[0].max(floor));
                }
            });
        }
    }

    /// Sets the level of each bin and marks those that are loud enough for a phase of their own: the tolerance step of
    /// algorithm 1, which gives the others a random phase.
    fn mark(&mut self, ln_magnitude: &[f32], rows: Rows, threshold: f32, seed: u32) {
        let scale = f32::from(LevelQueue::TOP - 1) / -LN_TOLERANCE;
        self.phase.fill(0.0);
        for i in rows.known.saturating_sub(1)..rows.known + rows.new {
            let node = (i + 2 - rows.known) * self.stride;
            let level = &mut self.level[node..][..self.bins];
            vectorised(|| {
                for (l, &s) in level.iter_mut().zip(&ln_magnitude[i * self.bins..]) {
                    *l = if s > threshold { ((s - threshold) * scale) as u16 + 1 } else { 0 };
                }
            });
            if i < rows.known {
                continue;
            }
            let first = seed.wrapping_add((i - rows.known) as u32).wrapping_mul(self.bins as u32);
            let phase = &mut self.phase[node..][..self.bins];
            vectorised(|| {
                for (k, (p, &l)) in phase.iter_mut().zip(&*level).enumerate() {
                    *p = if l > 0 { UNSET } else { scattered(first.wrapping_add(k as u32)) };
                }
            });
        }
    }

    /// Algorithm 1, inner loop: from the loudest bin at the border to its neighbours.
    fn spread(&mut self) {
        while let Some(node) = self.queue.pop() {
            let phase = self.phase[node];
            let (time, frequency) = (self.half_along_time[node], self.half_along_frequency[node]);
            for (next, along) in [(node + 1, 1.0), (node - 1, -1.0)] {
                if self.phase[next].is_nan() {
                    self.phase[next] = wrapped(phase + along * (frequency + self.half_along_frequency[next]));
                    self.queue.push(next, self.level[next]);
                }
            }
            for (next, along) in [(node + self.stride, 1.0), (node - self.stride, -1.0)] {
                if self.phase[next].is_nan() {
                    self.phase[next] = wrapped(phase + along * (time + self.half_along_time[next]));
                    self.queue.push(next, self.level[next]);
                }
            }
        }
    }
}

/// A phase that looks random and depends on nothing but `index`: the finaliser of a 32-bit hash (C. Wellons,
/// "Prospecting for hash functions", 2018).
fn scattered(index: u32) -> f32 {
    let mut x = index.wrapping_mul(0x9e37_79b9);
    x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    (x ^ (x >> 16)) as i32 as f32 / 4_294_967_296.0
}

/// What the heap of algorithm 1 does, at a fixed cost a bin, as a bucket queue (Dial 1969): magnitudes are sorted into
/// 4096 levels from the tolerance up, and a bitmap finds the highest level that is not empty.
struct LevelQueue {
    /// Last bin that entered each level.
    head: Vec<u32>,
    /// The bin that entered the same level before each bin.
    next: Vec<u32>,
    occupied: [u64; 64],
    /// Which words of `occupied` are not zero.
    summary: u64,
}

impl LevelQueue {
    const LEVELS: usize = 64 * 64;
    const TOP: u16 = Self::LEVELS as u16 - 1;
    const NONE: u32 = u32::MAX;

    fn new(nodes: usize) -> Self {
        Self { head: vec![Self::NONE; Self::LEVELS], next: vec![Self::NONE; nodes], occupied: [0; 64], summary: 0 }
    }

    fn push(&mut self, node: usize, level: u16) {
        let level = usize::from(level.min(Self::TOP));
        self.next[node] = self.head[level];
        self.head[level] = node as u32;
        self.occupied[level / 64] |= 1 << (level % 64);
        self.summary |= 1 << (level / 64);
    }

    fn pop(&mut self) -> Option<usize> {
        if self.summary == 0 {
            return None;
        }
        let word = 63 - self.summary.leading_zeros() as usize;
        let level = word * 64 + 63 - self.occupied[word].leading_zeros() as usize;
        let node = self.head[level];
        self.head[level] = self.next[node as usize];
        if self.head[level] == Self::NONE {
            self.occupied[word] &= !(1 << (level % 64));
            if self.occupied[word] == 0 {
                self.summary &= !(1 << word);
            }
        }
        Some(node as usize)
    }
}
