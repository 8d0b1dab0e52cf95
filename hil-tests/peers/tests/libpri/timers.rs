//! Timers of ours that run out because libpri never answers: what follows, and that nothing is left on either side.

use crate::support::{HIDDEN, all_taken, bench, connected, dial, hang_up, incoming, released, setup};
use peers::libpri::{Bench, Setting};
use q931::MessageType;
use q931::control::{CallHandle, Command, EndedBy, Event, Timer, TimerValues};
use serde_json::json;

/// A line on which one timer is short, and messages of one type of ours are never seen by libpri.
fn unanswered(shorten: impl Fn(&mut TimerValues), hidden: Option<MessageType>) -> anyhow::Result<Bench> {
    let mut setting = Setting::user();
    shorten(&mut setting.control.timers);
    let mut bench = bench(setting)?;
    if let Some(hidden) = hidden {
        bench.line(0).expect(HIDDEN);
        bench.order(0, &json!({"do": "wire", "hide": hidden.code()}))?;
        bench.report(0)?;
    }
    Ok(bench)
}

#[test]
fn a_setup_that_nobody_answers_is_given_up_by_t303() -> anyhow::Result<()> {
    let mut bench = unanswered(|timers| timers.t303_ms = SHORT_MS, Some(MessageType::Setup))?;
    bench.line(0).expect("Faulty(ReferenceUnknown)");
    bench.command(0, dial(1, "02112345678"))?;
    let end = released(&mut bench, 0, 1)?;
    assert_eq!((end.cause.code(), end.by), (102, EndedBy::Timer(Timer::T303)));
    bench.settle()
}

#[test]
fn a_number_that_the_network_never_acts_on_is_given_up_by_t304() -> anyhow::Result<()> {
    let mut bench = unanswered(|timers| timers.t304_ms = SHORT_MS, None)?;
    bench.order(0, &json!({"do": "set", "overlap": 1}))?;
    bench.order(0, &json!({"do": "rule", "number": "", "digits": 8}))?;
    let mut begun = setup(1, "62");
    (begun.overlap, begun.complete) = (Some(true), false);
    bench.command(0, Command::Setup(Box::new(begun)))?;
    assert_eq!(released(&mut bench, 0, 1)?.by, EndedBy::Timer(Timer::T304));
    assert_eq!(bench.told(0, "hangup_req")?.cause, Some(102));
    bench.settle()
}

#[test]
fn a_call_that_goes_nowhere_is_given_up_by_t310_and_one_that_only_rings_by_t301() -> anyhow::Result<()> {
    let shorten = |timers: &mut TimerValues| (timers.t310_ms, timers.t301_ms) = (SHORT_MS, SHORT_MS);
    let mut bench = unanswered(shorten, None)?;
    bench.order(0, &json!({"do": "rule", "number": "1"}))?;
    bench.order(0, &json!({"do": "rule", "number": "2", "ring": 0}))?;
    for (call, number, timer) in [(1, "100", Timer::T310), (2, "200", Timer::T301)] {
        bench.command(0, dial(call, number))?;
        assert_eq!(released(&mut bench, 0, call)?.by, EndedBy::Timer(timer));
        assert_eq!(bench.told(0, "hangup_req")?.cause, Some(102));
    }
    bench.settle()
}

#[test]
fn a_disconnect_that_nobody_answers_is_followed_by_release_after_t305() -> anyhow::Result<()> {
    let mut bench = unanswered(|timers| timers.t305_ms = SHORT_MS, Some(MessageType::Disconnect))?;
    bench.order(0, &json!({"do": "rule", "number": "", "ring": 0, "answer": 0}))?;
    bench.command(0, dial(1, "02112345678"))?;
    connected(&mut bench, 0, 1)?;
    bench.command(0, hang_up(CallHandle(1)))?;
    assert_eq!(bench.told(0, "hangup")?.cause, Some(16), "with RELEASE the cause of DISCONNECT");
    assert_eq!(released(&mut bench, 0, 1)?.by, EndedBy::Caller);
    bench.settle()
}

#[test]
fn a_release_that_nobody_answers_is_repeated_by_t308_and_the_channel_is_restarted() -> anyhow::Result<()> {
    let mut bench = unanswered(|timers| timers.t308_ms = SHORT_MS, Some(MessageType::Release))?;
    bench.order(0, &json!({"do": "rule", "number": "", "ring": 0, "answer": 0}))?;
    bench.command(0, dial(1, "02112345678"))?;
    let channel = connected(&mut bench, 0, 1)?;
    all_taken(&mut bench, 0)?;
    bench.order(0, &json!({"do": "hang_up", "cause": 16}))?;
    released(&mut bench, 0, 1)?;
    let wanted = Event::RestartDone { channels: vec![channel] };
    bench.ours(0, "the channel is restarted", |event| *event == wanted)?;
    bench.told(0, "destroyed")?;
    bench.settle()
}

#[test]
fn an_answer_that_is_never_confirmed_ends_the_call_by_t313() -> anyhow::Result<()> {
    let mut bench = unanswered(|timers| timers.t313_ms = SHORT_MS, Some(MessageType::Connect))?;
    bench.order(0, &json!({"do": "call", "to": "5678"}))?;
    let (call, _) = incoming(&mut bench, 0, "5678")?;
    bench.command(0, Command::Proceed { call })?;
    bench.command(0, Command::Connect { call })?;
    assert_eq!(released(&mut bench, 0, call.0)?.by, EndedBy::Timer(Timer::T313));
    assert_eq!(bench.told(0, "hangup_req")?.cause, Some(102));
    bench.settle()
}

#[test]
fn a_status_enquiry_that_nobody_answers_ends_the_call_by_t322() -> anyhow::Result<()> {
    let mut bench = unanswered(|timers| timers.t322_ms = SHORT_MS, Some(MessageType::StatusEnquiry))?;
    bench.order(0, &json!({"do": "rule", "number": "", "ring": 0, "answer": 0}))?;
    bench.command(0, dial(1, "02112345678"))?;
    connected(&mut bench, 0, 1)?;
    bench.command(0, Command::Enquire { call: CallHandle(1) })?;
    let end = released(&mut bench, 0, 1)?;
    assert_eq!((end.cause.code(), end.by), (41, EndedBy::Timer(Timer::T322)));
    bench.settle()
}

/// Long enough for a busy machine to answer where somebody does.
const SHORT_MS: u64 = 300;
