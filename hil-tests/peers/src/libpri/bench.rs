//! Lines with libpri at their far ends, and the one place that looks at the clock and waits.
//!
//! Nothing here sleeps: it waits for the next frame, the next event, or the next deadline of ours, whichever is first.
//! How long something took decides nothing; [`LIMIT`] only ends a wait for what never comes.

use super::line::Line;
use super::program::{Process, build};
use super::setting::Setting;
use super::told::Told;
use anyhow::{Context, bail};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use q931::control::{Command, Event};
use serde_json::Value;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use vocab::Millis;

/// How long a wait lasts at most.
const LIMIT: Duration = Duration::from_secs(60);

/// How long it waits at once at most.
const LOOK_MS: u16 = 1_000;
/// How long it waits at most until it asks for a report again: what the program does by itself tells nothing.
const ASK_MS: u16 = 20;

/// Lines and their clock.
#[derive(Debug)]
pub struct Bench {
    started: Instant,
    lines: Vec<Line>,
}

impl Bench {
    /// Lines with these settings, each with a program of its own; their data links stand when this returns.
    ///
    /// # Errors
    /// The program does not compile or start, or a data link does not come to stand.
    pub fn new(folder: &Path, settings: &[Setting]) -> anyhow::Result<Self> {
        static PROGRAM: OnceLock<Result<std::path::PathBuf, String>> = OnceLock::new();
        let program = PROGRAM.get_or_init(|| build(folder, &[]).map_err(|error| format!("{error:#}")));
        let program = program.as_ref().map_err(|error| anyhow::anyhow!(error.clone()))?;
        let mut bench = Self { started: Instant::now(), lines: Vec::new() };
        for setting in settings {
            let line = Line::start(bench.now(), program, setting)?;
            bench.lines.push(line);
        }
        bench.until("all data links stand", |bench| {
            bench.lines.iter().all(|line| line.channel().interface().is_link_up())
        })?;
        for index in 0..bench.lines.len() {
            bench.told(index, "up")?;
        }
        Ok(bench)
    }

    /// The time on the bench's clock.
    #[must_use]
    pub fn now(&self) -> Millis {
        Millis(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// A line.
    pub fn line(&mut self, index: usize) -> &mut Line {
        &mut self.lines[index]
    }

    /// Gives our side of a line a command.
    ///
    /// # Errors
    /// The program has ended.
    pub fn command(&mut self, index: usize, command: Command) -> anyhow::Result<()> {
        let now = self.now();
        self.lines[index].command(now, command)
    }

    /// Gives the program of a line an order.
    ///
    /// # Errors
    /// The program has ended.
    pub fn order(&mut self, index: usize, order: &Value) -> anyhow::Result<()> {
        self.lines[index].order(order)
    }

    /// Waits until something is so.
    ///
    /// # Errors
    /// It never is, or a program has ended; with what was said.
    pub fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            self.turn().with_context(|| self.story(what))?;
            if is_so(self) {
                return Ok(());
            }
            if begun.elapsed() > LIMIT {
                bail!("never: {}", self.story(what));
            }
            self.wait(LOOK_MS)?;
        }
    }

    /// The next event of ours on a line that fits, in whatever order others come.
    ///
    /// # Errors
    /// It never comes.
    pub fn ours(&mut self, index: usize, what: &str, fits: impl Fn(&Event) -> bool) -> anyhow::Result<Event> {
        let mut found = None;
        self.until(what, |bench| {
            found = bench.lines[index].our_event(&fits);
            found.is_some()
        })?;
        found.context("unreachable")
    }

    /// The next event of the program of that name on a line.
    ///
    /// # Errors
    /// It never comes.
    pub fn told(&mut self, index: usize, event: &str) -> anyhow::Result<Told> {
        let mut found = None;
        self.until(&format!("libpri tells: {event}"), |bench| {
            found = bench.lines[index].told_event(|told| told.event == event);
            found.is_some()
        })?;
        found.context("unreachable")
    }

    /// What the program holds now, after every order before.
    ///
    /// # Errors
    /// It does not answer.
    pub fn report(&mut self, index: usize) -> anyhow::Result<Told> {
        let tag = self.lines[index].ask_report()?;
        loop {
            let report = self.told(index, "report")?;
            if report.tag == Some(tag) {
                return Ok(report);
            }
        }
    }

    /// Ends a scenario: on every line and on both sides no call is left and every channel is idle, and nobody
    /// complained of anything that was not expected.
    ///
    /// # Errors
    /// Something is left, or a complaint.
    pub fn settle(&mut self) -> anyhow::Result<()> {
        self.until("all of our channels are idle", |bench| bench.lines.iter().all(Line::is_idle))?;
        for index in 0..self.lines.len() {
            let begun = Instant::now();
            loop {
                let report = self.report(index)?;
                if (report.calls, report.busy, report.libpri_calls) == (Some(0), Some(0), Some(0)) {
                    break;
                }
                if begun.elapsed() > LIMIT {
                    bail!("libpri keeps calls: {report:?}\n{}", self.story("libpri has no call left"));
                }
                self.wait(ASK_MS)?;
            }
            self.lines[index].no_complaints().with_context(|| self.story("nobody complains"))?;
        }
        Ok(())
    }

    fn turn(&mut self) -> anyhow::Result<()> {
        for index in 0..self.lines.len() {
            let now = self.now();
            self.lines[index].turn(now)?;
        }
        Ok(())
    }

    /// Until a frame, an event or a deadline, but not for long: to look whether the wait lasts too long.
    fn wait(&self, most_ms: u16) -> anyhow::Result<()> {
        let now = self.now();
        let deadline = self.lines.iter().filter_map(|line| line.channel().deadline()).min();
        let ms = deadline.map_or(u64::from(most_ms), |deadline| deadline - now);
        let processes: Vec<&Process> = self.lines.iter().map(|line| &line.process).collect();
        let mut ready: Vec<PollFd<'_>> = processes
            .iter()
            .flat_map(|process| process.descriptors())
            .map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN))
            .collect();
        let timeout = PollTimeout::from(u16::try_from(ms).unwrap_or(most_ms).min(most_ms));
        match poll(&mut ready, timeout) {
            Ok(_) | Err(nix::Error::EINTR) => Ok(()),
            Err(error) => Err(error).context("poll"),
        }
    }

    fn story(&self, what: &str) -> String {
        let mut story = format!("{what}\n");
        for (index, line) in self.lines.iter().enumerate() {
            story.push_str(&format!(" line {index}, of what was said last:\n{}", line.transcript()));
        }
        story
    }
}
