//! The rules of nftables: nothing comes in, goes out or through but what the configuration names (NET-01, NET-04,
//! NET-07, NET-08).
//!
//! | chain | hook | what it decides |
//! |---|---|---|
//! | `early` | before connection tracking | packets for another interface's address, false sources, blocked sources, floods |
//! | `inbound` | input | by zone and source: SIP and RTP, or the page, or nothing |
//! | `through` | forward | nothing |
//! | `outbound` | output | name and time servers, carriers and phones, declared egress, tunnels |
//!
//! A source that floods or scans is blocked for thirty minutes (NET-02). Administrators, in their zone, and carriers
//! are only held to a rate, never blocked: nobody locks them out by sending in their name. Named counters and sets are
//! what `nft list` shows to whoever looks at the box.

use super::sets::{Listed, Script};
use super::tunnels::{alive, wireguard_interface};
use super::{interface, interfaces};
use crate::check::sources;
use crate::surroundings::Surroundings;
use idl::network::{Cidr, Layer4, NetworkConfig, Tunnel, TunnelKind, Zone, ZoneConfig};
use std::net::IpAddr;

/// The table: `inet` and this name.
pub const FIREWALL_TABLE: &str = "ringfence";
/// Seconds a source stays blocked (NET-02).
pub const BLOCK_S: u32 = 30 * 60;
/// Sources watched at once.
const MAX_SOURCES: u32 = 65_535;
/// Seconds a source is remembered by a meter after its last packet.
const METER_S: u32 = 60;
/// New TCP connections a second of one source.
const SYN: &str = "50/second burst 100 packets";
/// SIP packets a second of one phone (NET-02).
const SIP: &str = "20/second burst 60 packets";
/// RTP packets a second of one source: twenty calls.
const RTP: &str = "1000/second burst 2000 packets";
/// Refused packets a second of one source: more is a scan.
const SCAN: &str = "10/second burst 50 packets";
/// SIP packets a second of one carrier, which is never blocked.
const CARRIER_SIP: &str = "2000/second burst 4000 packets";
/// New TCP connections a second of one administrator, who is never blocked.
const CALM_SYN: &str = "200/second burst 400 packets";
/// TCP connections of one source at once.
const CONNECTIONS: u32 = 128;
/// Pings a second, of all.
const PINGS: &str = "10/second burst 20 packets";
/// Lines of the log a second about refused packets.
const LOGGED: &str = "5/second burst 20 packets";
/// Our own processes are told at once: a refused connection is an error, not a wait.
const REFUSE_OUT: &str = "counter name refused_out reject with icmpx admin-prohibited";
/// The mark of administrators and carriers.
const CALM: &str = "0x1";

/// A configuration taken apart into what the rules are about.
struct Plan<'a> {
    config: &'a NetworkConfig,
    around: &'a Surroundings,
    carriers: Listed,
    name_servers: Listed,
    time_servers: Listed,
    zones: Vec<(&'a ZoneConfig, Listed)>,
    tunnels: Vec<(&'a Tunnel, Listed)>,
}

pub(super) fn rules(config: &NetworkConfig, around: &Surroundings) -> String {
    let plan = Plan::new(config, around);
    let mut script = Script::default();
    // The first line makes it, so that the second can always take it away: both and what follows are one transaction.
    script.line(&format!("table inet {FIREWALL_TABLE}"));
    script.line(&format!("delete table inet {FIREWALL_TABLE}"));
    script.line(&format!("table inet {FIREWALL_TABLE} {{"));
    plan.sets(&mut script);
    plan.early(&mut script);
    plan.services(&mut script);
    plan.inbound(&mut script);
    plan.through(&mut script);
    plan.outbound(&mut script);
    script.line("}");
    script.text
}

impl<'a> Plan<'a> {
    fn new(config: &'a NetworkConfig, around: &'a Surroundings) -> Self {
        let hosts = |addresses: &mut dyn Iterator<Item = IpAddr>| -> Vec<Cidr> {
            addresses
                .map(|address| Cidr { address, prefix: if address.is_ipv4() { 32 } else { 128 } })
                .collect()
        };
        let times = config.time_servers.iter().filter_map(|server| server.parse().ok());
        let zone = |(at, zone): (usize, &'a ZoneConfig)| {
            (zone, Listed::new(format!("{}_{at}_v", zone_name(zone.zone)), &sources(zone)))
        };
        let tunnel = |(at, tunnel): (usize, &'a Tunnel)| {
            (tunnel, Listed::new(format!("tunnel_{at}_v"), &tunnel.remote))
        };
        let live = config.tunnels.iter().filter(|tunnel| alive(tunnel, around.today));
        Self {
            config,
            around,
            carriers: Listed::new("carriers_v", &config.carriers),
            name_servers: Listed::new("name_servers_v", &hosts(&mut config.name_servers.iter().copied())),
            time_servers: Listed::new("time_servers_v", &hosts(&mut { times })),
            zones: config.zones.iter().enumerate().map(zone).collect(),
            tunnels: live.enumerate().map(tunnel).collect(),
        }
    }

    fn of_zone(&self, zone: Zone) -> impl Iterator<Item = &(&'a ZoneConfig, Listed)> {
        self.zones.iter().filter(move |(config, _)| config.zone == zone)
    }

    /// Whether SIP and RTP pass in a zone.
    fn speaks(&self, zone: &ZoneConfig) -> bool {
        zone.zone == voice_zone(self.config)
    }

    fn speaking(&self) -> impl Iterator<Item = &(&'a ZoneConfig, Listed)> {
        self.of_zone(voice_zone(self.config))
    }

    fn sets(&self, script: &mut Script) {
        for name in COUNTERS {
            script.counter(name);
        }
        for at in 0..self.config.egress.len() {
            script.counter(&format!("egress_{at}"));
        }
        script.filled("blocked", Some(BLOCK_S), MAX_SOURCES);
        for meter in ["syn", "sip", "rtp", "scan", "calm"] {
            script.filled(&format!("{meter}_rate"), Some(METER_S), MAX_SOURCES);
        }
        script.filled("connections", None, MAX_SOURCES);
        for list in [&self.carriers, &self.name_servers, &self.time_servers] {
            script.listed(list);
        }
        for (_, list) in &self.zones {
            script.listed(list);
        }
        for (_, list) in &self.tunnels {
            script.listed(list);
        }
    }

    fn early(&self, script: &mut Script) {
        let (sip, rtp) = (self.sip_udp(), self.rtp());
        let syn = "tcp flags & (fin | syn | rst | ack) == syn";
        let block = "add @blocked{4} { {ip} saddr } counter name flooded drop";
        script.open_chain("calm", None);
        script.rule(&format!("meta mark set {CALM}"));
        let too_many = "counter name held drop";
        script.rules(&format!(
            "{syn} update @calm_rate{{4}} {{ {{ip}} saddr limit rate over {CALM_SYN} }} {too_many}"
        ));
        script.rules(&format!(
            "{sip} update @sip_rate{{4}} {{ {{ip}} saddr limit rate over {CARRIER_SIP} }} {too_many}"
        ));
        script.close_chain();
        script.open_chain("early", Some("type filter hook prerouting priority raw; policy accept;"));
        script.rule("iifname \"lo\" return");
        // What came out of a tunnel has passed by this door once, inside another packet.
        script.rule("meta secpath exists return");
        for (tunnel, _) in self.wireguard() {
            script.rule(&format!("iifname \"{}\" return", wireguard_interface(tunnel)));
        }
        script.rule("icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } return");
        for name in self.by_dhcp() {
            script.rule(&format!("iifname \"{name}\" udp sport 67 udp dport 68 return"));
        }
        script.rule("fib daddr . iif type != { local, broadcast, multicast } counter name stray drop");
        script.rule("fib saddr . iif oif missing counter name false_source drop");
        for (zone, list) in self.of_zone(Zone::Management) {
            script.listed_rule(list, &from(zone), "saddr", "goto calm");
        }
        for (zone, _) in self.speaking() {
            script.listed_rule(&self.carriers, &from(zone), "saddr", "goto calm");
        }
        script.rules("{ip} saddr @blocked{4} counter name blocked drop");
        for (what, meter, rate) in [(syn, "syn", SYN), (&sip, "sip", SIP), (&rtp, "rtp", RTP)] {
            script.rules(&format!(
                "{what} update @{meter}_rate{{4}} {{ {{ip}} saddr limit rate over {rate} }} {block}"
            ));
        }
        script.close_chain();
    }

    /// What the services take, once zone and source are right.
    fn services(&self, script: &mut Script) {
        let Surroundings { page, sip_tcp, sip_tls, .. } = self.around;
        let many = format!(
            "add @connections{{4}} {{ {{ip}} saddr ct count over {CONNECTIONS} }} counter name too_many_connections drop"
        );
        script.open_chain("page", None);
        script.rules(&format!("tcp dport {page} {many}"));
        script.rule(&format!("tcp dport {page} counter name page accept"));
        script.close_chain();
        script.open_chain("voice", None);
        script.rule(&format!("{} counter name voice_in accept", self.sip_udp()));
        script.rule(&format!("{} counter name voice_in accept", self.rtp()));
        let tcp = format!("tcp dport {{ {} }}", ports(&[*sip_tcp, *sip_tls]));
        script.rules(&format!("{tcp} {many}"));
        script.rule(&format!("{tcp} counter name voice_in accept"));
        script.close_chain();
    }

    fn inbound(&self, script: &mut Script) {
        script.open_chain("refuse", None);
        script.rule("meta pkttype { broadcast, multicast } counter name noise drop");
        let scan = format!("update @scan_rate{{4}} {{ {{ip}} saddr limit rate over {SCAN} }}");
        script.rules(&format!(
            "meta mark != {CALM} {scan} add @blocked{{4}} {{ {{ip}} saddr }} counter name scanned"
        ));
        script.rule(&format!("limit rate {LOGGED} log prefix \"ringfence in: \" level info"));
        script.rule("counter name refused_in drop");
        script.close_chain();
        script.open_chain("inbound", Some("type filter hook input priority filter; policy drop;"));
        script.rule("iifname \"lo\" accept");
        for (tunnel, list) in &self.tunnels {
            outer_in(script, tunnel);
            // Whoever says to be behind a tunnel and did not come through it is not, whatever else lets such an
            // address in, and though the connection was begun through it.
            let beside = inner(tunnel, "iifname !=", "meta secpath missing");
            script.listed_rule(list, &beside, "saddr", "counter name false_source drop");
        }
        script.rule("ct state { established, related } accept");
        script.rule("ct state invalid counter name invalid drop");
        script.rule(&format!("icmp type echo-request limit rate {PINGS} accept"));
        script.rule(&format!("icmpv6 type echo-request limit rate {PINGS} accept"));
        script.rule("icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept");
        script.rule("icmpv6 type mld-listener-query ip6 saddr fe80::/10 accept");
        for name in self.by_dhcp() {
            script.rule(&format!("iifname \"{name}\" udp sport 67 udp dport 68 accept"));
        }
        for (zone, list) in &self.zones {
            if let Some(service) = service(zone.zone).filter(|_| zone.zone != Zone::Voice) {
                script.listed_rule(list, &from(zone), "saddr", &format!("jump {service}"));
            }
            if self.speaks(zone) {
                if self.config.phones {
                    script.listed_rule(list, &from(zone), "saddr", "jump voice");
                }
                script.listed_rule(&self.carriers, &from(zone), "saddr", "jump voice");
            }
        }
        for (tunnel, list) in &self.tunnels {
            if let Some(service) = service(tunnel.zone) {
                script.listed_rule(
                    list,
                    &inner(tunnel, "iifname", "meta secpath exists"),
                    "saddr",
                    &format!("jump {service}"),
                );
            }
        }
        script.rule("goto refuse");
        script.close_chain();
    }

    fn through(&self, script: &mut Script) {
        script.open_chain("through", Some("type filter hook forward priority filter; policy drop;"));
        script.rule(&format!("limit rate {LOGGED} log prefix \"ringfence through: \" level info"));
        script.rule("counter name refused_through drop");
        script.close_chain();
    }

    fn outbound(&self, script: &mut Script) {
        script.open_chain("speech", None);
        let (first, last) = self.around.rtp;
        script.rule(&format!(
            "udp sport {{ {}, {first}-{last} }} counter name voice_out accept",
            self.around.sip_udp
        ));
        script.close_chain();
        script.open_chain("outbound", Some("type filter hook output priority filter; policy drop;"));
        script.rule("oifname \"lo\" accept");
        for (tunnel, list) in &self.tunnels {
            outer_out(script, tunnel);
            // What is for the far side of a tunnel leaves through it or not at all, answers and calls alike.
            let beside = inner(tunnel, "oifname !=", "rt ipsec missing");
            script.listed_rule(list, &beside, "daddr", REFUSE_OUT);
        }
        script.rule("ct state { established, related } accept");
        script.rule("icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, mld2-listener-report } accept");
        for name in self.by_dhcp() {
            script.rule(&format!("oifname \"{name}\" udp sport 68 udp dport 67 accept"));
        }
        let dns = "meta l4proto { tcp, udp } th dport 53 counter name to_name_servers accept";
        script.listed_rule(&self.name_servers, "", "daddr", dns);
        script.listed_rule(
            &self.time_servers,
            "",
            "daddr",
            "udp dport 123 counter name to_time_servers accept",
        );
        // SIP over TCP or TLS is a connection that we make, to whatever port the carrier's trunk says.
        let call = "tcp dport 1024-65535 counter name voice_out accept";
        for (zone, list) in self.speaking() {
            let to = to(zone);
            if self.config.phones {
                script.listed_rule(list, &to, "daddr", "jump speech");
            }
            script.listed_rule(&self.carriers, &to, "daddr", "jump speech");
            script.listed_rule(&self.carriers, &to, "daddr", call);
        }
        for (tunnel, list) in &self.tunnels {
            if tunnel.zone == Zone::Voice {
                let to = inner(tunnel, "oifname", "rt ipsec exists");
                script.listed_rule(list, &to, "daddr", "jump speech");
                script.listed_rule(list, &to, "daddr", call);
            }
        }
        for (at, egress) in self.config.egress.iter().enumerate() {
            let transport = match egress.transport {
                Layer4::Tcp => "tcp",
                Layer4::Udp => "udp",
            };
            let target = crate::cidr::show(egress.target);
            let (ip, port) = (ip(egress.target.address), egress.port);
            script.rule(&format!(
                "{ip} daddr {target} {transport} dport {port} counter name egress_{at} accept"
            ));
        }
        script.rule(&format!("limit rate {LOGGED} log prefix \"ringfence out: \" level info"));
        script.rule(REFUSE_OUT);
        script.close_chain();
    }

    fn wireguard(&self) -> impl Iterator<Item = &(&'a Tunnel, Listed)> {
        self.tunnels.iter().filter(|(tunnel, _)| matches!(tunnel.kind, TunnelKind::WireGuard { .. }))
    }

    /// Interfaces whose address is leased.
    fn by_dhcp(&self) -> Vec<String> {
        let leased = |name: &String| {
            self.config.zones.iter().any(|zone| zone.addresses.is_empty() && interface(zone) == *name)
        };
        interfaces(self.config).into_iter().filter(leased).collect()
    }

    fn sip_udp(&self) -> String {
        format!("udp dport {}", self.around.sip_udp)
    }

    fn rtp(&self) -> String {
        format!("udp dport {}-{}", self.around.rtp.0, self.around.rtp.1)
    }
}

/// The tunnel's own packets, coming.
fn outer_in(script: &mut Script, tunnel: &Tunnel) {
    match &tunnel.kind {
        TunnelKind::WireGuard { listen, endpoint, .. } => {
            let from = endpoint.map(|(at, _)| format!("{} saddr {at} ", ip(at))).unwrap_or_default();
            script.rule(&format!("{from}udp dport {listen} counter name tunnels accept"));
        }
        TunnelKind::IpSec { gateway, .. } => {
            let family = ip(*gateway);
            script.rule(&format!(
                "{family} saddr {gateway} udp dport {{ 500, 4500 }} counter name tunnels accept"
            ));
            script.rule(&format!("{family} saddr {gateway} meta l4proto esp counter name tunnels accept"));
        }
    }
}

/// The tunnel's own packets, going. A peer that calls is answered: that needs no rule.
fn outer_out(script: &mut Script, tunnel: &Tunnel) {
    match &tunnel.kind {
        TunnelKind::WireGuard { listen, endpoint: Some((at, port)), .. } => {
            let to = format!("{} daddr {at} udp sport {listen} udp dport {port}", ip(*at));
            script.rule(&format!("{to} counter name tunnels accept"));
        }
        TunnelKind::WireGuard { endpoint: None, .. } => {}
        TunnelKind::IpSec { gateway, .. } => {
            let family = ip(*gateway);
            script.rule(&format!(
                "{family} daddr {gateway} udp dport {{ 500, 4500 }} counter name tunnels accept"
            ));
            script.rule(&format!("{family} daddr {gateway} meta l4proto esp counter name tunnels accept"));
        }
    }
}

/// What proves that a packet came out of the tunnel, or goes into it.
fn inner(tunnel: &Tunnel, interface_is: &str, by_ipsec: &str) -> String {
    match tunnel.kind {
        TunnelKind::WireGuard { .. } => format!("{interface_is} \"{}\"", wireguard_interface(tunnel)),
        TunnelKind::IpSec { .. } => by_ipsec.to_owned(),
    }
}

/// Where SIP and RTP pass: a site that has no voice zone has its trunks and phones beside the page, on its management
/// zone, with the same rules for who may what.
pub(crate) fn voice_zone(config: &NetworkConfig) -> Zone {
    let voice = config.zones.iter().any(|zone| zone.zone == Zone::Voice);
    if voice { Zone::Voice } else { Zone::Management }
}

/// The chain of what a zone may use of the box.
const fn service(zone: Zone) -> Option<&'static str> {
    match zone {
        Zone::Voice => Some("voice"),
        Zone::Business | Zone::Management => Some("page"),
        Zone::Backup => None,
    }
}

const fn zone_name(zone: Zone) -> &'static str {
    match zone {
        Zone::Voice => "voice",
        Zone::Business => "business",
        Zone::Management => "management",
        Zone::Backup => "backup",
    }
}

fn from(zone: &ZoneConfig) -> String {
    format!("iifname \"{}\"", interface(zone))
}

fn to(zone: &ZoneConfig) -> String {
    format!("oifname \"{}\"", interface(zone))
}

const fn ip(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "ip" } else { "ip6" }
}

/// Ports, each once.
fn ports(list: &[u16]) -> String {
    let mut list = list.to_vec();
    list.sort_unstable();
    list.dedup();
    list.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}

const COUNTERS: [&str; 18] = [
    "blocked",
    "flooded",
    "held",
    "scanned",
    "stray",
    "false_source",
    "invalid",
    "noise",
    "too_many_connections",
    "page",
    "voice_in",
    "voice_out",
    "to_name_servers",
    "to_time_servers",
    "tunnels",
    "refused_in",
    "refused_through",
    "refused_out",
];
