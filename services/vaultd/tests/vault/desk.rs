//! The agent's desk: who acts is proven here, what is shown is masked and written down, `calld` carries it out.

use crate::desk_bench::*;
use crate::page::at;
use crate::rig::{
    AGENT, CALLD, COMPLIANCE, DATA, MANAGER, PURPOSE, Rig, SECURITY, SUPERVISOR, agent_id, ended, number,
};
use idl::admin::{Admin, Answer};
use idl::campaign::{AgentState, CalldToVault, CampaignReply, CampaignRequest, Disposition};
use idl::desk::{Desk, DeskReply, DeskRequest};
use idl::lines::{CallFact, LiveState, PromptRole, SrtpPolicy};
use idl::views::{ConsentState, CustomerCard, DeskAction};
use vaultd::command::Cmd;
use vaultd::entries::{Entry, Event};
use vocab::{AgentId, CallId, CampaignClass, CampaignId, CampaignMode, ContactId, DepartmentId, Pii, Secret};

#[test]
fn cam_13_the_agent_sees_identity_purpose_source_quota_and_last_contacts_masked_before_dialling() {
    let mut rig = site();
    let contact = first_contact(&mut rig);
    let (card, _) = shown(&mut rig, PREVIEW, contact);
    assert_eq!((card.name.as_str(), card.number.as_str()), ("赵**", number(2_000).masked().as_str()));
    assert!(!format!("{card:?}").contains("13800002000"), "no number in clear");
    assert_eq!((card.purpose.as_str(), card.source.as_str()), (PURPOSE, "own customers"));
    assert_eq!(card.campaign, (PREVIEW, "体检回访".to_owned()));
    assert_eq!((card.consent.state, card.basis), (ConsentState::Good, true));
    let cap = rig.vault.state().policy.frequency.of(CampaignClass::Marketing);
    assert_eq!(card.quota, (u32::from(cap.per_day.min(cap.per_7d)), u32::from(cap.per_7d)));
    assert!(card.last.is_empty());
    let call = talking(&mut rig, contact);
    over(&mut rig, call);
    let (_, card, _) = look(&mut rig, AGENT).wrap_up.expect("a wrap-up");
    assert_eq!(card.quota.1, u32::from(cap.per_7d) - 1, "the attempt is counted");
    assert!(card.last.is_empty(), "the call itself is no earlier contact");
    assert!(matches!(rig.calld(wrap_up(call, Disposition::Callback)), CampaignReply::Stored));
    let (card, _) = shown(&mut rig, PREVIEW, contact);
    assert_eq!(card.last.len(), 1);
    assert_eq!(card.last[0].1, Some(ANSWERED));
}

#[test]
fn cam_13_a_dial_without_its_token_or_with_a_used_late_or_foreign_one_is_refused() {
    let mut rig = site();
    let other = another_agent(&mut rig, DepartmentId(1));
    assert_eq!(refused(&mut rig, AGENT, DeskAction::Dial { token: 0 }), "token");
    let contact = first_contact(&mut rig);
    let (_, token) = shown(&mut rig, PREVIEW, contact);
    assert_eq!(refused(&mut rig, AGENT, DeskAction::Dial { token: token ^ 1 }), "token");
    assert_eq!(refused(&mut rig, other, DeskAction::Dial { token }), "token", "it is bound to its agent");
    let DeskRequest { id, what } = passed(&mut rig, AGENT, DeskAction::Dial { token });
    assert!(
        matches!(what, Desk::PreviewDial { agent, contact: dialled } if agent == agent_id() && dialled == contact)
    );
    assert_eq!(refused(&mut rig, AGENT, DeskAction::Dial { token }), "token", "used once");
    assert!(matches!(reply(&mut rig, DeskReply::Dialled { id, call: CallId(9) }), Some(Answer::Done)));
    let (_, late) = shown(&mut rig, PREVIEW, contact);
    assert_ne!(late, token, "each look has its own token");
    rig.later(120_000);
    assert!(look(&mut rig, AGENT).preview.is_none(), "120 s are over");
    assert_eq!(refused(&mut rig, AGENT, DeskAction::Dial { token: late }), "token");
}

#[test]
fn cam_13_asking_for_the_next_again_neither_prolongs_nor_doubles_the_token() {
    let mut rig = site();
    let contact = first_contact(&mut rig);
    let (_, token) = shown(&mut rig, PREVIEW, contact);
    let until = look(&mut rig, AGENT).preview.expect("shown").2;
    rig.later(60_000);
    let (_, again) = shown(&mut rig, PREVIEW, contact);
    assert_eq!(token, again);
    assert_eq!(look(&mut rig, AGENT).preview.expect("shown").2, until);
    passed(&mut rig, AGENT, DeskAction::State(AgentState::Break));
    assert!(look(&mut rig, AGENT).preview.is_none(), "a contact goes back with the agent's break");
    assert_eq!(refused(&mut rig, AGENT, DeskAction::Dial { token }), "token");
}

#[test]
fn cam_14_the_approved_script_lies_on_the_desk_before_in_and_after_the_call() {
    let mut rig = site();
    let contact = first_contact(&mut rig);
    let roles = |card: &CustomerCard| card.script.iter().map(|(role, _)| *role).collect::<Vec<_>>();
    let wanted = [
        PromptRole::Identify,
        PromptRole::RecordingNotice,
        PromptRole::OptOutHint,
        PromptRole::Body,
        PromptRole::OptOutConfirmation,
    ];
    let (card, _) = shown(&mut rig, PREVIEW, contact);
    let mut sorted = roles(&card);
    sorted.sort_unstable();
    assert_eq!(roles(&card), sorted, "in the order in which it is spoken");
    assert_eq!(roles(&card).len(), wanted.len());
    assert!(wanted.iter().all(|role| roles(&card).contains(role)));
    assert!(card.script.iter().all(|(_, text)| text.starts_with('话')));
    let call = talking(&mut rig, contact);
    let (_, state, _, in_call) = look(&mut rig, AGENT).call.expect("a call");
    assert_eq!((state, &in_call.script), (LiveState::Talking, &card.script));
    over(&mut rig, call);
    assert_eq!(look(&mut rig, AGENT).wrap_up.expect("a wrap-up").1.script, card.script);
}

#[test]
fn cam_15_the_desk_owes_the_wrap_up_until_its_disposition_is_stored() {
    let mut rig = site();
    let contact = first_contact(&mut rig);
    let call = talking(&mut rig, contact);
    let desk = look(&mut rig, AGENT);
    assert_eq!((desk.state, desk.wrap_up.is_some()), (AgentState::Talking, false));
    over(&mut rig, call);
    let desk = look(&mut rig, AGENT);
    let (owed, card, seconds) = desk.wrap_up.expect("a wrap-up");
    assert_eq!((owed, card.contact, seconds), (call, contact, 30));
    assert_eq!((desk.state, desk.call.is_none(), desk.since), (AgentState::WrapUp, true, rig.clock.now));
    let note = Pii::new("记".repeat(1_366));
    let long = DeskAction::WrapUp { call, disposition: Disposition::Done, note };
    assert_eq!(refused(&mut rig, AGENT, long), "bounds");
    let note = Pii::new("好".to_owned());
    let action = DeskAction::WrapUp { call, disposition: Disposition::Refused, note };
    let DeskRequest { id, what } = passed(&mut rig, AGENT, action);
    assert!(matches!(what, Desk::WrapUp { agent, call: of, .. } if agent == agent_id() && of == call));
    assert!(matches!(rig.calld(wrap_up(call, Disposition::Refused)), CampaignReply::Stored));
    assert!(matches!(reply(&mut rig, DeskReply::Done { id }), Some(Answer::Done)));
    assert!(look(&mut rig, AGENT).wrap_up.is_none());
    assert!(rig.vault.state().blacklist.contains_key(&rig.subject(2_000)), "CAM-04 follows from it");
}

#[test]
fn cam_15_the_next_customer_without_a_disposition_is_refused_in_the_agents_words() {
    let mut rig = site();
    let DeskRequest { id, .. } = passed(&mut rig, AGENT, DeskAction::State(AgentState::Ready));
    let refusal = DeskReply::Refused {
        id,
        code: "wrap-up-missing".to_owned(),
        text_en: "write up the last call first".to_owned(),
        text_zh: "请先填写上一通电话的小结".to_owned(),
    };
    assert_eq!(code(reply(&mut rig, refusal)), "wrap-up-missing");
    let log = rig.log.0.lock().unwrap();
    let last: Entry = postcard::from_bytes(&log.last().unwrap().as_ref().unwrap().2).unwrap();
    assert!(matches!(last.event, Event::Denied { request } if request == "Desk"));
}

#[test]
fn cam_18_a_contact_without_a_basis_is_shown_as_such_and_not_dialled() {
    let mut rig = site();
    let batch = batch_of(&mut rig, 71, &person_without_consent(7_000), "own customers, contract 9", 1);
    let marketing = preview_campaign(&mut rig, batch, CampaignClass::Marketing, DepartmentId(1));
    let visit = preview_campaign(&mut rig, batch, CampaignClass::ReturnVisit, DepartmentId(1));
    let contact = ContactId(rig.vault.state().next_contact - 1);
    let (card, token) = shown(&mut rig, marketing, contact);
    assert_eq!((card.consent.state, card.basis), (ConsentState::None, false));
    assert_eq!(refused(&mut rig, AGENT, DeskAction::Dial { token }), "no-basis");
    let (card, token) = shown(&mut rig, visit, contact);
    assert!(card.basis, "a return visit stands on its source");
    assert_eq!((card.source.as_str(), card.name.as_str()), ("own customers, contract 9", "欧**"));
    assert!(card.issue.chars().count() <= 501, "a long record is cut");
    assert!(matches!(passed(&mut rig, AGENT, DeskAction::Dial { token }).what, Desk::PreviewDial { .. }));
    let sourceless = batch_of(&mut rig, 72, &person_without_consent(7_001), " ", 1);
    let visit = preview_campaign(&mut rig, sourceless, CampaignClass::ReturnVisit, DepartmentId(1));
    let contact = ContactId(rig.vault.state().next_contact - 1);
    let (card, token) = shown(&mut rig, visit, contact);
    assert!(!card.basis);
    assert_eq!(refused(&mut rig, AGENT, DeskAction::Dial { token }), "no-basis");
}

#[test]
fn cam_18_the_answer_to_how_did_you_get_my_number_follows_an_opt_out_at_once() {
    let mut rig = site();
    let contact = first_contact(&mut rig);
    let call = talking(&mut rig, contact);
    rig.fact(call, 4, CallFact::OptOut { by: idl::lines::OptOutBy::Agent });
    let (_, state, _, card) = look(&mut rig, AGENT).call.expect("its confirmation runs");
    assert_eq!(
        (state, card.consent.state, card.basis),
        (LiveState::OptedOut, ConsentState::Withdrawn, false)
    );
}

#[test]
fn acc_02_an_agent_reaches_only_the_own_desk_and_the_own_departments_campaigns() {
    let mut rig = site();
    let batch = batch_of(&mut rig, 73, &person_without_consent(8_000), "own customers", 2);
    let foreign = preview_campaign(&mut rig, batch, CampaignClass::Marketing, DepartmentId(2));
    assert_eq!(refused(&mut rig, AGENT, DeskAction::Next { campaign: foreign }), "other-department");
    assert_eq!(refused(&mut rig, AGENT, DeskAction::Next { campaign: CampaignId(99) }), "unknown");
    let other = another_agent(&mut rig, DepartmentId(1));
    let contact = first_contact(&mut rig);
    shown(&mut rig, PREVIEW, contact);
    talking(&mut rig, contact);
    let desk = look(&mut rig, other);
    assert_eq!((desk.call, desk.preview, desk.wrap_up), (None, None, None), "nothing of a colleague's");
    assert_eq!(desk.campaigns.len(), 1, "{:?}", desk.campaigns);
    let own = look(&mut rig, AGENT);
    assert_eq!(own.campaigns, vec![(PREVIEW, "体检回访".to_owned(), CampaignMode::Preview)]);
    for person in [MANAGER, SUPERVISOR, SECURITY, COMPLIANCE, DATA] {
        assert_eq!(refused(&mut rig, person, DeskAction::Look), "role");
    }
}

#[test]
fn aud_01_a_card_is_one_entry_when_it_appears_and_one_for_each_page_fetched_anew() {
    let mut rig = site();
    let contact = first_contact(&mut rig);
    shown(&mut rig, PREVIEW, contact);
    let request = format!("Desk {contact}");
    assert_eq!(looks(&rig), [(request.clone(), None)]);
    look(&mut rig, AGENT);
    assert_eq!(looks(&rig).len(), 1, "the page that was asked for is fetched");
    for _ in 0..20 {
        passive_look(&mut rig);
    }
    assert_eq!(looks(&rig).len(), 1, "a live view that goes on is no new look");
    look(&mut rig, AGENT);
    assert_eq!(looks(&rig).len(), 2, "a page fetched anew is one");
    let call = talking(&mut rig, contact);
    passive_look(&mut rig);
    passive_look(&mut rig);
    assert_eq!(looks(&rig)[2..], [(request, Some(call))], "the card of a call that begins is one");
    let before = looks(&rig).len();
    over(&mut rig, call);
    passive_look(&mut rig);
    assert_eq!(looks(&rig).len(), before, "the same customer stays on the desk for the wrap-up");
}

#[test]
fn a_desk_whose_calld_is_gone_or_silent_says_so_and_late_answers_change_nothing() {
    let mut rig = site();
    let DeskRequest { id, .. } = passed(&mut rig, AGENT, DeskAction::HangUp);
    rig.later(4_999);
    rig.give(Cmd::Tick);
    assert!(sorted(&mut rig).0.is_none());
    rig.later(1);
    rig.give(Cmd::Tick);
    assert_eq!(code(sorted(&mut rig).0), "calld-gone");
    assert!(reply(&mut rig, DeskReply::Done { id }).is_none(), "a late answer has nobody to go to");
    passed(&mut rig, AGENT, DeskAction::HangUp);
    rig.take();
    rig.give(Cmd::CalldDown(CALLD));
    assert_eq!(code(sorted(&mut rig).0), "calld-gone");
    assert_eq!(refused(&mut rig, AGENT, DeskAction::HangUp), "calld-gone");
    assert_eq!(look(&mut rig, AGENT).state, AgentState::Out, "the desk itself is there");
}

#[test]
fn an_agent_who_asks_faster_than_calld_answers_is_told_to_wait() {
    let mut rig = site();
    for _ in 0..4 {
        passed(&mut rig, AGENT, DeskAction::HangUp);
    }
    assert_eq!(refused(&mut rig, AGENT, DeskAction::HangUp), "busy");
}

#[test]
fn the_desk_says_whether_the_phone_can_be_called_and_forgets_it_with_calld() {
    let mut rig = site();
    assert_eq!((look(&mut rig, AGENT).has_phone, look(&mut rig, AGENT).phone), (false, None));
    rig.ask(SECURITY, Admin::AddPhone { person: AGENT, srtp: SrtpPolicy::Required, allow_md5: false });
    let phone = |registered| CampaignRequest::Phone { agent: agent_id(), registered };
    let stranger = CampaignRequest::Phone { agent: AgentId(4_000), registered: true };
    for request in [phone(true), stranger] {
        rig.give(Cmd::Calld(CALLD, CalldToVault { id: 0, request }));
    }
    assert_eq!((look(&mut rig, AGENT).has_phone, look(&mut rig, AGENT).phone), (true, Some(true)));
    rig.give(Cmd::Calld(CALLD, CalldToVault { id: 0, request: phone(false) }));
    assert_eq!(look(&mut rig, AGENT).phone, Some(false));
    rig.give(Cmd::CalldDown(CALLD));
    assert_eq!(look(&mut rig, AGENT).phone, None);
}

#[test]
fn the_desk_follows_the_call_from_dialling_to_talk_and_over_a_restart() {
    let mut rig = site();
    let contact = first_contact(&mut rig);
    let ready =
        CampaignRequest::AgentState { agent: agent_id(), state: AgentState::Ready, at: rig.clock.now };
    rig.calld(ready);
    let dial = CampaignRequest::Dial { campaign: PREVIEW, contact, agent: Some(agent_id()) };
    let CampaignReply::Ticketed { call } = rig.calld(dial) else { panic!("no ticket") };
    let now = |rig: &mut Rig| {
        let desk = look(rig, AGENT);
        (desk.state, desk.call.map(|(id, state, ..)| (id, state)))
    };
    assert_eq!(now(&mut rig), (AgentState::Reserved, Some((call, LiveState::Dialling))));
    rig.fact(call, 1, CallFact::Ringing);
    assert_eq!(now(&mut rig), (AgentState::Reserved, Some((call, LiveState::Ringing))));
    let dialog = Secret::new(b"dialog".to_vec());
    rig.fact(call, 2, CallFact::Answered { trunk: vocab::TrunkId(1), dialog });
    assert_eq!(now(&mut rig), (AgentState::Reserved, Some((call, LiveState::Announcing))));
    rig.fact(call, 3, CallFact::AgentConnected { agent: agent_id(), after_announcement_ms: 100 });
    assert_eq!(now(&mut rig), (AgentState::Talking, Some((call, LiveState::Talking))));
    let mut rig = rig.restart();
    rig.give(Cmd::CalldUp(CALLD));
    rig.lined_there(&[call]);
    assert_eq!(now(&mut rig), (AgentState::Talking, Some((call, LiveState::Talking))));
    rig.fact(call, 4, ended(ANSWERED, rig.clock.now, true));
    assert_eq!(now(&mut rig), (AgentState::Ready, None));
    assert!(look(&mut rig, AGENT).wrap_up.is_some(), "owed from the end on, whatever calld has said");
}

#[test]
fn an_agents_own_day_counts_calls_answers_and_talk_and_begins_anew_at_midnight() {
    let mut rig = site();
    let contact = first_contact(&mut rig);
    let call = talking(&mut rig, contact);
    assert_eq!(look(&mut rig, AGENT).today, (1, 1, 0));
    rig.later(95_000);
    over(&mut rig, call);
    assert_eq!(look(&mut rig, AGENT).today, (1, 1, 95));
    let mut rig = rig.restart();
    assert_eq!(look(&mut rig, AGENT).today, (1, 1, 95), "it is the ledger's, not the process's");
    rig.later(14 * 3_600_000);
    assert_eq!(look(&mut rig, AGENT).today, (0, 0, 0), "another day of the site");
}

#[test]
fn cam_15_an_agent_whose_last_session_is_over_gets_no_further_call() {
    let mut rig = site();
    let Answer::EnrolCode { code, .. } =
        rig.ask(SECURITY, Admin::GiveAccount { person: AGENT, login: "agent.nine".to_owned() })
    else {
        panic!("no code")
    };
    let phone = rig.enrolled("agent.nine", &code);
    let (token, _) = rig.signed_in(&at(9), &phone);
    let look = || Admin::Desk(DeskAction::Look);
    assert!(matches!(rig.page(Some(&token), &at(9), look()), Answer::Desk(_)));
    rig.calld(CampaignRequest::AgentState { agent: agent_id(), state: AgentState::Ready, at: rig.clock.now });
    rig.take();
    rig.give(Cmd::Tick);
    assert!(sorted(&mut rig).1.is_none(), "the agent is there");
    assert!(matches!(rig.page(Some(&token), &at(9), Admin::SignOut), Answer::Done));
    rig.take();
    rig.give(Cmd::Tick);
    let told = sorted(&mut rig).1.expect("calld is told");
    assert!(
        matches!(told.what, Desk::State { agent, state: AgentState::Out } if agent == agent_id()),
        "{told:?}"
    );
    assert!(reply(&mut rig, DeskReply::Done { id: told.id }).is_none());
    rig.give(Cmd::Tick);
    assert!(sorted(&mut rig).1.is_none(), "once");
}

#[test]
fn acc_02_the_desk_of_the_page_is_the_sessions_persons_whoever_the_request_names() {
    let mut rig = site();
    let contact = first_contact(&mut rig);
    talking(&mut rig, contact);
    let other = another_agent(&mut rig, DepartmentId(1));
    let Answer::EnrolCode { code, .. } =
        rig.ask(SECURITY, Admin::GiveAccount { person: other, login: "other.one".to_owned() })
    else {
        panic!("no code")
    };
    let phone = rig.enrolled("other.one", &code);
    let (token, _) = rig.signed_in(&at(8), &phone);
    let Answer::Desk(desk) = rig.page(Some(&token), &at(8), Admin::Desk(DeskAction::Look)) else {
        panic!("no desk")
    };
    assert_eq!((desk.agent, desk.call), (AgentId(other.0), None));
}
