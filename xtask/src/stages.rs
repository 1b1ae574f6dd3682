//! A long task told stage by stage, with the time of each.

use std::time::{Duration, Instant};

use crate::error::Error;

/// What has run so far.
#[derive(Default)]
pub struct Stages {
    done: Vec<Stage>,
}

struct Stage {
    name: &'static str,
    took: Duration,
    failed: bool,
}

impl Stages {
    /// Runs one stage. A failure is told at once, and does not keep the stages after it from running.
    pub fn run<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T, Error>) -> Option<T> {
        println!("\n== {name}");
        let start = Instant::now();
        let result = work();
        let took = start.elapsed();
        self.done.push(Stage { name, took, failed: result.is_err() });
        match result {
            Ok(value) => {
                println!("== {name}: done in {}", seconds(took));
                Some(value)
            }
            Err(error) => {
                eprintln!("== {name}: FAILED after {}: {error}", seconds(took));
                None
            }
        }
    }

    /// Prints what each stage took, and fails if any did.
    pub fn finish(self) -> Result<(), Error> {
        println!("\n{:<32}{:>10}  result", "stage", "time");
        for stage in &self.done {
            let result = if stage.failed { "FAILED" } else { "ok" };
            println!("{:<32}{:>10}  {result}", stage.name, seconds(stage.took));
        }
        println!("{:<32}{:>10}", "all", seconds(self.done.iter().map(|stage| stage.took).sum()));
        let failed: Vec<_> = self.done.iter().filter(|stage| stage.failed).map(|stage| stage.name).collect();
        if failed.is_empty() { Ok(()) } else { Err(Error::Stages(failed.join(", "))) }
    }
}

/// A duration for people: tenths of a second, and minutes once there are any.
pub fn seconds(took: Duration) -> String {
    let tenths = took.as_secs_f64();
    if tenths < 60.0 {
        format!("{tenths:.1} s")
    } else {
        format!("{:.0} min {:02.0} s", (tenths / 60.0).floor(), tenths % 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken() -> Result<(), Error> {
        Err(Error::Bundle("on purpose".into()))
    }

    #[test]
    fn a_failed_stage_is_named_at_the_end_and_later_ones_still_run() {
        let mut stages = Stages::default();
        assert_eq!(stages.run("breaks", broken), None);
        assert_eq!(stages.run("works", || Ok(7)), Some(7));
        assert_eq!(stages.finish().unwrap_err().to_string(), "failed: breaks");
    }

    #[test]
    fn long_times_are_told_in_minutes() {
        assert_eq!(seconds(Duration::from_millis(1230)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 05 s");
    }
}
