//! Which channels speak for which: the zones of MPE.

/// Channels of a MIDI port.
pub const CHANNELS: usize = 16;
const LAST: u8 = CHANNELS as u8 - 1;

/// Some of the sixteen channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelSet(u16);

impl ChannelSet {
    /// Every channel.
    pub const ALL: Self = Self(u16::MAX);

    fn of(channels: impl Iterator<Item = u8>) -> Self {
        Self(channels.fold(0, |set, channel| set | 1 << channel))
    }

    /// Whether a channel is one of them.
    #[must_use]
    pub fn contains(self, channel: u8) -> bool {
        channel <= LAST && self.0 & (1 << channel) != 0
    }

    /// One after another.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..=LAST).filter(move |&channel| self.contains(channel))
    }

    /// The states of these channels.
    pub fn members<T>(self, states: &mut [T; CHANNELS]) -> impl Iterator<Item = (u8, &mut T)> {
        (0..).zip(states).filter(move |(channel, _)| self.contains(*channel))
    }
}

/// How many channels each zone's master (0 of the lower, 15 of the upper) speaks for; none without MPE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zones {
    lower: u8,
    upper: u8,
}

impl Zones {
    /// One zone: channel 0 speaks for all others.
    pub const ALL_LOWER: Self = Self { lower: LAST, upper: 0 };

    /// The channel that speaks for this one.
    #[must_use]
    pub fn master_of(self, channel: u8) -> Option<u8> {
        if (1..=self.lower).contains(&channel) {
            Some(0)
        } else if self.upper > 0 && (LAST - self.upper..LAST).contains(&channel) {
            Some(LAST)
        } else {
            None
        }
    }

    /// The channels whose notes hear what a channel says.
    #[must_use]
    pub fn reached_by(self, channel: u8) -> ChannelSet {
        ChannelSet::of((0..=LAST).filter(|&c| c == channel || self.master_of(c) == Some(channel)))
    }

    /// The channels that share a zone with this one, and are not its master; else the channel alone.
    #[must_use]
    pub fn siblings_of(self, channel: u8) -> ChannelSet {
        match self.master_of(channel) {
            Some(master) => ChannelSet::of((0..=LAST).filter(|&c| self.master_of(c) == Some(master))),
            None => ChannelSet::of(std::iter::once(channel)),
        }
    }

    /// After a zone took that many channels, from the other zone if need be. `None` if that channel is no master.
    #[must_use]
    pub fn configured_by(self, master: u8, members: u8) -> Option<Self> {
        let members = members.min(LAST);
        // Both masters and both zones share sixteen channels.
        let rest = (LAST - 1).saturating_sub(members);
        match master {
            0 => Some(Self { lower: members, upper: self.upper.min(rest) }),
            LAST => Some(Self { lower: self.lower.min(rest), upper: members }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lower_zone_of_all_channels_has_one_master() {
        let zones = Zones::ALL_LOWER;
        assert_eq!(zones.master_of(0), None);
        assert!((1..16).all(|channel| zones.master_of(channel) == Some(0)));
        assert_eq!(zones.reached_by(0), ChannelSet::ALL);
        assert_eq!(zones.reached_by(3), ChannelSet(1 << 3));
        assert_eq!(zones.siblings_of(3), ChannelSet(u16::MAX - 1));
    }

    #[test]
    fn zones_yield_channels_to_each_other() {
        let zones = Zones::default().configured_by(0, 7).unwrap().configured_by(15, 7).unwrap();
        assert_eq!((zones.master_of(7), zones.master_of(8), zones.master_of(14)), (Some(0), Some(15), Some(15)));
        let zones = zones.configured_by(15, 10).unwrap();
        assert_eq!((zones.master_of(4), zones.master_of(5)), (Some(0), Some(15)));
        assert_eq!(zones.configured_by(15, 0).unwrap().master_of(14), None);
        assert_eq!(zones.configured_by(9, 3), None);
        assert_eq!(Zones::default().configured_by(0, 127).unwrap(), Zones::ALL_LOWER);
    }
}
