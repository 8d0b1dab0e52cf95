//! The page of a virtual box in a real browser outside the guest: Chromium, driven by the scenario files of the crate
//! `browser`. Which box, and what is to be done on it, a file finds in its environment; what it found it writes down.
//! It knows no page.

use crate::machine::Machine;
use anyhow::{Context, bail, ensure};
use browser::Scenario;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What a browser needs to open one box again and again: where its people's secrets and sessions are kept.
#[derive(Debug, Clone)]
pub struct Window {
    folder: PathBuf,
    shots: PathBuf,
    port: u16,
}

impl Window {
    /// Opens the page at this port of this machine. Sessions lie in the folder, pictures beside it.
    ///
    /// # Errors
    /// The folders cannot be made.
    pub fn new(port: u16, folder: &Path, shots: &Path) -> anyhow::Result<Self> {
        for each in [folder, shots] {
            fs::create_dir_all(each).with_context(|| each.display().to_string())?;
        }
        Ok(Self { folder: folder.to_owned(), shots: shots.to_owned(), port })
    }

    /// Starts a scenario file with a plan and further variables. What it writes down is [`Window::found`].
    ///
    /// # Errors
    /// Node or its packages are missing.
    pub fn start(
        &self,
        file: &str,
        plan: &impl Serialize,
        more: &[(&str, String)],
    ) -> anyhow::Result<Scenario> {
        let _ = fs::remove_file(self.folder.join(FOUND));
        let at = |name: &str| self.folder.join(name).display().to_string();
        let mut variables = vec![
            // The name of the certificate and of a loopback address; the pin comes from what the box shows.
            ("RINGFENCE_URL", format!("https://localhost:{}", self.port)),
            ("RINGFENCE_NOTES", self.folder.display().to_string()),
            ("RINGFENCE_FOUND", at(FOUND)),
            ("RINGFENCE_ACKNOWLEDGED", at(ACKNOWLEDGED)),
            ("RINGFENCE_PLAN", serde_json::to_string(plan)?),
            ("RINGFENCE_SCREENSHOTS", self.shots.display().to_string()),
            ("RINGFENCE_WAIT_MS", ANSWER_MS.to_string()),
        ];
        variables.extend(more.iter().map(|(name, value)| (*name, value.clone())));
        Scenario::start(file, &variables)
    }

    /// Runs a scenario file to its end.
    ///
    /// # Errors
    /// A test of it failed, it took too long, or the box ended.
    pub fn run(
        &self,
        machine: &mut Machine,
        file: &str,
        plan: &impl Serialize,
        more: &[(&str, String)],
        limit: Duration,
    ) -> anyhow::Result<()> {
        let mut scenario = self.start(file, plan, more)?;
        let mut over = None;
        machine.wait(&format!("the end of {file}"), limit, |_| {
            over = scenario.ended().unwrap_or(Some(false));
            over
        })?;
        ensure!(over == Some(true), "{file} failed; what its windows showed stands above");
        Ok(())
    }

    /// What the last file wrote down, once it did.
    #[must_use]
    pub fn found<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&fs::read(self.folder.join(FOUND)).ok()?).ok()
    }

    /// What the page said so far counts as acknowledged: the files that run from now on hold the box to it. If a file
    /// that ran through a power cut saw nothing, what was acknowledged before stays.
    ///
    /// # Errors
    /// The note cannot be written.
    pub fn acknowledge(&self) -> anyhow::Result<()> {
        let (found, to) = (self.folder.join(FOUND), self.folder.join(ACKNOWLEDGED));
        if found.exists() {
            fs::copy(&found, &to).context("what was found")?;
        }
        ensure!(to.exists(), "the page acknowledged nothing before the power cut");
        Ok(())
    }

    /// Waits until a scenario that runs on has written down what is wanted.
    ///
    /// # Errors
    /// It ended, or the limit passed.
    pub fn until<T: DeserializeOwned>(
        &self,
        scenario: &mut Scenario,
        what: &str,
        limit: Duration,
        wanted: impl Fn(Option<T>) -> bool,
    ) -> anyhow::Result<()> {
        let begun = Instant::now();
        while !wanted(self.found()) {
            if let Some(passed) = scenario.ended()? {
                bail!("the browser ended before {what} (passed: {passed})");
            }
            ensure!(begun.elapsed() < limit, "{what} did not come within {} s", limit.as_secs());
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }
}

const FOUND: &str = "found.json";
const ACKNOWLEDGED: &str = "acknowledged.json";
/// How long an emulated box may take for one answer.
const ANSWER_MS: u32 = 90_000;
const LOOK_EVERY: Duration = Duration::from_millis(100);
