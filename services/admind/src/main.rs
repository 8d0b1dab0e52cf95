//! The process `admind`: reads the command line and serves until it is told to stop.

use admind::options::{Options, OptionsError};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let options = match Options::parse(lexopt::Parser::from_env()) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(if matches!(error, OptionsError::Help) { 0 } else { 2 });
        }
    };
    journal::start(options.log, "admind", log::LevelFilter::Info);
    match serve(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(options: Options) -> anyhow::Result<()> {
    admind::variant::look();
    confine::Kept::new().folder(&options.run).folder(&options.state).tcp().enter()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    runtime.block_on(async {
        let mut terminated = signal(SignalKind::terminate())?;
        let mut interrupted = signal(SignalKind::interrupt())?;
        let stop = async move {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = interrupted.recv() => {}
            }
        };
        admind::run(options, stop).await
    })
}

/// Threads that serve: the page must never take the whole machine from the calls.
const WORKERS: usize = 2;
