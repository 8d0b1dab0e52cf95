//! RESTART (Q.931 5.5) both ways, answered, half answered and not answered; SERVICE.

use crate::bench::{ALL, Pair, Side, config, disconnect, setup, slot};
use idl::spans::{PriSide, SlotState};
use q931::control::{CallHandle, Command, Config, EndedBy, Event, Fault, Input, Refusal};
use q931::ie::{
    CallState, CallStateValue, Cause, ChangeStatus, ChannelIdentification, Channels, Location, RestartClass,
    Selection, ServiceStatus,
};
use q931::{CallRef, CauseValue, Flag, Ie, Message, MessageType as M};
use vocab::Millis;

#[test]
fn a_restarted_channel_ends_its_call_on_both_sides_and_is_idle_again() {
    let mut pair = Pair::new();
    let (call, peer) = pair.answered(1);
    let (other, _) = pair.answered(2);
    pair.user_orders(Command::RestartChannel(slot(1)));
    assert_eq!(pair.user.end(call).map(|end| end.by), Some(EndedBy::Restart));
    assert_eq!(pair.network.end(peer).map(|end| end.by), Some(EndedBy::Restart));
    assert!(pair.user.events.contains(&Event::RestartDone { channels: vec![slot(1)] }));
    assert!(pair.network.events.contains(&Event::RestartedByPeer { channels: vec![slot(1)] }));
    assert_eq!(pair.user.interface.slot_states()[..2], [SlotState::Idle, SlotState::Connected]);
    pair.network_orders(Command::RestartChannel(slot(2)));
    assert_eq!(pair.user.times_released(other), 1);
    pair.assert_idle(ALL);
}

#[test]
fn a_restarted_interface_ends_all_calls_on_both_sides() {
    let mut pair = Pair::new();
    for call in 1..=5 {
        pair.answered(call);
    }
    pair.user_orders(setup(6));
    pair.network_orders(Command::RestartAll);
    for call in 1..=6 {
        assert_eq!(pair.user.times_released(CallHandle(call)), 1);
    }
    pair.assert_idle(ALL);
}

#[test]
fn several_channels_by_number_and_by_map_are_restarted_and_acknowledged_as_asked() {
    let map = match ChannelIdentification::b_channels(Vec::new(), true) {
        ChannelIdentification { selection: Selection::Indicated(mut indicated), .. } => {
            indicated.channels = Channels::Map(vec![0x80, 0, 0, 0x0a]);
            ChannelIdentification {
                interface: None,
                exclusive: true,
                d_channel: false,
                selection: Selection::Indicated(indicated),
            }
        }
        other => panic!("{other:?}"),
    };
    for element in [ChannelIdentification::b_channels(vec![1, 3, 31], true), map] {
        let mut it = Side::up(config(PriSide::User));
        for call in 1..=3 {
            it.order(Millis(0), setup(call));
        }
        it.forget();
        it.hear(Millis(0), &restart(RestartClass::Channels, Some(element.clone())));
        assert_eq!(it.times_released(CallHandle(1)) + it.times_released(CallHandle(3)), 2);
        assert_eq!(it.times_released(CallHandle(2)), 0);
        assert_eq!(it.kinds(), [M::RestartAcknowledge]);
        assert_eq!(it.sent[0].call_ref, CallRef::global(Flag::ToOriginator));
        assert_eq!(it.sent[0].ies.channel_identification(), Some(&element));
        assert_eq!(it.sent[0].ies.restart_indicator(), Some(&RestartClass::Channels));
        let channels = vec![slot(1), slot(3), slot(31)];
        assert!(it.events.contains(&Event::RestartedByPeer { channels }));
    }
}

#[test]
fn a_restart_that_names_some_channels_of_others_is_acknowledged_for_ours() {
    let mut it = Side::up(Config { unused: vec![slot(3)], ..config(PriSide::User) });
    let element = ChannelIdentification::b_channels(vec![1, 3], true);
    it.hear(Millis(0), &restart(RestartClass::Channels, Some(element)));
    assert_eq!(it.sent[0].ies.channel_identification().map(ChannelIdentification::timeslots), Some(vec![1]));
}

#[test]
fn a_restart_of_no_channel_of_ours_is_answered_with_cause_82() {
    let mut it = Side::up(Config { unused: vec![slot(3)], ..config(PriSide::User) });
    for channel in [3, 16, 0] {
        let element = ChannelIdentification::b_channel(channel, true);
        it.hear(Millis(0), &restart(RestartClass::Channels, Some(element)));
    }
    it.hear(Millis(0), &restart(RestartClass::Channels, None));
    assert_eq!(causes(&it), [Some(82); 4]);
}

#[test]
fn a_missing_restart_acknowledge_is_asked_for_again_and_then_blocks_the_channel() {
    let mut it = Side::up(config(PriSide::User));
    it.order(Millis(0), Command::RestartChannel(slot(4)));
    assert_eq!(it.interface.slot_states()[3], SlotState::Restarting);
    it.expire(Millis(120_000));
    assert_eq!(it.kinds(), [M::Restart, M::Restart]);
    it.expire(Millis(240_000));
    assert_eq!(it.kinds().len(), 2);
    assert!(it.events.contains(&Event::RestartFailed { channels: vec![slot(4)] }));
    assert_eq!(it.interface.slot_states()[3], SlotState::BlockedByPeer);
    assert_eq!((it.interface.idle_channels(), it.interface.deadline()), (ALL - 1, None));
    it.order(Millis(240_000), Command::Unblock(slot(4)));
    assert_eq!(it.interface.idle_channels(), ALL);
}

#[test]
fn an_acknowledge_that_comes_too_late_still_returns_its_channel() {
    let mut it = Side::up(config(PriSide::User));
    it.order(Millis(0), Command::RestartChannel(slot(4)));
    it.expire(Millis(120_000));
    it.expire(Millis(240_000));
    it.hear(Millis(241_000), &acknowledge(RestartClass::Channels, &[4]));
    assert!(it.events.contains(&Event::RestartDone { channels: vec![slot(4)] }));
    assert_eq!(it.interface.idle_channels(), ALL);
}

#[test]
fn channels_that_the_acknowledge_of_an_interface_leaves_out_stay_blocked() {
    let mut it = Side::up(config(PriSide::User));
    it.order(Millis(0), Command::RestartAll);
    it.hear(Millis(1), &acknowledge(RestartClass::Interface, &[1, 2, 3]));
    assert_eq!(it.interface.idle_channels(), 3);
    assert_eq!(it.interface.slot_states()[3], SlotState::BlockedByPeer);
    assert_eq!(it.interface.deadline(), None);
}

#[test]
fn an_acknowledge_of_another_channel_does_not_count() {
    let mut it = Side::up(config(PriSide::User));
    it.order(Millis(0), Command::RestartChannel(slot(4)));
    it.hear(Millis(1), &acknowledge(RestartClass::Channels, &[5]));
    assert_eq!(it.interface.slot_states()[3], SlotState::Restarting);
    assert!(it.events.contains(&Event::Faulty(Fault::Unexpected(0x4e))));
}

#[test]
fn restarts_wait_for_one_another() {
    let mut pair = Pair::new();
    for number in [1, 2, 3] {
        pair.user.order(pair.now, Command::RestartChannel(slot(number)));
    }
    assert_eq!(pair.user.kinds(), [M::Restart]);
    pair.deliver();
    assert_eq!(pair.user.kinds(), [M::Restart; 3]);
    pair.assert_idle(ALL);
}

#[test]
fn restarts_that_cross_leave_every_channel_idle() {
    let mut pair = Pair::new();
    pair.answered(1);
    pair.user.order(pair.now, Command::RestartAll);
    pair.network.order(pair.now, Command::RestartAll);
    pair.deliver();
    pair.assert_idle(ALL);
}

#[test]
fn a_restart_of_the_peer_does_not_free_a_channel_whose_own_restart_is_out() {
    let mut it = Side::up(config(PriSide::User));
    it.order(Millis(0), Command::RestartChannel(slot(4)));
    it.hear(Millis(1), &restart(RestartClass::Interface, None));
    assert_eq!(it.interface.slot_states()[3], SlotState::Restarting);
    it.hear(Millis(2), &acknowledge(RestartClass::Channels, &[4]));
    assert_eq!(it.interface.idle_channels(), ALL);
}

#[test]
fn at_the_start_the_interface_is_restarted_and_no_call_is_set_up_before() {
    let start = |side| Config { restart_on_start: true, ..config(side) };
    let mut it = Side::new(start(PriSide::User));
    it.step(Millis(0), Input::LinkEstablished);
    assert_eq!(it.sent[0].ies.restart_indicator(), Some(&RestartClass::Interface));
    assert_eq!(it.interface.idle_channels(), 0);
    let mut pair = Pair::with(start(PriSide::User), start(PriSide::Network));
    pair.assert_idle(ALL);
    pair.answered(1);
}

#[test]
fn a_restart_that_was_out_when_the_link_was_reset_is_sent_again_at_once() {
    let mut it = Side::up(config(PriSide::User));
    it.order(Millis(0), Command::RestartChannel(slot(4)));
    it.step(Millis(1), Input::LinkReset);
    assert_eq!(it.kinds(), [M::Restart, M::Restart]);
    assert_eq!(it.interface.slot_states()[3], SlotState::Restarting);
}

#[test]
fn a_restart_that_was_out_when_the_link_went_is_sent_again_when_it_is_back() {
    let mut it = Side::up(config(PriSide::User));
    it.order(Millis(0), Command::RestartChannel(slot(4)));
    it.step(Millis(1), Input::LinkReleased);
    assert_eq!(it.interface.deadline(), None);
    it.order(Millis(2), Command::RestartChannel(slot(5)));
    assert!(it.events.contains(&Event::Refused(Refusal::LinkDown)));
    it.step(Millis(3), Input::LinkEstablished);
    assert_eq!(it.kinds(), [M::Restart, M::Restart]);
    assert_eq!(it.interface.slot_states()[3], SlotState::Restarting);
}

#[test]
fn clause_5_8_6_a_restart_without_or_with_a_wrong_indicator_is_answered_with_96_or_100() {
    let mut it = Side::up(config(PriSide::User));
    it.hear(Millis(0), &Message::new(CallRef::global(Flag::FromOriginator), M::Restart));
    it.step(Millis(0), Input::Message(&[8, 2, 0, 0, 0x46, 0x79, 1, 0x81]));
    assert_eq!(causes(&it), [Some(96), Some(100)]);
    assert_eq!(it.sent[0].ies.call_state().map(|state| state.value.code()), Some(0));
}

#[test]
fn status_on_the_global_reference_is_told_and_not_answered() {
    let mut it = Side::up(config(PriSide::User));
    let status = Message::new(CallRef::global(Flag::ToOriginator), M::Status)
        .with(Ie::Cause(Cause::new(Location::PublicNearLocal, CauseValue::MessageTypeNotImplemented)))
        .with(Ie::CallState(CallState::new(CallStateValue::Null)));
    it.hear(Millis(0), &status);
    assert_eq!(it.sent.len(), 0);
    let cause = CauseValue::MessageTypeNotImplemented;
    assert_eq!(it.news(), [&Event::Status { call: None, cause, state: 0 }]);
}

#[test]
fn service_of_the_peer_takes_a_channel_out_and_back_and_is_acknowledged() {
    let mut it = Side::up(config(PriSide::User));
    for (status, state, idle) in [
        (ServiceStatus::OutOfService, SlotState::BlockedByPeer, ALL - 1),
        (ServiceStatus::InService, SlotState::Idle, ALL),
        (ServiceStatus::Maintenance, SlotState::BlockedByPeer, ALL - 1),
    ] {
        let change = Ie::ChangeStatus(ChangeStatus { channel: true, status });
        it.hear(
            Millis(0),
            &Message::new(CallRef::global(Flag::FromOriginator), M::Service)
                .with(change.clone())
                .with(Ie::ChannelIdentification(ChannelIdentification::b_channel(7, true))),
        );
        assert_eq!((it.interface.slot_states()[6], it.interface.idle_channels()), (state, idle));
        let answer = it.sent.last().expect("an answer");
        assert_eq!(
            (answer.kind, answer.call_ref),
            (M::ServiceAcknowledge, CallRef::global(Flag::ToOriginator))
        );
        assert!(answer.ies.iter().any(|element| *element == change));
    }
    it.order(Millis(0), Command::Unblock(slot(7)));
    assert_eq!(it.interface.slot_states()[6], SlotState::BlockedByPeer, "the peer's word stands");
}

#[test]
fn our_service_is_told_to_a_network_that_knows_it_and_t321_asks_once_more() {
    let service = Config { service: true, ..config(PriSide::User) };
    let mut pair = Pair::with(service.clone(), Config { service: true, ..config(PriSide::Network) });
    pair.user_orders(Command::Block(slot(7)));
    assert_eq!(pair.network.interface.slot_states()[6], SlotState::BlockedByPeer);
    pair.user_orders(Command::Unblock(slot(7)));
    pair.assert_idle(ALL);
    let mut it = Side::up(service);
    it.order(Millis(0), Command::Block(slot(7)));
    it.expire(Millis(30_000));
    it.expire(Millis(60_000));
    assert_eq!(it.kinds(), [M::Service, M::Service]);
    assert_eq!(it.news(), [&Event::ServiceUnanswered { channel: slot(7) }]);
    assert_eq!(it.interface.slot_states()[6], SlotState::Blocked);
}

#[test]
fn a_network_without_service_is_told_of_no_blocked_channel() {
    let mut it = Side::up(config(PriSide::User));
    it.order(Millis(0), Command::Block(slot(7)));
    assert!(it.sent.is_empty());
}

#[test]
fn blocked_channels_stay_blocked_through_a_restart() {
    let mut pair = Pair::new();
    pair.user_orders(Command::Block(slot(7)));
    pair.network_orders(Command::RestartAll);
    assert_eq!(pair.user.interface.slot_states()[6], SlotState::Blocked);
    let (call, _) = pair.answered(1);
    pair.user_orders(disconnect(call));
}

fn restart(class: RestartClass, element: Option<ChannelIdentification>) -> Message {
    let message = Message::new(CallRef::global(Flag::FromOriginator), M::Restart);
    let message = element.into_iter().map(Ie::ChannelIdentification).fold(message, Message::with);
    message.with(Ie::RestartIndicator(class))
}

fn acknowledge(class: RestartClass, channels: &[u8]) -> Message {
    Message::new(CallRef::global(Flag::ToOriginator), M::RestartAcknowledge)
        .with(Ie::ChannelIdentification(ChannelIdentification::b_channels(channels.to_vec(), true)))
        .with(Ie::RestartIndicator(class))
}

fn causes(it: &Side) -> Vec<Option<u8>> {
    it.sent.iter().map(|message| message.ies.cause().map(|cause| cause.value.code())).collect()
}

#[test]
fn a_service_that_was_out_when_the_link_went_is_sent_again_when_it_is_back() {
    let mut it = Side::up(Config { service: true, ..config(PriSide::User) });
    it.order(Millis(0), Command::Block(slot(7)));
    it.step(Millis(1), Input::LinkReleased);
    assert_eq!(it.interface.deadline(), None);
    it.step(Millis(2), Input::LinkEstablished);
    assert_eq!(it.kinds(), [M::Service, M::Service]);
    assert_eq!(it.sent[0], it.sent[1]);
}

#[test]
fn a_channel_blocked_while_the_link_is_away_is_told_when_it_is_back() {
    let mut it = Side::new(Config { service: true, ..config(PriSide::User) });
    it.order(Millis(0), Command::Block(slot(7)));
    assert!(it.sent.is_empty());
    it.step(Millis(1), Input::LinkEstablished);
    assert_eq!(it.kinds(), [M::Service]);
}

#[test]
fn an_acknowledge_that_names_no_channel_is_about_the_restart_that_is_out() {
    for (order, class, channels) in [
        (Command::RestartChannel(slot(4)), RestartClass::Channels, &[][..]),
        (Command::RestartAll, RestartClass::Channels, &[]),
        (Command::RestartAll, RestartClass::Interface, &[0]),
    ] {
        let mut it = Side::up(config(PriSide::User));
        it.order(Millis(0), order);
        let answer = if channels.is_empty() {
            Message::new(CallRef::global(Flag::ToOriginator), M::RestartAcknowledge)
                .with(Ie::RestartIndicator(class))
        } else {
            acknowledge(class, channels)
        };
        it.hear(Millis(1), &answer);
        assert_eq!((it.interface.idle_channels(), it.interface.deadline()), (ALL, None));
    }
}

#[test]
fn restarts_that_wait_fail_with_the_one_that_is_not_answered() {
    let mut it = Side::up(config(PriSide::User));
    for number in [1, 2, 3] {
        it.order(Millis(0), Command::RestartChannel(slot(number)));
    }
    it.expire(Millis(120_000));
    it.expire(Millis(240_000));
    assert_eq!(it.kinds(), [M::Restart, M::Restart]);
    assert!(it.events.contains(&Event::RestartFailed { channels: vec![slot(1), slot(2), slot(3)] }));
    assert_eq!((it.interface.idle_channels(), it.interface.deadline()), (ALL - 3, None));
}
