//! A site with two IPsec tunnels, changed as `hostd` changes it: what stays as it is stays up, with the keys it has; what
//! is another, or gone, ends. Both daemons are strongSwan's.

use anyhow::Context;
use hostd::{Call, Done, IpsecOwn, Network, Place, Programs};
use idl::network::{Cidr, NetworkConfig, Tunnel, TunnelKind, Zone, ZoneConfig};
use network_tests::gateway::{self, Authority, Far, IKE, SETTINGS, SOCKET_FOLDER, in_user_space, put};
use network_tests::ike::Daemon;
use network_tests::sample::{TODAY, cidr};
use network_tests::{Space, inside};
use std::sync::{Mutex, PoisonError};
use vocab::{Secret, UnixMs};

const UNIT: &str = include_str!("../../../image/system/root/usr/lib/systemd/system/ringfence-ipsec.service");
/// Where the box's files lie here.
const ROOT: &str = "/run/of-box";
const GATEWAYS: [&str; 2] = ["203.0.113.5", "203.0.113.6"];

/// The box's system: its IKE daemon, as systemd starts, reloads and ends it.
struct System {
    here: Space,
    daemon: Mutex<Option<Daemon>>,
    asked: Mutex<Vec<String>>,
}

impl System {
    fn told(&self, word: &str) -> anyhow::Result<()> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(word.to_owned());
        let mut daemon = self.daemon.lock().unwrap_or_else(PoisonError::into_inner);
        match (word, daemon.as_ref()) {
            ("reload-or-restart", Some(running)) => running.reload(UNIT),
            ("reload-or-restart" | "restart", _) => {
                drop(daemon.take());
                std::fs::create_dir_all(SOCKET_FOLDER)?;
                *daemon =
                    Some(Daemon::start(self.here, &in_user_space(SETTINGS), &format!("{ROOT}/run/swanctl"))?);
                Ok(())
            }
            ("stop", _) => {
                drop(daemon.take());
                Ok(())
            }
            (other, _) => anyhow::bail!("systemctl {other}"),
        }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys under which its packets come in once the tunnel is up, as the box calls the other side.
    fn call(&self, name: &str) -> anyhow::Result<Option<String>> {
        let daemon = self.daemon.lock().unwrap_or_else(PoisonError::into_inner);
        let daemon = daemon.as_ref().context("no daemon")?;
        let (up, said) = daemon.call(name)?;
        assert!(up, "{name}: {said}");
        daemon.spi(name)
    }

    /// The keys under which its packets come in now.
    fn spi(&self, name: &str) -> anyhow::Result<Option<String>> {
        let daemon = self.daemon.lock().unwrap_or_else(PoisonError::into_inner);
        daemon.as_ref().map_or(Ok(None), |daemon| daemon.spi(name))
    }
}

impl Programs for System {
    fn run(&self, call: &Call, _line: &mut dyn FnMut(&str)) -> std::io::Result<Done> {
        let words: Vec<&str> = call.arguments.iter().map(String::as_str).collect();
        let done = Done { ok: true, output: "table".to_owned(), ..Done::default() };
        match (call.program, words.as_slice()) {
            ("systemctl", [word, "ringfence-ipsec.service"]) => {
                let told = self.told(word);
                Ok(Done { ok: told.is_ok(), complaint: format!("{told:?}"), ..done })
            }
            _ => Ok(done),
        }
    }
}

fn tunnel(name: &str, behind: &str, gateway: &str, ca_pem: String) -> Tunnel {
    let kind = TunnelKind::IpSec {
        gateway: gateway.parse().expect("address"),
        local: vec![cidr("10.40.0.0/24")],
        peer_id: "CN=gw1".to_owned(),
        ca_pem,
    };
    Tunnel { name: name.to_owned(), remote: vec![cidr(behind)], zone: Zone::Management, kind }
}

fn site(tunnels: &[Tunnel]) -> NetworkConfig {
    let addresses: Vec<Cidr> = ["10.0.1.2/24", "10.40.0.1/24"].map(cidr).to_vec();
    let zone = ZoneConfig {
        zone: Zone::Management,
        port: "eth0".to_owned(),
        vlan: None,
        addresses,
        gateway: Some("10.0.1.1".parse().expect("address")),
        allowed: vec![],
    };
    NetworkConfig { zones: vec![zone], tunnels: tunnels.to_vec(), ..NetworkConfig::default() }
}

/// The name spaces of the box and of both gateways, with the ways between them.
fn spaces() -> anyhow::Result<[Space; 3]> {
    let [here, first, second] = [Space::make("box")?, Space::make("first")?, Space::make("second")?];
    for (space, port, near, at) in [(first, "eth0", "10.0.1", 0), (second, "eth1", "10.0.9", 1)] {
        here.join(port, space, "wan")?;
        here.ip(&format!("addr add {near}.2/24 dev {port}"))?;
        space.ip(&format!("addr add {near}.1/24 dev wan"))?;
        space.ip(&format!("addr add {}/32 dev lo", GATEWAYS[at]))?;
        here.ip(&format!("route add {}/32 via {near}.1", GATEWAYS[at]))?;
    }
    here.ip("addr add 10.40.0.1/24 dev eth0")?;
    first.ip("addr add 10.50.0.1/16 dev lo")?;
    second.ip("addr add 10.51.0.1/16 dev lo")?;
    second.ip("addr add 10.52.0.1/16 dev lo")?;
    Ok([here, first, second])
}

fn place() -> anyhow::Result<Place> {
    for folder in ["sys/class/net/eth0/device", "run/swanctl/private"] {
        std::fs::create_dir_all(format!("{ROOT}/{folder}"))?;
    }
    put(&format!("{ROOT}/etc/group"), "systemd-network:x:0:\nringfence-ipsec:x:0:\n")?;
    let at = |name: &str| std::path::PathBuf::from(format!("{ROOT}/{name}"));
    Ok(Place {
        root: ROOT.into(),
        esp: at("esp"),
        state: at("state"),
        bundles: at("b"),
        diagnostics: at("d"),
    })
}

fn own(seed: u8) -> anyhow::Result<IpsecOwn> {
    let now = UnixMs(i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?);
    let made = vaultd::tunnel_keys::ipsec(&Secret::new([seed; 48]), [9; 16], "ringfence-3f2a91bc", now);
    let made = made.expect("a key");
    Ok(IpsecOwn { certificate: made.certificate, key: made.key })
}

#[test]
fn net_05_a_tunnel_that_is_changed_or_closed_leaves_the_others_up() {
    inside("net_05_a_tunnel_that_is_changed_or_closed_leaves_the_others_up", || {
        let ca = Authority::new("Bank CA")?;
        let [here, first, second] = spaces()?;
        let (key, place) = (own(0x5a)?, place()?);
        let far = |own, to, behind| Far { name: "site", own, to, behind, of_box: "10.40.0.0/24", ike: IKE };
        let of_first = far(GATEWAYS[0], "10.0.1.2", "10.50.0.0/16");
        let of_second = far(GATEWAYS[1], "10.0.9.2", "10.51.0.0/16,10.52.0.0/16");
        let hq_gateway = gateway::start(first, &ca, "gw1", &key.certificate, &[of_first])?;
        let dr_gateway = gateway::start(second, &ca, "gw1", &key.certificate, &[of_second])?;
        let system = System { here, daemon: Mutex::default(), asked: Mutex::default() };
        let mut network = Network::default();
        network.know_ipsec(key);
        let mut set = |tunnels: &[Tunnel]| {
            let outcome = network.set(site(tunnels), &place, &system, TODAY);
            assert!(outcome.faults.is_empty() && outcome.changed, "{outcome:?}");
            let asked = system.asked();
            asked.into_iter().next().unwrap_or_default()
        };
        let hq = tunnel("hq", "10.50.0.0/16", GATEWAYS[0], ca.pem());
        let dr = |behind| tunnel("dr", behind, GATEWAYS[1], ca.pem());
        assert_eq!(set(&[hq.clone(), dr("10.51.0.0/16")]), "restart", "its own key is new");
        let (of_hq, of_dr) = (system.call("hq")?, system.call("dr")?);
        assert!(of_hq.is_some() && of_dr.is_some() && of_hq != of_dr, "{of_hq:?} {of_dr:?}");
        // Another network behind the one: it ends, and comes up as it is now.
        assert_eq!(set(&[hq.clone(), dr("10.52.0.0/16")]), "reload-or-restart");
        assert_eq!(system.spi("hq")?, of_hq, "a tunnel that stays as it is keeps its keys");
        let changed = system.call("dr")?;
        assert!(changed.is_some() && changed != of_dr, "a tunnel that is another has others");
        // The one closed.
        assert_eq!(set(&[hq]), "reload-or-restart");
        let _refused = dr_gateway.call("site")?;
        assert_eq!((system.spi("hq")?, system.spi("dr")?), (of_hq, None), "a tunnel that is closed ends");
        // Another authority for the peer: who was let in by the one before is let go of, and not let in again.
        let other = Authority::new("Bank CA")?;
        assert_eq!(set(&[tunnel("hq", "10.50.0.0/16", GATEWAYS[0], other.pem())]), "reload-or-restart");
        let _refused = hq_gateway.call("site")?;
        assert_eq!(system.spi("hq")?, None, "the authority of before counts no longer");
        Ok(())
    });
}
