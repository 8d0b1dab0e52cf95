//! Every element with contents that break its coding: it becomes invalid, the error says where and why, and the
//! rest of the message is read.

use q931::ie::IeFault::{self, Missing, NotIa5, Reserved, TooLong, Unfinished};
use q931::{CallRef, Ie, IeId, Message, MessageError, MessageType};

/// An element's contents, the octet at fault (3 is the first of the contents) and the fault.
type Row = (IeId, &'static [u8], u16, IeFault);

const ROWS: &[Row] = &[
    (IeId::SEGMENTED_MESSAGE, &[0x80], 4, Missing),
    (IeId::BEARER_CAPABILITY, &[0x80], 4, Missing),
    (IeId::BEARER_CAPABILITY, &[0x00], 3, Unfinished),
    (IeId::BEARER_CAPABILITY, &[0x80, 0x10], 4, Unfinished),
    (IeId::BEARER_CAPABILITY, &[0x88, 0x98], 5, Missing),
    (IeId::BEARER_CAPABILITY, &[0x80, 0x90, 0x21], 5, Unfinished),
    (IeId::BEARER_CAPABILITY, &[0x80, 0x90, 0x80], 5, Reserved(0)),
    (IeId::BEARER_CAPABILITY, &[0x80, 0x90, 0xa3, 0xa3], 6, Reserved(0x23)),
    (IeId::BEARER_CAPABILITY, &[0x80, 0x90, 0xe6, 0xc6], 6, Reserved(0x46)),
    (IeId::BEARER_CAPABILITY, &[0x80, 0x90, 0x21, 0, 0, 0, 0, 0x80], 10, TooLong),
    (IeId::CAUSE, &[0x82], 4, Missing),
    (IeId::CAUSE, &[0x02], 3, Unfinished),
    (IeId::CAUSE, &[0x02, 0x80], 5, Missing),
    (
        IeId::CAUSE,
        &[
            0x82, 0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0,
        ],
        37,
        TooLong,
    ),
    (IeId::CALL_IDENTITY, &[1, 2, 3, 4, 5, 6, 7, 8, 9], 11, TooLong),
    (IeId::CHANNEL_IDENTIFICATION, &[0x83], 3, Reserved(3)),
    (IeId::CHANNEL_IDENTIFICATION, &[0xaa], 3, Reserved(0x2a)),
    (IeId::CHANNEL_IDENTIFICATION, &[0xe9], 4, Missing),
    (IeId::CHANNEL_IDENTIFICATION, &[0xe9, 0x01], 4, Unfinished),
    (IeId::CHANNEL_IDENTIFICATION, &[0xa9, 0x83], 5, Missing),
    (IeId::CHANNEL_IDENTIFICATION, &[0xa9, 0x93], 5, Missing),
    (IeId::CHANNEL_IDENTIFICATION, &[0xa9, 0x93, 1, 2, 3, 4, 5], 9, TooLong),
    (
        IeId::CHANNEL_IDENTIFICATION,
        &[
            0xa9, 0x83, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
            24, 25, 26, 27, 28, 29, 30, 31, 32,
        ],
        36,
        TooLong,
    ),
    (IeId::PROGRESS_INDICATOR, &[0x82], 4, Missing),
    (IeId::PROGRESS_INDICATOR, &[0x02], 3, Unfinished),
    (IeId::NETWORK_SPECIFIC_FACILITIES, &[3, 0xa1], 5, Missing),
    (IeId::NETWORK_SPECIFIC_FACILITIES, &[1, 0x21], 4, Unfinished),
    (IeId::NETWORK_SPECIFIC_FACILITIES, &[2, 0xa1, 0x05], 5, NotIa5),
    (IeId::NOTIFICATION_INDICATOR, &[0x01], 3, Unfinished),
    (IeId::DISPLAY, &[b'a'; 129], 131, TooLong),
    (IeId::DATE_TIME, &[24, 12], 5, Missing),
    (IeId::DATE_TIME, &[100, 12, 1], 3, Reserved(100)),
    (IeId::DATE_TIME, &[24, 13, 1], 4, Reserved(13)),
    (IeId::DATE_TIME, &[24, 12, 0], 5, Reserved(0)),
    (IeId::DATE_TIME, &[24, 12, 1, 24], 6, Reserved(24)),
    (IeId::DATE_TIME, &[24, 12, 1, 1, 60], 7, Reserved(60)),
    (IeId::DATE_TIME, &[24, 12, 1, 1, 1, 61], 8, Reserved(61)),
    (IeId::KEYPAD_FACILITY, &[b'1', 0xb1], 4, NotIa5),
    (IeId::KEYPAD_FACILITY, &[b'1'; 65], 67, TooLong),
    (IeId::CONNECTED_NUMBER, &[0x21], 3, Unfinished),
    (IeId::CONNECTED_NUMBER, &[0x21, 0x80, 0x07], 5, NotIa5),
    (IeId::CONNECTED_SUBADDRESS, &[0x00], 3, Unfinished),
    (IeId::CALLING_NUMBER, &[0x21], 3, Unfinished),
    (IeId::CALLING_NUMBER, &[0xa1, b'1', 0x80], 5, NotIa5),
    (IeId::CALLING_NUMBER, &[0xa1, b'1', b'\n'], 5, NotIa5),
    (IeId::CALLING_SUBADDRESS, &[0x80; 34], 36, TooLong),
    (IeId::CALLED_NUMBER, &[0xa1, 0xff], 4, NotIa5),
    (IeId::CALLED_NUMBER, &[0xb1; 2], 4, NotIa5),
    (IeId::CALLED_SUBADDRESS, &[0x00], 3, Unfinished),
    (IeId::REDIRECTING_NUMBER, &[0x21, 0x01], 4, Unfinished),
    (IeId::REDIRECTING_NUMBER, &[0x21, 0x01, 0x81, 0x00], 6, NotIa5),
    (IeId::TRANSIT_NETWORK_SELECTION, &[0x21], 3, Unfinished),
    (IeId::TRANSIT_NETWORK_SELECTION, &[0xa1, 0x80], 4, NotIa5),
    (IeId::RESTART_INDICATOR, &[0x81], 3, Reserved(1)),
    (IeId::RESTART_INDICATOR, &[0x00], 3, Unfinished),
    (IeId::LOW_LAYER_COMPATIBILITY, &[0x80], 4, Missing),
    (IeId::LOW_LAYER_COMPATIBILITY, &[0x00, 0xc0], 5, Missing),
    (IeId::HIGH_LAYER_COMPATIBILITY, &[0x91], 4, Missing),
    (IeId::HIGH_LAYER_COMPATIBILITY, &[0x91, 0x01], 4, Unfinished),
    (IeId::USER_USER, &[0; 130], 132, TooLong),
];

/// Elements that any contents make a value of.
const CANNOT_FAIL: &[IeId] = &[IeId::CHANGE_STATUS, IeId::CALL_STATE, IeId::FACILITY, IeId::SIGNAL];

fn with(id: IeId, contents: &[u8]) -> Message {
    let mut octets = vec![0x08, 2, 0, 1, MessageType::Information.code(), id.0];
    octets.push(u8::try_from(contents.len()).expect("it fits a length octet"));
    octets.extend_from_slice(contents);
    Message::parse(&octets).expect("the head is right")
}

#[test]
fn every_malformed_element_is_invalid_and_says_where_and_why() {
    for (id, contents, octet, fault) in ROWS {
        let message = with(*id, contents);
        let invalid = message.ies.invalid_of(*id).unwrap_or_else(|| panic!("{id} {contents:02x?} was read"));
        assert_eq!((invalid.error.octet, invalid.error.fault), (*octet, *fault), "{id} {contents:02x?}");
        assert_eq!(invalid.octets.reveal(), contents);
        assert!(!message.ies.has(*id), "{id} does not count as there");
    }
}

#[test]
fn every_element_with_a_length_has_a_malformed_row() {
    let named = (0..0x80_u8).map(IeId).filter(|id| id.name() != "unknown element");
    for id in named.filter(|id| !CANNOT_FAIL.contains(id)) {
        assert!(ROWS.iter().any(|(row, ..)| *row == id), "{id} has no malformed row");
    }
}

#[test]
fn an_invalid_element_leaves_the_others_alone() {
    let octets = [0x08, 2, 0, 1, 5, 0x04, 1, 0x80, 0x18, 3, 0xa9, 0x83, 0x81, 0x70, 2, 0xa1, 0x31];
    let message = Message::parse(&octets).expect("the head is right");
    assert_eq!(
        message.ies.invalid().map(|invalid| invalid.id).collect::<Vec<_>>(),
        [IeId::BEARER_CAPABILITY]
    );
    assert!(message.ies.channel_identification().is_some());
    assert!(message.ies.called_number().is_some());
}

#[test]
fn an_error_names_the_element_the_octet_and_the_fault_but_no_digit() {
    let message = with(IeId::CALLED_NUMBER, &[0xa1, b'1', b'3', 0x8b]);
    let invalid = message.ies.first_invalid().expect("invalid");
    assert_eq!(invalid.to_string(), "called party number, octet 6: is no printable IA5 character");
}

#[test]
fn a_message_that_ends_inside_an_element_keeps_what_came_before() {
    let octets = [0x08, 2, 0, 1, 5, 0x04, 3, 0x80, 0x90, 0xa3, 0x70, 12, 0xa1, 0x31, 0x33];
    let message = Message::parse(&octets).expect("the head is right");
    assert!(message.ies.bearer_capability().is_some());
    let invalid = message.ies.invalid_of(IeId::CALLED_NUMBER).expect("it is cut short");
    assert_eq!((invalid.error.octet, invalid.error.fault), (6, IeFault::Truncated));
    let no_length = Message::parse(&[0x08, 2, 0, 1, 5, 0x70]).expect("the head is right");
    assert!(no_length.ies.invalid_of(IeId::CALLED_NUMBER).is_some());
}

#[test]
fn heads_that_clauses_5_8_1_to_5_8_3_have_ignored() {
    assert_eq!(Message::parse(&[]), Err(MessageError::Short(0)));
    assert_eq!(Message::parse(&[0x09, 1, 1, 5]), Err(MessageError::Discriminator(0x09)));
    assert_eq!(Message::parse(&[0x08, 1, 1]), Err(MessageError::Short(3)));
    assert_eq!(Message::parse(&[0x08, 0, 0x00]), Err(MessageError::Short(3)));
    for head in [&[0x08_u8, 0x11, 1, 5][..], &[0x08, 3, 0, 0, 1, 5], &[0x08, 2, 0]] {
        assert!(matches!(Message::parse(head), Err(MessageError::CallRef(_))), "{head:02x?}");
    }
    assert_eq!(Message::parse(&[0x08; 261]), Err(MessageError::Long(261)));
}

#[test]
fn what_cannot_be_sent_says_so() {
    use q931::{EncodeError, UnknownIe};
    use vocab::Pii;
    let with = |ie| Message::new(CallRef::DUMMY, MessageType::Facility).with(ie).encode();
    let long = with(Ie::Facility(Pii::new(vec![0; 256])));
    assert_eq!(long, Err(EncodeError::IeTooLong { id: IeId::FACILITY, octets: 256 }));
    let longer_than_a_frame = Message::new(CallRef::DUMMY, MessageType::Facility)
        .with(Ie::Facility(Pii::new(vec![0; 200])))
        .with(Ie::Facility(Pii::new(vec![0; 200])));
    assert_eq!(longer_than_a_frame.encode(), Err(EncodeError::TooLong(407)));
    let shift = UnknownIe { codeset: 0, id: 0x96, contents: Pii::new(Vec::new()) };
    assert_eq!(with(Ie::Unknown(shift)), Err(EncodeError::ShiftAsIe(0x96)));
}
