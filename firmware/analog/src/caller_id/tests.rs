//! Callers' numbers from samples and from octets: the forms of China, Bellcore and ETSI, and what is broken.

use super::send::{Fsk, dtmf, fsk, message, multiple, single};
use super::{Absence, CallTime, CallerId, CallerIdKind, CallerIdReceiver, MessageError, RawCallerId};
use crate::dial::DtmfTiming;
use proptest::prelude::*;

fn received(samples: &[i16]) -> Option<RawCallerId> {
    let mut receiver = CallerIdReceiver::new();
    // The line is quiet before and after, and no block begins with the signal.
    let mut line = vec![0_i16; 333];
    line.extend_from_slice(samples);
    line.resize(line.len() + 800, 0);
    line.as_chunks::<160>().0.iter().find_map(|block| receiver.process(block))
}

fn caller(samples: &[i16]) -> Option<CallerId> {
    received(samples).map(|raw| CallerId::read(&raw).expect("it can be read"))
}

fn number(caller: &CallerId) -> &str {
    caller.number.as_ref().map_or("", |number| number.reveal().as_str())
}

#[test]
fn a_chinese_single_message_by_bell_202_is_read() {
    // 17 March, 16:56, 2156430144: the example of a published description of the format.
    let caller = caller(&fsk(&single("03171656", "2156430144"), &Fsk::BELL_202)).expect("a caller");
    assert_eq!(number(&caller), "2156430144");
    assert_eq!(caller.time, Some(CallTime { month: 3, day: 17, hour: 16, minute: 56 }));
}

#[test]
fn a_multiple_message_with_a_name_is_read_by_v23_as_well() {
    // 银行 in GB 2312.
    let name = [0xD2, 0xF8, 0xD0, 0xD0];
    let octets = multiple(Some("12312359"), Ok("+862112345678"), Some(&name));
    for form in [Fsk::BELL_202, Fsk::V23] {
        let caller = caller(&fsk(&octets, &form)).expect("a caller");
        assert_eq!(number(&caller), "+862112345678");
        assert_eq!(caller.name.as_ref().map(|name| name.reveal().as_slice()), Some(&name[..]));
    }
}

#[test]
fn a_message_without_channel_seizure_is_read() {
    let form = Fsk { seizure_bits: 0, mark_bits: 80, ..Fsk::V23 };
    let caller = caller(&fsk(&multiple(None, Ok("4420"), None), &form)).expect("a caller");
    assert_eq!(number(&caller), "4420");
}

#[test]
fn a_withheld_number_is_told_as_such_in_every_form() {
    let by_fsk = |octets: &[u8]| caller(&fsk(octets, &Fsk::BELL_202)).expect("a caller").absence;
    assert_eq!(by_fsk(&single("03171656", "P")), Some(Absence::Private));
    assert_eq!(by_fsk(&single("03171656", "O")), Some(Absence::Unavailable));
    assert_eq!(by_fsk(&multiple(None, Err('P'), None)), Some(Absence::Private));
    let by_keys = |keys: &str| caller(&dtmf(keys, &DtmfTiming::default())).expect("a caller").absence;
    assert_eq!(by_keys("D1#"), Some(Absence::Private));
    assert_eq!(by_keys("D2#"), Some(Absence::Unavailable));
    assert_eq!(by_keys("B10C"), Some(Absence::Private));
    assert_eq!(by_keys("B00C"), Some(Absence::Unavailable));
}

#[test]
fn a_number_by_keys_is_read_in_the_chinese_and_the_european_forms() {
    let quick = DtmfTiming { on_ms: 60, off_ms: 60, ..DtmfTiming::default() };
    for (keys, expected) in [
        ("D02112345678C", "02112345678"),
        ("A33123456#", "33123456"),
        ("A13912345678C", "13912345678"),
        ("B123D", "123"),
    ] {
        let caller = caller(&dtmf(keys, &quick)).expect("a caller");
        assert_eq!(number(&caller), expected, "{keys}");
    }
}

#[test]
fn keys_without_a_first_mark_are_no_number() {
    assert_eq!(received(&dtmf("13912345678#", &DtmfTiming::default())), None);
    assert_eq!(received(&dtmf("D123", &DtmfTiming::default())), None);
}

#[test]
fn the_rates_of_the_norm_are_borne() {
    let octets = single("03171656", "13912345678");
    for off in [-0.01, 0.01] {
        let form = Fsk {
            mark_hz: 1_200.0 * (1.0 + off),
            space_hz: 2_200.0 * (1.0 - off),
            baud: 1_200.0 * (1.0 + off),
            ..Fsk::BELL_202
        };
        for dbm0 in [-4.0, -20.0, -36.0] {
            assert!(received(&fsk(&octets, &Fsk { dbm0, ..form })).is_some(), "{off} {dbm0}");
        }
    }
}

#[test]
fn a_flipped_bit_leaves_no_number() {
    let octets = single("03171656", "2156430144");
    for at in 0..octets.len() * 8 {
        let mut wrong = octets.clone();
        wrong[at / 8] ^= 1 << (at % 8);
        assert!(CallerId::of_message(&wrong).is_err(), "bit {at}");
        let raw = received(&fsk(&wrong, &Fsk::BELL_202));
        assert!(raw.is_none_or(|raw| CallerId::read(&raw).is_err()), "bit {at}");
    }
}

#[test]
fn what_is_broken_is_refused_with_its_reason() {
    let of = CallerId::of_message;
    assert_eq!(of(&[]), Err(MessageError::Length));
    assert_eq!(of(&[4, 9, 1]), Err(MessageError::Length));
    assert_eq!(of(&message(0x82, b"")), Err(MessageError::Type(0x82)));
    assert_eq!(of(&[4, 0, 0]), Err(MessageError::Checksum));
    assert_eq!(of(&message(4, b"1331")), Err(MessageError::Length));
    assert_eq!(of(&single("13311656", "1")), Err(MessageError::Time));
    assert_eq!(of(&single("03171656", "12a")), Err(MessageError::Number));
    assert_eq!(of(&single("03171656", "")), Err(MessageError::Number));
    assert_eq!(of(&single("03171656", &"1".repeat(25))), Err(MessageError::Number));
    assert_eq!(of(&message(0x80, &[2, 9, b'1'])), Err(MessageError::Parameter(2)));
    assert_eq!(of(&message(0x80, &[2])), Err(MessageError::Parameter(2)));
    assert_eq!(of(&message(0x80, &[0x21, 1, 0])), Err(MessageError::Nothing));
    assert_eq!(CallerId::of_keys(b"123#"), Err(MessageError::Keys));
    assert_eq!(CallerId::of_keys(b"D12"), Err(MessageError::Keys));
    assert_eq!(CallerId::of_keys(b"D"), Err(MessageError::Keys));
    assert_eq!(CallerId::of_keys(b"DC"), Err(MessageError::Number));
}

#[test]
fn dat_04_no_form_of_a_number_is_shown() {
    let raw = RawCallerId::new(CallerIdKind::Dtmf, b"D13912345678C");
    let caller = CallerId::read(&raw).expect("a caller");
    let shown = format!("{raw:?} {caller:?} {:?}", CallerIdReceiver::new());
    assert!(!shown.contains("139") && !shown.contains("49, 51"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn what_is_sent_is_what_is_read(digits in "[0-9]{1,20}", month in 1_u8..=12, minute in 0_u8..60, v23: bool) {
        let time = format!("{month:02}0907{minute:02}");
        let form = if v23 { Fsk::V23 } else { Fsk::BELL_202 };
        for octets in [single(&time, &digits), multiple(Some(&time), Ok(&digits), None)] {
            let caller = caller(&fsk(&octets, &form)).expect("a caller");
            prop_assert_eq!(number(&caller), &digits);
            prop_assert_eq!(caller.time, Some(CallTime { month, day: 9, hour: 7, minute }));
        }
    }

    #[test]
    fn no_octets_break_the_reader(octets: Vec<u8>) {
        super::super::fuzz::fuzz_caller_id(&octets);
    }
}
