//! One call at a time: set up, answered, refused, cleared by either side.

use crate::support::{bench, connected, dial, hang_up, incoming, released};
use peers::libpri::{Bench, Setting};
use q931::CauseValue;
use q931::control::{CallHandle, CallState, Command, EndedBy, Event, IncomingPolicy};
use serde_json::json;
use vocab::Timeslot;

#[test]
fn a_call_rings_is_answered_and_cleared_by_us() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    bench.order(0, &json!({"do": "rule", "number": "02", "ring": 0, "answer": 20}))?;
    bench.command(0, dial(1, "02112345678"))?;
    let ring = bench.told(0, "ring")?;
    assert_eq!((ring.channel, ring.flexible), (Some(1), Some(0)), "exclusive, the lowest");
    assert_eq!(ring.called.as_deref(), Some("02112345678"));
    assert_eq!(ring.calling.as_deref(), Some("01087654321"));
    assert_eq!((ring.bearer, ring.layer1), (Some(0x10), Some(0x23)), "3.1 kHz audio, A-law");
    bench.ours(0, "it goes through", |event| matches!(event, Event::Proceeding { .. }))?;
    bench.ours(0, "it rings", |event| matches!(event, Event::Alerting { in_band: false, .. }))?;
    assert_eq!(connected(&mut bench, 0, 1)?, Timeslot(1));
    bench.command(0, hang_up(CallHandle(1)))?;
    assert_eq!(bench.told(0, "hangup_req")?.cause, Some(16));
    let end = released(&mut bench, 0, 1)?;
    assert_eq!((end.cause, end.by), (CauseValue::NormalClearing, EndedBy::Caller));
    bench.settle()
}

#[test]
fn a_call_is_cleared_by_the_network_after_its_answer() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    bench.order(0, &json!({"do": "rule", "number": "", "ring": 0, "answer": 0, "hang_up": 20}))?;
    bench.command(0, dial(1, "02112345678"))?;
    connected(&mut bench, 0, 1)?;
    let end = released(&mut bench, 0, 1)?;
    assert_eq!((end.cause, end.by), (CauseValue::NormalClearing, EndedBy::Peer));
    bench.settle()
}

#[test]
fn every_common_cause_arrives_as_it_was_sent_and_leaves_no_call() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    for (call, code) in (1..).zip(COMMON_CAUSES) {
        let number = format!("9{code:03}");
        let proceed = u8::from(!AT_ONCE.contains(&code));
        bench.order(
            0,
            &json!({"do": "rule", "number": number, "proceed": proceed, "refuse": 0, "cause": code}),
        )?;
        bench.command(0, dial(call, &number))?;
        let end = released(&mut bench, 0, call)?;
        assert_eq!((end.cause.code(), end.by), (code, EndedBy::Peer), "cause {code}");
    }
    bench.settle()
}

#[test]
fn a_cause_arrives_as_it_was_sent_while_the_call_is_proceeding_and_while_it_rings() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    bench.order(0, &json!({"do": "rule", "number": "1", "refuse": 20, "cause": 17}))?;
    bench.order(0, &json!({"do": "rule", "number": "2", "ring": 0, "refuse": 20, "cause": 19}))?;
    bench.order(0, &json!({"do": "rule", "number": "3", "progress": 1, "refuse": 20, "cause": 41}))?;
    bench.command(0, dial(1, "100"))?;
    bench.command(0, dial(2, "200"))?;
    bench.command(0, dial(3, "300"))?;
    bench.ours(0, "it rings", |event| matches!(event, Event::Alerting { .. }))?;
    for (call, cause) in [(1, 17), (2, 19), (3, 41)] {
        let end = released(&mut bench, 0, call)?;
        assert_eq!((end.cause.code(), end.by), (cause, EndedBy::Peer), "call {call}");
    }
    bench.settle()
}

#[test]
fn what_can_be_heard_before_the_answer_is_told() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    bench.order(0, &json!({"do": "rule", "number": "1", "progress": 1, "answer": 20}))?;
    bench.order(0, &json!({"do": "rule", "number": "2", "ring": 0, "in_band": 1, "answer": 20}))?;
    bench.order(0, &json!({"do": "rule", "number": "3", "progress": 1, "progress_cause": 31}))?;
    bench.command(0, dial(1, "100"))?;
    bench.ours(0, "PROGRESS with tones", |event| {
        matches!(event, Event::Progress { call: CallHandle(1), in_band: true, cause: None })
    })?;
    connected(&mut bench, 0, 1)?;
    bench.command(0, dial(2, "200"))?;
    bench.ours(0, "ALERTING with tones", |event| {
        matches!(event, Event::Alerting { call: CallHandle(2), in_band: true, .. })
    })?;
    connected(&mut bench, 0, 2)?;
    bench.command(0, dial(3, "300"))?;
    let told = Some(CauseValue::NormalUnspecified);
    bench.ours(0, "PROGRESS with a cause", |event| {
        matches!(event, Event::Progress { call: CallHandle(3), in_band: true, cause } if *cause == told)
    })?;
    for call in 1..=3 {
        bench.command(0, hang_up(CallHandle(call)))?;
        released(&mut bench, 0, call)?;
    }
    bench.settle()
}

#[test]
fn a_call_is_given_up_by_us_in_every_stage_before_its_answer() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    // CALL PROCEEDING meets our DISCONNECT on the way: 5.8.4 has us answer STATUS 101.
    bench.line(0).expect("Faulty(Unexpected(2))");
    bench.line(0).expect("Received unsolicited status: Message not compatible with call state");
    bench.order(0, &json!({"do": "rule", "number": "1"}))?;
    bench.order(0, &json!({"do": "rule", "number": "2"}))?;
    bench.order(0, &json!({"do": "rule", "number": "3", "ring": 0}))?;
    bench.command(0, dial(1, "100"))?;
    bench.command(0, hang_up(CallHandle(1)))?;
    bench.command(0, dial(2, "200"))?;
    bench
        .ours(0, "it goes through", |event| matches!(event, Event::Proceeding { call: CallHandle(2), .. }))?;
    bench.command(0, dial(3, "300"))?;
    bench.ours(0, "it rings", |event| matches!(event, Event::Alerting { call: CallHandle(3), .. }))?;
    bench.command(0, hang_up(CallHandle(2)))?;
    bench.command(0, hang_up(CallHandle(3)))?;
    for call in 1..=3 {
        assert_eq!(released(&mut bench, 0, call)?.by, EndedBy::Caller, "call {call}");
    }
    bench.settle()
}

#[test]
fn both_sides_hang_up_at_once() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    bench.order(0, &json!({"do": "rule", "number": "", "ring": 0, "answer": 0}))?;
    for call in 1..=50 {
        bench.command(0, dial(call, "02112345678"))?;
        connected(&mut bench, 0, call)?;
        bench.order(0, &json!({"do": "hang_up", "cause": 16}))?;
        bench.command(0, hang_up(CallHandle(call)))?;
        assert_eq!(released(&mut bench, 0, call)?.cause, CauseValue::NormalClearing);
    }
    bench.settle()
}

#[test]
fn a_call_of_the_network_is_answered_and_cleared_by_either_side() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    for by_us in [true, false] {
        bench.order(0, &json!({"do": "call", "to": "5678", "from": "02112345678", "channel": 9}))?;
        let (call, channel) = incoming(&mut bench, 0, "5678")?;
        assert_eq!(channel, Timeslot(9));
        bench.command(0, Command::Proceed { call })?;
        bench.told(0, "proceeding")?;
        bench.command(0, Command::Alert { call, in_band: false })?;
        bench.told(0, "ringing")?;
        bench.command(0, Command::Connect { call })?;
        bench.told(0, "answer")?;
        connected(&mut bench, 0, call.0)?;
        if by_us {
            bench.command(0, hang_up(call))?;
            assert_eq!(bench.told(0, "hangup_req")?.cause, Some(16));
        } else {
            bench.order(0, &json!({"do": "hang_up", "cause": 16}))?;
        }
        assert_eq!(released(&mut bench, 0, call.0)?.cause, CauseValue::NormalClearing);
        bench.settle()?;
    }
    Ok(())
}

#[test]
fn a_call_of_the_network_is_refused_with_our_cause() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    for cause in [CauseValue::UserBusy, CauseValue::CallRejected, CauseValue::IncompatibleDestination] {
        bench.order(0, &json!({"do": "call", "to": "5678"}))?;
        let (call, _) = incoming(&mut bench, 0, "5678")?;
        bench.command(0, Command::Reject { call, cause })?;
        assert_eq!(bench.told(0, "hangup")?.cause, Some(cause.code()));
        released(&mut bench, 0, call.0)?;
    }
    bench.settle()
}

#[test]
fn a_side_that_only_calls_out_refuses_calls_by_itself() -> anyhow::Result<()> {
    let mut setting = Setting::user();
    setting.control.incoming = IncomingPolicy::Refuse(CauseValue::CallRejected);
    let mut bench = bench(setting)?;
    bench.order(0, &json!({"do": "call", "to": "5678"}))?;
    bench.ours(0, "it was refused", |event| matches!(event, Event::IncomingRefused { .. }))?;
    assert_eq!(bench.told(0, "hangup")?.cause, Some(21));
    bench.settle()
}

#[test]
fn the_network_answers_a_status_enquiry_and_the_call_goes_on() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    bench.order(0, &json!({"do": "rule", "number": "", "ring": 0, "answer": 0}))?;
    bench.command(0, dial(1, "02112345678"))?;
    connected(&mut bench, 0, 1)?;
    bench.command(0, Command::Enquire { call: CallHandle(1) })?;
    let interface = |bench: &mut Bench| bench.line(0).channel().interface().deadline();
    assert!(interface(&mut bench).is_some(), "T322 runs");
    bench.until("T322 is stopped by the answer", |bench| interface(bench).is_none())?;
    assert_eq!(bench.line(0).channel().interface().call_state(CallHandle(1)), Some(CallState::Active));
    bench.command(0, hang_up(CallHandle(1)))?;
    released(&mut bench, 0, 1)?;
    bench.settle()
}

/// Causes a carrier sends when a call does not come about, and some that only a fault makes.
const COMMON_CAUSES: [u8; 29] = [
    1, 2, 3, 16, 17, 18, 19, 20, 21, 22, 27, 28, 29, 31, 34, 38, 41, 42, 44, 47, 50, 57, 58, 63, 65, 79, 88,
    102, 127,
];
/// Of them, those that libpri refuses a SETUP with before it has answered anything.
const AT_ONCE: [u8; 3] = [1, 34, 44];
