//! Somebody near who uses an address of what lies behind a tunnel, in a zone that would let such an address in: without the
//! tunnel it reaches the page, with it only what comes through the tunnel does.

use idl::network::{NetworkConfig, Tunnel, TunnelKind, Zone, ZoneConfig};
use netconf::{Ports, Surroundings};
use network_tests::gateway::Authority;
use network_tests::sample::{TODAY, cidr};
use network_tests::sockets::{Port, reaches, serve};
use network_tests::{Space, inside};
use std::net::SocketAddr;

const PAGE: Port = Port::Tcp(443);
const BOX: &str = "10.0.1.2";
/// Behind the IPsec tunnel, behind the WireGuard tunnel, behind none.
const SOURCES: [&str; 3] = ["10.50.0.9", "10.98.0.9", "10.77.0.9"];

fn tunnels() -> anyhow::Result<Vec<Tunnel>> {
    let by_ipsec = TunnelKind::IpSec {
        // It lies among what is behind it.
        gateway: "10.50.0.1".parse()?,
        local: vec![cidr("10.0.1.0/24")],
        peer_id: "CN=gw1".to_owned(),
        ca_pem: Authority::new("Bank CA")?.pem(),
    };
    let by_wireguard = TunnelKind::WireGuard {
        local: cidr("10.98.1.1/32"),
        listen: 51_820,
        peer_key: [7; 32],
        preshared: None,
        endpoint: None,
        expires_day: TODAY + 30,
    };
    let tunnel = |name: &str, remote, kind| Tunnel {
        name: name.to_owned(),
        remote: vec![cidr(remote)],
        zone: Zone::Management,
        kind,
    };
    Ok(vec![tunnel("hq", "10.50.0.0/16", by_ipsec), tunnel("staff", "10.98.0.0/24", by_wireguard)])
}

fn rules(tunnels: Vec<Tunnel>) -> anyhow::Result<String> {
    let zone = ZoneConfig {
        zone: Zone::Management,
        port: "eth0".to_owned(),
        vlan: None,
        addresses: vec![cidr("10.0.1.2/24")],
        gateway: Some("10.0.1.1".parse()?),
        allowed: vec![cidr("10.0.0.0/8")],
    };
    let config = NetworkConfig { zones: vec![zone], tunnels, ..NetworkConfig::default() };
    let around = Surroundings::of_box(Ports::known(vec!["eth0".to_owned()]), TODAY);
    let rendered = netconf::render(&config, &around).map_err(|faults| anyhow::anyhow!("{faults:?}"))?;
    Ok(rendered.nftables)
}

/// Whether each source opens the page.
fn open(near: Space, expected: [bool; 3]) -> [bool; 3] {
    let to = BOX.parse().expect("address");
    let mut open = [false; 3];
    for ((source, expected), open) in SOURCES.into_iter().zip(expected).zip(&mut open) {
        let from = SocketAddr::new(source.parse().expect("address"), 0);
        *open = reaches(near, from, to, PAGE, expected);
    }
    open
}

#[test]
fn net_05_a_far_address_beside_its_tunnel_is_not_heard_whatever_else_lets_it_in() {
    inside("net_05_a_far_address_beside_its_tunnel_is_not_heard_whatever_else_lets_it_in", || {
        let (here, near) = (Space::make("box")?, Space::make("near")?);
        here.join("eth0", near, "zone")?;
        here.ip(&format!("addr add {BOX}/24 dev eth0"))?;
        near.ip("addr add 10.0.1.1/24 dev zone")?;
        for address in SOURCES.iter().chain([&"10.50.0.1"]) {
            near.ip(&format!("addr add {address}/32 dev zone"))?;
        }
        here.ip("route add default via 10.0.1.1")?;
        serve(here, &[PAGE, Port::Udp(4_500)]);
        here.load(&rules(Vec::new())?)?;
        assert_eq!(open(near, [true; 3]), [true; 3], "the zone lets them in");
        here.load(&rules(tunnels()?)?)?;
        assert_eq!(open(near, [false, false, true]), [false, false, true]);
        assert!(here.counted("false_source")? > 1, "each of them was thrown away");
        // What the tunnel itself is made of passes, though its gateway lies behind it.
        let gateway = SocketAddr::new("10.50.0.1".parse()?, 4_500);
        assert!(reaches(near, gateway, BOX.parse()?, Port::Udp(4_500), true), "the gateway's own packets");
        assert!(!reaches(near, gateway, BOX.parse()?, PAGE, false), "the gateway itself, beside its tunnel");
        Ok(())
    });
}
