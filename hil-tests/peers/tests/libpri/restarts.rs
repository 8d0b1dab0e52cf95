//! RESTART of channels and of the interface, by either side, acknowledged and not.

use crate::support::{HIDDEN, all_taken, bench, connected, dial, released};
use idl::spans::SlotState;
use peers::libpri::{Bench, Setting};
use q931::MessageType;
use q931::control::{Command, EndedBy, Event};
use serde_json::json;
use vocab::Timeslot;

fn state(bench: &mut Bench, slot: u8) -> SlotState {
    bench.line(0).channel().interface().slot_states()[usize::from(slot) - 1]
}

#[test]
fn a_channel_is_restarted_by_us() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    for slot in [1, 15, 17, 31] {
        bench.command(0, Command::RestartChannel(Timeslot(slot)))?;
        let wanted = Event::RestartDone { channels: vec![Timeslot(slot)] };
        bench.ours(0, "the restart is acknowledged", |event| *event == wanted)?;
        assert_eq!(bench.told(0, "restart")?.channel, Some(slot));
    }
    bench.settle()
}

#[test]
fn the_interface_is_restarted_by_us_and_its_calls_are_over_on_both_sides() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    bench.order(0, &json!({"do": "rule", "number": "", "ring": 0, "answer": 0}))?;
    for call in 1..=3 {
        bench.command(0, dial(call, "02112345678"))?;
        connected(&mut bench, 0, call)?;
    }
    bench.command(0, Command::RestartAll)?;
    for call in 1..=3 {
        assert_eq!(released(&mut bench, 0, call)?.by, EndedBy::Restart);
        bench.told(0, "destroyed")?;
    }
    bench.ours(
        0,
        "all are restarted",
        |event| matches!(event, Event::RestartDone { channels } if channels.len() == 30),
    )?;
    bench.settle()
}

#[test]
fn the_interface_is_restarted_when_the_link_comes_up_if_so_set() -> anyhow::Result<()> {
    let mut setting = Setting::user();
    setting.control.restart_on_start = true;
    let mut bench = bench(setting)?;
    bench.ours(
        0,
        "all are restarted",
        |event| matches!(event, Event::RestartDone { channels } if channels.len() == 30),
    )?;
    bench.settle()
}

#[test]
fn a_channel_is_restarted_by_libpri_and_the_call_on_it_is_over() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    bench.order(0, &json!({"do": "rule", "number": "", "ring": 0, "answer": 0}))?;
    bench.command(0, dial(1, "02112345678"))?;
    bench.command(0, dial(2, "02112345678"))?;
    connected(&mut bench, 0, 1)?;
    connected(&mut bench, 0, 2)?;
    all_taken(&mut bench, 0)?;
    for slot in [1, 31] {
        bench.order(0, &json!({"do": "restart", "channel": slot}))?;
        let wanted = Event::RestartedByPeer { channels: vec![Timeslot(slot)] };
        bench.ours(0, "libpri restarted it", |event| *event == wanted)?;
        assert_eq!(bench.told(0, "restart_ack")?.channel, Some(slot));
    }
    assert_eq!(released(&mut bench, 0, 1)?.by, EndedBy::Restart);
    assert_eq!(state(&mut bench, 2), SlotState::Connected, "the other call goes on");
    bench.order(0, &json!({"do": "hang_up"}))?;
    released(&mut bench, 0, 2)?;
    bench.settle()
}

#[test]
fn a_restart_that_is_not_acknowledged_is_sent_twice_and_blocks_the_channel() -> anyhow::Result<()> {
    let mut setting = Setting::user();
    setting.control.timers.t316_ms = SHORT_MS;
    let mut bench = bench(setting)?;
    bench.line(0).expect(HIDDEN);
    bench.order(0, &json!({"do": "wire", "hide": MessageType::Restart.code()}))?;
    bench.command(0, Command::RestartChannel(Timeslot(7)))?;
    assert_eq!(state(&mut bench, 7), SlotState::Restarting);
    let wanted = Event::RestartFailed { channels: vec![Timeslot(7)] };
    bench.ours(0, "the restart failed", |event| *event == wanted)?;
    assert_eq!(state(&mut bench, 7), SlotState::BlockedByPeer);
    // The channel comes back when it is ordered to, and the next restart is answered.
    bench.order(0, &json!({"do": "wire", "hide": 0}))?;
    bench.report(0)?;
    bench.command(0, Command::RestartChannel(Timeslot(7)))?;
    let wanted = Event::RestartDone { channels: vec![Timeslot(7)] };
    bench.ours(0, "the restart is acknowledged", |event| *event == wanted)?;
    assert_eq!(state(&mut bench, 7), SlotState::Idle);
    bench.settle()
}

#[test]
fn a_restart_of_the_interface_that_is_not_acknowledged_blocks_all_channels_until_they_are_unblocked()
-> anyhow::Result<()> {
    let mut setting = Setting::user();
    setting.control.timers.t316_ms = SHORT_MS;
    let mut bench = bench(setting)?;
    bench.line(0).expect(HIDDEN);
    bench.order(0, &json!({"do": "wire", "hide": MessageType::Restart.code()}))?;
    bench.report(0)?;
    bench.command(0, Command::RestartAll)?;
    bench.ours(
        0,
        "the restart failed",
        |event| matches!(event, Event::RestartFailed { channels } if channels.len() == 30),
    )?;
    bench.command(0, dial(1, "02112345678"))?;
    assert_eq!(released(&mut bench, 0, 1)?.by, EndedBy::NoChannel);
    for slot in (1..=31).filter(|slot| *slot != 16) {
        bench.command(0, Command::Unblock(Timeslot(slot)))?;
    }
    bench.settle()
}

/// T316 where nobody answers: long enough for a slow machine to answer where somebody does.
const SHORT_MS: u64 = 1_000;
