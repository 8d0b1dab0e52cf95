//! Tests of the call machine: the rows of its table, and what must never happen whatever comes in what order.

use super::{Action, CallMachine, Failure, Input, Note, Plan, Playing, State, Timer};
use idl::lines::{LiveState, OptOutBy, PromptRole};
use vocab::{CampaignMode, EndedBy, FailCause, Outcome};

const ROLES: [PromptRole; 7] = [
    PromptRole::Identify,
    PromptRole::RecordingNotice,
    PromptRole::OptOutHint,
    PromptRole::Body,
    PromptRole::OptOutConfirmation,
    PromptRole::Hold,
    PromptRole::NoAgent,
];

fn machine(mode: CampaignMode) -> CallMachine {
    let has_agent = mode != CampaignMode::Announcement;
    CallMachine::new(Plan { mode, has_agent, roles: ROLES.to_vec() })
}

/// Runs inputs and gives everything that was to be done.
fn run(machine: &mut CallMachine, inputs: &[Input]) -> Vec<Action> {
    let mut out = Vec::new();
    for input in inputs {
        machine.step(*input, &mut out);
    }
    out
}

const ANNOUNCED: [Input; 6] = [
    Input::Start,
    Input::CustomerRings,
    Input::CustomerAnswered,
    Input::PromptOver(PromptRole::Identify),
    Input::PromptOver(PromptRole::RecordingNotice),
    Input::PromptOver(PromptRole::OptOutHint),
];

fn busy() -> Failure {
    Failure { cause: FailCause::Busy, sip_status: 486, q850: 17 }
}

fn ending(actions: &[Action]) -> Vec<Outcome> {
    let outcome = |action: &Action| match action {
        Action::Note(Note::Ended { outcome, .. }) => Some(*outcome),
        _ => None,
    };
    actions.iter().filter_map(outcome).collect()
}

#[test]
fn an_announcement_is_played_in_order_and_ended_by_the_box() {
    let mut call = machine(CampaignMode::Announcement);
    let mut actions = run(&mut call, &ANNOUNCED);
    assert_eq!(call.state(), State::Delivering);
    actions.extend(run(&mut call, &[Input::PromptOver(PromptRole::Body)]));
    let played: Vec<_> = actions
        .iter()
        .filter_map(|action| match action {
            Action::Play(what) => Some(*what),
            _ => None,
        })
        .collect();
    assert_eq!(played, [Playing::Mandatory, Playing::Body]);
    assert!(actions.contains(&Action::ByeCustomer));
    assert_eq!(call.state(), State::Closing);
    assert_eq!(ending(&run(&mut call, &[Input::Closed])), [Outcome::Answered { by: EndedBy::Box }]);
}

#[test]
fn rec_01_the_notice_is_noted_when_it_was_heard_and_not_before() {
    let mut call = machine(CampaignMode::Announcement);
    let before = run(&mut call, &ANNOUNCED[..4]);
    assert!(!before.contains(&Action::Note(Note::NoticeHeard)));
    let after = run(&mut call, &ANNOUNCED[4..5]);
    assert!(after.contains(&Action::Note(Note::NoticeHeard)));
}

#[test]
fn a_progressive_call_meets_its_agent_at_the_end_of_the_announcement() {
    let mut call = machine(CampaignMode::Progressive);
    let early = run(&mut call, &ANNOUNCED[..3]);
    assert!(early.contains(&Action::CallAgent), "the agent is called when the customer answers");
    run(&mut call, &[Input::AgentAnswered]);
    assert_eq!(call.state(), State::Announcing, "and waits for the announcement's end");
    let bridged = run(&mut call, &ANNOUNCED[3..]);
    assert!(bridged.contains(&Action::Bridge));
    assert_eq!(call.live(), LiveState::Talking);
    let end = run(&mut call, &[Input::AgentGone, Input::Closed]);
    assert!(end.contains(&Action::ByeCustomer));
    assert_eq!(ending(&end), [Outcome::Answered { by: EndedBy::Agent }]);
}

#[test]
fn a_customer_without_an_agent_holds_ten_seconds_and_is_told() {
    let mut call = machine(CampaignMode::Progressive);
    let waits = run(&mut call, &ANNOUNCED);
    assert_eq!(call.state(), State::Waiting);
    assert!(waits.contains(&Action::Play(Playing::Hold)) && waits.contains(&Action::Arm(Timer::AgentWait)));
    let told = run(&mut call, &[Input::TimerFired(Timer::AgentWait)]);
    assert!(told.contains(&Action::EndAgent) && told.contains(&Action::Play(Playing::NoAgent)));
    let end = run(&mut call, &[Input::PromptOver(PromptRole::NoAgent), Input::Closed]);
    assert_eq!(ending(&end), [Outcome::Answered { by: EndedBy::Box }]);
}

#[test]
fn preview_dials_the_customer_only_after_the_agent_answered() {
    let mut call = machine(CampaignMode::Preview);
    let first = run(&mut call, &[Input::Start]);
    assert!(first.contains(&Action::CallAgent) && !first.contains(&Action::Dial));
    assert!(run(&mut call, &[Input::AgentAnswered]).contains(&Action::Dial));
    let mut call = machine(CampaignMode::Preview);
    let end = run(&mut call, &[Input::Start, Input::AgentGone, Input::Closed]);
    assert!(!end.contains(&Action::Dial), "without an agent nobody is called");
    assert_eq!(ending(&end), [Outcome::Failed(FailCause::Stopped)]);
}

#[test]
fn cam_05_an_opt_out_is_confirmed_only_after_it_is_durable() {
    for mode in [CampaignMode::Announcement, CampaignMode::Progressive] {
        let mut call = machine(mode);
        run(&mut call, &ANNOUNCED);
        let pressed = run(&mut call, &[Input::OptOut(OptOutBy::Rfc4733)]);
        assert_eq!(pressed.first(), Some(&Action::Note(Note::OptOut(OptOutBy::Rfc4733))));
        assert!(!pressed.contains(&Action::Play(Playing::Confirmation)));
        assert!(run(&mut call, &[Input::OptOut(OptOutBy::InBand)]).is_empty(), "one press, one fact");
        let stored = run(&mut call, &[Input::OptOutStored]);
        assert!(stored.contains(&Action::Play(Playing::Confirmation)));
        let end = run(&mut call, &[Input::PromptOver(PromptRole::OptOutConfirmation), Input::Closed]);
        assert_eq!(ending(&end), [Outcome::Answered { by: EndedBy::Box }]);
    }
}

#[test]
fn cam_05_an_opt_out_that_cannot_be_stored_holds_the_call_five_seconds_at_most() {
    let mut call = machine(CampaignMode::Announcement);
    run(&mut call, &ANNOUNCED);
    run(&mut call, &[Input::OptOut(OptOutBy::Info)]);
    let end = run(&mut call, &[Input::TimerFired(Timer::OptOutStore), Input::Closed]);
    assert!(end.contains(&Action::ByeCustomer) && !end.contains(&Action::Play(Playing::Confirmation)));
}

#[test]
fn an_opted_out_customer_is_taken_from_the_agent() {
    let mut call = machine(CampaignMode::Progressive);
    run(&mut call, &ANNOUNCED[..3]);
    run(&mut call, &[Input::AgentAnswered]);
    run(&mut call, &ANNOUNCED[3..]);
    let pressed = run(&mut call, &[Input::OptOut(OptOutBy::Agent)]);
    assert!(pressed.contains(&Action::Unbridge) && pressed.contains(&Action::EndAgent));
}

#[test]
fn a_ring_time_out_cancels_and_waits_for_the_last_word() {
    let mut call = machine(CampaignMode::Announcement);
    let cancelled = run(&mut call, &[Input::Start, Input::CustomerRings, Input::TimerFired(Timer::Ring)]);
    assert!(cancelled.contains(&Action::CancelCustomer));
    let terminated = Failure { cause: FailCause::Carrier, sip_status: 487, q850: 0 };
    let end = run(&mut call, &[Input::CustomerFailed(terminated), Input::Closed]);
    assert_eq!(ending(&end), [Outcome::Failed(FailCause::NoAnswer)]);
}

#[test]
fn a_trunk_that_never_rings_is_the_carriers_fault() {
    let mut call = machine(CampaignMode::Announcement);
    let end = run(
        &mut call,
        &[Input::Start, Input::TimerFired(Timer::Ring), Input::TimerFired(Timer::CancelGuard), Input::Closed],
    );
    assert_eq!(ending(&end), [Outcome::Failed(FailCause::Carrier)]);
}

#[test]
fn an_answer_that_crosses_our_cancel_gets_a_bye() {
    let mut call = machine(CampaignMode::Announcement);
    run(&mut call, &[Input::Start, Input::TimerFired(Timer::Ring)]);
    assert!(run(&mut call, &[Input::CustomerAnswered]).contains(&Action::ByeCustomer));
}

#[test]
fn rec_02_a_recorder_that_fails_keeps_a_call_from_being_placed_or_ends_it() {
    let mut call = machine(CampaignMode::Announcement);
    let end = run(&mut call, &[Input::RecorderFailed, Input::CustomerLost, Input::Closed]);
    assert!(!end.contains(&Action::Dial));
    assert_eq!(ending(&end), [Outcome::Failed(FailCause::NoRecording)]);
    let mut call = machine(CampaignMode::Announcement);
    run(&mut call, &ANNOUNCED);
    let end = run(&mut call, &[Input::RecorderFailed, Input::Closed]);
    assert!(end.contains(&Action::ByeCustomer));
    assert_eq!(ending(&end), [Outcome::Answered { by: EndedBy::Line }]);
}

fn every_input() -> Vec<Input> {
    let mut inputs = vec![
        Input::Start,
        Input::CustomerRings,
        Input::CustomerAnswered,
        Input::CustomerFailed(busy()),
        Input::CustomerHungUp,
        Input::CustomerLost,
        Input::AgentAnswered,
        Input::AgentGone,
        Input::OptOut(OptOutBy::InBand),
        Input::OptOutStored,
        Input::HangUp(EndedBy::Agent),
        Input::RecorderFailed,
        Input::Closed,
    ];
    inputs.extend(ROLES.map(Input::PromptOver));
    inputs.extend(Timer::ALL.map(Input::TimerFired));
    inputs
}

/// Every sequence of inputs up to a depth, with one check after each step.
fn walk(mode: CampaignMode, depth: usize, check: &mut impl FnMut(&CallMachine, &[Action])) {
    let inputs = every_input();
    let mut path = vec![0_usize; depth];
    loop {
        let mut call = machine(mode);
        let mut actions = run(&mut call, &[Input::Start]);
        for at in &path {
            call.step(inputs[*at], &mut actions);
        }
        check(&call, &actions);
        let Some(next) = path.iter().rposition(|at| at + 1 < inputs.len()) else { return };
        path[next] += 1;
        path[next + 1..].fill(0);
    }
}

fn count(actions: &[Action], wanted: impl Fn(&Action) -> bool) -> usize {
    actions.iter().filter(|action| wanted(action)).count()
}

#[test]
fn whatever_comes_a_customer_is_dialled_once_ends_once_and_is_bridged_only_when_answered() {
    for mode in [CampaignMode::Announcement, CampaignMode::Progressive, CampaignMode::Preview] {
        walk(mode, 4, &mut |call, actions| {
            assert!(count(actions, |action| *action == Action::Dial) <= 1, "{actions:?}");
            let ended = count(actions, |action| matches!(action, Action::Note(Note::Ended { .. })));
            assert_eq!(ended, usize::from(call.is_over()), "{actions:?}");
            let bridged = actions.contains(&Action::Bridge);
            let notice = actions.contains(&Action::Note(Note::Answered));
            assert!(!bridged || notice, "{actions:?}");
            let confirmed = actions.contains(&Action::Play(Playing::Confirmation));
            let noted = actions.iter().any(|action| matches!(action, Action::Note(Note::OptOut(_))));
            assert!(!confirmed || noted, "{actions:?}");
        });
    }
}
