//! What the scenarios found, for people and as JSON.

use super::guest::Ran;
use super::scenario::Scenario;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::{Duration, Instant};

/// One step of a scenario, as it told it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Step {
    /// What was to be shown.
    pub step: String,
    /// It was.
    pub passed: bool,
    /// Measured values, or what was wrong.
    pub detail: String,
    /// How long it took inside the guest.
    pub ms: u64,
}

impl Step {
    /// One line for people.
    pub fn show(&self) {
        let mark = if self.passed { "ok  " } else { "FAIL" };
        println!(
            "  {mark} {} ({:.1} s) {}",
            self.step,
            Duration::from_millis(self.ms).as_secs_f64(),
            self.detail
        );
    }
}

/// One scenario.
#[derive(Debug, Serialize)]
pub struct Outcome {
    scenario: String,
    /// Every step passed and the last word was told.
    pub passed: bool,
    seconds: f64,
    fault: Option<&'static str>,
    steps: Vec<Step>,
}

impl Outcome {
    /// Judges how a guest ended.
    pub fn of(scenario: &Scenario, ran: Ran, took: Duration) -> Self {
        let fault = match &ran {
            Ran { hung: true, .. } => Some("the guest hung and was ended"),
            Ran { ended: false, .. } => Some("the guest ended before its scenario"),
            Ran { steps, .. } if steps.is_empty() => Some("the scenario told nothing"),
            Ran { .. } => None,
        };
        let passed = fault.is_none() && ran.steps.iter().all(|step| step.passed);
        Self { scenario: scenario.name.clone(), passed, seconds: took.as_secs_f64(), fault, steps: ran.steps }
    }

    /// The end of the scenario, for people; where it failed, the end of the console.
    pub fn show(&self, folder: &Path) {
        let verdict = if self.passed { "passed" } else { "FAILED" };
        println!(
            "<== {}: {verdict} ({:.1} s) {}",
            self.scenario,
            self.seconds,
            self.fault.unwrap_or_default()
        );
        if self.passed {
            return;
        }
        let console = std::fs::read(folder.join("console")).unwrap_or_default();
        let console = String::from_utf8_lossy(&console).into_owned();
        let lines: Vec<&str> = console.lines().collect();
        println!("    the console's end; all of it, the results and files lie in {}", folder.display());
        for line in lines.get(lines.len().saturating_sub(CONSOLE_LINES)..).unwrap_or_default() {
            println!("    | {line}");
        }
    }
}

/// All of them, with the time each part took.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    seconds: Vec<(&'static str, f64)>,
    /// The scenarios that ran.
    pub outcomes: Vec<Outcome>,
}

impl Report {
    /// Does a part of the work and keeps how long it took.
    pub fn time<T>(
        &mut self,
        what: &'static str,
        act: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let begun = Instant::now();
        let done = act()?;
        self.seconds.push((what, begun.elapsed().as_secs_f64()));
        Ok(done)
    }

    /// Whether every scenario passed, and there was one.
    pub fn passed(&self) -> bool {
        !self.outcomes.is_empty() && self.outcomes.iter().all(|outcome| outcome.passed)
    }

    /// The last line.
    pub fn show(&self, json: bool) -> anyhow::Result<()> {
        if json {
            println!("{}", serde_json::to_string(self)?);
            return Ok(());
        }
        let parts: Vec<String> = self.seconds.iter().map(|(what, s)| format!("{what} {s:.1} s")).collect();
        let ran: f64 = self.outcomes.iter().map(|outcome| outcome.seconds).sum();
        let passed = self.outcomes.iter().filter(|outcome| outcome.passed).count();
        println!(
            "{passed} of {} scenarios passed; {}, guests {ran:.1} s",
            self.outcomes.len(),
            parts.join(", ")
        );
        Ok(())
    }
}

const CONSOLE_LINES: usize = 30;
