//! A song's tempos: which quarter note is played when.

use ukulelatent::perform::SongTime;
use ukulelatent::units::SampleRate;

/// Quarter notes a minute until a song says otherwise.
const DEFAULT_TEMPO: f64 = 120.0;

/// From here on there is another tempo.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Change {
    seconds: f64,
    /// Quarter notes before.
    beats: f64,
    /// Quarter notes a minute from here on.
    tempo: f64,
}

/// All tempos of a song, in the order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TempoMap(Vec<Change>);

impl TempoMap {
    /// From this second on, not before the last change, a quarter note takes this many microseconds.
    pub fn change(&mut self, seconds: f64, microseconds: u32) {
        let beats = self.at(seconds).beats;
        self.0.push(Change { seconds, beats, tempo: 60e6 / f64::from(microseconds.max(1)) });
    }

    /// Where in the song a sample is.
    pub fn time(&self, sample: u64, rate: SampleRate) -> SongTime {
        let now = self.at(sample as f64 / f64::from(rate.hz()));
        SongTime::at(sample as i64, Some(now.tempo), rate).counted(Some(now.beats))
    }

    /// The quarter notes before a second, and the tempo there.
    fn at(&self, seconds: f64) -> Change {
        let start = Change { seconds: 0.0, beats: 0.0, tempo: DEFAULT_TEMPO };
        let last = self.0.iter().rfind(|change| change.seconds <= seconds).copied().unwrap_or(start);
        Change { seconds, beats: last.beats + (seconds - last.seconds) * last.tempo / 60.0, tempo: last.tempo }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarter_notes_are_counted_through_all_tempos() {
        let rate = SampleRate::new(48_000.0).unwrap();
        let beats = |map: &TempoMap, sample: u64| map.time(sample, rate).beats_at(sample as i64);
        let mut map = TempoMap::default();
        assert_eq!(beats(&map, 48_000), 2.0);
        map.change(1.0, 1_000_000);
        map.change(3.0, 250_000);
        assert_eq!(
            [24_000, 48_000, 96_000, 144_000, 168_000].map(|at| beats(&map, at)),
            [1.0, 2.0, 3.0, 4.0, 6.0]
        );
        map.change(4.0, 0);
        assert!(beats(&map, 200_000).is_finite());
    }
}
