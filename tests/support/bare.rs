//! The plugin without a wrapper: what a window would hold of it can be held here.

#![allow(dead_code)] // Each test binary uses its own part.

use std::collections::VecDeque;
use std::sync::Arc;

use nice_plug::context::process::SendEventError;
use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::*;
use ukulelatent::link::window::WindowEnd;
use ukulelatent::link::{Pin, Pins};
use ukulelatent::params::set_value;
use ukulelatent::plugin::Ukulelatent;

/// The host's rate, in hertz.
pub const RATE_HZ: f32 = 48_000.0;

/// Puts four pins down, and travels them fast, with sounding notes that follow.
pub fn travel(plugin: &Ukulelatent) {
    let pin = |z| Pin { z, name: String::new() };
    let points = [[1.5, 0.0, 0.0, 0.0], [0.0, 1.5, 0.75, 0.0], [-1.5, 0.0, 0.0, -0.75], [0.0, -1.5, 0.0, 0.0]];
    let params = plugin.parameters();
    params.orbit_choice().choose(Pins { pins: points.map(pin).to_vec() }).expect("pins in the space");
    for (id, value) in [("orbit_depth", "1.0"), ("orbit_length", "\"1\""), ("morph", "20.0")] {
        let value = serde_json::from_str(value).expect("JSON");
        set_value(params, id, &value).expect("a value");
    }
}

/// What the plugin asks of a host, and is told by it.
struct Context<'a> {
    transport: Transport,
    events: &'a mut VecDeque<NoteEvent<()>>,
    sent: &'a mut Vec<NoteEvent<()>>,
}

impl ActivateContext<Ukulelatent> for Context<'_> {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Clap
    }

    fn execute(&self, (): ()) {}

    fn set_latency_samples(&self, _: u32) {}

    fn set_current_voice_capacity(&self, _: u32) {}
}

impl ProcessContext<Ukulelatent> for Context<'_> {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Clap
    }

    fn execute_background(&self, (): ()) {}

    fn execute_gui(&self, (): ()) {}

    fn transport(&self) -> &Transport {
        &self.transport
    }

    fn next_event(&mut self) -> Option<NoteEvent<()>> {
        self.events.pop_front()
    }

    fn try_send_event(&mut self, event: NoteEvent<()>) -> Result<(), (NoteEvent<()>, SendEventError)> {
        // There is room: nothing is allocated.
        self.sent.push(event);
        Ok(())
    }

    fn set_latency_samples(&self, _: u32) {}

    fn request_restart(&self) {}

    fn set_current_voice_capacity(&self, _: u32) {}
}

/// One active plugin.
pub struct Bare {
    pub plugin: Ukulelatent,
    /// The window's end.
    pub window: Arc<WindowEnd>,
    /// For the next block.
    pub events: VecDeque<NoteEvent<()>>,
    /// What the plugin told its host.
    pub sent: Vec<NoteEvent<()>>,
}

impl Bare {
    /// Active, in this mode, after `set` has set it.
    pub fn start(mode: ProcessMode, set: impl FnOnce(&Ukulelatent)) -> Self {
        let plugin = Ukulelatent::default();
        set(&plugin);
        let window = Arc::clone(plugin.window());
        let (events, sent) = (VecDeque::with_capacity(64), Vec::with_capacity(1024));
        let mut bare = Self { plugin, window, events, sent };
        bare.activate(mode);
        bare
    }

    /// Makes it active.
    pub fn activate(&mut self, mode: ProcessMode) {
        let config = BufferConfig {
            sample_rate: RATE_HZ,
            min_buffer_size: None,
            max_buffer_size: 8192,
            process_mode: mode,
        };
        let transport = Transport::new(RATE_HZ);
        let mut context = Context { transport, events: &mut self.events, sent: &mut self.sent };
        assert!(self.plugin.activate(&AudioIOLayout::default(), &config, &mut context));
    }

    /// One block, in a song or none. Neither this nor what it calls may allocate.
    pub fn process(&mut self, buffer: &mut Buffer<'_>, song: Option<i64>) {
        let mut transport = Transport::new(RATE_HZ);
        (transport.playing, transport.pos_samples, transport.tempo) = (song.is_some(), song, Some(97.0));
        let mut context = Context { transport, events: &mut self.events, sent: &mut self.sent };
        let mut aux = AuxiliaryBuffers { inputs: &mut [], outputs: &mut [] };
        self.plugin.process(buffer, &mut aux, &mut context);
    }

    /// The next `len` samples of the left channel, in blocks of 64; `each` is called before each of them.
    pub fn play(&mut self, len: usize, mut each: impl FnMut(&mut Self)) -> Vec<f32> {
        let (mut left, mut right) = (vec![0.0; len], vec![0.0; len]);
        for (left, right) in left.chunks_mut(64).zip(right.chunks_mut(64)) {
            each(self);
            self.process(&mut buffer(left, right), None);
        }
        left
    }

    /// As [`Bare::play`], no faster than it would sound.
    pub fn listen(&mut self, len: usize) -> Vec<f32> {
        self.play(len, |_| std::thread::sleep(std::time::Duration::from_micros(1300)))
    }
}

/// Two channels of one length.
pub fn buffer<'a>(left: &'a mut [f32], right: &'a mut [f32]) -> Buffer<'a> {
    let mut buffer = Buffer::default();
    let len = left.len();
    assert_eq!(len, right.len());
    // SAFETY: the slices outlive the buffer, and are of one length.
    unsafe { buffer.set_slices(len, |slices| *slices = vec![left, right]) };
    buffer
}

/// A key goes down at the start of the block, or up.
pub fn host_key(key: u8, is_down: bool) -> NoteEvent<()> {
    let (timing, voice_id, channel, key) = (0, VoiceID::Wildcard, Channel::Number(0), Key::Number(key));
    if is_down {
        NoteEvent::NoteOn { timing, voice_id, channel, key, velocity: 1.0 }
    } else {
        NoteEvent::NoteOff { timing, voice_id, channel, key, velocity: 0.0 }
    }
}
