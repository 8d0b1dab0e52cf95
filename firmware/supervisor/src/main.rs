//! The process `supervisor`. Its options say where the sockets are and whom to watch; with `--confirm` it judges once
//! whether a system on trial is good, with `--after-end` it leaves the reason if the supervisor hung.

use anyhow::Context;
use idl::hello::Process;
use lexopt::prelude::*;
use std::path::PathBuf;
use std::time::Duration;
use supervisor::{ConfirmOptions, Options, confirm, found_bad, run};
use tokio::signal::unix::{SignalKind, signal};

fn main() -> anyhow::Result<()> {
    let processes = vec![Process::Vaultd, Process::Lined, Process::Calld, Process::Admind];
    let mut options = Options { run: "/run/ringfence".into(), processes };
    let mut target = journal::Target::Journal;
    let (mut confirming, mut after_end) = (false, false);
    let mut found_bad_file = PathBuf::from("/var/lib/ringfence/health/found-bad.json");
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("run") => options.run = arguments.value()?.into(),
            Long("confirm") => confirming = true,
            Long("after-end") => after_end = true,
            Long("found-bad") => found_bad_file = arguments.value()?.into(),
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
    let kept = confine::Kept::new().folder(&options.run);
    if confirming || after_end {
        match found_bad_file.parent() {
            Some(health) => kept.folder(health).enter()?,
            None => kept.enter()?,
        };
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned();
        if after_end {
            let reason = found_bad::after(std::env::var("SERVICE_RESULT").ok().as_deref());
            return reason.map_or(Ok(()), |reason| Ok(found_bad::leave(&found_bad_file, &boot, &[reason])?));
        }
        let processes = options.processes.iter().map(|process| process.name().to_owned()).collect();
        return confirm(&ConfirmOptions {
            run: options.run,
            found_bad: found_bad_file,
            boot,
            processes,
            limit: CONFIRM_LIMIT,
        });
    }
    kept.enter()?;
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
