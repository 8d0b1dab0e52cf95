//! The table of RESTART, walked cell by cell as the others are.

use super::{name, sent};
use crate::bench::{Side, config, slot};
use idl::spans::PriSide;
use q931::control::{Command, Input};
use q931::ie::{CallState, CallStateValue, Cause, ChannelIdentification, Location, RestartClass};
use q931::{CallRef, CauseValue, Flag, Ie, Message, MessageType as M};
use vocab::Millis;

const TABLE: &str = include_str!("../../../src/control/tables/restart.md");
const NOW: Millis = Millis(1);
const T316_MS: u64 = 120_000;

#[test]
fn both_sides_walk_every_cell_of_the_restart_table() {
    let rows = TABLE.lines().filter(|line| line.starts_with("| ")).skip(1);
    let mut cells = 0;
    for row in rows {
        let [input, rest_0, rest_1] =
            &row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>()[..]
        else {
            panic!("{row} has not two cells")
        };
        for (out, cell) in [(false, rest_0), (true, rest_1)] {
            for side in [PriSide::User, PriSide::Network] {
                check(side, input, out, cell);
                cells += 1;
            }
        }
    }
    assert_eq!(cells, 21 * 2 * 2);
}

fn check(side: PriSide, input: &str, out: bool, cell: &str) {
    let mut it = Side::up(config(side));
    if out {
        it.order(NOW, Command::RestartAll);
        it.forget();
    }
    if cell == "/" {
        assert!(input.starts_with("T316") && it.interface.deadline().is_none());
        return;
    }
    give(&mut it, input);
    let [wanted_sent, wanted_told, next] = cell.split(';').map(str::trim).collect::<Vec<_>>()[..] else {
        panic!("{cell} has not three parts")
    };
    let here = format!("{input}, Rest {}", u8::from(out));
    assert_eq!(sent(&it).join(", "), wanted_sent, "{here}");
    let told: Vec<_> = it.news().into_iter().map(name).collect();
    assert_eq!(told.join(", "), wanted_told, "{here}");
    assert_eq!(it.interface.deadline().is_some(), next == "1", "{here}: T316");
    assert_eq!(state(it, input), next, "{here}");
}

/// What STATUS says of our global reference. Without a link there is no telling: it is Rest 0.
fn state(mut it: Side, input: &str) -> &'static str {
    if input == "data link gone" {
        return "0";
    }
    it.hear(NOW, &Message::new(CallRef::global(Flag::FromOriginator), M::Information));
    let told = it.sent.last().and_then(|status| status.ies.call_state());
    match told.expect("STATUS tells it").value {
        CallStateValue::Null => "0",
        CallStateValue::RestartRequest => "1",
        other => panic!("{other:?}"),
    }
}

fn give(it: &mut Side, input: &str) {
    let channels =
        |numbers: &[u8]| Ie::ChannelIdentification(ChannelIdentification::b_channels(numbers.to_vec(), true));
    let class = Ie::RestartIndicator;
    let answer = Message::new(CallRef::global(Flag::ToOriginator), M::RestartAcknowledge);
    let asked = Message::new(CallRef::global(Flag::FromOriginator), M::Restart);
    let message = match input {
        "order, one channel" => return it.order(NOW, Command::RestartChannel(slot(1))),
        "order, interface" => return it.order(NOW, Command::RestartAll),
        "T316, first" => return it.expire(NOW + T316_MS),
        "T316, second" => {
            it.expire(NOW + T316_MS);
            it.forget();
            return it.expire(NOW + 2 * T316_MS);
        }
        "data link gone" => return it.step(NOW, Input::LinkReleased),
        "data link reset" => return it.step(NOW, Input::LinkReset),
        "data link gone and back" => {
            it.step(NOW, Input::LinkReleased);
            return it.step(NOW, Input::LinkEstablished);
        }
        "RESTART ACKNOWLEDGE, interface" => answer.with(class(RestartClass::Interface)),
        "RESTART ACKNOWLEDGE, some channels" => {
            answer.with(channels(&[1, 2])).with(class(RestartClass::Channels))
        }
        "RESTART ACKNOWLEDGE, no channel of ours" => {
            answer.with(channels(&[16])).with(class(RestartClass::Channels))
        }
        "RESTART ACKNOWLEDGE, without indicator" => answer.with(channels(&[1])),
        "RESTART ACKNOWLEDGE, flag 0" => Message {
            call_ref: CallRef::global(Flag::FromOriginator),
            ..answer.with(class(RestartClass::Interface))
        },
        "STATUS" => Message::new(CallRef::global(Flag::ToOriginator), M::Status)
            .with(Ie::Cause(Cause::new(Location::User, CauseValue::InvalidCallReference)))
            .with(Ie::CallState(CallState::new(CallStateValue::Null))),
        "RESTART, some channels" => asked.with(channels(&[1, 31])).with(class(RestartClass::Channels)),
        "RESTART, interface" => asked.with(class(RestartClass::Interface)),
        "RESTART, all interfaces" => asked.with(class(RestartClass::AllInterfaces)),
        "RESTART, no channel of ours" => asked.with(channels(&[16])).with(class(RestartClass::Channels)),
        "RESTART, without indicator" => asked,
        "RESTART, flag 1" => {
            let call_ref = CallRef::global(Flag::ToOriginator);
            Message { call_ref, ..asked.with(class(RestartClass::Interface)) }
        }
        "RELEASE COMPLETE" => Message::new(CallRef::global(Flag::FromOriginator), M::ReleaseComplete),
        "any other message" => Message::new(CallRef::global(Flag::FromOriginator), M::Setup),
        other => panic!("no input {other}"),
    };
    it.hear(NOW, &message);
}
