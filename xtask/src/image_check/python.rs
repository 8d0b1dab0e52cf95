//! The Python programs of the check: BitBake's library and oelint, in an environment of their own, every file by its
//! hash. It knows how to start them, not what their answers mean.

use crate::project;
use anyhow::{Context, bail};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Which layer, of which system, with which programs.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The layer.
    pub layer: PathBuf,
    /// The system's description.
    pub system: PathBuf,
    /// The certificate of whose updates are taken, where a system is really built.
    pub keyring: Option<PathBuf>,
}

impl Subject {
    /// Those of this checkout.
    pub fn ours() -> Self {
        Self { layer: super::crates::layer(), system: project::root().join("image/system"), keyring: None }
    }
}

/// What the recipes say, or what running them brought.
#[derive(Debug, Default, Deserialize)]
pub struct Answer {
    /// Each recipe with its variables.
    pub recipes: BTreeMap<String, serde_json::Value>,
    /// Each installed file with the recipe that installs it.
    pub files: BTreeMap<String, String>,
    /// What is wrong.
    pub faults: Vec<String>,
}

impl Answer {
    /// A variable of a recipe, empty where it is not set.
    pub fn variable(&self, recipe: &str, name: &str) -> &str {
        self.recipes.get(recipe).and_then(|recipe| recipe.get(name)?.as_str()).unwrap_or_default()
    }

    /// The words of a variable that has a value for each package of the recipe.
    pub fn of_package(&self, recipe: &str, name: &str) -> Vec<&str> {
        let value = self.recipes.get(recipe).and_then(|told| told.get(name)?.get(recipe)?.as_str());
        value.unwrap_or_default().split_whitespace().collect()
    }
}

/// Reads every recipe.
pub fn parse(subject: &Subject) -> anyhow::Result<Answer> {
    run(subject, &["parse"])
}

/// Runs the recipes' `do_compile` and `do_install` and brings their files together.
pub fn install(subject: &Subject, binaries: &Path, into: &Path) -> anyhow::Result<Answer> {
    fs::create_dir_all(into).with_context(|| format!("cannot make {}", into.display()))?;
    let path = |path: &Path| path.display().to_string();
    run(subject, &["install", "--binaries", &path(binaries), "--into", &path(into)])
}

fn run(subject: &Subject, arguments: &[&str]) -> anyhow::Result<Answer> {
    let work = Scratch::new("bitbake")?;
    let mut command = Command::new(environment()?.join("bin/python"));
    command.arg(check("check.py")).args(arguments).arg("--work").arg(&work.0);
    command.arg("--layer").arg(&subject.layer).arg("--system").arg(&subject.system);
    if let Some(keyring) = &subject.keyring {
        command.arg("--keyring").arg(keyring);
    }
    let output = command.stdin(Stdio::null()).stderr(Stdio::piped()).output();
    let output = output.context("the check cannot be started")?;
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("the check has no answer: {}", String::from_utf8_lossy(&output.stderr)))
}

/// What oelint says of the layer's recipes, line by line.
pub fn lint(layer: &Path) -> anyhow::Result<Vec<String>> {
    let mut recipes = project::files(layer, ".bb")?;
    recipes.extend(project::files(layer, ".bbappend")?);
    let mut command = Command::new(environment()?.join("bin/python"));
    command.args(["-m", "oelint_adv", "--release", "wrynose", "--quiet", "--nobackup", "--jobs", "2"]);
    command.args(["--extra-layer", "rauc", "openembedded-layer"]);
    command.arg(format!("--constantmods=+{}", check("oelint.json").display()));
    command.args(SUPPRESSED.iter().flat_map(|(rule, _)| ["--suppress", rule]));
    let output = command.args(recipes).stdin(Stdio::null()).output().context("oelint cannot be started")?;
    let text = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    let mut lines: Vec<String> = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    lines.sort();
    if lines.is_empty() && !output.status.success() {
        bail!("oelint failed without a word ({})", output.status);
    }
    Ok(lines)
}

/// The environment, made once for these requirements and this Python.
fn environment() -> anyhow::Result<PathBuf> {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _waiting =
        ONE_AT_A_TIME.lock().map_err(|_| anyhow::anyhow!("making the environment failed before"))?;
    let requirements = check("requirements.txt");
    let text = fs::read(&requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let version = Command::new("python3").arg("--version").output().context("python3 cannot be started")?;
    let mut hash = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    hash.update(&text);
    hash.update(&version.stdout);
    let name = data_encoding::HEXLOWER.encode(&hash.finish().as_ref()[..8]);
    let folder = project::cache()?.join(format!("image-check-{name}"));
    if folder.is_dir() {
        return Ok(folder);
    }
    eprintln!("installing BitBake's library and oelint (once)");
    // Under another name until it is whole: two checks may start at once, and one may be stopped.
    let making = folder.with_extension(format!("{}", std::process::id()));
    project::run(Command::new("python3").args(["-m", "venv"]).arg(&making))?;
    let mut pip = Command::new(making.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]);
    project::run(pip.args(["--no-deps", "--only-binary=:all:", "--requirement"]).arg(&requirements))?;
    if let Err(error) = fs::rename(&making, &folder) {
        fs::remove_dir_all(&making)?;
        if !folder.is_dir() {
            return Err(error).with_context(|| format!("cannot make {}", folder.display()));
        }
    }
    Ok(folder)
}

fn check(name: &str) -> PathBuf {
    project::root().join("image/check").join(name)
}

/// A folder that goes when it is dropped.
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// A new one, empty.
    pub fn new(purpose: &str) -> anyhow::Result<Self> {
        static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("ringfence-image-{purpose}-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind is a temporary file; the system clears it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Rules of oelint that do not apply, with the reason.
const SUPPRESSED: &[(&str, &str)] = &[
    ("oelint.vars.homepageping", "it asks the network"),
    ("oelint.var.bbclassextend", "nothing of ours runs while it builds"),
    ("oelint.file.underscores", "images have no version in their name"),
];
