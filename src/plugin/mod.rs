//! The host adapter: nice-plug on one side, an [`Instance`] on the other.

mod events;
mod playing;

use std::num::NonZeroU32;
use std::sync::Arc;

use nice_plug::prelude::*;
use nice_plug_egui::{EguiEditor, EguiEditorState, RepaintNotifier};

use crate::editor;
use crate::engine::{Mode, POLYPHONY};
use crate::instance::{Instance, Setup};
use crate::link::window::{Stage, WindowEnd, window};
use crate::link::{ModelChoice, ScaleChoice};
use crate::model::Catalog;
use crate::params::{LatencySetting, UkulelatentParams, migrate};
use crate::perform::SongTime;
use crate::settings::{self, Settings};
use crate::units::SampleRate;
use events::tell_ended;
use playing::Playing;

/// How VST3 hosts know the plugin.
pub const VST3_CLASS_ID: [u8; 16] = *b"UkulelatentSmplr";

/// The plugin as hosts know it.
pub struct Ukulelatent {
    params: Arc<UkulelatentParams>,
    choice: Arc<ModelChoice>,
    /// For whoever opens a window.
    window: Arc<WindowEnd>,
    /// What that window sees, and where what it plays comes out.
    stage: Stage,
    playing: Option<Playing>,
    rate: SampleRate,
    latency: LatencySetting,
    /// Tells the window that there is something new to draw, what of it was told, and how many samples ago.
    repaint: RepaintNotifier,
    told: u64,
    untold: usize,
    /// Whether the window is open, as the framework knows.
    editor: Option<Arc<EguiEditorState>>,
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
        let (window, stage) = window();
        Self {
            window,
            stage,
            params: Arc::new(UkulelatentParams::new(Arc::clone(&choice), Arc::new(ScaleChoice::default()))),
            choice,
            playing: None,
            rate: SampleRate::new(48_000.0).expect("a positive constant"),
            latency: LatencySetting::Live,
            repaint: RepaintNotifier::new(),
            told: 0,
            untold: 0,
            editor: None,
        }
    }
}

impl Ukulelatent {
    /// Where a window sees and plays it: the same one for as long as the plugin lives.
    #[must_use]
    pub fn window(&self) -> &Arc<WindowEnd> {
        &self.window
    }

    /// nice-plug tells nobody that a window closes, and a window cannot know that there is something new. Atomics only.
    fn mind_the_window(&mut self, samples: usize) {
        if let Some(editor) = &self.editor {
            self.window.set_open(editor.is_open());
        }
        // Counted in samples: a clock would be a system call.
        self.untold = self.untold.saturating_add(samples);
        if self.untold < self.rate.samples_in_ms(self.window.pace_ms()) {
            return;
        }
        let changes = self.window.changes();
        if std::mem::replace(&mut self.told, changes) != changes {
            self.untold = 0;
            self.repaint.request_repaint();
        }
    }

    /// Its parameters, by name.
    #[must_use]
    pub fn parameters(&self) -> &Arc<UkulelatentParams> {
        &self.params
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
    const MIDI_INPUT: MidiConfig = MidiConfig::MidiCCs;
    /// A block may bring ten thousand events; room that is there need not be found on the audio thread.
    const INPUT_EVENT_CAPACITY: usize = 16_384;
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;

    type Editor = EguiEditor<editor::Window>;
    type SysExMessage = ();
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        Arc::<UkulelatentParams>::clone(&self.params)
    }

    fn editor(&mut self, _: AsyncExecutor<Self>) -> Option<Self::Editor> {
        let (params, end) = (Arc::clone(&self.params), Arc::clone(&self.window));
        let (editor, state) = editor::editor(params, end, self.repaint.clone());
        self.editor = Some(state);
        editor
    }

    fn filter_state(state: &mut PluginState) {
        migrate(state);
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
        let setup = Setup {
            rate,
            mode,
            latency,
            controls: self.params.controls(),
            threads: None,
            cache: self.params.machine.cache_limits(),
            drag: None,
        };
        self.playing = None;
        self.stage.set_rate(rate);
        match Instance::start_seen(&self.choice, setup, Some(&*self.window)) {
            Ok(instance) => self.playing = Some(Playing::new(instance, &self.params, (rate, mode))),
            Err(error) => {
                nice_error!("the workers cannot start: {error}");
                return false;
            }
        }
        true
    }

    fn deactivate(&mut self) {
        self.playing = None;
        self.stage.rest();
    }

    fn reset(&mut self) {
        if let Some(playing) = &mut self.playing {
            playing.reset();
        }
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        _aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        self.mind_the_window(buffer.samples());
        let Some(playing) = &mut self.playing else { return ProcessStatus::Normal };
        let latency = self.params.latency.value();
        if latency != self.latency {
            self.latency = latency;
            let engine = &mut playing.instance.engine;
            engine.set_latency(latency.samples(self.rate));
            context.set_latency_samples(engine.latency() as u32);
        }
        playing.follow(&self.params);

        let api = context.plugin_api();
        playing.begin(song_time(context.transport(), playing.clock(), self.rate));
        playing.take_gestures(&mut self.stage);
        let [left, right] = buffer.as_slice() else { return ProcessStatus::Error("expected two channels") };
        let len = left.len();
        let last = len.saturating_sub(1);
        let mut at = 0;
        loop {
            let event = context.next_event();
            let until = event.as_ref().map_or(len, |event| (event.timing() as usize).clamp(at, len));
            if until > at {
                playing.render(&mut left[at..until], &mut right[at..until], |offset, id| {
                    // At the last sample that sounds: the one after it may lie beyond the block.
                    tell_ended(context, at + offset.max(1) - 1, id);
                });
                at = until;
            }
            let Some(event) = event else { break };
            playing.play(&event, api);
            playing.tell_dismissed(|id| tell_ended(context, at.min(last), id));
        }
        playing.strike(|id| tell_ended(context, last, id));
        self.stage.hear(left, right);
        playing.show(&mut self.stage, len);
        if playing.instance.engine.is_active() { ProcessStatus::KeepAlive } else { ProcessStatus::Normal }
    }
}

/// Where the block begins in the song, while the song plays; else `clock`, in samples since activation.
fn song_time(transport: &Transport, clock: i64, rate: SampleRate) -> SongTime {
    match transport.pos_samples().filter(|_| transport.playing) {
        Some(samples) => SongTime::at(samples, transport.tempo, rate).counted(transport.pos_beats()),
        None => SongTime::at(clock, transport.tempo, rate),
    }
}

impl ClapPlugin for Ukulelatent {
    const CLAP_ID: &'static str = "org.ukulelatent.ukulelatent";
    const CLAP_DESCRIPTION: Option<&'static str> = Some("A sampler whose timbre is a point in a latent space");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] =
        &[ClapFeature::Instrument, ClapFeature::Sampler, ClapFeature::Synthesizer, ClapFeature::Stereo];
    const CLAP_POLY_MODULATION_CONFIG: Option<PolyModulationConfig> =
        Some(PolyModulationConfig { max_voice_capacity: POLYPHONY as u32, supports_overlapping_voices: true });
}

impl Vst3Plugin for Ukulelatent {
    const VST3_CLASS_ID: [u8; 16] = VST3_CLASS_ID;
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] =
        &[Vst3SubCategory::Instrument, Vst3SubCategory::Sampler, Vst3SubCategory::Stereo];
}
