//! Whether a configuration can be: every fault with its field, all of them at once.
//!
//! It does not look at what lies behind an address, and asks nobody.

mod tunnels;

use crate::cidr::{contains, fits, is_host, is_network, is_own, mask, overlap};
use crate::fault::{ConfigFault, Faults, What};
use crate::surroundings::Ports;
use crate::{
    MAX_ADDRESSES, MAX_EGRESS, MAX_NAME_SERVERS, MAX_NETWORKS, MAX_PEER_DAYS, MAX_TIME_SERVERS, MAX_ZONES,
    MIN_PREFIX_4, MIN_PREFIX_6, MIN_TARGET_4, MIN_TARGET_6, words,
};
use idl::network::{Cidr, NetworkConfig, TunnelKind, Zone, ZoneConfig};
use std::net::IpAddr;

const VLANS: std::ops::RangeInclusive<u16> = 1..=4094;

/// Whether it can be, on a box with these ports.
///
/// # Errors
/// All that is wrong, in the order of the fields.
pub fn check(config: &NetworkConfig, ports: &Ports) -> Result<(), Vec<ConfigFault>> {
    let mut faults = Faults::default();
    faults.unless(config.host.is_empty() || words::host(&config.host), "host", What::Word);
    zones(&config.zones, ports, &mut faults);
    servers(config, &mut faults);
    faults.unless(config.carriers.len() <= MAX_NETWORKS, "carriers", What::TooMany);
    for (at, carrier) in config.carriers.iter().enumerate().take(MAX_NETWORKS) {
        network(*carrier, MIN_PREFIX_4, MIN_PREFIX_6, &format!("carriers.{at}"), &mut faults);
    }
    egress(config, &mut faults);
    tunnels::tunnels(config, &mut faults);
    faults.into_result()
}

/// Whether the terms of all WireGuard peers end after today and within 90 days (NET-05): asked when they are set.
///
/// # Errors
/// The tunnels whose term does not.
pub fn check_terms(config: &NetworkConfig, today: u32) -> Result<(), Vec<ConfigFault>> {
    let mut faults = Faults::default();
    for (at, tunnel) in config.tunnels.iter().enumerate() {
        if let TunnelKind::WireGuard { expires_day, .. } = tunnel.kind {
            let within = expires_day > today && expires_day <= today.saturating_add(MAX_PEER_DAYS);
            faults.unless(within, format!("tunnels.{at}.expires"), What::Term);
        }
    }
    faults.into_result()
}

fn zones(zones: &[ZoneConfig], ports: &Ports, faults: &mut Faults) {
    faults.unless(zones.len() <= MAX_ZONES, "zones", What::TooMany);
    let managed = zones.is_empty() || zones.iter().any(|zone| zone.zone == Zone::Management);
    faults.unless(managed, "zones", What::NoManagement);
    for (at, zone) in zones.iter().enumerate().take(MAX_ZONES) {
        one_zone(zone, ports, &format!("zones.{at}"), faults);
        for earlier in &zones[..at] {
            two_zones(zone, earlier, &format!("zones.{at}"), faults);
        }
    }
}

fn one_zone(zone: &ZoneConfig, ports: &Ports, field: &str, faults: &mut Faults) {
    if !words::port(&zone.port) {
        faults.add(format!("{field}.port"), What::Word);
    } else if !ports.has(&zone.port) {
        faults.add(format!("{field}.port"), What::NoSuchPort);
    }
    faults.unless(zone.vlan.is_none_or(|vlan| VLANS.contains(&vlan)), format!("{field}.vlan"), What::Vlan);
    faults.unless(zone.addresses.len() <= MAX_ADDRESSES, format!("{field}.addresses"), What::TooMany);
    for address in zone.addresses.iter().take(MAX_ADDRESSES) {
        faults.unless(is_own(*address), format!("{field}.addresses"), What::Address);
    }
    faults.unless(zone.allowed.len() <= MAX_NETWORKS, format!("{field}.allowed"), What::TooMany);
    for allowed in zone.allowed.iter().take(MAX_NETWORKS) {
        network(*allowed, MIN_PREFIX_4, MIN_PREFIX_6, &format!("{field}.allowed"), faults);
    }
    let by_dhcp = zone.addresses.is_empty();
    if by_dhcp {
        let told = !zone.allowed.is_empty() || zone.zone == Zone::Backup;
        faults.unless(told, format!("{field}.allowed"), What::Dhcp);
        faults.unless(zone.gateway.is_none(), format!("{field}.gateway"), What::Dhcp);
    } else if let Some(gateway) = zone.gateway {
        let near = zone.addresses.iter().any(|own| contains(*own, gateway) && own.address != gateway);
        faults.unless(near && is_host(gateway), format!("{field}.gateway"), What::Gateway);
    }
}

fn two_zones(zone: &ZoneConfig, earlier: &ZoneConfig, field: &str, faults: &mut Faults) {
    let together = zone.port == earlier.port && zone.vlan == earlier.vlan;
    if together && zone.zone == earlier.zone {
        faults.add(format!("{field}.port"), What::Twice);
    } else if together {
        let apart = disjoint(&sources(zone), &sources(earlier));
        faults.unless(apart, format!("{field}.allowed"), What::Overlap);
    } else {
        let apart = disjoint(&zone.addresses, &earlier.addresses);
        faults.unless(apart, format!("{field}.addresses"), What::Overlap);
    }
    let twice =
        zone.addresses.iter().any(|own| earlier.addresses.iter().any(|other| own.address == other.address));
    faults.unless(!twice, format!("{field}.addresses"), What::Twice);
}

/// Who may connect in a zone: those it allows, or its own networks.
pub(crate) fn sources(zone: &ZoneConfig) -> Vec<Cidr> {
    if zone.allowed.is_empty() {
        zone.addresses.iter().copied().map(mask).collect()
    } else {
        zone.allowed.clone()
    }
}

fn disjoint(a: &[Cidr], b: &[Cidr]) -> bool {
    !a.iter().any(|one| b.iter().any(|other| overlap(*one, *other)))
}

fn network(cidr: Cidr, least_4: u8, least_6: u8, field: &str, faults: &mut Faults) {
    let least = if cidr.address.is_ipv4() { least_4 } else { least_6 };
    if !is_network(cidr) {
        faults.add(field, What::Prefix);
    } else if cidr.prefix < least {
        faults.add(field, What::Everybody);
    } else {
        faults.unless(is_host(cidr.address), field, What::Address);
    }
}

fn servers(config: &NetworkConfig, faults: &mut Faults) {
    faults.unless(config.name_servers.len() <= MAX_NAME_SERVERS, "name_servers", What::TooMany);
    for (at, server) in config.name_servers.iter().enumerate().take(MAX_NAME_SERVERS) {
        faults.unless(is_host(*server), format!("name_servers.{at}"), What::Address);
    }
    faults.unless(config.time_servers.len() <= MAX_TIME_SERVERS, "time_servers", What::TooMany);
    for (at, server) in config.time_servers.iter().enumerate().take(MAX_TIME_SERVERS) {
        match server.parse::<IpAddr>() {
            Ok(address) => faults.unless(is_host(address), format!("time_servers.{at}"), What::Address),
            Err(_) => faults.add(format!("time_servers.{at}"), What::NotAddress),
        }
    }
}

fn egress(config: &NetworkConfig, faults: &mut Faults) {
    faults.unless(config.egress.len() <= MAX_EGRESS, "egress", What::TooMany);
    for (at, egress) in config.egress.iter().enumerate().take(MAX_EGRESS) {
        let field = format!("egress.{at}");
        faults.unless(words::purpose(&egress.name), format!("{field}.name"), What::Word);
        network(egress.target, MIN_TARGET_4, MIN_TARGET_6, &format!("{field}.target"), faults);
        faults.unless(egress.port != 0, format!("{field}.port"), What::Port);
        faults.unless(egress.domestic, format!("{field}.domestic"), What::Foreign);
    }
}

/// Whether a list of networks is one, each of them bounded.
fn networks(list: &[Cidr], field: &str, faults: &mut Faults) {
    faults.unless(list.len() <= MAX_NETWORKS, field, What::TooMany);
    faults.unless(!list.is_empty(), field, What::Address);
    for one in list.iter().take(MAX_NETWORKS) {
        if fits(*one) {
            network(*one, MIN_PREFIX_4, MIN_PREFIX_6, field, faults);
        } else {
            faults.add(field, What::Prefix);
        }
    }
}

#[cfg(test)]
mod tests;
