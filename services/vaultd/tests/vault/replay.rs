//! Replay: the state is a fold over the durable entries, wherever the process died.

use crate::page::{PASSWORD, at, word};
use crate::rig::{CALLD, LINED, Rig, SECURITY, add_up, agent_id, ended, replayed};
use idl::admin::{Admin, Answer, Figures};
use idl::campaign::{AgentState, CampaignReply, CampaignRequest, Disposition};
use idl::lines::{CallFact, LinedToVault, OptOutBy};
use ledger::{ChainHash, Head, SignedHead};
use proptest::prelude::*;
use vaultd::command::{Cmd, Effect};
use vaultd::entries::{KINDS, RecordingFinding, RecordingWorth};
use vaultd::state::{Calls, State};
use vocab::{CallId, ContactId, EndedBy, FailCause, Outcome, PersonId, Pii, TrunkId};

/// One thing that happens; numbers choose among what is there.
#[derive(Debug, Clone)]
enum Step {
    Dial(u64),
    Answer(usize),
    OptOut(usize),
    End(usize, u8),
    WrapUp(usize, u8),
    Verified(usize, bool),
    Agent(u8),
    LinedAway(u8),
    Sign,
    Wait(i64),
    Block(u64),
    SignIn(u8, u8),
    Enrol(u8, bool),
    Account(u8, u8),
    Session(usize, u8),
    Span(u8, u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1..=12_u64).prop_map(Step::Dial),
        4 => any::<usize>().prop_map(Step::Answer),
        2 => any::<usize>().prop_map(Step::OptOut),
        5 => (any::<usize>(), any::<u8>()).prop_map(|(call, how)| Step::End(call, how)),
        2 => (any::<usize>(), any::<u8>()).prop_map(|(call, how)| Step::WrapUp(call, how)),
        2 => (any::<usize>(), any::<bool>()).prop_map(|(call, good)| Step::Verified(call, good)),
        1 => any::<u8>().prop_map(Step::Agent),
        1 => any::<u8>().prop_map(Step::LinedAway),
        1 => Just(Step::Sign),
        2 => (0..200_000_000_i64).prop_map(Step::Wait),
        1 => (1_000..1_010_u64).prop_map(Step::Block),
        4 => (any::<u8>(), any::<u8>()).prop_map(|(who, how)| Step::SignIn(who, how)),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(who, right)| Step::Enrol(who, right)),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(who, what)| Step::Account(who, what)),
        3 => (any::<usize>(), any::<u8>()).prop_map(|(at, what)| Step::Session(at, what)),
        4 => (any::<u8>(), any::<u8>()).prop_map(|(span, what)| Step::Span(span, what)),
    ];
    prop::collection::vec(step, 1..60)
}

fn open(rig: &Rig, at: usize) -> Option<CallId> {
    let calls: Vec<CallId> = rig.vault.state().open_calls.iter().copied().collect();
    (!calls.is_empty()).then(|| calls[at % calls.len()])
}

fn any_call(rig: &Rig, at: usize) -> Option<CallId> {
    let calls = rig.vault.calls().after(CallId(0), 1_000);
    (!calls.is_empty()).then(|| calls[at % calls.len()])
}

fn next_fact(rig: &Rig, call: CallId) -> u32 {
    rig.vault.calls().get(call).unwrap().last_fact + 1
}

fn perform(rig: &mut Rig, step: &Step) {
    match step {
        Step::Dial(contact) => {
            rig.dial(ContactId(*contact));
        }
        Step::Answer(at) => {
            if let Some(call) = open(rig, *at) {
                let seq = next_fact(rig, call);
                let dialog = vocab::Secret::new(vec![1, 2, 3]);
                rig.fact(call, seq, CallFact::Answered { trunk: TrunkId(1), dialog });
            }
        }
        Step::OptOut(at) => {
            if let Some(call) = open(rig, *at) {
                let seq = next_fact(rig, call);
                rig.fact(call, seq, CallFact::OptOut { by: OptOutBy::Info });
            }
        }
        Step::End(at, how) => {
            if let Some(call) = open(rig, *at) {
                let seq = next_fact(rig, call);
                let causes =
                    [FailCause::Busy, FailCause::Declined, FailCause::NoAnswer, FailCause::InvalidNumber];
                let outcome = match how % 6 {
                    0 | 1 => Outcome::Answered { by: EndedBy::Callee },
                    other => Outcome::Failed(causes[usize::from(other - 2)]),
                };
                let recorded = matches!(outcome, Outcome::Answered { .. });
                rig.fact(call, seq, ended(outcome, rig.clock.now, recorded));
            }
        }
        Step::WrapUp(at, how) => {
            if let Some(call) = any_call(rig, *at) {
                let all =
                    [Disposition::Done, Disposition::Callback, Disposition::Refused, Disposition::Minor];
                let (agent, disposition) = (agent_id(), all[usize::from(*how) % all.len()]);
                let note = Pii::new("note".to_owned());
                rig.calld(CampaignRequest::WrapUp { call, agent, disposition, note });
            }
        }
        Step::Verified(at, good) => {
            if let Some(call) = any_call(rig, *at) {
                let worth = if *good { RecordingWorth::Sound } else { RecordingWorth::Damaged };
                let finding =
                    RecordingFinding { duration_ms: 1, gaps_customer_ms: 0, gaps_agent_ms: 0, worth };
                rig.give(Cmd::RecordingVerified { call, finding });
            }
        }
        Step::Agent(how) => {
            let states = [AgentState::Out, AgentState::Ready, AgentState::Talking, AgentState::WrapUp];
            let state = states[usize::from(*how) % states.len()];
            rig.calld(CampaignRequest::AgentState { agent: agent_id(), state, at: rig.clock.now });
        }
        Step::LinedAway(how) => {
            let alive: Vec<CallId> = rig.vault.state().open_calls.iter().copied().collect();
            let kept = alive.len() * usize::from(*how) / 255;
            rig.give(Cmd::LinedDown(LINED));
            rig.lined_there(&alive[..kept]);
        }
        Step::Sign => {
            let head = Head { seq: 1, hash: ChainHash([0; 32]), time: rig.clock.now };
            rig.vault.head_signed(rig.clock, &SignedHead { head, signature: [0; 64] }).unwrap();
        }
        Step::Wait(ms) => {
            rig.later(*ms);
            rig.give(Cmd::Tick);
        }
        Step::Block(at) => {
            let number = Pii::new(crate::rig::number(*at).digits().to_owned());
            rig.ask(crate::rig::MANAGER, Admin::Blacklist { number });
        }
        Step::SignIn(..) | Step::Enrol(..) | Step::Account(..) | Step::Session(..) => people(rig, step),
        Step::Span(span, what) => crate::span_history::perform(rig, *span, *what),
    }
    rig.take();
}

/// What persons with accounts do; codes and tokens are remembered beside the rig.
fn people(rig: &mut Rig, step: &Step) {
    let person = |who: u8| PersonId(u32::from(who % 10) + 1);
    let login = |who: u8| format!("person.{}", who % 11 + 1);
    match step {
        Step::SignIn(who, how) => {
            let login = login(*who);
            let phone = rig.phones.get(&login).cloned();
            let code = phone.map_or_else(|| word("000000"), |phone| phone.code(rig));
            let password = if how % 4 == 0 { "a wrong password" } else { PASSWORD };
            let answer = rig.try_sign_in(&at(how % 3), &login, password, code);
            if let Answer::SignedIn { token, .. } = answer {
                rig.tokens.push((token, at(how % 3)));
            }
        }
        Step::Enrol(who, right) => {
            let (person, login) = (person(*who), login(*who % 10));
            let give = if rig.vault.state().accounts.each.contains_key(&person) {
                Admin::ResetAccount { person }
            } else {
                Admin::GiveAccount { person, login: login.clone() }
            };
            let Answer::EnrolCode { code, .. } = rig.ask(SECURITY, give) else { return };
            if !right {
                let wrong = Admin::BeginEnrol { login, code: word("AAAA") };
                rig.page(None, &at(9), wrong);
            } else if rig.vault.state().accounts.each[&person].active
                && !rig.vault.state().accounts.sources.known_blocked(at(1).address, rig.clock.now)
            {
                let phone = rig.enrolled(&login, &code);
                rig.phones.insert(login, phone);
            }
        }
        Step::Account(who, what) => {
            let person = person(*who);
            rig.ask(
                SECURITY,
                match what % 3 {
                    0 => Admin::SetActive { person, active: false },
                    1 => Admin::SetActive { person, active: true },
                    _ => Admin::Unlock { person },
                },
            );
        }
        Step::Session(at_index, what) => {
            let Some((token, source)) = rig.tokens.get(*at_index % rig.tokens.len().max(1)).cloned() else {
                return;
            };
            match what % 4 {
                0 => rig.page(Some(&token), &source, Admin::SignOut),
                1 => rig.page(Some(&token), &at(77), Admin::Me),
                2 => {
                    let (old, new) = (word(PASSWORD), word("vixnu kobalt remmel"));
                    rig.page(Some(&token), &source, Admin::ChangePassword { old, new, code: word("000000") })
                }
                _ => rig.page(Some(&token), &source, Admin::Departments),
            };
        }
        _ => unreachable!("the others are performed elsewhere"),
    }
}

fn figures_of(state: &State) -> Figures {
    let mut figures = Figures::default();
    state.counts.values().for_each(|counts| counts.add_to(&mut figures));
    figures
}

fn all_calls(calls: &Calls) -> Vec<(CallId, Vec<u8>)> {
    calls.encode_fresh().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_and_wherever_it_dies_the_state_is_the_replay_of_what_is_durable(steps in steps()) {
        let mut rig = Rig::calling();
        let mut known = Vec::new();
        for step in &steps {
            perform(&mut rig, step);
            add_up(&figures_of(rig.vault.state()));
            known.push((rig.log.0.lock().unwrap().len(), rig.vault.state().clone(), all_calls(rig.vault.calls())));
        }
        let log = rig.log.0.lock().unwrap().clone();
        for (durable, state, calls) in &known {
            let (again, again_calls) = replayed(&log[..*durable]);
            prop_assert_eq!(&again, state);
            prop_assert_eq!(&all_calls(&again_calls), calls);
        }
        // A kill may fall between any two entries; what is left is always sound.
        let (first, _) = replayed(&[]);
        let mut state = first;
        let mut calls = Calls::new(Box::new(vaultd::state::NoDisk));
        for (entry, seq) in log.iter().zip(1..) {
            match entry {
                None => state.pass_heads(seq),
                Some((_, at, plain)) => {
                    state.apply(&mut calls, seq, *at, &postcard::from_bytes(plain).unwrap());
                }
            }
            add_up(&figures_of(&state));
        }
    }

    #[test]
    fn a_snapshot_in_the_middle_leads_to_the_same_end(steps in steps(), cut in any::<prop::sample::Index>()) {
        let mut rig = Rig::calling();
        steps.iter().for_each(|step| perform(&mut rig, step));
        let log = rig.log.0.lock().unwrap().clone();
        let cut = cut.index(log.len());
        let (state, mut calls) = replayed(&log[..cut]);
        let mut state: State = postcard::from_bytes(&postcard::to_stdvec(&state).unwrap()).unwrap();
        for (entry, seq) in log[cut..].iter().zip(cut as u64 + 1..) {
            match entry {
                None => state.pass_heads(seq),
                Some((_, at, plain)) => {
                    state.apply(&mut calls, seq, *at, &postcard::from_bytes(plain).unwrap());
                }
            }
        }
        prop_assert_eq!(&state, rig.vault.state());
    }
}

#[test]
fn kinds_are_numbered_once_and_never_the_heads_number() {
    let mut numbers: Vec<u16> = KINDS.iter().map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), KINDS.len());
    assert!(!numbers.contains(&ledger::KIND_HEAD));
}

#[test]
fn aud_03_a_head_is_asked_for_after_a_minute_or_a_thousand_entries_and_once_at_a_time() {
    let mut rig = Rig::calling();
    rig.take();
    let head =
        Head { seq: rig.log.0.lock().unwrap().len() as u64, hash: ChainHash([0; 32]), time: rig.clock.now };
    rig.vault.head_signed(rig.clock, &SignedHead { head, signature: [0; 64] }).unwrap();
    rig.give(Cmd::Tick);
    assert!(rig.effects.is_empty(), "nothing new to sign: {:?}", rig.effects);
    rig.calld(CampaignRequest::AgentState { agent: agent_id(), state: AgentState::Ready, at: rig.clock.now });
    assert!(rig.effects.is_empty());
    rig.later(60_000);
    rig.give(Cmd::Tick);
    rig.give(Cmd::Tick);
    let asked = rig.take().into_iter().filter(|effect| matches!(effect, Effect::Sign(_))).count();
    assert_eq!(asked, 1);
}

#[test]
fn agents_states_survive_a_restart_with_the_call_that_lacks_its_wrap_up() {
    let mut rig = Rig::calling();
    rig.calld(CampaignRequest::AgentState {
        agent: agent_id(),
        state: AgentState::Talking,
        at: rig.clock.now,
    });
    let call = rig.ticketed(ContactId(1));
    rig.answer_it(call);
    rig.fact(call, 3, CallFact::AgentConnected { agent: agent_id(), after_announcement_ms: 10 });
    let mut rig = rig.restart();
    rig.give(Cmd::CalldUp(CALLD));
    let reply = rig.calld(CampaignRequest::AgentStates);
    assert!(
        matches!(&reply, CampaignReply::AgentStates(states) if *states == [(agent_id(), AgentState::Talking, Some(call))]),
        "{reply:?}"
    );
    let (disposition, note) = (Disposition::Done, Pii::new(String::new()));
    rig.calld(CampaignRequest::WrapUp { call, agent: agent_id(), disposition, note });
    let reply = rig.calld(CampaignRequest::AgentStates);
    assert!(matches!(reply, CampaignReply::AgentStates(states) if states[0].2.is_none()));
}

#[test]
fn a_fact_before_its_acknowledgement_was_lost_is_known_after_the_restart() {
    let mut rig = Rig::calling();
    let call = rig.ticketed(ContactId(1));
    rig.fact(call, 1, CallFact::Ringing);
    let mut rig = rig.restart();
    rig.lined_there(&[call]);
    rig.take();
    let entries = rig.log.0.lock().unwrap().len();
    let at = rig.clock.now;
    rig.give(Cmd::Lined(LinedToVault::Fact { call, seq: 1, at, fact: CallFact::Ringing }));
    assert_eq!(rig.log.0.lock().unwrap().len(), entries);
    assert_eq!(rig.sent_to_lined().len(), 1);
}
