//! Who reaches what, as a list for people: the rules' accepting lines, one for each zone and kind of peer. The rules
//! themselves are rendered elsewhere; tests hold the two together.

use crate::check::sources;
use crate::render::{alive, interface, voice_zone, wireguard_interface};
use idl::network::{Cidr, Layer4, NetworkConfig, TunnelKind, Zone};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Whether it comes in; else the box connects out.
    pub inward: bool,
    /// The interface; empty: any.
    pub interface: String,
    /// Who; empty: anybody.
    pub peers: Vec<Cidr>,
    /// What for.
    pub service: Service,
}

/// What somebody reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Service {
    /// The page over HTTPS.
    Page,
    /// SIP and RTP.
    Voice,
    /// Name servers.
    Names,
    /// Time servers.
    Time,
    /// A declared target.
    Target(String, Layer4, u16),
    /// A WireGuard tunnel's own packets, to the box's port.
    Tunnel(String, u16),
    /// An IPsec tunnel's own packets: IKE and ESP.
    IpSec(String),
}

/// The lines of a configuration that [`effective`](crate::effective) made whole, on this day.
#[must_use]
pub fn reach(config: &NetworkConfig, today: u32) -> Vec<Reach> {
    let mut all = Vec::new();
    let mut add = |inward, interface: &str, peers: Vec<Cidr>, service: Service| {
        all.push(Reach { inward, interface: interface.to_owned(), peers, service });
    };
    for zone in &config.zones {
        let (name, own) = (interface(zone), sources(zone));
        if matches!(zone.zone, Zone::Management | Zone::Business) {
            add(true, &name, own.clone(), Service::Page);
        }
        if zone.zone == voice_zone(config) {
            let phones = if config.phones { own } else { Vec::new() };
            for peers in [phones, config.carriers.clone()].into_iter().filter(|peers| !peers.is_empty()) {
                add(true, &name, peers.clone(), Service::Voice);
                add(false, &name, peers, Service::Voice);
            }
        }
    }
    for tunnel in config.tunnels.iter().filter(|tunnel| alive(tunnel, today)) {
        let name = match &tunnel.kind {
            TunnelKind::WireGuard { listen, endpoint, .. } => {
                let outside = endpoint.map(|(address, _)| host(address)).into_iter().collect();
                add(true, "", outside, Service::Tunnel(tunnel.name.clone(), *listen));
                wireguard_interface(tunnel)
            }
            TunnelKind::IpSec { gateway, .. } => {
                for inward in [true, false] {
                    add(inward, "", vec![host(*gateway)], Service::IpSec(tunnel.name.clone()));
                }
                format!("IPsec {}", tunnel.name)
            }
        };
        let inside = tunnel.remote.clone();
        match tunnel.zone {
            Zone::Management | Zone::Business => add(true, &name, inside, Service::Page),
            Zone::Voice => {
                add(true, &name, inside.clone(), Service::Voice);
                add(false, &name, inside, Service::Voice);
            }
            Zone::Backup => {}
        }
    }
    let names: Vec<Cidr> = config.name_servers.iter().copied().map(host).collect();
    let times: Vec<Cidr> =
        config.time_servers.iter().filter_map(|server| server.parse().ok()).map(host).collect();
    for (peers, service) in [(names, Service::Names), (times, Service::Time)] {
        if !peers.is_empty() {
            add(false, "", peers, service);
        }
    }
    for egress in &config.egress {
        let service = Service::Target(egress.name.clone(), egress.transport, egress.port);
        add(false, "", vec![egress.target], service);
    }
    all
}

fn host(address: std::net::IpAddr) -> Cidr {
    Cidr { address, prefix: if address.is_ipv4() { 32 } else { 128 } }
}
