//! What MIDI channels say: bends, pressure, controllers and pedals, and the zones of MPE ("MIDI Polyphonic
//! Expression", RP-053), where each note has a channel of its own and one more speaks for all.

use super::zones::{CHANNELS, ChannelSet, Zones};

/// Controllers that are listened to, by their numbers in the MIDI 1.0 specification.
mod cc {
    pub const MOD_WHEEL: u8 = 1;
    pub const DATA_ENTRY: u8 = 6;
    pub const DATA_ENTRY_FINE: u8 = 38;
    pub const SUSTAIN: u8 = 64;
    /// "Brightness"; the third dimension of MPE.
    pub const SLIDE: u8 = 74;
    pub const NRPN: [u8; 2] = [98, 99];
    pub const RPN_FINE: u8 = 100;
    pub const RPN: u8 = 101;
    pub const ALL_SOUND_OFF: u8 = 120;
    pub const RESET_ALL: u8 = 121;
    pub const ALL_NOTES_OFF: u8 = 123;
    pub const LAST_MODE: u8 = 127;
}

/// Registered parameters: (controller 101, controller 100).
const BEND_RANGE: (u8, u8) = (0, 0);
const MPE_CONFIGURATION: (u8, u8) = (0, 6);
const NO_PARAMETER: (u8, u8) = (127, 127);

/// Something that a channel says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ChannelMessage {
    /// The pitch wheel, -1 to 1; [`ChannelMessage::bend`] reads it as MIDI has it.
    Bend(f32),
    /// Channel pressure, 0 to 1.
    Pressure(f32),
    /// A controller and its value, 0 to 1.
    Controller(u8, f32),
}

impl ChannelMessage {
    /// Keys go up; pedals still hold their notes.
    pub const ALL_NOTES_OFF: Self = Self::Controller(cc::ALL_NOTES_OFF, 0.0);
    /// Notes stop.
    pub const ALL_SOUND_OFF: Self = Self::Controller(cc::ALL_SOUND_OFF, 0.0);

    /// A pitch wheel's fourteen bits: 8192 at rest, and both ends as far from it as each other.
    #[must_use]
    pub fn bend(raw: u16) -> Self {
        let from_rest = f32::from(raw.min(0x3FFF)) - 8192.0;
        Self::Bend(from_rest / if from_rest > 0.0 { 8191.0 } else { 8192.0 })
    }
}

/// What follows from a message, and for which channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing that sounds.
    None,
    /// [`Channels::touch`] changed.
    Touch(ChannelSet),
    /// A pedal moved.
    Pedal(ChannelSet),
    /// Keys go up.
    NotesOff(ChannelSet),
    /// Notes stop.
    SoundOff(ChannelSet),
}

/// What a note is told by its channel, and by the one that speaks for its zone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Touch {
    /// Above the key.
    pub bend_semitones: f32,
    /// 0 to 1.
    pub pressure: f32,
    /// 0 to 1, 0.5 at rest.
    pub slide: f32,
    /// 0 to 1.
    pub wheel: f32,
}

/// Bend ranges in semitones, as the parameters set them; a channel may ask for its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BendRanges {
    /// Of ordinary channels, and of those that speak for a zone.
    pub channel: f32,
    /// Of single notes in a zone.
    pub member: f32,
}

#[derive(Clone, Copy, Debug)]
struct Channel {
    bend: f32,
    pressure: f32,
    slide: f32,
    wheel: f32,
    pedal: bool,
    parameter: (u8, u8),
    /// Semitones and cents, once the channel asked for a range.
    range: Option<(u8, u8)>,
}

impl Channel {
    const AT_REST: Self = Self {
        bend: 0.0,
        pressure: 0.0,
        slide: 0.5,
        wheel: 0.0,
        pedal: false,
        parameter: NO_PARAMETER,
        range: None,
    };
}

/// The sixteen channels.
#[derive(Clone, Copy, Debug)]
pub struct Channels {
    channels: [Channel; CHANNELS],
    /// As the parameter says.
    chosen: Zones,
    /// As the controller says, which counts for more.
    configured: Option<Zones>,
}

impl Default for Channels {
    fn default() -> Self {
        Self { channels: [Channel::AT_REST; CHANNELS], chosen: Zones::default(), configured: None }
    }
}

impl Channels {
    /// Whether the parameter asks for MPE: one zone over all channels.
    pub fn set_mpe(&mut self, on: bool) {
        let chosen = if on { Zones::ALL_LOWER } else { Zones::default() };
        if chosen != self.chosen {
            (self.chosen, self.configured) = (chosen, None);
        }
    }

    /// All wheels and pedals at rest; zones and ranges stay as they were asked for.
    pub fn rest(&mut self) {
        for channel in &mut self.channels {
            *channel = Channel { range: channel.range, ..Channel::AT_REST };
        }
    }

    /// Takes a message of a channel (0 to 15; others say nothing).
    pub fn hear(&mut self, channel: u8, message: ChannelMessage) -> Effect {
        let zones = self.zones();
        let Some(state) = self.channels.get_mut(usize::from(channel)) else { return Effect::None };
        let reached = zones.reached_by(channel);
        match message {
            ChannelMessage::Bend(bend) => state.bend = finite(bend, -1.0, 1.0),
            ChannelMessage::Pressure(pressure) => state.pressure = finite(pressure, 0.0, 1.0),
            ChannelMessage::Controller(number, value) => {
                let value = finite(value, 0.0, 1.0);
                match number {
                    cc::MOD_WHEEL => state.wheel = value,
                    cc::SLIDE => state.slide = value,
                    cc::SUSTAIN => {
                        state.pedal = value >= 0.5;
                        return Effect::Pedal(reached);
                    }
                    cc::RESET_ALL => {
                        *state = Channel { range: state.range, ..Channel::AT_REST };
                        return Effect::Pedal(reached);
                    }
                    cc::ALL_SOUND_OFF => return Effect::SoundOff(reached),
                    cc::ALL_NOTES_OFF..=cc::LAST_MODE => return Effect::NotesOff(reached),
                    _ => return self.parameter(channel, number, (value * 127.0).round() as u8),
                }
            }
        }
        Effect::Touch(reached)
    }

    /// Registered parameters: the range of bends, and the zones of MPE.
    fn parameter(&mut self, channel: u8, number: u8, value: u8) -> Effect {
        let state = &mut self.channels[usize::from(channel)];
        match number {
            cc::RPN => state.parameter.0 = value,
            cc::RPN_FINE => state.parameter.1 = value,
            n if cc::NRPN.contains(&n) => state.parameter = NO_PARAMETER,
            cc::DATA_ENTRY if state.parameter == MPE_CONFIGURATION => return self.configure(channel, value),
            cc::DATA_ENTRY | cc::DATA_ENTRY_FINE if state.parameter == BEND_RANGE => {
                let (semitones, cents) = state.range.unwrap_or((0, 0));
                let range = if number == cc::DATA_ENTRY { (value, cents) } else { (semitones, value) };
                // One note's range is that of all notes of its zone.
                let all = self.zones().siblings_of(channel);
                for (_, other) in all.members(&mut self.channels) {
                    other.range = Some(range);
                }
                return Effect::Touch(all);
            }
            _ => {}
        }
        Effect::None
    }

    /// The MPE Configuration Message: a zone takes channels, its ranges go back to where they start.
    fn configure(&mut self, master: u8, members: u8) -> Effect {
        let Some(zones) = self.zones().configured_by(master, members) else { return Effect::None };
        self.configured = Some(zones);
        for channel in &mut self.channels {
            channel.range = None;
        }
        Effect::Touch(ChannelSet::ALL)
    }

    /// What the notes of a channel are told.
    pub fn touch(&self, channel: u8, ranges: BendRanges) -> Touch {
        let own = self.channels.get(usize::from(channel)).copied().unwrap_or(Channel::AT_REST);
        let semitones = |channel: &Channel, range: f32| {
            let asked = channel.range.map(|(semitones, cents)| f32::from(semitones) + f32::from(cents) / 100.0);
            channel.bend * asked.unwrap_or(range)
        };
        let Some(master) = self.zones().master_of(channel) else {
            return Touch {
                bend_semitones: semitones(&own, ranges.channel),
                pressure: own.pressure,
                slide: own.slide,
                wheel: own.wheel,
            };
        };
        let zone = &self.channels[usize::from(master)];
        Touch {
            bend_semitones: semitones(&own, ranges.member) + semitones(zone, ranges.channel),
            pressure: (own.pressure + zone.pressure).min(1.0),
            slide: (own.slide + zone.slide - 0.5).clamp(0.0, 1.0),
            wheel: (own.wheel + zone.wheel).min(1.0),
        }
    }

    /// Whether a pedal holds the notes of a channel.
    pub fn is_pedal_down(&self, channel: u8) -> bool {
        let down = |channel: u8| self.channels.get(usize::from(channel)).is_some_and(|state| state.pedal);
        down(channel) || self.zones().master_of(channel).is_some_and(down)
    }

    fn zones(&self) -> Zones {
        self.configured.unwrap_or(self.chosen)
    }
}

/// Hosts have sent stranger numbers.
fn finite(value: f32, low: f32, high: f32) -> f32 {
    if value.is_finite() { value.clamp(low, high) } else { 0.0 }
}

#[cfg(test)]
mod tests;
