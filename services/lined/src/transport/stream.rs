//! Stream connections, TCP and TLS, both directions: one task each that reads, frames, writes and keeps alive.

use super::tls::{ClientProfile, ServerProfile};
use super::{Inbound, MAX_CONNECTIONS, MAX_WRITES};
use sip::{Framed, StreamFramer};
use sip_ua::{Flow, Transport};
use socket2::{SockRef, TcpKeepalive};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

/// Setting up a connection, TLS handshake included.
const SETUP_LIMIT: Duration = Duration::from_secs(8);
/// One write to a peer that reads slowly.
const WRITE_LIMIT: Duration = Duration::from_secs(10);
/// A peer that opened a connection says something by then.
const FIRST_MESSAGE_LIMIT: Duration = Duration::from_secs(30);
/// Our pings on connections we opened (RFC 5626 4.4.1).
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// Unacknowledged bytes longer than this mean a dead peer.
const USER_TIMEOUT: Duration = Duration::from_secs(10);
const READ_BYTES: usize = 16 * 1024;
const BACKLOG: i32 = 256;

/// A connection a peer opened, on its way into the table.
#[derive(Debug)]
pub struct Opened {
    /// Its number: odd, so that it never meets one we opened.
    pub id: u64,
    /// TCP or TLS.
    pub transport: Transport,
    /// The peer.
    pub remote: SocketAddr,
    /// Messages to it go here.
    pub writer: mpsc::Sender<Arc<[u8]>>,
    /// Its task.
    pub task: AbortHandle,
}

/// A connection we are opening.
#[derive(Debug)]
pub struct Dialled {
    /// Messages to it go here, from now on.
    pub writer: mpsc::Sender<Arc<[u8]>>,
    /// Its task.
    pub task: AbortHandle,
}

/// Opens a connection in the background; messages given to it meanwhile wait in its queue.
pub fn dial(flow: Flow, profile: &Arc<ClientProfile>, inbound: mpsc::Sender<Inbound>) -> Dialled {
    let (writer, mut outgoing) = mpsc::channel(MAX_WRITES);
    let profile = Arc::clone(profile);
    let task = tokio::spawn(async move {
        match timeout(SETUP_LIMIT, connect(flow, &profile)).await {
            Ok(Ok(io)) => Serving { io, flow, outgoing: &mut outgoing, ours: true }.serve(&inbound).await,
            Ok(Err(error)) => log::warn!(target: "transport", error:% ; "a trunk was not reached"),
            Err(_) => log::warn!(target: "transport", "a trunk did not answer in time"),
        }
        tell_closed(flow, outgoing, &inbound).await;
    });
    Dialled { writer, task: task.abort_handle() }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

struct Serving<'a> {
    io: Box<dyn Stream>,
    flow: Flow,
    outgoing: &'a mut mpsc::Receiver<Arc<[u8]>>,
    ours: bool,
}

async fn connect(flow: Flow, profile: &ClientProfile) -> std::io::Result<Box<dyn Stream>> {
    let tcp = TcpStream::connect(flow.remote).await?;
    tune(&tcp)?;
    Ok(match profile {
        ClientProfile::Plain => Box::new(tcp),
        ClientProfile::Tls { connector, name } => Box::new(connector.connect(name.clone(), tcp).await?),
    })
}

/// Gives back what was never written, then tells that the connection is gone: a call whose INVITE is given back
/// may take another way, one whose INVITE is not may have arrived.
async fn tell_closed(flow: Flow, mut outgoing: mpsc::Receiver<Arc<[u8]>>, inbound: &mpsc::Sender<Inbound>) {
    outgoing.close();
    while let Some(bytes) = outgoing.recv().await {
        if inbound.send(Inbound::NotSent { flow, bytes }).await.is_err() {
            return;
        }
    }
    let _ = inbound.send(Inbound::Closed { flow }).await;
}

/// Listens; answers the bound address and the task that accepts. `ahead`: the address may come later.
pub fn listen(
    address: SocketAddr,
    ahead: bool,
    server: Option<ServerProfile>,
    inbound: mpsc::Sender<Inbound>,
) -> std::io::Result<(SocketAddr, AbortHandle)> {
    let socket = socket2::Socket::new(
        socket2::Domain::for_address(address),
        socket2::Type::STREAM,
        Some(socket2::Protocol::TCP),
    )?;
    // A restart must not wait for the connections of the former life.
    socket.set_reuse_address(true)?;
    if ahead {
        super::sockets::before_it_is_there(&socket)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let listener = TcpListener::from_std(socket.into())?;
    let bound = listener.local_addr()?;
    Ok((bound, tokio::spawn(accept(listener, server, inbound)).abort_handle()))
}

async fn accept(listener: TcpListener, server: Option<ServerProfile>, inbound: mpsc::Sender<Inbound>) {
    let alive = Arc::new(AtomicUsize::new(0));
    let mut held = tokio::time::interval(Duration::from_millis(50));
    while !inbound.is_closed() {
        let Ok((tcp, remote)) = listener.accept().await else {
            // Out of descriptors: wait instead of spinning.
            held.tick().await;
            continue;
        };
        if alive.load(Ordering::Relaxed) >= MAX_CONNECTIONS || tune(&tcp).is_err() {
            continue;
        }
        alive.fetch_add(1, Ordering::Relaxed);
        let (server, inbound, alive) = (server.clone(), inbound.clone(), Arc::clone(&alive));
        tokio::spawn(async move {
            accepted(tcp, remote, server, inbound).await;
            alive.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

async fn accepted(
    tcp: TcpStream,
    remote: SocketAddr,
    server: Option<ServerProfile>,
    inbound: mpsc::Sender<Inbound>,
) {
    let Ok(local) = tcp.local_addr() else { return };
    let transport = if server.is_some() { Transport::Tls } else { Transport::Tcp };
    let io: Box<dyn Stream> = match server {
        None => Box::new(tcp),
        Some(profile) => match timeout(SETUP_LIMIT, profile.acceptor().accept(tcp)).await {
            Ok(Ok(tls)) => Box::new(tls),
            Ok(Err(error)) => {
                log::info!(target: "transport", error:% ; "a TLS handshake failed");
                return;
            }
            Err(_) => return,
        },
    };
    let id = NEXT_ACCEPTED.fetch_add(2, Ordering::Relaxed);
    let flow = Flow { transport, remote, local, connection: Some(id) };
    let (writer, mut outgoing) = mpsc::channel(MAX_WRITES);
    let (go, wait) = tokio::sync::oneshot::channel::<()>();
    let task = tokio::spawn({
        let inbound = inbound.clone();
        async move {
            if wait.await.is_ok() {
                Serving { io, flow, outgoing: &mut outgoing, ours: false }.serve(&inbound).await;
                tell_closed(flow, outgoing, &inbound).await;
            }
        }
    });
    let opened = Opened { id, transport, remote, writer, task: task.abort_handle() };
    // The table hears of the connection before its first message.
    if inbound.send(Inbound::Opened(opened)).await.is_ok() && go.send(()).is_ok() {
        let _ = task.await;
    }
}

impl Serving<'_> {
    async fn serve(mut self, inbound: &mpsc::Sender<Inbound>) {
        let mut framer = StreamFramer::new();
        let mut buffer = vec![0_u8; READ_BYTES];
        let first = Instant::now() + FIRST_MESSAGE_LIMIT;
        let mut spoke = self.ours;
        let mut ping = tokio::time::interval(KEEP_ALIVE);
        ping.reset();
        loop {
            let go_on = tokio::select! {
                read = self.io.read(&mut buffer) => match read {
                    Ok(0) | Err(_) => false,
                    Ok(length) => {
                        framer.push(&buffer[..length]);
                        self.take(&mut framer, &mut spoke, inbound).await
                    }
                },
                bytes = self.outgoing.recv() => match bytes {
                    Some(bytes) => { ping.reset(); self.write(&bytes).await }
                    None => false,
                },
                _ = ping.tick(), if self.ours => self.write(b"\r\n\r\n").await,
                () = tokio::time::sleep_until(first), if !spoke => false,
            };
            if !go_on {
                return;
            }
        }
    }

    /// Hands over everything framed; `false` when the connection must close.
    async fn take(
        &mut self,
        framer: &mut StreamFramer,
        spoke: &mut bool,
        inbound: &mpsc::Sender<Inbound>,
    ) -> bool {
        for framed in framer.by_ref() {
            match framed {
                Ok(Framed::Message(message)) => {
                    *spoke = true;
                    let at_us = crate::clock::boot_us();
                    let came = Inbound::Message { message, source: self.flow, at_us };
                    if inbound.send(came).await.is_err() {
                        return false;
                    }
                }
                Ok(Framed::Ping) => {
                    if !self.write(b"\r\n").await {
                        return false;
                    }
                }
                Ok(Framed::Pong) => {}
                Err(error) if error.is_fatal() => {
                    log::info!(target: "transport", error:% ; "a stream lost its framing");
                    return false;
                }
                Err(sip::FrameError::Message(error)) => {
                    let answer = error.response("malformed").map(|response| response.to_bytes());
                    if let Some(bytes) = answer
                        && !self.write(&bytes).await
                    {
                        return false;
                    }
                }
                Err(_) => return false,
            }
        }
        true
    }

    async fn write(&mut self, bytes: &[u8]) -> bool {
        let write = async {
            self.io.write_all(bytes).await?;
            self.io.flush().await
        };
        matches!(timeout(WRITE_LIMIT, write).await, Ok(Ok(())))
    }
}

fn tune(tcp: &TcpStream) -> std::io::Result<()> {
    tcp.set_nodelay(true)?;
    let socket = SockRef::from(tcp);
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(USER_TIMEOUT))
}

static NEXT_ACCEPTED: AtomicU64 = AtomicU64::new(1);
