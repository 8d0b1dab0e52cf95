//! How a site sets the box's network: zones, addresses, time and name servers, who may reach what, tunnels to other
//! sites (NET-01, NET-04, NET-05, NET-07, NET-08). What is not named here is neither reachable nor reached.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use vocab::Secret;

/// The whole of it; applied at once or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NetworkConfig {
    /// The host's name; letters, digits, hyphens.
    pub host: String,
    /// Ports with the zones on them. A box that was never set has one management zone by DHCP on its first port.
    pub zones: Vec<ZoneConfig>,
    /// Name servers.
    pub name_servers: Vec<IpAddr>,
    /// Time servers.
    pub time_servers: Vec<String>,
    /// Where the box itself may connect to, beside its trunks (NET-08).
    pub egress: Vec<Egress>,
    /// Tunnels to other sites and remote staff.
    pub tunnels: Vec<Tunnel>,
    /// Networks of carriers: where SIP is sent to and speech comes from, which need not be one address. `vaultd` adds
    /// the trunks that are set as addresses; of a trunk by name the site says the networks here.
    pub carriers: Vec<Cidr>,
    /// Whether agents have SIP phones; `vaultd` says. Without them SIP and RTP come from carriers alone.
    pub phones: bool,
}

/// What a network is used for (NET-04). Nothing is forwarded between zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Zone {
    /// SIP and RTP: trunks and agents' phones.
    Voice,
    /// Agents' browsers and the customer's systems.
    Business,
    /// Administrators' browsers.
    Management,
    /// Backup targets.
    Backup,
}

/// A zone on a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneConfig {
    /// What for.
    pub zone: Zone,
    /// The port, as the board names it (`eth0`).
    pub port: String,
    /// The VLAN on it (1–4094); `None`: untagged.
    pub vlan: Option<u16>,
    /// Addresses; empty: by DHCP.
    pub addresses: Vec<Cidr>,
    /// The gateway, if this zone has one.
    pub gateway: Option<IpAddr>,
    /// Who may connect to the box in this zone; empty: its own networks.
    pub allowed: Vec<Cidr>,
}

/// An address with the length of its network's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cidr {
    /// The address.
    pub address: IpAddr,
    /// Bits of the prefix.
    pub prefix: u8,
}

/// A place the box may connect to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Egress {
    /// What for, in a person's words.
    pub name: String,
    /// Where.
    pub target: Cidr,
    /// TCP or UDP.
    pub transport: Layer4,
    /// The port there.
    pub port: u16,
    /// Whether the customer has declared that it lies in mainland China and is their own (NET-08).
    pub domestic: bool,
}

/// A transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Layer4 {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// A tunnel (NET-05).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tunnel {
    /// Its name; letters, digits, hyphens, at most 12.
    pub name: String,
    /// Networks behind it.
    pub remote: Vec<Cidr>,
    /// Which zone those who come through it are treated as.
    pub zone: Zone,
    /// How it is made.
    pub kind: TunnelKind,
}

/// How a tunnel is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TunnelKind {
    /// WireGuard: one peer.
    WireGuard {
        /// The box's own address inside.
        local: Cidr,
        /// UDP port the box listens on.
        listen: u16,
        /// The peer's public key.
        peer_key: [u8; 32],
        /// A further key both sides know.
        preshared: Option<Secret<[u8; 32]>>,
        /// Where the peer is; `None`: it calls.
        endpoint: Option<(IpAddr, u16)>,
        /// The day it ends, as days since 1970-01-01; at most 90 days from when it was set.
        expires_day: u32,
    },
    /// IPsec, IKEv2 with certificates.
    IpSec {
        /// The other gateway.
        gateway: IpAddr,
        /// Networks of this site that the other may reach.
        local: Vec<Cidr>,
        /// Who the other is, as its certificate names it.
        peer_id: String,
        /// The authority of the other's certificate, PEM.
        ca_pem: String,
    },
}

/// Where a service listens whose command line leaves the address open (NET-04).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Listening {
    /// On every address: the network was never set.
    Every,
    /// On the loopback and on these alone.
    Only(Vec<IpAddr>),
}

impl Listening {
    /// The loopback alone.
    #[must_use]
    pub const fn nowhere_else() -> Self {
        Self::Only(Vec::new())
    }

    /// The sockets for an address of the command line: itself, unless it leaves the address open. `[::]` means both
    /// families, as the kernel takes it.
    #[must_use]
    pub fn sockets(&self, asked: SocketAddr) -> Vec<SocketAddr> {
        let Self::Only(addresses) = self else { return vec![asked] };
        if !asked.ip().is_unspecified() {
            return vec![asked];
        }
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let heard = |address: &IpAddr| address.is_ipv4() || asked.is_ipv6();
        let mut sockets: Vec<SocketAddr> = Vec::new();
        for address in loopback.iter().chain(addresses).filter(|address| heard(address)) {
            let at = SocketAddr::new(*address, asked.port());
            if !sockets.contains(&at) {
                sockets.push(at);
            }
        }
        sockets
    }

    /// Whether something of ours may be at this address.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        match self {
            Self::Every => true,
            Self::Only(addresses) => address.is_loopback() || addresses.contains(&address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Listening;
    use std::net::{IpAddr, SocketAddr};

    fn at(text: &str) -> SocketAddr {
        text.parse().expect(text)
    }

    fn only(addresses: &[&str]) -> Listening {
        Listening::Only(addresses.iter().map(|text| text.parse().expect(text)).collect())
    }

    #[test]
    fn net_04_an_open_address_becomes_the_loopback_and_the_zone_s_own() {
        let listening = only(&["10.0.1.2", "fd00:1::2", "10.0.1.2"]);
        let both = ["127.0.0.1:443", "[::1]:443", "10.0.1.2:443", "[fd00:1::2]:443"].map(at);
        assert_eq!(listening.sockets(at("[::]:443")), both);
        assert_eq!(listening.sockets(at("0.0.0.0:5060")), ["127.0.0.1:5060", "10.0.1.2:5060"].map(at));
        assert_eq!(Listening::nowhere_else().sockets(at("0.0.0.0:5060")), [at("127.0.0.1:5060")]);
    }

    #[test]
    fn net_04_an_address_that_was_named_and_a_box_never_set_stay_as_they_are() {
        assert_eq!(only(&["10.0.1.2"]).sockets(at("10.9.9.9:443")), [at("10.9.9.9:443")]);
        assert_eq!(Listening::Every.sockets(at("[::]:443")), [at("[::]:443")]);
    }

    #[test]
    fn net_04_speech_is_received_only_where_the_lines_listen() {
        let address = |text: &str| -> IpAddr { text.parse().expect(text) };
        let listening = only(&["10.0.2.2"]);
        assert!(listening.has(address("10.0.2.2")) && listening.has(address("127.0.0.1")));
        assert!(!listening.has(address("10.0.1.2")) && !listening.has(address("0.0.0.0")));
        assert!(Listening::Every.has(address("10.0.1.2")));
    }
}
