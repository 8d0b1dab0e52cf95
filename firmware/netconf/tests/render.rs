//! What is rendered, read by the programs it is for: `nft -c` takes the rules of every configuration that is accepted.
//! Whether the rules do what they should is tried with real packets in `hil-tests/network`.

use idl::network::{Cidr, Egress, Layer4, NetworkConfig, Tunnel, TunnelKind, Zone, ZoneConfig};
use netconf::{Ports, Service, Surroundings, check, effective, parse_cidr, reach, render};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_oneof, proptest};
use std::io::Write as _;
use std::process::Command;
use vocab::Secret;

fn cidr(text: &str) -> Cidr {
    parse_cidr(text).expect(text)
}

fn around() -> Surroundings {
    Surroundings::of_box(Ports::known(["eth0", "eth1", "eth2"].map(str::to_owned).to_vec()), 20_000)
}

fn zone(zone: Zone, port: &str, vlan: Option<u16>, addresses: &[&str], gateway: Option<&str>) -> ZoneConfig {
    ZoneConfig {
        zone,
        port: port.to_owned(),
        vlan,
        addresses: addresses.iter().map(|text| cidr(text)).collect(),
        gateway: gateway.map(|text| text.parse().expect("address")),
        allowed: vec![],
    }
}

fn wireguard(name: &str, expires_day: u32) -> Tunnel {
    Tunnel {
        name: name.to_owned(),
        remote: vec![cidr("10.9.0.2"), cidr("fd09::/64")],
        zone: Zone::Management,
        kind: TunnelKind::WireGuard {
            local: cidr("10.9.0.1/32"),
            listen: 51_820,
            peer_key: [7; 32],
            preshared: Some(Secret::new([9; 32])),
            endpoint: Some(("203.0.113.9".parse().expect("address"), 51_820)),
            expires_day,
        },
    }
}

fn ipsec() -> Tunnel {
    let mut der = vec![0x30, 0x82, 1, 0];
    der.extend([5; 256]);
    let body = data_encoding::BASE64.encode(&der);
    Tunnel {
        name: "hq".to_owned(),
        remote: vec![cidr("10.50.0.0/16")],
        zone: Zone::Voice,
        kind: TunnelKind::IpSec {
            gateway: "203.0.113.5".parse().expect("address"),
            local: vec![cidr("10.0.2.0/24")],
            peer_id: "C=CN, O=Bank, CN=gw1".to_owned(),
            ca_pem: format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"),
        },
    }
}

fn full() -> NetworkConfig {
    NetworkConfig {
        host: "box-1".to_owned(),
        zones: vec![
            zone(Zone::Management, "eth0", Some(10), &["10.0.1.2/24"], Some("10.0.1.1")),
            zone(Zone::Voice, "eth0", Some(20), &["10.0.2.2/24", "fd00:2::2/64"], None),
            zone(Zone::Business, "eth1", None, &["10.0.3.2/24"], None),
            zone(Zone::Backup, "eth1", Some(40), &[], None),
        ],
        name_servers: vec!["10.0.1.53".parse().expect("address")],
        time_servers: vec!["10.0.1.123".to_owned(), "fd00:1::123".to_owned()],
        egress: vec![Egress {
            name: "备份; } drop".to_owned(),
            target: cidr("10.0.4.9"),
            transport: Layer4::Tcp,
            port: 873,
            domestic: true,
        }],
        tunnels: vec![wireguard("staff-1", 20_050), ipsec()],
        carriers: vec![cidr("10.0.2.200"), cidr("10.0.2.192/28"), cidr("198.51.100.0/24")],
        phones: true,
    }
}

/// Whether the real `nft` takes the rules; in a name space of its own, so that it needs no rights and harms nothing.
fn nft_takes(rules: &str) -> Result<(), String> {
    let mut file = tempfile::NamedTempFile::new().expect("temporary file");
    file.write_all(rules.as_bytes()).expect("written");
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "nft", "--check", "--file"])
        .arg(file.path())
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .expect("util-linux and nftables are installed for tests");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn file<'a>(rendered: &'a netconf::Rendered, path: &str) -> &'a str {
    rendered.files.iter().find(|file| file.path == path).expect(path).content.expose()
}

#[test]
fn net_01_the_rules_of_a_box_never_set_and_of_a_full_one_are_taken_by_nft() {
    for config in [NetworkConfig::default(), full()] {
        let rendered = render(&config, &around()).expect("accepted");
        nft_takes(&rendered.nftables).unwrap_or_else(|refused| panic!("{refused}\n{}", rendered.nftables));
    }
    assert!(nft_takes("table inet x { chain y { nonsense } }").is_err(), "the check can fail");
}

#[test]
fn net_04_a_box_never_set_has_its_first_port_by_dhcp_and_the_others_down() {
    let rendered = render(&NetworkConfig::default(), &around()).expect("accepted");
    let first = file(&rendered, "/run/systemd/network/20-eth0.network");
    assert!(
        first.contains("DHCP=ipv4\n") && first.contains("IPv6AcceptRA=no\n") && first.contains("UseDNS=no\n")
    );
    assert!(file(&rendered, "/run/systemd/network/20-eth1.network").contains("ActivationPolicy=always-down"));
    assert!(rendered.nftables.contains("iifname \"eth0\" ip saddr @management_0_v4 jump page"));
    assert!(!rendered.nftables.contains("jump voice"), "no voice zone, no SIP");
    assert_eq!(rendered.host, None);
}

#[test]
fn net_04_without_a_voice_zone_trunks_and_phones_stand_beside_the_page_and_none_before_they_are_set() {
    let rules = |config: &NetworkConfig| render(config, &around()).expect("accepted").nftables;
    let trunk = NetworkConfig { carriers: vec![cidr("203.0.113.5")], ..NetworkConfig::default() };
    let with_trunk = rules(&trunk);
    assert!(with_trunk.contains("iifname \"eth0\" ip saddr @carriers_v4 jump voice"));
    assert!(with_trunk.contains("oifname \"eth0\" ip daddr @carriers_v4 jump speech"));
    assert!(!with_trunk.contains("@management_0_v4 jump voice"), "there are no phones");
    let with_phones = rules(&NetworkConfig { phones: true, ..trunk });
    assert!(with_phones.contains("iifname \"eth0\" ip saddr @management_0_v4 jump voice"));
    assert!(!rules(&NetworkConfig { phones: false, ..full() }).contains("@voice_1_v4 jump voice"));
    let zoned = rules(&full());
    assert!(zoned.contains("iifname \"eth0.20\" ip saddr @voice_1_v4 jump voice"));
    assert!(!zoned.contains("iifname \"eth0.10\" ip saddr @carriers_v4"), "the voice zone alone");
    for text in [with_trunk, with_phones, zoned] {
        nft_takes(&text).unwrap_or_else(|refused| panic!("{refused}\n{text}"));
    }
}

/// How often a word stands in a text.
fn times(text: &str, word: &str) -> usize {
    text.matches(word).count()
}

#[test]
fn net_01_the_list_for_people_has_a_line_for_every_rule_that_lets_somebody_in() {
    let trunk =
        NetworkConfig { carriers: vec![cidr("203.0.113.5")], phones: true, ..NetworkConfig::default() };
    let only_four = |mut config: NetworkConfig| {
        // A rule stands there once for each family: with one family they can be counted.
        for zone in &mut config.zones {
            zone.addresses.retain(|own| own.address.is_ipv4());
        }
        for tunnel in &mut config.tunnels {
            tunnel.remote.retain(|network| network.address.is_ipv4());
        }
        config.zones.retain(|zone| zone.zone != Zone::Backup);
        config.tunnels.retain(|tunnel| matches!(tunnel.kind, TunnelKind::WireGuard { .. }));
        config
    };
    let private =
        |text: String| text.lines().filter(|line| !line.contains("_v6")).collect::<Vec<_>>().join("\n");
    for config in [NetworkConfig::default(), trunk, only_four(full())] {
        let text = private(render(&config, &around()).expect("accepted").nftables);
        let lines = reach(&effective(&config, &around().ports), around().today);
        let count = |inward, service: &Service| {
            lines.iter().filter(|line| line.inward == inward && line.service == *service).count()
        };
        assert_eq!(count(true, &Service::Page), times(&text, "jump page"), "{lines:?}\n{text}");
        assert_eq!(count(true, &Service::Voice), times(&text, "jump voice"), "{lines:?}\n{text}");
        assert_eq!(count(false, &Service::Voice), times(&text, "jump speech"), "{lines:?}\n{text}");
        let targets = lines.iter().filter(|line| matches!(line.service, Service::Target(..))).count();
        assert_eq!(targets, config.egress.len());
    }
}

#[test]
fn net_04_vlans_addresses_and_ways_out_are_networkd_s() {
    let rendered = render(&full(), &around()).expect("accepted");
    let base = file(&rendered, "/run/systemd/network/20-eth0.network");
    assert!(base.contains("VLAN=eth0.10\nVLAN=eth0.20\n") && !base.contains("Address="));
    assert!(
        file(&rendered, "/run/systemd/network/10-eth0.20.netdev").contains("Kind=vlan\n\n[VLAN]\nId=20\n")
    );
    let management = file(&rendered, "/run/systemd/network/20-eth0.10.network");
    assert!(
        management.contains("Address=10.0.1.2/24\n") && management.contains("Gateway=10.0.1.1\nMetric=100\n")
    );
    assert!(management.contains("From=10.0.1.2\nTable=100\n"), "answers leave by the zone's own gateway");
    assert!(
        file(&rendered, "/run/systemd/timesyncd.conf.d/ringfence.conf")
            .contains("NTP=10.0.1.123 fd00:1::123\n")
    );
    assert!(
        file(&rendered, "/run/systemd/resolved.conf.d/ringfence.conf")
            .contains("DNS=10.0.1.53\nFallbackDNS=\n")
    );
}

#[test]
fn net_05_tunnels_are_rendered_with_keys_outside_and_closed_to_other_users() {
    let rendered = render(&full(), &around()).expect("accepted");
    let device = rendered.files.iter().find(|f| f.path.ends_with("wg-staff-1.netdev")).expect("a device");
    assert_eq!((device.mode, device.group), (0o640, Some("systemd-network")));
    assert!(device.content.expose().contains(&format!("PrivateKeyFile={}\n", netconf::FILE_WIREGUARD_KEY)));
    assert!(!format!("{rendered:?}").contains("Preshared"), "no content in debug output");
    let connections = file(&rendered, "/run/swanctl/swanctl.conf");
    assert!(connections.contains("version = 2") && connections.contains("id = \"C=CN, O=Bank, CN=gw1\""));
    assert!(connections.contains("local_ts = 10.0.2.0/24") && !connections.contains("sha1"));
    assert!(file(&rendered, "/run/swanctl/x509ca/hq.pem").starts_with("-----BEGIN CERTIFICATE-----\n"));
    let ipsec = rendered.files.iter().filter(|file| file.path.starts_with("/run/swanctl/"));
    assert!(ipsec.into_iter().all(|file| (file.mode, file.group) == (0o640, Some(netconf::IPSEC_GROUP))));
    let lines = reach(&effective(&full(), &around().ports), around().today);
    let of = |service: &Service| lines.iter().filter(|line| line.service == *service).count();
    assert_eq!(of(&Service::IpSec("hq".to_owned())), 2, "to the gateway and from it: {lines:?}");
    assert!(lines.iter().any(|line| line.interface == "IPsec hq" && line.service == Service::Voice));
    let none = NetworkConfig { tunnels: vec![wireguard("staff-1", 20_050)], ..full() };
    let rendered = render(&none, &around()).expect("accepted");
    assert!(!rendered.files.iter().any(|file| file.path.starts_with("/run/swanctl/")));
}

#[test]
fn net_05_what_lies_behind_a_tunnel_comes_and_goes_through_it_alone() {
    let rules = render(&full(), &around()).expect("accepted").nftables;
    let at = |rule: &str| rules.find(rule).unwrap_or_else(|| panic!("no {rule} in\n{rules}"));
    for (own, beside, answers) in [
        (
            "ip saddr 203.0.113.5 udp dport { 500, 4500 } counter name tunnels accept",
            "meta secpath missing ip saddr @tunnel_1_v4 counter name false_source drop",
            "policy drop;\n\t\tiifname \"lo\" accept",
        ),
        (
            "ip daddr 203.0.113.5 udp dport { 500, 4500 } counter name tunnels accept",
            "rt ipsec missing ip daddr @tunnel_1_v4 counter name refused_out reject",
            "policy drop;\n\t\toifname \"lo\" accept",
        ),
    ] {
        // The tunnel's own packets first, for its gateway may lie among what is behind it; then nothing beside it, also
        // of a connection that stands.
        let begins = at(answers);
        let established =
            begins + rules[begins..].find("ct state { established, related } accept").expect("answers");
        assert!(begins < at(own) && at(own) < at(beside) && at(beside) < established, "{rules}");
    }
    for beside in [
        "iifname != \"wg-staff-1\" ip6 saddr @tunnel_0_v6",
        "oifname != \"wg-staff-1\" ip daddr @tunnel_0_v4",
    ] {
        at(beside);
    }
}

#[test]
fn net_05_a_peer_whose_term_is_over_is_left_out_of_files_and_rules() {
    let mut config = full();
    config.tunnels[0] = wireguard("staff-1", 20_000);
    let rendered = render(&config, &around()).expect("accepted");
    assert!(!rendered.files.iter().any(|file| file.path.contains("wg-")));
    assert!(!rendered.nftables.contains("wg-staff-1") && !rendered.nftables.contains("51820"));
}

#[test]
fn net_08_an_egress_stands_in_the_rules_by_address_and_its_words_do_not() {
    let rendered = render(&full(), &around()).expect("accepted");
    assert!(rendered.nftables.contains("ip daddr 10.0.4.9/32 tcp dport 873 counter name egress_0 accept"));
    let words = rendered.files.iter().any(|file| file.content.expose().contains("备份"));
    assert!(!words && !rendered.nftables.contains("备份"));
    let mut foreign = full();
    foreign.egress[0].domestic = false;
    assert!(render(&foreign, &around()).is_err());
}

/// Text as an attacker would type it.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("eth0".to_owned()),
        Just("eth0\nDNS=6.6.6.6".to_owned()),
        Just("a\" ; flush ruleset ; \"".to_owned()),
        Just("x } } table inet y {".to_owned()),
        Just("gw.bank.cn".to_owned()),
        Just("10.0.1.9".to_owned()),
        Just("../../etc/passwd".to_owned()),
        "[a-z0-9-]{1,14}",
        "\\PC{0,20}",
        "[\n\r\t\0{}\"';#$\\\\%a-z]{1,12}",
    ]
}

fn networks() -> impl Strategy<Value = Cidr> {
    let four = (any::<[u8; 4]>(), 0_u8..=33, any::<bool>()).prop_map(|(bits, prefix, masked)| {
        let raw = Cidr { address: bits.into(), prefix };
        if masked { netconf::mask(raw) } else { raw }
    });
    let six =
        (any::<[u8; 16]>(), 0_u8..=129).prop_map(|(bits, prefix)| Cidr { address: bits.into(), prefix });
    prop_oneof![
        3 => four,
        1 => six.prop_map(netconf::mask),
        2 => (0_u8..5, 1_u8..255).prop_map(|(net, host)| Cidr { address: [10, 0, net, host].into(), prefix: 24 }),
    ]
}

fn zones() -> impl Strategy<Value = ZoneConfig> {
    let kind = prop_oneof![
        3 => Just(Zone::Management),
        1 => Just(Zone::Voice),
        1 => Just(Zone::Business),
        1 => Just(Zone::Backup)
    ];
    let port = prop_oneof![6 => Just("eth0".to_owned()), 3 => Just("eth1".to_owned()), 1 => hostile()];
    let vlan =
        prop_oneof![2 => Just(None), 6 => (1_u16..60).prop_map(Some), 1 => any::<u16>().prop_map(Some)];
    let lists = (
        prop::collection::vec(networks(), 0..3),
        prop::collection::vec(networks().prop_map(netconf::mask), 0..3),
    );
    (kind, port, vlan, lists, any::<bool>()).prop_map(|(zone, port, vlan, (addresses, allowed), way)| {
        let gateway = addresses.first().filter(|_| way).map(|own| netconf::mask(*own).address);
        ZoneConfig { zone, port, vlan, addresses, gateway, allowed }
    })
}

fn tunnels() -> impl Strategy<Value = Tunnel> {
    let key = prop_oneof![9 => Just([3_u8; 32]), 1 => any::<[u8; 32]>()];
    let parts = (
        hostile(),
        prop::collection::vec(networks().prop_map(netconf::mask), 1..3),
        networks(),
        40_000_u16..60_000,
    );
    (parts, key, any::<bool>(), hostile()).prop_map(
        |((name, remote, local, listen), peer_key, by_ipsec, peer_id)| {
            let kind = if by_ipsec {
                let TunnelKind::IpSec { ca_pem, .. } = ipsec().kind else { unreachable!("an IPsec tunnel") };
                TunnelKind::IpSec {
                    gateway: local.address,
                    local: vec![cidr("10.0.1.0/24")],
                    peer_id,
                    ca_pem,
                }
            } else {
                let endpoint = Some((local.address, listen));
                TunnelKind::WireGuard {
                    local,
                    listen,
                    peer_key,
                    preshared: None,
                    endpoint,
                    expires_day: 20_001,
                }
            };
            Tunnel { name, remote, zone: Zone::Voice, kind }
        },
    )
}

fn configs() -> impl Strategy<Value = NetworkConfig> {
    let egress = (hostile(), networks(), any::<u16>()).prop_map(|(name, target, port)| Egress {
        name,
        target: netconf::mask(target),
        transport: Layer4::Udp,
        port,
        domestic: true,
    });
    let lists = (
        prop::collection::vec(zones(), 0..3),
        prop::collection::vec(egress, 0..2),
        prop::collection::vec(tunnels(), 0..2),
        prop::collection::vec(networks().prop_map(netconf::mask), 0..3),
    );
    (prop_oneof![4 => Just(String::new()), 1 => hostile()], lists, hostile(), any::<bool>()).prop_map(
        |(host, (zones, egress, tunnels, carriers), time, phones)| NetworkConfig {
            host,
            zones,
            name_servers: vec![],
            time_servers: if time.parse::<std::net::IpAddr>().is_ok() { vec![time] } else { vec![] },
            egress,
            tunnels,
            carriers,
            phones,
        },
    )
}

/// Half of the runs begin with a management zone, so that enough of them are accepted.
fn likely() -> impl Strategy<Value = NetworkConfig> {
    (configs(), any::<bool>()).prop_map(|(mut config, whole)| {
        if whole {
            config.zones.insert(0, zone(Zone::Management, "eth2", None, &["10.0.1.2/24"], None));
        }
        config
    })
}

/// The rules' signs with a meaning, each as often as the renderer itself writes it.
fn balanced(text: &str) -> bool {
    let count = |sign: char| text.chars().filter(|c| *c == sign).count();
    count('{') == count('}') && count('"') % 2 == 0 && !text.contains('\0') && !text.contains('\r')
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4_000))]

    #[test]
    fn net_01_nothing_that_is_typed_reaches_a_file_but_in_its_alphabet(config in likely()) {
        let accepted = check(&config, &around().ports).is_ok();
        let rendered = render(&config, &around());
        prop_assert!(accepted || rendered.is_err() || config.zones.is_empty());
        if let Ok(rendered) = rendered {
            prop_assert!(balanced(&rendered.nftables) && rendered.nftables.is_ascii());
            for file in &rendered.files {
                let text = file.content.expose();
                prop_assert!(balanced(text) && text.is_ascii());
                prop_assert!(!text.contains("6.6.6.6") && !text.contains("flush"));
                prop_assert!(file.path.starts_with("/run/") && !file.path.contains(".."));
                let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"/.-_".contains(&b);
                prop_assert!(file.path.bytes().all(plain), "{}", file.path);
            }
        }
    }
}

#[test]
fn net_01_the_rules_of_every_configuration_that_is_accepted_are_taken_by_nft() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut taken = 0;
    for _ in 0..MAX_TRIES {
        let tree = proptest::strategy::Strategy::new_tree(&likely(), &mut runner).expect("a configuration");
        let config = proptest::strategy::ValueTree::current(&tree);
        let Ok(rendered) = render(&config, &around()) else { continue };
        if let Err(refused) = nft_takes(&rendered.nftables) {
            panic!("{refused}\nof {config:?}\n{}", rendered.nftables);
        }
        taken += 1;
        if taken == WANTED {
            return;
        }
    }
    panic!("only {taken} of {MAX_TRIES} configurations were accepted");
}

/// Accepted configurations that `nft` reads.
const WANTED: usize = 60;
const MAX_TRIES: usize = 20_000;
