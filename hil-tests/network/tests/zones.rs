//! Who reaches what: every zone, rightful and strange, both directions, with real sockets against the rendered rules
//! in the kernel. What is thrown away must show in the box's own counters.

use Port::{Tcp, Udp};
use idl::network::{NetworkConfig, Zone, ZoneConfig};
use network_tests::sample::{Site, around, cidr, site};
use network_tests::sockets::{Port, reaches, serve, serve_on};
use network_tests::{Space, inside};
use std::net::{IpAddr, SocketAddr, UdpSocket};

const SERVED: &[Port] = &[
    Tcp(443),
    Tcp(5060),
    Tcp(5061),
    Tcp(22),
    Tcp(8443),
    Tcp(873),
    Udp(5060),
    Udp(20_000),
    Udp(29_999),
    Udp(30_000),
    Udp(53),
];
/// Counters of packets thrown away on their way in.
const REFUSED: &[&str] = &["refused_in", "stray", "false_source", "blocked", "flooded", "refused_through"];

fn address(text: &str) -> IpAddr {
    text.parse().expect(text)
}

fn built() -> anyhow::Result<Site> {
    let rendered = netconf::render(&site(), &around()).map_err(|faults| anyhow::anyhow!("{faults:?}"))?;
    let built = Site::build(&site())?;
    built.here.load(&rendered.nftables)?;
    Ok(built)
}

fn refused(here: Space) -> anyhow::Result<u64> {
    REFUSED.iter().map(|name| here.counted(name)).sum()
}

/// Tries it, and where it must not reach, that the box threw something away meanwhile.
fn expect(
    here: Space,
    from: Space,
    source: &str,
    to: &str,
    port: Port,
    expected: bool,
) -> anyhow::Result<()> {
    let before = refused(here)?;
    let reached = reaches(from, SocketAddr::new(address(source), 0), address(to), port, expected);
    assert_eq!(reached, expected, "{} {source} -> {to} {port:?}", from.0);
    assert_eq!(refused(here)? > before, !expected, "{} {source} -> {to} {port:?}: counters", from.0);
    Ok(())
}

#[test]
fn net_04_who_reaches_what_of_the_box_is_the_zones_table() {
    inside("net_04_who_reaches_what_of_the_box_is_the_zones_table", || {
        let site = built()?;
        serve(site.here, SERVED);
        let Site { here, management, voice, business, backup } = site;
        let rightful = [
            (management, "10.0.1.10", "10.0.1.2", &[Tcp(443)] as &[Port]),
            (business, "10.0.3.10", "10.0.3.2", &[Tcp(443)]),
            (voice, "10.0.2.50", "10.0.2.2", &[Tcp(5060), Tcp(5061), Udp(5060), Udp(20_000), Udp(29_999)]),
            (voice, "10.0.2.200", "10.0.2.2", &[Tcp(5060), Tcp(5061), Udp(5060), Udp(20_000), Udp(29_999)]),
            (voice, "fd00:2::50", "fd00:2::2", &[Tcp(5060), Tcp(5061), Udp(5060), Udp(20_000), Udp(29_999)]),
            (backup, "10.0.4.9", "10.0.4.2", &[]),
        ];
        for (from, source, to, open) in rightful {
            for port in SERVED {
                expect(here, from, source, to, *port, open.contains(port))?;
            }
        }
        Ok(())
    });
}

#[test]
fn net_01_strangers_within_a_zone_reach_nothing() {
    inside("net_01_strangers_within_a_zone_reach_nothing", || {
        let site = built()?;
        serve(site.here, SERVED);
        let Site { here, management, voice, business, backup } = site;
        let strangers = [
            (management, "10.0.1.66", "10.0.1.2"),
            (business, "10.0.3.66", "10.0.3.2"),
            (voice, "10.0.2.66", "10.0.2.2"),
            (voice, "fd00:2::66", "fd00:2::2"),
            (backup, "10.0.4.66", "10.0.4.2"),
        ];
        for (from, source, to) in strangers {
            for port in SERVED {
                expect(here, from, source, to, *port, false)?;
            }
        }
        Ok(())
    });
}

#[test]
fn net_04_no_zone_reaches_another_nor_the_box_s_address_in_it() {
    inside("net_04_no_zone_reaches_another_nor_the_box_s_address_in_it", || {
        let site = built()?;
        serve(site.here, SERVED);
        let Site { here, management, voice, business, backup } = site;
        let zones = [
            (management, "10.0.1.10", "10.0.1.2", "10.0.1.10"),
            (voice, "10.0.2.50", "10.0.2.2", "10.0.2.50"),
            (business, "10.0.3.10", "10.0.3.2", "10.0.3.10"),
            (backup, "10.0.4.9", "10.0.4.2", "10.0.4.9"),
        ];
        for space in [management, voice, business, backup] {
            serve(space, &[Tcp(443), Udp(5060)]);
        }
        for (from, source, own, _) in zones {
            for (_, _, box_address, machine) in zones.iter().filter(|zone| zone.2 != own) {
                for port in [Tcp(443), Udp(5060)] {
                    expect(here, from, source, box_address, port, false)?;
                    expect(here, from, source, machine, port, false)?;
                }
            }
        }
        assert!(reaches(
            management,
            SocketAddr::new(address("10.0.1.10"), 0),
            address("10.0.1.2"),
            Tcp(443),
            true
        ));
        Ok(())
    });
}

#[test]
fn net_07_the_box_connects_only_to_what_is_declared() {
    inside("net_07_the_box_connects_only_to_what_is_declared", || {
        let site = built()?;
        let Site { here, management, voice, business, backup } = site;
        let strange: &'static [Port] = &[Udp(53), Udp(123), Tcp(443)];
        let names: &'static [Port] = &[Udp(53), Tcp(53)];
        let servers: [(Space, &str, &'static [Port]); 9] = [
            (management, "10.0.1.53", names),
            (management, "10.0.1.123", &[Udp(123), Udp(53)]),
            (management, "10.0.1.10", strange),
            (voice, "10.0.2.200", &[Udp(5060), Udp(20_000), Tcp(5061), Tcp(443)]),
            (voice, "10.0.2.50", &[Udp(20_000), Tcp(5061)]),
            (voice, "10.0.2.66", &[Udp(20_000)]),
            (business, "10.0.3.10", &[Tcp(443)]),
            (backup, "10.0.4.9", &[Tcp(873), Tcp(874)]),
            (backup, "10.0.4.66", &[Tcp(873)]),
        ];
        for (space, own, ports) in servers {
            serve_on(space, address(own), ports);
        }
        let table = [
            ("10.0.1.2:0", "10.0.1.53", Udp(53), true),
            ("10.0.1.2:0", "10.0.1.53", Tcp(53), true),
            ("10.0.1.2:0", "10.0.1.123", Udp(123), true),
            ("10.0.1.2:0", "10.0.1.10", Udp(53), false),
            ("10.0.1.2:0", "10.0.1.123", Udp(53), false),
            ("10.0.1.2:0", "10.0.1.10", Tcp(443), false),
            ("10.0.4.2:0", "10.0.4.9", Tcp(873), true),
            ("10.0.4.2:0", "10.0.4.9", Tcp(874), false),
            ("10.0.4.2:0", "10.0.4.66", Tcp(873), false),
            ("10.0.3.2:0", "10.0.3.10", Tcp(443), false),
            ("10.0.2.2:5060", "10.0.2.200", Udp(5060), true),
            ("10.0.2.2:20000", "10.0.2.200", Udp(20_000), true),
            ("10.0.2.2:0", "10.0.2.200", Tcp(5061), true),
            ("10.0.2.2:20002", "10.0.2.50", Udp(20_000), true),
            ("10.0.2.2:40000", "10.0.2.50", Udp(20_000), false),
            ("10.0.2.2:20002", "10.0.2.66", Udp(20_000), false),
            ("10.0.2.2:0", "10.0.2.200", Tcp(443), false),
            ("10.0.2.2:0", "10.0.2.50", Tcp(5061), false),
        ];
        for (source, to, port, expected) in table {
            let before = here.counted("refused_out")?;
            let reached = reaches(here, source.parse()?, address(to), port, expected);
            assert_eq!(reached, expected, "{source} -> {to} {port:?}");
            assert_eq!(
                here.counted("refused_out")? > before,
                !expected,
                "{source} -> {to} {port:?}: counter"
            );
        }
        assert!(here.counted("egress_0")? > 0, "each egress has its own counter");
        Ok(())
    });
}

/// Sends packets as fast as it can.
fn pour(from: Space, source: &str, to: &str, count: u32) {
    let (source, to) = (SocketAddr::new(address(source), 0), SocketAddr::new(address(to), 5060));
    from.within(move || {
        let socket = UdpSocket::bind(source).expect("an address of the zone");
        for _ in 0..count {
            let _may_be_refused = socket.send_to(b"flood", to);
        }
    });
}

#[test]
fn net_02_a_flood_gets_its_source_blocked_and_carriers_and_administrators_never() {
    inside("net_02_a_flood_gets_its_source_blocked_and_carriers_and_administrators_never", || {
        let site = built()?;
        serve(site.here, SERVED);
        let Site { here, management, voice, .. } = site;
        let to = "10.0.2.2";
        expect(here, voice, "10.0.2.51", to, Tcp(5061), true)?;
        pour(voice, "10.0.2.51", to, 2_000);
        assert!(here.blocks("10.0.2.51")? && here.counted("flooded")? > 0);
        expect(here, voice, "10.0.2.51", to, Tcp(5061), false)?;
        assert!(here.counted("blocked")? > 0);
        pour(voice, "10.0.2.200", to, 2_000);
        assert!(!here.blocks("10.0.2.200")?, "a carrier is not blocked in its name");
        expect(here, voice, "10.0.2.200", to, Udp(5060), true)?;
        expect(here, voice, "10.0.2.50", to, Tcp(5061), true)?;
        pour(management, "10.0.1.10", "10.0.1.2", 2_000);
        assert!(!here.blocks("10.0.1.10")?, "an administrator is not locked out");
        assert!(reaches(
            management,
            SocketAddr::new(address("10.0.1.10"), 0),
            address("10.0.1.2"),
            Tcp(443),
            true
        ));
        Ok(())
    });
}

#[test]
fn net_02_a_scan_gets_its_source_blocked() {
    inside("net_02_a_scan_gets_its_source_blocked", || {
        let site = built()?;
        serve(site.here, SERVED);
        let Site { here, voice, .. } = site;
        let scan = |source: &'static str| {
            voice.within(move || {
                let socket = UdpSocket::bind((source, 0)).expect("an address of the zone");
                for port in 1_000..4_000_u16 {
                    let _may_be_refused = socket.send_to(b"?", ("10.0.2.2", port));
                }
            });
        };
        assert!(!here.blocks("10.0.2.50")?);
        scan("10.0.2.50");
        assert!(here.blocks("10.0.2.50")? && here.counted("scanned")? > 0);
        expect(here, voice, "10.0.2.50", "10.0.2.2", Tcp(5061), false)?;
        Ok(())
    });
}

#[test]
fn net_01_a_false_source_address_is_thrown_away() {
    inside("net_01_a_false_source_address_is_thrown_away", || {
        let site = built()?;
        serve(site.here, SERVED);
        let Site { here, voice, .. } = site;
        // An administrator's address, sent from the voice zone.
        voice.ip("addr add 10.0.1.10/32 dev zone")?;
        let before = here.counted("false_source")?;
        let from = SocketAddr::new(address("10.0.1.10"), 0);
        assert!(!reaches(voice, from, address("10.0.2.2"), Udp(5060), false));
        assert!(here.counted("false_source")? > before);
        Ok(())
    });
}

#[test]
fn net_01_rules_are_replaced_in_one_step() {
    inside("net_01_rules_are_replaced_in_one_step", || {
        let site = built()?;
        serve(site.here, SERVED);
        let Site { here, management, .. } = site;
        let mut config = network_tests::sample::site();
        config.zones[0].allowed = vec![network_tests::sample::cidr("10.0.1.66")];
        let rendered = netconf::render(&config, &around()).map_err(|faults| anyhow::anyhow!("{faults:?}"))?;
        here.load(&rendered.nftables)?;
        expect(here, management, "10.0.1.66", "10.0.1.2", Tcp(443), true)?;
        expect(here, management, "10.0.1.10", "10.0.1.2", Tcp(443), false)
    });
}

/// A site without a voice zone, as the box is told of it: a trunk at this address, agents with phones or without.
fn one_port(phones: bool) -> NetworkConfig {
    let zone = ZoneConfig {
        zone: Zone::Management,
        port: "eth0".to_owned(),
        vlan: None,
        addresses: vec![cidr("10.0.1.2/24")],
        gateway: None,
        allowed: vec![cidr("10.0.1.8/29")],
    };
    NetworkConfig {
        zones: vec![zone],
        carriers: vec![cidr("10.0.1.123")],
        phones,
        ..NetworkConfig::default()
    }
}

#[test]
fn net_04_with_one_port_a_trunk_speaks_and_sees_no_page_and_phones_only_where_there_are_any() {
    inside(
        "net_04_with_one_port_a_trunk_speaks_and_sees_no_page_and_phones_only_where_there_are_any",
        || {
            let Site { here, management, .. } = Site::build(&one_port(false))?;
            serve(here, SERVED);
            let voice: &[Port] = &[Tcp(5060), Tcp(5061), Udp(5060), Udp(20_000), Udp(29_999)];
            for phones in [false, true] {
                let rendered = netconf::render(&one_port(phones), &around())
                    .map_err(|faults| anyhow::anyhow!("{faults:?}"))?;
                here.load(&rendered.nftables)?;
                for port in SERVED {
                    expect(here, management, "10.0.1.123", "10.0.1.2", *port, voice.contains(port))?;
                    let open = *port == Tcp(443) || (phones && voice.contains(port));
                    expect(here, management, "10.0.1.10", "10.0.1.2", *port, open)?;
                    expect(here, management, "10.0.1.66", "10.0.1.2", *port, false)?;
                }
            }
            Ok(())
        },
    );
}

#[test]
fn net_01_what_the_kernel_says_of_the_rules_changes_with_them_and_not_with_packets() {
    inside("net_01_what_the_kernel_says_of_the_rules_changes_with_them_and_not_with_packets", || {
        let site = built()?;
        serve(site.here, SERVED);
        let here = site.here;
        let system = InSpace(here);
        let listed = || hostd::list_rules(&system).ok_or_else(|| anyhow::anyhow!("they cannot be listed"));
        let loaded = listed()?;
        pour(site.voice, "10.0.2.51", "10.0.2.2", 2_000);
        assert!(here.blocks("10.0.2.51")?);
        expect(here, site.management, "10.0.1.10", "10.0.1.2", Tcp(443), true)?;
        assert_eq!(listed()?, loaded, "a blocked source is no other rule");
        let meddle = |words: &[&str]| -> anyhow::Result<()> {
            let mut all = vec!["nft"];
            all.extend(words);
            here.run(&all)?;
            assert_ne!(listed()?, loaded, "{words:?}");
            here.load(
                &netconf::render(&network_tests::sample::site(), &around()).expect("accepted").nftables,
            )?;
            assert_eq!(listed()?, loaded, "loaded again it is the same");
            Ok(())
        };
        let table = netconf::FIREWALL_TABLE;
        meddle(&["insert", "rule", "inet", table, "inbound", "tcp", "dport", "22", "accept"])?;
        meddle(&["add", "element", "inet", table, "carriers_v4", "{ 10.0.2.66 }"])?;
        meddle(&["flush", "chain", "inet", table, "inbound"])
    });
}

/// Programs run in a name space, as `hostd` runs them on the box.
struct InSpace(Space);

impl hostd::Programs for InSpace {
    fn run(&self, call: &hostd::Call, _line: &mut dyn FnMut(&str)) -> std::io::Result<hostd::Done> {
        let mut words = vec![call.program];
        words.extend(call.arguments.iter().map(String::as_str));
        let output = self.0.run(&words).map_err(std::io::Error::other)?;
        Ok(hostd::Done { ok: true, output, ..hostd::Done::default() })
    }
}
