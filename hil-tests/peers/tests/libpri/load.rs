//! Many calls: a hundred at once over four lines, ten thousand in a row over one; nothing may be left of them.

use crate::support::{bench, dial, folder, hang_up};
use anyhow::ensure;
use idl::spans::ChannelSelection;
use peers::libpri::{Bench, Setting};
use q931::control::{CallEnd, CallHandle, EndedBy, Event};
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn a_hundred_calls_stand_at_once_over_four_lines_and_are_cleared_by_both_sides() -> anyhow::Result<()> {
    let settings = vec![Setting::user(); LINES];
    let mut bench = Bench::new(folder(), &settings)?;
    for line in 0..LINES {
        bench.order(line, &json!({"do": "rule", "number": "", "ring": 0, "answer": 10}))?;
        for call in 1..=CALLS_A_LINE {
            bench.command(line, dial(call, "02112345678"))?;
        }
    }
    let mut channels = BTreeSet::new();
    for line in 0..LINES {
        for call in 1..=CALLS_A_LINE {
            let channel = crate::support::connected(&mut bench, line, call)?;
            ensure!(channels.insert((line, channel)), "line {line}, {channel:?} twice");
        }
    }
    assert_eq!(channels.len(), 100);
    for line in 0..LINES {
        let report = bench.report(line)?;
        assert_eq!((report.calls, report.busy, report.libpri_calls), (Some(25), Some(25), Some(25)));
        if line % 2 == 0 {
            bench.order(line, &json!({"do": "hang_up", "cause": 16}))?;
        } else {
            for call in 1..=CALLS_A_LINE {
                bench.command(line, hang_up(CallHandle(call)))?;
            }
        }
    }
    for line in 0..LINES {
        let by = if line % 2 == 0 { EndedBy::Peer } else { EndedBy::Caller };
        for call in 1..=CALLS_A_LINE {
            assert_eq!(crate::support::released(&mut bench, line, call)?.by, by);
        }
    }
    bench.settle()
}

#[test]
fn ten_thousand_calls_in_a_row_leave_every_channel_idle_and_no_reference() -> anyhow::Result<()> {
    let mut setting = Setting::user();
    setting.control.selection = ChannelSelection::RoundRobinUp;
    let mut bench = bench(setting)?;
    bench.order(0, &json!({"do": "rule", "number": "1", "ring": 0, "answer": 0}))?;
    bench.order(0, &json!({"do": "rule", "number": "2", "ring": 0, "answer": 0, "hang_up": 0}))?;
    bench.order(0, &json!({"do": "rule", "number": "3", "refuse": 0, "cause": 17}))?;
    let mut used = BTreeSet::new();
    let mut ended = [0_u64; 3];
    for call in 1..=IN_A_ROW {
        let kind = call % 3;
        bench.command(0, dial(call, ["1", "2", "3"][usize::try_from(kind)?]))?;
        let end = to_its_end(&mut bench, kind == 0, &mut used)?;
        match (end.by, end.cause.code()) {
            (EndedBy::Caller, 16) => ended[0] += 1,
            (EndedBy::Peer, 16) => ended[1] += 1,
            (EndedBy::Peer, 17) => ended[2] += 1,
            _ => anyhow::bail!("call {call}: {end:?}"),
        }
    }
    bench.settle()?;
    assert_eq!(ended, [3_333, 3_334, 3_333]);
    assert_eq!(used.len(), 30, "every channel was used");
    Ok(())
}

/// Follows the one call there is to its end; hangs it up when it is answered, or leaves that to libpri.
fn to_its_end(bench: &mut Bench, by_us: bool, used: &mut BTreeSet<u8>) -> anyhow::Result<CallEnd> {
    loop {
        let event = bench.ours(0, "news of the call", |_| true)?;
        while bench.line(0).told_event(|_| true).is_some() {}
        match event {
            Event::Proceeding { channel, .. } => {
                used.insert(channel.0);
            }
            Event::Connected { call, .. } if by_us => bench.command(0, hang_up(call))?,
            Event::Released { end, .. } => return Ok(end),
            _ => {}
        }
    }
}

const LINES: usize = 4;
const CALLS_A_LINE: u64 = 25;
const IN_A_ROW: u64 = 10_000;
