//! Watchdogs, end to end: systemd feeds the hardware's; a process that hangs is killed by the supervisor, comes back and
//! is seen to have; a supervisor that hangs starts the box again, which comes back alone. A hung kernel is not tried: the
//! emulator's watchdog would have to be believed for it.

use super::{BOOT_LIMIT, Bench, console_shows_code, page_answers};
use crate::client::Client;
use crate::machine::Machine;
use crate::steps::Steps;
use anyhow::ensure;
use std::time::Duration;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let mut machine = Machine::new(&bench.rig, &bench.image, &bench.folder)?;
    let client = Client::new(machine.port(), &bench.folder);
    machine.power_on()?;
    steps.step("the box starts, and its hardware watchdog is fed", || {
        console_shows_code(&mut machine)?;
        page_answers(&mut machine, &client, "/welcome")?;
        let told = machine.wait("the witness", BOOT_LIMIT, Machine::told)?;
        ensure!(told.watchdog == "active", "the watchdog is `{}`", told.watchdog);
        Ok(((), format!("{:.0} s after power-on", machine.on_for())))
    })?;
    steps.step("every process gave up the files it does not need", || {
        machine.wait("the last of them", BOOT_LIMIT, |machine| {
            (machine.journal().matches(": confined to its own files").count() >= CONFINED).then_some(())
        })?;
        ensure!(!machine.journal().contains("not confined"), "one kept all files");
        Ok(((), format!("{CONFINED} processes")))
    })?;
    for process in ["lined", "admind"] {
        steps.step(&format!("{process} hangs, is killed and comes back"), || {
            let (killed, reached) = (killed(&machine.journal()), reached(&machine.journal()));
            machine.hang(process)?;
            machine.wait("the kill", HUNG_LIMIT, |machine| {
                (self::killed(&machine.journal()) > killed).then_some(())
            })?;
            machine.wait("the process again", BOOT_LIMIT, |machine| {
                (self::reached(&machine.journal()) > reached).then_some(())
            })?;
            let page = page_answers(&mut machine, &client, "/welcome")?;
            ensure!(page.status == 200, "status {}", page.status);
            Ok(((), String::new()))
        })?;
    }
    steps.step("the supervisor hangs: the box starts again by itself", || {
        machine.hang("supervisor")?;
        machine.wait_for_end(HUNG_LIMIT)?;
        Ok(((), String::new()))
    })?;
    machine.power_on()?;
    steps.step("it comes back, and the page answers", || {
        let page = page_answers(&mut machine, &client, "/welcome")?;
        ensure!(page.status == 200, "status {}", page.status);
        Ok(((), format!("{:.0} s after power-on", machine.on_for())))
    })
}

/// How often the supervisor reached a process.
fn reached(journal: &str) -> usize {
    journal.lines().filter(|line| line.ends_with(": reached")).count()
}

/// How often it killed one.
fn killed(journal: &str) -> usize {
    journal.matches("does not answer: killed").count()
}

/// vaultd, lined, calld, admind, consoled, supervisor.
const CONFINED: usize = 6;
/// Ten seconds of the watchdog, and the orderly end of everything else on an emulated machine.
const HUNG_LIMIT: Duration = Duration::from_secs(600);
