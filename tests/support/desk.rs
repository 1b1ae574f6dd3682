//! The command line in a folder of its own.

#![allow(dead_code)] // Each test binary uses its own part.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use midly::num::{u4, u7, u15, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};
use tempfile::TempDir;

/// A folder of the test's own, and the program to run in it.
pub struct Desk(pub TempDir);

impl Desk {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).expect("the temporary folder is writable");
    }

    /// Runs the program on the embedded backend, so that every machine does the same.
    pub fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_ukulelatent"))
            .args(args)
            .current_dir(self.0.path())
            .env("UKULELATENT_BACKEND", "embedded")
            .env_remove("UKULELATENT_ONNXRUNTIME")
            // What a user keeps is not for tests to find.
            .env("HOME", self.0.path())
            .env("XDG_DATA_HOME", self.0.path().join("data"))
            .output()
            .expect("the program starts")
    }

    /// Runs the program, which must succeed; returns what it prints.
    pub fn succeed(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("it prints UTF-8")
    }

    /// Runs the program, which must fail with `code`; returns its message.
    pub fn fail(&self, code: i32, args: &[&str]) -> String {
        let output = self.run(args);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {message}");
        assert!(message.starts_with("error: "), "{message}");
        message
    }

    /// Writes `song.mid`: a chord, a note struck twice, and a last note, over two seconds.
    pub fn song(&self) {
        self.write("song.mid", song());
    }
}

/// A message on channel 0, after some ticks; 480 of them are half a second.
pub fn midi(delta: u32, message: MidiMessage) -> TrackEvent<'static> {
    TrackEvent { delta: u28::new(delta), kind: TrackEventKind::Midi { channel: u4::new(0), message } }
}

/// A note-on, or with a velocity of zero a note-off.
pub fn note(delta: u32, key: u8, velocity: u8) -> TrackEvent<'static> {
    midi(delta, MidiMessage::NoteOn { key: u7::new(key), vel: u7::new(velocity) })
}

/// A chord, a note struck twice, and a last note.
pub fn song() -> Vec<u8> {
    file(vec![
        note(11, 60, 100),
        note(0, 64, 80),
        note(0, 67, 90),
        note(480, 60, 0),
        note(0, 64, 0),
        note(0, 67, 0),
        note(0, 72, 100),
        note(237, 72, 110),
        note(243, 72, 0),
        note(480, 69, 64),
        note(480, 69, 0),
    ])
}

/// The bytes of a file of one track.
pub fn file(mut track: Vec<TrackEvent<'static>>) -> Vec<u8> {
    track.push(TrackEvent { delta: u28::new(0), kind: TrackEventKind::Meta(MetaMessage::EndOfTrack) });
    let mut smf = Smf::new(Header::new(Format::SingleTrack, Timing::Metrical(u15::new(480))));
    smf.tracks.push(track);
    let mut bytes = Vec::new();
    smf.write_std(&mut bytes).expect("a vector takes everything");
    bytes
}

/// The left channel of a file.
pub fn read_wav(path: &Path) -> (hound::WavSpec, Vec<f32>) {
    let reader = hound::WavReader::open(path).expect("a WAV file");
    let spec = reader.spec();
    let left = reader.into_samples::<f32>().step_by(usize::from(spec.channels));
    (spec, left.collect::<Result<_, _>>().expect("32-bit float samples"))
}
