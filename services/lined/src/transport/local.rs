//! Our own address as a peer shall see it: what was bound, or what the routing table says where any address
//! was bound. The table is asked each time: a lease that comes late or changes is seen by the next message. It knows
//! nothing of NAT beyond the box.

use sip_ua::Transport;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Listening addresses.
#[derive(Debug, Default)]
pub struct LocalAddresses {
    listening: Vec<(Transport, SocketAddr)>,
}

impl LocalAddresses {
    /// Notes a listening address.
    pub fn listens(&mut self, transport: Transport, address: SocketAddr) {
        self.listening.push((transport, address));
    }

    /// The first address listened on for a transport.
    pub fn listening(&self, transport: Transport) -> Option<SocketAddr> {
        self.listening.iter().find(|(kind, _)| *kind == transport).map(|(_, address)| *address)
    }

    /// Whether this address is listened on.
    pub fn has(&self, transport: Transport, address: SocketAddr) -> bool {
        self.listening.contains(&(transport, address))
    }

    /// Forgets all others.
    pub fn keep(&mut self, places: &[(Transport, SocketAddr)]) {
        self.listening.retain(|place| places.contains(place));
    }

    /// Our address for Via and Contact towards a peer: of several the one the peer is reached from. Unspecified while
    /// there is none.
    pub fn towards(&self, transport: Transport, remote: SocketAddr) -> SocketAddr {
        let alike =
            |place: &&(Transport, SocketAddr)| place.0 == transport && place.1.is_ipv4() == remote.is_ipv4();
        let bound: Vec<SocketAddr> = self.listening.iter().filter(alike).map(|place| place.1).collect();
        let route = route_to(remote.ip());
        let Some(first) = bound.first() else { return SocketAddr::new(route, default_port(transport)) };
        if let Some(any) = bound.iter().find(|address| address.ip().is_unspecified()) {
            return SocketAddr::new(route, any.port());
        }
        let loopback = remote.ip().is_loopback();
        let best = bound
            .iter()
            .find(|address| address.ip() == route)
            .or_else(|| bound.iter().find(|address| address.ip().is_loopback() == loopback));
        best.copied().unwrap_or_else(|| SocketAddr::new(any_of(remote.ip()), first.port()))
    }
}

/// The unspecified address of the same family.
const fn any_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

/// The address the routing table gives for a peer; the unspecified one if there is no route.
#[must_use]
pub fn route_to(remote: IpAddr) -> IpAddr {
    let any = any_of(remote);
    // Connecting a datagram socket asks the routing table and sends nothing.
    let probe = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((remote, DISCARD_PORT))?;
        socket.local_addr()
    });
    probe.map_or(any, |address| address.ip())
}

const DISCARD_PORT: u16 = 9;

const fn default_port(transport: Transport) -> u16 {
    match transport {
        Transport::Udp | Transport::Tcp => 5_060,
        Transport::Tls => 5_061,
    }
}
