//! The figures as people read them.

use std::fmt;

use super::Evaluation;
use crate::chain::PitchAccuracy;
use crate::measures::Quality;

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.model)?;
        self.unseen(f)?;
        self.pitches(f)?;
        self.space(f)?;
        self.coordinates(f)
    }
}

impl Evaluation {
    fn unseen(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(r) = &self.reconstruction else {
            return writeln!(f, "no encoder, or no recording that training never saw: the rest is of the decoder");
        };
        writeln!(f, "\nrecordings that training never saw")?;
        let rows = [
            ("all", r.all),
            ("known cells", r.seen_cells),
            ("unknown cells", r.unseen_cells),
            ("natural mix", r.natural_mix),
            ("  encoder alone", r.encoder_alone),
        ];
        for (name, e) in rows {
            writeln!(f, "  {name:22} {:4} notes   MSE {:.5}   R2 {:.3}", e.notes, e.mse, e.r2)?;
        }
        for (name, fidelity) in [("", &self.fidelity), ("  at best", &self.fidelity_limit)] {
            let Some(a) = fidelity else { continue };
            let (median, ninetieth, bias) = (a.attack_median_db, a.attack_90th_db, a.attack_bias_db);
            writeln!(
                f,
                "  {:22} off by {median:.1} dB (median), {ninetieth:.1} dB (90th percentile), {bias:+.1} dB with \
                 its sign",
                format!("attack > 2 kHz{name}")
            )?;
            writeln!(
                f,
                "  {:22} brightness {:.3}   decay {:.3}   attack noise {:.3}   inharmonicity {:.3}",
                format!("Spearman{name}"),
                a.brightness,
                a.decay,
                a.attack_noise,
                a.inharmonicity
            )?;
        }
        if let Some(k) = &self.families {
            writeln!(
                f,
                "  family by neighbours   {:.3} of {} families (all recordings {:.3}, majority {:.3})",
                k.accuracy, k.families, k.accuracy_all, k.majority
            )?;
        }
        Ok(())
    }

    fn pitches(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\npitch through the whole chain, by YIN")?;
        let p = &self.pitch;
        let rows = [
            ("recordings' z, 40..84", Some(p.encoded)),
            ("prior's z, 40..84", Some(p.prior)),
            ("z = 0, 40..84", Some(p.centre)),
            ("own z and note", p.own_note),
            ("recordings themselves", p.recordings),
        ];
        for (name, accuracy) in rows {
            let Some(a) = accuracy else { continue };
            let PitchAccuracy { notes, within_20_cents, within_50_cents, .. } = a;
            let (near, nearer) = (a.share(within_50_cents), a.share(within_20_cents));
            writeln!(
                f,
                "  {name:22} {notes:4} notes   within 20 cents {nearer:6.2} %   within 50 cents {near:6.2} %"
            )?;
        }
        Ok(())
    }

    fn space(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (l, k) = (&self.latent, &self.leak);
        writeln!(f, "\nlatent space, {} recordings", l.notes)?;
        writeln!(f, "  MMD to N(0, I)         {:.4}", l.mmd)?;
        writeln!(f, "  mean                   {:.2?}", l.mean)?;
        writeln!(f, "  deviation              {:.2?}", l.deviation)?;
        writeln!(
            f,
            "  R2 of the MIDI note    linear {:.3}   quadratic {:.3}   neighbours {:.3}",
            k.linear, k.quadratic, k.neighbours
        )?;
        let p = &self.prior;
        writeln!(
            f,
            "  prior, {} notes       {} silent, {} clipped, {} broken; levels {:+.1} to {:+.1} dB of the median",
            p.notes, p.silent, p.clipped, p.broken, p.lowest_db, p.highest_db
        )?;
        let s = &self.smoothness;
        writeln!(
            f,
            "  {} lines              largest step over median step {:.2} (median line), {:.2} (worst line)",
            s.lines, s.median_ratio, s.largest_ratio
        )?;
        let Some(w) = &self.whistle else { return Ok(()) };
        let beside = w.recordings_db.map_or(String::new(), |db| format!(" (of recordings: {db:.1} dB)"));
        writeln!(
            f,
            "  onset                  at {:.0} Hz a band stands {:.1} dB above its neighbours{beside}",
            w.hz, w.db
        )
    }

    fn coordinates(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\ncoordinates: change from end to end of the range (Spearman)")?;
        write!(f, "  {:24} {:>12} {:>9}", "", "range", "effect")?;
        Quality::ALL.iter().try_for_each(|q| write!(f, "   {:>21}", format!("{}, {}", q.name(), q.unit())))?;
        writeln!(f)?;
        for (i, sweep) in self.sweeps.coordinates.iter().enumerate() {
            let [low, high] = sweep.range;
            write!(
                f,
                "  {:24} {:>12} {:9.4}",
                format!("z{} {}", i + 1, sweep.label),
                format!("{low} .. {high}"),
                sweep.sensitivity
            )?;
            for course in &sweep.courses {
                write!(f, "   {:>21}", format!("{:+.2} ({:+.2})", course.change, course.spearman))?;
            }
            writeln!(f)?;
        }
        let s = &self.sweeps;
        writeln!(
            f,
            "  brightness: z{}, Spearman {:.2}, {:.2} octaves; decay: z{}, Spearman {:.2}, {:.2} decades",
            s.brightness_axis,
            s.brightness.spearman,
            s.brightness.span,
            s.decay_axis,
            s.decay.spearman,
            s.decay.span
        )
    }
}
