//! RFC 4733 events: one digit per press whatever the network does, and RTCP between two boxes.

mod common;

use common::{CUSTOMER, Rig, config, key};
use media::dtmf::Digit;
use media::dtmf::event::{EventReceiver, EventSender, TelephoneEvent};
use media::session::RtcpMode;
use media::srtp::Suite;
use media::{Command, Event, Law, Leg, Session, SrtpPair};
use proptest::prelude::*;

fn payload(event: u8, end: bool, duration: u16) -> [u8; 4] {
    TelephoneEvent { event, end, volume: 10, duration }.octets()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Every packet may be lost, doubled, or come up to two places later; each press of which at
    /// least one packet comes is one digit, in order.
    #[test]
    fn each_press_is_one_digit_under_loss_doubling_and_reordering(
        keys in prop::collection::vec(0u8..16, 1..12),
        fates in prop::collection::vec((prop::bool::weighted(0.3), any::<bool>(), 0usize..3), 12 * 10),
        first in any::<u32>(),
    ) {
        let mut wire = Vec::new();
        for (n, key) in keys.iter().enumerate() {
            let start = first.wrapping_add(n as u32 * 2_400);
            for m in 0..8u16 {
                let packet = (n, start, payload(*key, m >= 5, 160 * (m.min(5) + 1)));
                let (lost, doubled, later) = fates[n * 10 + usize::from(m)];
                // Within the press: the pause between two is longer than the reordering.
                let place = n * 100 + usize::from(m) * 2 + later * 2;
                if !lost {
                    wire.push((place, packet));
                    if doubled {
                        wire.push((place + 1, packet));
                    }
                }
            }
        }
        wire.sort_by_key(|(place, _)| *place);
        let mut receiver = EventReceiver::default();
        let mut told = Vec::new();
        let mut came = Vec::new();
        for (_, (n, start, payload)) in wire {
            told.extend(receiver.receive(start, &payload, 0).map(Digit::event));
            if came.last() != Some(&n) {
                came.push(n);
            }
        }
        let wanted: Vec<u8> = came.into_iter().map(|n| keys[n]).collect();
        prop_assert_eq!(told, wanted);
    }
}

#[test]
fn a_late_packet_of_the_press_before_is_no_new_digit() {
    let mut receiver = EventReceiver::default();
    assert!(receiver.receive(1_000, &payload(1, false, 160), 0).is_some());
    assert!(receiver.receive(3_000, &payload(2, false, 160), 0).is_some());
    assert!(receiver.receive(1_000, &payload(1, true, 800), 0).is_none());
    assert!(receiver.receive(3_000, &payload(2, true, 800), 0).is_none());
}

#[test]
fn a_key_held_longer_than_a_segment_is_one_digit() {
    let mut receiver = EventReceiver::default();
    assert!(receiver.receive(1_000, &payload(5, false, 160), 0).is_some());
    assert!(receiver.receive(1_000, &payload(5, false, 0xFFFF), 1).is_none());
    assert!(receiver.receive(1_000 + 0xFFFF, &payload(5, false, 160), 2).is_none());
    assert!(receiver.receive(1_000 + 0xFFFF, &payload(5, true, 320), 3).is_none());
    assert!(receiver.receive(90_000, &payload(5, false, 160), 4).is_some());
}

#[test]
fn faint_foreign_and_short_events_are_no_digits() {
    let mut receiver = EventReceiver::default();
    let faint = TelephoneEvent { event: 9, end: false, volume: 56, duration: 160 }.octets();
    assert!(receiver.receive(0, &faint, 0).is_none());
    assert!(receiver.receive(0, &payload(16, false, 160), 0).is_none(), "flash");
    assert!(receiver.receive(0, &[9, 0, 0], 0).is_none());
    assert!(receiver.receive(0, &payload(9, false, 160), 0).is_some());
}

#[test]
fn a_key_is_down_until_its_end_or_until_its_packets_stop() {
    let mut receiver = EventReceiver::default();
    receiver.receive(0, &payload(9, false, 160), 1_000_000);
    assert!(receiver.is_down(1_100_000));
    assert!(!receiver.is_down(1_200_000), "lost ends");
    receiver.receive(0, &payload(9, true, 800), 1_250_000);
    assert!(!receiver.is_down(1_250_000));
}

#[test]
fn what_we_send_we_receive_as_one_digit() {
    for code in 0..16 {
        let digit = Digit::from_event(code).expect("a digit");
        let mut sender = EventSender::new(digit, 77, 100);
        let mut receiver = EventReceiver::default();
        let mut told = Vec::new();
        let mut packets = 0;
        while let Some((marker, timestamp, payload)) = sender.next_packet() {
            assert_eq!((marker, timestamp), (packets == 0, 77));
            told.extend(receiver.receive(timestamp, &payload, 0));
            packets += 1;
        }
        assert_eq!(told, [digit]);
        assert_eq!(packets, 5 + 2, "five ticks, the last of them repeated twice");
    }
}

/// Two boxes back to back, 40 ms apart.
fn back_to_back(suite: Option<Suite>) -> (Rig, Rig) {
    let rig = |ours: u8, theirs: u8| {
        let mut config = config(Law::A, CUSTOMER);
        config.ssrc = u32::from(ours) * 0x0101_0101;
        config.rtcp = RtcpMode::Muxed;
        let pair = suite.map(|s| SrtpPair::new(&key(s, ours), &key(s, theirs)).expect("keys"));
        Rig::new(Box::new(Session::new(config, pair)))
    };
    (rig(1, 2), rig(2, 1))
}

fn sent(rig: &Rig) -> Vec<Vec<u8>> {
    [&rig.out.customer, &rig.out.customer_control]
        .into_iter()
        .filter_map(|datagram| datagram.packet().map(|(octets, _)| octets.to_vec()))
        .collect()
}

#[test]
fn two_boxes_measure_their_round_trip_and_say_good_bye() {
    for suite in [None, Some(Suite::AesCm128HmacSha1_80), Some(Suite::AeadAes256Gcm)] {
        let (mut one, mut two) = back_to_back(suite);
        let mut to_one = std::collections::VecDeque::from([Vec::new(), Vec::new()]);
        let mut to_two = to_one.clone();
        for tick in 0..1_500 {
            if tick == 1_490 {
                one.command(Command::HangUp);
            }
            for (rig, queue) in [(&mut one, &mut to_one), (&mut two, &mut to_two)] {
                for datagram in queue.pop_front().unwrap_or_default() {
                    rig.receive(Leg::Customer, CUSTOMER, datagram);
                }
                rig.tick();
            }
            to_two.push_back(sent(&one));
            to_one.push_back(sent(&two));
        }
        for rig in [&one, &two] {
            let stats = rig.call.stats().customer;
            let round_trip = stats.round_trip_us.expect("measured");
            assert!((70_000..=130_000).contains(&round_trip), "{suite:?}: {round_trip}");
            assert_eq!(stats.peer_fraction_lost, Some(0));
            assert_eq!((stats.malformed, stats.srtp_failures, stats.lost), (0, 0, 0));
        }
        assert!(two.events.iter().any(|event| matches!(event, Event::Bye(Leg::Customer))));
        assert!(!one.events.iter().any(|event| matches!(event, Event::Bye(_))));
    }
}
