//! Decoding undoes encoding, for every message type and every element.
//!
//! Elements are built from their public fields; what cannot be sent is not built here.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use q931::ie::*;
use q931::{CallRef, CauseValue, Flag, Message, MessageType};
use vocab::Pii;

fn octets(least: usize, most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), least..=most)
}

fn secret(least: usize, most: usize) -> impl Strategy<Value = Pii<Vec<u8>>> {
    octets(least, most).prop_map(Pii::new)
}

fn characters(least: usize) -> impl Strategy<Value = Ia5> {
    vec(b' '..=b'~', least..=20)
        .prop_map(|text| Ia5::new(&String::from_utf8_lossy(&text)).expect("printable IA5"))
}

fn digits() -> impl Strategy<Value = Pii<Ia5>> {
    characters(0).prop_map(Pii::new)
}

fn coding() -> impl Strategy<Value = Coding> {
    prop::sample::select(vec![Coding::Itu, Coding::Iso, Coding::National, Coding::Network])
}

fn location() -> impl Strategy<Value = Location> {
    (0..16_u8).prop_map(Location::from_code)
}

fn call_ref() -> impl Strategy<Value = CallRef> {
    let flag = || prop::sample::select(vec![Flag::FromOriginator, Flag::ToOriginator]);
    prop_oneof![
        Just(CallRef::DUMMY),
        (0..=0x7f_u16, flag()).prop_map(|(value, flag)| CallRef::short(value, flag).expect("in range")),
        (0..=0x7fff_u16, flag()).prop_map(|(value, flag)| CallRef::long(value, flag).expect("in range")),
    ]
}

fn bearer() -> impl Strategy<Value = BearerCapability> {
    let more = || vec(0..0x80_u8, 0..=4);
    let layer =
        move || option::of((0..0x20_u8, more()).prop_map(|(protocol, more)| Layer { protocol, more }));
    let layer1 = option::of(
        (0..0x20_u8, more())
            .prop_map(|(protocol, more)| Layer { protocol: Layer1Protocol::from_code(protocol), more }),
    );
    (coding(), 0..0x20_u8, 0..4_u8, 0..0x20_u8, 1..0x80_u8, layer1, layer(), layer()).prop_map(
        |(coding, capability, mode, rate, multiplier, layer1, layer2, layer3)| {
            let rate = Rate::from_code(rate);
            let multiplier = (rate == Rate::Multirate).then_some(multiplier);
            let (capability, mode) = (Capability::from_code(capability), Mode::from_code(mode));
            BearerCapability { coding, capability, mode, rate, multiplier, layer1, layer2, layer3 }
        },
    )
}

fn channel() -> impl Strategy<Value = ChannelIdentification> {
    let channels = prop_oneof![
        vec(0..0x80_u8, 1..=31).prop_map(Channels::Numbers),
        octets(1, 4).prop_map(Channels::Map),
    ];
    let indicated = (coding(), 0..16_u8, channels).prop_map(|(coding, kind, channels)| Indicated {
        coding,
        kind: ChannelType::from_code(kind),
        channels,
    });
    let selection = prop_oneof![
        Just(Selection::None),
        Just(Selection::Any),
        Just(Selection::Interface),
        indicated.prop_map(Selection::Indicated)
    ];
    (option::of(vec(0..0x80_u8, 1..=3)), any::<bool>(), any::<bool>(), selection).prop_map(
        |(interface, exclusive, d_channel, selection)| ChannelIdentification {
            interface,
            exclusive,
            d_channel,
            selection,
        },
    )
}

fn indicators() -> impl Strategy<Value = Indicators> {
    let presentation = prop::sample::select(vec![
        Presentation::Allowed,
        Presentation::Restricted,
        Presentation::NotAvailable,
        Presentation::Reserved,
    ]);
    let screening = prop::sample::select(vec![
        Screening::UserNotScreened,
        Screening::UserPassed,
        Screening::UserFailed,
        Screening::Network,
    ]);
    (presentation, screening).prop_map(|(presentation, screening)| Indicators { presentation, screening })
}

fn party() -> impl Strategy<Value = PartyNumber> {
    (0..8_u8, 0..16_u8, option::of(indicators()), digits()).prop_map(|(kind, plan, indicators, digits)| {
        PartyNumber {
            kind: NumberType::from_code(kind),
            plan: NumberPlan::from_code(plan),
            indicators,
            digits,
        }
    })
}

fn called() -> impl Strategy<Value = CalledNumber> {
    (0..8_u8, 0..16_u8, digits()).prop_map(|(kind, plan, digits)| CalledNumber {
        kind: NumberType::from_code(kind),
        plan: NumberPlan::from_code(plan),
        digits,
    })
}

fn redirecting() -> impl Strategy<Value = RedirectingNumber> {
    (party(), indicators(), option::of(0..16_u8)).prop_map(|(mut number, indicators, reason)| {
        if reason.is_some() {
            number.indicators = Some(indicators);
        }
        RedirectingNumber { number, reason: reason.map(RedirectReason::from_code) }
    })
}

fn subaddress() -> impl Strategy<Value = Subaddress> {
    (0..8_u8, any::<bool>(), secret(0, 20)).prop_map(|(kind, odd, information)| Subaddress {
        kind: SubaddressType::from_code(kind),
        odd,
        information,
    })
}

fn network() -> impl Strategy<Value = Network> {
    (0..8_u8, 0..16_u8, characters(0)).prop_map(|(kind, plan, identification)| Network {
        kind: NetworkType::from_code(kind),
        plan: NetworkPlan::from_code(plan),
        identification,
    })
}

fn cause() -> impl Strategy<Value = Cause> {
    (coding(), location(), option::of(0..0x80_u8), 0..0x80_u8, secret(0, 20)).prop_map(
        |(coding, location, recommendation, value, diagnostics)| Cause {
            coding,
            location,
            recommendation,
            value: CauseValue::from_code(value),
            diagnostics,
        },
    )
}

fn date_time() -> impl Strategy<Value = DateTime> {
    let clock = prop_oneof![
        Just((None, None, None)),
        (0..24_u8).prop_map(|hour| (Some(hour), None, None)),
        (0..24_u8, 0..60_u8).prop_map(|(hour, minute)| (Some(hour), Some(minute), None)),
        (0..24_u8, 0..60_u8, 0..60_u8).prop_map(|(hour, minute, second)| (
            Some(hour),
            Some(minute),
            Some(second)
        )),
    ];
    (0..100_u8, 1..=12_u8, 1..=31_u8, clock).prop_map(|(year, month, day, (hour, minute, second))| DateTime {
        year,
        month,
        day,
        hour,
        minute,
        second,
    })
}

/// Elements about the call and its channel.
fn call_element() -> impl Strategy<Value = Ie> {
    prop_oneof![
        Just(Ie::MoreData),
        Just(Ie::SendingComplete),
        (0..16_u8).prop_map(|code| Ie::CongestionLevel(CongestionLevel::from_code(code))),
        bearer().prop_map(Ie::BearerCapability),
        cause().prop_map(Ie::Cause),
        octets(1, 8).prop_map(Ie::CallIdentity),
        (coding(), 0..0x40_u8).prop_map(|(coding, value)| Ie::CallState(CallState {
            coding,
            value: CallStateValue::from_code(value)
        })),
        channel().prop_map(Ie::ChannelIdentification),
        (coding(), location(), 0..0x80_u8).prop_map(|(coding, location, description)| {
            let description = Progress::from_code(description);
            Ie::ProgressIndicator(ProgressIndicator { coding, location, description })
        }),
        (0..0x80_u8).prop_map(|code| Ie::NotificationIndicator(Notification::from_code(code))),
        any::<u8>().prop_map(|code| Ie::Signal(Signal::from_code(code))),
        prop::sample::select(RestartClass::NAMED.to_vec()).prop_map(Ie::RestartIndicator),
        (bearer(), option::of(any::<bool>())).prop_map(|(bearer, negotiation)| {
            Ie::LowLayerCompatibility(LowLayerCompatibility { bearer, negotiation })
        }),
        (coding(), 0..8_u8, 0..4_u8, 0..0x80_u8, option::of(0..0x80_u8)).prop_map(
            |(coding, interpretation, method, high_layer, extended)| {
                let high_layer = HighLayer::from_code(high_layer);
                Ie::HighLayerCompatibility(HighLayerCompatibility {
                    coding,
                    interpretation,
                    method,
                    high_layer,
                    extended,
                })
            }
        ),
    ]
}

/// Elements about parties and networks, and those nobody knows.
fn party_element() -> impl Strategy<Value = Ie> {
    prop_oneof![
        secret(1, 40).prop_map(Ie::Facility),
        (option::of(network()), octets(0, 8)).prop_map(|(network, specification)| {
            Ie::NetworkSpecificFacilities(NetworkSpecificFacilities { network, specification })
        }),
        secret(1, 40).prop_map(Ie::Display),
        date_time().prop_map(Ie::DateTime),
        characters(1).prop_map(|keys| Ie::KeypadFacility(Pii::new(keys))),
        party().prop_map(Ie::ConnectedNumber),
        subaddress().prop_map(Ie::ConnectedSubaddress),
        party().prop_map(Ie::CallingNumber),
        subaddress().prop_map(Ie::CallingSubaddress),
        called().prop_map(Ie::CalledNumber),
        subaddress().prop_map(Ie::CalledSubaddress),
        redirecting().prop_map(Ie::RedirectingNumber),
        network().prop_map(Ie::TransitNetworkSelection),
        (any::<u8>(), secret(0, 40)).prop_map(|(protocol, information)| Ie::UserUser(UserUser {
            protocol: UserProtocol::from_code(protocol),
            information
        })),
        (1..8_u8, 0..0x80_u8, secret(0, 10))
            .prop_map(|(codeset, id, contents)| Ie::Unknown(q931::UnknownIe { codeset, id, contents })),
        (prop::sample::select(vec![0x02_u8, 0x35, 0x6f, 0x7f]), secret(0, 10))
            .prop_map(|(id, contents)| { Ie::Unknown(q931::UnknownIe { codeset: 0, id, contents }) }),
    ]
}

fn element() -> impl Strategy<Value = Ie> {
    prop_oneof![call_element(), party_element()]
}

fn kind() -> impl Strategy<Value = MessageType> {
    let named = MessageType::NAMED.iter().copied().filter(|kind| *kind != MessageType::Segment);
    prop_oneof![
        9 => prop::sample::select(named.collect::<Vec<_>>()),
        1 => any::<u8>().prop_map(MessageType::National),
    ]
}

fn check(message: &Message) {
    let written = message.encode().expect("it fits");
    assert_eq!(Message::parse(&written).expect("it is a message"), *message, "{written:02x?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_element_reads_back_as_it_was_written(ie in element(), call_ref in call_ref(), kind in kind()) {
        check(&Message::new(call_ref, kind).with(ie));
    }

    #[test]
    fn a_message_of_many_elements_reads_back_in_order(
        ies in vec(element(), 0..6),
        call_ref in call_ref(),
        kind in kind(),
    ) {
        let mut kinds = std::collections::BTreeSet::new();
        let unique = ies.into_iter().filter(|ie| kinds.insert((ie.codeset(), ie.id())));
        let message = unique.fold(Message::new(call_ref, kind), Message::with).in_order();
        if message.encode().is_ok() {
            check(&message);
        }
    }

    #[test]
    fn a_change_status_reads_back_in_maintenance_messages(channel in any::<bool>(), status in 0..8_u8) {
        let status = ServiceStatus::from_code(status);
        let ie = Ie::ChangeStatus(ChangeStatus { channel, status });
        check(&Message::new(CallRef::global(Flag::FromOriginator), MessageType::Service).with(ie));
    }

    #[test]
    fn a_segment_reads_back_with_its_part(first in any::<bool>(), remaining in 0..0x80_u8, part in secret(0, 200)) {
        let kind = MessageType::Setup.code();
        let ie = Ie::SegmentedMessage(SegmentedMessage { first, remaining, kind, part });
        let call_ref = CallRef::long(7, Flag::FromOriginator).expect("in range");
        check(&Message::new(call_ref, MessageType::Segment).with(ie));
    }

    #[test]
    fn any_octets_keep_the_promises_of_the_codec(octets in octets(0, 300)) {
        q931::fuzz_q931(&octets);
    }

    #[test]
    fn any_body_keeps_the_promises_of_the_codec(kind in kind(), body in octets(0, 250)) {
        let mut octets = Message::new(CallRef::DUMMY, kind).encode().expect("it is short");
        octets.extend_from_slice(&body);
        q931::fuzz_q931(&octets);
    }
}

#[test]
fn every_message_type_reads_back() {
    for &kind in MessageType::NAMED {
        check(&Message::new(CallRef::long(0x1234, Flag::ToOriginator).expect("in range"), kind));
    }
}
