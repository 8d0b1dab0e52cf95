//! Orders to the box: who may, what two must want, calls drained first, facts stored once, and an order that was lost.

use crate::rig::{AUDIT, MANAGER, PAGE, Rig, SECURITY, SYSTEM, TECHNICIAN};
use idl::admin::{Admin, Answer};
use idl::campaign::CampaignReply;
use idl::host::{
    BootCause, HostFact, HostFault, HostOrder, HostStatus, HostToVault, Slot, SlotView, VaultToHost,
};
use idl::lines::TrunkState;
use idl::views::{BoxAsk, BoxOrderStage, BoxView};
use vaultd::command::{Cmd, ConnId, Effect, Job, Message, ReplyTo};
use vaultd::entries::{BoxEvent, EntryResult, Event};
use vocab::{DAY_MS, PersonId, TrunkId, UnixMs};

const HOST: ConnId = ConnId(400);
const BUNDLE: [u8; 32] = [7; 32];

pub(crate) fn status(good: bool) -> HostStatus {
    let view = |slot, good| SlotView { slot, version: Some("0.1.0".to_owned()), good, tries_left: None };
    HostStatus {
        running: Slot::A,
        slots: [view(Slot::A, good), view(Slot::B, true)],
        development: false,
        secure_boot: true,
        data_sealed: true,
        data_bytes: 2,
        data_free_bytes: 1,
        addresses: vec!["eth0 192.0.2.1/24".to_owned()],
        time_synchronised: true,
        up_s: 1,
    }
}

fn order(order: HostOrder) -> Admin {
    Admin::Box(BoxAsk::Order(order))
}

fn install(downgrade: bool) -> Admin {
    order(HostOrder::Install { bundle: BUNDLE, downgrade })
}

/// A calling site with `hostd` there and a bundle stored.
fn site() -> Rig {
    let mut rig = Rig::calling();
    rig.give(Cmd::HostUp(HOST));
    rig.give(Cmd::Host(HOST, HostToVault::Status(Box::new(status(true)))));
    let reply = ReplyTo { conn: PAGE, id: 1, actor: SYSTEM, from: idl::hello::Process::Tool, session: None };
    rig.give(Cmd::BundleStored { reply, outcome: Ok((BUNDLE, 3)) });
    rig.take();
    rig
}

fn sent(rig: &mut Rig) -> Vec<VaultToHost> {
    let mut others = Vec::new();
    let mut found = Vec::new();
    for effect in rig.take() {
        match effect {
            Effect::Send(HOST, Message::Host(message)) => found.push(message),
            other => others.push(other),
        }
    }
    rig.effects = others;
    found
}

fn given(rig: &mut Rig) -> Vec<(u64, HostOrder)> {
    let orders = sent(rig).into_iter().filter_map(|message| match message {
        VaultToHost::Order { id, order } => Some((id, order)),
        VaultToHost::Network(_)
        | VaultToHost::TunnelKey(_)
        | VaultToHost::IpsecKey { .. }
        | VaultToHost::Custody { .. }
        | VaultToHost::FactStored { .. }
        | VaultToHost::LeastEpoch { .. } => None,
    });
    orders.collect()
}

fn agree(order: u64) -> Admin {
    Admin::Box(BoxAsk::Agree { order })
}

fn look(rig: &mut Rig) -> BoxView {
    match rig.ask(AUDIT, Admin::Box(BoxAsk::Look)) {
        Answer::Box(view) => *view,
        other => panic!("no view: {other:?}"),
    }
}

fn stage(rig: &mut Rig, id: u64) -> BoxOrderStage {
    look(rig).orders.into_iter().find(|row| row.order == id).unwrap().stage
}

fn ends(rig: &mut Rig, id: u64, result: Result<(), HostFault>) {
    rig.give(Cmd::Host(HOST, HostToVault::Ended { id, result }));
}

#[test]
fn the_certificate_for_updates_is_shown_as_hostd_told_it_and_nothing_else_is() {
    let mut rig = site();
    assert_eq!(look(&mut rig).update_certificate, None);
    let body = data_encoding::BASE64.encode(&[&[0x30, 0x82, 1, 0][..], &[5; 256]].concat());
    let told = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    rig.give(Cmd::Host(HOST, HostToVault::UpdateCertificate(told)));
    let shown = look(&mut rig).update_certificate.unwrap();
    assert!(shown.starts_with("-----BEGIN CERTIFICATE-----\nMIIB") && shown.ends_with("-----\n"));
    rig.give(Cmd::Host(HOST, HostToVault::UpdateCertificate("-----BEGIN PRIVATE KEY-----".to_owned())));
    assert_eq!(look(&mut rig).update_certificate, None);
}

#[test]
fn a_restart_waits_for_calls_and_nothing_new_is_dialled_meanwhile() {
    let mut rig = site();
    let contacts = rig.queue(2);
    let call = rig.ticketed(contacts[0]);
    rig.answer_it(call);
    let id = rig.created(TECHNICIAN, order(HostOrder::Restart));
    assert_eq!(stage(&mut rig, id), BoxOrderStage::Draining { open_calls: 1 });
    assert!(matches!(rig.dial(contacts[1]), CampaignReply::NotNow { .. }));
    assert!(given(&mut rig).is_empty());
    let at = rig.clock.now;
    let over = crate::rig::ended(vocab::Outcome::Answered { by: vocab::EndedBy::Callee }, at, true);
    rig.fact(call, 3, over);
    rig.give(Cmd::Tick);
    assert_eq!(given(&mut rig), [(id, HostOrder::Restart)]);
    ends(&mut rig, id, Ok(()));
    assert_eq!(stage(&mut rig, id), BoxOrderStage::Done);
    assert!(matches!(rig.dial(contacts[1]), CampaignReply::NotNow { .. }), "the box goes now");
}

#[test]
fn calls_that_are_not_over_within_the_limit_end_the_restart_and_dialling_goes_on() {
    let mut rig = site();
    let contacts = rig.queue(2);
    let call = rig.ticketed(contacts[0]);
    rig.answer_it(call);
    let id = rig.created(SYSTEM, order(HostOrder::Restart));
    rig.later(9 * 60_000);
    rig.give(Cmd::Tick);
    assert_eq!(stage(&mut rig, id), BoxOrderStage::Draining { open_calls: 1 });
    rig.later(60_000);
    rig.give(Cmd::Tick);
    assert_eq!(stage(&mut rig, id), BoxOrderStage::Failed(HostFault::NotDrained));
    assert!(given(&mut rig).is_empty());
    rig.ticketed(contacts[1]);
}

#[test]
fn an_order_that_drains_can_be_taken_back_and_one_that_is_done_cannot() {
    let mut rig = site();
    let contact = rig.queue(1)[0];
    let call = rig.ticketed(contact);
    rig.answer_it(call);
    let id = rig.created(SYSTEM, order(HostOrder::PowerOff));
    rig.done(SYSTEM, Admin::Box(BoxAsk::Withdraw { order: id }));
    assert_eq!(stage(&mut rig, id), BoxOrderStage::Withdrawn);
    let id = rig.created(SYSTEM, order(HostOrder::Diagnostics));
    assert_eq!(rig.code(SYSTEM, Admin::Box(BoxAsk::Withdraw { order: id })), "order-going");
}

#[test]
fn acc_06_without_custodians_a_reset_needs_the_system_and_the_security_administrator_within_a_day() {
    let mut rig = site();
    let id = rig.created(SYSTEM, order(HostOrder::FactoryReset));
    assert!(given(&mut rig).is_empty());
    assert!(matches!(stage(&mut rig, id), BoxOrderStage::WaitsForSecond { .. }));
    assert_eq!(rig.code(TECHNICIAN, order(HostOrder::FactoryReset)), "reset-at-console");
    assert_eq!(rig.code(SYSTEM, agree(id)), "same-person");
    assert_eq!(rig.code(AUDIT, agree(id)), "not-yours-to-agree");
    assert_eq!(rig.code(MANAGER, agree(id)), "box-for-custodians");
    // It waits through a restart of this process.
    let mut rig = rig.restart();
    rig.give(Cmd::Started { cut_bytes: 0 });
    rig.give(Cmd::HostUp(HOST));
    rig.done(SECURITY, Admin::Box(BoxAsk::Agree { order: id }));
    assert_eq!(given(&mut rig), [(id, HostOrder::FactoryReset)]);
    assert_eq!(rig.code(SECURITY, Admin::Box(BoxAsk::Agree { order: id })), "unknown");

    let mut rig = site();
    let id = rig.created(SYSTEM, order(HostOrder::FactoryReset));
    rig.later(DAY_MS);
    rig.give(Cmd::Tick);
    assert_eq!(stage(&mut rig, id), BoxOrderStage::Withdrawn);
    assert_eq!(rig.code(SECURITY, Admin::Box(BoxAsk::Agree { order: id })), "unknown");
}

#[test]
fn an_update_is_installed_first_and_then_started_when_calls_are_over() {
    let mut rig = site();
    let id = rig.created(SYSTEM, install(false));
    assert_eq!(given(&mut rig), [(id, HostOrder::Install { bundle: BUNDLE, downgrade: false })]);
    rig.give(Cmd::Host(HOST, HostToVault::Progress { id, percent: 40 }));
    assert_eq!(stage(&mut rig, id), BoxOrderStage::UnderWay { percent: 40 });
    assert_eq!(rig.code(SYSTEM, order(HostOrder::Restart)), "box-busy");
    ends(&mut rig, id, Ok(()));
    let restarts = given(&mut rig);
    assert!(matches!(restarts.as_slice(), [(next, HostOrder::Restart)] if *next > id), "{restarts:?}");
    ends(&mut rig, restarts[0].0, Ok(()));
    // A bundle that does not verify starts nothing.
    let mut rig = site();
    let id = rig.created(SYSTEM, install(false));
    given(&mut rig);
    ends(&mut rig, id, Err(HostFault::BadSignature));
    assert_eq!(stage(&mut rig, id), BoxOrderStage::Failed(HostFault::BadSignature));
    assert!(given(&mut rig).is_empty());
    assert_eq!(rig.newest().result, EntryResult::Refused("box".to_owned()));
}

#[test]
fn nothing_is_installed_that_is_not_there_or_while_the_running_system_is_on_trial() {
    let mut rig = site();
    let other = HostOrder::Install { bundle: [8; 32], downgrade: false };
    assert_eq!(rig.code(SYSTEM, order(other)), "bundle-none");
    rig.give(Cmd::Host(HOST, HostToVault::Status(Box::new(status(false)))));
    assert_eq!(rig.code(SYSTEM, install(false)), "slot-on-trial");
    assert_eq!(rig.code(TECHNICIAN, install(false)), "slot-on-trial");
    assert_eq!(rig.code(MANAGER, install(false)), "role");
    assert_eq!(rig.code(MANAGER, order(HostOrder::Restart)), "role");
    rig.give(Cmd::HostDown(HOST));
    assert_eq!(rig.code(SYSTEM, order(HostOrder::Restart)), "hostd-gone");
}

#[test]
fn acc_06_an_older_system_is_installed_only_when_two_want_it() {
    let mut rig = site();
    let id = rig.created(SYSTEM, install(true));
    assert!(given(&mut rig).is_empty());
    rig.done(SECURITY, Admin::Box(BoxAsk::Agree { order: id }));
    assert_eq!(given(&mut rig), [(id, HostOrder::Install { bundle: BUNDLE, downgrade: true })]);
}

#[test]
fn a_fact_is_stored_once_and_acknowledged_each_time() {
    let mut rig = site();
    let reasons = vec!["x".repeat(9_999); 99];
    let fact = HostFact::FoundBad { slot: Slot::B, version: "0.2.0".to_owned(), reasons };
    let booted =
        HostFact::Booted { slot: Slot::A, version: "0.1.0".to_owned(), cause: BootCause::RolledBack };
    let before = rig.count();
    for (seq, fact) in [(1, fact.clone()), (1, fact), (2, booted.clone())] {
        rig.give(Cmd::Host(HOST, HostToVault::Fact { seq, at: UnixMs(5), fact }));
        assert_eq!(sent(&mut rig), [VaultToHost::FactStored { seq }]);
    }
    assert_eq!(rig.count(), before + 2);
    let history = look(&mut rig).history;
    assert_eq!(history[0], (UnixMs(5), booted));
    let HostFact::FoundBad { reasons, .. } = &history[1].1 else { panic!("{history:?}") };
    assert!(reasons.len() == 16 && reasons.iter().all(|line| line.len() == 240));
}

#[test]
fn an_order_whose_end_nobody_tells_is_over_and_is_never_given_twice() {
    let mut rig = site();
    let id = rig.created(SYSTEM, install(false));
    given(&mut rig);
    rig.give(Cmd::HostDown(HOST));
    assert!(matches!(stage(&mut rig, id), BoxOrderStage::Failed(HostFault::System(_))));
    rig.give(Cmd::HostUp(HOST));
    assert!(given(&mut rig).is_empty());
    // The same with this process.
    let id = rig.created(SYSTEM, order(HostOrder::Restart));
    given(&mut rig);
    let mut rig = rig.restart();
    rig.give(Cmd::Started { cut_bytes: 0 });
    rig.give(Cmd::HostUp(HOST));
    assert!(given(&mut rig).is_empty());
    assert!(matches!(stage(&mut rig, id), BoxOrderStage::Failed(HostFault::System(_))));
}

#[test]
fn lines_that_worked_before_a_restart_are_missed_after_it() {
    let mut rig = site();
    rig.trunk_is(TrunkId(1), TrunkState::Up);
    let missing = |rig: &Rig| {
        let gauges = rig.vault.health_reply(1).gauges;
        gauges.into_iter().find(|(name, _)| name == "lines_missing").unwrap().1
    };
    let id = rig.created(SYSTEM, order(HostOrder::Restart));
    given(&mut rig);
    ends(&mut rig, id, Ok(()));
    let mut rig = rig.restart();
    assert_eq!(missing(&rig), 0);
    rig.trunk_is(TrunkId(1), TrunkState::Down);
    assert_eq!(missing(&rig), 1);
    rig.trunk_is(TrunkId(1), TrunkState::Up);
    assert_eq!(missing(&rig), 0);
}

#[test]
fn a_system_on_trial_verifies_the_whole_ledger_once() {
    let mut rig = site();
    let gauge = |rig: &Rig, wanted: &str| {
        let gauges = rig.vault.health_reply(1).gauges;
        gauges.into_iter().find(|(name, _)| name == wanted).unwrap().1
    };
    assert_eq!((gauge(&rig, "hostd"), gauge(&rig, "ledger_unverified")), (1, 0));
    for _ in 0..2 {
        rig.give(Cmd::Host(HOST, HostToVault::Status(Box::new(status(false)))));
    }
    assert!(matches!(rig.jobs().as_slice(), [Job::CheckLedger]));
    assert_eq!(gauge(&rig, "ledger_unverified"), 1);
    rig.give(Cmd::LedgerChecked(Some("entry 7 is not the one that was written".to_owned())));
    assert_eq!(gauge(&rig, "ledger_unverified"), 1);
    rig.give(Cmd::LedgerChecked(None));
    assert_eq!(gauge(&rig, "ledger_unverified"), 0);
    assert!(matches!(rig.newest().event, Event::LedgerVerified { ok: true, .. }));
}

#[test]
fn an_upload_keeps_what_is_being_installed() {
    let mut rig = site();
    rig.created(SYSTEM, install(false));
    let mut cmd = rig.request(Some(SYSTEM), Admin::Box(BoxAsk::Upload));
    let Cmd::Admin { attached, .. } = &mut cmd else { panic!("a request") };
    *attached = Some(tempfile::tempfile().unwrap());
    rig.give(cmd);
    let jobs = rig.jobs();
    assert!(matches!(jobs.as_slice(), [Job::StoreBundle { keep, .. }] if keep.contains(&BUNDLE)), "{jobs:?}");
    assert_eq!(rig.code(SYSTEM, Admin::Box(BoxAsk::Upload)), "bundle-missing");
}

#[test]
fn a_diagnostics_bundle_is_handed_out_only_where_one_was_made_and_that_is_an_entry() {
    let mut rig = site();
    let take = |offset| Admin::Box(BoxAsk::Diagnostics { bundle: [3; 32], offset });
    assert_eq!(rig.code(TECHNICIAN, take(0)), "unknown");
    let fact = HostFact::Diagnostics { bundle: [3; 32], bytes: 4 };
    rig.give(Cmd::Host(HOST, HostToVault::Fact { seq: 1, at: UnixMs(5), fact }));
    let cmd = rig.request(Some(TECHNICIAN), take(0));
    rig.give(cmd);
    let entry = rig.newest();
    assert!(
        matches!(entry.event, Event::Box { event: BoxEvent::DiagnosticsTaken { bundle } } if bundle == [3; 32])
    );
    assert_eq!(entry.who.person().unwrap().0, PersonId(10));
}

/// What the TPM is asked to count, in order.
fn counts(rig: &mut Rig) -> Vec<u32> {
    let job = |job| match job {
        Job::RaiseEpoch { to } => Some(to),
        _ => None,
    };
    rig.jobs().into_iter().filter_map(job).collect()
}

/// The least epochs that hostd is told, in order; what else it is told stands elsewhere.
fn told(rig: &mut Rig) -> Vec<u32> {
    let epoch = |word| match word {
        VaultToHost::LeastEpoch { epoch } => Some(epoch),
        _ => None,
    };
    sent(rig).into_iter().filter_map(epoch).collect()
}

#[test]
fn l_80_a_system_found_good_raises_the_tpms_count_and_hostd_is_told_what_the_tpm_says() {
    let mut rig = Rig::calling();
    rig.take();
    rig.give(Cmd::HostUp(HOST));
    assert_eq!(counts(&mut rig), [0], "it is read before anything can be installed");
    assert!(told(&mut rig).is_empty());
    rig.give(Cmd::EpochRaised(Ok(2)));
    assert_eq!(told(&mut rig), [2]);
    rig.give(Cmd::Host(HOST, HostToVault::Good { epoch: 3 }));
    assert_eq!(counts(&mut rig), [3]);
    rig.give(Cmd::EpochRaised(Ok(3)));
    assert_eq!(told(&mut rig), [3]);
    // An older system that runs now lowers nothing.
    rig.give(Cmd::Host(HOST, HostToVault::Good { epoch: 1 }));
    rig.give(Cmd::HostDown(HOST));
    rig.give(Cmd::HostUp(HOST));
    assert!(counts(&mut rig).is_empty());
    let told = told(&mut rig);
    assert!(!told.is_empty() && told.iter().all(|epoch| *epoch == 3));
}

#[test]
fn l_80_a_tpm_that_does_not_count_is_asked_again_and_until_then_nothing_is_told() {
    let mut rig = Rig::calling();
    rig.take();
    rig.give(Cmd::HostUp(HOST));
    rig.give(Cmd::EpochRaised(Err("locked out".to_owned())));
    assert_eq!(counts(&mut rig), [0]);
    rig.give(Cmd::Tick);
    assert!(counts(&mut rig).is_empty() && told(&mut rig).is_empty());
    rig.give(Cmd::Host(HOST, HostToVault::Good { epoch: 1 }));
    rig.later(60_000);
    rig.give(Cmd::Tick);
    rig.give(Cmd::Tick);
    assert_eq!(counts(&mut rig), [1], "once");
    rig.give(Cmd::EpochRaised(Ok(1)));
    assert_eq!(told(&mut rig), [1]);
}
