//! Where the services of the box listen: on the addresses of the zones that reach them, as [`reach`](crate::reach) lists
//! them, and nowhere else (NET-04). The loopback is no matter of zones: [`Listening`] always has it.
//!
//! It knows no socket. An address that is set counts whether it is there yet or not; of a zone by DHCP those count that the
//! interface has, without what other zones set on the same one.

use crate::render::{alive, interface, voice_zone};
use idl::network::{Listening, NetworkConfig, TunnelKind, Zone, ZoneConfig};
use std::net::IpAddr;

/// An address that an interface of the box has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The interface.
    pub interface: String,
    /// The address.
    pub address: IpAddr,
}

impl Seen {
    /// From `interface address/prefix`, as `hostd` tells it.
    #[must_use]
    pub fn parse(told: &str) -> Option<Self> {
        let (interface, address) = told.split_once(' ')?;
        let (address, _prefix) = address.split_once('/')?;
        Some(Self { interface: interface.to_owned(), address: address.parse().ok()? })
    }
}

/// Where each service listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The page.
    pub page: Listening,
    /// SIP and RTP.
    pub voice: Listening,
}

/// The places of a network, on this day. `None`: a zone gets its address by DHCP, and what interfaces have is not known.
#[must_use]
pub fn listening(config: &NetworkConfig, seen: Option<&[Seen]>, today: u32) -> Option<Places> {
    if config.zones.is_empty() {
        return Some(Places { page: Listening::Every, voice: Listening::Every });
    }
    let (mut page, mut voice) = (Vec::new(), Vec::new());
    for zone in &config.zones {
        let (sees, speaks) = (sees_page(zone.zone), zone.zone == voice_zone(config));
        if !sees && !speaks {
            continue;
        }
        let own = addresses(config, zone, seen)?;
        if sees {
            page.extend(&own);
        }
        if speaks {
            voice.extend(own);
        }
    }
    for tunnel in config.tunnels.iter().filter(|tunnel| alive(tunnel, today)) {
        let TunnelKind::WireGuard { local, .. } = &tunnel.kind else { continue };
        match tunnel.zone {
            Zone::Voice => voice.push(local.address),
            zone if sees_page(zone) => page.push(local.address),
            Zone::Management | Zone::Business | Zone::Backup => {}
        }
    }
    Some(Places { page: Listening::Only(sorted(page)), voice: Listening::Only(sorted(voice)) })
}

const fn sees_page(zone: Zone) -> bool {
    matches!(zone, Zone::Management | Zone::Business)
}

/// The addresses of a zone.
fn addresses(config: &NetworkConfig, zone: &ZoneConfig, seen: Option<&[Seen]>) -> Option<Vec<IpAddr>> {
    if !zone.addresses.is_empty() {
        return Some(zone.addresses.iter().map(|own| own.address).collect());
    }
    let name = interface(zone);
    let set = |address: &IpAddr| {
        config.zones.iter().flat_map(|zone| &zone.addresses).any(|own| own.address == *address)
    };
    let here = seen?.iter().filter(|seen| seen.interface == name).map(|seen| seen.address);
    Some(here.filter(|address| !set(address) && !of_link(*address)).collect())
}

/// IPv6's own of a link: nobody is served there.
fn of_link(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(six) if six.is_unicast_link_local())
}

fn sorted(mut addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}
