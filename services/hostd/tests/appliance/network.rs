//! The site's network on a box of files: rules before addresses, earlier files gone, keys left, faults told.

use crate::rig::Appliance;
use hostd::{Call, Done, Programs, apply};
use idl::network::{Cidr, NetworkConfig, Zone, ZoneConfig};
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;

#[derive(Default)]
struct Heard {
    asked: Mutex<Vec<String>>,
    fails: Option<&'static str>,
}

impl Programs for Heard {
    fn run(&self, call: &Call, _line: &mut dyn FnMut(&str)) -> std::io::Result<Done> {
        self.asked.lock().unwrap().push(call.program.to_owned());
        let ok = self.fails != Some(call.program);
        Ok(Done { ok, complaint: "it would not".to_owned(), ..Done::default() })
    }
}

fn cidr(text: &str) -> Cidr {
    let (address, prefix) = text.split_once('/').unwrap();
    Cidr { address: address.parse().unwrap(), prefix: prefix.parse().unwrap() }
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

fn with_ports() -> Appliance {
    let at = Appliance::new(&["ringfence_0.1.0_A.efi"]);
    for folder in
        ["sys/class/net/eth0/device", "sys/class/net/eth1/device", "sys/class/net/lo", "run/swanctl/private"]
    {
        std::fs::create_dir_all(at.place.at(folder)).unwrap();
    }
    at
}

#[test]
fn net_04_rules_are_loaded_before_addresses_and_earlier_files_are_gone() {
    let at = with_ports();
    let folder = at.place.at("run/systemd/network");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("20-earlier.network"), "x").unwrap();
    std::fs::write(at.place.at("run/swanctl/private/box.pem"), "key").unwrap();
    let programs = Heard::default();
    assert_eq!(apply(&config(), &at.place, &programs, 20_000), Vec::<String>::new());
    assert_eq!(*programs.asked.lock().unwrap(), ["nft", "hostnamectl", "networkctl", "systemctl"]);
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|found| found.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["10-eth0.7.netdev", "20-eth0.7.network", "20-eth0.network", "20-eth1.network"]);
    assert!(std::fs::read_to_string(folder.join("20-eth0.7.network")).unwrap().contains("10.1.2.3/24"));
    assert!(at.place.at("run/swanctl/private/box.pem").exists());
    let rules = at.place.at("run/ringfence/network/rules.nft");
    assert!(std::fs::read_to_string(&rules).unwrap().contains("table inet ringfence"));
    assert_eq!(std::fs::metadata(&rules).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_cannot_be_set_is_told_and_the_rest_is_set_all_the_same() {
    let at = with_ports();
    let programs = Heard { fails: Some("nft"), ..Heard::default() };
    assert_eq!(apply(&config(), &at.place, &programs, 20_000), ["firewall: it would not"]);
    assert!(at.place.at("run/systemd/network/20-eth0.7.network").exists());
    // What cannot be is refused whole: nothing runs.
    let mut wrong = config();
    wrong.zones[0].port = "eth9".to_owned();
    let programs = Heard::default();
    assert_eq!(apply(&wrong, &at.place, &programs, 20_000).len(), 1);
    assert!(programs.asked.lock().unwrap().is_empty());
}
