//! `lined`: facts, opt-outs, reconnection, tickets not used, recordings.

use crate::rig::{CALLD, LINED, MANAGER, Rig, ended};
use idl::admin::{Admin, Answer};
use idl::campaign::VaultToCalld;
use idl::lines::{CallFact, LinedToVault, NoRecording, OptOutBy, VaultToLined};
use vaultd::command::{Cmd, Effect, Job, Message};
use vaultd::entries::{RecordingFinding, RecordingWorth};
use vocab::{CallId, ContactId, DAY_MS, EndedBy, FailCause, MINUTE_MS, Outcome, RuleId};

fn finding(worth: RecordingWorth) -> RecordingFinding {
    RecordingFinding { duration_ms: 8_000, gaps_customer_ms: 0, gaps_agent_ms: 0, worth }
}

#[test]
fn cam_05_an_opt_out_is_durable_and_blocks_before_it_is_acknowledged() {
    let mut rig = Rig::calling();
    let call = rig.ticketed(ContactId(1));
    rig.answer_it(call);
    rig.take();
    let at = rig.clock.now;
    let fact = CallFact::OptOut { by: OptOutBy::Rfc4733 };
    rig.vault.handle(rig.clock, Cmd::Lined(LinedToVault::Fact { call, seq: 3, at, fact }));
    let durable = rig.log.0.lock().unwrap().len();
    let effects = rig.vault.commit().unwrap();
    assert_eq!(rig.log.0.lock().unwrap().len(), durable + 1, "one entry holds opt-out and blacklisting");
    assert!(matches!(
        effects.as_slice(),
        [Effect::Send(LINED, Message::Lined(VaultToLined::FactStored { seq: 3, .. }))]
    ));
    // Only what was durable survives, and it holds the block.
    let mut rig = rig.restart();
    assert!(rig.vault.state().blacklist.contains_key(&rig.subject(1_000)));
    rig.give(Cmd::CalldUp(CALLD));
    rig.lined_there(&[call]);
    rig.fact(call, 4, ended(Outcome::Answered { by: EndedBy::Box }, at, true));
    rig.later(8 * DAY_MS);
    let reply = rig.dial(ContactId(1));
    assert!(
        matches!(reply, idl::campaign::CampaignReply::Refused { ref rules, .. } if rules.contains(&RuleId::Blacklist)),
        "{reply:?}"
    );
    assert_eq!(rig.figures().opted_out, 1);
}

#[test]
fn a_fact_sent_again_is_acknowledged_again_and_counted_once() {
    let mut rig = Rig::calling();
    let call = rig.failed_call(ContactId(1), FailCause::Busy);
    let entries = rig.log.0.lock().unwrap().len();
    rig.take();
    rig.fact(call, 2, ended(Outcome::Failed(FailCause::NoAnswer), rig.clock.now, false));
    assert_eq!(rig.log.0.lock().unwrap().len(), entries);
    assert!(matches!(rig.sent_to_lined().as_slice(), [VaultToLined::FactStored { seq: 2, .. }]));
    assert_eq!(rig.figures().failed, [("busy".to_owned(), 1)]);
}

#[test]
fn calld_hears_of_an_end_when_it_is_durable() {
    let mut rig = Rig::calling();
    let call = rig.failed_call(ContactId(1), FailCause::Busy);
    let closed = rig.take().into_iter().any(|effect| {
        matches!(effect, Effect::Send(CALLD, Message::Calld(VaultToCalld::CallClosed { call: ended, .. })) if ended == call)
    });
    assert!(closed);
}

#[test]
fn a_crash_between_intent_and_ticket_loses_the_call_counts_it_and_never_dials_it_again() {
    let mut rig = Rig::calling();
    let call = rig.ticketed(ContactId(1));
    let mut rig = rig.restart();
    rig.give(Cmd::CalldUp(CALLD));
    rig.lined_there(&[]);
    let figures = rig.figures();
    assert_eq!((figures.placed, figures.open), (1, 0));
    assert_eq!(figures.failed, [("lost".to_owned(), 1)]);
    let tickets =
        rig.sent_to_lined().into_iter().filter(|message| matches!(message, VaultToLined::Ticket(_)));
    assert_eq!(tickets.count(), 0);
    assert_eq!(rig.vault.calls().get(call).unwrap().outcome, Some(Outcome::Failed(FailCause::Lost)));
    // The person was tried today; nobody knows whether it rang.
    let reply = rig.dial(ContactId(1));
    assert!(
        matches!(&reply, idl::campaign::CampaignReply::Refused { rules, .. } if rules.contains(&RuleId::Frequency)),
        "{reply:?}"
    );
}

#[test]
fn cam_03_a_phone_that_may_still_ring_is_not_called_again_even_on_another_day() {
    let mut rig = Rig::calling();
    rig.ticketed(ContactId(1));
    let mut rig = rig.restart();
    rig.give(Cmd::CalldUp(CALLD));
    rig.lined_there(&[]);
    // The clock is set a day ahead while the lost call may still ring at the carrier.
    rig.clock.now = rig.clock.now.plus(DAY_MS);
    let reply = rig.dial(ContactId(1));
    assert!(
        matches!(&reply, idl::campaign::CampaignReply::Refused { rules, .. } if rules == &[RuleId::Dialable]),
        "{reply:?}"
    );
    rig.later(10 * MINUTE_MS);
    let reply = rig.dial(ContactId(1));
    assert!(matches!(reply, idl::campaign::CampaignReply::Ticketed { .. }), "{reply:?}");
}

#[test]
fn an_answered_call_lost_with_lined_is_released_and_its_file_verified() {
    let mut rig = Rig::calling();
    let call = rig.ticketed(ContactId(1));
    rig.answer_it(call);
    rig.take();
    rig.give(Cmd::LinedDown(LINED));
    rig.lined_there(&[]);
    let released: Vec<CallId> = rig
        .sent_to_lined()
        .into_iter()
        .filter_map(|message| match message {
            VaultToLined::Release { call, dialog } => {
                assert_eq!(dialog.expose().as_slice(), b"dialog with 13800001000");
                Some(call)
            }
            _ => None,
        })
        .collect();
    assert_eq!(released, [call]);
    assert!(matches!(rig.jobs().as_slice(), [Job::VerifyRecording { expected_ms: None, key: Some(_), .. }]));
    rig.give(Cmd::RecordingVerified { call, finding: finding(RecordingWorth::Cut) });
    let figures = rig.figures();
    assert_eq!((figures.answered, figures.recordings), (1, 0));
    assert_eq!(figures.unrecorded, [("crash".to_owned(), 1)]);
    // Until the dialog was released it is asked for at each connection.
    rig.give(Cmd::LinedDown(LINED));
    rig.lined_there(&[]);
    assert!(rig.sent_to_lined().iter().any(|message| matches!(message, VaultToLined::Release { .. })));
    rig.give(Cmd::Lined(LinedToVault::Released { call }));
    rig.give(Cmd::LinedDown(LINED));
    rig.lined_there(&[]);
    assert!(!rig.sent_to_lined().iter().any(|message| matches!(message, VaultToLined::Release { .. })));
}

#[test]
fn a_call_that_lives_in_lined_goes_on_over_a_restart_of_vaultd() {
    let mut rig = Rig::calling();
    let call = rig.ticketed(ContactId(1));
    rig.answer_it(call);
    let mut rig = rig.restart();
    rig.lined_there(&[call]);
    assert_eq!(rig.figures().open, 1);
    rig.fact(call, 3, ended(Outcome::Answered { by: EndedBy::Callee }, rig.clock.now, true));
    assert_eq!((rig.figures().open, rig.figures().answered), (0, 1));
}

#[test]
fn a_ticket_nobody_used_is_closed_after_its_time_and_a_grace() {
    let mut rig = Rig::calling();
    rig.later(MINUTE_MS);
    let call = rig.ticketed(ContactId(1));
    rig.later(15_000);
    rig.give(Cmd::Tick);
    assert_eq!(rig.figures().open, 1);
    rig.later(1);
    rig.give(Cmd::Tick);
    assert_eq!(rig.vault.calls().get(call).unwrap().outcome, Some(Outcome::Failed(FailCause::TicketExpired)));
    assert_eq!(rig.figures().failed, [("ticket_expired".to_owned(), 1)]);
}

#[test]
fn a_ticket_is_not_called_unused_while_lined_is_away() {
    let mut rig = Rig::calling();
    rig.ticketed(ContactId(1));
    rig.give(Cmd::LinedDown(LINED));
    rig.later(MINUTE_MS);
    rig.give(Cmd::Tick);
    assert_eq!(rig.figures().open, 1);
}

#[test]
fn a_used_ticket_is_never_called_unused() {
    let mut rig = Rig::calling();
    let call = rig.ticketed(ContactId(1));
    rig.fact(call, 1, CallFact::Dialling { trunk: vocab::TrunkId(1) });
    rig.later(2 * MINUTE_MS);
    rig.give(Cmd::Tick);
    assert_eq!(rig.figures().open, 1);
}

#[test]
fn rec_03_a_bad_recording_is_an_entry_and_an_alarm() {
    let mut rig = Rig::calling();
    let call = rig.answered_call(ContactId(1));
    assert!(matches!(
        rig.jobs().as_slice(),
        [Job::VerifyRecording { expected_ms: Some(8_000), key: Some(_), .. }]
    ));
    rig.give(Cmd::RecordingVerified { call, finding: finding(RecordingWorth::Damaged) });
    let figures = rig.figures();
    assert_eq!((figures.recordings, figures.recordings_verified), (1, 0));
    assert!(rig.vault.health_reply(1).alarms.iter().any(|alarm| alarm.code == "recording-bad"));
    let Answer::Call(view) = rig.ask(MANAGER, Admin::Call { call }) else { panic!("no call") };
    assert!(view.recording.starts_with("BAD"), "{}", view.recording);
}

#[test]
fn a_recording_waiting_for_its_verification_is_verified_after_a_restart() {
    let mut rig = Rig::calling();
    let call = rig.answered_call(ContactId(1));
    let mut rig = rig.restart();
    rig.give(Cmd::Tick);
    assert!(matches!(rig.jobs().as_slice(), [Job::VerifyRecording { call: again, .. }] if *again == call));
    rig.give(Cmd::Tick);
    assert!(rig.jobs().is_empty(), "it is given out once");
    rig.give(Cmd::RecordingVerified { call, finding: finding(RecordingWorth::Sound) });
    assert_eq!(rig.figures().recordings_verified, 1);
}

#[test]
fn an_answered_call_without_a_recording_says_why() {
    let mut rig = Rig::calling();
    let call = rig.ticketed(ContactId(1));
    rig.answer_it(call);
    let CallFact::Ended(mut end) = ended(Outcome::Answered { by: EndedBy::Callee }, rig.clock.now, true)
    else {
        unreachable!()
    };
    end.recording = Err(NoRecording::EndedBeforeNotice);
    rig.fact(call, 3, CallFact::Ended(end));
    assert!(rig.jobs().is_empty());
    assert_eq!(rig.figures().unrecorded, [("ended_before_notice".to_owned(), 1)]);
}

#[test]
fn a_connection_gets_the_site_and_the_phones_and_again_when_they_change() {
    let mut rig = Rig::calling();
    rig.give(Cmd::LinedDown(LINED));
    rig.give(Cmd::LinedUp(LINED));
    assert!(rig.sent_to_lined().is_empty(), "nothing before it said what lives");
    rig.give(Cmd::Lined(LinedToVault::Live { calls: Vec::new() }));
    let sent = rig.sent_to_lined();
    assert!(matches!(
        sent.as_slice(),
        [VaultToLined::Listen(_), VaultToLined::Site(_), VaultToLined::Phones { first: true, .. }]
    ));
    rig.done(crate::rig::SYSTEM, Admin::AllowUdpPhones { allow: true });
    let sent = rig.sent_to_lined();
    assert!(matches!(sent.first(), Some(VaultToLined::Site(site)) if site.phones_allow_udp));
}

#[test]
fn a_fact_of_a_call_never_allowed_is_acknowledged_and_changes_nothing() {
    let mut rig = Rig::calling();
    let entries = rig.log.0.lock().unwrap().len();
    rig.fact(CallId(999_999), 1, CallFact::Ringing);
    assert_eq!(rig.log.0.lock().unwrap().len(), entries);
    assert!(matches!(rig.sent_to_lined().as_slice(), [VaultToLined::FactStored { .. }]));
}
