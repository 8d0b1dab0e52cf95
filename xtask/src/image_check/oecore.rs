//! BitBake itself on the layer, where OpenEmbedded-Core and the other layers lie in a folder of this machine
//! (`RINGFENCE_OECORE`). It parses our recipes with the real classes, and plans both whole images where a folder for that is
//! named (`RINGFENCE_OECORE_PLAN`); it fetches and builds nothing.

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
    let masked = format!("{LOCAL}{MASKED}");
    let mut faults = bitbake(&folder, subject, &build.0, &masked, &["--parse-only"])?;
    let Some(plan) = std::env::var_os("RINGFENCE_OECORE_PLAN").map(PathBuf::from) else {
        println!("skipped: RINGFENCE_OECORE_PLAN names no folder; the whole images are not planned");
        return Ok(faults);
    };
    // BitBake keeps there what it has parsed: a second plan takes a fraction of the first.
    fs::create_dir_all(&plan).with_context(|| plan.display().to_string())?;
    let words: Vec<&str> = std::iter::once("--dry-run").chain(IMAGES.iter().copied()).collect();
    faults.extend(bitbake(&folder, subject, &plan.canonicalize()?, &format!("{LOCAL}{WHOLE}"), &words)?);
    Ok(faults)
}

/// Runs BitBake in a build folder; what it says against the layer, line by line.
fn bitbake(
    folder: &Path,
    subject: &Subject,
    build: &Path,
    local: &str,
    words: &[&str],
) -> anyhow::Result<Vec<String>> {
    let conf = build.join("conf");
    fs::create_dir_all(&conf)?;
    fs::write(conf.join("bblayers.conf"), layers(folder, &subject.layer)?)?;
    fs::write(conf.join("local.conf"), local)?;
    let home = build.join("home");
    fs::create_dir_all(&home)?;
    let mut command = as_nobody(build)?;
    let programs = folder.join("bitbake/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(programs.clone()).chain(std::env::split_paths(&path)))?;
    command.arg(programs.join("bitbake")).args(words).env("PATH", path);
    command.current_dir(build).env("BDIR", build).env("HOME", &home);
    command.env("LC_ALL", "en_US.UTF-8").env_remove("CARGO_TARGET_DIR");
    let output = command.stdin(Stdio::null()).output().context("bitbake cannot be started")?;
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let fault = |line: &&str| {
        line.contains("ERROR:")
            || (line.contains("WARNING:") && !EXPECTED.iter().any(|words| line.contains(words)))
            || line.contains("Multiple providers")
    };
    let mut faults: Vec<String> = text.lines().filter(fault).map(|line| format!("bitbake: {line}")).collect();
    if faults.is_empty() && !output.status.success() {
        faults.push(format!("bitbake failed ({}): {}", output.status, text.trim()));
    }
    for line in text.lines().filter(|line| TOLD.iter().any(|told| line.contains(told))) {
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
const LOCAL: &str = "\
MACHINE = \"ringfence-x86-64\"
DISTRO = \"ringfence\"
BB_NO_NETWORK = \"1\"
CONNECTIVITY_CHECK_URIS = \"\"
";
/// Of others' recipes only those that ours add to: the whole of them takes five minutes and says nothing about ours.
const MASKED: &str = "\
BBMASK += \"/openembedded-core/meta/recipes-(?!core/(systemd|base-files)/|kernel/linux/linux-yocto_)\"
BBMASK += \"/meta-openembedded/ /meta-rauc/recipes /meta-secure-core/ /meta-security/\"
";
/// For a whole image: of meta-security one class is used, and none of its recipes.
const WHOLE: &str = "BBMASK += \"/meta-security/\"\n";
const IMAGES: &[&str] = &["ringfence-image", "ringfence-image-development"];
/// A layer of which every recipe but a few is masked makes it say that nothing of it is used; links of our system that lead
/// nowhere on this machine have no bytes.
const EXPECTED: &[&str] = &["matched BBFILE_PATTERN", "Unable to get checksum"];
/// Lines that say how much was looked at.
const TOLD: &[&str] = &["Parsing of ", "Tasks Summary"];
