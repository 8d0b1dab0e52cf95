//! systemd-networkd, systemd-resolved and systemd-timesyncd: ports, VLANs, addresses, routes, name and time servers.
//!
//! Router advertisements are not believed, nothing is announced (no LLMNR, no multicast DNS, no LLDP), and of a DHCP
//! server the address and the way out are taken, not names, time or a host name.

use super::{RenderedFile, addresses, interface, interfaces};
use crate::cidr::show;
use crate::surroundings::Ports;
use idl::network::{NetworkConfig, ZoneConfig};
use std::fmt::Write as _;
use std::net::IpAddr;

const FOLDER: &str = "/run/systemd/network";
/// The first routing table that is ours: one for each zone with a gateway, so that an answer leaves where the
/// question came in.
const FIRST_TABLE: usize = 100;
/// The gateway of the zone named first is the way out.
const FIRST_METRIC: usize = 100;

pub(super) fn files(config: &NetworkConfig, ports: &Ports) -> Vec<RenderedFile> {
    let mut files = Vec::new();
    let mut names = interfaces(config);
    let bases: Vec<String> = config.zones.iter().map(|zone| zone.port.clone()).collect();
    for base in bases {
        if !names.contains(&base) {
            names.push(base);
        }
    }
    for name in &names {
        files.push(RenderedFile::open(format!("{FOLDER}/20-{name}.network"), network(config, name)));
    }
    for zone in &config.zones {
        if let Some(vlan) = zone.vlan {
            let name = interface(zone);
            let text = format!("[NetDev]\nName={name}\nKind=vlan\n\n[VLAN]\nId={vlan}\n");
            let path = format!("{FOLDER}/10-{name}.netdev");
            if !files.iter().any(|file| file.path == path) {
                files.push(RenderedFile::open(path, text));
            }
        }
    }
    for unused in ports.names().iter().filter(|port| !names.contains(port)) {
        // A port nobody uses stays down (NET-01).
        let text =
            format!("[Match]\nName={unused}\n\n[Link]\nActivationPolicy=always-down\nRequiredForOnline=no\n");
        files.push(RenderedFile::open(format!("{FOLDER}/20-{unused}.network"), text));
    }
    files
        .push(RenderedFile::open("/run/systemd/resolved.conf.d/ringfence.conf".to_owned(), resolved(config)));
    files.push(RenderedFile::open(
        "/run/systemd/timesyncd.conf.d/ringfence.conf".to_owned(),
        timesyncd(config),
    ));
    files
}

fn network(config: &NetworkConfig, name: &str) -> String {
    let zones: Vec<&ZoneConfig> = config.zones.iter().filter(|zone| interface(zone) == name).collect();
    let by_dhcp = zones.iter().any(|zone| zone.addresses.is_empty());
    let six = addresses(config, name).any(|own| own.address.is_ipv6());
    let mut text = format!("[Match]\nName={name}\n\n");
    let needed = if zones.is_empty() { "carrier" } else { "routable" };
    let _infallible = write!(text, "[Link]\nRequiredForOnline={needed}\n\n[Network]\n");
    text.push_str(if by_dhcp { "DHCP=ipv4\n" } else { "DHCP=no\n" });
    text.push_str(if six { "LinkLocalAddressing=ipv6\n" } else { "LinkLocalAddressing=no\n" });
    text.push_str("IPv6AcceptRA=no\nLLMNR=no\nMulticastDNS=no\nLLDP=no\nEmitLLDP=no\n");
    let mut vlans: Vec<String> =
        config.zones.iter().filter(|zone| zone.port == name && zone.vlan.is_some()).map(interface).collect();
    vlans.sort();
    vlans.dedup();
    for vlan in vlans {
        let _infallible = writeln!(text, "VLAN={vlan}");
    }
    for own in addresses(config, name) {
        let _infallible = writeln!(text, "Address={}", show(own));
    }
    if by_dhcp {
        text.push_str("\n[DHCPv4]\nUseDNS=no\nUseNTP=no\nUseHostname=no\nUseDomains=no\nSendHostname=no\n");
    }
    for (at, zone) in config.zones.iter().enumerate().filter(|(_, zone)| interface(zone) == name) {
        routes(&mut text, at, zone);
    }
    text
}

/// The zone's way out, and back by the same way: a table of its own for answers from the zone's addresses.
fn routes(text: &mut String, at: usize, zone: &ZoneConfig) {
    let Some(gateway) = zone.gateway else { return };
    let (metric, table) = (FIRST_METRIC + at, FIRST_TABLE + at);
    let _infallible = write!(
        text,
        "\n[Route]\nGateway={gateway}\nMetric={metric}\n\n[Route]\nGateway={gateway}\nTable={table}\n"
    );
    for own in zone.addresses.iter().filter(|own| own.address.is_ipv4() == gateway.is_ipv4()) {
        let own = own.address;
        let _infallible =
            write!(text, "\n[RoutingPolicyRule]\nFrom={own}\nTable={table}\nPriority={table}\n");
    }
    let same_network = zone.addresses.iter().filter(|own| own.address.is_ipv4() == gateway.is_ipv4());
    for own in same_network {
        let network = show(crate::cidr::mask(*own));
        let _infallible = write!(text, "\n[Route]\nDestination={network}\nScope=link\nTable={table}\n");
    }
}

fn resolved(config: &NetworkConfig) -> String {
    let servers: Vec<String> = config.name_servers.iter().map(IpAddr::to_string).collect();
    format!(
        "[Resolve]\nDNS={}\nFallbackDNS=\nDomains=\nLLMNR=no\nMulticastDNS=no\nReadEtcHosts=no\n",
        servers.join(" ")
    )
}

fn timesyncd(config: &NetworkConfig) -> String {
    // Checked to be addresses; written from the parsed value all the same.
    let servers: Vec<String> = config
        .time_servers
        .iter()
        .filter_map(|server| server.parse::<IpAddr>().ok())
        .map(|server| server.to_string())
        .collect();
    format!("[Time]\nNTP={}\nFallbackNTP=\n", servers.join(" "))
}
