//! The process `calld`. Its options say where the sockets are; it reads no file.

use anyhow::Context;
use calld::{Options, run};
use lexopt::prelude::*;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> anyhow::Result<()> {
    let mut options = Options { run: "/run/ringfence".into(), supervisor_uid: None };
    let mut target = journal::Target::Journal;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("run") => options.run = arguments.value()?.into(),
            Long("supervisor-uid") => options.supervisor_uid = Some(arguments.value()?.parse()?),
            Long("log") => {
                let word = arguments.value()?.string()?;
                target = journal::Target::parse(&word).context("--log takes journal or stderr")?;
            }
            other => return Err(other.unexpected().into()),
        }
    }
    journal::start(target, "calld", log::LevelFilter::Info);
    confine::Kept::new().folder(&options.run).enter()?;
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
