//! Puts the process together: sockets, threads, tasks, and the order in which they end.

use crate::cards::{self, Deck, OpenError};
use crate::clock;
use crate::dns::{Names, Source};
use crate::link::{server, vault};
use crate::options::Options;
use crate::prompts::Prompts;
use crate::random::SystemIds;
use crate::recorder::Recorder;
use crate::signalling::{Inputs, MAX_CALLS, Parts, Signalling};
use crate::transport::{MAX_INBOUND, ServerProfile, TlsError, TransportError, Transports};
use crate::voice::{HandsetLane, Ports, Voice};
use idl::hello::Process;
use ipc::{IpcError, Listener};
use sip_ua::{Config, Endpoint};
use std::future::Future;
use thiserror::Error;
use tokio::sync::{mpsc, watch};

/// Events waiting from each of the smaller sources.
const MAX_EVENTS: usize = 4_096;
/// An answered INVITE over UDP is remembered for 32 s and a BYE for 5 s (RFC 6026 7.2, RFC 3261 17.1.2.2):
/// 37 transactions for each call a second.
const MAX_TRANSACTIONS: usize = 65_536;

/// Why the process cannot run. Each names what to correct.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// The certificate of the TLS listener.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A SIP address.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The name server of the command line.
    #[error("the name server cannot be used: {0}")]
    Resolver(String),
    /// Media threads or recorder.
    #[error("media threads or recorder cannot start: {0}")]
    Threads(#[source] std::io::Error),
    /// The socket for the other processes.
    #[error("the socket cannot be made: {0}")]
    Socket(#[source] IpcError),
    /// The board file.
    #[error(transparent)]
    Board(#[from] OpenError),
    /// The cards' descriptors.
    #[error("the cards cannot be watched: {0}")]
    Cards(#[source] std::io::Error),
    /// The loop ended.
    #[error("signalling ended: {0}")]
    Loop(#[source] std::io::Error),
}

/// Runs the process until `stop` resolves and its calls are ended.
///
/// # Errors
/// [`ProcessError`].
pub async fn run(options: &Options, stop: impl Future<Output = ()>) -> Result<(), ProcessError> {
    let mut binding = options.binding();
    if let (Some(certificate), Some(key)) = (&options.tls_cert, &options.tls_key) {
        binding.server = Some(ServerProfile::from_files(certificate, key)?);
    }
    let (inbound_sender, inbound) = mpsc::channel(MAX_INBOUND);
    let (vault_sender, vault_events) = mpsc::channel(MAX_EVENTS);
    let (desk_sender, desk) = mpsc::channel(MAX_EVENTS);
    let (recorder_sender, recorder_events) = mpsc::channel(MAX_EVENTS);
    let (prompt_sender, prompts) = mpsc::channel(MAX_EVENTS);
    let (answer_sender, answers) = mpsc::channel(MAX_EVENTS);
    let (stop_sender, stop_receiver) = watch::channel(false);

    let names = match options.dns {
        Some(server) => Source::server(server).map_err(|error| ProcessError::Resolver(error.to_string()))?,
        None => Source::system(),
    };
    let (spans, handset) = match &options.board {
        Some(name) => {
            let board = cards::board(&options.boards, name)?;
            (cards::open(&board, &options.virtual_cards), cards::handset(board.handset))
        }
        None => (Vec::new(), None),
    };
    let handset = handset.map(HandsetLane::start).transpose().map_err(ProcessError::Threads)?;
    let (controls, audios): (Vec<_>, Vec<_>) =
        spans.into_iter().map(|span| ((span.id, span.control), (span.id, span.audio))).unzip();
    let (voice, ends) = Voice::start(options.threads(), audios).map_err(ProcessError::Threads)?;
    let recorder =
        Recorder::start(&options.recordings, ends, recorder_sender).map_err(ProcessError::Threads)?;
    let config = Config { max_calls: 2 * MAX_CALLS, max_transactions: MAX_TRANSACTIONS, ..Config::default() };
    let parts = Parts {
        endpoint: Endpoint::new(config, Box::new(SystemIds)),
        transports: Transports::bind(&binding, clock::boot_us(), inbound_sender)?,
        names: Names::new(names, answer_sender),
        voice,
        ports: Ports::new(options.rtp_addr, options.rtp_ports),
        recorder,
        prompts: Prompts::new(&options.objects, prompt_sender),
        deck: Deck::new(controls, &options.traces)
            .map_err(ProcessError::Cards)?
            .with_handset(handset.is_some()),
        handset,
    };
    let listener = Listener::bind(&Process::Lined.socket(&options.run), Process::Lined, &allowed(options))
        .map_err(ProcessError::Socket)?;
    let inputs = Inputs {
        inbound,
        vault: vault_events,
        desk,
        recorder: recorder_events,
        prompts,
        answers,
        stop: stop_receiver,
    };
    let link = tokio::spawn(vault::run(Process::Vaultd.socket(&options.run), vault_sender));
    let socket = tokio::spawn(server::run(listener, desk_sender));
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let signalling = Signalling::new(parts).run(inputs);
    let stopper = async {
        stop.await;
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        let _ = stop_sender.send(true);
        std::future::pending::<()>().await;
    };
    let ended = tokio::select! {
        ended = signalling => ended.map_err(ProcessError::Loop),
        () = stopper => Ok(()),
    };
    link.abort();
    socket.abort();
    ended
}

/// Who may connect: each as the user named on the command line, or as our own.
fn allowed(options: &Options) -> Vec<(Process, Option<u32>)> {
    [Process::Calld, Process::Supervisor, Process::Tool]
        .into_iter()
        .map(|process| {
            let named = options.allow.iter().find(|(allowed, _)| *allowed == process);
            (process, named.map(|(_, uid)| *uid))
        })
        .collect()
}
