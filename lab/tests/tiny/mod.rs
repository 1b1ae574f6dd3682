//! A feature folder of synthetic plucks, small enough to train on in a second.

use std::path::Path;

use lab::config::{DataConfig, InputConfig, LossConfig, Rule, TrainConfig};
use lab::features::{FeatureSet, FrontEnd, INDEX_NAME, INDEX_VERSION, Index, NoteEntry};
use lab::network::NetworkConfig;
use ukulelatent::dsp::mel::{AmplitudeMap, MelScale};
use ukulelatent::dsp::stft::FrameGeometry;
use ukulelatent::units::{MidiNote, SampleRate};

pub fn front_end() -> FrontEnd {
    FrontEnd {
        sample_rate_hz: SampleRate::new(8000.0).unwrap(),
        geometry: FrameGeometry { fft_size: 512, hop: 128 },
        mel: MelScale { bands: 48, low_hz: 0.0, high_hz: 4000.0 },
        amplitude: AmplitudeMap::REFERENCE,
        frames: 20,
        onset_sample: 256,
    }
}

pub fn config() -> TrainConfig {
    let mut config = TrainConfig {
        steps: 80,
        batch: 8,
        network: NetworkConfig {
            channels: 16,
            condition: 16,
            dilations: vec![1, 2],
            encoder_channels: 16,
            spectra: 0,
            ..NetworkConfig::default()
        },
        ..TrainConfig::default()
    };
    // Of its own, not of the defaults: those follow what is best for real recordings.
    config.data = DataConfig { shifts: vec![-2, -1, 1, 2], shifted: 0.5, mixed: 0.0, ..config.data };
    config.input = InputConfig { masked_bands: 20, masked_frames: 4, noise: 0.0 };
    config.loss = LossConfig {
        divergence: 0.1,
        placed: 0,
        latent_noise: 0.05,
        adversary: 0.03,
        onset: 0.01,
        onset_ms: 40.0,
        envelope: 0.0,
        family: 0.0,
        tuning: 0.0,
        loud: 0.0,
        uneven: 0.0,
        dependence: 0.0,
        refined: 0.0,
        ..config.loss
    };
    (config.optimiser.rule, config.optimiser.rate, config.optimiser.weight_decay) = (Rule::Adam, 0.0016, 0.0);
    config.data.held_out = 0.2;
    config.data.validation = 0.1;
    config
}

/// Writes the folder that `lab features` would make of two instruments, a bright and a dull one.
pub fn write_features(folder: &Path, front_end: &FrontEnd) {
    std::fs::create_dir_all(folder).unwrap();
    let mut entries = Vec::new();
    for (instrument, brightness) in [("bright", 0.9f32), ("dull", 0.4)] {
        for number in 48..=71 {
            let note = MidiNote::new(number).unwrap();
            let aligned = format!("{instrument}_{number}.wav");
            write_wav(&folder.join(&aligned), front_end, &pluck(note, brightness, front_end));
            entries.push(NoteEntry {
                file: aligned.clone(),
                instrument: instrument.into(),
                family: "test".into(),
                note,
                detune_cents: 0.0,
                licence: "CC0-1.0".into(),
                aligned,
            });
        }
    }
    let index = Index {
        version: INDEX_VERSION,
        front_end: front_end.clone(),
        data_sha256: "0".repeat(64),
        entries,
        disagreements: Vec::new(),
        skipped: Vec::new(),
    };
    std::fs::write(folder.join(INDEX_NAME), serde_json::to_string(&index).unwrap()).unwrap();
}

pub fn features(folder: &Path) -> FeatureSet {
    write_features(folder, &front_end());
    FeatureSet::load(folder).unwrap()
}

/// Five partials, each weaker and shorter than the one below it.
fn pluck(note: MidiNote, brightness: f32, front_end: &FrontEnd) -> Vec<f32> {
    let rate_hz = front_end.sample_rate_hz.hz();
    (0..front_end.stored_samples())
        .map(|n| {
            let Some(n) = n.checked_sub(front_end.onset_sample) else { return 0.0 };
            let seconds = n as f32 / rate_hz;
            let partial = |k: u8| {
                let k = f32::from(k);
                let phase = std::f32::consts::TAU * note.hz() * k * seconds;
                brightness.powf(k) * (-4.0 * k * seconds).exp() * phase.sin()
            };
            0.5 * (1..=5).filter(|&k| f32::from(k) * note.hz() < rate_hz / 2.0).map(partial).sum::<f32>()
        })
        .collect()
}

fn write_wav(path: &Path, front_end: &FrontEnd, samples: &[f32]) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: front_end.sample_rate_hz.hz() as u32,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for sample in samples {
        writer.write_sample(*sample).unwrap();
    }
    writer.finalize().unwrap();
}
