//! Where a message came from or goes to.
//!
//! Deliberately not here: sockets and name resolution. The owner of the sockets names a
//! connection by a number; this crate only compares it.

use std::fmt;
use std::net::SocketAddr;

/// The transport protocol of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Datagrams: this crate retransmits.
    Udp,
    /// A stream.
    Tcp,
    /// A stream under TLS.
    Tls,
}

impl Transport {
    /// Whether the transport retransmits by itself (RFC 3261 17).
    pub fn is_reliable(self) -> bool {
        match self {
            Self::Udp => false,
            Self::Tcp | Self::Tls => true,
        }
    }

    /// The token of the Via header (RFC 3261 20.42).
    pub fn via_token(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }
}

/// One path to one peer: transport, both addresses and, for streams, the connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// The transport protocol.
    pub transport: Transport,
    /// The peer's address as seen here (behind NAT: the NAT's).
    pub remote: SocketAddr,
    /// Our address as the peer shall see it; it goes into Via and Contact.
    pub local: SocketAddr,
    /// The stream connection, named by the owner of the sockets. `None` asks for any.
    pub connection: Option<u64>,
}

impl fmt::Debug for Flow {
    /// Addresses stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flow({:?}, {:?})", self.transport, self.connection)
    }
}
