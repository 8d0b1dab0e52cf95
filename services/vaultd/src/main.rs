//! The process: reads the command line, starts the core and its threads, serves until it is told to stop.

use anyhow::Context;
use idl::hello::Process;
use ipc::Listener;
use ledger::{Head, SignedHead};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::oneshot;
use vaultd::chip::{Epochs, TpmChip};
use vaultd::clock;
use vaultd::command::Cmd;
use vaultd::core_thread::Core;
use vaultd::options::{Options, OptionsError};
use vaultd::sealing::Sealing;
use vaultd::server::{Input, MAX_WAITING_COMMANDS, Outbox, serve};
use vaultd::startup::{Chip, Started, start};
use vaultd::worker::{Context as WorkerContext, Workers};

fn main() -> ExitCode {
    let options = match Options::parse(lexopt::Parser::from_env()) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(if matches!(error, OptionsError::Help) { 0 } else { 2 });
        }
    };
    journal::start(options.log, "vaultd", log::LevelFilter::Info);
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> anyhow::Result<()> {
    keep_only_its_own(options).context("the process cannot be confined")?;
    let sealing = Sealing::read(options.policy.as_ref())?;
    let chip = TpmChip::connect(&options.tcti, sealing).context("the TPM does not answer: check --tcti")?;
    if chip.is_simulator() {
        log::warn!("{}", chip.kind());
    }
    let started = start(&options.folders, &chip, clock::read(options.clock_trusted))?;
    log::info!("started: {} entries, {} replayed", started.vault.state().applied_seq, started.replayed);
    std::fs::create_dir_all(&options.run).context("the folder for sockets cannot be made")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(live(options, started, chip))
}

/// TCP is kept: a workstation's software TPM is reached by it. The unit gives it no network.
fn keep_only_its_own(options: &Options) -> Result<confine::Outcome, confine::ConfineError> {
    let folders = &options.folders;
    let mut kept = confine::Kept::new().folder(&options.run).tcp();
    for folder in [&folders.state, &folders.objects, &folders.recordings, &folders.traces] {
        kept = kept.folder(folder);
    }
    kept = kept.folder(folders.bundles()).folder(folders.diagnostics()).folder(folders.ledger());
    if let Some(shares) = folders.shares.parent() {
        kept = kept.device(shares);
    }
    // Where the first stage leaves the disk's recovery key; a workstation has none.
    kept = kept.device(folders.disk());
    if let Some(device) = options.tcti.strip_prefix("device:") {
        kept = kept.device(device);
    }
    if let Some(policy) = &options.policy {
        kept = kept.read(&policy.key).read(&policy.signatures).read(&policy.secure_boot);
    }
    kept.enter()
}

async fn live(options: &Options, started: Started, chip: TpmChip) -> anyhow::Result<()> {
    let chip = Arc::new(chip);
    let (inputs, received) = channel(MAX_WAITING_COMMANDS);
    let outbox = Outbox::default();
    let workers = Workers::start(&WorkerContext {
        objects: Arc::clone(&started.objects),
        keys: Arc::clone(&started.keys),
        recordings: options.folders.recordings.clone(),
        traces: options.folders.traces.clone(),
        bundles: options.folders.bundles(),
        diagnostics: options.folders.diagnostics(),
        tapes: Arc::clone(&started.tapes),
        ledger: options.folders.ledger(),
        head_key: started.head_key.clone(),
        epochs: Arc::clone(&chip) as Arc<dyn Epochs>,
        core: inputs.clone(),
        outbox: outbox.clone(),
    })?;
    let (signer, heads) = sync_channel(1);
    let back = inputs.clone();
    let signing =
        std::thread::Builder::new().name("signer".to_owned()).spawn(move || sign(&chip, &heads, &back))?;
    let core = Core {
        vault: started.vault,
        inputs: received,
        outbox: outbox.clone(),
        workers,
        signer,
        snapshots: started.snapshots,
        recordings: options.folders.recordings.clone(),
        clock_trusted: options.clock_trusted,
    };
    let (done, ended) = oneshot::channel();
    let thread = std::thread::Builder::new().name("core".to_owned()).spawn(move || {
        let _main_may_be_gone = done.send(core.run());
    })?;
    let cut_bytes = started.cut_bytes;
    inputs.send(Input::Cmd(Cmd::Started { cut_bytes })).await.context("the core ended at once")?;
    let listener = Listener::bind(&Process::Vaultd.socket(&options.run), Process::Vaultd, &options.allowed)
        .context("the socket cannot be made")?;
    sd_notify::notify(&[sd_notify::NotifyState::Ready]).context("systemd cannot be told")?;
    let outcome = until_stopped(listener, inputs, outbox, ended).await;
    let joined = thread.join().is_ok() && signing.join().is_ok();
    anyhow::ensure!(joined, "a thread ended with a panic");
    outcome
}

async fn until_stopped(
    listener: Listener,
    inputs: Sender<Input>,
    outbox: Outbox,
    mut ended: oneshot::Receiver<Result<(), vaultd::ports::PortError>>,
) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut serving = std::pin::pin!(serve(listener, inputs.clone(), outbox));
    let failed = tokio::select! {
        served = &mut serving => served.err(),
        stopped = &mut ended => return stopped.context("the core ended with a panic")?.map_err(Into::into),
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
    };
    sd_notify::notify(&[sd_notify::NotifyState::Stopping]).context("systemd cannot be told")?;
    inputs.send(Input::Stop).await.context("the core is gone")?;
    if let Some(error) = failed {
        // Without the front nothing ticks; the core waits for the last signature alone.
        ended.await.context("the core ended with a panic")??;
        return Err(error).context("the listening socket failed");
    }
    // The front goes on ticking while the last head is signed.
    tokio::select! {
        _ = &mut serving => Ok(()),
        stopped = &mut ended => stopped.context("the core ended with a panic")?.map_err(Into::into),
    }
}

/// The signer's thread: ends when the core is gone.
fn sign(chip: &TpmChip, heads: &Receiver<Head>, core: &Sender<Input>) {
    while let Ok(head) = heads.recv() {
        let signed = match chip.sign(&head.message()) {
            Ok(signature) => Some(SignedHead { head, signature }),
            Err(error) => {
                log::error!("the TPM did not sign: {error}");
                None
            }
        };
        if core.blocking_send(Input::HeadSigned(signed)).is_err() {
            return;
        }
    }
}
