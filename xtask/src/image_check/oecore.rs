//! BitBake itself on the layer, where OpenEmbedded-Core and the other layers lie in a folder of this machine
//! (`RINGFENCE_OECORE`). It parses our recipes with the real classes; it fetches and builds nothing.

use super::python::{Scratch, Subject};
use anyhow::{Context, ensure};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What BitBake says against the layer; nothing where there is no OpenEmbedded-Core.
pub fn faults(subject: &Subject) -> anyhow::Result<Vec<String>> {
    let Some(folder) = std::env::var_os("RINGFENCE_OECORE").map(PathBuf::from) else {
        println!("skipped: RINGFENCE_OECORE names no folder; BitBake does not read the layer");
        return Ok(Vec::new());
    };
    let build = Scratch::new("oecore")?;
    let conf = build.0.join("conf");
    fs::create_dir_all(&conf)?;
    fs::write(conf.join("bblayers.conf"), layers(&folder, &subject.layer)?)?;
    fs::write(conf.join("local.conf"), LOCAL)?;
    let home = build.0.join("home");
    fs::create_dir_all(&home)?;
    let mut command = as_nobody(&build.0)?;
    let programs = folder.join("bitbake/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(programs.clone()).chain(std::env::split_paths(&path)))?;
    command.arg(programs.join("bitbake")).arg("--parse-only").env("PATH", path);
    command.current_dir(&build.0).env("BDIR", &build.0).env("HOME", &home);
    command.env("LC_ALL", "en_US.UTF-8").env_remove("CARGO_TARGET_DIR");
    let output = command.stdin(Stdio::null()).output().context("bitbake cannot be started")?;
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    // A layer of which every recipe but a few is masked makes it say that nothing of it is used.
    let mut faults: Vec<String> = text
        .lines()
        .filter(|line| {
            line.contains("ERROR:") || (line.contains("WARNING:") && !line.contains("matched BBFILE_PATTERN"))
        })
        .map(|line| format!("bitbake: {line}"))
        .collect();
    if faults.is_empty() && !output.status.success() {
        faults.push(format!("bitbake failed ({}): {}", output.status, text.trim()));
    }
    if let Some(line) = text.lines().find(|line| line.starts_with("Parsing of ")) {
        println!("bitbake: {line}");
    }
    Ok(faults)
}

/// The layers of `image/kas/ringfence.yml`, from one folder.
fn layers(folder: &Path, ours: &Path) -> anyhow::Result<String> {
    let mut text = String::from("BBPATH = \"${TOPDIR}\"\nBBFILES ?= \"\"\nBBLAYERS = \"\\\n");
    for layer in LAYERS.iter().map(|layer| folder.join(layer)).chain([ours.to_owned()]) {
        ensure!(layer.join("conf/layer.conf").is_file(), "{} is not a layer", layer.display());
        writeln!(text, "    {} \\", layer.display())?;
    }
    text.push_str("    \"\n");
    Ok(text)
}

/// BitBake refuses root: then it runs as nobody, who gets the build folder.
fn as_nobody(build: &Path) -> anyhow::Result<Command> {
    if !nix::unistd::getuid().is_root() {
        return Ok(Command::new("env"));
    }
    for folder in [build.to_owned(), build.join("conf"), build.join("home")] {
        chown(&folder, Some(NOBODY), Some(NOBODY)).with_context(|| folder.display().to_string())?;
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    Ok(command)
}

const NOBODY: u32 = 65534;
const LAYERS: &[&str] = &[
    "openembedded-core/meta",
    "meta-openembedded/meta-oe",
    "meta-openembedded/meta-python",
    "meta-openembedded/meta-networking",
    "meta-rauc",
    "meta-secure-core/meta-tpm2",
    "meta-security",
];
/// Of others' recipes only those that ours add to: the whole of them takes five minutes and says nothing about ours.
const LOCAL: &str = "\
MACHINE = \"ringfence-x86-64\"
DISTRO = \"ringfence\"
BB_NO_NETWORK = \"1\"
CONNECTIVITY_CHECK_URIS = \"\"
BBMASK += \"/openembedded-core/meta/recipes-(?!core/(systemd|base-files)/|kernel/linux/linux-yocto_)\"
BBMASK += \"/meta-openembedded/ /meta-rauc/recipes /meta-secure-core/ /meta-security/\"
";
