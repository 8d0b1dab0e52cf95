//! Dialling: the gate at that instant, intents, attempts, the queue, the clock.

use crate::rig::{CAMPAIGN, COMPLIANCE, LINED, MANAGER, PURPOSE, Rig, agent_id, number, plan, replayed};
use idl::admin::Admin;
use idl::campaign::{CampaignReply, CampaignRequest, Disposition};
use idl::lines::VaultToLined;
use std::time::Instant;
use vaultd::command::{Cmd, Effect, Message};
use vaultd::dial::TICKET_LIFE_MS;
use vocab::{CampaignId, ContactId, DAY_MS, FailCause, MINUTE_MS, Pii, RuleId, ScriptId};

fn refused(reply: CampaignReply) -> Vec<RuleId> {
    match reply {
        CampaignReply::Refused { rules, .. } => rules,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn an_allowed_call_has_its_intent_before_its_ticket_and_the_reply_last() {
    let mut rig = Rig::calling();
    let contact = rig.queue(1)[0];
    let request = CampaignRequest::Dial { campaign: CAMPAIGN, contact, agent: None };
    let before = rig.log.0.lock().unwrap().len();
    rig.vault
        .handle(rig.clock, Cmd::Calld(crate::rig::CALLD, idl::campaign::CalldToVault { id: 1, request }));
    assert_eq!(rig.log.0.lock().unwrap().len(), before, "nothing is written before the commit");
    let effects = rig.vault.commit().unwrap();
    assert_eq!(rig.log.0.lock().unwrap().len(), before + 1);
    let call = before as u64 + 1;
    let [
        Effect::Send(to, Message::Lined(VaultToLined::Ticket(ticket))),
        Effect::Send(_, Message::Calld(_)),
        ..,
    ] = effects.as_slice()
    else {
        panic!("ticket, then reply: {effects:?}");
    };
    assert_eq!((*to, ticket.call.0), (LINED, call), "the call's id is its entry's number");
    assert_eq!(ticket.number.reveal(), &number(1_000));
    assert_eq!(ticket.expires_boot_ms, rig.clock.boot_ms + TICKET_LIFE_MS);
    assert!(ticket.prompts.is_sorted_by_key(|prompt| prompt.role));
}

#[test]
fn a_refusal_is_durable_with_its_verdict_and_the_contact_comes_back() {
    let mut rig = Rig::calling();
    rig.done(MANAGER, Admin::PauseCampaign { campaign: CAMPAIGN });
    let rules = refused(rig.dial(ContactId(1)));
    assert_eq!(rules, [RuleId::Dialable]);
    rig.done(MANAGER, Admin::StartCampaign { campaign: CAMPAIGN });
    assert_eq!(rig.queue(1), [ContactId(1)]);
    assert_eq!(rig.figures().refused, [("DIALABLE".to_owned(), 1)]);
}

#[test]
fn cam_03_one_person_is_called_once_a_day_whatever_the_campaign() {
    let mut rig = Rig::calling();
    rig.failed_call(ContactId(1), FailCause::Busy);
    let batch = rig.batch(1_000, 1);
    let other = plan(ScriptId(1), vec![batch]);
    let second = rig.created(MANAGER, Admin::CreateCampaign(Box::new(other)));
    let second = CampaignId(u32::try_from(second).unwrap());
    rig.done(MANAGER, Admin::StartCampaign { campaign: second });
    let contact = rig.vault.state().batches[&batch].entry.first;
    let reply = rig.calld(CampaignRequest::Dial { campaign: second, contact, agent: None });
    assert_eq!(refused(reply), [RuleId::Frequency]);
    rig.later(DAY_MS);
    rig.do_not_call(&[]);
    let reply = rig.calld(CampaignRequest::Dial { campaign: second, contact, agent: None });
    assert!(matches!(reply, CampaignReply::Ticketed { .. }), "{reply:?}");
}

#[test]
fn one_person_is_in_one_call_at_a_time() {
    let mut rig = Rig::calling();
    rig.ticketed(ContactId(1));
    assert!(refused(rig.dial(ContactId(1))).contains(&RuleId::Dialable));
}

#[test]
fn cam_07_a_listed_number_is_never_dialled_for_marketing() {
    let mut rig = Rig::calling();
    rig.do_not_call(&[number(1_000)]);
    assert_eq!(refused(rig.dial(ContactId(1))), [RuleId::DoNotCall]);
    assert!(matches!(rig.dial(ContactId(2)), CampaignReply::Ticketed { .. }));
}

#[test]
fn cam_07_the_age_of_the_list_is_that_of_the_authoritys_issue() {
    let mut rig = Rig::calling();
    rig.later(8 * DAY_MS);
    assert!(refused(rig.dial(ContactId(1))).contains(&RuleId::DoNotCall));
}

#[test]
fn cam_04_a_declined_call_is_the_last_one_ever() {
    let mut rig = Rig::calling();
    rig.failed_call(ContactId(1), FailCause::Declined);
    rig.later(8 * DAY_MS);
    rig.do_not_call(&[]);
    let rules = refused(rig.dial(ContactId(1)));
    assert!(rules.contains(&RuleId::Declined), "{rules:?}");
}

#[test]
fn cam_01_a_clock_set_back_by_more_than_a_minute_stops_dialling() {
    let mut rig = Rig::calling();
    rig.later(10 * MINUTE_MS);
    rig.failed_call(ContactId(1), FailCause::Busy);
    rig.clock.now = rig.clock.now.plus(-MINUTE_MS - 1);
    assert_eq!(refused(rig.dial(ContactId(2))), [RuleId::Clock]);
    assert!(rig.vault.health_reply(1).alarms.iter().any(|alarm| alarm.code == "clock-rolled-back"));
    rig.clock.now = rig.clock.now.plus(MINUTE_MS);
    assert!(matches!(rig.dial(ContactId(2)), CampaignReply::Ticketed { .. }));
}

#[test]
fn cam_01_an_unsynchronised_clock_stops_dialling() {
    let mut rig = Rig::calling();
    rig.clock.synchronised = false;
    assert_eq!(refused(rig.dial(ContactId(1))), [RuleId::Clock]);
}

#[test]
fn rec_02_without_room_for_recordings_no_marketing_call_is_placed() {
    let mut rig = Rig::calling();
    rig.give(Cmd::Disk { free_bytes: 1 << 20, ready: true });
    assert_eq!(refused(rig.dial(ContactId(1))), [RuleId::Recording]);
    assert!(rig.vault.health_reply(1).alarms.iter().any(|alarm| alarm.code == "disk-low"));
}

#[test]
fn a_refusal_that_meets_all_contacts_holds_the_campaign_and_not_the_contact() {
    let mut rig = Rig::calling();
    rig.give(Cmd::Disk { free_bytes: 0, ready: true });
    assert_eq!(rig.queue(1), [ContactId(1)]);
    refused(rig.dial(ContactId(1)));
    let reply = rig.calld(CampaignRequest::Queue { campaign: CAMPAIGN, max: 10 });
    assert!(matches!(reply, CampaignReply::Queue { contacts, again_at: Some(_) } if contacts.is_empty()));
    rig.give(Cmd::Disk { free_bytes: 1 << 40, ready: true });
    rig.later(MINUTE_MS);
    assert_eq!(rig.queue(1), [ContactId(1)]);
}

#[test]
fn without_lined_nothing_is_counted_and_the_contact_is_back() {
    let mut rig = Rig::calling();
    rig.give(Cmd::LinedDown(LINED));
    assert_eq!(rig.queue(1), [ContactId(1)]);
    assert!(matches!(rig.dial(ContactId(1)), CampaignReply::NotNow { .. }));
    assert_eq!(rig.figures().offered, 0);
    rig.lined_there(&[]);
    assert_eq!(rig.queue(1), [ContactId(1)]);
    assert!(matches!(rig.dial(ContactId(1)), CampaignReply::Ticketed { .. }));
}

#[test]
fn lined_gets_no_ticket_before_it_said_which_calls_are_alive() {
    let mut rig = Rig::calling();
    rig.give(Cmd::LinedDown(LINED));
    rig.give(Cmd::LinedUp(LINED));
    assert!(matches!(rig.dial(ContactId(1)), CampaignReply::NotNow { .. }));
}

#[test]
fn a_contact_is_tried_three_times_at_most_and_not_on_one_day() {
    let mut rig = Rig::calling_with(1);
    for day in 0..3 {
        assert_eq!(rig.queue(9), [ContactId(1)], "day {day}");
        rig.failed_call(ContactId(1), FailCause::NoAnswer);
        rig.later(3 * DAY_MS);
        rig.do_not_call(&[]);
    }
    let reply = rig.calld(CampaignRequest::Queue { campaign: CAMPAIGN, max: 9 });
    assert!(matches!(reply, CampaignReply::Queue { contacts, again_at: None } if contacts.is_empty()));
    assert_eq!(rig.figures().contacts_left, 0);
}

#[test]
fn what_calld_held_is_to_be_had_again_when_it_is_gone() {
    let mut rig = Rig::calling();
    let held = rig.queue(4);
    rig.give(Cmd::CalldDown(crate::rig::CALLD));
    rig.give(Cmd::CalldUp(crate::rig::CALLD));
    let mut again = rig.queue(4);
    again.sort_unstable();
    assert_eq!(again, held);
    let contacts = again.clone();
    rig.calld(CampaignRequest::Return { campaign: CAMPAIGN, contacts });
    assert_eq!(rig.queue(4).len(), 4);
}

#[test]
fn cam_09_a_child_on_the_phone_ends_all_calls_to_that_number() {
    for (disposition, rule) in [
        (Disposition::Minor, RuleId::Blacklist),
        (Disposition::WrongPerson, RuleId::Blacklist),
        (Disposition::Refused, RuleId::Blacklist),
    ] {
        let mut rig = agent_rig();
        let call = agent_call(&mut rig);
        let note = Pii::new("says 13800001000".to_owned());
        let reply = rig.calld(CampaignRequest::WrapUp { call, agent: agent_id(), disposition, note });
        assert!(matches!(reply, CampaignReply::Stored));
        rig.later(8 * DAY_MS);
        rig.do_not_call(&[]);
        let campaign = CampaignId(2);
        let request = CampaignRequest::Dial { campaign, contact: ContactId(1), agent: Some(agent_id()) };
        assert!(refused(rig.calld(request)).contains(&rule), "{disposition:?}");
    }
}

#[test]
fn a_callback_is_one_more_attempt_within_the_same_three() {
    let mut rig = agent_rig();
    let call = agent_call(&mut rig);
    let note = Pii::new(String::new());
    let disposition = Disposition::Callback;
    rig.calld(CampaignRequest::WrapUp { call, agent: agent_id(), disposition, note });
    rig.later(2 * DAY_MS);
    let reply = rig.calld(CampaignRequest::Queue { campaign: CampaignId(2), max: 9 });
    assert!(matches!(reply, CampaignReply::Queue { contacts, .. } if contacts == [ContactId(1)]));
}

/// The campaign of the bench, dialling for agents.
fn agent_rig() -> Rig {
    let mut rig = Rig::calling_with(1);
    let entries = rig.log.0.lock().unwrap().len();
    assert!(entries > 0);
    let mut plan = plan(ScriptId(1), vec![1]);
    plan.mode = vocab::CampaignMode::Progressive;
    assert_eq!(plan.purpose, PURPOSE);
    rig.created(MANAGER, Admin::CreateCampaign(Box::new(plan)));
    rig.done(MANAGER, Admin::StartCampaign { campaign: CampaignId(2) });
    rig
}

fn agent_call(rig: &mut Rig) -> vocab::CallId {
    let request =
        CampaignRequest::Dial { campaign: CampaignId(2), contact: ContactId(1), agent: Some(agent_id()) };
    let CampaignReply::Ticketed { call } = rig.calld(request) else { panic!("no ticket") };
    rig.answer_it(call);
    let end = crate::rig::ended(vocab::Outcome::Answered { by: vocab::EndedBy::Agent }, rig.clock.now, true);
    rig.fact(call, 3, end);
    call
}

#[test]
fn an_unapproved_caller_number_is_not_shown() {
    let mut rig = Rig::calling();
    let again = Admin::AddCallerNumber {
        number: Pii::new(crate::rig::CALLER.to_owned()),
        groups: vec![vocab::LineGroupId(1)],
        contract: "C-2".to_owned(),
        valid_to: rig.clock.now.plus(DAY_MS),
    };
    rig.done(crate::rig::SYSTEM, again);
    assert_eq!(refused(rig.dial(ContactId(1))), [RuleId::CallerNumber]);
    let number = Pii::new(crate::rig::CALLER.to_owned());
    rig.done(COMPLIANCE, Admin::ApproveCallerNumber { number });
    assert!(matches!(rig.dial(ContactId(1)), CampaignReply::Ticketed { .. }));
}

/// Not a benchmark: it fails only if deciding became slower by an order of magnitude, even without
/// optimisation and on a busy machine.
#[test]
fn a_thousand_decisions_take_less_than_ten_seconds_even_unoptimised() {
    let mut rig = Rig::calling_with(2_000);
    let start = Instant::now();
    let clock = rig.clock;
    for id in 1..=1_000 {
        let request = CampaignRequest::Dial { campaign: CAMPAIGN, contact: ContactId(id), agent: None };
        rig.vault.handle(clock, Cmd::Calld(crate::rig::CALLD, idl::campaign::CalldToVault { id, request }));
    }
    rig.vault.commit().unwrap();
    let took = start.elapsed();
    println_decisions(took);
    assert!(took.as_secs() < 10, "{took:?}");
    assert_eq!(rig.figures().placed, 1_000);
    let (state, _) = replayed(&rig.log.0.lock().unwrap());
    assert_eq!(&state, rig.vault.state());
}

#[expect(clippy::print_stdout, reason = "the measured rate is what a reader of the test's output looks for")]
fn println_decisions(took: std::time::Duration) {
    println!("1000 decisions in {took:?}");
}
