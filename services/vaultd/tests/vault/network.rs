//! The network as the vault sees it: two persons, a trial, what the ledger keeps and what `hostd` is told (ACC-06,
//! NET-01, NET-05, NET-08, L-42).

use crate::rig::{AGENT, AUDIT, Rig, SECURITY, SYSTEM};
use idl::admin::{Admin, Answer};
use idl::host::{HostToVault, VaultToHost};
use idl::lines::SrtpPolicy;
use idl::network::{Cidr, Egress, Layer4, NetworkConfig, Tunnel, TunnelKind, Zone, ZoneConfig};
use idl::views::{NetworkAsk, NetworkView};
use netconf::CONFIRM_S;
use vaultd::command::{Cmd, ConnId, Effect, Message};
use vaultd::entries::{Event, NetworkEvent};
use vaultd::tunnel_keys::ipsec;
use vocab::{DAY_MS, Secret, UnixMs};

const HOST: ConnId = ConnId(71);
const KEY: [u8; 32] = [0xA7; 32];

fn site() -> Rig {
    let mut rig = Rig::calling();
    rig.give(Cmd::HostUp(HOST));
    rig.take();
    rig
}

fn cidr(text: &str) -> Cidr {
    netconf::parse_cidr(text).unwrap()
}

fn config(rig: &Rig, address: &str) -> NetworkConfig {
    let today = u32::try_from(rig.clock.now.0 / DAY_MS).unwrap();
    NetworkConfig {
        zones: vec![ZoneConfig {
            zone: Zone::Management,
            port: "eth0".to_owned(),
            vlan: None,
            addresses: vec![cidr(address)],
            gateway: None,
            allowed: vec![],
        }],
        tunnels: vec![Tunnel {
            name: "staff".to_owned(),
            remote: vec![cidr("10.99.0.2")],
            zone: Zone::Management,
            kind: TunnelKind::WireGuard {
                local: cidr("10.99.0.1"),
                listen: 51_820,
                peer_key: [5; 32],
                preshared: Some(Secret::new(KEY)),
                endpoint: None,
                expires_day: today + 90,
            },
        }],
        ..NetworkConfig::default()
    }
}

fn ask(rig: &mut Rig, who: vocab::PersonId, ask: NetworkAsk) -> Answer {
    rig.ask(who, Admin::Network(ask))
}

fn propose(rig: &mut Rig, config: NetworkConfig) -> u64 {
    rig.created(SYSTEM, Admin::Network(NetworkAsk::Propose(Box::new(config))))
}

fn code(answer: &Answer) -> &str {
    match answer {
        Answer::Refused { code, .. } => code,
        other => panic!("not refused: {other:?}"),
    }
}

fn look(rig: &mut Rig) -> NetworkView {
    match ask(rig, AUDIT, NetworkAsk::Look) {
        Answer::Network(view) => *view,
        other => panic!("no view: {other:?}"),
    }
}

/// The last network that `hostd` was told.
fn told(rig: &mut Rig) -> Option<NetworkConfig> {
    let mut last = None;
    for effect in rig.take() {
        if let Effect::Send(HOST, Message::Host(VaultToHost::Network(config))) = effect {
            last = Some(*config);
        }
    }
    last
}

#[test]
fn acc_06_a_network_is_in_use_only_when_another_person_agreed() {
    let mut rig = site();
    let wanted = config(&rig, "10.0.1.2/24");
    let proposed = propose(&mut rig, wanted);
    assert_eq!(told(&mut rig), None);
    assert_eq!(code(&ask(&mut rig, SYSTEM, NetworkAsk::Agree { proposed })), "role");
    assert_eq!(code(&ask(&mut rig, SECURITY, NetworkAsk::Agree { proposed: proposed + 1 })), "unknown");
    assert_eq!(look(&mut rig).config, NetworkConfig::default());
    assert!(matches!(ask(&mut rig, SECURITY, NetworkAsk::Agree { proposed }), Answer::Done));
    let sent = told(&mut rig).unwrap();
    assert_eq!(sent.zones[0].addresses, [cidr("10.0.1.2/24")]);
    let TunnelKind::WireGuard { preshared, .. } = &sent.tunnels[0].kind else { panic!("another tunnel") };
    assert_eq!(preshared.as_ref().map(|key| *key.expose()), Some(KEY));
}

#[test]
fn acc_06_a_proposal_nobody_agreed_to_is_void_after_a_day() {
    let mut rig = site();
    let wanted = config(&rig, "10.0.1.2/24");
    let proposed = propose(&mut rig, wanted);
    rig.later(DAY_MS);
    assert_eq!(code(&ask(&mut rig, SECURITY, NetworkAsk::Agree { proposed })), "unknown");
    rig.give(Cmd::Tick);
    assert_eq!(look(&mut rig).proposal, None);
    assert!(rig.entries().iter().any(
        |entry| matches!(entry.event, Event::Network { event: NetworkEvent::Withdrawn { proposed: known } } if known == proposed)
    ));
}

#[test]
fn l_42_a_change_that_nobody_confirms_goes_back_and_a_confirmed_one_stays() {
    let mut rig = site();
    let wanted = config(&rig, "10.0.1.2/24");
    let proposed = propose(&mut rig, wanted.clone());
    ask(&mut rig, SECURITY, NetworkAsk::Agree { proposed });
    assert_eq!(look(&mut rig).trial.map(|trial| trial.left_s), Some(u32::try_from(CONFIRM_S).unwrap()));
    rig.later(i64::try_from(CONFIRM_S).unwrap() * 1_000);
    rig.give(Cmd::Tick);
    assert_eq!(told(&mut rig).map(|config| config.zones), Some(vec![]), "hostd is told what was before");
    assert_eq!(code(&ask(&mut rig, SYSTEM, NetworkAsk::Confirm { proposed })), "no-trial");
    let again = propose(&mut rig, wanted.clone());
    ask(&mut rig, SECURITY, NetworkAsk::Agree { proposed: again });
    assert!(matches!(ask(&mut rig, SYSTEM, NetworkAsk::Confirm { proposed: again }), Answer::Done));
    rig.later(3_600_000);
    rig.give(Cmd::Tick);
    let view = look(&mut rig);
    assert_eq!((view.config.zones, view.trial), (wanted.zones, None));
}

#[test]
fn l_42_a_restart_within_a_trial_is_no_confirmation() {
    let mut rig = site();
    let wanted = config(&rig, "10.0.1.2/24");
    let proposed = propose(&mut rig, wanted);
    ask(&mut rig, SECURITY, NetworkAsk::Agree { proposed });
    rig.give(Cmd::Started { cut_bytes: 0 });
    assert_eq!(look(&mut rig).config, NetworkConfig::default());
}

#[test]
fn net_05_no_key_reaches_a_view_or_the_ledger_in_clear_and_a_key_not_typed_again_stays() {
    let mut rig = site();
    let mut wanted = config(&rig, "10.0.1.2/24");
    let proposed = propose(&mut rig, wanted.clone());
    ask(&mut rig, SECURITY, NetworkAsk::Agree { proposed });
    ask(&mut rig, SYSTEM, NetworkAsk::Confirm { proposed });
    assert!(matches!(ask(&mut rig, SYSTEM, NetworkAsk::MakeKeys), Answer::Done));
    let view = look(&mut rig);
    assert_eq!(view.preshared, ["staff"]);
    assert!(view.wireguard_public.is_some());
    for entry in rig.entries() {
        let bytes = postcard::to_stdvec(&entry).unwrap();
        assert!(!bytes.windows(32).any(|window| window == KEY), "{}", entry.event.name());
    }
    let TunnelKind::WireGuard { preshared, .. } = &mut wanted.tunnels[0].kind else {
        panic!("another tunnel")
    };
    *preshared = None;
    wanted.host = "box-9".to_owned();
    rig.take();
    let proposed = propose(&mut rig, wanted);
    ask(&mut rig, SECURITY, NetworkAsk::Agree { proposed });
    let sent = told(&mut rig).unwrap();
    let TunnelKind::WireGuard { preshared, .. } = &sent.tunnels[0].kind else { panic!("another tunnel") };
    assert_eq!(preshared.as_ref().map(|key| *key.expose()), Some(KEY));
    assert_eq!(look(&mut rig).trial, None, "a name locks nobody out");
}

#[test]
fn net_05_a_tunnel_is_closed_at_once_by_one_person() {
    let mut rig = site();
    let wanted = config(&rig, "10.0.1.2/24");
    let proposed = propose(&mut rig, wanted);
    ask(&mut rig, SECURITY, NetworkAsk::Agree { proposed });
    ask(&mut rig, SYSTEM, NetworkAsk::Confirm { proposed });
    let close = |name: &str| NetworkAsk::CloseTunnel { name: name.to_owned() };
    assert_eq!(code(&ask(&mut rig, SECURITY, close("other"))), "unknown");
    assert!(matches!(ask(&mut rig, SECURITY, close("staff")), Answer::Done));
    assert_eq!(told(&mut rig).unwrap().tunnels, []);
}

#[test]
fn net_08_a_network_that_cannot_be_is_refused_with_its_fields() {
    let mut rig = site();
    let mut wanted = config(&rig, "10.0.1.2/24");
    wanted.time_servers = vec!["pool.ntp.org".to_owned()];
    let answer = ask(&mut rig, SYSTEM, NetworkAsk::Propose(Box::new(wanted)));
    let Answer::Refused { code, text_en, .. } = answer else { panic!("taken") };
    assert_eq!(code, "network");
    assert!(text_en.contains("time_servers.0: not-an-address"));
}

#[test]
fn net_08_a_place_that_nobody_declared_domestic_is_refused_as_a_target() {
    let mut rig = site();
    let mut wanted = config(&rig, "10.0.1.2/24");
    wanted.egress = vec![Egress {
        name: "备份".to_owned(),
        target: cidr("203.0.113.7"),
        transport: Layer4::Tcp,
        port: 873,
        domestic: false,
    }];
    let answer = ask(&mut rig, SYSTEM, NetworkAsk::Propose(Box::new(wanted.clone())));
    let Answer::Refused { text_en, .. } = answer else { panic!("taken") };
    assert!(text_en.contains("egress.0.domestic: foreign"), "{text_en}");
    wanted.egress[0].domestic = true;
    wanted.egress[0].target = cidr("203.0.0.0/8");
    let answer = ask(&mut rig, SYSTEM, NetworkAsk::Propose(Box::new(wanted)));
    let Answer::Refused { text_en, .. } = answer else { panic!("taken") };
    assert!(text_en.contains("egress.0.target: everybody"), "half of all places is no place: {text_en}");
}

fn by_ipsec(rig: &Rig) -> NetworkConfig {
    let mut wanted = config(rig, "10.0.1.2/24");
    let mut der = vec![0x30, 0x82, 1, 0];
    der.extend([5; 256]);
    let body = data_encoding::BASE64.encode(&der);
    wanted.tunnels = vec![Tunnel {
        name: "hq".to_owned(),
        remote: vec![cidr("10.50.0.0/16")],
        zone: Zone::Management,
        kind: TunnelKind::IpSec {
            gateway: "203.0.113.5".parse().unwrap(),
            local: vec![cidr("10.0.1.0/24")],
            peer_id: "CN=gw1".to_owned(),
            ca_pem: format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"),
        },
    }];
    wanted
}

/// The certificate and key for IPsec that `hostd` was told.
fn ipsec_told(rig: &mut Rig) -> Vec<(String, String)> {
    let one = |effect| match effect {
        Effect::Send(HOST, Message::Host(VaultToHost::IpsecKey { certificate, key })) => {
            Some((certificate, key.expose().clone()))
        }
        _ => None,
    };
    rig.take().into_iter().filter_map(one).collect()
}

#[test]
fn net_05_an_ipsec_tunnel_has_a_key_and_a_certificate_of_the_box_and_others_have_none_of_it() {
    let mut rig = site();
    let wanted = config(&rig, "10.0.1.2/24");
    let proposed = propose(&mut rig, wanted);
    ask(&mut rig, SECURITY, NetworkAsk::Agree { proposed });
    ask(&mut rig, SYSTEM, NetworkAsk::Confirm { proposed });
    assert_eq!(look(&mut rig).ipsec_certificate, None, "WireGuard alone needs none");
    let wanted = by_ipsec(&rig);
    let proposed = propose(&mut rig, wanted);
    assert_eq!(ipsec_told(&mut rig), [], "nothing before the second person");
    assert!(matches!(ask(&mut rig, SECURITY, NetworkAsk::Agree { proposed }), Answer::Done));
    let told = ipsec_told(&mut rig);
    let shown = look(&mut rig).ipsec_certificate.expect("the other side needs it");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, shown);
    assert!(told[0].1.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    // Sealed in the ledger: the scalar's part of the key stands in no entry.
    let body: String = told[0].1.lines().filter(|line| !line.starts_with('-')).collect();
    let key = data_encoding::BASE64.decode(body.as_bytes()).unwrap();
    for entry in rig.entries() {
        let bytes = postcard::to_stdvec(&entry).unwrap();
        let clear = |secret: &[u8]| bytes.windows(secret.len()).any(|window| window == secret);
        assert!(!clear(&key[40..72]) && !clear(&body.as_bytes()[60..100]), "{}", entry.event.name());
    }
    ask(&mut rig, SYSTEM, NetworkAsk::Confirm { proposed });
    // After a restart the same; closed, no more.
    let mut rig = rig.restart();
    rig.give(Cmd::HostUp(HOST));
    assert_eq!(ipsec_told(&mut rig), told);
    ask(&mut rig, SECURITY, NetworkAsk::CloseTunnel { name: "hq".to_owned() });
    assert_eq!(ipsec_told(&mut rig), []);
    // Made anew it is another, of the same box.
    assert!(matches!(ask(&mut rig, SYSTEM, NetworkAsk::MakeKeys), Answer::Done));
    assert_ne!(look(&mut rig).ipsec_certificate, Some(shown));
    let names: Vec<String> = rig
        .entries()
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::Network { event: NetworkEvent::IpsecMade { stored } } => Some(stored.name.clone()),
            _ => None,
        })
        .collect();
    assert_eq!((names.len(), names.first()), (2, names.last()));
}

#[test]
fn net_05_a_key_for_ipsec_has_one_certificate_and_shows_in_no_debug_output() {
    let made =
        |scalar| ipsec(&Secret::new([scalar; 48]), [0; 16], "ringfence-3f2a91bc", UnixMs(1_795_000_000_000));
    let one = made(7).unwrap();
    assert_eq!(netconf::certificate_pem(&one.certificate).as_ref(), Some(&one.certificate));
    assert!(one.key.expose().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert!(!format!("{one:?}").contains("PRIVATE"));
    assert!(made(0).is_none(), "zero is no key");
    assert!(made(0xff).is_none(), "nor what is past the order of the curve");
}

#[test]
fn net_05_which_tunnels_are_up_is_known_while_hostd_is_there() {
    let mut rig = site();
    assert_eq!(look(&mut rig).up, None);
    let up = vec!["hq".to_owned(), "a-name-that-is-no-name".to_owned()];
    rig.give(Cmd::Host(HOST, HostToVault::Tunnels { up }));
    assert_eq!(look(&mut rig).up, Some(vec!["hq".to_owned()]));
    rig.give(Cmd::HostDown(HOST));
    assert_eq!(look(&mut rig).up, None);
}

#[test]
fn net_01_a_new_hostd_is_told_what_was_confirmed_after_a_restart_too_with_trunks_and_phones() {
    let mut rig = site();
    let wanted = config(&rig, "10.0.1.2/24");
    let proposed = propose(&mut rig, wanted.clone());
    ask(&mut rig, SECURITY, NetworkAsk::Agree { proposed });
    ask(&mut rig, SYSTEM, NetworkAsk::Confirm { proposed });
    let mut rig = rig.restart();
    rig.give(Cmd::HostUp(HOST));
    let sent = told(&mut rig).unwrap();
    assert_eq!((sent.zones, sent.carriers, sent.phones), (wanted.zones, vec![cidr("192.0.2.1")], false));
    let TunnelKind::WireGuard { preshared, .. } = &sent.tunnels[0].kind else { panic!("another tunnel") };
    assert_eq!(preshared.as_ref().map(|key| *key.expose()), Some(KEY));
    // A trunk is moved to another address, and a phone is set: hostd hears of each at once, and of nothing twice.
    let mut trunk = rig.vault.state().trunks.values().next().unwrap().clone();
    trunk.host = "[2001:db8::7]".to_owned();
    rig.done(SYSTEM, Admin::SetTrunk(Box::new(trunk.clone())));
    assert_eq!(told(&mut rig).unwrap().carriers, [cidr("2001:db8::7")]);
    let name = trunk.name.clone();
    rig.done(SYSTEM, Admin::AllowUdpPhones { allow: true });
    assert_eq!(told(&mut rig), None);
    let phone = Admin::AddPhone { person: AGENT, srtp: SrtpPolicy::Required, allow_md5: false };
    rig.ask(SYSTEM, phone);
    assert!(told(&mut rig).unwrap().phones);
    // A trunk by name is the site's to place; one that is this machine itself is in no rule.
    for host in ["sip.carrier.example", "127.0.0.1"] {
        trunk.host = host.to_owned();
        rig.done(SYSTEM, Admin::SetTrunk(Box::new(trunk.clone())));
        assert_eq!(look(&mut rig).trunks, [], "{host}");
        assert_eq!(look(&mut rig).trunks_by_name.contains(&name), host != "127.0.0.1");
    }
}
