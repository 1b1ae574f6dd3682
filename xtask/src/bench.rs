//! `cargo xtask bench`: what things cost, and how good they are, on this machine.

use crate::error::Error;
use crate::system;
use crate::workspace::{Workspace, cargo, run};

/// The benchmarks, in the order in which they run.
const BENCHES: [&str; 3] = ["reconstruction", "engine", "decode"];
/// The one that also draws.
const PICTURED: &str = "reconstruction";

/// Runs every benchmark; with `pictures`, makes the page to look at and listen to instead.
pub fn bench(workspace: &Workspace, pictures: bool) -> Result<(), Error> {
    system::require_c_compiler()?;
    for name in BENCHES {
        if pictures && name != PICTURED {
            continue;
        }
        println!("\n== {name} (built with optimisation first: minutes the first time)");
        let mut command = cargo();
        command.args(["bench", "--quiet", "--workspace", "--bench", name]);
        if pictures {
            command.args(["--", "--pictures"]);
        }
        run(&mut command)?;
    }
    println!("\nResults: {}", workspace.target.join("bench").display());
    Ok(())
}
