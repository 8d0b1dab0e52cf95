//! The way to `vaultd`: one shared connection that is made again for as long as we live, answers matched by
//! their ids; and connections of their own for long work.
//!
//! It keeps no request: what was sent when the connection broke is answered as lost, because nobody here knows
//! whether it was done.

use idl::account::Source;
use idl::admin::{Admin, AdminReply, AdminRequest, Answer};
use idl::hello::Process;
use ipc::{Backoff, Conn, IpcError};
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{oneshot, watch};
use vocab::Secret;

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum VaultError {
    /// `vaultd` cannot be reached; the request was not sent and nothing was done.
    #[error("the records process cannot be reached")]
    NotReached,
    /// The connection broke after the request was sent; it may have been done.
    #[error("the connection to the records process broke")]
    Lost,
    /// No answer in time; it may be done later.
    #[error("the records process did not answer in time")]
    Late,
    /// The request does not fit a frame: nothing was done.
    #[error("the request is too long")]
    TooLong,
}

/// What a request says besides what is wanted.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The session's token.
    pub session: Option<Secret<[u8; 32]>>,
    /// Where the request came from.
    pub source: Source,
    /// The page asks by itself.
    pub passive: bool,
}

/// An answer with the file that came with it.
pub type Reply = (Answer, Option<OwnedFd>);
type Waiting = oneshot::Sender<Result<Reply, VaultError>>;

struct Order {
    request: AdminRequest,
    attached: Option<OwnedFd>,
    reply: Waiting,
}

/// The shared way; cheap to clone.
#[derive(Debug, Clone)]
pub struct Vault {
    orders: Sender<Order>,
    connected: watch::Receiver<bool>,
    path: PathBuf,
}

impl Vault {
    /// A way to the `vaultd` of a run folder, and the work that keeps it open: to be run until the end.
    pub fn open(run: &Path) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (orders, inbox) = channel(MAX_ORDERS);
        let (up, connected) = watch::channel(false);
        let path = Process::Vaultd.socket(run);
        (Self { orders, connected, path: path.clone() }, keep(path, inbox, up))
    }

    /// Whether `vaultd` is connected.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        *self.connected.borrow()
    }

    /// Asks on the shared connection.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn ask(&self, asker: &Asker, what: Admin) -> Result<Reply, VaultError> {
        let mut connected = self.connected.clone();
        let coming = connected.wait_for(|up| *up);
        let up = matches!(tokio::time::timeout(REACH_TIMEOUT, coming).await, Ok(Ok(_)));
        if !up {
            return Err(VaultError::NotReached);
        }
        let (reply, answer) = oneshot::channel();
        let order = Order { request: request(asker, what), attached: None, reply };
        match self.orders.try_send(order) {
            Ok(()) => {}
            Err(_full_or_gone) => return Err(VaultError::NotReached),
        }
        match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_dropped)) => Err(VaultError::Lost),
            Err(_elapsed) => Err(VaultError::Late),
        }
    }

    /// Asks on a connection of its own, for long work: `progress` sees what comes before the last answer. The
    /// connection is closed with the future; `vaultd` gives the work up then.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn ask_long(
        &self,
        asker: &Asker,
        what: Admin,
        attached: Option<OwnedFd>,
        progress: impl Fn(u64, u64) + Send + Sync,
    ) -> Result<Reply, VaultError> {
        let reaching = Conn::connect(&self.path, Process::Admind, Process::Vaultd);
        let conn = match tokio::time::timeout(REACH_TIMEOUT, reaching).await {
            Ok(Ok(conn)) => conn,
            Ok(Err(_)) | Err(_) => return Err(VaultError::NotReached),
        };
        let request = AdminRequest { id: 1, ..request(asker, what) };
        send(&conn, &request, attached).await.map_err(|error| match error {
            IpcError::TooLong(_) => VaultError::TooLong,
            _ => VaultError::NotReached,
        })?;
        loop {
            let heard = tokio::time::timeout(PROGRESS_TIMEOUT, conn.recv_with::<AdminReply>());
            match heard.await {
                Err(_elapsed) => return Err(VaultError::Late),
                Ok(Err(_)) => return Err(VaultError::Lost),
                Ok(Ok((AdminReply { answer: Answer::Progress { done, total }, .. }, _))) => {
                    progress(done, total);
                }
                Ok(Ok((reply, file))) => return Ok((reply.answer, file)),
            }
        }
    }
}

fn request(asker: &Asker, what: Admin) -> AdminRequest {
    AdminRequest {
        id: 0,
        actor: None,
        session: asker.session.clone(),
        source: Some(asker.source.clone()),
        passive: asker.passive,
        what,
    }
}

async fn send(conn: &Conn, request: &AdminRequest, attached: Option<OwnedFd>) -> Result<(), IpcError> {
    match attached {
        Some(file) => conn.send_with(request, file).await,
        None => conn.send(request).await,
    }
}

/// Keeps the connection; ends when nobody can ask any more.
async fn keep(path: PathBuf, mut inbox: Receiver<Order>, up: watch::Sender<bool>) {
    let mut backoff = Backoff::default();
    loop {
        let connecting = Conn::connect(&path, Process::Admind, Process::Vaultd);
        match tokio::time::timeout(REACH_TIMEOUT, connecting).await {
            Ok(Ok(conn)) => {
                backoff.reached();
                log::info!("connected to vaultd");
                up.send_replace(true);
                let going_on = talk(conn, &mut inbox).await;
                up.send_replace(false);
                // Orders put before the news spread were never sent.
                while let Ok(order) = inbox.try_recv() {
                    let _asker_may_be_gone = order.reply.send(Err(VaultError::NotReached));
                }
                if !going_on {
                    return;
                }
                log::warn!("the connection to vaultd is lost");
            }
            Ok(Err(IpcError::OtherBuild(_))) => log::error!("vaultd is of another build: restart both"),
            Ok(Err(error)) => log::debug!("vaultd is not reached: {error}"),
            Err(_elapsed) => log::debug!("vaultd does not greet"),
        }
        if inbox.is_closed() {
            return;
        }
        tokio::time::sleep(backoff.next_wait()).await;
    }
}

type Pending = Arc<Mutex<HashMap<u64, Waiting>>>;

/// Talks until the connection ends; false if nobody can ask any more.
async fn talk(conn: Conn, inbox: &mut Receiver<Order>) -> bool {
    let pending = Pending::default();
    let going_on = tokio::select! {
        going_on = write(&conn, inbox, &pending) => going_on,
        () = read(&conn, &pending) => true,
    };
    for (_, waiting) in lock(&pending).drain() {
        let _asker_may_be_gone = waiting.send(Err(VaultError::Lost));
    }
    going_on
}

async fn write(conn: &Conn, inbox: &mut Receiver<Order>, pending: &Pending) -> bool {
    let mut next = 0_u64;
    loop {
        let Some(Order { mut request, attached, reply }) = inbox.recv().await else { return false };
        if reply.is_closed() {
            continue;
        }
        next += 1;
        request.id = next;
        {
            let mut pending = lock(pending);
            pending.retain(|_, waiting| !waiting.is_closed());
            if pending.len() >= MAX_PENDING {
                let _asker_may_be_gone = reply.send(Err(VaultError::NotReached));
                continue;
            }
            pending.insert(next, reply);
        }
        match send(conn, &request, attached).await {
            Ok(()) => {}
            Err(error) => {
                let too_long = matches!(error, IpcError::TooLong(_) | IpcError::Malformed);
                if let Some(waiting) = lock(pending).remove(&next) {
                    let fault = if too_long { VaultError::TooLong } else { VaultError::NotReached };
                    let _asker_may_be_gone = waiting.send(Err(fault));
                }
                if !too_long {
                    return true;
                }
            }
        }
    }
}

async fn read(conn: &Conn, pending: &Pending) {
    loop {
        match conn.recv_with::<AdminReply>().await {
            Ok((AdminReply { answer: Answer::Progress { .. }, .. }, _)) => {}
            Ok((reply, file)) => {
                if let Some(waiting) = lock(pending).remove(&reply.id) {
                    let _asker_may_be_gone = waiting.send(Ok((reply.answer, file)));
                }
            }
            Err(error) => {
                log::debug!("vaultd speaks no more: {error}");
                return;
            }
        }
    }
}

fn lock(pending: &Pending) -> std::sync::MutexGuard<'_, HashMap<u64, Waiting>> {
    // The table is whole after every statement.
    pending.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Requests that may wait to be sent.
const MAX_ORDERS: usize = 256;
/// Requests sent and not answered.
const MAX_PENDING: usize = 512;
/// How long a request waits for `vaultd` to come back: a restart takes less.
const REACH_TIMEOUT: Duration = Duration::from_secs(3);
/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// How long long work may be silent.
const PROGRESS_TIMEOUT: Duration = Duration::from_secs(300);
