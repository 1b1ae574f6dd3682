//! `cargo xtask test`: every check there is, in the order in which a mistake shows soonest.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::bundle::{self, Bundles, Profile};
use crate::demo;
use crate::error::Error;
use crate::python::Hosts;
use crate::sanitizer;
use crate::stages::Stages;
use crate::system;
use crate::workspace::{Workspace, cargo, run, succeeds};

/// Host tests that mean something only where an allocation on the audio thread aborts.
const ALLOCATION_TESTS: &str = "allocation";

/// Runs all stages, prints the time of each and the host tests' count, and fails if anything did.
pub fn test(workspace: &Workspace) -> Result<(), Error> {
    let mut stages = Stages::default();
    let mut tally = Tally::default();
    let hosts = stages.run("tools and hosts", || {
        system::require_c_compiler()?;
        system::require_rust_tools()?;
        let hosts = Hosts::prepare(workspace)?;
        hosts.require_libraries_for("dawdreamer")?;
        Ok(hosts)
    });

    stages.run("format", || run(cargo().args(["fmt", "--all", "--check"])));
    if let Some(hosts) = &hosts {
        stages.run("licences and sources", || deny(hosts));
    }
    let lints = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
    stages.run("lints", || run(cargo().args(lints)));
    let docs = ["doc", "--workspace", "--no-deps", "--quiet"];
    stages.run("documentation", || run(cargo().args(docs).env("RUSTDOCFLAGS", "--deny warnings")));
    stages.run("tests", || run(cargo().args(["test", "--workspace"]).envs(sanitizer::environment())));

    let debug = stages.run("bundle, debug", || bundle::bundle(workspace, Profile::Debug));
    if let (Some(hosts), Some(bundles)) = (&hosts, debug) {
        let marked = ["-m", ALLOCATION_TESTS];
        stages.run("no allocation in pedalboard", || {
            tally.pytest(workspace, hosts, &bundles, "pedalboard", &marked)
        });
    }
    let release = stages.run("bundle, release", || bundle::bundle(workspace, Profile::Release));
    if let (Some(hosts), Some(bundles)) = (&hosts, release) {
        let rest = ["-m", &format!("not {ALLOCATION_TESTS}")];
        stages.run("pedalboard", || tally.pytest(workspace, hosts, &bundles, "pedalboard", &rest));
        stages.run("dawdreamer", || tally.pytest(workspace, hosts, &bundles, "dawdreamer", &rest));
        stages.run("window", || tally.pytest(workspace, hosts, &bundles, "window", &rest));
        stages.run("demo", || demo::play(workspace, hosts, &bundles));
    }
    let result = stages.finish();
    println!("\n{} passed, {} failed", tally.passed, tally.failed);
    result
}

/// Checks deny.toml with the cargo-deny at hand, the user's own before the environment's.
fn deny(hosts: &Hosts) -> Result<(), Error> {
    let installed = succeeds(cargo().args(["deny", "--version"]));
    let packaged = hosts.program("cargo-deny");
    if !installed && !packaged.exists() {
        return Err(Error::Missing {
            what: "cargo deny".into(),
            advice: "run `cargo install cargo-deny --locked`".into(),
        });
    }
    let command = || {
        let mut command = if installed { cargo() } else { Command::new(&packaged) };
        if installed {
            command.arg("deny");
        }
        command
    };
    run(command().args(["check", "bans", "licenses", "sources"]))?;
    if succeeds(command().args(["fetch", "db"])) {
        run(command().args(["check", "--disable-fetch", "advisories"]))
    } else {
        println!("advisories: the RustSec database cannot be reached from here, so they are not checked");
        Ok(())
    }
}

/// Counts of host tests, over all runs of pytest.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    /// Runs the tests of one host against the bundles. A host that dies counts as one failure more.
    fn pytest(
        &mut self,
        workspace: &Workspace,
        hosts: &Hosts,
        bundles: &Bundles,
        host: &str,
        selection: &[&str],
    ) -> Result<(), Error> {
        let counts = workspace.target.join("host-tests.txt");
        fs::write(&counts, "").map_err(Error::file("write", &counts))?;
        let result = run(hosts
            .python()
            .args(["-m", "pytest", "-p", "no:cacheprovider", "--tb=short", "-v", "-rs"])
            .args(selection)
            .arg(workspace.hosts().join(format!("test_{host}.py")))
            .env("UKULELATENT_VST3", &bundles.vst3)
            .env("UKULELATENT_COMMAND_LINE", &bundles.command_line)
            .env("UKULELATENT_COUNTS", &counts));
        match read_counts(&counts) {
            Some((passed, failed)) => {
                self.passed += passed;
                self.failed += failed;
            }
            None => self.failed += 1,
        }
        result
    }
}

/// `passed failed`, as conftest.py leaves them at the end of a run; nothing if the host died first.
fn read_counts(path: &Path) -> Option<(usize, usize)> {
    let text = fs::read_to_string(path).ok()?;
    let (passed, failed) = text.trim().split_once(' ')?;
    Some((passed.parse().ok()?, failed.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_back_and_a_dead_host_leaves_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("counts.txt");
        fs::write(&path, "12 3\n").unwrap();
        assert_eq!(read_counts(&path), Some((12, 3)));
        fs::write(&path, "").unwrap();
        assert_eq!(read_counts(&path), None);
    }
}
