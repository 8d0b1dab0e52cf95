//! We are the network and libpri is the user: complete enough to be an exchange.

use crate::support::{bench, connected, dial, hang_up, incoming, released};
use peers::libpri::Setting;
use q931::CauseValue;
use q931::control::{CallHandle, Command, EndedBy, Event};
use serde_json::json;
use vocab::Timeslot;

#[test]
fn libpri_as_user_calls_us_and_either_side_clears() -> anyhow::Result<()> {
    let mut bench = bench(Setting::network())?;
    for by_us in [true, false] {
        bench.order(0, &json!({"do": "call", "to": "02112345678", "from": "5678", "channel": 4}))?;
        let (call, channel) = incoming(&mut bench, 0, "02112345678")?;
        assert_eq!(channel, Timeslot(4));
        bench.command(0, Command::Proceed { call })?;
        bench.told(0, "proceeding")?;
        bench.command(0, Command::Progress { call, in_band: true })?;
        bench.told(0, "progress")?;
        bench.command(0, Command::Alert { call, in_band: true })?;
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
        let by = if by_us { EndedBy::Caller } else { EndedBy::Peer };
        assert_eq!(released(&mut bench, 0, call.0)?.by, by);
        bench.settle()?;
    }
    Ok(())
}

#[test]
fn we_call_libpri_as_user_and_it_answers_or_is_busy() -> anyhow::Result<()> {
    let mut bench = bench(Setting::network())?;
    bench.order(0, &json!({"do": "rule", "number": "1", "ring": 0, "answer": 20, "hang_up": 20}))?;
    bench.order(0, &json!({"do": "rule", "number": "2", "refuse": 0, "cause": 17}))?;
    bench.command(0, dial(1, "100"))?;
    bench.ours(0, "it rings", |event| matches!(event, Event::Alerting { .. }))?;
    connected(&mut bench, 0, 1)?;
    assert_eq!(released(&mut bench, 0, 1)?.cause, CauseValue::NormalClearing);
    bench.command(0, dial(2, "200"))?;
    assert_eq!(released(&mut bench, 0, 2)?.cause, CauseValue::UserBusy);
    bench.settle()
}

#[test]
fn our_tones_after_disconnect_are_heard_until_the_user_releases() -> anyhow::Result<()> {
    let mut bench = bench(Setting::network())?;
    bench.order(0, &json!({"do": "set", "tones_heard": 1}))?;
    bench.order(0, &json!({"do": "call", "to": "02112345678", "channel": 4}))?;
    let (call, _) = incoming(&mut bench, 0, "02112345678")?;
    bench.command(0, Command::Proceed { call })?;
    bench.told(0, "proceeding")?;
    bench.command(0, Command::Disconnect { call, cause: CauseValue::UserBusy, in_band: true })?;
    bench.told(0, "progress")?;
    bench.order(0, &json!({"do": "hang_up", "cause": 16}))?;
    released(&mut bench, 0, call.0)?;
    bench.settle()
}

#[test]
fn libpri_as_user_sends_its_number_digit_by_digit() -> anyhow::Result<()> {
    let mut bench = bench(Setting::network())?;
    bench.order(0, &json!({"do": "set", "overlap": 1}))?;
    bench.order(0, &json!({"do": "call", "to": "02", "complete": 0}))?;
    let (call, _) = incoming(&mut bench, 0, "02")?;
    bench.command(0, Command::SetupAck { call })?;
    let told = bench.told(0, "setup_ack")?;
    bench.order(0, &json!({"do": "digits", "call": told.call, "digits": "1"}))?;
    bench.ours(
        0,
        "a digit",
        |event| matches!(event, Event::Digits { digits, .. } if digits.reveal() == "1"),
    )?;
    bench.command(0, Command::Proceed { call })?;
    bench.command(0, Command::Connect { call })?;
    bench.told(0, "answer")?;
    bench.command(0, hang_up(call))?;
    released(&mut bench, 0, call.0)?;
    bench.settle()
}

#[test]
fn channels_are_restarted_by_either_side() -> anyhow::Result<()> {
    let mut setting = Setting::network();
    setting.control.restart_on_start = true;
    let mut bench = bench(setting)?;
    bench.ours(0, "all are restarted", |event| matches!(event, Event::RestartDone { .. }))?;
    bench.order(0, &json!({"do": "restart", "channel": 9}))?;
    let wanted = Event::RestartedByPeer { channels: vec![Timeslot(9)] };
    bench.ours(0, "libpri restarted it", |event| *event == wanted)?;
    bench.told(0, "restart_ack")?;
    bench.command(0, dial(1, "1"))?;
    assert_eq!(released(&mut bench, 0, 1)?.cause.code(), 1);
    bench.settle()
}

#[test]
fn five_hundred_calls_of_both_sides_in_a_row_leave_nothing() -> anyhow::Result<()> {
    let mut bench = bench(Setting::network())?;
    bench.order(0, &json!({"do": "rule", "number": "", "ring": 0, "answer": 0}))?;
    for call in 1..=250 {
        bench.order(0, &json!({"do": "call", "to": "02112345678"}))?;
        bench.command(0, dial(call, "5678"))?;
        let (other, _) = incoming(&mut bench, 0, "02112345678")?;
        bench.command(0, Command::Connect { call: other })?;
        connected(&mut bench, 0, call)?;
        connected(&mut bench, 0, other.0)?;
        // With it the user's CONNECT ACKNOWLEDGE has come.
        bench.told(0, "answer")?;
        bench.command(0, hang_up(CallHandle(call)))?;
        bench.command(0, hang_up(other))?;
        released(&mut bench, 0, call)?;
        released(&mut bench, 0, other.0)?;
        while bench.line(0).told_event(|_| true).is_some() {}
        while bench.line(0).our_event(|_| true).is_some() {}
    }
    bench.settle()
}
