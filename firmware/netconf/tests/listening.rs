//! Where services listen, held against who reaches them: the same zones, and no others (NET-04).

use idl::network::{Cidr, Listening, NetworkConfig, Tunnel, TunnelKind, Zone, ZoneConfig};
use netconf::{Ports, Seen, Service, effective, interface, listening, parse_cidr, reach};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
use std::net::IpAddr;

const TODAY: u32 = 20_000;

fn cidr(text: &str) -> Cidr {
    parse_cidr(text).expect(text)
}

fn zone(zone: Zone, port: &str, vlan: Option<u16>, addresses: &[&str]) -> ZoneConfig {
    ZoneConfig {
        zone,
        port: port.to_owned(),
        vlan,
        addresses: addresses.iter().map(|text| cidr(text)).collect(),
        gateway: None,
        allowed: vec![],
    }
}

fn site() -> NetworkConfig {
    NetworkConfig {
        zones: vec![
            zone(Zone::Management, "eth0", None, &["10.0.1.2/24", "fd00:1::2/64"]),
            zone(Zone::Voice, "eth0", Some(20), &["10.0.2.2/24"]),
            zone(Zone::Business, "eth1", None, &["10.0.3.2/24"]),
            zone(Zone::Backup, "eth2", None, &["10.0.4.2/24"]),
        ],
        ..NetworkConfig::default()
    }
}

fn wireguard(name: &str, zone: Zone, local: &str, expires_day: u32) -> Tunnel {
    let kind = TunnelKind::WireGuard {
        local: cidr(local),
        listen: 51_820,
        peer_key: [7; 32],
        preshared: None,
        endpoint: None,
        expires_day,
    };
    Tunnel { name: name.to_owned(), remote: vec![cidr("10.9.0.0/24")], zone, kind }
}

fn only(addresses: &[&str]) -> Listening {
    let mut addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().expect(text)).collect();
    addresses.sort_unstable();
    Listening::Only(addresses)
}

fn seen(told: &[&str]) -> Vec<Seen> {
    told.iter().map(|line| Seen::parse(line).expect(line)).collect()
}

#[test]
fn net_04_the_page_is_at_management_and_business_and_the_lines_at_voice() {
    let places = listening(&site(), None, TODAY).expect("all addresses are set");
    assert_eq!(places.page, only(&["10.0.1.2", "fd00:1::2", "10.0.3.2"]));
    assert_eq!(places.voice, only(&["10.0.2.2"]));
}

#[test]
fn net_04_without_a_voice_zone_the_lines_are_at_management() {
    let mut config = site();
    config.zones.retain(|zone| zone.zone != Zone::Voice);
    let places = listening(&config, None, TODAY).expect("all addresses are set");
    assert_eq!(places.voice, only(&["10.0.1.2", "fd00:1::2"]));
}

#[test]
fn net_04_a_box_never_set_listens_everywhere() {
    let config = NetworkConfig { host: "box-1".to_owned(), ..NetworkConfig::default() };
    let places = listening(&config, None, TODAY).expect("there is nothing to know");
    assert_eq!((places.page, places.voice), (Listening::Every, Listening::Every));
}

#[test]
fn net_04_of_a_zone_by_dhcp_what_its_interface_has_counts_and_no_other_zone_s() {
    let mut config = site();
    config.zones[0].addresses.clear();
    config.zones.push(zone(Zone::Backup, "eth0", None, &["10.0.5.2/24"]));
    assert_eq!(listening(&config, None, TODAY), None, "nobody knows the address yet");
    let places = |told: &[&str]| listening(&config, Some(&seen(told)), TODAY).expect("known");
    assert_eq!(places(&[]).page, only(&["10.0.3.2"]), "no lease, and the others stay");
    let told =
        ["eth0 10.7.0.9/24", "eth0 10.0.5.2/24", "eth0 fe80::1/64", "eth0.20 10.0.2.2/24", "eth2 10.8.0.1/8"];
    assert_eq!(places(&told).page, only(&["10.0.3.2", "10.7.0.9"]));
    config.zones[0].addresses.push(cidr("10.0.1.2/24"));
    let backup = zone(Zone::Backup, "eth3", None, &[]);
    config.zones.push(backup);
    assert!(listening(&config, None, TODAY).is_some(), "where nothing listens nothing needs to be known");
}

#[test]
fn net_04_a_tunnel_s_own_address_serves_what_its_zone_does_until_its_last_day() {
    let mut config = site();
    config.tunnels = vec![
        wireguard("staff", Zone::Management, "10.9.1.1/32", TODAY + 1),
        wireguard("phones", Zone::Voice, "10.9.2.1/32", TODAY + 1),
        wireguard("store", Zone::Backup, "10.9.3.1/32", TODAY + 1),
    ];
    let places = listening(&config, None, TODAY).expect("all addresses are set");
    assert_eq!(places.page, only(&["10.0.1.2", "fd00:1::2", "10.0.3.2", "10.9.1.1"]));
    assert_eq!(places.voice, only(&["10.0.2.2", "10.9.2.1"]));
    let later = listening(&config, None, TODAY + 90).expect("all addresses are set");
    assert_eq!(later, listening(&site(), None, TODAY).expect("all addresses are set"));
}

#[test]
fn what_is_no_address_of_an_interface_is_not_seen() {
    for told in ["", "eth0", "eth0 10.0.0.1", "eth0 x/24", "10.0.0.1/24"] {
        assert_eq!(Seen::parse(told), None, "{told}");
    }
}

fn any_zone() -> impl Strategy<Value = ZoneConfig> {
    let kind =
        prop_oneof![Just(Zone::Voice), Just(Zone::Business), Just(Zone::Management), Just(Zone::Backup)];
    (kind, 0_u8..3, prop::option::of(1_u16..4), any::<u8>()).prop_map(|(kind, port, vlan, host)| {
        let own = format!("10.{port}.{}.{host}/24", vlan.unwrap_or(0));
        zone(kind, &format!("eth{port}"), vlan, &[&own])
    })
}

proptest! {
    #[test]
    fn net_04_a_service_listens_in_a_zone_exactly_where_the_rules_let_somebody_in(
        zones in prop::collection::vec(any_zone(), 1..6)
    ) {
        let config = NetworkConfig { zones, phones: true, ..NetworkConfig::default() };
        let effective = effective(&config, &Ports::unknown());
        let places = listening(&config, None, TODAY).expect("all addresses are set");
        let lines = reach(&effective, TODAY);
        let addresses = |service: &Service| {
            let mut all: Vec<IpAddr> = config
                .zones
                .iter()
                .filter(|zone| lines.iter().any(|line| {
                    // A line is of an interface and of who is allowed there: the zone's own networks here.
                    let own: Vec<Cidr> = zone.addresses.iter().map(|own| netconf::mask(*own)).collect();
                    line.inward && line.service == *service && line.interface == interface(zone) && line.peers == own
                }))
                .flat_map(|zone| zone.addresses.iter().map(|own| own.address))
                .collect();
            all.sort_unstable();
            all.dedup();
            Listening::Only(all)
        };
        // Two zones of one network on one interface are one to the rules; here they are two.
        let mut interfaces: Vec<String> = config.zones.iter().map(interface).collect();
        interfaces.sort();
        interfaces.dedup();
        if interfaces.len() == config.zones.len() {
            prop_assert_eq!(&places.page, &addresses(&Service::Page));
            prop_assert_eq!(&places.voice, &addresses(&Service::Voice));
        }
    }
}
