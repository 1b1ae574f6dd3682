//! Pitch bend of one note: its stream is read faster or slower. It acts where the sound is heard, to the sample, and asks
//! nothing of the worker.

use super::envelope::Glide;
use super::interpolate::{Filters, HALF, Reader};
use super::stream::{Stream, Surroundings};

/// Samples in which a bend follows a change: no step is heard.
const GLIDE: usize = 128;

/// Reads a stream at another speed.
pub(super) struct Bend {
    glide: Glide,
    /// Of the next sample: 1 as the note was made, 2 an octave higher.
    speed: f32,
    reader: Reader,
    filters: &'static Filters,
    /// Silence put after the stream's end.
    padding: usize,
}

fn speed_of(cents: f32) -> f32 {
    (f64::from(cents) / 1200.0).exp2() as f32
}

impl Bend {
    pub fn new(cents: f32) -> Self {
        let speed = if cents.is_finite() { speed_of(cents) } else { 1.0 };
        let glide = Glide::new(speed, GLIDE);
        Self { glide, speed, reader: Reader::default(), filters: Filters::get(), padding: 0 }
    }

    /// Prepares the filters: takes a moment, and is for before the first note.
    pub fn warm_up() {
        Filters::get();
    }

    /// Bends to `cents` from here on.
    pub fn aim(&mut self, cents: f32) {
        if cents.is_finite() {
            self.glide.aim(speed_of(cents));
        }
    }

    /// Whether the stream has ended and all of it was read.
    pub fn has_ended(&self, stream: &Stream) -> bool {
        stream.has_ended() && (!self.reader.bends() || self.padding >= HALF)
    }

    /// The next sample; `None` while the stream has none.
    pub fn next(&mut self, stream: &mut Stream, around: &mut Surroundings<'_>, late: u64) -> Option<f32> {
        let padding = &mut self.padding;
        let bends = self.reader.bends();
        let sample = self.reader.read(self.speed, self.filters, || match stream.next(around, late) {
            None if bends && stream.has_ended() && *padding < HALF => {
                *padding += 1;
                Some(0.0)
            }
            sample => sample,
        })?;
        self.speed = self.glide.next_value();
        Some(sample)
    }
}
