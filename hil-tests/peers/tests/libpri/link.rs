//! The data link fails: frames lost and doubled, a line that is silent, with T309 and without.

use crate::support::{bench, connected, dial, hang_up, released};
use peers::libpri::{Bench, Setting};
use q931::CauseValue;
use q931::control::{CallHandle, CallState, EndedBy, Event};
use serde_json::json;

/// Both data links notice a loss soon; libpri keeps calls for so long, or not at all.
fn quick(mut setting: Setting, libpri_t309_ms: Option<u64>) -> anyhow::Result<Bench> {
    setting.link.t200_ms = T200_MS;
    setting.link.t203_ms = T203_MS;
    let mut bench = bench(setting)?;
    for (name, ms) in [("T200", Some(T200_MS)), ("T203", Some(T203_MS)), ("T309", libpri_t309_ms)] {
        if let Some(ms) = ms {
            bench.order(0, &json!({"do": "timer", "name": name, "ms": ms}))?;
        }
    }
    bench.order(0, &json!({"do": "set", "t309": u8::from(libpri_t309_ms.is_some())}))?;
    bench.order(0, &json!({"do": "rule", "number": "", "ring": 0, "answer": 0}))?;
    bench.order(0, &json!({"do": "rule", "number": "9", "ring": 0}))?;
    for words in LOSSES {
        bench.line(0).expect(words);
    }
    Ok(bench)
}

/// Nothing gets through until both sides have noticed.
fn lose_link(bench: &mut Bench) -> anyhow::Result<()> {
    bench.order(0, &json!({"do": "wire", "mute": 1}))?;
    bench.until("our link is down", |bench| !bench.line(0).channel().interface().is_link_up())?;
    bench.told(0, "down")?;
    Ok(())
}

fn mend_link(bench: &mut Bench) -> anyhow::Result<()> {
    bench.order(0, &json!({"do": "wire", "mute": 0}))?;
    bench.until("our link stands", |bench| bench.line(0).channel().interface().is_link_up())?;
    bench.told(0, "up")?;
    Ok(())
}

#[test]
fn with_t309_an_answered_call_outlives_the_loss_of_the_link() -> anyhow::Result<()> {
    let mut bench = quick(Setting::user(), Some(90_000))?;
    bench.command(0, dial(1, "02112345678"))?;
    connected(&mut bench, 0, 1)?;
    lose_link(&mut bench)?;
    // libpri tells the state of its call when the link is back, as 5.8.9 allows.
    bench.line(0).expect("Status { call: Some(CallHandle(1)), cause: NormalUnspecified, state: 10 }");
    mend_link(&mut bench)?;
    assert_eq!(bench.line(0).channel().interface().call_state(CallHandle(1)), Some(CallState::Active));
    bench.command(0, hang_up(CallHandle(1)))?;
    assert_eq!(released(&mut bench, 0, 1)?.by, EndedBy::Caller);
    bench.settle()
}

#[test]
fn a_call_that_is_not_answered_is_over_when_the_link_is_lost() -> anyhow::Result<()> {
    let mut bench = quick(Setting::user(), Some(90_000))?;
    bench.command(0, dial(1, "9"))?;
    bench.ours(0, "it rings", |event| matches!(event, Event::Alerting { .. }))?;
    lose_link(&mut bench)?;
    let end = released(&mut bench, 0, 1)?;
    assert_eq!((end.cause, end.by), (CauseValue::TemporaryFailure, EndedBy::Link));
    mend_link(&mut bench)?;
    bench.settle()
}

#[test]
fn t309_runs_out_and_the_call_is_over_on_both_sides() -> anyhow::Result<()> {
    let mut setting = Setting::user();
    setting.control.timers.t309_ms = 300;
    let mut bench = quick(setting, Some(300))?;
    bench.command(0, dial(1, "02112345678"))?;
    connected(&mut bench, 0, 1)?;
    lose_link(&mut bench)?;
    let end = released(&mut bench, 0, 1)?;
    assert_eq!((end.cause, end.by), (CauseValue::DestinationOutOfOrder, EndedBy::Link));
    bench.told(0, "hangup")?;
    mend_link(&mut bench)?;
    bench.settle()
}

#[test]
fn without_t309_every_call_is_over_when_the_link_is_lost() -> anyhow::Result<()> {
    let mut setting = Setting::user();
    setting.control.t309 = false;
    let mut bench = quick(setting, None)?;
    bench.command(0, dial(1, "02112345678"))?;
    connected(&mut bench, 0, 1)?;
    lose_link(&mut bench)?;
    assert_eq!(released(&mut bench, 0, 1)?.by, EndedBy::Link);
    mend_link(&mut bench)?;
    bench.settle()
}

#[test]
fn calls_come_about_again_after_the_line_was_down() -> anyhow::Result<()> {
    let mut bench = quick(Setting::user(), None)?;
    for call in 1..=3 {
        // A call first: libpri's T203 runs with its new value from the next frame on.
        bench.command(0, dial(call + 10, "02112345678"))?;
        connected(&mut bench, 0, call + 10)?;
        bench.command(0, hang_up(CallHandle(call + 10)))?;
        released(&mut bench, 0, call + 10)?;
        let now = bench.now();
        bench.line(0).physical(now, false)?;
        bench.told(0, "down")?;
        let now = bench.now();
        bench.line(0).physical(now, true)?;
        bench.told(0, "up")?;
        bench.until("our link stands", |bench| bench.line(0).channel().interface().is_link_up())?;
        bench.command(0, dial(call, "02112345678"))?;
        connected(&mut bench, 0, call)?;
        bench.command(0, hang_up(CallHandle(call)))?;
        released(&mut bench, 0, call)?;
    }
    bench.settle()
}

#[test]
fn frames_that_are_lost_or_doubled_cost_no_call() -> anyhow::Result<()> {
    let mut bench = quick(Setting::user(), Some(90_000))?;
    for (call, fault) in (1..=24).zip(["drop", "drop_in", "duplicate"].iter().cycle()) {
        bench.order(0, &json!({"do": "wire", *fault: 1 + call % 2}))?;
        bench.command(0, dial(call, "02112345678"))?;
        connected(&mut bench, 0, call)?;
        bench.order(0, &json!({"do": "wire", *fault: 1}))?;
        bench.command(0, hang_up(CallHandle(call)))?;
        assert_eq!(released(&mut bench, 0, call)?.by, EndedBy::Caller);
    }
    bench.settle()
}

const T200_MS: u64 = 400;
const T203_MS: u64 = 1_000;
/// What a lost link makes both sides say, rightly.
const LOSSES: [&str; 1] = ["data link:"];
