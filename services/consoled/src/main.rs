//! The process `consoled`: reads the command line and serves the serial port until it is told to stop.

use consoled::options::{Options, OptionsError};
use consoled::shell;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let term = std::env::var("TERM").ok();
    let options = match Options::parse(lexopt::Parser::from_env(), term.as_deref()) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(if matches!(error, OptionsError::Help) { 0 } else { 2 });
        }
    };
    journal::start(options.log, "consoled", log::LevelFilter::Info);
    match serve(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(options: Options) -> anyhow::Result<()> {
    let kept = confine::Kept::new().folder(&options.run);
    match &options.port {
        Some(port) => kept.device(port),
        None => kept.device("/dev/tty"),
    }
    .enter()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminated = signal(SignalKind::terminate())?;
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut hung_up = signal(SignalKind::hangup())?;
        let stop = async move {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = interrupted.recv() => {}
                _ = hung_up.recv() => {}
            }
        };
        shell::run(options, stop).await
    })
}
