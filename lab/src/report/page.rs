//! The report's page.

use std::fmt::Write as _;
use std::path::Path;

use super::{AXES_NAME, MAP_NAME, RECONSTRUCTIONS_NAME};
use crate::curves::PNG_NAME;
use crate::evaluate::Evaluation;
use crate::features::FeatureSet;
use crate::run::RunRecord;

/// What the page tells.
pub struct Page<'a> {
    /// The instrument.
    pub name: &'a str,
    /// How it was made.
    pub record: &'a RunRecord,
    /// Of what.
    pub features: &'a FeatureSet,
    /// How good it is.
    pub evaluation: &'a Evaluation,
    /// Where the pictures are.
    pub folder: &'a Path,
}

const HEAD: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>NAME</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
img { max-width: 100%; height: auto; }
pre { background: #f4f4f4; padding: 1rem; overflow-x: auto; font-size: 13px; line-height: 1.4; }
li { margin: .3rem 0; }
</style></head><body>
";

impl Page<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn html(&self) -> String {
        let name = escaped(self.name);
        let mut page = HEAD.replace("NAME", &name);
        let mut add = |text: &str| page.push_str(text);
        add(&format!("<h1>{name}</h1>\n<p>{}</p>\n", escaped(&self.summary())));
        add(&self.image("Recordings and what the instrument makes of them", RECONSTRUCTIONS_NAME));
        add("<h2>What one hears along each coordinate</h2>\n<ul>\n");
        for (i, sweep) in self.evaluation.sweeps.coordinates.iter().enumerate() {
            let [low, high] = sweep.range;
            add(&format!("<li><b>z{}</b> {}, {low} to {high}</li>\n", i + 1, escaped(&sweep.label)));
        }
        add("</ul>\n");
        add(&self.image("", AXES_NAME));
        add(&self.image("Where the recordings lie", MAP_NAME));
        add(&self.image("Loss curves", PNG_NAME));
        add(&format!("<h2>Figures</h2>\n<pre>{}</pre>\n", escaped(&self.evaluation.to_string())));
        add(&self.left_out());
        add(&format!("<h2>Configuration</h2>\n<pre>{}</pre>\n", escaped(&self.configuration())));
        page.push_str("</body></html>\n");
        page
    }

    fn summary(&self) -> String {
        let front_end = &self.record.front_end;
        format!(
            "Trained on {} recordings, {} steps of {} notes; notes of {:.2} s at {} Hz, {} mel bands.",
            self.features.entries.len(),
            self.record.config.steps,
            self.record.config.batch,
            front_end.sample_rate_hz.seconds(front_end.samples()),
            front_end.sample_rate_hz.hz(),
            front_end.mel.bands,
        )
    }

    fn image(&self, title: &str, name: &str) -> String {
        if !self.folder.join(name).is_file() {
            return String::new();
        }
        let heading = if title.is_empty() { String::new() } else { format!("<h2>{title}</h2>\n") };
        format!("{heading}<p><img src=\"{name}\" alt=\"{title}\"></p>\n")
    }

    /// Recordings that were not used, and labels that the sound contradicts.
    fn left_out(&self) -> String {
        let mut list = String::new();
        for skipped in &self.features.skipped {
            writeln!(list, "{}", skipped.reason).expect("a string takes everything");
        }
        for row in &self.features.disagreements {
            let (labelled, kept) = (row.labelled.number(), row.kept.number());
            writeln!(
                list,
                "{}: labelled MIDI {labelled}, sounds {:.1} Hz ({:+.0} cents off); taken as MIDI {kept}",
                row.file, row.measured_hz, row.cents
            )
            .expect("a string takes everything");
        }
        if list.is_empty() {
            return String::new();
        }
        format!("<h2>Recordings left out, and labels in doubt</h2>\n<pre>{}</pre>\n", escaped(&list))
    }

    fn configuration(&self) -> String {
        let config = toml::to_string(&self.record.config).unwrap_or_default();
        format!("# {}\n# recordings: SHA-256 {}\n{config}", self.record.program, self.record.data_sha256)
    }
}

/// Text as HTML shows it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_the_page() {
        assert_eq!(escaped("<b> & \"c\""), "&lt;b&gt; &amp; &quot;c&quot;");
    }
}
