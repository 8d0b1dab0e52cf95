//! The process's socket: `calld` asks and is told live states; the supervisor and tools ask for health.
//!
//! Health questions go through the signalling loop, which answers them itself.

use idl::health::{HealthReply, HealthRequest};
use idl::hello::Process;
use idl::lines::{CalldToLined, LinedToCalld};
use ipc::{Conn, IpcError, Listener, Peer};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// Peers connected at once.
pub const MAX_PEERS: usize = 8;
/// Messages queued towards one peer; a peer that does not read is cut off.
pub const MAX_OUTGOING: usize = 8_192;

/// What the socket tells signalling.
#[derive(Debug)]
pub enum DeskEvent {
    /// `calld` connected; messages for it go here.
    Up {
        /// Names the connection.
        peer: u64,
        /// Where its messages go.
        sender: mpsc::Sender<Arc<LinedToCalld>>,
    },
    /// A message of `calld`.
    Message(CalldToLined),
    /// A connection is gone.
    Down {
        /// Its name.
        peer: u64,
    },
    /// Someone asks for health.
    Health {
        /// The question's serial.
        serial: u64,
        /// Whether this process shall call itself.
        call_yourself: bool,
        /// Where the answer goes.
        answer: oneshot::Sender<HealthReply>,
    },
}

/// Serves until the receiver of its events is gone.
///
/// # Errors
/// [`IpcError`] if the listening socket itself fails.
pub async fn run(listener: Listener, events: mpsc::Sender<DeskEvent>) -> Result<(), IpcError> {
    let mut peers = JoinSet::new();
    let mut serial = 0_u64;
    loop {
        while peers.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((conn, peer)) if peers.len() < MAX_PEERS => {
                serial += 1;
                peers.spawn(serve(conn, peer, serial, events.clone()));
            }
            Ok(_) => log::warn!(target: "desk", "too many peers"),
            Err(IpcError::Io(error)) => return Err(IpcError::Io(error)),
            Err(error) => log::warn!(target: "desk", error:% ; "a peer was refused"),
        }
        if events.is_closed() {
            return Ok(());
        }
    }
}

async fn serve(conn: Conn, peer: Peer, serial: u64, events: mpsc::Sender<DeskEvent>) {
    match peer.process {
        Process::Calld => serve_calld(&conn, serial, &events).await,
        Process::Supervisor
        | Process::Tool
        | Process::Lined
        | Process::Vaultd
        | Process::Admind
        | Process::Consoled
        | Process::Hostd => serve_health(&conn, &events).await,
    }
}

async fn serve_calld(conn: &Conn, peer: u64, events: &mpsc::Sender<DeskEvent>) {
    let (sender, mut outgoing) = mpsc::channel::<Arc<LinedToCalld>>(MAX_OUTGOING);
    if events.send(DeskEvent::Up { peer, sender }).await.is_err() {
        return;
    }
    let receive = async {
        while let Ok(message) = conn.recv::<CalldToLined>().await {
            if events.send(DeskEvent::Message(message)).await.is_err() {
                return;
            }
        }
    };
    let send = async {
        while let Some(message) = outgoing.recv().await {
            if conn.send(&*message).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = receive => {}
        () = send => {}
    }
    let _ = events.send(DeskEvent::Down { peer }).await;
}

async fn serve_health(conn: &Conn, events: &mpsc::Sender<DeskEvent>) {
    while let Ok(request) = conn.recv().await {
        let (serial, call_yourself) = match request {
            HealthRequest::Check { serial } => (serial, false),
            HealthRequest::CallYourself { serial } => (serial, true),
        };
        let (answer, reply) = oneshot::channel();
        if events.send(DeskEvent::Health { serial, call_yourself, answer }).await.is_err() {
            return;
        }
        let Ok(reply) = reply.await else { return };
        if conn.send(&reply).await.is_err() {
            return;
        }
    }
}
