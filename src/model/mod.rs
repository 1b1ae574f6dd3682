//! Instruments: the card that describes one, the file that holds it, the decoder that plays it.

pub mod card;
