//! The magnitudes of one note, frame by frame: the path through the model's frames, and the timbre's own path through
//! the latent space.
//!
//! Time is counted in frames that were made, and all that comes from outside names the frame from which it holds.

use std::collections::VecDeque;

use super::note::NoteError;
use super::take::Take;
use super::timeline::{Step, Timeline};
use super::tools::Tools;
use crate::link::{Recipe, What};
use crate::model::card::{LATENT_DIM, ModelCard};
use crate::units::MidiNote;

/// Frames in the first decode: enough for the first block to sound.
const FIRST_DECODE: usize = 8;
/// Frames in each later decode: so few calls that their fixed cost is small, so short that other notes get a turn.
const LATER_DECODE: usize = 40;
/// Frames in each further decode of a timbre that was reached by moving: it may be left again.
const MOVED_DECODE: usize = 16;
/// While the timbre moves it is decoded at every such frame; between, its frames are blended.
const GRID: usize = 4;
/// The same for a decoder that makes whole notes only, and takes as long for it.
const COARSE_GRID: usize = 32;

/// One note's frames.
pub(super) struct Source {
    note: MidiNote,
    timeline: Timeline,
    /// The step that the next frame is made of; `None` before it is known.
    step: Option<Step>,
    /// Changes that are still to take effect, by frame.
    changes: VecDeque<(usize, What)>,
    glide: LatentGlide,
    /// The timbre that is left, and the one that is reached.
    takes: [Take; 2],
    /// Frames since the newer take began to be heard.
    blended: usize,
    grid: usize,
    /// What the frames of a wandering note are multiplied by.
    gain: f32,
    /// The level that they are held at, once it is known for a timbre at rest.
    held_level: Option<f32>,
    /// Frames made.
    made: usize,
    onset_frame: usize,
    hop_ms: f32,
    /// One blended frame, normalised.
    mel: Vec<f32>,
}

/// What [`Source::work`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Decoded: the next frame is not there yet.
    Decoded,
    /// The next frame's magnitudes are in [`Tools::magnitude`].
    Frame,
    /// There is no next frame.
    End,
}

impl Source {
    pub fn new(card: &ModelCard, chunked: bool) -> Self {
        let take = || Take::new(card.frames, card.mel.bands);
        let onset_frame = card.onset_sample / card.geometry.hop;
        Self {
            note: card.notes.lowest,
            timeline: Timeline::new(Default::default(), card.frames, onset_frame, 0),
            step: None,
            changes: VecDeque::with_capacity(64),
            glide: LatentGlide::at([0.0; LATENT_DIM]),
            takes: [take(), take()],
            blended: 0,
            grid: if chunked { GRID } else { COARSE_GRID },
            gain: 1.0,
            held_level: None,
            made: 0,
            onset_frame,
            hop_ms: card.geometry.hop as f32 / card.sample_rate_hz.hz() * 1e3,
            mel: vec![0.0; card.mel.bands],
        }
    }

    /// Starts a note, played from the model's `note`.
    pub fn begin(&mut self, recipe: &Recipe, note: MidiNote, frames: usize) {
        self.note = note;
        self.timeline = Timeline::new(recipe.time, frames, self.onset_frame, recipe.seed);
        self.step = None;
        self.changes.clear();
        self.glide = LatentGlide::at(recipe.latent);
        self.glide.frames = (recipe.morph_ms / self.hop_ms).round().max(1.0) as usize;
        self.takes[1].begin(recipe.latent, note, (FIRST_DECODE, LATER_DECODE));
        self.blended = self.grid;
        (self.gain, self.held_level) = (1.0, None);
        self.made = 0;
    }

    /// Frames made so far.
    pub fn made(&self) -> usize {
        self.made
    }

    /// The frame that was made last: normalised mel.
    pub fn frame(&self) -> &[f32] {
        &self.mel
    }

    /// Whether the note goes on until its key is up.
    pub fn is_held(&self) -> bool {
        self.timeline.is_held()
    }

    /// Takes in a change that holds from `frame` on; `false` if that frame is made already, and the change holds from
    /// the next one.
    pub fn change(&mut self, frame: usize, what: What) -> bool {
        let holds_from = frame.max(self.made + usize::from(self.step.is_some()));
        match self.changes.back_mut() {
            Some((last, What::Latent(point))) if *last == holds_from => match what {
                What::Latent(new) => *point = new,
                What::Release => self.changes.push_back((holds_from, what)),
            },
            _ => self.changes.push_back((holds_from, what)),
        }
        holds_from == frame
    }

    /// Does one piece of work towards the next frame.
    pub fn work(&mut self, tools: &mut Tools) -> Result<Progress, NoteError> {
        let step = match self.step {
            Some(step) => step,
            None => {
                self.take_effect();
                let Some(step) = self.timeline.next() else { return Ok(Progress::End) };
                self.follow_glide();
                self.step = Some(step);
                step
            }
        };
        for position in [Some(step.position), step.held_at].into_iter().flatten() {
            let [from, to] = &mut self.takes;
            if to.decode(position, tools)? || (self.blended < self.grid && from.decode(position, tools)?) {
                return Ok(Progress::Decoded);
            }
        }
        self.make(step, tools);
        self.made += 1;
        self.blended = (self.blended + 1).min(self.grid);
        self.glide.advance();
        self.step = None;
        Ok(Progress::Frame)
    }

    /// The frame at a step, with its rows decoded.
    fn make(&mut self, step: Step, tools: &mut Tools) {
        if let Some(held_at) = step.held_at {
            let resting = self.blended == self.grid;
            let held = self.held_level.filter(|_| resting).unwrap_or_else(|| {
                self.blend(held_at);
                tools.invert(&self.mel);
                tools.level()
            });
            self.held_level = resting.then_some(held);
            self.blend(step.position);
            tools.invert(&self.mel);
            let level = tools.level();
            self.gain = if level > 0.0 { held / level } else { 1.0 };
        } else {
            self.blend(step.position);
            tools.invert(&self.mel);
        }
        // When the key is up, the last gain stays: the level goes on from where it was.
        if self.gain.to_bits() != 1.0f32.to_bits() {
            tools.magnitude.iter_mut().for_each(|m| *m *= self.gain);
        }
    }

    /// Lets changes take effect that hold from the next frame on.
    fn take_effect(&mut self) {
        while let Some(&(frame, what)) = self.changes.front()
            && frame <= self.made
        {
            self.changes.pop_front();
            match what {
                What::Latent(point) => self.glide.aim(point),
                What::Release => self.timeline.release(),
            }
        }
    }

    /// Begins a new take where the grid lies and the timbre has moved.
    fn follow_glide(&mut self) {
        let moved = self.glide.now.map(f32::to_bits) != self.takes[1].latent().map(f32::to_bits);
        if moved && self.blended == self.grid {
            self.takes.swap(0, 1);
            let run = self.timeline.reach(2 * self.grid) + 2;
            self.takes[1].begin(self.glide.now, self.note, (run, MOVED_DECODE));
            self.blended = 0;
        }
    }

    /// Blends the rows around a position, in the model's own amplitude map: nearly decibels. Of a decay that is the
    /// decay itself; of two timbres it is nearer to what the model makes of the point between than a blend of
    /// amplitudes (docs/adr/0005).
    fn blend(&mut self, position: f64) {
        let [from, to] = &self.takes;
        fill(&mut self.mel, to, position);
        if self.blended < self.grid
            && let Some((first, second, share)) = from.around(position)
        {
            let weight = (self.blended + 1) as f32 / self.grid as f32;
            for (mel, (a, b)) in self.mel.iter_mut().zip(first.iter().zip(second)) {
                let old = a + share * (b - a);
                *mel = old + weight * (*mel - old);
            }
        }
    }
}

/// Writes the blend of the rows around a position, which are there.
fn fill(mel: &mut [f32], take: &Take, position: f64) {
    let Some((first, second, share)) = take.around(position) else { return };
    for (mel, (a, b)) in mel.iter_mut().zip(first.iter().zip(second)) {
        *mel = a + share * (b - a);
    }
}

/// The latent point on its way, frame by frame, in straight lines.
struct LatentGlide {
    now: [f32; LATENT_DIM],
    target: [f32; LATENT_DIM],
    left: usize,
    /// Frames that a glide takes.
    frames: usize,
}

impl LatentGlide {
    fn at(point: [f32; LATENT_DIM]) -> Self {
        Self { now: point, target: point, left: 0, frames: 1 }
    }

    fn aim(&mut self, target: [f32; LATENT_DIM]) {
        self.target = target;
        self.left = self.frames;
    }

    fn advance(&mut self) {
        if self.left == 0 {
            return;
        }
        for (now, target) in self.now.iter_mut().zip(self.target) {
            *now += (target - *now) / self.left as f32;
        }
        self.left -= 1;
        if self.left == 0 {
            self.now = self.target;
        }
    }
}
