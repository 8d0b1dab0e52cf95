//! The link to `vaultd`: connects, says when it is up, passes messages, connects again. It keeps nothing:
//! what must survive a lost connection stands in [`super::facts`].

use idl::hello::Process;
use idl::lines::{LinedToVault, VaultToLined};
use ipc::{Backoff, Conn};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Messages queued towards `vaultd` on one connection.
pub const MAX_OUTGOING: usize = 1_024;

/// What the link tells signalling.
#[derive(Debug)]
pub enum VaultEvent {
    /// Connected; messages for this connection go here.
    Up(mpsc::Sender<Arc<LinedToVault>>),
    /// A message came.
    Message(VaultToLined),
    /// The connection is gone.
    Down,
}

/// Keeps the link until the receiver of its events is gone.
pub async fn run(path: PathBuf, events: mpsc::Sender<VaultEvent>) {
    let mut backoff = Backoff::default();
    while !events.is_closed() {
        match Conn::connect(&path, Process::Lined, Process::Vaultd).await {
            Ok(conn) => {
                backoff.reached();
                log::info!(target: "vault", "connected");
                serve(&conn, &events).await;
                if events.send(VaultEvent::Down).await.is_err() {
                    return;
                }
            }
            Err(error) => log::debug!(target: "vault", error:% ; "not reached"),
        }
        tokio::time::sleep(backoff.next_wait()).await;
    }
}

/// Passes messages both ways until the connection fails.
async fn serve(conn: &Conn, events: &mpsc::Sender<VaultEvent>) {
    let (sender, mut outgoing) = mpsc::channel::<Arc<LinedToVault>>(MAX_OUTGOING);
    if events.send(VaultEvent::Up(sender)).await.is_err() {
        return;
    }
    let receive = async {
        loop {
            match conn.recv::<VaultToLined>().await {
                Ok(message) => {
                    if events.send(VaultEvent::Message(message)).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    log::warn!(target: "vault", error:% ; "lost");
                    return;
                }
            }
        }
    };
    let send = async {
        while let Some(message) = outgoing.recv().await {
            if let Err(error) = conn.send(&*message).await {
                log::warn!(target: "vault", error:% ; "lost while sending");
                return;
            }
        }
    };
    tokio::select! {
        () = receive => {}
        () = send => {}
    }
}
