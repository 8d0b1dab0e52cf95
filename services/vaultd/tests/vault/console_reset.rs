//! A factory reset that a technician orders at the serial console: who must agree, each by an own sign-in at the page, and
//! that it is carried out only then (ACC-06, RET-05).

use crate::console::staffed;
use crate::page::{Phone, Token, at, refused};
use crate::rig::Rig;
use idl::admin::{Admin, Answer, Role};
use idl::host::{HostOrder, HostStatus, HostToVault, Slot, SlotView, VaultToHost};
use idl::views::{BoxAsk, CustodyAsk};
use vaultd::command::{Cmd, ConnId, Effect, Message};
use vaultd::entries::{BoxEvent, Event};
use vocab::{PersonId, Pii};

const HOST: ConnId = ConnId(400);
const RESET: HostOrder = HostOrder::FactoryReset;

fn host_is_there(rig: &mut Rig) {
    let view = |slot| SlotView { slot, version: Some("0.1.0".to_owned()), good: true, tries_left: None };
    let status = HostStatus {
        running: Slot::A,
        slots: [view(Slot::A), view(Slot::B)],
        development: false,
        secure_boot: true,
        data_sealed: true,
        data_bytes: 2,
        data_free_bytes: 1,
        addresses: vec![],
        time_synchronised: true,
        up_s: 1,
    };
    rig.give(Cmd::HostUp(HOST));
    rig.give(Cmd::Host(HOST, HostToVault::Status(Box::new(status))));
    rig.take();
}

/// Whether `hostd` was told to reset the box.
fn is_reset(rig: &mut Rig) -> bool {
    let told = |effect: &Effect| {
        matches!(effect, Effect::Send(HOST, Message::Host(VaultToHost::Order { order: RESET, .. })))
    };
    rig.take().iter().any(told)
}

fn orders(rig: &mut Rig, technician: &Phone) -> u64 {
    let (token, _) = rig.at_console(technician);
    match rig.console(Some(&token), false, Admin::Box(BoxAsk::Order(RESET))) {
        Answer::Created { ids } => ids[0],
        other => panic!("not ordered: {other:?}"),
    }
}

fn agree(rig: &mut Rig, session: &Token, host: u8, order: u64) -> Result<(), String> {
    match rig.page(Some(session), &at(host), Admin::Box(BoxAsk::Agree { order })) {
        Answer::Done => Ok(()),
        other => Err(refused(other)),
    }
}

#[test]
fn ret_05_without_custodians_both_administrators_agree_to_a_technicians_reset() {
    let (mut rig, [system, security, audit], technician) = staffed();
    host_is_there(&mut rig);
    let id = orders(&mut rig, &technician);
    let (auditor, _) = rig.signed_in(&at(4), &audit);
    assert_eq!(agree(&mut rig, &auditor, 4, id), Err("not-yours-to-agree".to_owned()));
    let (keeper, _) = rig.signed_in(&at(3), &security);
    assert_eq!(agree(&mut rig, &keeper, 3, id), Ok(()));
    assert!(matches!(rig.newest().event, Event::Box { event: BoxEvent::AgreedWithOthers { .. } }));
    assert_eq!(agree(&mut rig, &keeper, 3, id), Err("same-person".to_owned()), "nobody counts twice");
    assert!(!is_reset(&mut rig));
    // What was agreed to stands after a restart of this process.
    let mut rig = rig.restart();
    rig.give(Cmd::Started { cut_bytes: 0 });
    host_is_there(&mut rig);
    let (admin, _) = rig.signed_in(&at(2), &system);
    rig.post(Some(&admin), &at(2), false, Admin::Box(BoxAsk::Agree { order: id }));
    assert!(is_reset(&mut rig));
    assert!(matches!(rig.newest().event, Event::Box { event: BoxEvent::Agreed { .. } }));
}

#[test]
fn ret_05_where_shares_are_in_force_two_custodians_agree_and_nobody_in_their_place() {
    let (mut rig, [system, security, audit], technician) = staffed();
    host_is_there(&mut rig);
    let (keeper, me) = rig.signed_in(&at(3), &security);
    let mut custodians: Vec<(Phone, PersonId)> = Vec::new();
    for (at_host, role) in
        [Role::Compliance, Role::Manager, Role::Qa, Role::DataSpecialist].iter().enumerate()
    {
        let login = format!("keeper.{at_host}");
        let name = Pii::new(format!("保管{at_host}"));
        let add = Admin::AddAccount { name, login: login.clone(), role: *role, department: None };
        let Answer::EnrolCode { person, code, .. } = rig.page(Some(&keeper), &at(3), add) else {
            panic!("no code")
        };
        custodians.push((rig.enrolled(&login, &code), person));
    }
    let (keeper, _) = rig.signed_in(&at(3), &security);
    let named: Vec<PersonId> = custodians.iter().map(|(_, person)| *person).chain([me.person]).collect();
    let begin = CustodyAsk::Begin { custodians: named.try_into().expect("five") };
    assert!(matches!(rig.page(Some(&keeper), &at(3), Admin::Custody(begin)), Answer::Done));
    let take = |rig: &mut Rig, token: &Token, host| {
        let taken = rig.page(Some(token), &at(host), Admin::Custody(CustodyAsk::Take));
        assert!(matches!(taken, Answer::Share { .. }), "{taken:?}");
    };
    take(&mut rig, &keeper, 3);
    let mut tokens = Vec::new();
    for ((phone, _), host) in custodians.iter().zip(10..) {
        let (token, _) = rig.signed_in(&at(host), phone);
        take(&mut rig, &token, host);
        tokens.push((token, host));
    }
    let id = orders(&mut rig, &technician);
    for (phone, host) in [(&system, 2), (&audit, 4)] {
        let (token, _) = rig.signed_in(&at(host), phone);
        assert_eq!(agree(&mut rig, &token, host, id), Err("not-a-custodian".to_owned()));
    }
    let (first, host) = &tokens[0];
    assert!(matches!(rig.page(Some(first), &at(*host), Admin::Box(BoxAsk::Look)), Answer::Box(_)));
    assert_eq!(agree(&mut rig, first, *host, id), Ok(()));
    assert_eq!(agree(&mut rig, first, *host, id), Err("same-person".to_owned()));
    assert!(!is_reset(&mut rig));
    let (second, host) = &tokens[2];
    rig.post(Some(second), &at(*host), false, Admin::Box(BoxAsk::Agree { order: id }));
    assert!(is_reset(&mut rig));
}
