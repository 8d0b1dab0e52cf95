//! One line: our D channel on one end, the program with libpri on the other, and everything that was said.
//!
//! It looks at no clock: [`super::Bench`] says what time it is.

use super::program::Process;
use super::setting::{LIBPRI_TIMERS, PATIENT_MS, Setting};
use super::told::Told;
use anyhow::{bail, ensure};
use idl::spans::PriSide;
use q931::control::{Command, Event};
use q931::{DChannel, DOutput};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::path::Path;
use vocab::Millis;

/// Most lines of a transcript: the last ones are kept.
const MAX_TRANSCRIPT: usize = 160;
/// Most events of either side that a scenario has not asked for.
const MAX_WAITING: usize = 4096;
/// All B channels of an E1.
pub const B_CHANNELS: usize = 30;

/// One line.
#[derive(Debug)]
pub struct Line {
    channel: DChannel,
    pub(super) process: Process,
    ours: VecDeque<Event>,
    told: VecDeque<Told>,
    troubles: Vec<String>,
    expected: Vec<String>,
    transcript: VecDeque<String>,
    reports: u64,
}

impl Line {
    /// Starts the program and brings our end of the line up.
    pub(super) fn start(now: Millis, program: &Path, setting: &Setting) -> anyhow::Result<Self> {
        let user_side = setting.control.side == PriSide::Network;
        let process = Process::start(program, user_side)?;
        let mut out = Vec::new();
        let channel = DChannel::new(now, setting.link, setting.control.clone(), &mut out);
        let mut line = Self {
            channel,
            process,
            ours: VecDeque::new(),
            told: VecDeque::new(),
            troubles: Vec::new(),
            expected: Vec::new(),
            transcript: VecDeque::new(),
            reports: 0,
        };
        line.take(now, out)?;
        for name in LIBPRI_TIMERS {
            line.order(&json!({"do": "timer", "name": name, "ms": PATIENT_MS}))?;
        }
        let mut out = Vec::new();
        line.channel.line(now, true, &mut out);
        line.take(now, out)?;
        Ok(line)
    }

    /// Our D channel.
    #[must_use]
    pub const fn channel(&self) -> &DChannel {
        &self.channel
    }

    /// Gives the program an order.
    ///
    /// # Errors
    /// It has ended.
    pub fn order(&mut self, order: &Value) -> anyhow::Result<()> {
        self.note(format_args!("order {order}"));
        self.process.order(order)
    }

    /// These words may stand in a complaint of either side from now on.
    pub fn expect(&mut self, words: &str) {
        self.expected.push(words.to_owned());
    }

    /// Gives our side a command.
    ///
    /// # Errors
    /// The program has ended.
    pub fn command(&mut self, now: Millis, command: Command) -> anyhow::Result<()> {
        self.note(format_args!("{} command {command:?}", now.0));
        let mut out = Vec::new();
        self.channel.command(now, command, &mut out);
        self.take(now, out)
    }

    /// Our card reports the line up or down.
    ///
    /// # Errors
    /// The program has ended.
    pub fn physical(&mut self, now: Millis, up: bool) -> anyhow::Result<()> {
        let mut out = Vec::new();
        self.channel.line(now, up, &mut out);
        self.take(now, out)
    }

    /// Takes what has come and does what is due.
    pub(super) fn turn(&mut self, now: Millis) -> anyhow::Result<()> {
        // Events first: a frame that left before an event was told is then taken with it, never after it.
        for (text, told) in self.process.told()? {
            if told.event != "report" {
                self.note(format_args!("{} libpri {text}", now.0));
            }
            if matches!(told.event.as_str(), "error" | "message" | "no_order" | "configuration") {
                self.complain("libpri", told.text.as_deref().unwrap_or_default());
            } else {
                self.told.push_back(told);
            }
        }
        while let Some(frame) = self.process.receive()? {
            self.note(format_args!("{} < {}", now.0, hex(&frame)));
            let mut out = Vec::new();
            self.channel.frame(now, &frame, &mut out);
            self.take(now, out)?;
        }
        if self.channel.deadline().is_some_and(|deadline| deadline <= now) {
            let mut out = Vec::new();
            self.channel.expire(now, &mut out);
            self.take(now, out)?;
        }
        ensure!(self.ours.len() <= MAX_WAITING && self.told.len() <= MAX_WAITING, "nobody takes the events");
        Ok(())
    }

    fn take(&mut self, now: Millis, out: Vec<DOutput>) -> anyhow::Result<()> {
        for output in out {
            match output {
                DOutput::Frame(frame) => {
                    self.note(format_args!("{} > {}", now.0, hex(&frame)));
                    self.process.send(&frame)?;
                }
                DOutput::Link(state) => self.note(format_args!("{} link {state:?}", now.0)),
                DOutput::Event(event) => {
                    self.note(format_args!("{} ours {event:?}", now.0));
                    match event {
                        Event::Faulty(_) | Event::Status { .. } => {
                            self.complain("ours", &format!("{event:?}"))
                        }
                        // What the page shows; the scenarios ask for the states themselves.
                        Event::Channel { .. } => {}
                        _ => self.ours.push_back(event),
                    }
                }
                DOutput::Trouble(error) => self.complain("ours", &format!("data link: {error}")),
                DOutput::Unsent(cause) => self.complain("ours", &format!("unsent: {cause:?}")),
            }
        }
        Ok(())
    }

    fn complain(&mut self, who: &str, words: &str) {
        if !self.expected.iter().any(|expected| words.contains(expected.as_str())) {
            self.troubles.push(format!("{who}: {}", words.trim_end()));
        }
    }

    fn note(&mut self, words: std::fmt::Arguments<'_>) {
        if self.transcript.len() == MAX_TRANSCRIPT {
            self.transcript.pop_front();
        }
        self.transcript.push_back(words.to_string());
    }

    /// The first event of ours that fits, taken out.
    pub fn our_event(&mut self, fits: impl Fn(&Event) -> bool) -> Option<Event> {
        let at = self.ours.iter().position(fits)?;
        self.ours.remove(at)
    }

    /// The first event of the program that fits, taken out.
    pub fn told_event(&mut self, fits: impl Fn(&Told) -> bool) -> Option<Told> {
        let at = self.told.iter().position(fits)?;
        self.told.remove(at)
    }

    /// Fails on anything a side complained of that was not expected.
    ///
    /// # Errors
    /// The complaints.
    pub fn no_complaints(&self) -> anyhow::Result<()> {
        if self.troubles.is_empty() {
            return Ok(());
        }
        bail!("complaints: {:#?}", self.troubles)
    }

    /// Asks the program for its report; the answer carries the number.
    pub(super) fn ask_report(&mut self) -> anyhow::Result<u64> {
        self.reports += 1;
        // Not noted: there are many, and they say nothing of the lines.
        self.process.order(&json!({"do": "report", "tag": self.reports}))?;
        Ok(self.reports)
    }

    /// Whether nothing is left of any call on our side.
    pub(super) fn is_idle(&self) -> bool {
        let control = self.channel.interface();
        control.call_count() == 0 && control.idle_channels() == B_CHANNELS
    }

    /// What was said last, for whoever looks for a fault.
    #[must_use]
    pub fn transcript(&self) -> String {
        let mut text = String::new();
        for line in &self.transcript {
            let _ = writeln!(text, "  {line}");
        }
        text
    }
}

fn hex(octets: &[u8]) -> String {
    let mut text = String::new();
    for octet in octets {
        let _ = write!(text, "{octet:02x} ");
    }
    text
}
