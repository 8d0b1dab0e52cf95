//! The process `supervisor`. Its options say where the sockets are and whom to watch.

use anyhow::Context;
use idl::hello::Process;
use lexopt::prelude::*;
use supervisor::{Options, run};
use tokio::signal::unix::{SignalKind, signal};

fn main() -> anyhow::Result<()> {
    let processes = vec![Process::Vaultd, Process::Lined, Process::Calld, Process::Admind];
    let mut options = Options { run: "/run/ringfence".into(), processes };
    let mut target = journal::Target::Journal;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("run") => options.run = arguments.value()?.into(),
            Long("log") => {
                let word = arguments.value()?.string()?;
                target = journal::Target::parse(&word).context("--log takes journal or stderr")?;
            }
            other => return Err(other.unexpected().into()),
        }
    }
    journal::start(target, "supervisor", log::LevelFilter::Info);
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
