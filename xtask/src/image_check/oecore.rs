//! BitBake itself on the layer, where OpenEmbedded-Core and the other layers lie in a folder of this machine
//! (`RINGFENCE_OECORE`). It parses our recipes with the real classes, plans both whole images where a folder for that is
//! named (`RINGFENCE_OECORE_PLAN`), and has our recipes built where one for that is (`RINGFENCE_OECORE_BUILD`); it fetches
//! nothing.

use super::python::{Scratch, Subject};
use anyhow::{Context, ensure};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What BitBake says against the layer; nothing where there is no OpenEmbedded-Core. The root is what the check without it
/// installed.
pub fn faults(subject: &Subject, root: &Path) -> anyhow::Result<Vec<String>> {
    let Some(folder) = std::env::var_os("RINGFENCE_OECORE").map(PathBuf::from) else {
        println!("skipped: RINGFENCE_OECORE names no folder; BitBake does not read the layer");
        return Ok(Vec::new());
    };
    let build = Scratch::new("oecore")?;
    let ours = [subject.layer.clone()];
    let masked = format!("{LOCAL}{MASKED}");
    let parse = Run { folder: &folder, ours: &ours, build: &build.0, local: &masked, before: &[] };
    let mut faults = parse.bitbake(&["--parse-only"])?;
    if let Some(plan) = named("RINGFENCE_OECORE_PLAN", "the whole images are not planned")? {
        let whole = format!("{LOCAL}{WHOLE}");
        let words: Vec<&str> = std::iter::once("--dry-run").chain(IMAGES.iter().copied()).collect();
        let plan = Run { build: &plan, local: &whole, ..parse };
        faults.extend(plan.bitbake(&words)?);
    }
    if let Some(build) = named("RINGFENCE_OECORE_BUILD", "our recipes are not built by BitBake")? {
        faults.extend(super::oebuild::faults(&folder, &build, root)?);
    }
    Ok(faults)
}

/// A folder that BitBake keeps what it has done in: a second run takes a fraction of the first.
fn named(variable: &str, else_not: &str) -> anyhow::Result<Option<PathBuf>> {
    let Some(folder) = std::env::var_os(variable).map(PathBuf::from) else {
        println!("skipped: {variable} names no folder; {else_not}");
        return Ok(None);
    };
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(Some(folder.canonicalize()?))
}

/// One run of BitBake.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// Where OpenEmbedded-Core and the other layers lie.
    pub folder: &'a Path,
    /// The layers besides.
    pub ours: &'a [PathBuf],
    /// The build folder.
    pub build: &'a Path,
    /// What stands in `local.conf`.
    pub local: &'a str,
    /// Folders of programs before those of the machine.
    pub before: &'a [PathBuf],
}

impl Run<'_> {
    /// Runs it; what it says against our recipes, line by line.
    pub fn bitbake(&self, words: &[&str]) -> anyhow::Result<Vec<String>> {
        let conf = self.build.join("conf");
        fs::create_dir_all(&conf)?;
        fs::write(conf.join("bblayers.conf"), layers(self.folder, self.ours)?)?;
        fs::write(conf.join("local.conf"), self.local)?;
        let home = self.build.join("home");
        fs::create_dir_all(&home)?;
        for folder in [self.build, &conf, &home] {
            give(folder)?;
        }
        let programs = self.folder.join("bitbake/bin");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let before = std::iter::once(programs.clone()).chain(self.before.iter().cloned());
        let mut command = as_nobody();
        command.arg(programs.join("bitbake")).args(words);
        command.env("PATH", std::env::join_paths(before.chain(std::env::split_paths(&path)))?);
        command.current_dir(self.build).env("BDIR", self.build).env("HOME", &home);
        command.env("LC_ALL", "en_US.UTF-8").env_remove("CARGO_TARGET_DIR");
        let output = command.stdin(Stdio::null()).output().context("bitbake cannot be started")?;
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        let mut faults: Vec<String> =
            text.lines().filter(|line| is_fault(line)).map(|line| format!("bitbake: {line}")).collect();
        if faults.is_empty() && !output.status.success() {
            faults.push(format!("bitbake failed ({}): {}", output.status, text.trim()));
        }
        for line in text.lines().filter(|line| TOLD.iter().any(|told| line.contains(told))) {
            println!("bitbake: {line}");
        }
        Ok(faults)
    }
}

fn is_fault(line: &str) -> bool {
    line.contains("ERROR:")
        || (line.contains("WARNING:") && !EXPECTED.iter().any(|words| line.contains(words)))
        || line.contains("Multiple providers")
}

/// The layers of `image/kas/ringfence.yml`, from one folder.
fn layers(folder: &Path, ours: &[PathBuf]) -> anyhow::Result<String> {
    let mut text = String::from("BBPATH = \"${TOPDIR}\"\nBBFILES ?= \"\"\nBBLAYERS = \"\\\n");
    for layer in LAYERS.iter().map(|layer| folder.join(layer)).chain(ours.iter().cloned()) {
        ensure!(layer.join("conf/layer.conf").is_file(), "{} is not a layer", layer.display());
        writeln!(text, "    {} \\", layer.display())?;
    }
    text.push_str("    \"\n");
    Ok(text)
}

/// BitBake refuses root: then it runs as nobody.
fn as_nobody() -> Command {
    if !nix::unistd::getuid().is_root() {
        return Command::new("env");
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    command
}

/// Lets BitBake write there.
pub fn give(path: &Path) -> anyhow::Result<()> {
    if nix::unistd::getuid().is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).with_context(|| path.display().to_string())?;
    }
    Ok(())
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
/// What every run has in `local.conf`.
pub const LOCAL: &str = "\
MACHINE = \"ringfence-x86-64\"
DISTRO = \"ringfence\"
BB_NO_NETWORK = \"1\"
CONNECTIVITY_CHECK_URIS = \"\"
";
/// Of others' recipes only those that ours add to: the whole of them takes five minutes and says nothing about ours.
pub const MASKED: &str = "\
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
