//! One UDP socket for SIP: batches in, one datagram out. Datagrams that find signalling's queue full are
//! dropped and counted; the peer repeats them.

use super::Inbound;
use sip::{Answer, parse_datagram};
use sip_ua::{Flow, Transport};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// The kernel's receive buffer: a burst of a second of heavy signalling.
const RECEIVE_BUFFER_BYTES: usize = 8 * 1024 * 1024;
const SEND_BUFFER_BYTES: usize = 2 * 1024 * 1024;
/// Datagrams read before other tasks get a turn.
const BATCH: usize = 64;

#[derive(Debug)]
pub struct Udp {
    socket: Arc<UdpSocket>,
    address: SocketAddr,
    task: AbortHandle,
}

impl Udp {
    /// Binds and begins to read; `ahead`: the address may come later.
    pub fn bind(address: SocketAddr, ahead: bool, inbound: mpsc::Sender<Inbound>) -> std::io::Result<Self> {
        let raw = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        // Without privileges the kernel caps these at its own limits.
        raw.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
        raw.set_send_buffer_size(SEND_BUFFER_BYTES)?;
        raw.set_nonblocking(true)?;
        if ahead {
            super::sockets::before_it_is_there(&raw)?;
        }
        raw.bind(&address.into())?;
        let socket = Arc::new(UdpSocket::from_std(raw.into())?);
        let address = socket.local_addr()?;
        let task = tokio::spawn(receive(Arc::clone(&socket), address, inbound)).abort_handle();
        Ok(Self { socket, address, task })
    }

    /// The bound address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether a peer can be reached from this socket.
    pub fn reaches(&self, remote: SocketAddr) -> bool {
        self.address.is_ipv4() == remote.is_ipv4()
    }

    /// Sends one datagram. What finds the kernel's buffer full is lost, as any datagram may be.
    ///
    /// # Errors
    /// What the system has against it; nothing was sent then. This socket is connected to no peer, so that it never
    /// reports an earlier datagram's fate here.
    pub fn send(&self, bytes: &[u8], remote: SocketAddr) -> Result<(), ErrorKind> {
        match self.socket.try_send_to(bytes, remote).map_err(|error| error.kind()) {
            Ok(_) | Err(ErrorKind::WouldBlock) => Ok(()),
            Err(kind) => Err(kind),
        }
    }
}

impl Drop for Udp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(socket: Arc<UdpSocket>, address: SocketAddr, inbound: mpsc::Sender<Inbound>) {
    let mut buffer = vec![0_u8; usize::from(u16::MAX)];
    let mut dropped = 0_u64;
    while !inbound.is_closed() {
        if socket.readable().await.is_err() {
            return;
        }
        for _ in 0..BATCH {
            // An ICMP error of an earlier datagram ends the batch, not the socket.
            let Ok((length, remote)) = socket.try_recv_from(&mut buffer) else { break };
            if !take(&socket, &buffer[..length], remote, address, &inbound) {
                dropped += 1;
                log::warn!(target: "transport", dropped; "signalling is behind: a datagram was dropped");
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Parses one datagram; `false` if signalling's queue is full.
fn take(
    socket: &UdpSocket,
    bytes: &[u8],
    remote: SocketAddr,
    address: SocketAddr,
    inbound: &mpsc::Sender<Inbound>,
) -> bool {
    let local = if address.ip().is_unspecified() {
        SocketAddr::new(super::local::route_to(remote.ip()), address.port())
    } else {
        address
    };
    match parse_datagram(bytes) {
        Ok(message) => {
            let source = Flow { transport: Transport::Udp, remote, local, connection: None };
            let at_us = crate::clock::boot_us();
            inbound.try_send(Inbound::Message { message: Box::new(message), source, at_us }).is_ok()
        }
        Err(error) => {
            log::debug!(target: "transport", error:% ; "a datagram is no SIP message");
            if matches!(error.answer, Answer::Respond { .. })
                && let Some(response) = error.response(MALFORMED_TAG)
            {
                let _ = socket.try_send_to(&response.to_bytes(), remote);
            }
            true
        }
    }
}

/// The To tag of answers to what is no request of any dialog.
const MALFORMED_TAG: &str = "malformed";
