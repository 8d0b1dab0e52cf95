//! Messages as exchanges send them: published recordings and the examples of standards, octet by octet.
//!
//! Each frame names its source. Numbers are the invented ones of those sources.

use q931::ie::*;
use q931::{CallRef, CauseValue, Flag, IeId, Message, MessageType};

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.split_whitespace().collect();
    digits.iter().map(|pair| u8::from_str_radix(pair, 16).expect("two hexadecimal digits")).collect()
}

fn read(hex: &str) -> Message {
    Message::parse(&octets(hex)).expect("it is a message")
}

/// Reads a frame that is in canonical order already and checks that it is written as it came.
fn same(hex: &str) -> Message {
    let message = read(hex);
    assert_eq!(message.encode().expect("it fits"), octets(hex), "{message:?}");
    message
}

/// linkbit.com, "simple ISDN call" (static/examples/simple-isdn-call.htm), layer 3 of the first I frame.
const SETUP: &str = "08 02 00 32 05 04 03 80 90 A3 18 03 A9 83 85 1E 02 81 88 6C 09 21 80 32 32 32 32 32 30 35 \
                     70 08 A1 31 31 31 31 31 30 35 A1";

#[test]
fn a_recorded_setup_with_an_exclusive_channel() {
    let setup = read(SETUP);
    assert_eq!(setup.kind, MessageType::Setup);
    assert_eq!(setup.call_ref, CallRef::long(0x32, Flag::FromOriginator).expect("in range"));
    let ies = &setup.ies;
    assert_eq!(ies.bearer_capability(), Some(&BearerCapability::speech_a_law()));
    assert_eq!(ies.channel_identification(), Some(&ChannelIdentification::b_channel(5, true)));
    let progress = ProgressIndicator::new(Location::PrivateNearLocal, Progress::InBand);
    assert_eq!(ies.progress_indicator(), Some(&progress));
    let calling = ies.calling_number().expect("a calling number");
    assert_eq!((calling.kind, calling.plan), (NumberType::National, NumberPlan::Isdn));
    assert_eq!(calling.indicators, Some(Indicators::default()));
    assert_eq!(calling.digits.reveal().as_str(), "2222205");
    let called = ies.called_number().expect("a called number");
    assert_eq!((called.kind, called.plan), (NumberType::National, NumberPlan::Isdn));
    assert_eq!(called.digits.reveal().as_str(), "1111105");
    assert!(ies.sending_complete());
}

#[test]
fn sending_complete_is_sent_first_as_table_3_15_lists_it() {
    let canonical = "08 02 00 32 05 A1 04 03 80 90 A3 18 03 A9 83 85 1E 02 81 88 \
                     6C 09 21 80 32 32 32 32 32 30 35 70 08 A1 31 31 31 31 31 30 35";
    assert_eq!(read(SETUP).encode(), Ok(octets(canonical)));
}

/// yatevoip/yate issue 12: SETUP of a call with 3.1 kHz audio, the channel preferred.
#[test]
fn a_recorded_setup_with_a_preferred_channel() {
    let setup =
        same("08 02 00 22 05 04 03 90 90 a3 18 03 a1 83 81 6c 0d 41 80 30 33 30 31 32 33 34 32 31 31 31");
    assert_eq!(setup.ies.bearer_capability(), Some(&BearerCapability::audio_a_law()));
    let channel = setup.ies.channel_identification().expect("a channel");
    assert_eq!((channel.single_b_channel(), channel.exclusive), (Some(1), false));
    assert_eq!(setup.ies.calling_number().map(|number| number.kind), Some(NumberType::Subscriber));
}

/// A call over an E1 as libpri's `pri debug` prints it, in the ISDN chapter of F. Gonçalves' Asterisk guide.
#[test]
fn a_recorded_call_from_proceeding_to_release() {
    let proceeding = same("08 02 80 41 02 18 03 a9 83 81");
    assert_eq!(proceeding.kind, MessageType::CallProceeding);
    assert_eq!(proceeding.call_ref, CallRef::long(0x41, Flag::ToOriginator).expect("in range"));
    let alerting = same("08 02 80 41 01 1e 02 84 88");
    let progress = alerting.ies.progress_indicator().expect("progress");
    assert_eq!((progress.location, progress.is_in_band()), (Location::PublicNearRemote, true));
    let progress = same("08 02 80 41 03 1e 02 84 82");
    assert_eq!(
        progress.ies.progress_indicator().map(|progress| progress.description),
        Some(Progress::DestinationNotIsdn)
    );
    assert!(same("08 02 80 41 07").ies.is_empty());
    assert_eq!(same("08 02 00 41 0f").kind, MessageType::ConnectAcknowledge);
    let disconnect = same("08 02 16 58 45 08 02 82 90");
    assert_eq!(
        disconnect.ies.cause(),
        Some(&Cause::new(Location::PublicNearLocal, CauseValue::NormalClearing))
    );
    assert_eq!(same("08 02 96 58 4d 08 02 81 90").kind, MessageType::Release);
    assert_eq!(same("08 02 16 58 5a").kind, MessageType::ReleaseComplete);
}

/// Cisco, "Understanding debug isdn q931 disconnect cause codes": PROGRESS i = 0x8A81 with signal 0x01 and
/// DISCONNECT i = 0x829F08, references of one octet.
#[test]
fn a_recorded_disconnect_with_diagnostics() {
    let progress = same("08 01 ae 03 1e 02 8a 81 34 01 01");
    assert_eq!(progress.call_ref, CallRef::short(0x2e, Flag::ToOriginator).expect("in range"));
    assert_eq!(progress.ies.signal(), Some(&Signal::RingBack));
    let indicator = progress.ies.progress_indicator().expect("progress");
    assert_eq!(
        (indicator.location, indicator.description),
        (Location::BeyondInterworking, Progress::NotEndToEndIsdn)
    );
    let disconnect = same("08 01 ae 45 08 03 82 9f 08");
    let cause = disconnect.ies.cause().expect("a cause");
    assert_eq!(cause.value, CauseValue::NormalUnspecified);
    assert_eq!(cause.diagnostics.reveal(), &[8]);
}

/// ITU-T Q.931 tables 3-49 and 3-50, figures 4-33 and 4-18: restart of a channel, of an interface, of all.
#[test]
fn restarts_of_a_channel_and_of_all_interfaces() {
    let channel = same("08 02 00 00 46 18 03 a9 83 81 79 01 80");
    assert!(channel.call_ref.is_global());
    assert_eq!(channel.ies.restart_indicator(), Some(&RestartClass::Channels));
    assert_eq!(
        channel.ies.channel_identification().and_then(ChannelIdentification::single_b_channel),
        Some(1)
    );
    let all = same("08 02 80 00 4e 79 01 87");
    assert_eq!(all.ies.restart_indicator(), Some(&RestartClass::AllInterfaces));
    let interface = same("08 02 00 00 46 18 02 e9 81 79 01 86");
    let channel = interface.ies.channel_identification().expect("an interface");
    assert_eq!((&channel.interface, &channel.selection), (&Some(vec![1]), &Selection::Interface));
}

/// ITU-T Q.931 4.5.13, figure 4-19: slot maps of a 2048 kbit/s and a 1544 kbit/s interface.
#[test]
fn slot_maps_count_from_the_last_bit() {
    let e1 = same("08 02 00 05 05 04 02 88 90 18 06 a9 93 80 01 00 06");
    let channel = e1.ies.channel_identification().expect("a channel");
    assert_eq!(channel.timeslots(), [1, 2, 16, 31]);
    assert_eq!(channel.single_b_channel(), None);
    let t1 = same("08 02 00 05 05 04 02 88 90 18 05 a9 93 80 00 01");
    assert_eq!(t1.ies.channel_identification().expect("a channel").timeslots(), [1, 24]);
}

/// ITU-T Q.931 5.8: STATUS with cause 96 naming elements, and with cause 102 naming a timer.
#[test]
fn status_carries_a_cause_with_diagnostics_and_a_state() {
    let missing = same("08 02 80 41 7d 08 04 80 e0 18 70 14 01 03");
    let cause = missing.ies.cause().expect("a cause");
    assert_eq!(cause.value, CauseValue::MandatoryIeMissing);
    let named: Vec<_> = cause.diagnostics.reveal().iter().map(|id| IeId(*id)).collect();
    assert_eq!(named, [IeId::CHANNEL_IDENTIFICATION, IeId::CALLED_NUMBER]);
    let state = CallState::new(CallStateValue::OutgoingCallProceeding);
    assert_eq!(missing.ies.call_state(), Some(&state));
    let timer = same("08 02 80 41 7d 08 05 80 e6 33 30 38 14 01 13");
    assert_eq!(timer.ies.cause().map(|cause| cause.diagnostics.reveal().as_slice()), Some(&b"308"[..]));
}

/// AT&T TR 41459 and NI-2: SERVICE and its acknowledgement, protocol discriminator 3, change status.
#[test]
fn a_channel_is_taken_out_of_service() {
    let service = same("03 02 00 00 0f 01 01 c2 18 03 a9 83 85");
    assert_eq!(service.kind, MessageType::Service);
    assert_eq!(
        service.ies.change_status(),
        Some(&ChangeStatus { channel: true, status: ServiceStatus::OutOfService })
    );
    let answer = same("03 02 80 00 07 01 01 c2 18 03 a9 83 85");
    assert_eq!(answer.kind, MessageType::ServiceAcknowledge);
    let in_a_call = read("08 02 00 05 7b 01 01 c2");
    let unknown = in_a_call.ies.first_unknown().expect("unknown in call control");
    assert_eq!((unknown.id, unknown.comprehension_required()), (1, true));
}

/// Written by hand from the figures of ITU-T Q.931 4.5.5 to 4.5.30 and Q.952, not recorded.
#[test]
fn a_setup_with_every_optional_element() {
    let setup = same(
        "08 02 00 07 05 a1 04 06 88 98 82 21 a8 c2 20 07 03 a1 32 38 e1 02 03 29 05 18 0c 1f 17 3b 2c 02 2a 31 \
         6d 05 80 50 31 32 33 71 03 a8 01 20 74 09 21 01 8f 35 35 35 31 32 33 78 04 a1 32 38 38 \
         7c 04 08 c0 90 a2 7d 03 91 21 85 7e 06 04 68 65 6c 6c 6f",
    );
    let ies = &setup.ies;
    let bearer = ies.bearer_capability().expect("a bearer");
    assert_eq!((bearer.rate, bearer.multiplier), (Rate::Multirate, Some(2)));
    assert_eq!(bearer.layer1, Some(Layer { protocol: Layer1Protocol::V110, more: vec![0x28] }));
    assert_eq!(bearer.layer2, Some(Layer { protocol: 2, more: Vec::new() }));
    let facilities = ies.network_specific_facility().expect("facilities");
    let network = facilities.network.as_ref().expect("a network");
    assert_eq!((network.plan, network.identification.as_str()), (NetworkPlan::Carrier, "28"));
    assert_eq!(facilities.specification, [0xe1, 2, 3]);
    let time = ies.date_time().expect("a time");
    assert_eq!((time.year, time.month, time.day), (24, 12, 31));
    assert_eq!((time.hour, time.minute, time.second), (Some(23), Some(59), None));
    assert_eq!(ies.keypad_facility().map(|keys| keys.reveal().as_str()), Some("*1"));
    assert_eq!(ies.calling_subaddress().map(|address| address.kind), Some(SubaddressType::Nsap));
    let called = ies.called_subaddress().expect("a subaddress");
    assert_eq!((called.kind, called.odd), (SubaddressType::User, true));
    let redirecting = ies.redirecting_number().expect("a redirecting number");
    assert_eq!(redirecting.reason, Some(RedirectReason::Unconditional));
    assert_eq!(redirecting.number.indicators().screening, Screening::UserPassed);
    assert_eq!(ies.transit_network().map(|network| network.identification.as_str()), Some("288"));
    let low = ies.low_layer_compatibility().expect("low layer compatibility");
    assert_eq!((low.negotiation, low.bearer.capability), (Some(true), Capability::Unrestricted));
    let high = ies.high_layer_compatibility().expect("high layer compatibility");
    assert_eq!((high.high_layer, high.extended), (HighLayer::FacsimileG4, Some(5)));
    assert_eq!(ies.user_user().map(|user| user.protocol), Some(UserProtocol::Ia5));
}

#[test]
fn high_layer_telephony_is_91_81() {
    let hlc = Ie::HighLayerCompatibility(HighLayerCompatibility::telephony());
    let message = Message::new(CallRef::DUMMY, MessageType::Setup).with(hlc);
    assert_eq!(message.encode(), Ok(octets("08 00 05 7d 02 91 81")));
}
