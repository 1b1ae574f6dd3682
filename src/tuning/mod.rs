//! Which pitch each key has: scale files (SCL and KBM), and MTS-ESP where a host provides it.

pub mod mts_esp;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tune::key::PianoKey;
use tune::pitch::Pitch;
use tune::scala::{Kbm, KbmRoot, Scl};

/// Keys of a MIDI keyboard.
pub const KEYS: usize = 128;

/// Cents of each key above its equal temperament at A4 = 440 Hz; not a number for a key that has no note.
pub type CentsTable = [f32; KEYS];

/// Where a scale begins that no keyboard mapping places: on middle C, at its equal-tempered pitch.
const MIDDLE_C: u8 = 60;

/// A scale as a project keeps it: the texts of its files, so that a project needs no file but itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScaleFiles {
    /// The scale, in Scala's SCL format; empty for twelve equal steps.
    #[serde(default)]
    pub scl: String,
    /// Which key plays which of its degrees, in Scala's KBM format; empty for one after another from middle C.
    #[serde(default)]
    pub kbm: String,
}

/// A scale that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TuningError {
    /// The file cannot be read.
    #[error("{path}: cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no scale.
    #[error("expected a scale in Scala's SCL format, got something else ({0})")]
    Scale(String),
    /// It is no keyboard mapping.
    #[error("expected a keyboard mapping in Scala's KBM format, got something else ({0})")]
    Keyboard(String),
    /// A key would have no pitch.
    #[error("expected pitches that are numbers above zero, got {hz} Hz for key {key}")]
    Pitch {
        /// Which key.
        key: u8,
        /// Its pitch.
        hz: f64,
    },
}

impl ScaleFiles {
    /// Reads the files that are given, and checks that they make a scale.
    ///
    /// # Errors
    /// [`TuningError`].
    pub fn open(scl: Option<&Path>, kbm: Option<&Path>) -> Result<Self, TuningError> {
        let read = |path: Option<&Path>| match path {
            // Scala's own archive is in an old code page: anything but ASCII is in comments.
            Some(path) => match std::fs::read(path) {
                Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
                Err(source) => Err(TuningError::Unreadable { path: path.into(), source }),
            },
            None => Ok(String::new()),
        };
        let files = Self { scl: read(scl)?, kbm: read(kbm)? };
        files.table()?;
        Ok(files)
    }

    /// Whether this is twelve equal steps at 440 Hz.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.scl.is_empty() && self.kbm.is_empty()
    }

    /// The pitch of every key.
    ///
    /// # Errors
    /// [`TuningError`] for texts that are no scale, or none that can be played.
    pub fn table(&self) -> Result<CentsTable, TuningError> {
        if self.is_default() {
            return Ok([0.0; KEYS]);
        }
        let scale = self.scale()?;
        let keyboard = self.keyboard()?;
        let reference = Self::reference_degree(&keyboard);
        let root = keyboard.root.ref_pitch / scale.relative_pitch_of(reference);
        let placed = placed(&keyboard);
        let mut table = [f32::NAN; KEYS];
        for (key, cents) in (0..).zip(&mut table) {
            if let Some(degree) = placed.scale_degree_of(PianoKey::from_midi_number(i32::from(key))) {
                *cents = cents_above(key, (root * scale.relative_pitch_of(degree)).as_hz())?;
            }
        }
        Ok(table)
    }

    /// The degree that the key plays whose frequency the mapping gives.
    fn reference_degree(keyboard: &Kbm) -> i32 {
        let KbmRoot { ref_key, root_offset, .. } = keyboard.root;
        placed(keyboard).scale_degree_of(ref_key).unwrap_or(-root_offset)
    }

    fn scale(&self) -> Result<Scl, TuningError> {
        if self.scl.is_empty() {
            let equal = (1..=12).fold(Scl::builder(), |scale, step| scale.push_cents(100.0 * f64::from(step)));
            return equal.build().map_err(|error| TuningError::Scale(format!("{error:?}")));
        }
        Scl::import(self.scl.as_bytes()).map_err(|error| TuningError::Scale(format!("{error:?}")))
    }

    fn keyboard(&self) -> Result<Kbm, TuningError> {
        if self.kbm.is_empty() {
            let root = KbmRoot {
                ref_key: PianoKey::from_midi_number(MIDDLE_C),
                ref_pitch: Pitch::from_hz(equal_tempered_hz(MIDDLE_C)),
                root_offset: 0,
            };
            return Ok(root.to_kbm());
        }
        Kbm::import(self.kbm.as_bytes()).map_err(|error| TuningError::Keyboard(format!("{error:?}")))
    }
}

/// A mapping begins at its middle note; `tune` begins it at the note whose frequency is given.
fn placed(keyboard: &Kbm) -> Kbm {
    let KbmRoot { ref_key, root_offset, .. } = keyboard.root;
    let root = KbmRoot { ref_key: ref_key.plus_steps(root_offset), root_offset: 0, ..keyboard.root };
    Kbm { root, ..keyboard.clone() }
}

/// In double precision, so that an equal-tempered scale has no offsets at all.
fn equal_tempered_hz(key: u8) -> f64 {
    440.0 * ((f64::from(key) - 69.0) / 12.0).exp2()
}

/// How far above its equal-tempered pitch a key is, in cents.
fn cents_above(key: u8, hz: f64) -> Result<f32, TuningError> {
    if !(hz.is_finite() && hz > 0.0) {
        return Err(TuningError::Pitch { key, hz });
    }
    let cents = 1200.0 * (hz / equal_tempered_hz(key)).log2();
    // What rounding leaves of an equal step is none.
    Ok(if cents.abs() < 1e-6 { 0.0 } else { cents as f32 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const JUST: &str = "! just.scl\n!\nseven just steps\n 7\n!\n 9/8\n 5/4\n 4/3\n 3/2\n 5/3\n 15/8\n 2/1\n";
    const WHITE: &str = "! white.kbm\n12\n0\n127\n60\n69\n440.0\n7\n0\nx\n1\nx\n2\n3\nx\n4\nx\n5\nx\n6\n";

    fn files(scl: &str, kbm: &str) -> ScaleFiles {
        ScaleFiles { scl: scl.into(), kbm: kbm.into() }
    }

    #[test]
    fn no_files_are_twelve_equal_steps() {
        assert_eq!(ScaleFiles::default().table().unwrap(), [0.0; KEYS]);
        let equal = "equal\n12\n100.\n200.\n300.\n400.\n500.\n600.\n700.\n800.\n900.\n1000.\n1100.\n2/1\n";
        assert_eq!(files(equal, "").table().unwrap(), [0.0; KEYS]);
    }

    #[test]
    fn a_scale_runs_from_middle_c() {
        let table = files(JUST, "").table().unwrap();
        assert_eq!(table[60], 0.0);
        // The second degree is a just third, played by the second key above.
        assert!((table[62] - (386.314 - 200.0)).abs() < 0.01, "{}", table[62]);
        assert!((table[67] - (1200.0 - 700.0)).abs() < 0.01, "{}", table[67]);
    }

    #[test]
    fn a_keyboard_mapping_leaves_keys_out_and_sets_the_pitch() {
        let table = files(JUST, WHITE).table().unwrap();
        assert!(table[61].is_nan() && table[66].is_nan());
        assert!(table[69].abs() < 0.01, "A4 is 440 Hz, got {} cents more", table[69]);
        // The just third of a C that lies a just sixth below A4.
        let c = 440.0 / (5.0 / 3.0);
        let expected = 1200.0 * (c * 1.25 / equal_tempered_hz(64)).log2();
        assert!((f64::from(table[64]) - expected).abs() < 0.01, "{}", table[64]);
    }

    #[test]
    fn a_keyboard_mapping_alone_retunes_equal_steps() {
        let linear = "0\n0\n127\n60\n69\n432.0\n12\n";
        let table = files("", linear).table().unwrap();
        assert!(table.iter().all(|cents| (cents + 31.767).abs() < 0.01), "{table:?}");
    }

    #[test]
    fn what_is_no_scale_is_named() {
        let message = |scl, kbm| files(scl, kbm).table().unwrap_err().to_string();
        assert!(message("nonsense", "").starts_with("expected a scale in Scala's SCL format"));
        assert!(message("", "nonsense").starts_with("expected a keyboard mapping in Scala's KBM format"));
        assert!(message("", "0\n0\n127\n60\n69\n0.0\n12\n").contains("above zero"));
        let error = ScaleFiles::open(Some(Path::new("/nowhere/x.scl")), None).unwrap_err();
        assert!(error.to_string().starts_with("/nowhere/x.scl: cannot be read"), "{error}");
    }
}
