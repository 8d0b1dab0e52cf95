//! RTP and RTCP: what is written is read back, what is malformed is refused, counts are right.

use media::rtcp::build::Report;
use media::rtcp::{
    Compound, ReportBlock, RtcpError, SenderInfo, interval_us, ntp_middle, ntp_of_us, round_trip_us,
};
use media::rtp::{RtpError, RtpHeader, RtpPacket, header_len};
use media::source::{Arrival, Source};
use proptest::prelude::*;

fn header() -> impl Strategy<Value = RtpHeader> {
    (any::<bool>(), 0u8..128, any::<u16>(), any::<u32>(), any::<u32>()).prop_map(
        |(marker, payload_type, sequence, timestamp, ssrc)| RtpHeader {
            marker,
            payload_type,
            sequence,
            timestamp,
            ssrc,
        },
    )
}

fn block() -> impl Strategy<Value = ReportBlock> {
    (any::<[u32; 5]>(), any::<u8>(), -0x80_0000i32..0x80_0000).prop_map(
        |([ssrc, highest, jitter, last_sr, delay_since_last_sr], fraction_lost, cumulative_lost)| {
            ReportBlock {
                ssrc,
                fraction_lost,
                cumulative_lost,
                highest,
                jitter,
                last_sr,
                delay_since_last_sr,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_rtp_packet_is_read_as_it_was_written(
        header in header(),
        payload in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut out = [0; 500];
        let len = header.write(&payload, &mut out).expect("room");
        let packet = RtpPacket::parse(&out[..len]).expect("our own");
        prop_assert_eq!(packet.header, header);
        prop_assert_eq!(packet.payload, &payload[..]);
        prop_assert_eq!((packet.csrc.len(), packet.extension, packet.padding), (0, None, 0));
    }

    #[test]
    fn csrc_extension_and_padding_are_separated_from_the_payload(
        header in header(),
        csrcs in 0usize..16,
        words in 0usize..20,
        padding in 1u8..40,
        payload in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut front = [0; 12];
        header.write(&[], &mut front).expect("room");
        front[0] |= 0x30 | csrcs as u8;
        let mut octets = front.to_vec();
        octets.extend(vec![0xCC; 4 * csrcs]);
        octets.extend([0xBE, 0xDE, 0, words as u8]);
        octets.extend(vec![0xEE; 4 * words]);
        prop_assert_eq!(header_len(&octets), Ok(octets.len()));
        octets.extend(&payload);
        octets.extend(vec![0; usize::from(padding) - 1]);
        octets.push(padding);
        let packet = RtpPacket::parse(&octets).expect("well-formed");
        prop_assert_eq!(packet.csrc.len(), 4 * csrcs);
        let extension = packet.extension.expect("its bit is set");
        prop_assert_eq!((extension.profile, extension.data.len()), (0xBEDE, 4 * words));
        prop_assert_eq!(packet.payload, &payload[..]);
        for cut in 0..octets.len() - payload.len() - usize::from(padding) {
            prop_assert_eq!(RtpPacket::parse(&octets[..cut]), Err(RtpError::Truncated));
        }
    }

    #[test]
    fn a_compound_is_read_as_it_was_written(
        ssrc in any::<u32>(),
        sender in prop::option::of((any::<u64>(), any::<[u32; 3]>())),
        block in prop::option::of(block()),
        bye in any::<bool>(),
    ) {
        let sender = sender.map(|(ntp, [rtp, packets, octets])| SenderInfo { ntp, rtp, packets, octets });
        let mut out = [0; 128];
        let len = Report { ssrc, sender, block, cname: b"abcdefgh", bye }.write(&mut out).expect("room");
        let compound = Compound::parse(&out[..len]).expect("our own");
        prop_assert_eq!(compound.ssrc, ssrc);
        prop_assert_eq!(compound.sender, sender);
        prop_assert_eq!(compound.reports.at(0).copied(), block);
        prop_assert!(compound.has_cname);
        prop_assert_eq!(compound.bye, bye);
        for cut in 0..len {
            // A cut at a packet's end is a shorter compound; every other one is refused.
            let whole = Compound::parse(&out[..cut]);
            prop_assert!(whole.is_ok() == (cut > 0 && cut.is_multiple_of(4) && ends_a_packet(&out[..cut])));
        }
        prop_assert_eq!(Report { ssrc, sender, block, cname: b"abcdefgh", bye }.write(&mut out[..len - 1]), Err(RtcpError::NoSpace));
    }

    #[test]
    fn no_octets_break_the_parsers(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        media::fuzz_rtp(&octets);
    }
}

fn ends_a_packet(octets: &[u8]) -> bool {
    let mut at = 0;
    while at + 4 <= octets.len() {
        at += 4 * (usize::from(u16::from_be_bytes([octets[at + 2], octets[at + 3]])) + 1);
    }
    at == octets.len()
}

#[test]
fn wrong_versions_and_paddings_are_refused() {
    let mut octets = [0u8; 20];
    assert_eq!(RtpPacket::parse(&octets), Err(RtpError::Version(0)));
    octets[0] = 0xA0;
    assert_eq!(RtpPacket::parse(&octets), Err(RtpError::Padding(0)));
    octets[19] = 9;
    assert_eq!(RtpPacket::parse(&octets), Err(RtpError::Padding(9)));
    octets[19] = 8;
    assert_eq!(RtpPacket::parse(&octets).map(|p| p.payload.len()), Ok(0));
    let bye_first = [0x81, 203, 0, 1, 0, 0, 0, 1];
    assert_eq!(Compound::parse(&bye_first).err(), Some(RtcpError::NoReport));
}

#[test]
fn a_source_is_believed_after_two_packets_in_a_row() {
    let mut source = Source::new(1, 100);
    assert_eq!(source.arrived(100), Arrival::Probation);
    assert_eq!(source.arrived(105), Arrival::Probation);
    assert_eq!(source.arrived(106), Arrival::InOrder);
    assert!(source.is_valid());
    assert_eq!((source.expected(), source.received()), (1, 1));
}

#[test]
fn loss_duplicates_and_order_are_counted_over_the_wrap() {
    let mut source = Source::new(1, 65_500);
    source.trust();
    for n in 0..100u16 {
        let sequence = 65_500u16.wrapping_add(n);
        if n % 10 == 5 {
            continue;
        }
        assert_eq!(source.arrived(sequence), Arrival::InOrder);
        if n % 10 == 1 {
            assert_eq!(source.arrived(sequence), Arrival::Duplicate);
        }
    }
    assert_eq!(source.arrived(65_505), Arrival::Misordered);
    assert_eq!((source.expected(), source.lost(), source.duplicates()), (100, 9, 10));
    assert_eq!(source.extended_max(), 65_500 + 99);
    assert_eq!(source.cumulative_lost(), 100 - 101, "RFC 3550 counts duplicates as received");
}

#[test]
fn the_loss_fraction_is_of_the_interval() {
    let mut source = Source::new(1, 0);
    source.trust();
    for n in 0..100u16 {
        if n % 4 != 3 {
            source.arrived(n);
        }
    }
    source.arrived(100);
    assert_eq!(source.fraction_lost(), (25 * 256 / 101) as u8);
    for n in 101..200u16 {
        source.arrived(n);
    }
    assert_eq!(source.fraction_lost(), 0);
}

#[test]
fn a_restart_of_the_sequence_needs_two_packets() {
    let mut source = Source::new(1, 10);
    source.trust();
    source.arrived(10);
    assert_eq!(source.arrived(40_000), Arrival::Jump);
    assert_eq!(source.arrived(11), Arrival::InOrder);
    assert_eq!(source.arrived(40_000), Arrival::Jump);
    assert_eq!(source.arrived(40_001), Arrival::Restarted);
    assert_eq!(source.arrived(40_002), Arrival::InOrder);
    assert_eq!(source.lost(), 0);
}

#[test]
fn jitter_follows_the_formula_of_rfc_3550() {
    let mut source = Source::new(1, 0);
    let mut expected = 0.0f64;
    for n in 0..500u32 {
        // Every other packet is 4 ms late: a difference of 32 ticks each time.
        let late = 32 * (n % 2);
        source.timed(n * 160 + late, n * 160);
        if n > 0 {
            expected += (32.0 - expected) / 16.0;
        }
    }
    assert!((f64::from(source.jitter()) - expected).abs() <= 1.0, "{} {expected}", source.jitter());
}

#[test]
fn the_round_trip_is_what_remains_after_the_peers_delay() {
    let sent_us = 10_000_000;
    let block = ReportBlock {
        ssrc: 1,
        fraction_lost: 0,
        cumulative_lost: 0,
        highest: 0,
        jitter: 0,
        last_sr: ntp_middle(ntp_of_us(sent_us)),
        delay_since_last_sr: 65_536 / 2,
    };
    let now = ntp_middle(ntp_of_us(sent_us + 500_000 + 80_000));
    let measured = round_trip_us(&block, now).expect("a report was sent");
    assert!(measured.abs_diff(80_000) < 50, "{measured}");
    assert_eq!(round_trip_us(&ReportBlock { last_sr: 0, ..block }, now), None);
}

#[test]
fn reports_are_five_seconds_apart_on_average_and_never_in_step() {
    assert_eq!((interval_us(false, 0), interval_us(false, u16::MAX)), (2_500_000, 7_500_000));
    assert_eq!((interval_us(true, 0), interval_us(true, u16::MAX)), (1_250_000, 3_750_000));
}
