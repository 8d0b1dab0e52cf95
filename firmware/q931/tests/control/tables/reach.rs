//! How each state of the tables is reached, by messages and commands alone.

use super::{OWN, inputs};
use crate::bench::{Side, config, disconnect, setup};
use idl::spans::PriSide;
use q931::MessageType as M;
use q931::control::{CallHandle, CallState as S, Command, Config, PEER_CALLS_FROM};
use vocab::Millis;

/// When the states are reached and the inputs are given.
pub const NOW: Millis = Millis(1_000);
const PEER: CallHandle = CallHandle(PEER_CALLS_FROM);

/// An interface with a call in the state of this number, and the call.
pub fn state(side: PriSide, number: u8, row: &str) -> (Side, CallHandle) {
    let t309 = row != "gone, T309 not used";
    let settings = Config { t309, timers: inputs::timers(side), ..config(side) };
    let mut it = Side::up(settings);
    let state = S::ALL.into_iter().find(|state| state.number(side) == number);
    let call = match (state, number) {
        (_, 0) => OWN,
        (Some(state), _) => go(side, &mut it, state, row),
        (None, _) => panic!("no state {number}"),
    };
    inputs::before(side, &mut it, row, call, NOW);
    if !row.starts_with("back") && row != "T309" {
        it.establish = 0;
    }
    it.forget();
    let reached = it.interface.call_state(call).map_or(0, |state| state.number(side));
    assert_eq!(reached, number, "the state is reached");
    (it, call)
}

/// Whether a pair the tables leave out cannot be: its timer does not run there, or the link is not gone there.
pub fn cannot_be(side: PriSide, row: &str, number: u8) -> bool {
    let (it, _) = state(side, number, "reset");
    let Some(timer) = row.split([' ', ',']).next().filter(|word| word.starts_with('T')) else {
        return true;
    };
    let end = NOW + inputs::timers(side).of(inputs::timer(timer));
    it.interface.deadline() != Some(end) || same_length(side, timer, it.interface.deadline())
}

/// T303, T308 and T313 have one length, and so have T305 and T306, T301 alone: a deadline does not tell them apart.
fn same_length(side: PriSide, timer: &str, deadline: Option<Millis>) -> bool {
    let values = inputs::timers(side);
    let others = ["T301", "T302", "T303", "T304", "T305", "T306", "T308", "T310", "T313"];
    let others = others.into_iter().filter(|other| *other != timer);
    others.map(inputs::timer).any(|other| Some(NOW + values.of(other)) == deadline)
}

fn go(side: PriSide, it: &mut Side, state: S, row: &str) -> CallHandle {
    match state {
        S::SetupSent => {
            it.order(NOW, setup(OWN.0));
            OWN
        }
        S::OverlapSending => ours(side, it, &[M::SetupAcknowledge], row),
        S::SentProceeding => ours(side, it, &[M::CallProceeding], row),
        S::Delivered => ours(side, it, &[M::CallProceeding, M::Alerting], row),
        S::Active => ours(side, it, &[M::CallProceeding, M::Connect], row),
        S::Present => peers(it, &[]),
        S::OverlapReceiving => peers(it, &[Command::SetupAck { call: PEER }]),
        S::Proceeding => peers(it, &[Command::Proceed { call: PEER }]),
        S::Received => peers(it, &[Command::Alert { call: PEER, in_band: false }]),
        S::ConnectRequest => peers(it, &[Command::Connect { call: PEER }]),
        S::DisconnectSent => {
            let call = go(side, it, S::Active, row);
            let in_band = row == "T306";
            let Command::Disconnect { call, cause, .. } = disconnect(call) else { unreachable!() };
            it.order(NOW, Command::Disconnect { call, cause, in_band });
            call
        }
        S::DisconnectReceived => {
            let call = go(side, it, S::Active, row);
            it.hear(NOW, &inputs::of_own("DISCONNECT with tones", side));
            call
        }
        S::ReleaseRequest => {
            let call = go(side, it, S::Active, row);
            it.order(Millis(0), disconnect(call));
            // T305 ends at NOW, so that RELEASE has the cause 16.
            it.expire(NOW);
            assert_eq!(it.kinds().last(), Some(&M::Release));
            call
        }
    }
}

fn ours(side: PriSide, it: &mut Side, answers: &[M], row: &str) -> CallHandle {
    go(side, it, S::SetupSent, row);
    for kind in answers {
        it.hear(NOW, &inputs::of_own(kind.name(), side));
    }
    OWN
}

fn peers(it: &mut Side, orders: &[Command]) -> CallHandle {
    it.hear(NOW, &inputs::peers_setup());
    for order in orders {
        it.order(NOW, order.clone());
    }
    PEER
}
