//! An IPsec tunnel between the box and a gateway nobody here wrote: the box's end with exactly the files that are
//! rendered, the settings of the image, and the key and certificate that the vault makes.

use idl::network::{NetworkConfig, Tunnel, TunnelKind, Zone, ZoneConfig};
use netconf::{FILE_IPSEC_CERTIFICATE, FILE_IPSEC_KEY, Ports, Surroundings};
use network_tests::gateway::{Authority, Far, IKE, SETTINGS, SOCKET_FOLDER, in_user_space, put};
use network_tests::ike::Daemon;
use network_tests::sample::{TODAY, cidr};
use network_tests::{Space, gateway, inside};
use std::net::UdpSocket;
use std::time::{Duration, Instant};
use vocab::{Secret, UnixMs};

const NAME: &str = "ringfence-3f2a91bc";
const INSIDE_HERE: &str = "10.40.0.1";
const INSIDE_THERE: &str = "10.50.0.1";

/// The site, with a tunnel to a gateway of this authority.
fn config(ca_pem: String) -> NetworkConfig {
    NetworkConfig {
        zones: vec![ZoneConfig {
            zone: Zone::Management,
            port: "eth0".to_owned(),
            vlan: None,
            addresses: vec![cidr("10.0.1.2/24"), cidr("10.40.0.1/24")],
            gateway: Some("10.0.1.1".parse().expect("address")),
            allowed: vec![],
        }],
        tunnels: vec![Tunnel {
            name: "hq".to_owned(),
            remote: vec![cidr("10.50.0.0/16")],
            zone: Zone::Management,
            kind: TunnelKind::IpSec {
                gateway: "203.0.113.5".parse().expect("address"),
                local: vec![cidr("10.40.0.0/24")],
                peer_id: "CN=gw1".to_owned(),
                ca_pem,
            },
        }],
        ..NetworkConfig::default()
    }
}

/// Both ends' name spaces with the way between them, and the box's files.
fn site(ca: &Authority) -> anyhow::Result<(Space, Space, String)> {
    let (here, there) = (Space::make("box")?, Space::make("gateway")?);
    here.join("eth0", there, "wan")?;
    for address in ["10.0.1.2/24", "10.40.0.1/24"] {
        here.ip(&format!("addr add {address} dev eth0"))?;
    }
    there.ip("addr add 10.0.1.1/24 dev wan")?;
    for address in ["203.0.113.5/32", "10.50.0.1/16"] {
        there.ip(&format!("addr add {address} dev lo"))?;
    }
    here.ip("route add default via 10.0.1.1")?;
    let around = Surroundings::of_box(Ports::known(vec!["eth0".to_owned()]), TODAY);
    let rendered = netconf::render(&config(ca.pem()), &around)
        .map_err(|faults| anyhow::anyhow!("it cannot be rendered: {faults:?}"))?;
    for file in rendered.files.iter().filter(|file| file.path.starts_with("/run/swanctl/")) {
        put(&file.path, file.content.expose())?;
    }
    let now = UnixMs(i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?);
    let own = vaultd::tunnel_keys::ipsec(&Secret::new([0x5a; 48]), [9; 16], NAME, now).expect("a key");
    put(FILE_IPSEC_CERTIFICATE, &own.certificate)?;
    put(FILE_IPSEC_KEY, own.key.expose())?;
    Ok((here, there, rendered.nftables))
}

/// The box's end: the image's settings, with ESP in user space.
fn start_box(here: Space) -> anyhow::Result<Daemon> {
    assert!(SETTINGS.contains(" kernel-netlink ") && SETTINGS.contains(&format!("unix://{SOCKET_FOLDER}")));
    std::fs::create_dir_all(SOCKET_FOLDER)?;
    Daemon::start(here, &in_user_space(SETTINGS), "/run/swanctl")
}

/// The other end, as somebody set it who trusts the box's certificate.
fn start_peer(there: Space, ca: &Authority, name: &str, ike: &str) -> anyhow::Result<Daemon> {
    let box_pem = std::fs::read_to_string(FILE_IPSEC_CERTIFICATE)?;
    let far = Far {
        name: "site",
        own: "203.0.113.5",
        to: "10.0.1.2",
        behind: "10.50.0.0/16",
        of_box: "10.40.0.0/24",
        ike,
    };
    gateway::start(there, ca, name, &box_pem, &[far])
}

/// Sends a word through the tunnel and waits for it to come back.
fn speak(here: Space, there: Space) -> bool {
    let echo = there.within(|| UdpSocket::bind((INSIDE_THERE, 7_000)).expect("an address there"));
    echo.set_read_timeout(Some(PATIENCE)).expect("a limit");
    let answering = std::thread::spawn(move || {
        let mut word = [0; 16];
        let (length, from) = echo.recv_from(&mut word).ok()?;
        echo.send_to(&word[..length], from).ok()
    });
    let asking = here.within(|| UdpSocket::bind((INSIDE_HERE, 7_001)).expect("an address here"));
    asking.set_read_timeout(Some(PATIENCE)).expect("a limit");
    let mut word = [0; 16];
    let sent = asking.send_to(b"hello", (INSIDE_THERE, 7_000)).is_ok();
    let back = sent && asking.recv_from(&mut word).is_ok_and(|(length, _)| &word[..length] == b"hello");
    let _ends = answering.join();
    back
}

#[test]
fn net_05_an_ipsec_tunnel_stands_as_it_is_rendered_and_carries_what_it_is_for() {
    inside("net_05_an_ipsec_tunnel_stands_as_it_is_rendered_and_carries_what_it_is_for", || {
        let ca = Authority::new("Bank CA")?;
        let (here, there, rules) = site(&ca)?;
        here.load(&rules)?;
        let peer = start_peer(there, &ca, "gw1", IKE)?;
        let own = start_box(here)?;
        let (up, said) = own.call("hq")?;
        assert!(up, "{said}");
        for daemon in [&own, &peer] {
            let has = daemon.tunnels()?;
            for part in [
                "state=ESTABLISHED",
                "encr-alg=AES_GCM_16 encr-keysize=256 prf-alg=PRF_HMAC_SHA2_384 dh-group=ECP_384",
                "state=INSTALLED mode=TUNNEL",
                "10.50.0.0/16",
                "10.40.0.0/24",
            ] {
                assert!(has.contains(part), "{part}: {has}");
            }
        }
        assert!(here.counted("tunnels")? > 0, "the rules let the tunnel's own packets through");
        // The rules take for a tunnel's what the kernel's own ESP unpacked; with ESP in user space they see an
        // interface that nobody named, and let nothing through.
        let before = here.counted("refused_out")?;
        here.within(|| {
            let asking = UdpSocket::bind((INSIDE_HERE, 0)).expect("an address here");
            let _refused = asking.send_to(b"hello", (INSIDE_THERE, 7_000));
        });
        assert!(here.counted("refused_out")? > before, "an interface that is in no rule");
        here.run(&["nft", "delete", "table", "inet", netconf::FIREWALL_TABLE])?;
        assert!(speak(here, there), "what is sent from network to network arrives");
        let has = own.tunnels()?;
        for way in ["packets-in=", "packets-out="] {
            let count = has.split(way).nth(1).and_then(|rest| rest.split_whitespace().next());
            assert_ne!(count.expect(way), "0", "through the tunnel: {has}");
        }
        Ok(())
    });
}

#[test]
fn net_05_ipsec_takes_no_other_authority_no_other_name_and_nothing_weak() {
    inside("net_05_ipsec_takes_no_other_authority_no_other_name_and_nothing_weak", || {
        let (ca, other) = (Authority::new("Bank CA")?, Authority::new("Bank CA")?);
        let (here, there, _) = site(&ca)?;
        let good = IKE;
        for (authority, name, ike, taken) in [
            (&ca, "gw1", good, true),
            (&ca, "gw1", "aes256gcm16-prfsha384-x25519", true),
            (&other, "gw1", good, false),
            (&ca, "gw2", good, false),
            (&ca, "gw1", "aes128-sha256-modp2048", false),
            (&ca, "gw1", "aes256gcm16-prfsha384-modp2048", false),
        ] {
            let own = start_box(here)?;
            let peer = start_peer(there, authority, name, ike)?;
            let (up, said) = peer.call("site")?;
            assert_eq!(up, taken, "{name} {ike}: {said}");
            assert_eq!(own.tunnels()?.contains("state=INSTALLED"), taken, "{name} {ike}: {said}");
        }
        Ok(())
    });
}

#[test]
fn net_05_a_tunnel_that_the_other_side_ended_is_called_again_by_itself() {
    inside("net_05_a_tunnel_that_the_other_side_ended_is_called_again_by_itself", || {
        let ca = Authority::new("Bank CA")?;
        let (here, there, _) = site(&ca)?;
        let peer = start_peer(there, &ca, "gw1", IKE)?;
        let own = start_box(here)?;
        let (up, said) = own.call("hq")?;
        let first = own.spi("hq")?;
        assert!(up && first.is_some(), "{said}");
        let ended = peer.swanctl(&["--terminate", "--ike", "site", "--timeout", "30"])?;
        assert!(ended.status.success(), "{ended:?}");
        let begun = Instant::now();
        while own.spi("hq")?.is_none_or(|spi| Some(spi) == first) {
            assert!(begun.elapsed() < PATIENCE, "it is not called: {}", own.tunnels()?);
        }
        Ok(())
    });
}

/// How long a word may be under way.
const PATIENCE: Duration = Duration::from_secs(60);
