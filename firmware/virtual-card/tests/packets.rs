//! The encoding of control packets and blocks: what is written is read as it was, and nothing else is read.

use card::{HookState, LineEvent, LineSignal, SpanKind};
use idl::spans::{Alarms, E1Config, Framing, LineCoding, LoopKind, SpanCounters};
use proptest::prelude::*;
use virtual_card::block::{Buffer, packet_length, sequence};
use virtual_card::packet::{Hello, MAX_PACKET, PacketError, ToBox, ToFar, VERSION};
use vocab::Timeslot;

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_and_never_changed(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        virtual_card::fuzz_packet(&bytes);
    }

    #[test]
    fn any_bytes_of_our_version_are_read_or_refused(kind in 0_u8..12, body in prop::collection::vec(0_u8..10, 0..30)) {
        let bytes: Vec<u8> = [VERSION, kind].into_iter().chain(body).collect();
        virtual_card::fuzz_packet(&bytes);
    }

    #[test]
    fn counters_arrive_as_they_were(counters in any::<[u32; 6]>()) {
        let [bipolar, crc4, e_bit, frame, slips, hdlc] = counters;
        let packet = ToBox::Counters(SpanCounters { bipolar, crc4, e_bit, frame, slips, hdlc });
        let encoded = packet.encode();
        prop_assert_eq!(ToBox::decode(encoded.as_bytes()), Ok(packet));
    }

    #[test]
    fn alarms_arrive_as_they_were(bits in any::<[bool; 7]>()) {
        let [los, red, yellow, blue, recovering, loopback, not_open] = bits;
        let packet = ToBox::Alarms(Alarms { los, red, yellow, blue, recovering, loopback, not_open });
        let encoded = packet.encode();
        prop_assert_eq!(ToBox::decode(encoded.as_bytes()), Ok(packet));
    }

    #[test]
    fn frames_arrive_as_they_were(frame in prop::collection::vec(any::<u8>(), 1..=264)) {
        let (to_box, to_far) = (ToBox::Frame(&frame).encode(), ToFar::Frame(&frame).encode());
        prop_assert_eq!(ToBox::decode(to_box.as_bytes()), Ok(ToBox::Frame(&frame)));
        prop_assert_eq!(ToFar::decode(to_far.as_bytes()), Ok(ToFar::Frame(&frame)));
    }
}

#[test]
fn every_signal_event_loop_and_setting_arrives_as_it_was() {
    let hooks = [HookState::On, HookState::Off];
    let events =
        [LineEvent::RingBegins, LineEvent::RingEnds, LineEvent::PolarityReversed, LineEvent::LoopOpen]
            .into_iter()
            .chain([LineEvent::LoopClosed, LineEvent::Flash, LineEvent::Pulse(0), LineEvent::Pulse(10)])
            .chain(hooks.map(LineEvent::Hook));
    for event in events {
        let packet = ToBox::Line(Timeslot(7), event);
        assert_eq!(ToBox::decode(packet.encode().as_bytes()), Ok(packet));
    }
    let signals = [LineSignal::Flash, LineSignal::Break]
        .into_iter()
        .chain(hooks.map(LineSignal::Hook))
        .chain([true, false].map(LineSignal::Ring))
        .chain([true, false].map(LineSignal::Reverse));
    for signal in signals {
        let packet = ToFar::Signal(Timeslot(31), signal);
        assert_eq!(ToFar::decode(packet.encode().as_bytes()), Ok(packet));
    }
    let loops = [None, Some(LoopKind::Local), Some(LoopKind::Network), Some(LoopKind::Payload)];
    for packet in loops.map(ToFar::Loop) {
        assert_eq!(ToFar::decode(packet.encode().as_bytes()), Ok(packet));
    }
    let cas = E1Config {
        coding: LineCoding::Ami,
        framing: Framing::Cas,
        crc4: false,
        timing: 3,
        echo_canceller: false,
    };
    for packet in [ToFar::Configure(cas, false), ToFar::Configure(E1Config::default(), true)] {
        assert_eq!(ToFar::decode(packet.encode().as_bytes()), Ok(packet));
    }
}

#[test]
fn a_hello_carries_kind_and_place_and_a_long_place_is_cut_at_a_character() {
    let hello = Hello { kind: SpanKind::Analogue { ports: 8 }, place: "卡 1，端口 1–8" };
    assert_eq!(ToBox::decode(ToBox::Hello(hello).encode().as_bytes()), Ok(ToBox::Hello(hello)));
    let long = "口".repeat(100);
    let packet = ToFar::Hello(Hello { kind: SpanKind::E1, place: &long }).encode();
    let Ok(ToFar::Hello(read)) = ToFar::decode(packet.as_bytes()) else { panic!("no hello") };
    assert_eq!(read.place, "口".repeat(42));
}

#[test]
fn what_is_no_packet_is_refused_with_its_reason() {
    assert_eq!(ToBox::decode(&[]), Err(PacketError::Fields));
    assert_eq!(ToBox::decode(&[2, 3]), Err(PacketError::Version(2)));
    assert_eq!(ToBox::decode(&[VERSION, 99]), Err(PacketError::Kind(99)));
    assert_eq!(ToBox::decode(&[VERSION, 2]), Err(PacketError::Fields), "a frame of nothing");
    assert_eq!(ToBox::decode(&[VERSION, 4, 0x80]), Err(PacketError::Fields), "an unknown alarm");
    assert_eq!(ToBox::decode(&[VERSION, 1, 1, 0]), Err(PacketError::Fields), "a card without ports");
    assert_eq!(ToBox::decode(&[VERSION, 1, 0, 0, 0xFF]), Err(PacketError::Fields), "a place that is no text");
    assert_eq!(ToFar::decode(&[VERSION, 9, 4]), Err(PacketError::Fields), "an unknown loop");
    assert_eq!(ToFar::decode(&[VERSION; MAX_PACKET + 1]), Err(PacketError::Fields));
}

#[test]
fn a_block_has_one_length_and_shows_its_number() {
    let mut block = Buffer::new(SpanKind::Analogue { ports: 2 });
    block.set_sequence(0xDEAD_BEEF);
    assert_eq!(block.bytes().len(), 8 + 320);
    assert_eq!(sequence(SpanKind::Analogue { ports: 2 }, block.bytes()), Some(0xDEAD_BEEF));
    assert_eq!(sequence(SpanKind::Analogue { ports: 2 }, &block.bytes()[..327]), None);
    assert_eq!(sequence(SpanKind::E1, block.bytes()), None);
    assert_eq!(packet_length(SpanKind::E1), 8 + 31 * 160);
    assert!(block.slot(0).is_none() && block.slot(2).is_some() && block.slot(3).is_none());
}
