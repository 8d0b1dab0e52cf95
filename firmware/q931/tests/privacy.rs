//! Digits and texts of people reach no log and no trace.

use q931::ie::Ia5;
use q931::{Message, mask_digits};

/// A SETUP in which every element that can holds this secret; `x` octets are binary.
fn everything(secret: &[u8]) -> Vec<u8> {
    let mut octets = vec![0x08, 2, 0, 1, 5, 0x04, 3, 0x80, 0x90, 0xa3];
    let mut add = |id: u8, head: &[u8]| {
        let length = head.len() + secret.len();
        octets.extend_from_slice(&[id, u8::try_from(length).expect("short")]);
        octets.extend_from_slice(head);
        octets.extend_from_slice(secret);
    };
    add(0x08, &[0x82, 0x96]); // cause 22: the new number
    add(0x1c, &[0x91]);
    add(0x28, &[]);
    add(0x2c, &[]);
    add(0x4c, &[0x21, 0x83]);
    add(0x4d, &[0x80]);
    add(0x6c, &[0x21, 0x81]);
    add(0x6d, &[0x80]);
    add(0x70, &[0xa1]);
    add(0x71, &[0xa0]);
    add(0x73, &[0x21, 0x81]); // the original called number of some exchanges
    add(0x74, &[0x21, 0x01, 0x82]);
    add(0x7e, &[0x04]);
    octets.push(0x96);
    octets.extend_from_slice(&[0x32, u8::try_from(secret.len()).expect("short")]);
    octets.extend_from_slice(secret);
    octets
}

const SECRET: &[u8] = b"13987654321";

fn shows(shown: &[u8], secret: &[u8]) -> bool {
    shown.windows(4).any(|window| secret.windows(4).any(|part| part == window))
}

#[test]
fn dat_04_debug_output_of_a_message_shows_no_digit_and_no_text() {
    let message = Message::parse(&everything(SECRET)).expect("a message");
    assert_eq!(message.ies.first_invalid(), None, "every element is read");
    let shown = format!("{message:?} {message:#?}");
    assert!(!shown.contains("987"), "{shown}");
    assert!(!shown.contains("57, 56, 55"), "the octets of 987: {shown}");
    assert_eq!(format!("{:?}", Ia5::new("139").expect("digits")), "Ia5(3 characters)");
}

#[test]
fn dat_04_debug_output_of_a_malformed_message_shows_no_digit() {
    let mut octets = everything(b"139\x9987654321");
    octets.truncate(octets.len() - 3);
    let message = Message::parse(&octets).expect("a message");
    assert!(message.ies.invalid().count() > 3);
    let shown = format!("{message:?}");
    assert!(!shown.contains("54, 53, 52") && !shown.contains("654"), "{shown}");
}

#[test]
fn a_masked_message_decodes_to_the_same_elements_without_digits() {
    let octets = everything(SECRET);
    let masked = mask_digits(&octets);
    assert_eq!(masked.len(), octets.len());
    assert!(!shows(&masked, SECRET), "{masked:02x?}");
    let (before, after) = (Message::parse(&octets).expect("read"), Message::parse(&masked).expect("read"));
    let kinds = |message: &Message| message.ies.iter().map(|ie| (ie.codeset(), ie.id())).collect::<Vec<_>>();
    assert_eq!(kinds(&before), kinds(&after));
    assert_eq!(after.ies.first_invalid(), None);
    assert_eq!(before.ies.bearer_capability(), after.ies.bearer_capability());
    let (old, new) =
        (before.ies.called_number().expect("a number"), after.ies.called_number().expect("a number"));
    assert_eq!((old.kind, old.plan), (new.kind, new.plan));
    assert_eq!(new.digits.reveal().as_str(), "00000000000");
    let redirecting = after.ies.redirecting_number().expect("a number");
    assert_eq!(redirecting.reason, before.ies.redirecting_number().and_then(|number| number.reason));
    assert_eq!(after.ies.cause().map(|cause| cause.value), before.ies.cause().map(|cause| cause.value));
}

#[test]
fn what_technicians_need_survives_the_mask() {
    let frames: &[&[u8]] = &[
        &[0x08, 2, 0x80, 0x41, 0x7d, 0x08, 4, 0x80, 0xe0, 0x18, 0x70, 0x14, 1, 3],
        &[0x08, 2, 0x80, 0x41, 0x7d, 0x08, 5, 0x80, 0xe6, b'3', b'0', b'8', 0x14, 1, 3],
        &[0x08, 2, 0, 0, 0x46, 0x18, 3, 0xa9, 0x83, 0x81, 0x79, 1, 0x80],
        &[0x03, 2, 0, 0, 0x0f, 0x01, 1, 0xc2, 0x18, 3, 0xa9, 0x83, 0x85],
        &[0x08, 2, 0x80, 0x41, 0x45, 0x08, 2, 0x82, 0x90, 0x1e, 2, 0x82, 0x88, 0x34, 1, 0x3f],
        &[
            0x08, 2, 0, 1, 5, 0xa1, 0x29, 5, 24, 12, 31, 23, 59, 0x7c, 3, 0x80, 0x90, 0xa3, 0x7d, 2, 0x91,
            0x81,
        ],
    ];
    for frame in frames {
        assert_eq!(mask_digits(frame), *frame);
    }
}

#[test]
fn a_message_cut_anywhere_shows_no_digit() {
    let octets = everything(SECRET);
    for end in 0..octets.len() {
        let cut = octets.get(..end).expect("in range");
        let masked = mask_digits(cut);
        assert_eq!(masked.len(), end);
        assert!(!shows(&masked, SECRET), "cut at {end}: {masked:02x?}");
    }
}

#[test]
fn a_message_with_one_octet_wrong_shows_no_number() {
    let octets = everything(SECRET);
    for at in 0..octets.len() {
        for wrong in [0x00, 0x01, 0x0c, 0x31, 0x34, 0x7f, 0x80, 0xff] {
            let mut broken = octets.clone();
            *broken.get_mut(at).expect("in range") = wrong;
            let masked = mask_digits(&broken);
            assert!(!shows(&masked, SECRET), "{wrong:#x} at {at}: {masked:02x?}");
        }
    }
}

#[test]
fn digits_where_coding_octets_should_be_are_masked_too() {
    for frame in [
        &[0x08_u8, 2, 0, 1, 5, 0x70, 5, b'1', b'3', b'9', b'8', b'7'][..],
        &[0x08, 2, 0, 1, 5, 0x6c, 6, 0x21, b'1', b'3', b'9', b'8', b'7'],
        &[0x08, 2, 0, 1, 5, 0x71, 5, b'1', b'3', b'9', b'8', b'7'],
        &[0x08, 2, 0, 1, 0x60, 0, 2, 0x81, 5, 0x70, 5, 0xa1, b'1', b'3', b'9', b'8'],
        &[0x09, 2, 0, 1, 5, b'1', b'3', b'9', b'8', b'7'],
    ] {
        let masked = mask_digits(frame);
        assert!(!masked.iter().any(|octet| matches!(octet, b'1'..=b'9')), "{masked:02x?}");
    }
}
