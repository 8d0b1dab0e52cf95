//! Datagrams and streams under one name: where a message came from is where its answer goes.
//!
//! It frames and forwards; it reads no message.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::text::{self, Frame};

/// A way to one peer.
#[derive(Clone)]
pub(crate) struct Link {
    /// Our address.
    pub(crate) local: SocketAddr,
    /// Its address.
    pub(crate) peer: SocketAddr,
    /// `UDP`, `TCP` or `TLS`, as in Via.
    pub(crate) name: &'static str,
    path: Path,
}

#[derive(Clone)]
enum Path {
    Datagrams(Arc<UdpSocket>),
    Stream(Sender<Vec<u8>>),
}

/// One message from the network.
pub(crate) struct Input {
    /// The way back.
    pub(crate) link: Link,
    /// Which phone's connection it came over; zero on the carrier.
    pub(crate) owner: usize,
    /// The message; empty when a phone's connection is there again.
    pub(crate) bytes: Vec<u8>,
}

impl Link {
    /// A link over a datagram socket.
    pub(crate) fn datagrams(socket: Arc<UdpSocket>, local: SocketAddr, peer: SocketAddr) -> Self {
        Self { local, peer, name: "UDP", path: Path::Datagrams(socket) }
    }

    /// Whether lost messages must be sent again by us.
    pub(crate) fn is_unreliable(&self) -> bool {
        matches!(self.path, Path::Datagrams(_))
    }

    /// The same way to another address; on a stream the connection stays.
    pub(crate) fn towards(&self, peer: SocketAddr) -> Self {
        let mut link = self.clone();
        if self.is_unreliable() {
            link.peer = peer;
        }
        link
    }

    /// Sends; a full socket or a closed connection loses the message as a network would.
    pub(crate) fn send(&self, bytes: &[u8]) {
        match &self.path {
            Path::Datagrams(socket) => {
                let _ = socket.try_send_to(bytes, self.peer);
            }
            Path::Stream(queue) => {
                let _ = queue.try_send(bytes.to_vec());
            }
        }
    }

    /// The transport parameter of a URI, with its semicolon.
    pub(crate) fn uri_parameter(&self) -> &'static str {
        match self.name {
            "TCP" => ";transport=tcp",
            "TLS" => ";transport=tls",
            _ => "",
        }
    }
}

/// Binds a datagram socket with a deep buffer.
pub(crate) fn bind_udp(address: SocketAddr) -> std::io::Result<UdpSocket> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_recv_buffer_size(SOCKET_BUFFER)?;
    socket.set_send_buffer_size(SOCKET_BUFFER)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// Forwards the datagrams of one socket until it fails or nobody listens.
pub(crate) async fn read_datagrams(socket: Arc<UdpSocket>, owner: usize, inbox: Sender<Input>) {
    let Ok(local) = socket.local_addr() else { return };
    let mut buffer = vec![0u8; DATAGRAM_LIMIT];
    loop {
        // An ICMP error of an earlier datagram may surface here; it is not ours.
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else { continue };
        let link = Link::datagrams(Arc::clone(&socket), local, peer);
        if length == 0 {
            continue;
        }
        let input = Input { link, owner, bytes: buffer[..length].to_vec() };
        if inbox.send(input).await.is_err() {
            return;
        }
    }
}

/// Accepts connections; owns their tasks and ends them with itself.
pub(crate) async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    inbox: Sender<Input>,
    loopback_only: bool,
) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, peer)) = listener.accept().await else { continue };
        let Ok(local) = stream.local_addr() else { continue };
        if connections.len() >= CONNECTION_LIMIT || !may_reach(peer.ip(), loopback_only) {
            continue;
        }
        let inbox = inbox.clone();
        // Small messages must not wait for each other; without the option they are only slower.
        let _ = stream.set_nodelay(true);
        match tls.clone() {
            None => connections.spawn(async move {
                let (link, queue) = stream_link(local, peer, "TCP");
                converse(stream, link, queue, 0, inbox).await;
            }),
            Some(acceptor) => connections.spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    let (link, queue) = stream_link(local, peer, "TLS");
                    converse(stream, link, queue, 0, inbox).await;
                }
            }),
        };
    }
}

/// A link over a stream and the queue that feeds it.
pub(crate) fn stream_link(
    local: SocketAddr,
    peer: SocketAddr,
    name: &'static str,
) -> (Link, Receiver<Vec<u8>>) {
    let (sender, queue) = channel(QUEUE_LIMIT);
    (Link { local, peer, name, path: Path::Stream(sender) }, queue)
}

/// Reads and writes one stream until either side ends it.
pub(crate) async fn converse<S>(
    stream: S,
    link: Link,
    mut queue: Receiver<Vec<u8>>,
    owner: usize,
    inbox: Sender<Input>,
) where
    S: AsyncRead + AsyncWrite,
{
    let (mut reader, mut writer) = tokio::io::split(stream);
    let writing = async {
        while let Some(bytes) = queue.recv().await {
            if writer.write_all(&bytes).await.is_err() || writer.flush().await.is_err() {
                return;
            }
        }
    };
    let reading = async {
        let mut pending: Vec<u8> = Vec::new();
        loop {
            match reader.read_buf(&mut pending).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            if !forward(&mut pending, &link, owner, &inbox).await {
                return;
            }
        }
    };
    tokio::select! {
        () = writing => {}
        () = reading => {}
    }
}

/// Whether an address may be sent to.
pub(crate) fn may_reach(ip: IpAddr, loopback_only: bool) -> bool {
    !loopback_only || ip.is_loopback()
}

async fn forward(pending: &mut Vec<u8>, link: &Link, owner: usize, inbox: &Sender<Input>) -> bool {
    loop {
        match text::frame(pending) {
            Frame::Incomplete => return true,
            Frame::Broken => return false,
            Frame::Blank(length) => {
                // RFC 5626 section 4.4.1: a double line end asks for a single one.
                if length >= 4 {
                    link.send(b"\r\n");
                }
                pending.drain(..length);
            }
            Frame::Message(length) => {
                let bytes: Vec<u8> = pending.drain(..length).collect();
                if inbox.send(Input { link: link.clone(), owner, bytes }).await.is_err() {
                    return false;
                }
            }
        }
    }
}

/// Messages from the network that may wait for the engine.
pub(crate) const INBOX_LIMIT: usize = 16_384;
const SOCKET_BUFFER: usize = 4 << 20;
const DATAGRAM_LIMIT: usize = 65_536;
const CONNECTION_LIMIT: usize = 4_096;
const QUEUE_LIMIT: usize = 4_096;
