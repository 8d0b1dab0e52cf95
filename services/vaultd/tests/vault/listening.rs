//! Where the page and the lines are told to listen (NET-04): with the network in use, a trial's too, and what `hostd` sees.

use crate::appliance::status;
use crate::rig::{LINED, Rig, SECURITY, SYSTEM};
use idl::admin::{Admin, Answer};
use idl::host::HostToVault;
use idl::lines::VaultToLined;
use idl::network::{Listening, NetworkConfig, Zone, ZoneConfig};
use idl::views::NetworkAsk;
use netconf::CONFIRM_S;
use vaultd::command::{Cmd, ConnId, Effect, Message};

const HOST: ConnId = ConnId(71);

fn zone(zone: Zone, port: &str, address: &str) -> ZoneConfig {
    ZoneConfig {
        zone,
        port: port.to_owned(),
        vlan: None,
        addresses: netconf::parse_cidr(address).into_iter().collect(),
        gateway: None,
        // By DHCP a zone has no network of its own to allow.
        allowed: netconf::parse_cidr("10.7.0.0/24").filter(|_| address.is_empty()).into_iter().collect(),
    }
}

/// Management at this address, empty by DHCP, and voice beside it.
fn config(management: &str) -> NetworkConfig {
    let zones = vec![zone(Zone::Management, "eth0", management), zone(Zone::Voice, "eth1", "10.0.2.2/24")];
    NetworkConfig { zones, ..NetworkConfig::default() }
}

fn only(addresses: &[&str]) -> Listening {
    Listening::Only(addresses.iter().map(|text| text.parse().unwrap()).collect())
}

fn page(rig: &mut Rig) -> Option<Listening> {
    match rig.ask(SYSTEM, Admin::PageListens) {
        Answer::PageListens(listening) => listening,
        other => panic!("no place: {other:?}"),
    }
}

/// Everything that `lined` was told since the last look.
fn lines(rig: &mut Rig) -> Vec<Listening> {
    rig.give(Cmd::Tick);
    let told = |effect| match effect {
        Effect::Send(LINED, Message::Lined(VaultToLined::Listen(listening))) => Some(listening),
        _ => None,
    };
    rig.take().into_iter().filter_map(told).collect()
}

fn set(rig: &mut Rig, config: NetworkConfig) -> u64 {
    let proposed = rig.created(SYSTEM, Admin::Network(NetworkAsk::Propose(Box::new(config))));
    assert!(matches!(rig.ask(SECURITY, Admin::Network(NetworkAsk::Agree { proposed })), Answer::Done));
    proposed
}

#[test]
fn net_04_a_trial_moves_the_page_and_the_lines_and_its_end_moves_them_back() {
    let mut rig = Rig::calling();
    assert_eq!(page(&mut rig), Some(Listening::Every), "a box never set");
    lines(&mut rig);
    set(&mut rig, config("10.0.1.2/24"));
    assert_eq!(page(&mut rig), Some(only(&["10.0.1.2"])));
    assert_eq!(lines(&mut rig), [only(&["10.0.2.2"])]);
    assert_eq!(lines(&mut rig), [], "it is told once");
    rig.later(i64::try_from(CONFIRM_S).unwrap() * 1_000);
    assert_eq!(lines(&mut rig), [Listening::Every]);
    assert_eq!(page(&mut rig), Some(Listening::Every));
}

#[test]
fn net_04_a_restart_within_a_trial_moves_them_back() {
    let mut rig = Rig::calling();
    set(&mut rig, config("10.0.1.2/24"));
    rig.give(Cmd::Started { cut_bytes: 0 });
    assert_eq!(page(&mut rig), Some(Listening::Every));
}

#[test]
fn net_04_a_lease_counts_when_the_box_has_it_and_outlives_hostd() {
    let mut rig = Rig::calling();
    rig.give(Cmd::HostUp(HOST));
    let proposed = set(&mut rig, config(""));
    assert_eq!(page(&mut rig), None, "hostd has not said what the ports have");
    let tell = |rig: &mut Rig, addresses: &[&str]| {
        let addresses = addresses.iter().map(|&text| text.to_owned()).collect();
        let status = idl::host::HostStatus { addresses, ..status(true) };
        rig.give(Cmd::Host(HOST, HostToVault::Status(Box::new(status))));
    };
    tell(&mut rig, &["eth1 10.0.2.2/24"]);
    assert_eq!(page(&mut rig), Some(only(&[])), "the loopback alone, until there is a lease");
    tell(&mut rig, &["eth0 10.7.0.9/24", "eth1 10.0.2.2/24"]);
    assert_eq!(page(&mut rig), Some(only(&["10.7.0.9"])));
    rig.ask(SYSTEM, Admin::Network(NetworkAsk::Confirm { proposed }));
    rig.give(Cmd::HostDown(HOST));
    assert_eq!(page(&mut rig), Some(only(&["10.7.0.9"])));
}

#[test]
fn net_04_new_lines_are_told_at_once() {
    let mut rig = Rig::calling();
    set(&mut rig, config("10.0.1.2/24"));
    lines(&mut rig);
    rig.give(Cmd::LinedDown(LINED));
    rig.lined_there(&[]);
    let told = rig.take().into_iter().any(|effect| {
        matches!(effect, Effect::Send(LINED, Message::Lined(VaultToLined::Listen(Listening::Only(_)))))
    });
    assert!(told);
}
