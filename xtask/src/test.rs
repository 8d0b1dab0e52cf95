//! Everything CI runs, in the order in which a fault is cheapest to find. One command, no hand work.

use crate::{hil, image_check, packages, project, requirements, sim, tidy};
use anyhow::{Context, bail};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// Runs all steps; `--only STEP` runs one.
pub fn run(words: &[String]) -> anyhow::Result<bool> {
    let only = words.iter().position(|word| word == "--only").and_then(|at| words.get(at + 1));
    let steps: &[(&str, Step)] = &[
        ("packages", || packages::install(&[packages::BUILD, packages::RUN, packages::TEST])),
        ("format", || project::run(&mut project::cargo(&["fmt", "--all", "--check"]))),
        ("tidy", || yes(tidy::run()?, "tidy found faults")),
        ("clippy", clippy),
        ("deny", deny),
        ("tests", tests),
        ("browser", browser),
        ("cards", || yes(hil::run(&["cards".into()])?, "a scenario of the cards failed")),
        ("box", || {
            yes(hil::run(&["box", "--scenario", "boot"].map(Into::into))?, "the box does not boot as it must")
        }),
        ("units", units),
        ("image-check", || yes(image_check::run()?, "the image's description has faults")),
        ("sim", || yes(sim::run(&[])?, "the simulation found a fault")),
        ("requirements", || requirements::run(&["--json".into()]).map(|_| ())),
        ("up", up),
    ];
    if let Some(only) = only
        && !steps.iter().any(|(name, _)| name == only)
    {
        bail!("there is no step {only}");
    }
    for (name, step) in steps.iter().filter(|(name, _)| only.is_none_or(|only| only == name)) {
        let start = Instant::now();
        println!("==> {name}");
        step().with_context(|| format!("step {name}"))?;
        println!("<== {name} ({} s)", start.elapsed().as_secs());
    }
    Ok(true)
}

type Step = fn() -> anyhow::Result<()>;

fn yes(good: bool, otherwise: &str) -> anyhow::Result<()> {
    if good { Ok(()) } else { bail!("{otherwise}") }
}

fn clippy() -> anyhow::Result<()> {
    project::run(&mut project::cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))
}

/// The programs that tests start are built first; then every test of the workspace.
fn tests() -> anyhow::Result<()> {
    project::run(&mut project::cargo(&["build", "--workspace", "--bins", "--quiet"]))?;
    project::run(&mut project::cargo(&["test", "--workspace", "--quiet", "--exclude", "browser"]))
}

/// The page in a real browser, alone on the machine: its scenarios have deadlines that a person would have.
fn browser() -> anyhow::Result<()> {
    project::run(&mut project::cargo(&["build", "--workspace", "--bins", "--quiet"]))?;
    let arguments = ["test", "--package", "browser", "--quiet", "--", "--nocapture", "--test-threads=1"];
    project::run(&mut project::cargo(&arguments))
}

/// Licences, sources and bans. `cargo-deny` is installed once into the user's cache.
fn deny() -> anyhow::Result<()> {
    let program = project::cache()?.join("bin/cargo-deny");
    if !program.exists() {
        println!("installing cargo-deny {DENY_VERSION} (once)");
        let root = project::cache()?.display().to_string();
        let arguments =
            ["install", "cargo-deny", "--version", DENY_VERSION, "--locked", "--quiet", "--root", &root];
        project::run(&mut project::cargo(&arguments))?;
    }
    let mut command = Command::new(program);
    command.current_dir(project::root());
    project::run(command.args([
        "--offline",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))
}

/// Every unit is hardened: exposure at most 2.0 by systemd's own measure.
fn units() -> anyhow::Result<()> {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("skipped: systemd-analyze is not on this machine");
        return Ok(());
    }
    // A link only says when a unit starts; benches' units and a developer's shell are in no box that is delivered; the
    // first stage ends before anything else runs, and opens disks and the TPM as root.
    let root = project::root();
    let elsewhere =
        ["hil-tests", "image/system/initrd", "image/system/development"].map(|folder| root.join(folder));
    let of_the_box =
        |unit: &PathBuf| !unit.is_symlink() && !elsewhere.iter().any(|folder| unit.starts_with(folder));
    for unit in project::files(&root, ".service")?.into_iter().filter(of_the_box) {
        let mut command = Command::new("systemd-analyze");
        command.args(["security", "--offline=true", "--no-pager", "--threshold=20"]).arg(&unit);
        let output = command.output().context("systemd-analyze cannot be started")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let last = text.lines().rfind(|line| line.contains("exposure")).unwrap_or_default();
        println!("{last}");
        yes(output.status.success(), &format!("{} is too exposed", unit.display()))?;
    }
    Ok(())
}

/// The README's first command, as a newcomer runs it, without its window.
fn up() -> anyhow::Result<()> {
    let state = tempdir()?;
    let folder = state.display().to_string();
    let arguments = ["--headless", "--calls", "60", "--json", "--state", &folder, "--port", "25060"];
    let done = crate::up::run(arguments.iter().map(ToString::to_string).collect());
    let good = done?;
    std::fs::remove_dir_all(&state)?;
    yes(good, "the figures of the demo do not add up")
}

fn tempdir() -> anyhow::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("ringfence-up-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

const DENY_VERSION: &str = "0.20.2";
