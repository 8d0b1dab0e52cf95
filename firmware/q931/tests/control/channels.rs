//! The channel table as the outside sees it: strategies, rented timeslots, blocking, and what the page shows.

use crate::bench::{ALL, Pair, Side, config, disconnect, setup, slot};
use idl::spans::{ChannelSelection, PriSide, SlotState};
use q931::control::{CallHandle, Command, Config, Event};
use vocab::Millis;

#[test]
fn each_strategy_takes_the_channel_it_says() {
    let cases = [
        (ChannelSelection::Ascending, [1, 2, 3, 1]),
        (ChannelSelection::Descending, [31, 30, 29, 31]),
        (ChannelSelection::RoundRobinUp, [1, 2, 3, 4]),
        (ChannelSelection::RoundRobinDown, [31, 30, 29, 28]),
        (ChannelSelection::LeastRecentlyUsed, [1, 2, 3, 4]),
    ];
    for (selection, wanted) in cases {
        let settings = Config { selection, ..config(PriSide::User) };
        let mut pair = Pair::with(settings, config(PriSide::Network));
        let mut taken = Vec::new();
        for call in 1..=3 {
            pair.answered(call);
            taken.extend(pair.user.interface.call_channel(CallHandle(call)).map(|slot| slot.0));
        }
        pair.user_orders(disconnect(CallHandle(1)));
        pair.answered(4);
        taken.extend(pair.user.interface.call_channel(CallHandle(4)).map(|slot| slot.0));
        assert_eq!(taken, wanted, "{selection:?}");
    }
}

#[test]
fn round_robin_goes_past_the_d_channel_and_around() {
    let settings = Config { selection: ChannelSelection::RoundRobinUp, ..config(PriSide::User) };
    let mut pair = Pair::with(settings, config(PriSide::Network));
    let mut taken = Vec::new();
    for call in 1..=31 {
        let (call, _) = pair.answered(call);
        taken.extend(pair.user.interface.call_channel(call).map(|slot| slot.0));
        pair.user_orders(disconnect(call));
    }
    let wanted: Vec<u8> = (1..=15).chain(17..=31).chain([1]).collect();
    assert_eq!(taken, wanted);
}

#[test]
fn the_channel_idle_for_longest_is_the_least_recently_used() {
    let settings = Config { selection: ChannelSelection::LeastRecentlyUsed, ..config(PriSide::User) };
    let mut pair = Pair::with(settings, config(PriSide::Network));
    for call in 1..=30 {
        pair.answered(call);
    }
    for call in [7, 3, 30] {
        pair.user_orders(disconnect(CallHandle(call)));
    }
    for (call, wanted) in [(31, 7), (32, 3), (33, 31)] {
        pair.answered(call);
        assert_eq!(pair.user.interface.call_channel(CallHandle(call)), Some(slot(wanted)));
    }
}

#[test]
fn timeslots_that_are_not_rented_are_shown_as_unused_and_never_taken() {
    let unused = (5..=31).filter(|number| *number != 16).map(slot).collect();
    let mut it = Side::up(Config { unused, ..config(PriSide::User) });
    let states = it.interface.slot_states();
    assert_eq!(states.len(), 31);
    assert_eq!(states[..4], [SlotState::Idle; 4]);
    assert_eq!(
        (states[4], states[15], states[30]),
        (SlotState::Unused, SlotState::Signalling, SlotState::Unused)
    );
    for call in 1..=5 {
        it.order(Millis(0), setup(call));
    }
    assert_eq!((it.sent.len(), it.interface.idle_channels()), (4, 0));
    assert!(it.end(CallHandle(5)).is_some());
}

#[test]
fn a_blocked_channel_keeps_its_call_and_takes_no_other() {
    let mut pair = Pair::new();
    let (call, _) = pair.answered(1);
    pair.user_orders(Command::Block(slot(1)));
    assert_eq!(pair.user.interface.slot_states()[0], SlotState::Connected);
    pair.user_orders(disconnect(call));
    assert_eq!(pair.user.interface.slot_states()[0], SlotState::Blocked);
    pair.user_orders(setup(2));
    assert_eq!(pair.user.interface.call_channel(CallHandle(2)), Some(slot(2)));
    pair.user_orders(Command::Unblock(slot(1)));
    assert_eq!(pair.user.interface.slot_states()[0], SlotState::Idle);
}

#[test]
fn a_call_of_the_peer_on_a_channel_blocked_here_is_refused_with_cause_44() {
    let mut pair = Pair::new();
    pair.user_orders(Command::Block(slot(1)));
    pair.network_orders(setup(1));
    let end = pair.network.end(CallHandle(1)).map(|end| end.cause);
    // The network tries others while it may; the second one is free at the user.
    assert_eq!(end, None);
    assert_eq!(pair.network.interface.call_channel(CallHandle(1)), Some(slot(2)));
}

#[test]
fn the_page_is_told_of_each_change_of_a_channel_once() {
    let mut pair = Pair::new();
    let (call, _) = pair.answered(1);
    pair.user_orders(disconnect(call));
    let states: Vec<_> = pair
        .user
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Channel { channel, state } if *channel == slot(1) => Some(*state),
            _ => None,
        })
        .collect();
    let passed =
        [SlotState::Dialling, SlotState::Ringing, SlotState::Connected, SlotState::Clearing, SlotState::Idle];
    assert_eq!(states, passed);
    assert_eq!(pair.user.events.iter().filter(|event| matches!(event, Event::Channel { .. })).count(), 5);
    pair.assert_idle(ALL);
}
