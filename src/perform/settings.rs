//! What playing does, as the parameters have it.

use super::channels::BendRanges;
use super::touch::Depths;
use super::traveller::OrbitSettings;

/// The parameters that say what playing does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Whether each note has a MIDI channel of its own.
    pub mpe: bool,
    /// How far full bends go.
    pub ranges: BendRanges,
    /// What moves the timbre, and how far.
    pub depths: Depths,
    /// How far from the point that is set each hit may be drawn, in latent units.
    pub humanise: f32,
    /// How far apart voices stand: 0 all in the middle, 1 from side to side.
    pub width: f32,
    /// How the timbre travels.
    pub orbit: OrbitSettings,
}

impl Default for Settings {
    fn default() -> Self {
        let ranges = BendRanges { channel: 2.0, member: 48.0 };
        let (depths, orbit) = (Depths::default(), OrbitSettings::default());
        Self { mpe: false, ranges, depths, humanise: 0.0, width: 0.0, orbit }
    }
}
