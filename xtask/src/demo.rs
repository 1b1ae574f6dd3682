//! `cargo xtask demo`: from a checkout to a song played by the plugin in a real host.

use std::fs;
use std::time::Instant;

use crate::bundle::{self, Bundles, Profile};
use crate::error::Error;
use crate::python::Hosts;
use crate::stages::seconds;
use crate::system;
use crate::workspace::{Workspace, run};
use std::process::Command;

/// Builds, bundles, plays, measures; fails when the song does not sound as it must.
pub fn demo(workspace: &Workspace) -> Result<(), Error> {
    let start = Instant::now();
    println!("[1/4] looking for a C compiler and Python, setting up the host");
    system::require_c_compiler()?;
    let hosts = Hosts::prepare(workspace)?;
    println!("[2/4] building the release plugin (minutes the first time, seconds later)");
    let bundles = bundle::bundle(workspace, Profile::Release)?;
    play(workspace, &hosts, &bundles)?;
    println!("\nAll of it took {}.\n", seconds(start.elapsed()));
    println!("{}", in_your_daw(&bundles));
    Ok(())
}

/// The last two steps alone, on a plugin that is already bundled.
pub fn play(workspace: &Workspace, hosts: &Hosts, bundles: &Bundles) -> Result<(), Error> {
    let output = workspace.target.join("demo");
    fs::create_dir_all(&output).map_err(Error::file("create", &output))?;
    let wave = output.join("ukulelatent.wav");
    let picture = output.join("ukulelatent.png");

    println!("[3/4] playing demo/greensleeves.mid through {} in pedalboard", bundles.vst3.display());
    run(hosts
        .script("demo.py")
        .args(["--plugin".as_ref(), bundles.vst3.as_os_str(), "--wave".as_ref(), wave.as_os_str()])
        .args(["--song", "demo/greensleeves.mid", "--automation", "demo/automation.csv"]))?;

    println!("[4/4] drawing the spectrogram");
    run(Command::new(&bundles.command_line)
        .arg("listen")
        .arg(&wave)
        .args(["--png".as_ref(), picture.as_os_str()])
        .args(["--midi", "demo/greensleeves.mid"]))?;

    println!("\nListen to {}", wave.display());
    println!("Look at   {}", picture.display());
    Ok(())
}

/// How a musician goes on from here.
fn in_your_daw(bundles: &Bundles) -> String {
    let folders = if cfg!(target_os = "macos") {
        "~/Library/Audio/Plug-Ins/VST3 and ~/Library/Audio/Plug-Ins/CLAP"
    } else if cfg!(windows) {
        r"%LOCALAPPDATA%\Programs\Common\VST3 and %LOCALAPPDATA%\Programs\Common\CLAP"
    } else {
        "~/.vst3 and ~/.clap"
    };
    format!(
        "To play it yourself: `cargo xtask install --user` copies {} and {} to {folders}.\n\
         Then rescan plugins in your DAW and put Ukulelatent, an instrument, on a MIDI track.",
        bundles.vst3.display(),
        bundles.clap.display()
    )
}
