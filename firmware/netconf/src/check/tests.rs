//! Every fault is found, and named by its field.

use super::{check, check_terms};
use crate::{Ports, What, parse_cidr};
use idl::network::{Cidr, Egress, Layer4, NetworkConfig, Tunnel, TunnelKind, Zone, ZoneConfig};

fn cidr(text: &str) -> Cidr {
    parse_cidr(text).expect(text)
}

fn zone(zone: Zone, port: &str, vlan: Option<u16>, address: &str) -> ZoneConfig {
    ZoneConfig {
        zone,
        port: port.to_owned(),
        vlan,
        addresses: vec![cidr(address)],
        gateway: None,
        allowed: vec![],
    }
}

fn good() -> NetworkConfig {
    NetworkConfig {
        host: "box-1".to_owned(),
        zones: vec![
            zone(Zone::Management, "eth0", None, "10.0.1.2/24"),
            zone(Zone::Voice, "eth0", Some(20), "10.0.2.2/24"),
        ],
        name_servers: vec!["10.0.1.53".parse().expect("address")],
        time_servers: vec!["10.0.1.123".to_owned()],
        egress: vec![Egress {
            name: "日志服务器".to_owned(),
            target: cidr("10.0.9.9"),
            transport: Layer4::Tcp,
            port: 6514,
            domestic: true,
        }],
        tunnels: vec![wireguard("site-2", "10.9.0.1/32", "10.9.0.2", 51_820, 7)],
        carriers: vec![cidr("10.0.2.200")],
        phones: false,
    }
}

fn wireguard(name: &str, local: &str, remote: &str, listen: u16, key: u8) -> Tunnel {
    Tunnel {
        name: name.to_owned(),
        remote: vec![cidr(remote)],
        zone: Zone::Management,
        kind: TunnelKind::WireGuard {
            local: cidr(local),
            listen,
            peer_key: [key; 32],
            preshared: None,
            endpoint: None,
            expires_day: 20_090,
        },
    }
}

fn ports() -> Ports {
    Ports::known(vec!["eth0".to_owned(), "eth1".to_owned()])
}

/// What is found wrong once this was done to a good configuration.
fn faults(spoil: impl FnOnce(&mut NetworkConfig)) -> Vec<(String, What)> {
    let mut config = good();
    spoil(&mut config);
    let found = check(&config, &ports()).err().unwrap_or_default();
    found.into_iter().map(|fault| (fault.field, fault.what)).collect()
}

fn only(field: &str, what: What, spoil: impl FnOnce(&mut NetworkConfig)) {
    assert_eq!(faults(spoil), [(field.to_owned(), what)]);
}

#[test]
fn what_is_good_has_no_fault_and_neither_has_a_box_never_set() {
    assert_eq!(faults(|_| {}), []);
    assert_eq!(check(&NetworkConfig::default(), &ports()), Ok(()));
}

#[test]
fn net_04_a_zone_s_faults_are_named() {
    only("host", What::Word, |c| c.host = "a b".to_owned());
    only("zones.1.port", What::NoSuchPort, |c| c.zones[1].port = "eth7".to_owned());
    only("zones.1.port", What::Word, |c| c.zones[1].port = "eth0\nDNS=1.1.1.1".to_owned());
    only("zones.1.vlan", What::Vlan, |c| c.zones[1].vlan = Some(4095));
    only("zones.1.addresses", What::Address, |c| c.zones[1].addresses[0] = cidr("10.0.2.255/24"));
    only("zones.1.addresses", What::Overlap, |c| c.zones[1].addresses[0] = cidr("10.0.1.9/24"));
    only("zones.1.gateway", What::Gateway, |c| {
        c.zones[1].gateway = Some("10.0.1.1".parse().expect("address"))
    });
    only("zones.1.allowed", What::Everybody, |c| c.zones[1].allowed = vec![cidr("0.0.0.0/0")]);
    only("zones.1.allowed", What::Prefix, |c| c.zones[1].allowed = vec![cidr("10.0.2.7/24")]);
    only("zones.1.allowed", What::Dhcp, |c| c.zones[1].addresses.clear());
    only("zones.1.port", What::Twice, |c| {
        c.zones[1] = zone(Zone::Management, "eth0", None, "10.0.5.2/24");
    });
    only("zones", What::NoManagement, |c| c.zones[0].zone = Zone::Business);
    only("zones", What::TooMany, |c| {
        c.zones.extend(
            (100..107).map(|vlan| zone(Zone::Business, "eth1", Some(vlan), &format!("10.7.{vlan}.1/24"))),
        );
    });
}

#[test]
fn net_04_zones_on_one_wire_must_be_told_apart_by_who_is_allowed() {
    only("zones.1.allowed", What::Overlap, |c| {
        c.zones[1].vlan = None;
        c.zones[1].allowed = vec![cidr("10.0.1.0/25")];
    });
    assert_eq!(
        faults(|c| {
            c.zones[1].vlan = None;
            c.zones[1].allowed = vec![cidr("10.0.2.0/25")];
        }),
        []
    );
}

#[test]
fn net_08_what_is_not_declared_domestic_is_no_target() {
    only("egress.0.domestic", What::Foreign, |c| c.egress[0].domestic = false);
    only("egress.0.target", What::Everybody, |c| c.egress[0].target = cidr("8.0.0.0/8"));
    only("egress.0.port", What::Port, |c| c.egress[0].port = 0);
    only("egress.0.name", What::Word, |c| c.egress[0].name = "a\nb".to_owned());
    only("time_servers.0", What::NotAddress, |c| c.time_servers[0] = "pool.ntp.org".to_owned());
    only("name_servers.0", What::Address, |c| c.name_servers[0] = "127.0.0.1".parse().expect("address"));
    only("carriers.0", What::Everybody, |c| c.carriers[0] = cidr("0.0.0.0/1"));
    only("carriers.0", What::Address, |c| c.carriers[0] = cidr("::ffff:8.8.8.8"));
}

#[test]
fn net_05_a_tunnel_s_faults_are_named() {
    only("tunnels.0.name", What::Word, |c| c.tunnels[0].name = "a/../b".to_owned());
    only("tunnels.0.zone", What::TunnelZone, |c| c.tunnels[0].zone = Zone::Backup);
    only("tunnels.0.remote", What::Overlap, |c| c.tunnels[0].remote = vec![cidr("10.0.1.0/25")]);
    only("tunnels.0.remote", What::Address, |c| c.tunnels[0].remote.clear());
    only("tunnels.0.listen", What::Port, |c| c.tunnels[0] = wireguard("a", "10.9.0.1", "10.9.0.2", 5060, 7));
    only("tunnels.0.peer_key", What::Key, |c| {
        c.tunnels[0] = wireguard("a", "10.9.0.1", "10.9.0.2", 51_820, 0)
    });
    only("tunnels.1.name", What::Twice, |c| {
        c.tunnels.push(wireguard("site-2", "10.9.1.1/32", "10.9.1.2", 51_821, 8));
    });
    only("tunnels.1.listen", What::Twice, |c| {
        c.tunnels.push(wireguard("site-3", "10.9.1.1/32", "10.9.1.2", 51_820, 8));
    });
}

#[test]
fn net_05_ipsec_reaches_the_box_s_own_addresses_of_its_zone_only() {
    let ipsec = |local: &str, id: &str, ca: &str| Tunnel {
        name: "hq".to_owned(),
        remote: vec![cidr("10.50.0.0/16")],
        zone: Zone::Management,
        kind: TunnelKind::IpSec {
            gateway: "203.0.113.5".parse().expect("address"),
            local: vec![cidr(local)],
            peer_id: id.to_owned(),
            ca_pem: ca.to_owned(),
        },
    };
    let found = faults(|c| c.tunnels[0] = ipsec("10.0.2.0/24", "gw}\n", "no certificate"));
    let named: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(named, ["tunnels.0.local", "tunnels.0.peer_id", "tunnels.0.ca"]);
    only("tunnels.0.ca", What::Certificate, |c| c.tunnels[0] = ipsec("10.0.1.0/24", "gw.bank.cn", ""));
}

#[test]
fn net_05_a_peer_s_term_ends_within_ninety_days() {
    assert_eq!(check_terms(&good(), 20_000), Ok(()));
    for today in [19_999, 20_090, 30_000] {
        assert_eq!(check_terms(&good(), today).err().map(|f| f[0].what), Some(What::Term), "{today}");
    }
}
