//! The data link under calls: reset (Q.931 5.8.8), loss and return (5.8.9), with T309 and without.

use crate::bench::{ALL, Pair, Side, USER, config, disconnect, setup};
use idl::spans::PriSide;
use q931::control::{CallHandle, CallState, Command, Config, EndedBy, Event, Input};
use q931::{CauseValue, MessageType as M};
use vocab::Millis;

#[test]
fn with_t309_an_active_call_outlives_a_loss_of_the_link_and_is_verified() {
    let mut pair = Pair::new();
    let (call, peer) = pair.answered(1);
    pair.cut();
    pair.pass(89_000);
    assert_eq!(pair.user.establish, 1, "the link is asked for");
    pair.user.forget();
    pair.establish();
    assert!(pair.user.kinds().contains(&M::StatusEnquiry));
    pair.pass(600_000);
    assert_eq!(pair.user.interface.call_state(call), Some(CallState::Active));
    assert_eq!(pair.network.interface.call_state(peer), Some(CallState::Active));
    pair.user_orders(disconnect(call));
    pair.assert_idle(ALL);
}

#[test]
fn t309_ends_the_call_with_cause_27_where_the_link_does_not_come_back() {
    let mut pair = Pair::new();
    let (call, peer) = pair.answered(1);
    pair.cut();
    pair.pass(90_000);
    for (side, call) in [(&pair.user, call), (&pair.network, peer)] {
        let end = side.end(call).expect("the end is told");
        assert_eq!((end.cause, end.by), (CauseValue::DestinationOutOfOrder, EndedBy::Link));
        assert_eq!(side.times_released(call), 1);
    }
    pair.assert_idle(ALL);
}

#[test]
fn without_t309_the_loss_of_the_link_ends_every_call_at_once() {
    let without = |side| Config { t309: false, ..config(side) };
    let mut pair = Pair::with(without(PriSide::User), without(PriSide::Network));
    let (call, peer) = pair.answered(1);
    pair.cut();
    assert_eq!((pair.user.times_released(call), pair.network.times_released(peer)), (1, 1));
    assert!(pair.user.kinds().iter().all(|kind| *kind != M::Disconnect), "nothing can be sent");
    pair.assert_idle(ALL);
}

#[test]
fn calls_that_are_not_active_end_with_the_link_on_both_sides() {
    let mut pair = Pair::new();
    pair.user_orders(setup(1));
    pair.user_orders(setup(2));
    let (active, _) = pair.answered(3);
    let (clearing, _) = pair.answered(4);
    pair.user.order(pair.now, disconnect(clearing));
    pair.cut();
    for call in [1, 2, 4] {
        let end = pair.user.end(CallHandle(call)).expect("the end is told");
        assert!(matches!(end.by, EndedBy::Link | EndedBy::Caller));
    }
    assert_eq!((pair.user.interface.call_count(), pair.network.interface.call_count()), (1, 2));
    pair.establish();
    assert_eq!(pair.user.interface.call_state(active), Some(CallState::Active));
    pair.pass(1_000);
    // The network still had the call that the user was clearing: its STATUS ENQUIRY found it gone.
    assert_eq!(pair.network.interface.call_count(), 1);
}

#[test]
fn a_call_that_the_peer_lost_while_the_link_was_away_ends_when_it_is_back() {
    let without = Config { t309: false, ..config(PriSide::Network) };
    let mut pair = Pair::with(config(PriSide::User), without);
    let (call, _) = pair.answered(1);
    pair.cut();
    pair.establish();
    let end = pair.user.end(call).expect("the end is told");
    assert_eq!((end.cause, end.by), (CauseValue::TemporaryFailure, EndedBy::Protocol));
    pair.assert_idle(ALL);
}

#[test]
fn a_call_whose_state_the_peer_never_tells_is_cleared_after_t322_twice() {
    let mut it = Side::up(config(PriSide::User));
    it.order(Millis(0), setup(1));
    let call = CallHandle(1);
    it.order(Millis(0), Command::Enquire { call });
    it.expire(Millis(3_999));
    assert_eq!(it.kinds(), [M::Setup, M::StatusEnquiry]);
    it.expire(Millis(4_000));
    it.expire(Millis(8_000));
    assert_eq!(it.times_released(call), 1);
}

#[test]
fn during_t309_the_caller_can_end_a_call_without_the_peer() {
    let mut pair = Pair::new();
    let (call, peer) = pair.answered(1);
    pair.cut();
    pair.user.order(pair.now, disconnect(call));
    assert_eq!(pair.user.end(call).map(|end| end.by), Some(EndedBy::Caller));
    pair.establish();
    pair.pass(1_000);
    assert_eq!(pair.network.times_released(peer), 1);
    pair.assert_idle(ALL);
}

#[test]
fn with_active_calls_the_return_of_the_link_restarts_only_the_free_channels() {
    let start = |side| Config { restart_on_start: true, ..config(side) };
    let mut pair = Pair::with(start(PriSide::User), config(PriSide::Network));
    let (call, _) = pair.answered(1);
    pair.cut();
    pair.user.forget();
    pair.establish();
    assert_eq!(pair.user.interface.call_state(call), Some(CallState::Active));
    assert_eq!(pair.user.kinds().iter().filter(|kind| **kind == M::Restart).count(), ALL - 1);
    assert_eq!(pair.user.interface.idle_channels(), ALL - 1);
}

#[test]
fn clause_5_8_8_a_reset_of_the_link_clears_calls_in_overlap_and_keeps_the_others() {
    let mut pair = Pair::new();
    let (active, _) = pair.answered(1);
    pair.user_orders(setup(2));
    let peer = pair.network.incoming().expect("the network hears of it");
    pair.network_orders(Command::SetupAck { call: peer });
    pair.user.step(pair.now, Input::LinkReset);
    pair.deliver();
    assert_eq!(pair.user.end(CallHandle(2)).map(|end| end.cause), Some(CauseValue::TemporaryFailure));
    assert_eq!(pair.network.times_released(peer), 1);
    assert_eq!(pair.user.interface.call_state(active), Some(CallState::Active));
}

#[test]
fn a_restart_that_was_out_when_the_link_was_reset_is_sent_again_at_once() {
    let mut pair = Pair::new();
    pair.user.order(pair.now, Command::RestartAll);
    // Lost with the reset: T316 would find out after two minutes.
    pair.user.forget();
    pair.user.step(pair.now, Input::LinkReset);
    assert_eq!(pair.user.kinds(), [M::Restart]);
    pair.deliver();
    pair.assert_idle(ALL);
}

#[test]
fn a_link_that_bounces_leaves_no_call_and_no_channel_behind() {
    let mut pair = Pair::new();
    for round in 0..200_u64 {
        pair.user_orders(setup(round * 2 + 1));
        pair.answered(round * 2 + 2);
        pair.cut();
        pair.pass(100 * round);
        pair.establish();
    }
    pair.pass(USER.t309_ms);
    for side in [&mut pair.user, &mut pair.network] {
        for event in side.events.clone() {
            if let Event::Connected { call, .. } = event {
                side.order(pair.now, disconnect(call));
            }
        }
    }
    pair.deliver();
    pair.assert_idle(ALL);
    assert!((1..=400).all(|call| pair.user.times_released(CallHandle(call)) == 1));
}
