//! Node's packages for the scenarios, and running a scenario file.
//!
//! The packages lie in the user's cache, in a folder named after the lock file: the checkout stays as it is, and
//! another lock file gets another folder. Node, npm and Chromium are installed by `cargo xtask test`.

use anyhow::{Context, ensure};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The folder of the scenarios.
#[must_use]
pub fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("js")
}

/// The folder in which `node_modules` lies; installed if it is not there.
///
/// # Errors
/// When npm is missing or cannot install.
pub fn modules() -> anyhow::Result<PathBuf> {
    let lock = scenarios().join("package-lock.json");
    let bytes = std::fs::read(&lock).with_context(|| lock.display().to_string())?;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let cache = cache()?;
    let folder = cache.join(format!("browser-{:016x}", hasher.finish()));
    if folder.join("node_modules").exists() {
        return Ok(folder);
    }
    let new = cache.join(format!("browser-new-{}", std::process::id()));
    std::fs::create_dir_all(&new).with_context(|| new.display().to_string())?;
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(scenarios().join(name), new.join(name)).context(name)?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]).current_dir(&new);
    let status =
        npm.status().context("npm cannot be started; cargo xtask test --only packages installs it")?;
    ensure!(status.success(), "npm ci failed in {}: {status}", new.display());
    // Whoever is first names the folder; both hold the same.
    if std::fs::rename(&new, &folder).is_err() {
        std::fs::remove_dir_all(&new)?;
    }
    ensure!(folder.join("node_modules").exists(), "{} holds no packages", folder.display());
    Ok(folder)
}

fn cache() -> anyhow::Result<PathBuf> {
    let home = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    Ok(home.context("neither XDG_CACHE_HOME nor HOME is set")?.join("ringfence"))
}

/// A running scenario file. It is killed when dropped, and its browser ends with it.
#[derive(Debug)]
pub struct Scenario {
    child: Child,
}

impl Scenario {
    /// Starts a file of the scenarios' folder under Node's test runner, with these further variables.
    ///
    /// # Errors
    /// When Node or its packages are missing.
    pub fn start(file: &str, variables: &[(&str, String)]) -> anyhow::Result<Self> {
        let mut node = Command::new("node");
        node.args(["--test-reporter=spec", file]).current_dir(scenarios()).stdin(Stdio::null());
        node.env("RINGFENCE_NODE_MODULES", modules()?);
        node.envs(variables.iter().map(|(name, value)| (name, value)));
        let child =
            node.spawn().context("node cannot be started; cargo xtask test --only packages installs it")?;
        Ok(Self { child })
    }

    /// Whether it ended, and whether every test passed.
    ///
    /// # Errors
    /// When the process cannot be asked.
    pub fn ended(&mut self) -> anyhow::Result<Option<bool>> {
        Ok(self.child.try_wait()?.map(|status| status.success()))
    }
}

impl Drop for Scenario {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
