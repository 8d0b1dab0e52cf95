//! WireGuard as devices of systemd-networkd, IPsec as connections of strongSwan (`SWANCTL_DIR=/run/swanctl`).
//!
//! The box's own private keys are no part of it: `hostd` puts them beside, into the files named here. Lists of revoked
//! certificates are not fetched, for the box connects to nothing that is not declared: an authority stands for one
//! tunnel and one name behind it, and a peer is let go of by closing its tunnel.

use super::RenderedFile;
use crate::cidr::{minimal, show};
use crate::pem::certificate_pem;
use data_encoding::BASE64;
use idl::network::{Cidr, NetworkConfig, Tunnel, TunnelKind};
use std::fmt::Write as _;
use std::net::IpAddr;
use vocab::Secret;

/// The box's WireGuard key, in base64, mode 0640, group `systemd-network`.
pub const FILE_WIREGUARD_KEY: &str = "/run/ringfence-network/wireguard.key";
/// The box's certificate for IPsec, in PEM.
pub const FILE_IPSEC_CERTIFICATE: &str = "/run/swanctl/x509/box.pem";
/// Its key, in PEM. Like all below `/run/swanctl` mode 0640, group [`IPSEC_GROUP`].
pub const FILE_IPSEC_KEY: &str = "/run/swanctl/private/box.pem";
/// The group of the IKE daemon's user.
pub const IPSEC_GROUP: &str = "ringfence-ipsec";
/// A file for each IPsec tunnel that is up: the authority of its peer.
pub const FOLDER_IPSEC_PEERS: &str = "/run/swanctl/x509ca/";

const NETWORK_GROUP: &str = "systemd-network";
/// Seconds between signs of life to a peer that we call: keeps the way through its firewall open.
const KEEPALIVE_S: u8 = 25;
/// IKE: AES-256-GCM, SHA-384 and P-384, or curve 25519 where the other has no P-384. Nothing older.
const IKE: &str = "aes256gcm16-prfsha384-ecp384,aes256gcm16-prfsha384-x25519";
/// ESP: the same, with a fresh key agreement at each rekeying.
const ESP: &str = "aes256gcm16-ecp384,aes256gcm16-x25519";

/// The interface of a WireGuard tunnel.
#[must_use]
pub fn wireguard_interface(tunnel: &Tunnel) -> String {
    format!("wg-{}", tunnel.name)
}

/// Whether a tunnel is up on this day: a peer whose term is over is left out (NET-05).
pub(crate) const fn alive(tunnel: &Tunnel, today: u32) -> bool {
    match tunnel.kind {
        TunnelKind::WireGuard { expires_day, .. } => today < expires_day,
        TunnelKind::IpSec { .. } => true,
    }
}

pub(super) fn files(config: &NetworkConfig, today: u32) -> Vec<RenderedFile> {
    let mut files = Vec::new();
    let mut connections = String::new();
    for tunnel in config.tunnels.iter().filter(|tunnel| alive(tunnel, today)) {
        match &tunnel.kind {
            TunnelKind::WireGuard { local, listen, peer_key, preshared, endpoint, expires_day: _ } => {
                let name = wireguard_interface(tunnel);
                let peer = Peer { key: peer_key, preshared: preshared.as_ref(), endpoint: *endpoint };
                files.push(netdev(&name, *listen, &peer, &tunnel.remote));
                files.push(wireguard_network(&name, *local, &tunnel.remote));
            }
            TunnelKind::IpSec { gateway, local, peer_id, ca_pem } => {
                let Some(pem) = certificate_pem(ca_pem) else { continue };
                files.push(for_ipsec(format!("{FOLDER_IPSEC_PEERS}{}.pem", tunnel.name), pem));
                connections.push_str(&connection(tunnel, *gateway, local, peer_id));
            }
        }
    }
    if !connections.is_empty() {
        let text = format!("connections {{\n{connections}}}\n");
        files.push(for_ipsec("/run/swanctl/swanctl.conf".to_owned(), text));
    }
    files
}

fn for_ipsec(path: String, content: String) -> RenderedFile {
    RenderedFile { path, mode: 0o640, group: Some(IPSEC_GROUP), content: Secret::new(content) }
}

struct Peer<'a> {
    key: &'a [u8; 32],
    preshared: Option<&'a Secret<[u8; 32]>>,
    endpoint: Option<(IpAddr, u16)>,
}

fn netdev(name: &str, listen: u16, peer: &Peer<'_>, remote: &[Cidr]) -> RenderedFile {
    let mut text = format!(
        "[NetDev]\nName={name}\nKind=wireguard\n\n\
         [WireGuard]\nPrivateKeyFile={FILE_WIREGUARD_KEY}\nListenPort={listen}\n\n\
         [WireGuardPeer]\nPublicKey={}\nAllowedIPs={}\n",
        BASE64.encode(peer.key),
        list(remote, ",")
    );
    if let Some(key) = peer.preshared {
        let _infallible = writeln!(text, "PresharedKey={}", BASE64.encode(key.expose()));
    }
    if let Some((address, port)) = peer.endpoint {
        let at = std::net::SocketAddr::new(address, port);
        let _infallible = write!(text, "Endpoint={at}\nPersistentKeepalive={KEEPALIVE_S}\n");
    }
    RenderedFile {
        path: format!("/run/systemd/network/10-{name}.netdev"),
        mode: 0o640,
        group: Some(NETWORK_GROUP),
        content: Secret::new(text),
    }
}

fn wireguard_network(name: &str, local: Cidr, remote: &[Cidr]) -> RenderedFile {
    let mut text = format!(
        "[Match]\nName={name}\n\n[Link]\nRequiredForOnline=no\n\n[Network]\nDHCP=no\nLinkLocalAddressing=no\n\
         IPv6AcceptRA=no\nLLMNR=no\nMulticastDNS=no\nAddress={}\n",
        show(local)
    );
    for network in minimal(remote) {
        let _infallible = write!(text, "\n[Route]\nDestination={}\nScope=link\n", show(network));
    }
    RenderedFile::open(format!("/run/systemd/network/20-{name}.network"), text)
}

fn connection(tunnel: &Tunnel, gateway: IpAddr, local: &[Cidr], peer_id: &str) -> String {
    let name = &tunnel.name;
    let (ours, theirs) = (list(local, ","), list(&tunnel.remote, ","));
    format!(
        "  {name} {{\n    version = 2\n    remote_addrs = {gateway}\n    proposals = {IKE}\n    mobike = no\n    \
         send_cert = always\n    unique = replace\n    rekey_time = 4h\n    dpd_delay = 30s\n    \
         keyingtries = 0\n    \
         local {{\n      auth = pubkey\n      certs = box.pem\n    }}\n    \
         remote {{\n      auth = pubkey\n      id = \"{peer_id}\"\n      cacerts = {name}.pem\n    }}\n    \
         children {{\n      {name} {{\n        mode = tunnel\n        local_ts = {ours}\n        \
         remote_ts = {theirs}\n        esp_proposals = {ESP}\n        rekey_time = 1h\n        \
         start_action = trap|start\n        dpd_action = restart\n        close_action = start\n      }}\n    }}\n  }}\n"
    )
}

fn list(networks: &[Cidr], between: &str) -> String {
    let shown: Vec<String> = minimal(networks).into_iter().map(show).collect();
    shown.join(between)
}
