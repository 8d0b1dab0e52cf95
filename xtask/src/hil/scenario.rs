//! Which scenarios there are and what each needs, as crate `cards` says it.

use crate::project;
use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A scenario, as `cards-scenarios list` prints it.
#[derive(Debug, Deserialize)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What it proves.
    pub title: String,
    /// When a guest hangs, in seconds.
    pub limit_s: u64,
    /// The guest's memory.
    pub memory_mib: u32,
    /// Programs of the workspace it starts.
    pub ours: Vec<String>,
    /// Programs that the scenarios' program makes here.
    pub made: Vec<String>,
    /// Programs of this machine it starts.
    pub others: Vec<String>,
    /// Files and folders of this machine those need.
    pub files: Vec<String>,
    /// It needs Asterisk as its exchange.
    pub asterisk: bool,
}

/// All scenarios.
pub fn list() -> anyhow::Result<Vec<Scenario>> {
    project::run(&mut project::cargo(&["build", "--quiet", "--package", "cards", "--bins"]))?;
    let mut command = std::process::Command::new(project::binaries(false).join(PROGRAM));
    let output = command.arg("list").output().context("the scenarios cannot be listed")?;
    ensure!(output.status.success(), "the scenarios cannot be listed");
    serde_json::from_slice(&output.stdout).context("the list of scenarios is no JSON")
}

/// Those named, or all.
pub fn choose(all: Vec<Scenario>, names: &[String]) -> anyhow::Result<Vec<Scenario>> {
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|one| one.name == **name)) {
        let known: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
        bail!("there is no scenario {unknown}; there are {}", known.join(", "));
    }
    Ok(all.into_iter().filter(|one| names.is_empty() || names.contains(&one.name)).collect())
}

/// Builds the programs of the workspace that these scenarios start.
pub fn build(scenarios: &[Scenario]) -> anyhow::Result<()> {
    let mut names: Vec<&str> = scenarios.iter().flat_map(|one| &one.ours).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Ok(());
    }
    let mut arguments = vec!["build", "--quiet"];
    arguments.extend(names.iter().flat_map(|name| ["--bin", name]));
    project::run(&mut project::cargo(&arguments))
}

/// Each program of a scenario: where it lies here, and where in the guest.
pub fn programs(scenario: &Scenario) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    for name in &scenario.ours {
        found.push((project::binaries(false).join(name), format!("/usr/bin/{name}")));
    }
    // One below the others, as tests lie in a target folder: there the harness of the whole box looks for them.
    found.push((project::binaries(false).join(PROGRAM), format!("/usr/bin/deps/{PROGRAM}")));
    for name in &scenario.made {
        let folder = project::binaries(false).join("hil-made");
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let mut command = std::process::Command::new(project::binaries(false).join(PROGRAM));
        project::run(command.args(["make", name]).arg(&folder))?;
        found.push((folder.join(name), format!("/usr/bin/{name}")));
    }
    for name in &scenario.others {
        let here = in_path(name).with_context(|| format!("{name} is not on this machine"))?;
        found.push((here, format!("/usr/bin/{name}")));
    }
    Ok(found)
}

fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|path: &PathBuf| Path::is_file(path))
}

/// The program that runs them, and lists them.
const PROGRAM: &str = "cards-scenarios";
