//! Calls from SETUP to their end, user and network back to back.

use crate::bench::{ALL, Pair, Side, config, disconnect, pii, plain_setup, setup, slot};
use idl::spans::{PriConfig, PriSide, SlotState};
use q931::control::{CallHandle, CallState, Command, Config, EndedBy, Event, MAX_DIGITS, Refusal, Timer};
use q931::ie::Location;
use q931::{CauseValue, MessageType as M};
use vocab::Millis;

#[test]
fn an_answered_call_of_the_user_passes_every_step_and_ends_idle() {
    let mut pair = Pair::new();
    let (call, peer) = pair.answered(1);
    let channel = slot(1);
    assert_eq!(
        pair.user.news(),
        [
            &Event::Proceeding { call, channel },
            &Event::Alerting { call, channel, in_band: true },
            &Event::Connected { call, channel },
        ]
    );
    assert_eq!(pair.user.interface.slot_states()[0], SlotState::Connected);
    assert_eq!(pair.network.interface.call_state(peer), Some(CallState::Active));
    pair.user_orders(disconnect(call));
    assert_eq!(pair.user.kinds(), [M::Setup, M::ConnectAcknowledge, M::Disconnect, M::ReleaseComplete]);
    assert_eq!(pair.network.kinds(), [M::CallProceeding, M::Alerting, M::Connect, M::Release]);
    let end = pair.network.end(peer).expect("the network tells the end");
    assert_eq!((end.cause, end.by), (CauseValue::NormalClearing, EndedBy::Peer));
    let end = pair.user.end(call).expect("the user tells the end");
    assert_eq!((end.cause, end.by), (CauseValue::NormalClearing, EndedBy::Caller));
    pair.assert_idle(ALL);
}

#[test]
fn a_call_of_the_network_is_answered_by_the_user_after_the_award() {
    let mut pair = Pair::new();
    pair.network_orders(setup(1));
    let call = pair.user.incoming().expect("the user hears of it");
    pair.user_orders(Command::Alert { call, in_band: false });
    assert_eq!(pair.network.interface.call_state(CallHandle(1)), Some(CallState::Delivered));
    pair.user_orders(Command::Connect { call });
    assert_eq!(pair.network.kinds(), [M::Setup, M::ConnectAcknowledge]);
    assert!(pair.user.events.contains(&Event::Connected { call, channel: slot(1) }));
    pair.network_orders(disconnect(CallHandle(1)));
    assert_eq!(pair.user.times_released(call), 1);
    pair.assert_idle(ALL);
}

#[test]
fn setup_says_the_numbers_their_types_and_whether_the_caller_may_be_shown() {
    let mut it = Side::up(config(PriSide::User));
    let mut wanted = plain_setup(1);
    wanted.presentation = q931::control::Presentation::Restricted;
    wanted.called_type = Some(idl::spans::NumberType::National);
    it.order(Millis(0), Command::Setup(Box::new(wanted)));
    let ies = &it.sent[0].ies;
    let called = ies.called_number().expect("a called number");
    assert_eq!(called.digits.reveal().as_str(), "13800000000");
    assert_eq!(called.kind, q931::ie::NumberType::National);
    let calling = ies.calling_number().expect("a calling number");
    assert_eq!(calling.digits.reveal().as_str(), "01062345678");
    assert_eq!(calling.kind, q931::ie::NumberType::Unknown);
    assert_eq!(calling.indicators().presentation, q931::ie::Presentation::Restricted);
    assert!(ies.sending_complete());
    assert_eq!(ies.bearer_capability(), Some(&q931::ie::BearerCapability::audio_a_law()));
    let channel = ies.channel_identification().expect("a channel");
    assert_eq!((channel.single_b_channel(), channel.exclusive), (Some(1), true));
}

#[test]
fn dat_04_no_debug_output_of_inputs_and_outputs_shows_a_number() {
    let mut pair = Pair::new();
    pair.user_orders(setup(1));
    let octets = pair.user.sent[0].encode().expect("SETUP");
    let message = q931::control::Input::Message(&octets);
    let shown = format!("{:?} {:?} {:?} {message:?}", setup(1), pair.network.events, pair.user.interface);
    assert!(!shown.contains("1380000") && !shown.contains("0106234"), "{shown}");
}

#[test]
fn overlap_sending_gives_the_number_digit_by_digit_after_setup_acknowledge() {
    let mut pair = Pair::new();
    let mut wanted = plain_setup(1);
    wanted.overlap = Some(true);
    pair.user_orders(Command::Setup(Box::new(wanted)));
    let peer = pair.network.incoming().expect("the network hears of it");
    assert!(pair.user.sent[0].ies.called_number().is_none());
    pair.network_orders(Command::SetupAck { call: peer });
    assert_eq!(heard(&pair.network), ("13800000000".to_owned(), 1));
    assert_eq!(pair.user.kinds().iter().filter(|kind| **kind == M::Information).count(), 11);
    pair.network_orders(Command::Proceed { call: peer });
    assert_eq!(pair.user.interface.call_state(CallHandle(1)), Some(CallState::SentProceeding));
}

#[test]
fn digits_given_before_setup_acknowledge_wait_for_it_and_later_ones_go_at_once() {
    let mut pair = Pair::new();
    let call = CallHandle(1);
    let mut wanted = plain_setup(1);
    wanted.called = pii("010");
    wanted.complete = false;
    pair.user_orders(Command::Setup(Box::new(wanted)));
    pair.user_orders(Command::Digits { call, digits: pii("62"), complete: false });
    let peer = pair.network.incoming().expect("the network hears of it");
    assert_eq!(heard(&pair.network).0, "");
    pair.network_orders(Command::SetupAck { call: peer });
    assert_eq!(heard(&pair.network), ("62".to_owned(), 0));
    pair.user_orders(Command::Digits { call, digits: pii("345"), complete: true });
    assert_eq!(heard(&pair.network), ("62345".to_owned(), 1));
}

fn heard(side: &Side) -> (String, usize) {
    let digits = side.events.iter().filter_map(|event| match event {
        Event::Digits { digits, complete, .. } => Some((digits.reveal().clone(), usize::from(*complete))),
        _ => None,
    });
    digits.fold((String::new(), 0), |(all, ends), (digits, end)| (all + &digits, ends + end))
}

#[test]
fn t302_takes_the_digits_that_came_as_the_number() {
    let mut pair = Pair::new();
    let mut wanted = plain_setup(1);
    wanted.called = pii("95588");
    wanted.complete = false;
    pair.user_orders(Command::Setup(Box::new(wanted)));
    let peer = pair.network.incoming().expect("the network hears of it");
    pair.network_orders(Command::SetupAck { call: peer });
    pair.pass(15_000);
    assert_eq!(heard(&pair.network), (String::new(), 1));
    assert_eq!(pair.user.interface.call_state(CallHandle(1)), Some(CallState::SentProceeding));
}

#[test]
fn in_band_progress_is_told_and_stops_t310() {
    let mut pair = Pair::new();
    let call = CallHandle(1);
    pair.user_orders(setup(1));
    let peer = pair.network.incoming().expect("the network hears of it");
    pair.network_orders(Command::Proceed { call: peer });
    pair.network_orders(Command::Progress { call: peer, in_band: true });
    assert!(pair.user.events.contains(&Event::Progress { call, in_band: true, cause: None }));
    pair.pass(600_000);
    assert_eq!(pair.user.interface.call_state(call), Some(CallState::SentProceeding));
}

#[test]
fn the_networks_tones_are_heard_until_the_user_releases() {
    let mut pair = Pair::new();
    let (call, peer) = pair.answered(1);
    let cause = CauseValue::UserBusy;
    pair.network_orders(Command::Disconnect { call: peer, cause, in_band: true });
    assert!(pair.user.events.contains(&Event::Disconnected { call, cause, in_band: true }));
    pair.pass(10_000);
    assert_eq!(pair.user.interface.call_state(call), Some(CallState::DisconnectReceived));
    pair.user_orders(disconnect(call));
    assert_eq!(pair.user.end(call).map(|end| end.cause), Some(cause));
    pair.assert_idle(ALL);
}

#[test]
fn t306_ends_the_tones_where_the_user_does_not() {
    let mut pair = Pair::new();
    let (call, peer) = pair.answered(1);
    pair.network_orders(Command::Disconnect { call: peer, cause: CauseValue::UserBusy, in_band: true });
    pair.pass(30_000);
    assert_eq!((pair.user.times_released(call), pair.network.times_released(peer)), (1, 1));
    pair.assert_idle(ALL);
}

#[test]
fn clause_5_3_5_disconnects_that_cross_end_the_call_once_on_each_side() {
    let mut pair = Pair::new();
    let (call, peer) = pair.answered(1);
    pair.user.order(pair.now, disconnect(call));
    pair.network.order(pair.now, disconnect(peer));
    pair.deliver();
    assert_eq!((pair.user.times_released(call), pair.network.times_released(peer)), (1, 1));
    pair.assert_idle(ALL);
}

#[test]
fn clause_5_3_5_releases_that_cross_need_no_release_complete() {
    let mut pair = Pair::new();
    let (call, peer) = pair.answered(1);
    pair.user.order(pair.now, disconnect(call));
    pair.network.order(pair.now, disconnect(peer));
    let release_complete = |side: &Side| side.kinds().contains(&M::ReleaseComplete);
    pair.deliver();
    assert!(!release_complete(&pair.user) && !release_complete(&pair.network));
}

#[test]
fn a_setup_without_answer_is_sent_twice_and_given_up() {
    let mut it = Side::up(config(PriSide::User));
    it.order(Millis(0), setup(1));
    it.expire(Millis(4_000));
    it.expire(Millis(8_000));
    assert_eq!(it.kinds(), [M::Setup, M::Setup, M::ReleaseComplete]);
    assert_eq!(it.sent[0], it.sent[1]);
    let end = it.end(CallHandle(1)).expect("the end is told");
    assert_eq!((end.cause, end.by), (CauseValue::TimerExpiry, EndedBy::Timer(Timer::T303)));
    assert_eq!(it.interface.idle_channels(), ALL);
}

#[test]
fn a_release_without_answer_has_its_channel_restarted_before_it_is_idle_again() {
    let mut pair = Pair::new();
    let (call, _) = pair.answered(1);
    pair.user.order(pair.now, disconnect(call));
    pair.up = false;
    pair.pass(29_999);
    pair.pass(8_001);
    assert_eq!(pair.user.times_released(call), 1);
    assert_eq!(pair.user.interface.slot_states()[0], SlotState::Restarting);
    assert_eq!(pair.user.interface.idle_channels(), ALL - 1);
    pair.up = true;
    pair.pass(120_000);
    pair.assert_idle(ALL);
}

#[test]
fn each_common_cause_of_a_refusal_reaches_the_caller_with_its_place() {
    for code in [1, 3, 17, 18, 19, 20, 21, 22, 27, 28, 31, 34, 38, 41, 42, 47, 57, 63, 88, 102, 127] {
        let mut pair = Pair::new();
        pair.user_orders(setup(1));
        let peer = pair.network.incoming().expect("the network hears of it");
        let cause = CauseValue::from_code(code);
        pair.network_orders(Command::Reject { call: peer, cause });
        let end = pair.user.end(CallHandle(1)).expect("the end is told");
        let place = Some(Location::PublicNearLocal);
        assert_eq!((end.cause, end.location, end.by), (cause, place, EndedBy::Peer));
        pair.assert_idle(ALL);
    }
}

#[test]
fn l_23_the_products_side_refuses_calls_of_the_network_with_cause_21() {
    let pri = PriConfig { restart_on_start: false, ..PriConfig::default() };
    let mut pair = Pair::with(Config::of(&pri), config(PriSide::Network));
    pair.network_orders(setup(1));
    assert_eq!(pair.user.kinds(), [M::ReleaseComplete]);
    assert!(matches!(
        pair.user.news()[..],
        [Event::IncomingRefused { cause: CauseValue::CallRejected, called, .. }] if called.reveal() == "13800000000"
    ));
    assert_eq!(pair.network.end(CallHandle(1)).map(|end| end.cause), Some(CauseValue::CallRejected));
    pair.assert_idle(ALL);
}

#[test]
fn without_an_idle_channel_a_call_ends_at_once_with_cause_34() {
    let mut pair = Pair::new();
    for call in 1..=30 {
        pair.answered(call);
    }
    assert_eq!(pair.user.interface.idle_channels(), 0);
    pair.user_orders(setup(31));
    let end = pair.user.end(CallHandle(31)).expect("the end is told");
    assert_eq!((end.cause, end.by), (CauseValue::NoChannelAvailable, EndedBy::NoChannel));
    for call in 1..=30 {
        pair.user_orders(disconnect(CallHandle(call)));
    }
    pair.assert_idle(ALL);
}

#[test]
fn without_the_data_link_a_call_ends_at_once_and_nothing_is_sent() {
    let mut it = Side::new(config(PriSide::User));
    it.order(Millis(0), setup(1));
    let end = it.end(CallHandle(1)).expect("the end is told");
    assert_eq!((end.cause, end.by), (CauseValue::NetworkOutOfOrder, EndedBy::NoChannel));
    assert!(it.sent.is_empty());
}

#[test]
fn a_channel_asked_for_by_name_is_taken_or_the_call_ends_with_cause_44() {
    let mut pair = Pair::new();
    for call in 1..=2 {
        let mut wanted = plain_setup(call);
        wanted.channel = Some(slot(20));
        pair.user_orders(Command::Setup(Box::new(wanted)));
    }
    assert_eq!(pair.user.interface.call_channel(CallHandle(1)), Some(slot(20)));
    let end = pair.user.end(CallHandle(2)).map(|end| end.cause);
    assert_eq!(end, Some(CauseValue::RequestedChannelNotAvailable));
}

#[test]
fn a_call_to_what_is_no_number_or_on_what_is_no_channel_ends_at_once_and_nothing_is_sent() {
    let mut it = Side::up(config(PriSide::User));
    let numbers = ["12a", "1 2", "+86", &"1".repeat(MAX_DIGITS + 1)];
    for (call, number) in (1..).zip(numbers) {
        let mut wanted = plain_setup(call);
        wanted.called = pii(number);
        it.order(Millis(0), Command::Setup(Box::new(wanted)));
        let end = it.end(CallHandle(call)).expect("the end is told");
        assert_eq!((end.cause, end.by), (CauseValue::InvalidNumberFormat, EndedBy::Caller));
    }
    let mut wanted = plain_setup(9);
    wanted.channel = Some(slot(16));
    it.order(Millis(0), Command::Setup(Box::new(wanted)));
    assert_eq!(it.end(CallHandle(9)).map(|end| end.cause), Some(CauseValue::ChannelDoesNotExist));
    assert!(it.sent.is_empty() && it.interface.call_count() == 0);
}

#[test]
fn orders_that_make_no_sense_are_refused_and_change_nothing() {
    let mut it = Side::up(config(PriSide::User));
    it.order(Millis(0), setup(1));
    it.order(Millis(0), setup(1));
    it.order(Millis(0), setup(q931::control::PEER_CALLS_FROM));
    it.order(Millis(0), disconnect(CallHandle(9)));
    it.order(Millis(0), Command::Digits { call: CallHandle(1), digits: pii("1b"), complete: false });
    for channel in [0, 16, 32, 255] {
        it.order(Millis(0), Command::Block(slot(channel)));
        it.order(Millis(0), Command::RestartChannel(slot(channel)));
    }
    let refusals: Vec<_> = it.news();
    assert_eq!(refusals.len(), 12);
    assert_eq!(refusals[0], &Event::Refused(Refusal::HandleInUse(CallHandle(1))));
    assert_eq!(refusals[2], &Event::Refused(Refusal::NoSuchCall(CallHandle(9))));
    assert_eq!(refusals[3], &Event::Refused(Refusal::Digits(CallHandle(1))));
    assert_eq!(refusals[4], &Event::Refused(Refusal::NoSuchChannel(slot(0))));
    assert_eq!(it.kinds(), [M::Setup]);
}

#[test]
fn ten_thousand_calls_in_a_row_leave_every_channel_idle_and_every_end_told_once() {
    let mut pair = Pair::new();
    for number in 1..=10_000 {
        let (call, peer) = pair.answered(number);
        match number % 4 {
            0 => pair.user_orders(disconnect(call)),
            1 => pair.network_orders(disconnect(peer)),
            2 => pair.network_orders(Command::Disconnect {
                call: peer,
                cause: CauseValue::NormalClearing,
                in_band: true,
            }),
            _ => pair.user_orders(disconnect(call)),
        }
        if number % 4 == 2 {
            pair.user_orders(disconnect(call));
        }
        assert_eq!((pair.user.times_released(call), pair.network.times_released(peer)), (1, 1));
        pair.user.forget();
        pair.network.forget();
    }
    pair.assert_idle(ALL);
    assert_eq!((pair.user.interface.deadline(), pair.network.interface.deadline()), (None, None));
}
