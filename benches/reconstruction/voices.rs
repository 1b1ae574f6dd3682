//! Eight voices at once: what share of real time one thread needs to stream them to a host.

use std::time::Duration;

use ukulelatent::dsp::inversion::MelInverter;
use ukulelatent::dsp::mel::MelFilterBank;
use ukulelatent::dsp::reconstruct::{Quality, Reconstructor};
use ukulelatent::units::SampleRate;
use ukulelatent::worker::Resampler;

use crate::recordings::RATE_HZ;
use crate::sounds::{Sound, mel_bank};
use crate::support::{Clock, cpu_time};
use crate::{GEOMETRY, ONSET, SAMPLES};

const VOICES: usize = 8;
const HOST_HZ: f32 = 48_000.0;
const ROUNDS: usize = 5;
/// Model samples that a voice makes before the next has its turn.
const TURN: usize = 256;

/// One voice: magnitudes to samples at the host's rate.
struct Voice<'a> {
    rows: std::slice::ChunksExact<'a, f32>,
    reconstructor: Reconstructor,
    resampler: Resampler,
    made: usize,
}

impl<'a> Voice<'a> {
    fn new() -> Self {
        let rate = |hz| SampleRate::new(hz).expect("a positive constant");
        Self {
            rows: [].chunks_exact(GEOMETRY.bins()),
            reconstructor: Reconstructor::new(GEOMETRY, Quality::Play),
            resampler: Resampler::new(rate(RATE_HZ), rate(HOST_HZ), 1.0, TURN),
            made: 0,
        }
    }

    fn begin(&mut self, sound: &'a Sound) {
        self.rows = sound.from_mel.chunks_exact(GEOMETRY.bins());
        self.reconstructor.begin(Quality::Play, ONSET);
        self.resampler.begin(1.0, ONSET).expect("a ratio within bounds");
        self.made = 0;
    }

    /// The next stretch of the note; whether there is more.
    fn turn(&mut self, out: &mut [f32]) -> bool {
        for row in self.rows.by_ref().take(self.reconstructor.frames_wanted()) {
            self.reconstructor.push(row).expect("a spectrogram's own row");
        }
        if self.rows.len() == 0 {
            self.reconstructor.finish();
        }
        let mut block = [0.0; TURN];
        let got = self.reconstructor.pull(&mut block);
        self.made += got;
        self.resampler.push(&block[..got]).expect("a block at a time");
        if self.made == SAMPLES {
            self.resampler.finish(SAMPLES - ONSET).expect("once, at the end");
        }
        while self.resampler.pull(out) > 0 {}
        self.made < SAMPLES
    }
}

/// CPU time by the time that sounds, of eight voices in turn.
pub fn measure(sounds: &[Sound]) -> Vec<(&'static str, f64)> {
    let mut voices: Vec<Voice> = (0..VOICES).map(|_| Voice::new()).collect();
    let mut out = vec![0.0; 4 * TURN];
    let bank = mel_bank();
    let mut inverter = MelInverter::new(&bank, MelInverter::ITERATIONS);
    let (mut streams, mut inversion) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        for (i, voice) in voices.iter_mut().enumerate() {
            voice.begin(&sounds[i % sounds.len()]);
        }
        let start = cpu_time(Clock::Thread);
        while voices.iter_mut().fold(false, |more, voice| voice.turn(&mut out) | more) {}
        streams = streams.min(cpu_time(Clock::Thread) - start);
        inversion = inversion.min(invert(&sounds[0], &bank, &mut inverter));
    }
    let second = SAMPLES as f64 / f64::from(RATE_HZ);
    let share = |time: Duration| time.as_secs_f64() / second;
    let (streams, inversion) = (share(streams), share(inversion) * VOICES as f64);
    vec![
        ("reconstruction and resampling", streams),
        ("mel to linear", inversion),
        ("all from the decoder to the host", streams + inversion),
    ]
}

/// CPU time of one note from mel to linear.
fn invert(sound: &Sound, bank: &MelFilterBank, inverter: &mut MelInverter) -> Duration {
    let mut mel = vec![0.0; bank.bands()];
    let mut magnitude = vec![0.0; GEOMETRY.bins()];
    let mut time = Duration::ZERO;
    for row in sound.consistent.chunks_exact(GEOMETRY.bins()) {
        bank.apply(row, &mut mel);
        let start = cpu_time(Clock::Thread);
        inverter.invert(&mel, &mut magnitude);
        time += cpu_time(Clock::Thread) - start;
    }
    time
}
