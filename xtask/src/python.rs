//! A Python environment below `target/`, with the hosts that play the plugin, at the versions of requirements.txt.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;
use crate::system;
use crate::workspace::{Workspace, run, succeeds};

/// The oldest Python that every pinned host has a wheel for.
const OLDEST: (u32, u32) = (3, 11);
/// Tried in this order; `UKULELATENT_PYTHON` goes before them all.
const NAMES: [&str; 7] = ["python3", "python", "py", "python3.14", "python3.13", "python3.12", "python3.11"];
/// Shared libraries that a host may miss, one found at a time.
const MISSING_LIBRARIES_AT_MOST: usize = 8;

/// The environment, ready to run host scripts.
pub struct Hosts {
    /// Its folder.
    venv: PathBuf,
    /// The folder of the host scripts.
    scripts: PathBuf,
}

impl Hosts {
    /// Makes the environment, or finds it made. The second time this takes a fraction of a second.
    pub fn prepare(workspace: &Workspace) -> Result<Self, Error> {
        let hosts = Self { venv: workspace.target.join("hosts-venv"), scripts: workspace.hosts() };
        let list = hosts.scripts.join("requirements.txt");
        let wanted = fs::read_to_string(&list).map_err(Error::file("read", &list))?;
        let stamp = hosts.venv.join("installed.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted)
            && succeeds(hosts.python().arg("-V"))
        {
            return Ok(hosts);
        }

        let base = find()?;
        println!("setting up {} with {base}", hosts.venv.display());
        create(&base, &hosts.venv)?;
        run(hosts
            .python()
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(["--requirement".as_ref(), list.as_os_str()]))?;
        hosts.require_libraries_for("pedalboard")?;
        fs::write(&stamp, wanted).map_err(Error::file("write", &stamp))?;
        Ok(hosts)
    }

    /// Checks that a host's module loads, which needs shared libraries that pip cannot bring.
    pub fn require_libraries_for(&self, module: &str) -> Result<(), Error> {
        for _ in 0..MISSING_LIBRARIES_AT_MOST {
            let mut import = self.python();
            import.args(["-c", &format!("import {module}")]);
            let output = import.output().map_err(|source| Error::Spawn { command: "python".into(), source })?;
            if output.status.success() {
                return Ok(());
            }
            system::provide_library_for(&String::from_utf8_lossy(&output.stderr))?;
        }
        Err(Error::Missing { what: format!("what {module} needs"), advice: "see the messages above".into() })
    }

    /// The environment's Python, about to run one of the host scripts.
    pub fn script(&self, name: &str) -> Command {
        let mut command = self.python();
        command.arg(self.scripts.join(name));
        command
    }

    /// The environment's Python. It leaves no compiled files among the sources.
    pub fn python(&self) -> Command {
        let mut command = Command::new(self.program("python"));
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUNBUFFERED", "1");
        command
    }

    /// A program that one of the requirements installed.
    pub fn program(&self, name: &str) -> PathBuf {
        if cfg!(windows) {
            self.venv.join("Scripts").join(format!("{name}.exe"))
        } else {
            self.venv.join("bin").join(name)
        }
    }
}

/// The first Python on the path that is new enough.
fn find() -> Result<String, Error> {
    let named = env::var("UKULELATENT_PYTHON").ok();
    let (major, minor) = OLDEST;
    let new_enough = format!("import sys; sys.exit(sys.version_info < ({major}, {minor}))");
    named
        .into_iter()
        .chain(NAMES.map(String::from))
        .find(|name| succeeds(Command::new(name).args(["-c", &new_enough])))
        .ok_or_else(|| Error::Missing {
            what: format!("Python {major}.{minor} or newer"),
            advice: "install python3, or name one in UKULELATENT_PYTHON".into(),
        })
}

/// Makes an empty environment with pip in it.
fn create(base: &str, venv: &Path) -> Result<(), Error> {
    // Debian cuts ensurepip out of python3 and puts it into python3-venv; virtualenv brings a pip of its own.
    let maker = ["import ensurepip, venv", "import virtualenv"]
        .iter()
        .position(|imports| succeeds(Command::new(base).args(["-c", imports])));
    let module = match maker {
        Some(0) => "venv",
        Some(_) => "virtualenv",
        None => {
            return Err(Error::Missing {
                what: format!("the venv module of {base}"),
                advice:
                    "install it (Debian and Ubuntu: `sudo apt install python3-venv`), or `pip install virtualenv`"
                        .into(),
            });
        }
    };
    run(Command::new(base).args(["-m", module, "--clear"]).arg(venv))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_pinned_to_one_version() {
        let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("hosts/requirements.txt");
        let text = fs::read_to_string(list).unwrap();
        let requirements: Vec<_> =
            text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        assert!(requirements.iter().any(|line| line.starts_with("pedalboard==")));
        for line in requirements {
            assert!(line.contains("=="), "{line}");
        }
    }
}
