//! The process `supervisor`. Its options say where the sockets are and whom to watch; with `--confirm` it judges once
//! whether a system on trial is good.

use anyhow::Context;
use idl::hello::Process;
use lexopt::prelude::*;
use std::path::PathBuf;
use std::time::Duration;
use supervisor::{ConfirmOptions, Options, confirm, run};
use tokio::signal::unix::{SignalKind, signal};

fn main() -> anyhow::Result<()> {
    let processes = vec![Process::Vaultd, Process::Lined, Process::Calld, Process::Admind];
    let mut options = Options { run: "/run/ringfence".into(), processes };
    let mut target = journal::Target::Journal;
    let mut confirming = false;
    let mut found_bad = PathBuf::from("/var/lib/ringfence/health/found-bad.json");
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("run") => options.run = arguments.value()?.into(),
            Long("confirm") => confirming = true,
            Long("found-bad") => found_bad = arguments.value()?.into(),
            Long("watch") => {
                let name = arguments.value()?.string()?;
                let known = FURTHER.into_iter().find(|process| process.name() == name);
                options.processes.push(known.context("--watch takes consoled or hostd")?);
            }
            Long("log") => {
                let word = arguments.value()?.string()?;
                target = journal::Target::parse(&word).context("--log takes journal or stderr")?;
            }
            other => return Err(other.unexpected().into()),
        }
    }
    journal::start(target, "supervisor", log::LevelFilter::Info);
    if confirming {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned();
        let processes = options.processes.iter().map(|process| process.name().to_owned()).collect();
        return confirm(&ConfirmOptions {
            run: options.run,
            found_bad,
            boot,
            processes,
            limit: CONFIRM_LIMIT,
        });
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminated = signal(SignalKind::terminate())?;
        let mut interrupted = signal(SignalKind::interrupt())?;
        let stop = async {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = interrupted.recv() => {}
            }
        };
        run(options, stop).await
    })
}

/// A system is found bad after this time: with one restart the box is back at the one before within five minutes.
const CONFIRM_LIMIT: Duration = Duration::from_secs(180);
/// Processes that a box has and a workstation need not.
const FURTHER: [Process; 2] = [Process::Consoled, Process::Hostd];
