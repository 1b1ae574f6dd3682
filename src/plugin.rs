//! The host adapter: nice-plug on one side, an [`Instance`] on the other.

use std::num::NonZeroU32;
use std::sync::Arc;

use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::*;

use crate::engine::{Mode, NoteId, NoteSelector};
use crate::instance::{Instance, Setup};
use crate::link::ModelChoice;
use crate::model::Catalog;
use crate::params::{LatencySetting, UkulelatentParams};
use crate::settings::{self, Settings};
use crate::units::{MidiNote, SampleRate};

/// The plugin as hosts know it.
pub struct Ukulelatent {
    params: Arc<UkulelatentParams>,
    choice: Arc<ModelChoice>,
    instance: Option<Instance>,
    rate: SampleRate,
    latency: LatencySetting,
}

impl Default for Ukulelatent {
    fn default() -> Self {
        let catalog = Catalog::standard();
        let first = Settings::first_model(settings::file().as_deref(), &catalog)
            .expect("tests/model_files.rs opens the built-in model");
        let choice = Arc::new(ModelChoice::new(first.model, catalog).telling(tell_user));
        if let Some(notice) = first.notice {
            choice.notify(notice);
        }
        Self {
            params: Arc::new(UkulelatentParams::new(Arc::clone(&choice))),
            choice,
            instance: None,
            rate: SampleRate::new(48_000.0).expect("a positive constant"),
            latency: LatencySetting::Live,
        }
    }
}

/// Tells the user what the plugin cannot show: in the log, and for `ukulelatent info`.
fn tell_user(notice: &str) {
    nice_warn!("{notice}");
    crate::notices::remember(notice);
}

impl Plugin for Ukulelatent {
    const NAME: &'static str = "Ukulelatent";
    const VENDOR: &'static str = "Ukulelatent";
    const URL: &'static str = env!("CARGO_PKG_REPOSITORY");
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[AudioIOLayout {
        main_input_channels: None,
        main_output_channels: NonZeroU32::new(2),
        ..AudioIOLayout::const_default()
    }];
    const MIDI_INPUT: MidiConfig = MidiConfig::Basic;
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;

    type Editor = ();
    type SysExMessage = ();
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        Arc::<UkulelatentParams>::clone(&self.params)
    }

    fn activate(
        &mut self,
        _layout: &AudioIOLayout,
        config: &BufferConfig,
        context: &mut impl ActivateContext<Self>,
    ) -> bool {
        let Ok(rate) = SampleRate::new(config.sample_rate) else {
            nice_error!("the host asks for a sample rate of {} Hz", config.sample_rate);
            return false;
        };
        self.rate = rate;
        self.latency = self.params.latency.value();
        let mode = match config.process_mode {
            ProcessMode::Offline => Mode::Offline,
            ProcessMode::Realtime | ProcessMode::Buffered => Mode::Realtime,
        };
        let latency = self.latency.samples(rate);
        context.set_latency_samples(latency as u32);
        let setup = Setup { rate, mode, latency, controls: self.params.controls(), threads: None };
        self.instance = None;
        match Instance::start(&self.choice, setup) {
            Ok(instance) => self.instance = Some(instance),
            Err(error) => {
                nice_error!("the workers cannot start: {error}");
                return false;
            }
        }
        true
    }

    fn deactivate(&mut self) {
        self.instance = None;
    }

    fn reset(&mut self) {
        if let Some(instance) = &mut self.instance {
            instance.engine.reset();
        }
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        _aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let Some(Instance { engine, .. }) = &mut self.instance else { return ProcessStatus::Normal };
        let latency = self.params.latency.value();
        if latency != self.latency {
            self.latency = latency;
            engine.set_latency(latency.samples(self.rate));
            context.set_latency_samples(engine.latency() as u32);
        }
        engine.set_controls(self.params.controls());

        let [left, right] = buffer.as_slice() else { return ProcessStatus::Error("expected two channels") };
        let len = left.len();
        let mut at = 0;
        loop {
            let event = context.next_event();
            let until = event.as_ref().map_or(len, |event| (event.timing() as usize).clamp(at, len));
            if until > at {
                engine.render(&mut left[at..until], &mut right[at..until], |offset, id| {
                    // At the last sample that sounds: the one after it may lie beyond the block.
                    tell_ended(context, at + offset.max(1) - 1, id);
                });
                at = until;
            }
            let Some(event) = event else { break };
            if let Some(dismissed) = dispatch(engine, &event) {
                tell_ended(context, at.min(len - 1), dismissed);
            }
        }
        if engine.is_active() { ProcessStatus::KeepAlive } else { ProcessStatus::Normal }
    }
}

/// Hands a note event to the engine; returns a note that ended at once because of it.
fn dispatch(engine: &mut crate::engine::Engine, event: &NoteEvent<()>) -> Option<NoteId> {
    match *event {
        NoteEvent::NoteOn { voice_id, channel, key, velocity, .. } => {
            let key = MidiNote::new(key.number()?).ok()?;
            let id = NoteId { voice: voice_id.id(), channel: channel.number().unwrap_or(0), key };
            return engine.note_on(id, velocity);
        }
        NoteEvent::NoteOff { voice_id, channel, key, .. } => {
            engine.note_off(selector(voice_id, channel, key));
        }
        NoteEvent::Choke { voice_id, channel, key, .. } => {
            engine.choke(selector(voice_id, channel, key));
        }
        _ => {}
    }
    None
}

fn selector(voice: VoiceID, channel: Channel, key: Key) -> NoteSelector {
    let key = key.number().and_then(|number| MidiNote::new(number).ok());
    NoteSelector { voice: voice.id(), channel: channel.number(), key }
}

fn tell_ended(context: &mut impl ProcessContext<Ukulelatent>, offset: usize, id: NoteId) {
    let event = NoteEvent::VoiceTerminated {
        timing: offset as u32,
        voice_id: id.voice.map_or(VoiceID::Wildcard, VoiceID::ID),
        channel: Channel::Number(id.channel),
        key: Key::Number(id.key.number()),
    };
    // A host whose queue is full loses a hint, not a note.
    let _ = context.try_send_event(event);
}

impl ClapPlugin for Ukulelatent {
    const CLAP_ID: &'static str = "org.ukulelatent.ukulelatent";
    const CLAP_DESCRIPTION: Option<&'static str> = Some("A sampler whose timbre is a point in a latent space");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] =
        &[ClapFeature::Instrument, ClapFeature::Sampler, ClapFeature::Synthesizer, ClapFeature::Stereo];
}

impl Vst3Plugin for Ukulelatent {
    const VST3_CLASS_ID: [u8; 16] = *b"UkulelatentSmplr";
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] =
        &[Vst3SubCategory::Instrument, Vst3SubCategory::Sampler, Vst3SubCategory::Stereo];
}
