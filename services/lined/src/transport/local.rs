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

    /// Our address for Via and Contact towards a peer.
    pub fn towards(&self, transport: Transport, remote: SocketAddr) -> SocketAddr {
        let bound = self
            .listening
            .iter()
            .find(|(kind, address)| *kind == transport && address.is_ipv4() == remote.is_ipv4())
            .map(|(_, address)| *address);
        let port = bound.map_or(default_port(transport), |address| address.port());
        match bound {
            Some(address) if !address.ip().is_unspecified() => address,
            Some(_) | None => SocketAddr::new(route_to(remote.ip()), port),
        }
    }
}

/// The address the routing table gives for a peer; the unspecified one if there is no route.
#[must_use]
pub fn route_to(remote: IpAddr) -> IpAddr {
    let any: IpAddr = match remote {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
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
