//! Songs made of bytes, and when their notes sound.

use midly::num::{u4, u7, u15, u24, u28};
use midly::{Header, Track};

use super::*;

fn at(delta: u32, kind: TrackEventKind<'static>) -> TrackEvent<'static> {
    TrackEvent { delta: u28::new(delta), kind }
}

fn on(delta: u32, key: u8, velocity: u8) -> TrackEvent<'static> {
    let message = MidiMessage::NoteOn { key: u7::new(key), vel: u7::new(velocity) };
    at(delta, TrackEventKind::Midi { channel: u4::new(3), message })
}

fn control(delta: u32, controller: u8) -> TrackEvent<'static> {
    let message = MidiMessage::Controller { controller: u7::new(controller), value: u7::new(0) };
    at(delta, TrackEventKind::Midi { channel: u4::new(3), message })
}

fn tempo(delta: u32, microseconds: u32) -> TrackEvent<'static> {
    at(delta, TrackEventKind::Meta(MetaMessage::Tempo(u24::new(microseconds))))
}

fn end(delta: u32) -> TrackEvent<'static> {
    at(delta, TrackEventKind::Meta(MetaMessage::EndOfTrack))
}

fn bytes(format: Format, timing: Timing, tracks: Vec<Track<'static>>) -> Vec<u8> {
    let mut smf = Smf::new(Header::new(format, timing));
    smf.tracks = tracks;
    let mut bytes = Vec::new();
    smf.write_std(&mut bytes).expect("a vector takes everything");
    bytes
}

fn parse(bytes: &[u8]) -> Result<Song, SongError> {
    Song::parse(Path::new("song.mid"), bytes)
}

fn song(format: Format, timing: Timing, tracks: Vec<Track<'static>>) -> Song {
    parse(&bytes(format, timing, tracks)).expect("a whole song")
}

fn beats(ticks: u16) -> Timing {
    Timing::Metrical(u15::new(ticks))
}

/// When the events sound, in milliseconds.
fn times_ms(song: &Song) -> Vec<f64> {
    song.events.iter().map(|event| (event.seconds * 1e6).round() / 1e3).collect()
}

#[test]
fn a_tempo_in_one_track_holds_for_all_of_them() {
    let conductor = vec![tempo(96, 1_000_000), end(0)];
    let player = vec![on(0, 60, 100), on(96, 62, 100), on(96, 64, 100), end(0)];
    let song = song(Format::Parallel, beats(96), vec![conductor, player]);
    assert_eq!(times_ms(&song), [0.0, 500.0, 1500.0]);
    assert_eq!(song.notes(), 3);
}

#[test]
fn tracks_of_format_two_follow_each_other_each_with_its_own_tempo() {
    let first = vec![tempo(0, 250_000), on(0, 60, 100), end(96)];
    let second = vec![on(96, 62, 100), end(0)];
    assert_eq!(times_ms(&song(Format::Sequential, beats(96), vec![first, second])), [0.0, 750.0]);
}

#[test]
fn smpte_time_knows_no_tempo_and_drops_its_frames() {
    let track = || vec![tempo(0, 1), on(0, 60, 100), on(3000, 60, 100), end(0)];
    let pal = song(Format::SingleTrack, Timing::Timecode(Fps::Fps25, 40), vec![track()]);
    assert_eq!(times_ms(&pal), [0.0, 3000.0]);
    let ntsc = song(Format::SingleTrack, Timing::Timecode(Fps::Fps29, 100), vec![track()]);
    assert_eq!(times_ms(&ntsc), [0.0, 1001.0]);
}

#[test]
fn a_note_on_without_velocity_is_a_note_off_and_mode_messages_end_notes() {
    let track = vec![on(0, 60, 127), on(96, 60, 0), control(0, 123), control(0, 120), control(0, 7), end(0)];
    let song = song(Format::SingleTrack, beats(96), vec![track]);
    let key = MidiNote::new(60).unwrap();
    let actions: Vec<Action> = song.events.iter().map(|event| event.action).collect();
    let volume = Action::Channel(ChannelMessage::Controller(7, 0.0));
    let struck = [Action::On { key, velocity: 1.0 }, Action::Off { key }];
    assert_eq!(actions, [&struck[..], &[Action::AllOff, Action::Choke, volume]].concat());
    assert!(song.events.iter().all(|event| event.channel == 3));
}

#[test]
fn events_at_one_tick_keep_the_order_of_the_file() {
    let track = vec![on(0, 60, 100), on(96, 60, 0), on(0, 60, 90), end(0)];
    let song = song(Format::SingleTrack, beats(96), vec![track]);
    assert!(matches!(song.events[1].action, Action::Off { .. }));
    assert!(matches!(song.events[2].action, Action::On { .. }));
}

#[test]
fn a_file_cut_anywhere_is_no_song() {
    let track = vec![on(0, 60, 100), on(96, 60, 0), end(0)];
    let whole = bytes(Format::SingleTrack, beats(96), vec![track]);
    for len in 0..whole.len() {
        let message = parse(&whole[..len]).unwrap_err().to_string();
        assert!(message.starts_with("song.mid: "), "{len}: {message}");
    }
}

#[test]
fn a_track_that_cannot_be_read_to_its_end_is_an_error() {
    let track = vec![on(0, 60, 100), on(96, 60, 0), end(0)];
    let mut broken = bytes(Format::SingleTrack, beats(96), vec![track]);
    let delta = broken.len() - 4 - 3;
    // A data byte where only a status may be: system common events have no place in a file.
    broken[delta] = 0;
    broken[delta + 1] = 0xF1;
    let message = parse(&broken).unwrap_err().to_string();
    assert!(message.contains("end-of-track event in track 1"), "{message}");
}

#[test]
fn a_song_without_notes_and_a_clock_without_ticks_are_errors() {
    let silent = bytes(Format::SingleTrack, beats(96), vec![vec![end(0)]]);
    assert_eq!(parse(&silent).unwrap_err().to_string(), "song.mid: expected at least one note, got none");
    let timeless = bytes(Format::SingleTrack, beats(0), vec![vec![on(0, 60, 1), end(0)]]);
    assert!(matches!(parse(&timeless), Err(SongError::NoTicks { .. })));
}
