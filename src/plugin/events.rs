//! nice-plug's events, in the instrument's own terms.

use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::*;

use super::Playing;
use crate::engine::{NoteId, NoteSelector};
use crate::params::LATENT_REACH;
use crate::perform::{ChannelMessage, NoteChange, WINDOW_CHANNEL};
use crate::units::MidiNote;

impl Playing {
    /// Plays an event at the sample that is rendered next.
    pub fn play(&mut self, event: &NoteEvent<()>, api: PluginApi) {
        self.travel();
        let engine = &mut self.instance.engine;
        match *event {
            NoteEvent::NoteOn { voice_id, channel, key, velocity, .. } => {
                // A key that is none cannot be struck.
                if let Some(Ok(key)) = key.number().map(MidiNote::new) {
                    let id = NoteId { voice: voice_id.id(), channel: channel.number().unwrap_or(0), key };
                    self.note_on(id, velocity);
                }
            }
            NoteEvent::NoteOff { voice_id, channel, key, .. } => {
                self.performer.note_off(engine, selector(voice_id, channel, key));
            }
            NoteEvent::Choke { voice_id, channel, key, .. } => {
                self.performer.choke(engine, selector(voice_id, channel, key));
            }
            _ => {
                if let Some((channel, message)) = channel_message(event) {
                    self.performer.hear(engine, channel, message);
                } else if let Some((which, change)) = note_change(event, api) {
                    self.performer.express(engine, which, change);
                }
            }
        }
    }
}

fn selector(voice: VoiceID, channel: Channel, key: Key) -> NoteSelector {
    let key = key.number().and_then(|number| MidiNote::new(number).ok());
    NoteSelector { voice: voice.id(), channel: channel.number(), key }
}

/// What a whole channel is told.
fn channel_message(event: &NoteEvent<()>) -> Option<(u8, ChannelMessage)> {
    match *event {
        NoteEvent::MidiPitchBend { channel, value, .. } => {
            // Fourteen bits, however the host came by them: a wheel at rest must bend nothing.
            Some((channel, ChannelMessage::bend((value.clamp(0.0, 1.0) * 16_383.0).round() as u16)))
        }
        NoteEvent::MidiChannelPressure { channel, pressure, .. } => {
            Some((channel, ChannelMessage::Pressure(pressure)))
        }
        NoteEvent::MidiCC { channel, cc, value, .. } => Some((channel, ChannelMessage::Controller(cc, value))),
        _ => None,
    }
}

/// What single notes are told.
fn note_change(event: &NoteEvent<()>, api: PluginApi) -> Option<(NoteSelector, NoteChange)> {
    Some(match *event {
        NoteEvent::PolyTuning { voice_id, channel, key, tuning, .. } => {
            (selector(voice_id, channel, key), NoteChange::Tuning(tuning))
        }
        NoteEvent::PolyPressure { voice_id, channel, key, pressure, .. } => {
            (selector(voice_id, channel, key), NoteChange::Pressure(pressure))
        }
        NoteEvent::PolyVolume { voice_id, channel, key, gain, .. } => {
            (selector(voice_id, channel, key), NoteChange::Gain(gain))
        }
        NoteEvent::PolyPan { voice_id, channel, key, pan, .. } => {
            (selector(voice_id, channel, key), NoteChange::Pan(pan))
        }
        NoteEvent::PolyBrightness { voice_id, channel, key, brightness, .. } if api != PluginApi::Vst3 => {
            (selector(voice_id, channel, key), NoteChange::Slide(brightness))
        }
        // nice-plug 0.4.2 takes VST3's brightness for expression, and the reverse.
        NoteEvent::PolyExpression { voice_id, channel, key, expression, .. } if api == PluginApi::Vst3 => {
            (selector(voice_id, channel, key), NoteChange::Slide(expression))
        }
        NoteEvent::PolyModulation { voice_id, poly_modulation_id, normalized_offset, .. } => {
            let which = NoteSelector { voice: Some(voice_id), ..NoteSelector::default() };
            let offset = normalized_offset * 2.0 * LATENT_REACH;
            (which, NoteChange::Latent(poly_modulation_id as usize, offset))
        }
        _ => return None,
    })
}

/// Tells the host that a note of its own is over.
pub(super) fn tell_ended(context: &mut impl ProcessContext<super::Ukulelatent>, offset: usize, id: NoteId) {
    if id.channel == WINDOW_CHANNEL {
        return;
    }
    let event = NoteEvent::VoiceTerminated {
        timing: offset as u32,
        voice_id: id.voice.map_or(VoiceID::Wildcard, VoiceID::ID),
        channel: Channel::Number(id.channel),
        key: Key::Number(id.key.number()),
    };
    // A host whose queue is full loses a hint, not a note.
    let _ = context.try_send_event(event);
}
