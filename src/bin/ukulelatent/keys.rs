//! Keys as musicians write them: `A4`, `C#3`, `Bb2`, or a MIDI number. C4 is middle C, 60.

use ukulelatent::units::MidiNote;

const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];

/// Reads a key.
pub fn parse(text: &str) -> Result<MidiNote, String> {
    let expected = || format!("expected a key from 0 to 127 or a name such as A4, C#3 or Bb2, got {text:?}");
    let number = match text.parse::<i32>() {
        Ok(number) => number,
        Err(_) => parse_name(text).ok_or_else(expected)?,
    };
    let number = u8::try_from(number).map_err(|_| expected())?;
    MidiNote::new(number).map_err(|_| expected())
}

fn parse_name(text: &str) -> Option<i32> {
    let mut rest = text.chars();
    let letter = rest.next()?.to_ascii_uppercase();
    let natural = match letter {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let rest = rest.as_str();
    let (shift, octave) = match rest.chars().next()? {
        '#' => (1, &rest[1..]),
        'b' => (-1, &rest[1..]),
        _ => (0, rest),
    };
    let octave: i32 = octave.parse().ok().filter(|octave| (-1..=9).contains(octave))?;
    Some((octave + 1) * 12 + natural + shift)
}

/// The name of a key, with sharps.
pub fn name(key: MidiNote) -> String {
    let number = key.number();
    format!("{}{}", NAMES[usize::from(number % 12)], i32::from(number / 12) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_mean_the_same_keys() {
        for (text, number) in
            [("69", 69), ("A4", 69), ("c#3", 49), ("Bb2", 46), ("b2", 47), ("C-1", 0), ("G9", 127)]
        {
            assert_eq!(parse(text).map(MidiNote::number), Ok(number), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_named_in_the_message() {
        for text in ["128", "-1", "H4", "A", "G#9", "Cb-1", "", "A4x", "4A"] {
            let message = parse(text).unwrap_err();
            assert!(message.contains(&format!("{text:?}")), "{message}");
        }
    }

    #[test]
    fn every_name_reads_back() {
        for number in 0..=127 {
            let key = MidiNote::new(number).unwrap();
            assert_eq!(parse(&name(key)), Ok(key));
        }
    }
}
