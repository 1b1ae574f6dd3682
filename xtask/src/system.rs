//! What the machine itself must bring: a C compiler, Rust's own tools, a few shared libraries.

use std::env;
use std::process::Command;

use crate::error::Error;
use crate::workspace::{cargo, run, succeeds};

/// Shared libraries that the Python hosts link against but do not ship, with the Debian package of each.
const HOST_LIBRARIES: [(&str, &str); 7] = [
    ("libatomic.so", "libatomic1"),
    ("libGL.so", "libgl1"),
    ("libGLX.so", "libgl1"),
    ("libX11.so", "libx11-6"),
    ("libglib-2.0.so", "libglib2.0-0"),
    ("libstdc++.so", "libstdc++6"),
    ("libz.so", "zlib1g"),
];

/// Rust links through the C compiler on Unix; on Windows its installer has already seen to the linker.
pub fn require_c_compiler() -> Result<(), Error> {
    if cfg!(windows) || succeeds(Command::new("cc").arg("--version")) {
        return Ok(());
    }
    let advice = if cfg!(target_os = "macos") {
        "run `xcode-select --install`"
    } else {
        "install it, e.g. `apt install build-essential` or `dnf install gcc`"
    };
    Err(Error::Missing { what: "a C compiler (cc)".into(), advice: advice.into() })
}

/// `cargo fmt` and `cargo clippy`, which some Rust installations leave out.
pub fn require_rust_tools() -> Result<(), Error> {
    for (tool, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !succeeds(cargo().args([tool, "--version"])) {
            return Err(Error::Missing {
                what: format!("cargo {tool}"),
                advice: format!("run `rustup component add {component}`"),
            });
        }
    }
    Ok(())
}

/// Answers a Python host that failed to start for want of a shared library: in CI, as root on Debian, installs the
/// library's package; elsewhere names it. `complaint` is what the dynamic linker said.
pub fn provide_library_for(complaint: &str) -> Result<(), Error> {
    let Some((library, package)) = HOST_LIBRARIES.iter().find(|(library, _)| complaint.contains(library)) else {
        return Err(Error::Missing { what: "something the host needs".into(), advice: complaint.trim().into() });
    };
    if env::var_os("CI").is_some() && succeeds(Command::new("apt-get").arg("--version")) {
        println!("installing {package} for {library}");
        run(Command::new("apt-get").args(["update", "-qq"]))?;
        return run(Command::new("apt-get").args(["install", "-y", "-qq", "--no-install-recommends", package]));
    }
    Err(Error::Missing {
        what: format!("the shared library {library}"),
        advice: format!("install it, on Debian and Ubuntu with `sudo apt install {package}`"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_complaint_is_passed_on_in_full() {
        let error = provide_library_for("ImportError: no module named host").unwrap_err().to_string();
        assert!(error.contains("no module named host"), "{error}");
    }
}
