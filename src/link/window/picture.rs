//! The spectrogram of one note, as it is made.

use super::NoteMark;

/// Bands of a picture, the lowest first: neighbouring bands of the model in one, the loudest of them.
pub const BANDS: usize = 96;
/// A picture has no more columns than this.
pub const COLUMNS: usize = 512;

/// (worker -> window) A note's frames so far, all of them: when there is no more room, each two columns become one.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Whose; `None` before the first note.
    pub mark: Option<NoteMark>,
    /// Columns x bands, 0 the quietest and 255 the loudest of the model's amplitude map, which is nearly even in
    /// decibels. `COLUMNS * BANDS` of them are allocated.
    levels: Vec<u8>,
    columns: usize,
    /// Frames in each column but the last, a power of two; and frames so far.
    stride: usize,
    frames: usize,
    /// Host samples from one frame to the next, and frames before the note's first sample.
    hop: f32,
    onset: f32,
    /// Frames that there will be if nothing changes, at least as many as there are; a held note may have more.
    expected: usize,
}

impl Default for Picture {
    fn default() -> Self {
        Self {
            mark: None,
            levels: vec![0; COLUMNS * BANDS],
            columns: 0,
            stride: 1,
            frames: 0,
            hop: 1.0,
            onset: 0.0,
            expected: 0,
        }
    }
}

/// Where a note's frames lie in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// Host samples from one frame to the next.
    pub hop: f32,
    /// Frames before the note's first sample.
    pub onset: f32,
    /// Frames that there will be if nothing changes.
    pub expected: usize,
}

impl Picture {
    /// Columns that are painted.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The levels of a column, the lowest band first.
    #[must_use]
    pub fn column(&self, column: usize) -> &[u8] {
        &self.levels[column * BANDS..][..BANDS]
    }

    /// All painted columns one after another, each [`BANDS`] long: for a texture.
    #[must_use]
    pub fn levels(&self) -> &[u8] {
        &self.levels[..self.columns * BANDS]
    }

    /// Columns that there will be if nothing changes: how wide to draw it from the start.
    #[must_use]
    pub fn expected_columns(&self) -> usize {
        self.expected.max(self.frames).div_ceil(self.stride).min(COLUMNS)
    }

    /// Which column is heard after some host samples of the note ([`super::VoiceView::played`]), with its fraction.
    #[must_use]
    pub fn column_at(&self, played: u64) -> f32 {
        (played as f32 / self.hop + self.onset) / self.stride as f32
    }

    /// Where that is in the picture when it is drawn [`Picture::expected_columns`] wide, 0 to 1.
    #[must_use]
    pub fn place_of(&self, played: u64) -> f32 {
        (self.column_at(played) / self.expected_columns().max(1) as f32).clamp(0.0, 1.0)
    }

    /// Starts over with another note.
    pub(super) fn begin(&mut self, mark: NoteMark, layout: Layout) {
        (self.mark, self.columns, self.stride, self.frames) = (Some(mark), 0, 1, 0);
        (self.hop, self.onset, self.expected) = (layout.hop.max(f32::MIN_POSITIVE), layout.onset, layout.expected);
        // A note that is known to be long is coarse from the start, and the picture does not jump.
        while self.expected > COLUMNS * self.stride {
            self.stride *= 2;
        }
    }

    /// Adds a frame: normalised mel, -1 to 1, of any number of bands.
    pub(super) fn paint(&mut self, mel: &[f32]) {
        if self.frames == COLUMNS * self.stride {
            self.halve();
        }
        if self.frames.is_multiple_of(self.stride) {
            self.columns += 1;
            self.levels[(self.columns - 1) * BANDS..][..BANDS].fill(0);
        }
        let column = &mut self.levels[(self.columns - 1) * BANDS..][..BANDS];
        for (band, level) in column.iter_mut().enumerate() {
            // Of fewer bands than these, some are seen twice.
            let [from, to] = [band, band + 1].map(|edge| edge * mel.len() / BANDS);
            let loudest = mel[from..to.max(from + 1).min(mel.len())].iter().fold(-1.0, |a: f32, &b| a.max(b));
            *level = (*level).max(((loudest + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8);
        }
        self.frames += 1;
    }

    /// Makes two columns one.
    fn halve(&mut self) {
        for column in 0..COLUMNS / 2 {
            for band in 0..BANDS {
                let [a, b] = [2 * column, 2 * column + 1].map(|from| self.levels[from * BANDS + band]);
                self.levels[column * BANDS + band] = a.max(b);
            }
        }
        self.columns = COLUMNS / 2;
        self.stride *= 2;
    }

    /// Becomes the same picture, in the memory that it has.
    pub(super) fn copy_from(&mut self, other: &Self) {
        let Self { mark, levels: _, columns, stride, frames, hop, onset, expected } = *other;
        self.levels[..columns * BANDS].copy_from_slice(&other.levels[..columns * BANDS]);
        (self.mark, self.columns, self.stride, self.frames) = (mark, columns, stride, frames);
        (self.hop, self.onset, self.expected) = (hop, onset, expected);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: NoteMark = NoteMark { slot: 3, epoch: 7 };

    fn picture(expected: usize) -> Picture {
        let mut picture = Picture::default();
        picture.begin(MARK, Layout { hop: 500.0, onset: 2.0, expected });
        picture
    }

    #[test]
    fn bands_are_the_loudest_of_theirs() {
        let mut picture = picture(100);
        let mut mel = vec![-1.0; 500];
        mel[0] = 1.0;
        mel[499] = 0.0;
        picture.paint(&mel);
        let column = picture.column(0);
        assert_eq!((column[0], column[1], column[95]), (255, 0, 128));
        // Fewer bands than the picture's.
        picture.paint(&[0.0; 40]);
        assert!(picture.column(1).iter().all(|&level| level == 128));
    }

    #[test]
    fn a_long_note_is_seen_whole() {
        let mut picture = picture(100);
        for frame in 0..5000 {
            picture.paint(&[if frame == 4999 || frame == 17 { 1.0 } else { -1.0 }; 128]);
        }
        assert!(picture.columns() > COLUMNS / 2 && picture.columns() <= COLUMNS);
        let loud: Vec<usize> = (0..picture.columns()).filter(|&column| picture.column(column)[5] == 255).collect();
        assert_eq!(loud, [1, picture.columns() - 1]);
        assert_eq!(picture.levels().len(), picture.columns() * BANDS);
        // Two frames before the note's first sample, and 16 frames in a column.
        assert_eq!(picture.column_at(0), 2.0 / 16.0);
        assert_eq!(picture.column_at(500 * 14), 1.0);
    }

    #[test]
    fn what_is_expected_sets_the_width() {
        assert_eq!(picture(100).expected_columns(), 100);
        assert_eq!(picture(1000).expected_columns(), 500);
        let mut longer = picture(10);
        (0..30).for_each(|_| longer.paint(&[0.0; 96]));
        assert_eq!(longer.expected_columns(), 30);
        assert_eq!(longer.place_of(0), 2.0 / 30.0);
        assert_eq!(longer.place_of(1 << 40), 1.0);
        let mut copy = picture(400);
        copy.copy_from(&longer);
        assert_eq!((copy.levels(), copy.mark, copy.expected_columns()), (longer.levels(), Some(MARK), 30));
    }
}
