//! The site's network on a box of files: the rules of a box never set before anybody speaks, rules before addresses,
//! nothing done twice, what another hand changed put back, keys closed to others, faults told.

use crate::rig::Appliance;
use hostd::{Call, Done, IpsecOwn, Network, Outcome, Programs};
use idl::network::{Cidr, NetworkConfig, Tunnel, TunnelKind, Zone, ZoneConfig};
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;
use vocab::Secret;

const TODAY: u32 = 20_000;

/// Programs of a system whose kernel has one table.
#[derive(Default)]
struct System {
    asked: Mutex<Vec<String>>,
    kernel: Mutex<Option<String>>,
    fails: Option<&'static str>,
}

impl System {
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn rules(&self) -> String {
        self.kernel.lock().unwrap().clone().unwrap_or_default()
    }
}

impl Programs for System {
    fn run(&self, call: &Call, _line: &mut dyn FnMut(&str)) -> std::io::Result<Done> {
        let words: Vec<&str> = call.arguments.iter().map(String::as_str).collect();
        let listed = words.contains(&"list");
        if !listed {
            let last = words.last().copied().unwrap_or_default();
            let last = last.rsplit('/').next().unwrap_or_default();
            self.asked.lock().unwrap().push(format!("{} {last}", call.program));
        }
        if self.fails == Some(call.program) {
            return Ok(Done { complaint: "it would not".to_owned(), ..Done::default() });
        }
        match (call.program, listed) {
            ("nft", true) => {
                let kernel = self.kernel.lock().unwrap().clone();
                Ok(Done { ok: kernel.is_some(), output: kernel.unwrap_or_default(), ..Done::default() })
            }
            ("nft", false) => {
                let text = std::fs::read_to_string(words.last().unwrap()).unwrap();
                *self.kernel.lock().unwrap() = Some(text);
                Ok(Done { ok: true, ..Done::default() })
            }
            _ => Ok(Done { ok: true, ..Done::default() }),
        }
    }
}

fn cidr(text: &str) -> Cidr {
    netconf::parse_cidr(text).unwrap()
}

fn config() -> NetworkConfig {
    let zone = ZoneConfig {
        zone: Zone::Management,
        port: "eth0".to_owned(),
        vlan: Some(7),
        addresses: vec![cidr("10.1.2.3/24")],
        gateway: None,
        allowed: vec![cidr("10.1.2.0/24")],
    };
    NetworkConfig { host: "box-1".to_owned(), zones: vec![zone], ..NetworkConfig::default() }
}

fn tunnelled(preshared: u8, expires_day: u32) -> NetworkConfig {
    let tunnel = Tunnel {
        name: "staff".to_owned(),
        remote: vec![cidr("10.99.0.2/32")],
        zone: Zone::Management,
        kind: TunnelKind::WireGuard {
            local: cidr("10.99.0.1/32"),
            listen: 51_820,
            peer_key: [5; 32],
            preshared: Some(Secret::new([preshared; 32])),
            endpoint: None,
            expires_day,
        },
    };
    NetworkConfig { tunnels: vec![tunnel], ..config() }
}

fn with_ports() -> Appliance {
    let at = Appliance::new(&["ringfence_0.1.0_A.efi"]);
    let folders = [
        "sys/class/net/eth0/device",
        "sys/class/net/eth1/device",
        "sys/class/net/lo",
        "run/swanctl/private",
        "run/systemd/netif",
        "etc",
    ];
    for folder in folders {
        std::fs::create_dir_all(at.place.at(folder)).unwrap();
    }
    std::fs::write(at.place.at("run/systemd/netif/state"), "").unwrap();
    let own = nix::unistd::getgid().as_raw();
    std::fs::write(
        at.place.at("etc/group"),
        format!("root:x:0:\nsystemd-network:x:{own}:\nringfence-ipsec:x:{own}:\n"),
    )
    .unwrap();
    at
}

fn mode(at: &Appliance, path: &str) -> u32 {
    std::fs::metadata(at.place.at(path)).unwrap().permissions().mode() & 0o777
}

fn good(outcome: Outcome) -> bool {
    assert_eq!(outcome.faults, Vec::<String>::new());
    outcome.changed
}

#[test]
fn net_01_before_anybody_speaks_the_rules_are_those_of_a_box_never_set_once_in_a_boot() {
    let (at, system) = (with_ports(), System::default());
    std::fs::remove_file(at.place.at("run/systemd/netif/state")).unwrap();
    assert!(good(Network::default().begin(&at.place, &system, TODAY)));
    assert_eq!(
        system.asked(),
        ["nft next.nft", "systemctl systemd-resolved.service", "systemctl systemd-timesyncd.service"]
    );
    let rules = system.rules();
    assert!(rules.contains("type filter hook input priority filter; policy drop;"));
    assert!(
        rules.contains("iifname \"eth0\" ip saddr @management_0_v4 jump page")
            && !rules.contains("jump voice")
    );
    assert_eq!(mode(&at, "run/ringfence-network/rules.nft"), 0o600);
    // This process again in the same boot, after the site had its own rules: they stay.
    let mut told = Network::default();
    told.begin(&at.place, &system, TODAY);
    assert!(good(told.set(config(), &at.place, &system, TODAY)));
    let of_site = system.rules();
    system.asked();
    let mut again = Network::default();
    assert!(!good(again.begin(&at.place, &system, TODAY)));
    assert!(!good(again.refresh(&at.place, &system, TODAY + 1)) && !good(again.look(&at.place, &system)));
    assert_eq!((system.asked(), system.rules()), (Vec::new(), of_site));
}

#[test]
fn net_01_a_port_that_appears_late_gets_its_rules_and_its_file() {
    let (at, system) = (with_ports(), System::default());
    std::fs::remove_dir_all(at.place.at("sys/class/net")).unwrap();
    let mut network = Network::default();
    assert!(good(network.begin(&at.place, &system, TODAY)));
    assert!(!system.rules().contains("jump page"), "nobody comes in by a port that is not there");
    std::fs::create_dir_all(at.place.at("sys/class/net/enp0s3/device")).unwrap();
    assert!(good(network.refresh(&at.place, &system, TODAY)));
    assert!(system.rules().contains("iifname \"enp0s3\" ip saddr @management_0_v4 jump page"));
    assert!(at.place.at("run/systemd/network/20-enp0s3.network").exists());
    assert!(!good(network.refresh(&at.place, &system, TODAY)), "once");
}

#[test]
fn net_04_rules_are_loaded_before_addresses_and_earlier_files_are_gone() {
    let (at, system) = (with_ports(), System::default());
    let folder = at.place.at("run/systemd/network");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("20-earlier.network"), "x").unwrap();
    let mut network = Network::default();
    assert!(good(network.set(config(), &at.place, &system, TODAY)));
    let asked = system.asked();
    assert_eq!(asked[..3], ["nft next.nft", "hostnamectl box-1", "networkctl reload"]);
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|found| found.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["10-eth0.7.netdev", "20-eth0.7.network", "20-eth0.network", "20-eth1.network"]);
    assert!(std::fs::read_to_string(folder.join("20-eth0.7.network")).unwrap().contains("10.1.2.3/24"));
    // The same again: nothing is loaded, no link loses its lease.
    assert!(!good(network.set(config(), &at.place, &system, TODAY)));
    assert_eq!(system.asked(), Vec::<String>::new());
    // A name server alone: no link is read again.
    let named = NetworkConfig { name_servers: vec!["10.1.2.53".parse().unwrap()], ..config() };
    assert!(good(network.set(named, &at.place, &system, TODAY)));
    assert_eq!(system.asked(), ["nft next.nft", "systemctl systemd-resolved.service"]);
}

#[test]
fn net_01_rules_that_another_hand_changed_are_put_back_and_told() {
    let (at, system) = (with_ports(), System::default());
    let mut network = Network::default();
    assert!(good(network.set(config(), &at.place, &system, TODAY)));
    let rules = system.rules();
    assert!(!good(network.look(&at.place, &system)));
    for meddled in [None, Some(rules.replace("policy drop", "policy accept"))] {
        *system.kernel.lock().unwrap() = meddled;
        let outcome = network.look(&at.place, &system);
        assert!(outcome.changed && outcome.faults.len() == 1, "{outcome:?}");
        assert!(outcome.faults[0].contains("another hand"));
        assert_eq!(system.rules(), rules);
        assert!(!good(network.look(&at.place, &system)));
    }
}

#[test]
fn net_05_keys_are_closed_to_others_and_a_tunnel_that_is_another_is_made_anew() {
    let (at, system) = (with_ports(), System::default());
    let mut network = Network::default();
    network.know_key(Secret::new([7; 32]));
    assert!(good(network.set(tunnelled(1, TODAY + 9), &at.place, &system, TODAY)));
    assert_eq!(mode(&at, "run/ringfence-network/wireguard.key"), 0o640);
    assert_eq!(mode(&at, "run/systemd/network/10-wg-staff.netdev"), 0o640);
    let key = std::fs::read_to_string(at.place.at("run/ringfence-network/wireguard.key")).unwrap();
    assert_eq!(key, format!("{}\n", data_encoding::BASE64.encode(&[7; 32])));
    std::fs::create_dir_all(at.place.at("sys/class/net/wg-staff")).unwrap();
    system.asked();
    // Another preshared key, another key of the box, the term's end, the tunnel closed: each time the device goes.
    assert!(good(network.set(tunnelled(2, TODAY + 9), &at.place, &system, TODAY)));
    assert_eq!(system.asked(), ["ip wg-staff", "networkctl reload"]);
    network.know_key(Secret::new([8; 32]));
    assert!(good(network.set(tunnelled(2, TODAY + 9), &at.place, &system, TODAY)));
    assert_eq!(system.asked(), ["ip wg-staff", "networkctl reload"]);
    assert!(good(network.refresh(&at.place, &system, TODAY + 9)));
    assert_eq!(system.asked(), ["nft next.nft", "ip wg-staff", "networkctl reload"]);
    assert!(!at.place.at("run/systemd/network/10-wg-staff.netdev").exists());
    assert!(!system.rules().contains("51820"));
}

/// An IPsec tunnel beside the other.
fn by_ipsec() -> NetworkConfig {
    let mut der = vec![0x30, 0x82, 1, 0];
    der.extend([5; 256]);
    let body = data_encoding::BASE64.encode(&der);
    let tunnel = Tunnel {
        name: "hq".to_owned(),
        remote: vec![cidr("10.50.0.0/16")],
        zone: Zone::Management,
        kind: TunnelKind::IpSec {
            gateway: "203.0.113.5".parse().unwrap(),
            local: vec![cidr("10.1.2.0/24")],
            peer_id: "CN=gw1".to_owned(),
            ca_pem: format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"),
        },
    };
    let mut config = tunnelled(1, TODAY + 9);
    config.tunnels.push(tunnel);
    config
}

fn own(key: &str) -> IpsecOwn {
    IpsecOwn { certificate: "certificate".to_owned(), key: Secret::new(key.to_owned()) }
}

#[test]
fn net_05_the_ike_daemon_runs_while_a_tunnel_needs_it_and_its_key_lies_there_no_longer() {
    let (at, system) = (with_ports(), System::default());
    let mut network = Network::default();
    network.know_ipsec(own("key"));
    assert!(good(network.set(config(), &at.place, &system, TODAY)));
    assert!(!at.place.at("run/swanctl/private/box.pem").exists(), "a key that nothing needs");
    system.asked();
    assert!(good(network.set(by_ipsec(), &at.place, &system, TODAY)));
    assert!(system.asked().contains(&"systemctl ringfence-ipsec.service".to_owned()));
    let files = ["swanctl.conf", "private/box.pem", "x509/box.pem", "x509ca/hq.pem"];
    for file in files {
        assert_eq!(mode(&at, &format!("run/swanctl/{file}")), 0o640, "{file}");
    }
    assert_eq!(std::fs::read_to_string(at.place.at("run/swanctl/private/box.pem")).unwrap(), "key");
    assert!(!good(network.set(by_ipsec(), &at.place, &system, TODAY)));
    assert_eq!(system.asked(), Vec::<String>::new());
    // Another key: the tunnels of before end. Then the tunnel is closed.
    network.know_ipsec(own("other"));
    assert!(good(network.set(by_ipsec(), &at.place, &system, TODAY)));
    assert_eq!(system.asked(), ["systemctl ringfence-ipsec.service"]);
    assert!(good(network.set(tunnelled(1, TODAY + 9), &at.place, &system, TODAY)));
    assert_eq!(system.asked(), ["nft next.nft", "systemctl ringfence-ipsec.service"]);
    for file in files {
        assert!(!at.place.at(&format!("run/swanctl/{file}")).exists(), "{file}");
    }
}

/// A system whose IKE daemon takes nothing while it runs.
#[derive(Default)]
struct Stubborn {
    told: Mutex<Vec<String>>,
}

impl Programs for Stubborn {
    fn run(&self, call: &Call, _line: &mut dyn FnMut(&str)) -> std::io::Result<Done> {
        let word =
            call.arguments.first().filter(|_| call.program == "systemctl").cloned().unwrap_or_default();
        let ok = word != "reload-or-restart";
        if call.arguments.iter().any(|name| name == "ringfence-ipsec.service") {
            self.told.lock().unwrap().push(word);
        }
        Ok(Done { ok, ..Done::default() })
    }
}

#[test]
fn net_05_a_changed_tunnel_is_read_again_and_a_daemon_that_does_not_take_it_begins_anew() {
    let (at, system) = (with_ports(), Stubborn::default());
    let mut network = Network::default();
    network.know_ipsec(own("key"));
    let told = || std::mem::take(&mut *system.told.lock().unwrap());
    assert!(good(network.set(by_ipsec(), &at.place, &system, TODAY)));
    assert_eq!(told(), ["restart"], "with its own key");
    let mut changed = by_ipsec();
    changed.tunnels[1].remote = vec![cidr("10.51.0.0/16")];
    assert!(good(network.set(changed, &at.place, &system, TODAY)));
    assert_eq!(told(), ["reload-or-restart", "restart"]);
    assert!(good(network.set(config(), &at.place, &system, TODAY)));
    assert_eq!(told(), ["stop"]);
}

#[test]
fn net_05_which_tunnels_are_up_is_what_the_kernel_says() {
    let (at, system) = (with_ports(), System::default());
    let mut network = Network::default();
    assert_eq!(network.up(&system, 1_100), Vec::<String>::new());
    network.set(by_ipsec(), &at.place, &system, TODAY);
    for (ways, met, up) in [
        (WAYS, "wg-staff\tkey=\t1000\n", vec!["staff", "hq"]),
        (WAYS, "wg-staff\tkey=\t0\n", vec!["hq"]),
        ("", "", vec![]),
        (WAYS.split_once("src 203").unwrap().0, "", vec![]),
    ] {
        assert_eq!(network.up(&Kernel { ways, met }, 1_100), up);
    }
}

const WAYS: &str = "src 10.1.2.3 dst 203.0.113.5\n\tproto esp spi 0xc1a2b3c4 reqid 1 mode tunnel\n\
    src 203.0.113.5 dst 10.1.2.3\n\tproto esp spi 0xc5a2b3c4 reqid 1 mode tunnel\n";

/// A kernel with tunnels.
struct Kernel {
    ways: &'static str,
    met: &'static str,
}

impl Programs for Kernel {
    fn run(&self, call: &Call, _line: &mut dyn FnMut(&str)) -> std::io::Result<Done> {
        let words: Vec<&str> = call.arguments.iter().map(String::as_str).collect();
        let output = match (call.program, words.as_slice()) {
            ("ip", ["xfrm", "state", "list", "nokeys"]) => self.ways,
            ("wg", ["show", "all", "latest-handshakes"]) => self.met,
            other => panic!("{other:?}"),
        };
        Ok(Done { ok: true, output: output.to_owned(), ..Done::default() })
    }
}

#[test]
fn what_cannot_be_set_is_told_and_the_rest_is_set_all_the_same() {
    let at = with_ports();
    let mut system = System { fails: Some("nft"), ..System::default() };
    let mut network = Network::default();
    assert_eq!(network.set(config(), &at.place, &system, TODAY).faults, ["firewall: it would not"]);
    assert!(at.place.at("run/systemd/network/20-eth0.7.network").exists());
    assert_eq!(network.look(&at.place, &system).faults, ["firewall: it would not"]);
    // It is tried again until it holds.
    system.fails = None;
    assert!(good(network.look(&at.place, &system)));
    assert!(system.rules().contains("10.1.2.0/24"));
    // What cannot be is refused whole: nothing runs, and the rules before stay.
    let mut wrong = config();
    wrong.zones[0].port = "eth9".to_owned();
    system.asked();
    let outcome = network.set(wrong, &at.place, &system, TODAY);
    assert_eq!((outcome.changed, outcome.faults), (false, vec!["zones.0.port: no-such-port".to_owned()]));
    assert!(system.asked().is_empty() && system.rules().contains("10.1.2.0/24"));
}
