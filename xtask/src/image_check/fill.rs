//! The box's programs, built for release, and the root they belong to: the recipes say where each file goes, for the
//! hardware's image and for the virtual box alike.

use super::python::{self, Answer, Subject};
use crate::project;
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};

/// Puts our programs and the system's files into a root, by running the recipes' own `do_install`; the certificate of
/// whose updates are taken, too, where it is named.
///
/// # Errors
/// A recipe that does not parse, a program that cargo did not build, a file that two recipes install.
pub fn fill(into: &Path, binaries: &Path, keyring: Option<&Path>) -> anyhow::Result<Answer> {
    let subject = Subject { keyring: keyring.map(Path::to_owned), ..Subject::ours() };
    let answer = python::install(&subject, binaries, into)?;
    if !answer.faults.is_empty() {
        bail!("{}", answer.faults.join("\n"));
    }
    Ok(answer)
}

/// Builds the programs the recipe names, for release, and answers with their folder. The list of crates inside each is
/// put there by cargo-auditable; the folder it was built in is not part of it.
///
/// # Errors
/// A recipe that does not parse; cargo.
pub fn release() -> anyhow::Result<PathBuf> {
    let answer = parsed()?;
    let (root, binaries) = (project::root(), project::binaries(true));
    let target = binaries.parent().context("the folder of binaries has none above it")?;
    let tools = tool("cargo-auditable", AUDITABLE_VERSION)?;
    let mut command = project::cargo(&["auditable", "build", "--release", "--locked", "--quiet"]);
    for package in answer.variable(RECIPE, "RINGFENCE_PACKAGES").split_whitespace() {
        command.args(["--package", package]);
    }
    for program in answer.variable(RECIPE, "RINGFENCE_PROGRAMS").split_whitespace() {
        command.args(["--bin", program]);
    }
    let named = renamed(&root, target)?;
    let flags = |option: &str| {
        let all: Vec<String> =
            named.iter().map(|(path, name)| format!("{option}={}={name}", path.display())).collect();
        all.join(" ")
    };
    command.env("CARGO_TARGET_DIR", target).env("PATH", with(&tools)?);
    command.env("RUSTFLAGS", flags("--remap-path-prefix"));
    // What is C within crates names its files, too.
    command.env("CFLAGS", flags("-ffile-prefix-map")).env("CXXFLAGS", flags("-ffile-prefix-map"));
    project::run(&mut command)?;
    Ok(binaries)
}

/// Builds the programs the recipe names as the tests build them.
///
/// # Errors
/// As [`release`].
pub fn debug() -> anyhow::Result<PathBuf> {
    let answer = parsed()?;
    let mut command = project::cargo(&["build", "--quiet", "--workspace"]);
    for program in answer.variable(RECIPE, "RINGFENCE_PROGRAMS").split_whitespace() {
        command.args(["--bin", program]);
    }
    project::run(&mut command)?;
    Ok(project::binaries(false))
}

/// What the recipes say, without a fault.
pub fn parsed() -> anyhow::Result<Answer> {
    let answer = python::parse(&Subject::ours())?;
    if !answer.faults.is_empty() {
        bail!("{}", answer.faults.join("\n"));
    }
    Ok(answer)
}

/// A tool of cargo's, in a folder of the cache that its version names; built when it is not there.
fn tool(name: &str, version: &str) -> anyhow::Result<PathBuf> {
    let folder = project::cache()?.join(format!("{name}-{version}"));
    if !folder.join("bin").join(name).exists() {
        eprintln!("installing {name} {version} (once)");
        let root = folder.display().to_string();
        let arguments = ["install", name, "--version", version, "--locked", "--quiet", "--root", &root];
        // It is not part of the project: the folder of the project's own build stays as it is.
        project::run(project::cargo(&arguments).env_remove("CARGO_TARGET_DIR").current_dir("/"))?;
    }
    Ok(folder.join("bin"))
}

/// The path with a folder before it.
fn with(folder: &Path) -> anyhow::Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path));
    Ok(std::env::join_paths(folders)?)
}

/// Folders of this machine, each with a name that is the same everywhere.
fn renamed(root: &Path, target: &Path) -> anyhow::Result<[(PathBuf, &'static str); 3]> {
    let home = project::cargo_home()?;
    // Of two that fit, the last one given counts.
    Ok([
        (home, "/usr/src/cargo"),
        (root.to_owned(), "/usr/src/ringfence"),
        (target.to_owned(), "/usr/src/build"),
    ])
}

/// The recipe of our programs.
pub const RECIPE: &str = "ringfence-programs";
const AUDITABLE_VERSION: &str = "0.7.7";
