//! The media port range: pairs of an even RTP and an odd RTCP port, given out in turn so that a port rests
//! before it is used again, and bound without address reuse so that two calls never share one.

use super::LegSockets;
use socket2::{Domain, Protocol, Socket, Type};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use thiserror::Error;

/// Attempts to find a pair nobody else holds: another program may hold a long run of them, and a call that
/// cannot be placed is dearer than a thousand refused binds.
const MAX_TRIES: usize = 2_048;

/// Why no ports could be had.
#[derive(Debug, Error)]
pub enum PortError {
    /// The range is used up, or others hold its ports.
    #[error("no media port is free")]
    NoneFree,
    /// The system refuses a socket.
    #[error("a media socket could not be made: {0}")]
    Socket(#[source] std::io::Error),
}

/// The range.
#[derive(Debug)]
pub struct Ports {
    address: IpAddr,
    first: u16,
    pairs: u16,
    next: u16,
    held: Arc<AtomicUsize>,
}

/// A pair of ports in use.
#[derive(Debug)]
pub struct PortPair {
    rtp: u16,
    held: Arc<AtomicUsize>,
}

impl PortPair {
    /// The RTP port.
    #[must_use]
    pub fn rtp(&self) -> u16 {
        self.rtp
    }
}

impl Drop for PortPair {
    fn drop(&mut self) {
        self.held.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Ports {
    /// The ports from `first` to `last` at `address`.
    #[must_use]
    pub fn new(address: IpAddr, (first, last): (u16, u16)) -> Self {
        let first = first.next_multiple_of(2);
        let pairs = last.saturating_sub(first).saturating_add(1) / 2;
        Self { address, first, pairs, next: 0, held: Arc::new(AtomicUsize::new(0)) }
    }

    /// Pairs not in use.
    #[must_use]
    pub fn free(&self) -> usize {
        usize::from(self.pairs).saturating_sub(self.held.load(Ordering::Relaxed))
    }

    /// Binds the next pair.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn bind(&mut self) -> Result<LegSockets, PortError> {
        if self.free() == 0 {
            return Err(PortError::NoneFree);
        }
        for _ in 0..MAX_TRIES.min(usize::from(self.pairs)) {
            let port = self.first + 2 * self.next;
            self.next = (self.next + 1) % self.pairs;
            let pair = self.socket(port).and_then(|rtp| Ok((rtp, self.socket(port + 1)?)));
            match pair {
                Ok((rtp, rtcp)) => {
                    self.held.fetch_add(1, Ordering::Relaxed);
                    return Ok(LegSockets {
                        rtp,
                        rtcp,
                        pair: PortPair { rtp: port, held: Arc::clone(&self.held) },
                    });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(PortError::Socket(error)),
            }
        }
        Err(PortError::NoneFree)
    }

    /// Our media address with a port.
    #[must_use]
    pub fn address(&self, sockets: &LegSockets) -> SocketAddr {
        SocketAddr::new(self.address, sockets.pair.rtp)
    }

    fn socket(&self, port: u16) -> std::io::Result<Socket> {
        let address = SocketAddr::new(self.address, port);
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        timestamps(&socket)?;
        // Expedited forwarding (RFC 3246): routers let speech pass first.
        if address.is_ipv4() {
            let _ = socket.set_tos_v4(EXPEDITED);
        }
        socket.bind(&address.into())?;
        Ok(socket)
    }
}

const EXPEDITED: u32 = 46 << 2;

/// Asks the kernel to note when each datagram came: jitter is then measured by arrival, not by our tick.
fn timestamps(socket: &Socket) -> std::io::Result<()> {
    nix::sys::socket::setsockopt(socket, nix::sys::socket::sockopt::ReceiveTimestampns, &true)
        .map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use super::Ports;
    use std::net::{IpAddr, Ipv4Addr};

    #[test]
    fn ports_come_in_even_pairs_within_their_range_and_are_bounded() {
        let mut ports = Ports::new(IpAddr::V4(Ipv4Addr::LOCALHOST), (41_001, 41_006));
        let one = ports.bind().expect("a pair");
        let two = ports.bind().expect("another");
        assert_eq!([one.pair.rtp(), two.pair.rtp()], [41_002, 41_004]);
        assert!(ports.bind().is_err(), "the range is used up");
        drop(one);
        assert_eq!(ports.free(), 1);
        assert_eq!(ports.bind().expect("free again").pair.rtp(), 41_002);
    }
}
