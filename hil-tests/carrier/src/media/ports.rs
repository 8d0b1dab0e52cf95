//! RTP sockets: even ports of a range, bound when first needed and used again oldest first, so
//! that late packets of one call rarely meet the next.
//!
//! It never closes a socket before the end.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};

/// One bound socket and its address.
pub(crate) struct RtpSocket {
    pub(crate) socket: UdpSocket,
    pub(crate) address: SocketAddr,
}

/// The pool, shared by the signalling and the media thread.
#[derive(Clone)]
pub(crate) struct Ports {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    ip: IpAddr,
    next: u16,
    last: u16,
    free: VecDeque<RtpSocket>,
}

impl Ports {
    /// A pool over a range of ports.
    pub(crate) fn new(ip: IpAddr, (first, last): (u16, u16)) -> Self {
        let next = first.saturating_add(first % 2);
        Self { inner: Arc::new(Mutex::new(Inner { ip, next, last, free: VecDeque::new() })) }
    }

    /// A socket; `None` when the range is used up.
    pub(crate) fn take(&self) -> Option<RtpSocket> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.free.len() < FREE_KEPT {
            while inner.next <= inner.last {
                let address = SocketAddr::new(inner.ip, inner.next);
                inner.next = inner.next.checked_add(2)?;
                // Another process may hold the port; the next one will do.
                if let Ok(socket) = UdpSocket::bind(address)
                    && socket.set_nonblocking(true).is_ok()
                {
                    return Some(RtpSocket { socket, address });
                }
            }
        }
        let taken = inner.free.pop_front()?;
        let mut late = [0u8; 64];
        for _ in 0..LATE_LIMIT {
            if taken.socket.recv_from(&mut late).is_err() {
                break;
            }
        }
        Some(taken)
    }

    /// Gives a socket back.
    pub(crate) fn give_back(&self, socket: RtpSocket) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).free.push_back(socket);
    }
}

/// The socket of the foreign source: another loopback address where there is one.
pub(crate) fn foreign_socket(ip: IpAddr) -> std::io::Result<UdpSocket> {
    let other = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    let chosen = if ip == IpAddr::V4(Ipv4Addr::LOCALHOST) { other } else { ip };
    let socket = UdpSocket::bind((chosen, 0)).or_else(|_| UdpSocket::bind((ip, 0)))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

// Below this many free sockets a new one is bound, so that a port rests before it is used again.
const FREE_KEPT: usize = 64;
const LATE_LIMIT: usize = 256;
