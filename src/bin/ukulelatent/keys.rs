//! Keys as musicians write them: `A4`, `C#3`, `Bb2`, or a MIDI number. C4 is middle C, 60.

use ukulelatent::units::MidiNote;

/// Reads a key.
pub fn parse(text: &str) -> Result<MidiNote, String> {
    let key = match text.parse::<u8>() {
        Ok(number) => MidiNote::new(number).ok(),
        Err(_) => MidiNote::from_name(text),
    };
    key.ok_or_else(|| format!("expected a key from 0 to 127 or a name such as A4, C#3 or Bb2, got {text:?}"))
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
            assert_eq!(parse(&key.to_string()), Ok(key));
        }
    }
}
