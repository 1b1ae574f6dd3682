//! Automation of the latent coordinates: a table of points in time, with straight lines between them.

use std::path::{Path, PathBuf};

use ukulelatent::model::card::LATENT_DIM;

use crate::sound::{Latent, parse_coordinate};

const COLUMNS: usize = 1 + LATENT_DIM;

/// A file that is no automation.
#[derive(Debug, thiserror::Error)]
pub enum AutomationError {
    /// It cannot be read.
    #[error("{path}: cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line of it cannot be understood.
    #[error("{path}, line {line}: {problem}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Expected and got.
        problem: String,
    },
    /// There are no points in it.
    #[error("{path}: expected lines of seconds,z1,z2,z3,z4, got none")]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    seconds: f64,
    latent: Latent,
}

/// The latent point at every time: the first one before the table begins, the last one after it ends.
#[derive(Debug)]
pub struct Automation {
    /// At least one; their times never decrease.
    points: Vec<Point>,
}

impl Automation {
    /// Reads a file.
    pub fn open(path: &Path) -> Result<Self, AutomationError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| AutomationError::Unreadable { path: path.into(), source })?;
        Self::parse(path, &text)
    }

    /// Reads the lines of a file: `seconds,z1,z2,z3,z4`; blank lines and those that start with `#` say nothing,
    /// and the first other line may be a header. `path` is for messages.
    fn parse(path: &Path, text: &str) -> Result<Self, AutomationError> {
        let mut points: Vec<Point> = Vec::new();
        let lines = text.lines().map(str::trim).enumerate();
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        for (nth, (index, line)) in lines.enumerate() {
            if nth == 0 && is_header(line) {
                continue;
            }
            let bad = |problem| AutomationError::Line { path: path.into(), line: index + 1, problem };
            let point = parse_line(line).map_err(bad)?;
            if let Some(last) = points.last().filter(|last| point.seconds < last.seconds) {
                let problem = format!("expected a time of {} s or later, got {} s", last.seconds, point.seconds);
                return Err(bad(problem));
            }
            points.push(point);
        }
        if points.is_empty() { Err(AutomationError::Empty { path: path.into() }) } else { Ok(Self { points }) }
    }

    /// The latent point at a time. Of two points at one time the later in the file counts from then on.
    pub fn at(&self, seconds: f64) -> Latent {
        let next = self.points.partition_point(|point| point.seconds <= seconds);
        let Some(before) = next.checked_sub(1).map(|index| self.points[index]) else {
            return self.points[0].latent;
        };
        let Some(after) = self.points.get(next) else { return before.latent };
        let share = ((seconds - before.seconds) / (after.seconds - before.seconds)) as f32;
        std::array::from_fn(|z| before.latent[z] + share * (after.latent[z] - before.latent[z]))
    }
}

/// A line in which nothing is a number.
fn is_header(line: &str) -> bool {
    line.split(',').all(|field| field.trim().parse::<f64>().is_err()) && line.split(',').count() == COLUMNS
}

fn parse_line(line: &str) -> Result<Point, String> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let fields: [&str; COLUMNS] = fields.try_into().map_err(|fields: Vec<&str>| {
        format!("expected {COLUMNS} numbers, seconds,z1,z2,z3,z4, got {} in {line:?}", fields.len())
    })?;
    let seconds = fields[0]
        .parse::<f64>()
        .ok()
        .filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
        .ok_or_else(|| format!("seconds: expected a number from 0 on, got {:?}", fields[0]))?;
    let mut latent = [0.0; LATENT_DIM];
    for (n, (z, field)) in latent.iter_mut().zip(&fields[1..]).enumerate() {
        *z = parse_coordinate(field).map_err(|problem| format!("z{}: {problem}", n + 1))?;
    }
    Ok(Point { seconds, latent })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Automation, AutomationError> {
        Automation::parse(Path::new("moves.csv"), text)
    }

    fn message(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn straight_lines_join_the_points_and_both_ends_hold() {
        let moves = parse("# a comment\n\nseconds,z1,z2,z3,z4\n1,0,0,0,-1\n3, 2,0,0,1\n").unwrap();
        assert_eq!(moves.at(0.0), [0.0, 0.0, 0.0, -1.0]);
        assert_eq!(moves.at(1.0), [0.0, 0.0, 0.0, -1.0]);
        assert_eq!(moves.at(2.0), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(moves.at(9.0), [2.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn two_points_at_one_time_are_a_jump() {
        let moves = parse("0,0,0,0,0\n1,0,0,0,0\n1,3,3,3,3\n2,3,3,3,3").unwrap();
        assert_eq!(moves.at(0.999), [0.0; 4]);
        assert_eq!(moves.at(1.0), [3.0; 4]);
    }

    #[test]
    fn messages_name_file_line_expected_and_got() {
        assert_eq!(
            message("0,0,0,0,0\n1,0,0,0\n"),
            "moves.csv, line 2: expected 5 numbers, seconds,z1,z2,z3,z4, got 4 in \"1,0,0,0\""
        );
        assert_eq!(message("#\n0,0,0,x,0"), "moves.csv, line 2: z3: expected a number from -3 to 3, got \"x\"");
        assert_eq!(message("0,0,0,0,4"), "moves.csv, line 1: z4: expected a number from -3 to 3, got \"4\"");
        assert_eq!(message("-1,0,0,0,0"), "moves.csv, line 1: seconds: expected a number from 0 on, got \"-1\"");
        assert_eq!(message("2,0,0,0,0\n1,0,0,0,0"), "moves.csv, line 2: expected a time of 2 s or later, got 1 s");
        assert_eq!(message("# nothing\n"), "moves.csv: expected lines of seconds,z1,z2,z3,z4, got none");
    }
}
