//! What the scenarios share: a bench, calls by their number, the events they wait for in words.

use anyhow::Context;
use peers::libpri::{Bench, Setting};
use q931::CauseValue;
use q931::control::{CallEnd, CallHandle, Command, Event, Setup};
use std::path::Path;
use vocab::{Pii, Timeslot};

/// Where the program with libpri is compiled to.
pub fn folder() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// What libpri says of a message that was hidden from it.
pub const HIDDEN: &str = "unknown/inappropriate protocol discriminator";

/// One line with these settings.
pub fn bench(setting: Setting) -> anyhow::Result<Bench> {
    Bench::new(folder(), &[setting])
}

/// A call to a number, from a number of ours.
pub fn setup(call: u64, called: &str) -> Setup {
    Setup::new(CallHandle(call), Pii::new(called.to_owned()), Some(Pii::new("01087654321".to_owned())))
}

/// The command for it.
pub fn dial(call: u64, called: &str) -> Command {
    Command::Setup(Box::new(setup(call, called)))
}

/// The command that ends a call with normal clearing.
pub fn hang_up(call: CallHandle) -> Command {
    Command::Disconnect { call, cause: CauseValue::NormalClearing, in_band: false }
}

/// How a call ended, when it has.
pub fn released(bench: &mut Bench, line: usize, call: u64) -> anyhow::Result<CallEnd> {
    let what = format!("call {call} is over");
    let is_over = |event: &Event| matches!(event, Event::Released { call: over, .. } if over.0 == call);
    match bench.ours(line, &what, is_over)? {
        Event::Released { end, .. } => Ok(end),
        _ => None.context("another event"),
    }
}

/// The channel of a call, when it is answered.
pub fn connected(bench: &mut Bench, line: usize, call: u64) -> anyhow::Result<Timeslot> {
    let what = format!("call {call} is answered");
    let is_answered = |event: &Event| matches!(event, Event::Connected { call: up, .. } if up.0 == call);
    match bench.ours(line, &what, is_answered)? {
        Event::Connected { channel, .. } => Ok(channel),
        _ => None.context("another event"),
    }
}

/// A call of libpri's to a number, and its channel, when it has come.
pub fn incoming(bench: &mut Bench, line: usize, called: &str) -> anyhow::Result<(CallHandle, Timeslot)> {
    let is_it = |event: &Event| matches!(event, Event::Incoming(call) if call.called.reveal() == called);
    match bench.ours(line, "a call comes in", is_it)? {
        Event::Incoming(call) => Ok((call.call, call.channel)),
        _ => None.context("another event"),
    }
}

/// Waits until libpri has acknowledged every message of ours, and so has taken it.
pub fn all_taken(bench: &mut Bench, line: usize) -> anyhow::Result<()> {
    bench.until("libpri has taken all messages", |bench| {
        let link = bench.line(line).channel().link();
        link.outstanding() == 0 && link.queued() == 0
    })
}
