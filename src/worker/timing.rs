//! When changes under a note take effect: at the first frame that starts a lead after their sample.

use crate::dsp::stft::FrameGeometry;
use crate::link::{CHUNK, Order};
use crate::units::SampleRate;

/// What the lead has beyond the frames that a sample needs: in this time a worker decodes and refines a block.
const SLACK_MS: f32 = 60.0;
/// The same where the timbre stays: when its key is up a note falls at once, and whether it still stays at its place a
/// little longer is not heard. So it is made as far ahead as a note that nothing changes.
const SUSTAIN_SLACK_MS: f32 = 240.0;
/// Frames between the last that a sample needs and the first that may still change: those that a partly filled block
/// of the resampler and its filter hold back.
const HELD_BACK: usize = 2;

/// Places samples of a note, as the engine counts them, among the frames of its reconstruction.
///
/// The lead is the least that keeps the sound going while no frame is made that a change could still alter: the
/// frames that the reconstruction looks ahead (13 of them, 151 ms, at `Play` and the usual hop), two chunks, and
/// [`SLACK_MS`] or [`SUSTAIN_SLACK_MS`]. It depends on the recipe, the model and the host's rate, and on nothing that
/// happens.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timing {
    /// Host samples from a change's stamp to the frames that it alters.
    lead: f64,
    /// Host samples from one frame's start to the next.
    hop: f64,
    /// Frames before the note's first sample.
    onset: f64,
}

impl Timing {
    /// For a note that begins to sound at model sample `onset`, at `ratio` host samples a model sample.
    pub fn new(order: &Order, geometry: FrameGeometry, (onset, ratio): (usize, f64), rate: SampleRate) -> Self {
        let hop = geometry.hop as f64 * ratio;
        let slack = if order.recipe.morph_ms > 0.0 { SLACK_MS } else { SUSTAIN_SLACK_MS };
        let frames = order.recipe.quality.look_ahead() + HELD_BACK;
        let lead = frames as f64 * hop + (2 * CHUNK + rate.samples_in_ms(slack)) as f64;
        let lead = lead.max(f64::from(order.latency));
        Self { lead, hop, onset: onset as f64 / geometry.hop as f64 }
    }

    /// Host samples from one frame to the next, and frames before the note's first sample.
    pub fn frames(&self) -> (f64, f64) {
        (self.hop, self.onset)
    }

    /// The first frame that a change at sample `at` may alter.
    pub fn frame_after(&self, at: i64) -> usize {
        ((at as f64 + self.lead) / self.hop + self.onset).ceil().max(0.0) as usize
    }
}
