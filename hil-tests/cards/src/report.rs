//! How a scenario tells what it found: a JSON line for each step on the guest's second serial port, which the host
//! reads while it runs. Nothing is kept back for the end, so a crash loses only the step that caused it.

use anyhow::Context;
use serde::Serialize;
use std::any::Any;
use std::fs::File;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// The way to the host.
#[derive(Debug)]
pub struct Report {
    port: File,
    failed: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    step: &'a str,
    passed: bool,
    detail: &'a str,
    ms: u64,
}

impl Report {
    /// Opens the port.
    pub fn open() -> anyhow::Result<Self> {
        let port =
            File::options().write(true).open(PORT).with_context(|| format!("{PORT}: not in the guest?"))?;
        Ok(Self { port, failed: false })
    }

    /// Does a step and tells how it went: its text is what was measured, its error what was wrong. An error comes back,
    /// for scenarios that cannot go on.
    pub fn step<T: Told>(
        &mut self,
        step: &str,
        act: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let begun = Instant::now();
        // The harness of the end-to-end tests panics where something does not work.
        let done = catch_unwind(AssertUnwindSafe(act))
            .unwrap_or_else(|panic| Err(anyhow::anyhow!(words(panic.as_ref()))));
        let ms = u64::try_from(begun.elapsed().as_millis())?;
        let detail = done.as_ref().map_or_else(|error| format!("{error:#}"), Told::told);
        self.failed |= done.is_err();
        self.line(&Line { step, passed: done.is_ok(), detail: &detail, ms })?;
        done
    }

    /// The last word; true if everything passed.
    pub fn end(mut self, ended: anyhow::Result<()>) -> anyhow::Result<bool> {
        if let (Err(error), false) = (ended, self.failed) {
            self.failed = true;
            self.line(&Line { step: "the scenario", passed: false, detail: &format!("{error:#}"), ms: 0 })?;
        }
        writeln!(self.port, "end")?;
        Ok(!self.failed)
    }

    fn line(&mut self, line: &Line<'_>) -> anyhow::Result<()> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        Ok(self.port.write_all(text.as_bytes())?)
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_else(|| "a panic".into())
}

/// What a step brings back, in words.
pub trait Told {
    /// The measured values.
    fn told(&self) -> String;
}

impl Told for String {
    fn told(&self) -> String {
        self.clone()
    }
}

impl Told for () {
    fn told(&self) -> String {
        String::new()
    }
}

/// Something to go on with, and its words.
impl<T> Told for (T, String) {
    fn told(&self) -> String {
        self.1.clone()
    }
}

const PORT: &str = "/dev/ttyS1";
