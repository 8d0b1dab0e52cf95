//! Where the project is and what belongs to it, and running its tools with their output passed through.

use anyhow::{Context, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The top folder of the checkout.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.to_owned(), Path::to_owned)
}

/// A cargo command at the top of the project.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    command
}

/// Runs a command; its failure is an error that names it.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("{shown} cannot be started"))?;
    if !status.success() {
        bail!("{shown} failed ({status})");
    }
    Ok(())
}

/// A command as a person would type it.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// The folder of built binaries.
pub fn binaries(release: bool) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join(if release { "release" } else { "debug" })
}

/// The project's folder in the user's cache.
pub fn cache() -> anyhow::Result<PathBuf> {
    let home = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    Ok(home.context("neither XDG_CACHE_HOME nor HOME is set")?.join("ringfence"))
}

/// Where cargo keeps what it has fetched.
pub fn cargo_home() -> anyhow::Result<PathBuf> {
    let named = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = named.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    home.context("neither CARGO_HOME nor HOME is set")
}

/// The files that belong to the checkout and lie there, by their names below its top folder.
pub fn sources() -> anyhow::Result<Vec<PathBuf>> {
    let mut list = Command::new("git");
    list.current_dir(root()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = list.output().context("git cannot be started")?;
    if !output.status.success() {
        bail!("{} failed: {}", shown(&list), String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let names = text.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from);
    Ok(names.filter(|name| fs::symlink_metadata(root().join(name)).is_ok()).collect())
}

/// Copies one of them into another folder, under its name; what is the same there stays, with its time.
pub fn copy_source(name: &Path, folder: &Path) -> anyhow::Result<()> {
    let (from, to) = (root().join(name), folder.join(name));
    fs::create_dir_all(to.parent().context("a file lies in a folder")?)?;
    if from.is_symlink() {
        let target = fs::read_link(&from)?;
        if fs::read_link(&to).ok().as_ref() != Some(&target) {
            let _ = fs::remove_file(&to);
            std::os::unix::fs::symlink(target, &to).with_context(|| name.display().to_string())?;
        }
        return Ok(());
    }
    let mode = |path: &Path| fs::symlink_metadata(path).map(|told| told.permissions()).ok();
    let same = mode(&from) == mode(&to) && fs::read(&from).ok() == fs::read(&to).ok();
    if !same {
        let _ = fs::remove_file(&to);
        fs::copy(&from, &to).with_context(|| name.display().to_string())?;
    }
    Ok(())
}

/// Everything below a folder; links are not followed.
pub fn below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() && !path.is_symlink() {
                open.push(path.clone());
            }
            found.push(path);
        }
    }
    Ok(found)
}

/// All files below a folder with this ending, sorted.
pub fn files(folder: &Path, ending: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() {
                if !matches!(name, "target" | ".git" | "state" | "corpus" | "node_modules") {
                    open.push(path);
                }
            } else if name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
