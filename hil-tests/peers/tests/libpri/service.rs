//! SERVICE: channels taken out of service and back by either side.

use crate::support::bench;
use idl::spans::SlotState;
use peers::libpri::{Bench, Setting};
use q931::control::Command;
use serde_json::json;
use vocab::Timeslot;

/// libpri 1.6.0 misses the change status of every SERVICE on a EuroISDN interface, its own encoding (`01 01 c2`)
/// included, and goes on all the same.
const CHANGE_STATUS: &str = "Missing mandatory IE 1 (cs0, Change Status Information)";

fn with_service() -> anyhow::Result<Bench> {
    let mut setting = Setting::user();
    setting.control.service = true;
    let mut bench = bench(setting)?;
    bench.line(0).expect(CHANGE_STATUS);
    bench.order(0, &json!({"do": "set", "service": 1}))?;
    Ok(bench)
}

#[test]
fn a_channel_that_libpri_takes_out_of_service_is_not_used_until_it_is_back() -> anyhow::Result<()> {
    let mut bench = with_service()?;
    for (status, state) in [
        (1, SlotState::BlockedByPeer),
        (0, SlotState::Idle),
        (2, SlotState::BlockedByPeer),
        (0, SlotState::Idle),
    ] {
        bench.order(0, &json!({"do": "service", "channel": 7, "status": status}))?;
        assert_eq!(bench.told(0, "service_ack")?.channel, Some(7));
        assert_eq!(bench.line(0).channel().interface().slot_states()[6], state, "status {status}");
    }
    bench.settle()
}

#[test]
fn a_channel_that_we_block_is_told_and_acknowledged() -> anyhow::Result<()> {
    let mut bench = with_service()?;
    for command in [Command::Block(Timeslot(5)), Command::Unblock(Timeslot(5))] {
        bench.command(0, command)?;
        assert!(bench.line(0).channel().interface().deadline().is_some(), "T321 runs");
        assert_eq!(bench.told(0, "service")?.channel, Some(5));
        bench.until("SERVICE is acknowledged", |bench| {
            bench.line(0).channel().interface().deadline().is_none()
        })?;
    }
    bench.settle()
}
