//! MTS-ESP: one plugin in a session tells all others their tuning, through a small shared library. Ours is the
//! client's side of its documented C interface (<https://github.com/ODDSound/MTS-ESP>), loaded where it is installed
//! and skipped where it is not.

use std::ffi::{c_char, c_schar};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libloading::Library;

use super::KEYS;
use crate::units::MidiNote;

type Table = *const f64;

/// The library's functions. They read memory that it owns for as long as it is loaded; none blocks.
struct Functions {
    register_client: unsafe extern "C" fn(),
    deregister_client: unsafe extern "C" fn(),
    has_master: unsafe extern "C" fn() -> bool,
    should_filter: unsafe extern "C" fn(c_char, c_schar) -> bool,
    should_filter_on_channel: unsafe extern "C" fn(c_char, c_schar) -> bool,
    uses_channels: unsafe extern "C" fn(c_schar) -> bool,
    /// Hertz of each key, or null.
    table: Table,
    /// The same for each MIDI channel.
    channel_tables: [Table; 16],
    /// Keeps all of the above in place.
    _library: Library,
}

// SAFETY: the tables are the library's own, written by whoever conducts the session and read without locks by any
// number of threads, as its interface intends: a key's frequency is one aligned double.
unsafe impl Send for Functions {}
// SAFETY: as above.
unsafe impl Sync for Functions {}

/// What a session's conductor says of a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    /// It sounds at this frequency, in hertz.
    Hz(f64),
    /// It is not to sound.
    Silent,
}

/// One instance's place among those that listen; it leaves when dropped.
pub struct MtsClient(&'static Functions);

impl MtsClient {
    /// Joins, if the library is installed. Not for the audio thread.
    #[must_use]
    pub fn join() -> Option<Self> {
        static INSTALLED: LazyLock<Option<Functions>> =
            LazyLock::new(|| places().iter().find_map(|path| Functions::load(path)));
        INSTALLED.as_ref().map(Self::enter)
    }

    fn enter(functions: &'static Functions) -> Self {
        // SAFETY: a function of the loaded library, of the type that its interface documents.
        unsafe { (functions.register_client)() };
        Self(functions)
    }

    /// What is said of a key of a channel, if anyone conducts. Neither allocates nor blocks.
    #[must_use]
    pub fn ask(&self, key: MidiNote, channel: u8) -> Option<Answer> {
        let number = key.number();
        let channel = (channel & 15) as c_schar;
        // SAFETY: functions of the loaded library, of the types that its interface documents, with a key and a
        // channel in range.
        unsafe {
            if !(self.0.has_master)() || self.0.table.is_null() {
                return None;
            }
            if (self.0.should_filter)(number as c_char, channel)
                || (self.0.should_filter_on_channel)(number as c_char, channel)
            {
                return Some(Answer::Silent);
            }
            let own = self.0.channel_tables[channel as usize];
            let table = if (self.0.uses_channels)(channel) && !own.is_null() { own } else { self.0.table };
            debug_assert!(usize::from(number) < KEYS);
            // SAFETY: a table has a frequency for each of 128 keys.
            let hz = table.add(usize::from(number)).read_volatile();
            (hz.is_finite() && hz > 0.0).then_some(Answer::Hz(hz))
        }
    }

    /// What is said of a key, in cents above its equal temperament; not a number for one that is not to sound.
    #[must_use]
    pub fn cents(&self, key: MidiNote, channel: u8) -> Option<f32> {
        self.ask(key, channel).map(|answer| match answer {
            Answer::Hz(hz) => (1200.0 * (hz / super::equal_tempered_hz(key.number())).log2()) as f32,
            Answer::Silent => f32::NAN,
        })
    }
}

impl Drop for MtsClient {
    fn drop(&mut self) {
        // SAFETY: a function of the loaded library; each client that entered leaves once.
        unsafe { (self.0.deregister_client)() };
    }
}

impl Functions {
    /// `None` if there is no such library, or it lacks a function.
    fn load(path: &Path) -> Option<Self> {
        // SAFETY: the library at its documented place runs no code of ours and its initialisers are its own; each
        // function has the type that its interface documents.
        unsafe {
            let library = Library::new(path).ok()?;
            let table = *library.get::<unsafe extern "C" fn() -> Table>(c"MTS_GetTuningTable").ok()?;
            let channel_table =
                *library.get::<unsafe extern "C" fn(c_schar) -> Table>(c"MTS_GetMultiChannelTuningTable").ok()?;
            Some(Self {
                register_client: *library.get(c"MTS_RegisterClient").ok()?,
                deregister_client: *library.get(c"MTS_DeregisterClient").ok()?,
                has_master: *library.get(c"MTS_HasMaster").ok()?,
                should_filter: *library.get(c"MTS_ShouldFilterNote").ok()?,
                should_filter_on_channel: *library.get(c"MTS_ShouldFilterNoteMultiChannel").ok()?,
                uses_channels: *library.get(c"MTS_UseMultiChannelTuning").ok()?,
                table: table(),
                channel_tables: std::array::from_fn(|channel| channel_table(channel as c_schar)),
                _library: library,
            })
        }
    }
}

/// Where the library is installed, on each system.
fn places() -> [PathBuf; 3] {
    let common = std::env::var_os("CommonProgramFiles").unwrap_or_default();
    [
        PathBuf::from("/usr/local/lib/libMTS.so"),
        PathBuf::from("/Library/Application Support/MTS-ESP/libMTS.dylib"),
        Path::new(&common).join("MTS-ESP").join("LIBMTS.dll"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// A library with a conductor in it: every key a quarter tone high, and channel 5 an octave low; no key 1.
    const CONDUCTOR: &str = r#"
        use std::sync::LazyLock;
        static TABLES: LazyLock<[[f64; 128]; 2]> = LazyLock::new(|| [0.5, -12.0].map(|up| {
            std::array::from_fn(|key| 440.0 * ((key as f64 - 69.0 + up) / 12.0).exp2())
        }));
        #[unsafe(no_mangle)] extern "C" fn MTS_RegisterClient() {}
        #[unsafe(no_mangle)] extern "C" fn MTS_DeregisterClient() {}
        #[unsafe(no_mangle)] extern "C" fn MTS_HasMaster() -> bool { true }
        #[unsafe(no_mangle)] extern "C" fn MTS_ShouldFilterNote(key: i8, _: i8) -> bool { key == 1 }
        #[unsafe(no_mangle)] extern "C" fn MTS_ShouldFilterNoteMultiChannel(_: i8, _: i8) -> bool { false }
        #[unsafe(no_mangle)] extern "C" fn MTS_UseMultiChannelTuning(channel: i8) -> bool { channel == 5 }
        #[unsafe(no_mangle)] extern "C" fn MTS_GetTuningTable() -> *const f64 { TABLES[0].as_ptr() }
        #[unsafe(no_mangle)] extern "C" fn MTS_GetMultiChannelTuningTable(_: i8) -> *const f64 { TABLES[1].as_ptr() }
    "#;

    #[test]
    fn a_conducted_session_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (source, library) = (folder.path().join("mts.rs"), folder.path().join("mts.so"));
        std::fs::write(&source, CONDUCTOR).unwrap();
        let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
        let built = Command::new(rustc)
            .args(["--edition", "2024", "--crate-type", "cdylib", "-o"])
            .args([&library, &source])
            .status()
            .expect("the compiler that built this test");
        assert!(built.success());
        // Leaked as the real one is: for the whole process.
        let functions = Box::leak(Box::new(Functions::load(&library).expect("all functions are there")));
        let client = MtsClient::enter(functions);
        let key = |number| MidiNote::new(number).unwrap();
        for number in [0, 60, 127] {
            assert!((client.cents(key(number), 0).unwrap() - 50.0).abs() < 1e-3);
            assert!((client.cents(key(number), 5).unwrap() + 1200.0).abs() < 1e-3);
        }
        assert_eq!(client.ask(key(1), 0), Some(Answer::Silent));
        assert!(client.cents(key(1), 0).unwrap().is_nan());
    }

    #[test]
    fn where_there_is_no_library_nothing_happens() {
        assert!(Functions::load(Path::new("/nowhere/libMTS.so")).is_none());
    }
}
