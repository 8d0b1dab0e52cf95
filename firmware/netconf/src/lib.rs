//! The site's network as files of the system: what a [`NetworkConfig`](idl::network::NetworkConfig) may say
//! ([`check`]), and what systemd-networkd, nftables, WireGuard and strongSwan are given for it ([`render`]).
//!
//! A pure core: it writes no file, asks no name server, knows no clock. Everything that a person types is held to a
//! small alphabet by [`check`], and reaches a file only as an address, a number or such a word; [`render`] refuses what
//! [`check`] does. What is not named in the configuration is neither reachable nor reached (NET-01, NET-07, NET-08).
//!
//! | zone | comes in | goes out |
//! |---|---|---|
//! | voice | SIP and RTP, from carriers and, if there are any, phones | SIP and RTP, to them |
//! | business | the page over HTTPS | nothing of its own |
//! | management | the page over HTTPS | nothing of its own |
//! | backup | nothing | nothing of its own |
//! | every zone | – | name servers, time servers, declared egress |
//!
//! A site without a voice zone has its trunks and phones on the management zone, with the same rules.
//! Nothing is forwarded between zones (NET-04). Zones may share a port, as VLANs or, told apart by who is allowed in
//! each, without them.

mod check;
mod cidr;
mod fault;
mod listening;
mod pem;
mod reach;
mod render;
mod surroundings;
mod trial;
mod words;

pub use check::{check, check_terms};
pub use cidr::{contains, is_network, is_peer, mask, minimal, overlap, parse_cidr};
pub use fault::{ConfigFault, What};
pub use listening::{Places, Seen, listening};
pub use pem::{MAX_PEM_BYTES, certificate_pem, fuzz_typed};
pub use reach::{Reach, Service, reach};
pub use render::{
    BLOCK_S, FILE_IPSEC_CERTIFICATE, FILE_IPSEC_KEY, FILE_WIREGUARD_KEY, FIREWALL_TABLE, FOLDER_IPSEC_PEERS,
    IPSEC_GROUP, Rendered, RenderedFile, effective, interface, render, wireguard_interface,
};
pub use surroundings::{Ports, Surroundings};
pub use trial::{CONFIRM_S, Settling, Step, needs_confirmation};
pub use words::{MAX_HOST, MAX_NAME, MAX_PEER_ID};

/// Zones on ports.
pub const MAX_ZONES: usize = 8;
/// Addresses of a zone.
pub const MAX_ADDRESSES: usize = 4;
/// Networks in one list: of those allowed, of carriers, behind a tunnel.
pub const MAX_NETWORKS: usize = 64;
/// Name servers.
pub const MAX_NAME_SERVERS: usize = 3;
/// Time servers.
pub const MAX_TIME_SERVERS: usize = 4;
/// Places the box may connect to.
pub const MAX_EGRESS: usize = 64;
/// Tunnels, one for each person or site.
pub const MAX_TUNNELS: usize = 64;
/// Of them by IPsec: each brings a certificate.
pub const MAX_IPSEC: usize = 4;
/// Days a WireGuard peer lives at most (NET-05).
pub const MAX_PEER_DAYS: u32 = 90;
/// Shortest prefix in a list of those allowed, IPv4: nobody means half of all addresses.
pub const MIN_PREFIX_4: u8 = 8;
/// The same, IPv6. Private and link-local blocks are longer and shorter than what a site owns: `fc00::/7` is taken.
pub const MIN_PREFIX_6: u8 = 7;
/// Shortest prefix of a place the box may connect to, IPv4.
pub const MIN_TARGET_4: u8 = 16;
/// The same, IPv6.
pub const MIN_TARGET_6: u8 = 48;
