//! The form of a network: rows of zones and tunnels, lines of targets. Each fault of `netconf` is said at its field.

mod ipsec;

use crate::clock;
use crate::form::Form;
use crate::texts::{Texts, fill};
use data_encoding::BASE64;
use idl::network::{Cidr, Egress, Layer4, NetworkConfig, Tunnel, TunnelKind, Zone, ZoneConfig};
use netconf::{ConfigFault, MAX_IPSEC, MAX_TUNNELS, MAX_ZONES, Ports, What, parse_cidr};
use std::net::{IpAddr, SocketAddr};
use vocab::{DAY_MS, Secret, UnixMs};

/// Rows the form has: those in use and some to fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) zones: Vec<usize>,
    pub(super) wireguard: Vec<usize>,
    pub(super) ipsec: Vec<usize>,
}

impl Rows {
    fn count(zones: usize, wireguard: usize, ipsec: usize) -> Self {
        let rows = |count: usize, most: usize| (0..count.min(most)).collect();
        Self {
            zones: rows(zones, MAX_ZONES),
            wireguard: rows(wireguard, MAX_TUNNELS),
            ipsec: rows(ipsec, MAX_IPSEC),
        }
    }

    /// The rows of a form that came back.
    pub(super) fn of(form: &Form) -> Self {
        let count = |field: &str| form.value(field).parse().unwrap_or(1);
        Self::count(count("zones"), count("wireguard"), count("ipsec"))
    }
}

/// A form filled with a configuration.
pub(super) fn filled(config: &NetworkConfig) -> (Form, Rows) {
    let mut form = Form::default();
    form.set("host", config.host.clone());
    let addresses: Vec<String> = config.name_servers.iter().map(IpAddr::to_string).collect();
    form.set("name_servers", addresses.join(" "));
    form.set("time_servers", config.time_servers.join(" "));
    form.set("carriers", listed(&config.carriers));
    let line = |egress: &Egress| {
        let transport = if egress.transport == Layer4::Tcp { "tcp" } else { "udp" };
        format!("{} | {} | {transport} | {}", egress.name, shown(&egress.target), egress.port)
    };
    form.set("egress", config.egress.iter().map(line).collect::<Vec<_>>().join("\n"));
    form.set("domestic", if config.egress.is_empty() { "" } else { "1" });
    for (row, zone) in config.zones.iter().enumerate() {
        let mut set = |field: &str, value: String| form.set(&format!("z{row}_{field}"), value);
        set("zone", zone_word(zone.zone).to_owned());
        set("port", zone.port.clone());
        set("vlan", zone.vlan.map_or_else(String::new, |vlan| vlan.to_string()));
        set("addresses", listed(&zone.addresses));
        set("gateway", zone.gateway.map_or_else(String::new, |gateway| gateway.to_string()));
        set("allowed", listed(&zone.allowed));
    }
    let (by_ipsec, by_wireguard): (Vec<&Tunnel>, Vec<&Tunnel>) =
        config.tunnels.iter().partition(|tunnel| matches!(tunnel.kind, TunnelKind::IpSec { .. }));
    for (row, tunnel) in by_wireguard.iter().enumerate() {
        fill_tunnel(&mut form, row, tunnel);
    }
    for (row, tunnel) in by_ipsec.iter().enumerate() {
        ipsec::fill(&mut form, row, tunnel);
    }
    let rows = Rows::count(config.zones.len() + 2, by_wireguard.len() + 1, by_ipsec.len() + 1);
    form.set("zones", rows.zones.len().to_string());
    form.set("wireguard", rows.wireguard.len().to_string());
    form.set("ipsec", rows.ipsec.len().to_string());
    (form, rows)
}

fn fill_tunnel(form: &mut Form, row: usize, tunnel: &Tunnel) {
    let TunnelKind::WireGuard { local, listen, peer_key, endpoint, expires_day, .. } = &tunnel.kind else {
        return;
    };
    let mut set = |field: &str, value: String| form.set(&format!("w{row}_{field}"), value);
    set("name", tunnel.name.clone());
    set("remote", listed(&tunnel.remote));
    set("zone", zone_word(tunnel.zone).to_owned());
    set("local", shown(local));
    set("listen", listen.to_string());
    set("peer_key", BASE64.encode(peer_key));
    let at = endpoint.map(|(address, port)| SocketAddr::new(address, port).to_string());
    set("endpoint", at.unwrap_or_default());
    set("expires", date_of(*expires_day));
}

/// Reads it; `None` with the faults said.
pub(super) fn read(form: &mut Form, t: &Texts) -> Option<NetworkConfig> {
    let rows = Rows::of(form);
    let mut places = Places::default();
    let zones: Vec<ZoneConfig> =
        rows.zones.iter().filter_map(|row| read_zone(form, t, *row, &mut places)).collect();
    let mut tunnels: Vec<Tunnel> =
        rows.wireguard.iter().filter_map(|row| read_wireguard(form, t, *row, &mut places)).collect();
    tunnels.extend(rows.ipsec.iter().filter_map(|row| ipsec::read(form, t, *row, &mut places)));
    let config = NetworkConfig {
        host: form.optional(t, "host", netconf::MAX_HOST),
        zones,
        name_servers: read_list(form, t, "name_servers", |word| word.parse().ok()),
        time_servers: words(form.value("time_servers")).map(str::to_owned).collect(),
        egress: read_egress(form, t),
        tunnels,
        carriers: read_list(form, t, "carriers", parse_cidr),
        phones: false,
    };
    if !form.is_good() {
        return None;
    }
    let today = u32::try_from(clock::now().0 / DAY_MS).unwrap_or(0);
    let checks = [netconf::check(&config, &Ports::unknown()), netconf::check_terms(&config, today)];
    for fault in checks.into_iter().filter_map(Result::err).flatten() {
        say(form, t, &places, &fault);
    }
    form.is_good().then_some(config)
}

/// Which row of the form each zone and tunnel came from.
#[derive(Debug, Default)]
struct Places {
    zones: Vec<String>,
    tunnels: Vec<String>,
}

/// Says a fault at its field.
fn say(form: &mut Form, t: &Texts, places: &Places, fault: &ConfigFault) {
    let mut parts = fault.field.split('.');
    let (area, at, field) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let at = at.and_then(|at| at.parse::<usize>().ok());
    let rows = match area {
        "zones" => &places.zones,
        "tunnels" => &places.tunnels,
        _ => &Vec::new(),
    };
    let text = fault_text(t, fault.what);
    match (at.and_then(|at| rows.get(at)), field, at) {
        (Some(row), Some(field), _) => form.fail(&format!("{row}_{field}"), text),
        (None, Some("domestic"), Some(_)) => form.fail("domestic", text),
        (None, _, Some(at)) => {
            form.fail(area, format!("{}: {text}", fill(t.network.fault_line, &[&(at + 1)])))
        }
        (_, _, None) if area == "zones" || area == "tunnels" => form.fail_top(text),
        _ => form.fail(area, text),
    }
}

const fn fault_text(t: &Texts, what: What) -> &'static str {
    let n = &t.network;
    match what {
        What::Word => n.f_word,
        What::TooMany => n.f_many,
        What::NoManagement => n.f_management,
        What::Twice => n.f_twice,
        What::NoSuchPort => n.f_port,
        What::Vlan => n.f_vlan,
        What::Address => n.f_address,
        What::Prefix => n.f_prefix,
        What::Gateway => n.f_gateway,
        What::Dhcp => n.f_dhcp,
        What::Overlap => n.f_overlap,
        What::Everybody => n.f_everybody,
        What::Port => n.f_port_number,
        What::Foreign => n.f_foreign,
        What::NotAddress => n.f_not_address,
        What::Term => n.f_term,
        What::Key => n.f_key,
        What::Certificate => n.f_certificate,
        What::TunnelZone => n.f_tunnel_zone,
        What::NotOwn => n.f_own,
    }
}

fn read_zone(form: &mut Form, t: &Texts, row: usize, places: &mut Places) -> Option<ZoneConfig> {
    let field = |name: &str| format!("z{row}_{name}");
    if form.value(&field("zone")).is_empty() {
        return None;
    }
    places.zones.push(format!("z{row}"));
    let zone = form.choice(t, &field("zone"), &ZONES).unwrap_or(Zone::Management);
    let vlan = form.value(&field("vlan")).trim().to_owned();
    let gateway = form.value(&field("gateway")).trim().to_owned();
    Some(ZoneConfig {
        zone,
        port: form.value(&field("port")).trim().to_owned(),
        vlan: typed(form, &field("vlan"), &vlan, t.network.f_vlan),
        addresses: read_list(form, t, &field("addresses"), parse_cidr),
        gateway: typed(form, &field("gateway"), &gateway, t.network.f_address),
        allowed: read_list(form, t, &field("allowed"), parse_cidr),
    })
}

fn read_wireguard(form: &mut Form, t: &Texts, row: usize, places: &mut Places) -> Option<Tunnel> {
    let field = |name: &str| format!("w{row}_{name}");
    let (name, remote, zone) = read_tunnel(form, t, "w", row)?;
    places.tunnels.push(format!("w{row}"));
    let local = read_list(form, t, &field("local"), parse_cidr);
    if local.len() != 1 {
        form.fail(&field("local"), t.network.f_address);
    }
    let endpoint = form.value(&field("endpoint")).trim().to_owned();
    let endpoint: Option<SocketAddr> = typed(form, &field("endpoint"), &endpoint, t.network.f_address);
    let preshared = form.value(&field("preshared")).trim().to_owned();
    let kind = TunnelKind::WireGuard {
        local: local.first().copied()?,
        listen: form.number(t, &field("listen"), 1..=u16::MAX),
        peer_key: read_key(form, t, &field("peer_key")).unwrap_or([0; 32]),
        preshared: if preshared.is_empty() {
            None
        } else {
            read_key(form, t, &field("preshared")).map(Secret::new)
        },
        endpoint: endpoint.map(|at| (at.ip(), at.port())),
        expires_day: day_of(form.value(&field("expires"))).unwrap_or(0),
    };
    Some(Tunnel { name, remote, zone, kind })
}

/// What all tunnels have; nothing where the row has no name.
fn read_tunnel(form: &mut Form, t: &Texts, letter: &str, row: usize) -> Option<(String, Vec<Cidr>, Zone)> {
    let field = |name: &str| format!("{letter}{row}_{name}");
    let name = form.value(&field("name")).trim().to_owned();
    if name.is_empty() {
        return None;
    }
    let remote = read_list(form, t, &field("remote"), parse_cidr);
    let zone = form.choice(t, &field("zone"), &ZONES).unwrap_or(Zone::Management);
    Some((name, remote, zone))
}

fn read_key(form: &mut Form, t: &Texts, field: &str) -> Option<[u8; 32]> {
    let bytes = BASE64.decode(form.value(field).trim().as_bytes()).ok();
    let key = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    if key.is_none() {
        form.fail(field, t.network.f_key);
    }
    key
}

fn read_egress(form: &mut Form, t: &Texts) -> Vec<Egress> {
    let text = form.lines(t, "egress", MAX_EGRESS_CHARS);
    let domestic = form.has("domestic", "1");
    let mut all = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match read_target(line, domestic) {
            Some(egress) => all.push(egress),
            None => form.fail(
                "egress",
                format!("{}: {}", fill(t.network.fault_line, &[&(at + 1)]), t.network.f_line),
            ),
        }
    }
    all
}

fn read_target(line: &str, domestic: bool) -> Option<Egress> {
    let parts: Vec<&str> = line.split('|').map(str::trim).collect();
    let [name, target, transport, port] = parts.as_slice() else { return None };
    let transport = match *transport {
        "tcp" => Layer4::Tcp,
        "udp" => Layer4::Udp,
        _ => return None,
    };
    let (target, port) = (parse_cidr(target)?, port.parse().ok()?);
    Some(Egress { name: (*name).to_owned(), target, transport, port, domestic })
}

fn read_list<T>(form: &mut Form, t: &Texts, field: &str, read: impl Fn(&str) -> Option<T>) -> Vec<T> {
    let found: Option<Vec<T>> = words(form.value(field)).map(read).collect();
    if found.is_none() {
        form.fail(field, t.network.f_address);
    }
    found.unwrap_or_default()
}

/// A value that may be left out.
fn typed<T: std::str::FromStr>(form: &mut Form, field: &str, text: &str, fault: &str) -> Option<T> {
    let value = text.parse().ok();
    if value.is_none() && !text.is_empty() {
        form.fail(field, fault);
    }
    value
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '，' | '；'))
        .filter(|word| !word.is_empty())
}

fn listed(networks: &[Cidr]) -> String {
    networks.iter().map(shown).collect::<Vec<_>>().join(" ")
}

/// `10.0.1.2/24`.
pub(super) fn shown(cidr: &Cidr) -> String {
    format!("{}/{}", cidr.address, cidr.prefix)
}

/// The instant at which a day begins.
pub(super) fn day(days: u32) -> UnixMs {
    UnixMs(i64::from(days) * DAY_MS)
}

/// `2026-11-22`.
fn date_of(days: u32) -> String {
    let at = jiff::Timestamp::from_millisecond(day(days).0).unwrap_or_default();
    at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

fn day_of(text: &str) -> Option<u32> {
    let date: jiff::civil::Date = text.trim().parse().ok()?;
    let at = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    u32::try_from(at.as_millisecond() / DAY_MS).ok()
}

fn zone_word(zone: Zone) -> &'static str {
    ZONES.iter().find(|(_, known)| *known == zone).map_or("", |(word, _)| word)
}

const ZONES: [(&str, Zone); 4] = [
    ("management", Zone::Management),
    ("voice", Zone::Voice),
    ("business", Zone::Business),
    ("backup", Zone::Backup),
];
const MAX_EGRESS_CHARS: usize = 8_000;

#[cfg(test)]
mod tests;
