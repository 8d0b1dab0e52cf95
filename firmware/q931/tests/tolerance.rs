//! What 5.8.5 and 5.8.7 have tolerated: order, repetition, emptiness, unknown elements, shifts between codesets.

use q931::ie::{Capability, NumberType};
use q931::{CallRef, Flag, Ie, IeId, Message, MessageType, Oddity};

/// Reads a SETUP with this body and what was tolerated in it.
fn setup(body: &[u8]) -> (Message, Vec<Oddity>) {
    let mut octets = vec![0x08, 2, 0, 1, MessageType::Setup.code()];
    octets.extend_from_slice(body);
    let mut oddities = Vec::new();
    let message = Message::parse_noting(&octets, &mut oddities).expect("the head is right");
    (message, oddities)
}

fn ids(message: &Message) -> Vec<(u8, IeId)> {
    message.ies.iter().map(|ie| (ie.codeset(), ie.id())).collect()
}

#[test]
fn clause_5_8_5_1_an_element_out_of_sequence_is_used_and_noted() {
    let (message, oddities) = setup(&[0x70, 2, 0xa1, b'1', 0x04, 2, 0x88, 0x90]);
    assert!(message.ies.called_number().is_some());
    assert!(message.ies.bearer_capability().is_some());
    assert_eq!(oddities, [Oddity::OutOfSequence { id: IeId::BEARER_CAPABILITY, at: 4 }]);
    assert_eq!(ids(&message), [(0, IeId::BEARER_CAPABILITY), (0, IeId::CALLED_NUMBER)]);
}

#[test]
fn clause_5_8_5_2_the_first_of_repeated_elements_counts() {
    let (message, oddities) = setup(&[0x70, 2, 0xa1, b'1', 0x70, 2, 0xa1, b'2']);
    let digits: Vec<_> = message.ies.called_numbers().map(|number| number.digits.reveal().as_str()).collect();
    assert_eq!(digits, ["1"]);
    assert_eq!(oddities, [Oddity::Repeated { id: IeId::CALLED_NUMBER, at: 4 }]);
}

#[test]
fn clause_5_8_5_2_an_invalid_first_element_is_not_mended_by_a_valid_second() {
    let (message, _) = setup(&[0x70, 2, 0xa1, 0xff, 0x70, 2, 0xa1, b'2']);
    assert!(message.ies.called_number().is_none());
    assert!(message.ies.invalid_of(IeId::CALLED_NUMBER).is_some());
}

#[test]
fn repetitions_up_to_the_limit_are_kept_in_order() {
    let (message, oddities) =
        setup(&[0x1e, 2, 0x82, 0x83, 0x1e, 2, 0x82, 0x81, 0x1e, 2, 0x82, 0x88, 0x1e, 2, 0x82, 0x84]);
    let descriptions: Vec<_> =
        message.ies.progress_indicators().map(|progress| progress.description.code()).collect();
    assert_eq!(descriptions, [3, 1, 8]);
    assert_eq!(oddities, [Oddity::Repeated { id: IeId::PROGRESS_INDICATOR, at: 12 }]);
}

#[test]
fn a_repeat_indicator_stays_before_what_it_repeats() {
    let (message, oddities) =
        setup(&[0xd2, 0x04, 2, 0x88, 0x90, 0x04, 3, 0x90, 0x90, 0xa3, 0x18, 1, 0xa3, 0xa1]);
    assert_eq!(oddities, []);
    let order = [
        IeId::SENDING_COMPLETE,
        IeId::REPEAT_INDICATOR,
        IeId::BEARER_CAPABILITY,
        IeId::BEARER_CAPABILITY,
        IeId::CHANNEL_IDENTIFICATION,
    ];
    assert_eq!(message.ies.iter().map(Ie::id).collect::<Vec<_>>(), order);
    let capabilities: Vec<_> = message.ies.bearer_capabilities().map(|bearer| bearer.capability).collect();
    assert_eq!(capabilities, [Capability::Unrestricted, Capability::Audio3k1]);
    let written = message.encode().expect("it fits");
    assert_eq!(written.get(5..8), Some(&[0xa1, 0xd2, 0x04][..]));
}

#[test]
fn clause_4_5_1_an_empty_element_counts_as_absent() {
    let (message, oddities) = setup(&[0x70, 0, 0x7d, 0, 0x70, 2, 0xa1, b'1']);
    assert_eq!(ids(&message), [(0, IeId::CALLED_NUMBER)]);
    assert_eq!(oddities.first(), Some(&Oddity::Empty { id: IeId::CALLED_NUMBER, at: 0 }));
    assert_eq!(oddities.len(), 3, "the last comes after a higher identifier: {oddities:?}");
}

#[test]
fn clause_5_8_7_1_unknown_elements_are_kept_and_say_whether_they_must_be_understood() {
    let (message, _) = setup(&[0x02, 1, 9, 0x42, 2, 1, 2, 0x80]);
    let unknown: Vec<_> =
        message.ies.unknown().map(|unknown| (unknown.id, unknown.contents.reveal().as_slice())).collect();
    assert_eq!(unknown, [(0x80, &[][..]), (0x02, &[9]), (0x42, &[1, 2])]);
    assert_eq!(message.ies.comprehension_required().map(|unknown| unknown.id).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_locking_shift_holds_and_a_non_locking_one_does_not() {
    let (message, oddities) = setup(&[
        0x04, 2, 0x88, 0x90, // codeset 0
        0x9e, 0x04, 1, 7, // one element of codeset 6
        0x18, 1, 0xa3, // codeset 0 again
        0x95, 0x32, 1, 1, 0xa1, // codeset 5 from here on: that is no sending complete
        0x98, 0x70, 2, 0xa1, b'1', // one element of codeset 0
        0x97, 0x01, 1, 2, // codeset 7
    ]);
    assert_eq!(oddities, []);
    assert!(!message.ies.sending_complete());
    let order = [
        (0, IeId(0x04)),
        (0, IeId(0x18)),
        (0, IeId(0x70)),
        (5, IeId(0x32)),
        (5, IeId(0xa1)),
        (6, IeId(0x04)),
        (7, IeId(0x01)),
    ];
    assert_eq!(ids(&message), order);
    assert_eq!(message.ies.comprehension_required().count(), 0, "codeset 0 alone can require it");
    let written = message.encode().expect("it fits");
    assert_eq!(Message::parse(&written), Ok(message));
}

#[test]
fn clause_4_5_3_a_locking_shift_down_is_ignored() {
    let (message, oddities) = setup(&[0x96, 0x32, 1, 1, 0x90, 0x04, 2, 0x88, 0x90]);
    assert_eq!(oddities, [Oddity::Shift { at: 4 }]);
    assert!(message.ies.bearer_capability().is_none());
}

#[test]
fn clause_4_5_4_a_non_locking_shift_before_a_locking_one_counts_for_nothing() {
    let (message, _) = setup(&[0x9d, 0x96, 0x32, 1, 1]);
    assert_eq!(ids(&message), [(6, IeId(0x32))]);
}

#[test]
fn shifts_at_the_end_shift_nothing() {
    for body in [&[0x96_u8][..], &[0x9e], &[0x9e, 0x9d]] {
        assert!(setup(body).0.ies.is_empty());
    }
}

#[test]
fn a_called_number_whose_extension_bit_is_clear_is_still_a_number() {
    for contents in [&[0x70_u8, 3, 0x21, b'1', b'2'][..], &[0x70, 4, 0x21, 0x80, b'1', b'2']] {
        let (message, _) = setup(contents);
        let called = message.ies.called_number().expect("a number");
        assert_eq!((called.kind, called.digits.reveal().as_str()), (NumberType::National, "12"));
    }
}

#[test]
fn a_channel_number_without_its_extension_bit_is_still_a_channel() {
    let (message, _) = setup(&[0x18, 3, 0xa9, 0x83, 0x05]);
    let channel = message.ies.channel_identification().expect("a channel");
    assert_eq!(channel.single_b_channel(), Some(5));
}

#[test]
fn octets_after_the_end_of_an_element_are_not_read() {
    let (message, _) = setup(&[0x1e, 4, 0x82, 0x88, 1, 2, 0x34, 2, 0x40, 9]);
    assert!(message.ies.progress_indicator().is_some_and(|progress| progress.is_in_band()));
    assert_eq!(message.ies.first_invalid(), None);
}

#[test]
fn a_segment_swallows_the_rest_of_its_message() {
    let octets = [0x08, 2, 0, 1, 0x60, 0x00, 2, 0x81, 0x05, 0x04, 3, 0x80];
    let message = Message::parse(&octets).expect("a message");
    let segment = message.ies.segmented_message().expect("a segment");
    assert_eq!((segment.first, segment.remaining, segment.kind), (true, 1, 0x05));
    assert_eq!(segment.part.reveal(), &[0x04, 3, 0x80]);
    assert_eq!(message.encode().as_deref(), Ok(&octets[..]));
}

#[test]
fn unknown_and_national_message_types_are_kept() {
    let unknown = Message::parse(&[0x08, 1, 0x81, 0x7f]).expect("a message");
    assert_eq!(unknown.kind, MessageType::Unknown(0x7f));
    let national = Message::parse(&[0x08, 1, 0x81, 0x00, 0x55]).expect("a message");
    assert_eq!(national.kind, MessageType::National(0x55));
    assert_eq!(national.call_ref, CallRef::short(1, Flag::ToOriginator).expect("in range"));
    let maintenance = Message::parse(&[0x03, 1, 0x81, 0x33]).expect("a message");
    assert_eq!(maintenance.kind, MessageType::UnknownMaintenance(0x33));
    for message in [unknown, national, maintenance] {
        let written = message.encode().expect("it fits");
        assert_eq!(Message::parse(&written), Ok(message));
    }
}
