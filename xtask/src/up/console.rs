//! `cargo xtask console`: the serial console on this terminal, against a box that `cargo xtask up` runs.

use super::site::Folders;
use crate::project;
use anyhow::{Context, bail};
use idl::hello::Process;
use std::fs::File;
use std::process::Command;

/// Runs the console until it is left; true if it ended well.
///
/// # Errors
/// If no box runs there, or the console cannot be built or started.
pub fn run(words: Vec<String>) -> anyhow::Result<bool> {
    let mut state = project::root().join("state");
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(word) = parser.next()? {
        match word {
            lexopt::Arg::Long("state") => state = parser.value()?.into(),
            other => return Err(other.unexpected().into()),
        }
    }
    if !Process::Vaultd.socket(&state.join("run")).exists() {
        bail!("no box runs in {}: start one first (cargo xtask up)", state.display());
    }
    let folders = Folders::make(&state)?;
    project::run(&mut project::cargo(&["build", "--quiet", "--bins", "--package", "consoled"]))?;
    let log = File::create(folders.logs.join("consoled.log")).context("the log cannot be made")?;
    eprintln!(
        "press Enter; Ctrl-D leaves while nobody is signed in; a demo's technician signs in with any ticket number"
    );
    let status = Command::new(project::binaries(false).join("consoled"))
        .arg("--run")
        .arg(&folders.run)
        .args(["--stdio", "--log", "stderr"])
        .stderr(log)
        .status()
        .context("consoled cannot be started")?;
    Ok(status.success())
}
