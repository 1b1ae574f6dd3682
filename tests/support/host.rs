//! A CLAP host in this process: loads the plugin's own entry, sends it events at their samples, and listens.

#![allow(dead_code)] // Each test binary uses its own part.

use std::ffi::CString;
use std::io::Cursor;
use std::sync::atomic::{AtomicU32, Ordering};

use clack_extensions::latency::{HostLatency, HostLatencyImpl, PluginLatency};
use clack_extensions::params::{ParamInfoBuffer, PluginParams};
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::PluginState;
use clack_host::events::Match;
use clack_host::events::event_types::{
    MidiEvent, NoteChokeEvent, NoteEndEvent, NoteExpressionEvent, NoteExpressionType, NoteOffEvent, NoteOnEvent,
    ParamModEvent, ParamValueEvent, TransportEvent, TransportFlags,
};
use clack_host::events::{EventFlags, EventHeader};
use clack_host::prelude::*;
use clack_host::utils::{BeatTime, SecondsTime};
use nice_plug::prelude::ClapPlugin;
use ukulelatent::plugin::Ukulelatent;

/// The longest block that is announced to the plugin.
pub const MAX_BLOCK: usize = 8192;
/// Notes that may end in one block.
const MAX_ENDS: usize = 16_384;

/// The host's callbacks.
pub struct TestHost;

/// Counts what the plugin asks for.
#[derive(Default)]
pub struct Shared {
    restarts: AtomicU32,
}

impl SharedHandler<'_> for Shared {
    fn request_restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    fn request_process(&self) {}

    fn request_callback(&self) {}
}

/// The host's main thread.
pub struct Main;

impl MainThreadHandler<'_> for Main {}

impl HostLatencyImpl for Main {
    fn changed(&self) {}
}

impl HostHandlers for TestHost {
    type Shared<'a> = Shared;
    type MainThread<'a> = Main;
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _: &Self::Shared<'_>) {
        builder.register::<HostLatency>();
    }
}

/// What the host sends. Notes are on port 0, channel 0.
#[derive(Clone, Copy, Debug)]
pub enum Cue {
    /// A key with its note number, struck at full velocity.
    On(u8, u32),
    /// The note of this number is let go.
    Off(u32),
    /// Every note is let go.
    AllOff,
    /// The note of this number stops.
    Choke(u32),
    /// Every note stops.
    AllChoke,
    /// A parameter, by its id, gets a value as CLAP knows it: 0 to 1, or a step's index.
    Set(&'static str, f64),
    /// A parameter is moved for the note of this number alone.
    Modulate(&'static str, u32, f64),
    /// An expression of the note of this number.
    Express(u32, NoteExpressionType, f64),
    /// Three bytes of MIDI.
    Midi([u8; 3]),
    /// A note-on that names neither channel, key nor number.
    OnAnything,
}

/// What came back.
pub struct Heard {
    /// The left channel.
    pub samples: Vec<f32>,
    /// The right one.
    pub right: Vec<f32>,
    /// When notes ended, by number.
    pub ended: Vec<(usize, i32)>,
    /// What the notes that ended are called: number, channel, key.
    pub ended_names: Vec<(i32, i16, i16)>,
    /// What the plugin answered to each block.
    pub statuses: Vec<ProcessStatus>,
}

/// A song that plays.
#[derive(Clone, Copy, Debug)]
pub struct Song {
    /// Where in it [`Host::play`] begins, in samples.
    pub from: i64,
    /// In quarter notes a minute.
    pub tempo: f64,
    /// In hertz.
    pub rate_hz: f64,
}

impl Song {
    /// What the plugin is told at a sample of [`Host::play`].
    fn transport(self, at: usize) -> TransportEvent {
        let seconds = (self.from + at as i64) as f64 / self.rate_hz;
        TransportEvent {
            header: EventHeader::new_core(0, EventFlags::empty()),
            flags: TransportFlags::HAS_TEMPO
                | TransportFlags::HAS_BEATS_TIMELINE
                | TransportFlags::HAS_SECONDS_TIMELINE
                | TransportFlags::IS_PLAYING,
            song_pos_beats: BeatTime::from_float(seconds * self.tempo / 60.0),
            song_pos_seconds: SecondsTime::from_float(seconds),
            tempo: self.tempo,
            tempo_inc: 0.0,
            loop_start_beats: BeatTime::from_int(0),
            loop_end_beats: BeatTime::from_int(0),
            loop_start_seconds: SecondsTime::from_int(0),
            loop_end_seconds: SecondsTime::from_int(0),
            bar_start: BeatTime::from_int(0),
            bar_number: 0,
            time_signature_numerator: 4,
            time_signature_denominator: 4,
        }
    }
}

/// One instance of the plugin, its host and its one thread.
pub struct Host {
    /// What the transport says; without one, nothing.
    pub song: Option<Song>,
    processor: Option<StartedPluginAudioProcessor<TestHost>>,
    instance: PluginInstance<TestHost>,
    params: Vec<(String, ClapId)>,
}

impl Host {
    /// Loads the plugin and makes an instance of it.
    pub fn new() -> Self {
        // SAFETY: the entry is the plugin's own, as nice-plug exports it, and lives as long as the program.
        let entry = unsafe { PluginEntry::load_from_raw(&ukulelatent::clap_entry, c"/ukulelatent.clap") };
        let entry = entry.expect("the entry loads");
        let info = HostInfo::new("Ukulelatent's tests", "Ukulelatent", "", "1").expect("no NUL");
        let id = CString::new(Ukulelatent::CLAP_ID).expect("no NUL");
        let instance = PluginInstance::<TestHost>::new(|_| Shared::default(), |_| Main, &entry, &id, &info);
        let mut instance = instance.expect("the plugin can be instantiated");
        let params = list_params(&mut instance);
        Self { song: None, processor: None, instance, params }
    }

    /// Tells the plugin to take its time.
    pub fn set_offline(&mut self) {
        let handle = self.instance.plugin_handle();
        let render: PluginRender = handle.get_extension().expect("render");
        render.set(&handle, RenderMode::Offline).expect("the plugin can render offline");
    }

    /// Starts processing at a rate in hertz.
    pub fn activate(&mut self, rate_hz: f64) {
        let config = PluginAudioConfiguration {
            sample_rate: rate_hz,
            min_frames_count: 1,
            max_frames_count: MAX_BLOCK as u32,
        };
        let stopped = self.instance.activate(|_, _| (), config).expect("the plugin activates");
        self.processor = Some(stopped.start_processing().expect("processing starts"));
    }

    /// Stops processing.
    pub fn deactivate(&mut self) {
        let started = self.processor.take().expect("an active plugin");
        self.instance.deactivate(started.stop_processing());
    }

    /// An instance that renders offline at 48 kHz.
    pub fn offline() -> Self {
        let mut host = Self::new();
        host.set_offline();
        host.activate(48_000.0);
        host
    }

    /// How often the plugin asked to be restarted.
    pub fn restarts(&self) -> u32 {
        self.instance.access_shared_handler(|shared| shared.restarts.load(Ordering::Relaxed))
    }

    /// The ids of the parameters, in the plugin's order.
    pub fn param_names(&self) -> Vec<&str> {
        self.params.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// A parameter's number.
    pub fn param_id(&self, id: &str) -> ClapId {
        let named = self.params.iter().find(|(name, _)| name == id);
        named.unwrap_or_else(|| panic!("no parameter {id}")).1
    }

    /// A parameter's value as CLAP knows it.
    pub fn value(&mut self, id: &str) -> f64 {
        let id = self.param_id(id);
        let handle = self.instance.plugin_handle();
        let params: PluginParams = handle.get_extension().expect("params");
        params.get_value(&handle, id).expect("a value")
    }

    /// Sets a parameter of an inactive instance.
    pub fn set(&mut self, id: &'static str, value: f64) {
        let mut events = EventBuffer::new();
        self.push(&mut events, 0, Cue::Set(id, value));
        let params: PluginParams = self.instance.plugin_handle().get_extension().expect("params");
        let mut handle = self.instance.inactive_plugin_handle().expect("an inactive plugin");
        params.flush(&mut handle, &InputEvents::from_buffer(&events), &mut OutputEvents::void());
    }

    /// The latency that the plugin reports, in samples.
    pub fn latency(&mut self) -> usize {
        let handle = self.instance.plugin_handle();
        let latency: PluginLatency = handle.get_extension().expect("latency");
        latency.get(&handle) as usize
    }

    /// What a project would save: JSON behind its length in eight bytes, as nice-plug writes it.
    pub fn save(&mut self) -> Vec<u8> {
        let handle = self.instance.plugin_handle();
        let state: PluginState = handle.get_extension().expect("state");
        let mut saved = Vec::new();
        state.save(&handle, &mut saved).expect("the state can be saved");
        saved
    }

    /// What a project would save, read.
    pub fn saved_json(&mut self) -> serde_json::Value {
        serde_json::from_slice(&self.save()[8..]).expect("JSON behind the length")
    }

    /// Loads what a project saved; whether the plugin took it.
    pub fn load(&mut self, saved: &[u8]) -> bool {
        let handle = self.instance.plugin_handle();
        let state: PluginState = handle.get_extension().expect("state");
        state.load(&handle, &mut Cursor::new(saved)).is_ok()
    }

    /// Loads a project's JSON.
    pub fn load_json(&mut self, json: &str) -> bool {
        let mut saved = (json.len() as u64).to_le_bytes().to_vec();
        saved.extend_from_slice(json.as_bytes());
        self.load(&saved)
    }

    /// Plays `len` samples of a score, sorted by time, in blocks of these sizes over and over.
    pub fn play(&mut self, score: &[(usize, Cue)], blocks: &[usize], len: usize) -> Heard {
        let (samples, right) = (vec![0.0; len], vec![0.0; len]);
        let mut heard = Heard { samples, right, ended: Vec::new(), ended_names: Vec::new(), statuses: Vec::new() };
        let mut sizes = blocks.iter().copied().cycle();
        let mut events = score.iter().peekable();
        let mut at = 0;
        while at < len {
            let until = (at + sizes.next().expect("at least one block size")).min(len);
            let mut buffer = EventBuffer::new();
            while let Some((time, event)) = events.next_if(|event| event.0 < until) {
                self.push(&mut buffer, (*time - at) as u32, *event);
            }
            let mut ends = Vec::with_capacity(MAX_ENDS);
            let block = [&mut heard.samples[at..until], &mut heard.right[at..until]];
            let transport = self.song.map(|song| song.transport(at));
            let events = InputEvents::from_buffer(&buffer);
            let status = self.process_in_song(&events, &mut ends, block, transport.as_ref());
            let number = |end: &NoteEndEvent| (at + end.time() as usize, end.pckn().raw_note_id());
            heard.ended.extend(ends.iter().map(number));
            let name = |end: &NoteEndEvent| {
                let name = end.pckn();
                (name.raw_note_id(), name.raw_channel(), name.raw_key())
            };
            heard.ended_names.extend(ends.iter().map(name));
            heard.statuses.push(status);
            at = until;
        }
        heard
    }

    /// One block. `ends` has room for the notes that end: the plugin's thread may not allocate.
    pub fn process(
        &mut self,
        events: &InputEvents,
        ends: &mut Vec<NoteEndEvent>,
        channels: [&mut [f32]; 2],
    ) -> ProcessStatus {
        self.process_in_song(events, ends, channels, None)
    }

    fn process_in_song(
        &mut self,
        events: &InputEvents,
        ends: &mut Vec<NoteEndEvent>,
        channels: [&mut [f32]; 2],
        transport: Option<&TransportEvent>,
    ) -> ProcessStatus {
        let processor = self.processor.as_mut().expect("an active plugin");
        let mut ports = AudioPorts::with_capacity(2, 1);
        let mut outputs = ports.with_output_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_output_only(channels.into_iter()),
        }]);
        let mut ended = OutputEvents::from_buffer(ends);
        processor
            .process(&InputAudioBuffers::empty(), &mut outputs, events, &mut ended, None, transport)
            .expect("the block is processed")
    }

    fn push(&self, buffer: &mut EventBuffer, time: u32, event: Cue) {
        let numbered = |number: u32| Pckn::new(0u16, 0u16, Match::<u16>::All, number);
        match event {
            Cue::On(key, number) => {
                buffer.push(&NoteOnEvent::new(time, Pckn::new(0u16, 0u16, u16::from(key), number), 1.0));
            }
            Cue::Off(number) => buffer.push(&NoteOffEvent::new(time, numbered(number), 0.0)),
            Cue::AllOff => buffer.push(&NoteOffEvent::new(time, Pckn::match_all(), 0.0)),
            Cue::Choke(number) => buffer.push(&NoteChokeEvent::new(time, numbered(number))),
            Cue::AllChoke => buffer.push(&NoteChokeEvent::new(time, Pckn::match_all())),
            Cue::Set(id, value) => {
                buffer.push(&ParamValueEvent::new(time, self.param_id(id), Pckn::match_all(), value));
            }
            Cue::Modulate(id, number, amount) => {
                let which = Pckn::new(Match::<u16>::All, Match::<u16>::All, Match::<u16>::All, number);
                buffer.push(&ParamModEvent::new(time, self.param_id(id), which, amount));
            }
            Cue::Express(number, kind, value) => {
                buffer.push(&NoteExpressionEvent::new(time, numbered(number), kind, value));
            }
            Cue::Midi(bytes) => buffer.push(&MidiEvent::new(time, 0, bytes)),
            Cue::OnAnything => buffer.push(&NoteOnEvent::new(time, Pckn::match_all(), 1.0)),
        }
    }
}

/// The plugin's parameters, by their ids: what their names are in lower case, with underscores.
fn list_params(instance: &mut PluginInstance<TestHost>) -> Vec<(String, ClapId)> {
    let handle = instance.plugin_handle();
    let params: PluginParams = handle.get_extension().expect("params");
    let mut buffer = ParamInfoBuffer::new();
    (0..params.count(&handle))
        .map(|index| {
            let info = params.get_info(&handle, index, &mut buffer).expect("a parameter");
            (String::from_utf8_lossy(info.name).to_lowercase().replace([' ', '-'], "_"), info.id)
        })
        .collect()
}
