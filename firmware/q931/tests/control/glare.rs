//! Q.931 5.7: both sides take channels at the same moment; seeded orders of delivery.

use crate::bench::{ALL, Dice, Pair, Side, config, disconnect, known, plain_setup, rest, setup, slot};
use idl::spans::{ChannelSelection, PriSide};
use q931::CauseValue;
use q931::control::{CallHandle, Command, Config, EndedBy, Event, Input, MAX_RESELECTIONS};
use std::collections::BTreeSet;
use vocab::Millis;

#[test]
fn the_networks_call_keeps_the_channel_and_the_users_goes_to_another() {
    let mut pair = Pair::new();
    pair.user.order(pair.now, setup(1));
    pair.network.order(pair.now, setup(1));
    pair.deliver();
    let incoming = pair.user.incoming().expect("the network's call is there");
    assert_eq!(pair.user.interface.call_channel(incoming), Some(slot(1)));
    assert_eq!(pair.user.interface.call_channel(CallHandle(1)), Some(slot(2)));
    let peer = pair.network.incoming().expect("the user's call is there");
    assert_eq!(pair.network.interface.call_channel(peer), Some(slot(2)));
}

#[test]
fn a_preferred_channel_is_exchanged_by_the_networks_first_answer() {
    let user = Config { exclusive: false, ..config(PriSide::User) };
    let mut pair = Pair::with(user, config(PriSide::Network));
    pair.user.order(pair.now, setup(1));
    pair.network.order(pair.now, setup(1));
    pair.deliver();
    let peer = pair.network.incoming().expect("the user's call is there");
    pair.network_orders(Command::Proceed { call: peer });
    assert!(pair.user.events.contains(&Event::Proceeding { call: CallHandle(1), channel: slot(2) }));
    assert_eq!(pair.user.kinds().iter().filter(|kind| **kind == q931::MessageType::Setup).count(), 1);
}

#[test]
fn a_call_for_one_named_channel_ends_with_cause_44() {
    let mut pair = Pair::new();
    let mut wanted = plain_setup(1);
    wanted.channel = Some(slot(1));
    pair.user.order(pair.now, Command::Setup(Box::new(wanted)));
    pair.network.order(pair.now, setup(1));
    pair.deliver();
    let end = pair.user.end(CallHandle(1)).expect("the end is told");
    assert_eq!((end.cause, end.by), (CauseValue::RequestedChannelNotAvailable, EndedBy::Peer));
}

#[test]
fn glare_on_the_only_channel_ends_the_users_call_with_cause_44() {
    let unused: Vec<_> = (2..=31).map(slot).collect();
    let user = Config { unused: unused.clone(), ..config(PriSide::User) };
    let mut pair = Pair::with(user, Config { unused, ..config(PriSide::Network) });
    pair.user.order(pair.now, setup(1));
    pair.network.order(pair.now, setup(1));
    pair.deliver();
    let end = pair.user.end(CallHandle(1)).expect("the end is told");
    assert_eq!((end.cause, end.by), (CauseValue::RequestedChannelNotAvailable, EndedBy::Peer));
    assert!(pair.user.incoming().is_some());
}

#[test]
fn glare_on_a_channel_blocked_meanwhile_gives_it_to_neither() {
    let mut pair = Pair::new();
    pair.user.order(pair.now, setup(1));
    pair.user.order(pair.now, Command::Block(slot(1)));
    pair.network.order(pair.now, setup(1));
    pair.deliver();
    let incoming = pair.user.incoming().expect("the network's call is there");
    assert_ne!(pair.user.interface.call_channel(incoming), Some(slot(1)));
    assert_eq!(pair.user.interface.slot_states()[0], idl::spans::SlotState::Blocked);
}

#[test]
fn a_peer_that_refuses_every_channel_is_asked_a_bounded_number_of_times() {
    let mut pair = Pair::new();
    for number in 1..=31 {
        pair.network.order(pair.now, Command::Block(slot(number)));
    }
    pair.user_orders(setup(1));
    assert_eq!(pair.user.sent.len(), usize::from(MAX_RESELECTIONS) + 1);
    let end = pair.user.end(CallHandle(1)).map(|end| end.cause);
    assert_eq!(end, Some(CauseValue::RequestedChannelNotAvailable));
    assert_eq!(pair.user.interface.idle_channels(), ALL);
}

/// A user whose one call is refused with cause 44 after this; how often it then asked with SETUP in all.
fn asked_when_refused_after(before: impl FnOnce(&mut Side)) -> usize {
    let mut user = Side::up(config(PriSide::User));
    user.order(Millis(1), setup(1));
    before(&mut user);
    // RELEASE COMPLETE of reference 1, cause 44 by the network near the user.
    user.step(Millis(3), Input::Message(&[0x08, 2, 0x80, 1, 0x5a, 0x08, 2, 0x82, 0xac]));
    let end = user.end(CallHandle(1)).map(|end| end.cause);
    assert!(end.is_none() || end == Some(CauseValue::RequestedChannelNotAvailable));
    user.kinds().iter().filter(|kind| **kind == q931::MessageType::Setup).count()
}

#[test]
fn a_refused_channel_is_changed_only_while_nothing_shows_that_the_network_went_on_with_the_call() {
    assert_eq!(asked_when_refused_after(|_| {}), 2, "at once another channel");
    // PROGRESS, in-band information: somebody may have been called already.
    let progress = [0x08, 2, 0x80, 1, 0x03, 0x1e, 2, 0x82, 0x88];
    let heard = asked_when_refused_after(|user| user.step(Millis(2), Input::Message(&progress)));
    assert_eq!(heard, 1, "after PROGRESS the call is over");
    // What the network answered before the link was set up anew may be lost.
    let reset = asked_when_refused_after(|user| user.step(Millis(2), Input::LinkReset));
    assert_eq!(reset, 1, "after a reset of the link the call is over");
}

#[test]
fn a_thousand_seeds_of_glare_leave_every_call_with_a_channel_of_its_own_or_over() {
    let mut moved = 0;
    for seed in 0..1_000 {
        moved += run(seed);
    }
    assert!(moved > 1_000, "glare hardly happened: {moved}");
}

/// One run; says how many calls of the user did not stay on their first channel.
fn run(seed: u64) -> usize {
    let mut dice = Dice::new(seed);
    let selections =
        [ChannelSelection::Ascending, ChannelSelection::Descending, ChannelSelection::RoundRobinUp];
    let selection = selections[dice.below(3)];
    let user = Config { exclusive: dice.below(2) == 0, selection, ..config(PriSide::User) };
    let network = Config { exclusive: dice.below(2) == 0, selection, ..config(PriSide::Network) };
    let mut pair = Pair::with(user, network);
    let calls = 1 + dice.below(12) as u64;
    for call in 1..=calls {
        pair.user.order(pair.now, setup(call));
        pair.network.order(pair.now, setup(call));
    }
    let first: Vec<_> = (1..=calls).map(|call| pair.user.interface.call_channel(CallHandle(call))).collect();
    rest(&mut pair, &mut dice);
    for handle in known(&pair.network) {
        pair.network.order(pair.now, Command::Connect { call: handle });
    }
    for handle in known(&pair.user) {
        pair.user.order(pair.now, Command::Connect { call: handle });
    }
    rest(&mut pair, &mut dice);
    let moved = (1..=calls)
        .zip(first)
        .filter(|(call, first)| pair.user.interface.call_channel(CallHandle(*call)) != *first);
    let moved = moved.count();
    for side in [&pair.user, &pair.network] {
        let handles: Vec<_> = (1..=calls).map(CallHandle).chain(known(side)).collect();
        let channels: Vec<_> = handles.iter().filter_map(|call| side.interface.call_channel(*call)).collect();
        let own: BTreeSet<_> = channels.iter().collect();
        assert_eq!(own.len(), channels.len(), "seed {seed}: two calls on one channel");
        for call in handles {
            let over = side.times_released(call);
            let lives = usize::from(side.interface.call_state(call).is_some());
            assert_eq!(over + lives, 1, "seed {seed}: {call:?} is over {over} times and lives {lives} times");
        }
    }
    assert_eq!(pair.user.interface.slot_states(), pair.network.interface.slot_states(), "seed {seed}");
    for call in (1..=calls).map(CallHandle) {
        pair.user.order(pair.now, disconnect(call));
        pair.network.order(pair.now, disconnect(call));
    }
    rest(&mut pair, &mut dice);
    pair.assert_idle(ALL);
    moved
}
