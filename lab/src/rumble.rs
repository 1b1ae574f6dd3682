//! What sounds well below a note is not the note: hum, steps, wind, the truck outside. A model would learn it as part of
//! the timbre and play it under other notes, where it outlasts them.

use biquad::{Biquad, Coefficients, DirectForm2Transposed, ToHertz, Type};
use ukulelatent::units::{MidiNote, SampleRate};

/// Where the filter is 3 dB down, relative to the fundamental.
const CUTOFF: f32 = 0.6;
/// Quality factors of the sections of a Butterworth filter of the eighth order: 48 dB an octave below the cutoff, .001 dB at
/// the fundamental.
const SECTIONS: [f32; 4] = [0.509_796, 0.601_345, 0.899_976, 2.562_915];

/// Takes away what lies below a recording of `note`.
pub fn remove_rumble(samples: &mut [f32], rate: SampleRate, note: MidiNote) {
    for q in SECTIONS {
        let section = Coefficients::<f64>::from_params(
            Type::HighPass,
            f64::from(rate.hz()).hz(),
            f64::from(CUTOFF * note.hz()).hz(),
            q.into(),
        );
        // Only a cutoff above half the rate is refused: nothing of such a note is left in the recording.
        let Ok(section) = section else { return };
        let mut filter = DirectForm2Transposed::<f64>::new(section);
        samples.iter_mut().for_each(|x| *x = filter.run(f64::from(*x)) as f32);
    }
}

#[cfg(test)]
mod tests {
    use ukulelatent::units::gain_to_db;

    use super::*;

    /// How much louder a sine gets, once the filter has settled.
    fn gain_db(hz: f32, note: MidiNote) -> f32 {
        let rate = SampleRate::new(22_050.0).unwrap();
        let sine = |n: usize| (std::f32::consts::TAU * hz * n as f32 / rate.hz()).sin();
        let mut samples: Vec<f32> = (0..22_050).map(sine).collect();
        let power = |x: &[f32]| x[11_025..].iter().map(|x| x * x).sum::<f32>();
        let before = power(&samples);
        remove_rumble(&mut samples, rate, note);
        gain_to_db((power(&samples) / before).sqrt())
    }

    #[test]
    fn a_note_stays_and_what_lies_an_octave_below_goes() {
        for number in [28, 36, 57, 88] {
            let note = MidiNote::new(number).unwrap();
            for (ratio, least, most) in
                [(1.0, -0.05, 0.05), (0.95, -0.1, 0.1), (0.5, -15.0, -10.0), (0.3, -80.0, -45.0)]
            {
                let got = gain_db(ratio * note.hz(), note);
                assert!((least..=most).contains(&got), "note {number}, {ratio} of its pitch: {got} dB");
            }
        }
    }
}
