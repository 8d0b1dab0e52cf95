//! The process `hostd`. Its options say where things lie; it listens to nobody.

use anyhow::Context;
use hostd::{Options, Place, Real, run};
use lexopt::prelude::*;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> anyhow::Result<()> {
    let place = Place {
        root: "/".into(),
        esp: "/efi".into(),
        state: "/var/lib/ringfence/host".into(),
        bundles: "/var/lib/ringfence/bundles".into(),
        diagnostics: "/var/lib/ringfence/diagnostics".into(),
    };
    let found_bad = "/var/lib/ringfence/health/found-bad.json".into();
    let mut options = Options { run: "/run/ringfence".into(), place, found_bad };
    let mut target = journal::Target::Journal;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("run") => options.run = arguments.value()?.into(),
            Long("root") => options.place.root = arguments.value()?.into(),
            Long("esp") => options.place.esp = arguments.value()?.into(),
            Long("state") => options.place.state = arguments.value()?.into(),
            Long("bundles") => options.place.bundles = arguments.value()?.into(),
            Long("diagnostics") => options.place.diagnostics = arguments.value()?.into(),
            Long("found-bad") => options.found_bad = arguments.value()?.into(),
            Long("log") => {
                let word = arguments.value()?.string()?;
                target = journal::Target::parse(&word).context("--log takes journal or stderr")?;
            }
            other => return Err(other.unexpected().into()),
        }
    }
    journal::start(target, "hostd", log::LevelFilter::Info);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let mut terminated = signal(SignalKind::terminate())?;
        let mut interrupted = signal(SignalKind::interrupt())?;
        let stop = async {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = interrupted.recv() => {}
            }
        };
        run(options, Arc::new(Real), stop).await
    });
    // An installation that runs is RAUC's own process's: it is not waited for.
    runtime.shutdown_background();
    outcome
}
