//! What a point of the latent space sounds like, in numbers.

use std::sync::Arc;

use ukulelatent::dsp::mel::mel_to_hz;
use ukulelatent::dsp::pitch::PitchRange;
use ukulelatent::dsp::yin::yin_f0;
use ukulelatent::engine::{Controls, Mode, NoteId, NoteSelector};
use ukulelatent::instance::{Instance, Setup};
use ukulelatent::link::{CacheLimits, ModelChoice};
use ukulelatent::model::decoder::Decoder;
use ukulelatent::model::{Catalog, ModelError, ModelFile};
use ukulelatent::units::{MidiNote, SampleRate};

use crate::error::CliError;
use crate::sound::Latent;

/// Keys that are looked at: low, middle and high.
const KEYS: [u8; 3] = [45, 57, 69];
/// Regions of the spectrogram that are compared: of time, finer at the start, in seconds; and of mel bands.
const TIMES_S: [f32; 7] = [0.0, 0.05, 0.12, 0.25, 0.5, 0.8, 1.3];
const REGIONS: usize = 20;
/// Softer than this is silence, in decibels below full scale of the model.
const FLOOR_DB: f32 = -60.0;

/// One point's measures.
pub struct Sketch {
    pub point: Latent,
    /// Decibels by key, time and band.
    regions: Vec<f32>,
    /// Power of the first half second.
    pub level_db: f32,
    /// Centre of magnitude over the first quarter second.
    pub brightness_hz: f32,
    /// From the loudest frame to that one second later.
    pub fall_db: f32,
    /// From the loudest frame to that 0.15 s later.
    pub early_fall_db: f32,
}

impl Sketch {
    /// How unlike two sounds are: the root mean square of the differences of their regions.
    pub fn distance_db(&self, other: &Self) -> f32 {
        let squares = self.regions.iter().zip(&other.regions).map(|(a, b)| (a - b).powi(2));
        (squares.sum::<f32>() / self.regions.len() as f32).sqrt()
    }
}

/// What listens.
pub struct Ear {
    model: Arc<ModelFile>,
    decoder: Decoder,
    instance: Instance,
    rate: SampleRate,
}

impl Ear {
    /// For one model.
    pub fn new(model: &Arc<ModelFile>) -> Result<Self, CliError> {
        let rate = SampleRate::new(48_000.0).expect("a positive constant");
        let choice = Arc::new(ModelChoice::new(Arc::clone(model), Catalog::default()));
        let setup = Setup {
            rate,
            mode: Mode::Offline,
            latency: 0,
            controls: Controls::default(),
            threads: None,
            cache: CacheLimits::NONE,
            drag: None,
        };
        let instance = Instance::start(&choice, setup).map_err(CliError::Workers)?;
        Ok(Self { model: Arc::clone(model), decoder: Decoder::new(model)?, instance, rate })
    }

    /// Decodes and measures; nothing is made to sound.
    pub fn sketch(&mut self, point: &Latent) -> Result<Sketch, CliError> {
        let card = &self.model.card;
        let (frames, bands) = (card.frames, card.mel.bands);
        let frame_s = card.geometry.hop as f32 / card.sample_rate_hz.hz();
        let onset = card.onset_sample / card.geometry.hop;
        let mut mel = vec![0.0; frames * bands];
        let mut whole = Measured::default();
        for key in KEYS {
            let note = card.notes.nearest(MidiNote::new(key).expect("a key"));
            self.decoder
                .decode(point, note, 0..frames, &mut mel)
                .map_err(|error| CliError::Backend(error.to_string()))?;
            for value in &mut mel {
                *value = card.amplitude.to_magnitude(*value);
            }
            whole.add(&mel[onset * bands..], bands, frame_s, |band| band_hz(card.mel, band));
        }
        Ok(whole.sketch(*point))
    }

    /// The worst of the keys' distances from their pitch, in cents; `None` if one has none.
    pub fn worst_cents(&mut self, point: &Latent) -> Result<Option<f32>, ModelError> {
        let mut worst = 0.0_f32;
        for key in KEYS {
            let key = self.model.card.notes.nearest(MidiNote::new(key).expect("a key"));
            let samples = self.play(point, key);
            let range = PitchRange { min_hz: key.hz() / 2.3, max_hz: key.hz() * 2.3 };
            let Some(f0_hz) = yin_f0(&samples, self.rate, range) else { return Ok(None) };
            worst = worst.max(key.cents_to(f0_hz).abs());
        }
        Ok(Some(worst))
    }

    /// The first half second of a note, after its transient.
    fn play(&mut self, point: &Latent, key: MidiNote) -> Vec<f32> {
        let engine = &mut self.instance.engine;
        engine.reset();
        engine.set_controls(Controls { latent: *point, ..Controls::default() });
        engine.note_on(NoteId { voice: None, channel: 0, key }, 1.0);
        let mut left = vec![0.0; self.rate.samples_in_ms(520.0)];
        let mut right = left.clone();
        engine.render(&mut left, &mut right, |_, _| {});
        engine.choke(NoteSelector::default());
        left.split_off(self.rate.samples_in_ms(20.0))
    }
}

/// The frequency of a mel band's middle.
fn band_hz(scale: ukulelatent::dsp::mel::MelScale, band: usize) -> f32 {
    use ukulelatent::dsp::mel::hz_to_mel;
    let (low, high) = (hz_to_mel(f64::from(scale.low_hz)), hz_to_mel(f64::from(scale.high_hz)));
    mel_to_hz(low + (high - low) * (band as f64 + 1.0) / (scale.bands as f64 + 1.0)) as f32
}

fn db(power: f32) -> f32 {
    (10.0 * power.max(1e-12).log10()).max(FLOOR_DB)
}

/// Sums over the keys.
#[derive(Default)]
struct Measured {
    regions: Vec<f32>,
    level_db: f32,
    weighted_hz: f32,
    weight: f32,
    fall_db: f32,
    early_fall_db: f32,
}

impl Measured {
    /// Takes one key's magnitudes, frames x bands, from the onset on.
    fn add(&mut self, mel: &[f32], bands: usize, frame_s: f32, hz: impl Fn(usize) -> f32) {
        let frames: Vec<&[f32]> = mel.chunks_exact(bands).collect();
        let at = |seconds: f32| ((seconds / frame_s) as usize).min(frames.len());
        let power = |frame: &[f32]| frame.iter().map(|x| x * x).sum::<f32>();
        let powers: Vec<f32> = frames.iter().map(|frame| power(frame)).collect();
        for times in TIMES_S.windows(2) {
            let (from, to) = (at(times[0]).min(frames.len() - 1), at(times[1]));
            let span = &frames[from..to.max(from + 1)];
            for region in 0..REGIONS {
                let range = region * bands / REGIONS..(region + 1) * bands / REGIONS;
                let sum: f32 = span.iter().map(|frame| power(&frame[range.clone()])).sum();
                self.regions.push(db(sum / span.len() as f32));
            }
        }
        let early = &powers[..at(0.5).max(1)];
        self.level_db += db(early.iter().sum::<f32>() / early.len() as f32);
        for frame in &frames[..at(0.25).max(1)] {
            for (band, x) in frame.iter().enumerate() {
                self.weighted_hz += x * hz(band);
                self.weight += x;
            }
        }
        let (loudest, peak) =
            powers.iter().enumerate().fold((0, 0.0), |best, (n, &p)| if p > best.1 { (n, p) } else { best });
        let later = |seconds: f32| db(peak) - db(powers[(loudest + at(seconds)).min(powers.len() - 1)]);
        self.fall_db += later(1.0);
        self.early_fall_db += later(0.15);
    }

    fn sketch(self, point: Latent) -> Sketch {
        let keys = KEYS.len() as f32;
        Sketch {
            point,
            regions: self.regions,
            level_db: self.level_db / keys,
            brightness_hz: self.weighted_hz / self.weight.max(f32::MIN_POSITIVE),
            fall_db: self.fall_db / keys,
            early_fall_db: self.early_fall_db / keys,
        }
    }
}
