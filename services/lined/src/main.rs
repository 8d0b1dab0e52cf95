//! The line process's entry: command line, log, sockets, threads, and an orderly end. No decision is made here.

use anyhow::Context;
use lined::options::{Options, OptionsError};
use std::io::Write;

fn main() -> std::process::ExitCode {
    let options = match Options::from_env() {
        Ok(options) => options,
        Err(OptionsError::Help) => {
            let _ = std::io::stdout().write_all(lined::options::USAGE.as_bytes());
            return std::process::ExitCode::SUCCESS;
        }
        Err(error) => return fail(&error.into()),
    };
    match run(&options) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn run(options: &Options) -> anyhow::Result<()> {
    journal::start(options.log, "lined", options.log_level);
    keep_only_its_own(options).context("the process cannot be confined")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .build()
        .context("the runtime cannot start")?;
    runtime.block_on(lined::process::run(options, stop_signal()))?;
    runtime.shutdown_timeout(LAST_WAIT);
    Ok(())
}

/// Cards and codecs are device files that come and go with their drivers, so the folder of devices is kept whole; the
/// unit names the devices.
fn keep_only_its_own(options: &Options) -> Result<confine::Outcome, confine::ConfineError> {
    let mut kept =
        confine::Kept::new().folder(&options.run).folder(&options.recordings).folder(&options.traces);
    kept =
        kept.folder(&options.virtual_cards).read(&options.objects).read(&options.boards).device("/dev").tcp();
    for file in [&options.tls_cert, &options.tls_key].into_iter().flatten() {
        kept = kept.read(file);
    }
    kept.enter()
}

/// Resolves when the process is asked to stop.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn fail(error: &anyhow::Error) -> std::process::ExitCode {
    let _ = writeln!(std::io::stderr(), "lined: {error:#}");
    std::process::ExitCode::FAILURE
}

/// Threads that read prompts.
const MAX_BLOCKING_THREADS: usize = 4;
const LAST_WAIT: std::time::Duration = std::time::Duration::from_millis(200);
