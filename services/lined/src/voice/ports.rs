//! The media port range: pairs of an even RTP and an odd RTCP port, given out in turn so that a port rests
//! before it is used again, and bound without address reuse so that two calls never share one.
//!
//! Where no address of ours is set, a pair is bound to the address from which its peer is reached: what the offer says
//! is then where speech leaves, on a box with several networks too.

use super::LegSockets;
use idl::network::Listening;
use socket2::{Domain, Protocol, Socket, Type};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
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
    /// There is no way to the peer, so no address of ours that it could send to.
    #[error("no route to the peer")]
    NoRoute,
    /// The peer is reached from an address of a zone in which nobody speaks.
    #[error("the peer is reached from an address that is not of the voice zone")]
    OtherZone,
    /// The system refuses a socket.
    #[error("a media socket could not be made: {0}")]
    Socket(#[source] std::io::Error),
}

/// The range.
#[derive(Debug)]
pub struct Ports {
    address: IpAddr,
    listening: Listening,
    first: u16,
    pairs: u16,
    next: u16,
    held: Arc<AtomicUsize>,
}

/// A pair of ports in use.
#[derive(Debug)]
pub struct PortPair {
    rtp: SocketAddr,
    held: Arc<AtomicUsize>,
}

impl PortPair {
    /// Where RTP is received.
    #[must_use]
    pub fn rtp(&self) -> SocketAddr {
        self.rtp
    }
}

impl Drop for PortPair {
    fn drop(&mut self) {
        self.held.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Ports {
    /// The ports from `first` to `last` at `address`; unspecified: at whichever of ours reaches the peer.
    #[must_use]
    pub fn new(address: IpAddr, (first, last): (u16, u16)) -> Self {
        let first = first.next_multiple_of(2);
        let pairs = last.saturating_sub(first).saturating_add(1) / 2;
        Self {
            address,
            listening: Listening::nowhere_else(),
            first,
            pairs,
            next: 0,
            held: Arc::new(AtomicUsize::new(0)),
        }
    }

    /// Where speech may be received from now on, if no address of ours is set (NET-04); what is bound stays.
    pub fn listen(&mut self, listening: Listening) {
        self.listening = listening;
    }

    /// Pairs not in use.
    #[must_use]
    pub fn free(&self) -> usize {
        usize::from(self.pairs).saturating_sub(self.held.load(Ordering::Relaxed))
    }

    /// Binds the next pair, for a peer that is reached from `ours`.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn bind(&mut self, ours: IpAddr) -> Result<LegSockets, PortError> {
        let address = if self.address.is_unspecified() { ours } else { self.address };
        if address.is_unspecified() {
            return Err(PortError::NoRoute);
        }
        if self.address.is_unspecified() && !self.listening.has(address) {
            return Err(PortError::OtherZone);
        }
        self.bind_at(address)
    }

    /// Binds the next pair where only this machine hears it.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn bind_loopback(&mut self) -> Result<LegSockets, PortError> {
        self.bind_at(Ipv4Addr::LOCALHOST.into())
    }

    fn bind_at(&mut self, address: IpAddr) -> Result<LegSockets, PortError> {
        if self.free() == 0 {
            return Err(PortError::NoneFree);
        }
        for _ in 0..MAX_TRIES.min(usize::from(self.pairs)) {
            let port = self.first + 2 * self.next;
            self.next = (self.next + 1) % self.pairs;
            let at = SocketAddr::new(address, port);
            let next = SocketAddr::new(address, port + 1);
            let pair = socket(at).and_then(|rtp| Ok((rtp, socket(next)?)));
            match pair {
                Ok((rtp, rtcp)) => {
                    self.held.fetch_add(1, Ordering::Relaxed);
                    return Ok(LegSockets {
                        rtp,
                        rtcp,
                        pair: PortPair { rtp: at, held: Arc::clone(&self.held) },
                    });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(PortError::Socket(error)),
            }
        }
        Err(PortError::NoneFree)
    }
}

fn socket(address: SocketAddr) -> std::io::Result<Socket> {
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

const EXPEDITED: u32 = 46 << 2;

/// Asks the kernel to note when each datagram came: jitter is then measured by arrival, not by our tick.
fn timestamps(socket: &Socket) -> std::io::Result<()> {
    nix::sys::socket::setsockopt(socket, nix::sys::socket::sockopt::ReceiveTimestampns, &true)
        .map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use super::{PortError, Ports};
    use idl::network::Listening;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn ports_come_in_even_pairs_within_their_range_and_are_bounded() {
        let mut ports = Ports::new(HERE, (41_001, 41_006));
        let one = ports.bind(HERE).expect("a pair");
        let two = ports.bind(HERE).expect("another");
        assert_eq!([one.pair.rtp().port(), two.pair.rtp().port()], [41_002, 41_004]);
        assert!(ports.bind(HERE).is_err(), "the range is used up");
        drop(one);
        assert_eq!(ports.free(), 1);
        assert_eq!(ports.bind(HERE).expect("free again").pair.rtp().port(), 41_002);
    }

    #[test]
    fn without_an_address_of_its_own_a_pair_is_where_the_peer_is_reached_from() {
        let mut ports = Ports::new(Ipv4Addr::UNSPECIFIED.into(), (41_011, 41_016));
        let six = IpAddr::V6(Ipv6Addr::LOCALHOST);
        let one = ports.bind(HERE).expect("a pair");
        assert_eq!(one.pair.rtp(), SocketAddr::new(HERE, 41_012));
        assert_eq!(ports.bind(six).expect("another").pair.rtp(), SocketAddr::new(six, 41_014));
        let none = Ipv4Addr::UNSPECIFIED.into();
        assert!(matches!(ports.bind(none), Err(PortError::NoRoute)), "no offer says 0.0.0.0");
        let mut fixed = Ports::new(HERE, (41_021, 41_024));
        assert_eq!(fixed.bind(none).expect("a pair").pair.rtp(), SocketAddr::new(HERE, 41_022));
    }

    #[test]
    fn net_04_speech_is_received_in_the_voice_zone_and_nowhere_else() {
        let other = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
        let zone: IpAddr = "192.0.2.7".parse().expect("an address of documentation");
        let mut ports = Ports::new(Ipv4Addr::UNSPECIFIED.into(), (41_031, 41_036));
        assert!(matches!(ports.bind(zone), Err(PortError::OtherZone)), "nothing was told yet");
        ports.listen(Listening::Only(vec![other]));
        assert!(matches!(ports.bind(zone), Err(PortError::OtherZone)));
        assert_eq!(ports.bind(other).expect("a pair").pair.rtp().ip(), other);
        ports.listen(Listening::Every);
        assert!(matches!(ports.bind(zone), Err(PortError::Socket(_))), "allowed, and not an address of ours");
    }
}
