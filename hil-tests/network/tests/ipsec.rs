//! An IPsec tunnel between the box and a gateway nobody here wrote: the box's end with exactly the files that are
//! rendered, the settings of the image, and the key and certificate that the vault makes.

use idl::network::{NetworkConfig, Tunnel, TunnelKind, Zone, ZoneConfig};
use netconf::{FILE_IPSEC_CERTIFICATE, FILE_IPSEC_KEY, Ports, Surroundings};
use network_tests::ike::Daemon;
use network_tests::sample::{TODAY, cidr};
use network_tests::{Space, inside};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    PKCS_ECDSA_P384_SHA384,
};
use std::net::UdpSocket;
use std::path::Path;
use std::time::Duration;
use vocab::{Secret, UnixMs};

const SETTINGS: &str = include_str!("../../../image/system/root/etc/ringfence/strongswan.conf");
const NAME: &str = "ringfence-3f2a91bc";
const INSIDE_HERE: &str = "10.40.0.1";
const INSIDE_THERE: &str = "10.50.0.1";

type Authority = CertifiedIssuer<'static, KeyPair>;

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).expect("parameters");
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).expect("a key")
}

fn authority(name: &str) -> Authority {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, key()).expect("an authority")
}

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
    put("/run/peer/x509/box.pem", &own.certificate)?;
    Ok((here, there, rendered.nftables))
}

fn put(path: &str, content: &str) -> anyhow::Result<()> {
    let path = Path::new(path);
    std::fs::create_dir_all(path.parent().expect("a folder"))?;
    Ok(std::fs::write(path, content)?)
}

/// The box's end: the image's settings, with ESP in user space.
fn start_box(here: Space) -> anyhow::Result<Daemon> {
    let folder = "unix:///run/ringfence-ipsec/";
    assert!(SETTINGS.contains(" kernel-netlink ") && SETTINGS.contains(folder));
    std::fs::create_dir_all("/run/ringfence-ipsec")?;
    Daemon::start(here, &in_user_space(SETTINGS), "/run/swanctl")
}

/// ESP in user space; and Debian 12's strongSwan derives keys in a plugin of its own, where later ones have OpenSSL do it.
fn in_user_space(settings: &str) -> String {
    settings.replace(" kernel-netlink ", " kdf kernel-libipsec kernel-netlink ")
}

/// The other end, as somebody set it who trusts the box's certificate.
fn start_peer(there: Space, ca: &Authority, name: &str, ike: &str) -> anyhow::Result<Daemon> {
    let own = key();
    let certificate = named(name).signed_by(&own, ca)?;
    put("/run/peer/x509/own.pem", &certificate.pem())?;
    put("/run/peer/x509ca/ca.pem", &ca.pem())?;
    put("/run/peer/private/own.pem", &own.serialize_pem())?;
    put(
        "/run/peer/swanctl.conf",
        &format!(
            "connections {{ site {{ version = 2\n remote_addrs = 10.0.1.2\n local_addrs = 203.0.113.5\n \
             proposals = {ike}\n send_cert = always\n \
             local {{ auth = pubkey\n certs = own.pem\n }}\n \
             remote {{ auth = pubkey\n id = \"CN={NAME}\"\n certs = box.pem\n }}\n \
             children {{ site {{ local_ts = 10.50.0.0/16\n remote_ts = 10.40.0.0/24\n \
             esp_proposals = aes256gcm16-ecp384,aes256gcm16-x25519\n }} }} }} }}\n"
        ),
    )?;
    let settings = SETTINGS.replace("/run/ringfence-ipsec/", "/run/peer/");
    Daemon::start(there, &in_user_space(&settings), "/run/peer")
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
        let ca = authority("Bank CA");
        let (here, there, rules) = site(&ca)?;
        here.load(&rules)?;
        let peer = start_peer(there, &ca, "gw1", "aes256gcm16-prfsha384-ecp384")?;
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
        let (ca, other) = (authority("Bank CA"), authority("Bank CA"));
        let (here, there, _) = site(&ca)?;
        let good = "aes256gcm16-prfsha384-ecp384";
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

/// How long a word may be under way.
const PATIENCE: Duration = Duration::from_secs(60);
