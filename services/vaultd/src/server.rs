//! The front: takes connections, feeds the core through one bounded channel, carries answers back.
//!
//! It decides nothing. A peer that does not read its answers loses its connection, never the core's time.

use crate::command::{Cmd, ConnId, Message};
use idl::admin::AdminRequest;
use idl::campaign::CalldToVault;
use idl::health::HealthRequest;
use idl::hello::Process;
use idl::host::HostToVault;
use idl::lines::LinedToVault;
use ipc::{Conn, IpcError, Listener, Peer};
use ledger::SignedHead;
use std::collections::HashMap;
use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

/// Commands waiting for the core.
pub const MAX_WAITING_COMMANDS: usize = 4_096;
/// Answers waiting for one peer.
const MAX_WAITING_ANSWERS: usize = 8_192;
/// Connections at once.
const MAX_CONNECTIONS: usize = 64;
const TICK: Duration = Duration::from_secs(1);

/// What the core's thread receives.
#[derive(Debug)]
pub enum Input {
    /// A command.
    Cmd(Cmd),
    /// The TPM signed a head, or could not.
    HeadSigned(Option<SignedHead>),
    /// End in order.
    Stop,
}

/// The ways to all peers.
#[derive(Debug, Clone, Default)]
pub struct Outbox(Arc<Mutex<HashMap<ConnId, Sender<Message>>>>);

impl Outbox {
    /// Sends without waiting. A peer whose answers pile up is cut off and may connect again.
    pub fn send(&self, conn: ConnId, message: Message) {
        let mut peers = self.peers();
        let full = match peers.get(&conn) {
            Some(peer) => peer.try_send(message).is_err(),
            None => false,
        };
        if full {
            log::warn!("a peer does not read its answers: its connection is closed");
            peers.remove(&conn);
        }
    }

    fn add(&self, conn: ConnId) -> Receiver<Message> {
        let (sender, receiver) = channel(MAX_WAITING_ANSWERS);
        self.peers().insert(conn, sender);
        receiver
    }

    fn remove(&self, conn: ConnId) {
        self.peers().remove(&conn);
    }

    fn peers(&self) -> MutexGuard<'_, HashMap<ConnId, Sender<Message>>> {
        // The map is whole after every statement, so a panic elsewhere leaves nothing half-done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until the listening socket fails.
///
/// # Errors
/// [`IpcError`] of the listening socket.
pub async fn serve(listener: Listener, core: Sender<Input>, outbox: Outbox) -> Result<(), IpcError> {
    let mut tasks = JoinSet::new();
    let mut next = 1_u64;
    tasks.spawn(tick(core.clone()));
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((conn, peer)) if tasks.len() <= MAX_CONNECTIONS => {
                    let id = ConnId(next);
                    next += 1;
                    let answers = outbox.add(id);
                    tasks.spawn(converse(id, conn, peer, core.clone(), outbox.clone(), answers));
                }
                Ok(_) => log::warn!("too many connections: one is refused"),
                Err(IpcError::Io(error)) => return Err(IpcError::Io(error)),
                Err(refused) => log::warn!("a peer was refused: {refused}"),
            },
            Some(_ended) = tasks.join_next() => {}
        }
    }
}

async fn tick(core: Sender<Input>) {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if core.send(Input::Cmd(Cmd::Tick)).await.is_err() {
            return;
        }
    }
}

async fn converse(
    id: ConnId,
    conn: Conn,
    peer: Peer,
    core: Sender<Input>,
    outbox: Outbox,
    mut answers: Receiver<Message>,
) {
    log::info!("{} connected", peer.process.name());
    let (up, down) = greetings(peer.process, id);
    if let Some(up) = up
        && core.send(Input::Cmd(up)).await.is_err()
    {
        return;
    }
    let ended = tokio::select! {
        read = listen(id, &conn, peer.process, &core) => read,
        written = answer(&conn, &mut answers) => written,
    };
    outbox.remove(id);
    if let Err(error) = ended
        && !matches!(error, IpcError::Closed)
    {
        log::warn!("the connection of {} ended: {error}", peer.process.name());
    }
    log::info!("{} is gone", peer.process.name());
    if let Some(down) = down {
        let _core_may_be_gone = core.send(Input::Cmd(down)).await;
    }
}

const fn greetings(process: Process, id: ConnId) -> (Option<Cmd>, Option<Cmd>) {
    match process {
        Process::Lined => (Some(Cmd::LinedUp(id)), Some(Cmd::LinedDown(id))),
        Process::Calld => (Some(Cmd::CalldUp(id)), Some(Cmd::CalldDown(id))),
        Process::Admind | Process::Consoled | Process::Tool => (None, Some(Cmd::AdminDown(id))),
        Process::Hostd => (Some(Cmd::HostUp(id)), Some(Cmd::HostDown(id))),
        Process::Supervisor | Process::Vaultd => (None, None),
    }
}

async fn listen(id: ConnId, conn: &Conn, process: Process, core: &Sender<Input>) -> Result<(), IpcError> {
    loop {
        let cmd = match process {
            Process::Lined => Cmd::Lined(conn.recv::<LinedToVault>().await?),
            Process::Calld => Cmd::Calld(id, conn.recv::<CalldToVault>().await?),
            Process::Admind | Process::Consoled | Process::Tool => {
                let (request, attached) = conn.recv_with::<AdminRequest>().await?;
                Cmd::Admin { conn: id, from: process, request, attached: attached.map(File::from) }
            }
            Process::Supervisor => {
                let (HealthRequest::Check { serial } | HealthRequest::CallYourself { serial }) =
                    conn.recv::<HealthRequest>().await?;
                Cmd::Health { conn: id, serial }
            }
            Process::Hostd => Cmd::Host(id, conn.recv::<HostToVault>().await?),
            Process::Vaultd => return Err(IpcError::Closed),
        };
        if core.send(Input::Cmd(cmd)).await.is_err() {
            return Ok(());
        }
    }
}

async fn answer(conn: &Conn, answers: &mut Receiver<Message>) -> Result<(), IpcError> {
    while let Some(message) = answers.recv().await {
        match message {
            Message::Lined(message) => conn.send(&message).await?,
            Message::Calld(message) => conn.send(&message).await?,
            Message::Admin(message) => conn.send(&message).await?,
            Message::AdminFile(message, file) => conn.send_with(&message, file).await?,
            Message::Health(message) => conn.send(&message).await?,
            Message::Host(message) => conn.send(&message).await?,
        }
    }
    Err(IpcError::Closed)
}
