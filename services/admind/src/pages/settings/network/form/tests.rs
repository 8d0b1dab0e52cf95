//! What is shown is read back; each fault stands at its own field.

use super::{clock, date_of, filled, read};
use crate::form::Form;
use crate::looks::Lang;
use crate::texts::Texts;
use idl::network::{Egress, Layer4, NetworkConfig, Tunnel, TunnelKind, Zone, ZoneConfig};
use netconf::parse_cidr;
use vocab::DAY_MS;

fn config() -> NetworkConfig {
    let today = u32::try_from(clock::now().0 / DAY_MS).unwrap();
    let zone = |zone, vlan, address: &str| ZoneConfig {
        zone,
        port: "eth0".to_owned(),
        vlan,
        addresses: vec![parse_cidr(address).unwrap()],
        gateway: None,
        allowed: vec![],
    };
    NetworkConfig {
        host: "box-1".to_owned(),
        zones: vec![zone(Zone::Management, None, "10.0.1.2/24"), zone(Zone::Voice, Some(20), "10.0.2.2/24")],
        name_servers: vec!["10.0.1.53".parse().unwrap()],
        time_servers: vec!["10.0.1.123".to_owned()],
        egress: vec![Egress {
            name: "异地备份".to_owned(),
            target: parse_cidr("10.0.4.9").unwrap(),
            transport: Layer4::Tcp,
            port: 873,
            domestic: true,
        }],
        tunnels: vec![wireguard(today), ipsec()],
        carriers: vec![parse_cidr("198.51.100.0/24").unwrap()],
        phones: false,
    }
}

fn wireguard(today: u32) -> Tunnel {
    Tunnel {
        name: "site-2".to_owned(),
        remote: vec![parse_cidr("10.9.0.2").unwrap()],
        zone: Zone::Management,
        kind: TunnelKind::WireGuard {
            local: parse_cidr("10.9.0.1").unwrap(),
            listen: 51_820,
            peer_key: [7; 32],
            preshared: None,
            endpoint: Some(("203.0.113.9".parse().unwrap(), 51_820)),
            expires_day: today + 30,
        },
    }
}

fn ipsec() -> Tunnel {
    let mut der = vec![0x30, 0x82, 1, 0];
    der.extend([5; 256]);
    let body = data_encoding::BASE64.encode(&der);
    Tunnel {
        name: "hq".to_owned(),
        remote: vec![parse_cidr("10.50.0.0/16").unwrap(), parse_cidr("10.51.0.0/16").unwrap()],
        zone: Zone::Voice,
        kind: TunnelKind::IpSec {
            gateway: "203.0.113.5".parse().unwrap(),
            local: vec![parse_cidr("10.0.2.0/24").unwrap()],
            peer_id: "C=CN, O=Bank, CN=gw1".to_owned(),
            ca_pem: format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----"),
        },
    }
}

fn t() -> &'static Texts {
    Texts::of(Lang::Zh)
}

#[test]
fn net_01_what_is_in_use_comes_back_from_its_own_form_unchanged() {
    let (mut form, rows) = filled(&config());
    assert_eq!((rows.zones.len(), rows.wireguard.len(), rows.ipsec.len()), (4, 2, 2));
    assert_eq!(read(&mut form, t()), Some(config()), "{} {form:?}", form.top());
}

#[test]
fn net_08_a_fault_stands_at_its_own_field() {
    for (field, value, at) in [
        ("domestic", "", "domestic"),
        ("z1_vlan", "4095", "z1_vlan"),
        ("z1_vlan", "x", "z1_vlan"),
        ("z1_addresses", "10.0.1.9/24", "z1_addresses"),
        ("z0_port", "eth0\nDNS=1", "z0_port"),
        ("time_servers", "pool.ntp.org", "time_servers"),
        ("carriers", "0.0.0.0/0", "carriers"),
        ("egress", "备份 | 10.0.4.9 | tcp", "egress"),
        ("w0_name", "a b", "w0_name"),
        ("w0_peer_key", "short", "w0_peer_key"),
        ("w0_expires", "2020-01-01", "w0_expires"),
        ("i0_gateway", "gw.bank.cn", "i0_gateway"),
        ("i0_gateway", "", "i0_gateway"),
        ("i0_local", "10.7.0.0/24", "i0_local"),
        ("i0_remote", "10.9.0.2/32", "i0_remote"),
        ("i0_peer_id", "%any", "i0_peer_id"),
        ("i0_ca", "-----BEGIN CERTIFICATE-----", "i0_ca"),
        ("i0_ca", "A".repeat(7_000).as_str(), "i0_ca"),
    ] {
        let (mut form, _) = filled(&config());
        form.set(field, value);
        assert_eq!(read(&mut form, t()), None, "{field}={value}");
        assert!(!form.error(at).is_empty(), "{field}={value}");
    }
}

#[test]
fn net_04_rows_that_are_left_empty_are_none() {
    let mut form = Form::parse(b"zones=3&wireguard=1&ipsec=4").unwrap();
    assert_eq!(read(&mut form, t()), Some(NetworkConfig::default()));
}

#[test]
fn a_day_is_written_as_a_date() {
    assert_eq!((date_of(20_000).as_str(), super::day_of("2024-10-04")), ("2024-10-04", Some(20_000)));
}
