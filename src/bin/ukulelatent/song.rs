//! Standard MIDI files, read into notes at their times.

use std::path::{Path, PathBuf};

use midly::{Format, Fps, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};
use ukulelatent::perform::ChannelMessage;
use ukulelatent::units::MidiNote;

use crate::tempo::TempoMap;

/// The tempo until a file says otherwise, in microseconds a quarter note: 120 a minute.
const DEFAULT_TEMPO_US: u32 = 500_000;
/// Controller numbers of the channel mode messages that end notes.
const ALL_SOUND_OFF: u8 = 120;
const ALL_NOTES_OFF: u8 = 123;

/// A file that is no song.
#[derive(Debug, thiserror::Error)]
pub enum SongError {
    /// It cannot be read.
    #[error("{path}: cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is nothing in it.
    #[error("{path}: expected a MIDI file, got an empty one")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// It is something else.
    #[error("{path}: expected a MIDI file, got something else ({reason})")]
    NotMidi {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
    /// It breaks off.
    #[error("{path}: the MIDI file is truncated: expected {expected}, got {got}")]
    Truncated {
        /// The file.
        path: PathBuf,
        /// What its headers promise.
        expected: String,
        /// What is there.
        got: String,
    },
    /// Its header divides by zero.
    #[error("{path}: expected at least one tick per beat or frame, got none")]
    NoTicks {
        /// The file.
        path: PathBuf,
    },
    /// It is silent.
    #[error("{path}: expected at least one note, got none")]
    NoNotes {
        /// The file.
        path: PathBuf,
    },
}

/// What happens at one time on one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// A key goes down; velocity from 0 to 1.
    On { key: MidiNote, velocity: f32 },
    /// A key goes up.
    Off { key: MidiNote },
    /// All keys go up.
    AllOff,
    /// All notes stop.
    Choke,
    /// A key is pressed harder; from 0 to 1.
    KeyPressure { key: MidiNote, pressure: f32 },
    /// A wheel, a pedal or a controller of the channel.
    Channel(ChannelMessage),
}

/// An action and its time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// From the start of the song.
    pub seconds: f64,
    /// MIDI channel, 0 to 15.
    pub channel: u8,
    /// What happens.
    pub action: Action,
}

/// All that a song does, in the order of time.
#[derive(Debug)]
pub struct Song {
    /// At least one of them is a note.
    pub events: Vec<Event>,
    /// How quarter notes pass.
    pub tempos: TempoMap,
}

impl Song {
    /// Reads a file: of format 0 or 1, or of format 2 with its tracks one after another.
    pub fn open(path: &Path) -> Result<Self, SongError> {
        let bytes = std::fs::read(path).map_err(|source| SongError::Unreadable { path: path.into(), source })?;
        Self::parse(path, &bytes)
    }

    /// Reads the bytes of a file; `path` is for messages.
    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, SongError> {
        if bytes.is_empty() {
            return Err(SongError::Empty { path: path.into() });
        }
        check_whole(path, bytes)?;
        let smf = Smf::parse(bytes)
            .map_err(|error| SongError::NotMidi { path: path.into(), reason: error.to_string() })?;
        for (index, track) in smf.tracks.iter().enumerate() {
            check_track(path, index, track)?;
        }
        let clock = Clock::new(smf.header.timing).ok_or_else(|| SongError::NoTicks { path: path.into() })?;
        let mut song = Self { events: Vec::new(), tempos: TempoMap::default() };
        match smf.header.format {
            Format::SingleTrack | Format::Parallel => {
                song.append(0.0, clock, &smf.tracks);
            }
            Format::Sequential => {
                let mut start = 0.0;
                for track in &smf.tracks {
                    song.tempos.change(start, DEFAULT_TEMPO_US);
                    start = song.append(start, clock, std::slice::from_ref(track));
                }
            }
        }
        if song.notes() == 0 { Err(SongError::NoNotes { path: path.into() }) } else { Ok(song) }
    }

    /// How many notes there are.
    pub fn notes(&self) -> usize {
        self.events.iter().filter(|event| matches!(event.action, Action::On { .. })).count()
    }
}

/// The parser takes what it can get of a file that breaks off; a song with its end missing is no song.
fn check_whole(path: &Path, bytes: &[u8]) -> Result<(), SongError> {
    let truncated = |expected, got| Err(SongError::Truncated { path: path.into(), expected, got });
    if !bytes.starts_with(b"MThd") {
        // The parser knows what else it may be.
        return Ok(());
    }
    let (mut rest, mut promised, mut tracks) = (bytes, 0_u32, 0_u32);
    // What follows the last track is none of our business.
    while !rest.is_empty() && (promised == 0 || tracks < promised) {
        let Some((head, after)) = rest.split_at_checked(8) else {
            return truncated("a chunk header of 8 bytes".into(), format!("{} bytes", rest.len()));
        };
        let len = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let Some((body, after)) = after.split_at_checked(len) else {
            return truncated(format!("a chunk of {len} bytes"), format!("{}", after.len()));
        };
        match &head[..4] {
            b"MThd" if body.len() >= 4 => promised = u32::from(u16::from_be_bytes([body[2], body[3]])),
            b"MTrk" => tracks += 1,
            _ => {}
        }
        rest = after;
    }
    if tracks < promised {
        return truncated(format!("{promised} tracks"), format!("{tracks}"));
    }
    Ok(())
}

/// The parser drops what follows an event that it cannot read; a track that is whole ends with its end.
fn check_track(path: &Path, index: usize, track: &[TrackEvent<'_>]) -> Result<(), SongError> {
    match track.last().map(|event| event.kind) {
        Some(TrackEventKind::Meta(MetaMessage::EndOfTrack)) => Ok(()),
        _ => Err(SongError::Truncated {
            path: path.into(),
            expected: format!("an end-of-track event in track {}", index + 1),
            got: format!("{} events without it", track.len()),
        }),
    }
}

/// From ticks to seconds: whole numbers, so that no error piles up over a long song.
#[derive(Clone, Copy)]
struct Clock {
    /// Of `per_second`, in one tick.
    per_tick: u64,
    per_second: u64,
    /// Whether tempo events change `per_tick`.
    has_tempo: bool,
    elapsed: u64,
    tick: u64,
}

impl Clock {
    /// `None` if a beat or a frame has no ticks.
    fn new(timing: Timing) -> Option<Self> {
        let (per_tick, per_second, has_tempo) = match timing {
            Timing::Metrical(ticks) => (u64::from(DEFAULT_TEMPO_US), 1_000_000 * u64::from(ticks.as_int()), true),
            Timing::Timecode(fps, ticks) => {
                let (frames, seconds) = match fps {
                    Fps::Fps24 => (24, 1),
                    Fps::Fps25 => (25, 1),
                    Fps::Fps29 => (30_000, 1001),
                    Fps::Fps30 => (30, 1),
                };
                (seconds, frames * u64::from(ticks), false)
            }
        };
        (per_second > 0).then_some(Self { per_tick, per_second, has_tempo, elapsed: 0, tick: 0 })
    }

    /// Goes on to a later tick; returns its time in seconds.
    fn advance(&mut self, tick: u64) -> f64 {
        self.elapsed = self.elapsed.saturating_add((tick - self.tick).saturating_mul(self.per_tick));
        self.tick = tick;
        self.elapsed as f64 / self.per_second as f64
    }

    /// From here on, a beat takes this long; `false` if it takes as long as ever.
    fn set_tempo(&mut self, microseconds: u32) -> bool {
        if self.has_tempo {
            self.per_tick = u64::from(microseconds);
        }
        self.has_tempo
    }
}

impl Song {
    /// Appends the events of tracks that play together from `start` on; returns when the last track ends. Events at
    /// one tick stay in the order of the tracks, and of the file within a track.
    fn append(&mut self, start: f64, mut clock: Clock, tracks: &[Vec<TrackEvent<'_>>]) -> f64 {
        let mut merged = Vec::new();
        for track in tracks {
            let mut tick = 0;
            for event in track {
                tick += u64::from(event.delta.as_int());
                merged.push((tick, event.kind));
            }
        }
        merged.sort_by_key(|&(tick, _)| tick);
        let mut end = start;
        for (tick, kind) in merged {
            end = start + clock.advance(tick);
            match kind {
                TrackEventKind::Meta(MetaMessage::Tempo(tempo)) if clock.set_tempo(tempo.as_int()) => {
                    self.tempos.change(end, tempo.as_int());
                }
                TrackEventKind::Midi { channel, message } => {
                    let event = |action| Event { seconds: end, channel: channel.as_int(), action };
                    self.events.extend(action(message).map(event));
                }
                _ => {}
            }
        }
        end
    }
}

/// What a message does, if anything. A note-on of velocity zero is a note-off.
fn action(message: MidiMessage) -> Option<Action> {
    let share = |number: midly::num::u7| f32::from(number.as_int()) / 127.0;
    let key = |number: midly::num::u7| MidiNote::new(number.as_int()).ok();
    Some(match message {
        MidiMessage::NoteOn { key: number, vel } if vel.as_int() > 0 => {
            Action::On { key: key(number)?, velocity: share(vel) }
        }
        MidiMessage::NoteOn { key: number, .. } | MidiMessage::NoteOff { key: number, .. } => {
            Action::Off { key: key(number)? }
        }
        MidiMessage::Controller { controller, value } => match controller.as_int() {
            ALL_SOUND_OFF => Action::Choke,
            ALL_NOTES_OFF => Action::AllOff,
            number => Action::Channel(ChannelMessage::Controller(number, share(value))),
        },
        MidiMessage::Aftertouch { key: number, vel } => {
            Action::KeyPressure { key: key(number)?, pressure: share(vel) }
        }
        MidiMessage::ChannelAftertouch { vel } => Action::Channel(ChannelMessage::Pressure(share(vel))),
        MidiMessage::PitchBend { bend } => Action::Channel(ChannelMessage::bend(bend.0.as_int())),
        MidiMessage::ProgramChange { .. } => return None,
    })
}

#[cfg(test)]
#[path = "song_tests.rs"]
mod tests;
