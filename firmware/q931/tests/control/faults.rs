//! Every error procedure of Q.931 5.8.1 to 5.8.7, 5.8.10 and 5.8.11, octet by octet where the octets are the error.

use crate::bench::{ALL, Side, config, setup};
use idl::spans::PriSide;
use q931::control::{CallHandle, CallState, Command, Config, EndedBy, Event, Fault, Input, PEER_CALLS_FROM};
use q931::{CauseValue, MessageType as M};
use vocab::Millis;

const CALL: CallHandle = CallHandle(1);
const PEER: CallHandle = CallHandle(PEER_CALLS_FROM);
const NOW: Millis = Millis(1);

/// Octets to the call that this side set up: reference 1 with flag 1.
const OWN: [u8; 4] = [0x08, 2, 0x80, 1];
/// Octets to a call of the peer: reference 77 with flag 0.
const PEERS: [u8; 4] = [0x08, 2, 0, 77];
/// Cause 17 by the network near the user.
const CAUSE: [u8; 4] = [0x08, 2, 0x82, 0x91];
/// Speech, A-law.
const BEARER: [u8; 5] = [0x04, 3, 0x80, 0x90, 0xa3];
/// Channel 1, exclusive.
const CHANNEL: [u8; 5] = [0x18, 3, 0xa9, 0x83, 0x81];
/// An element that no table has and that may be left alone.
const UNKNOWN: [u8; 3] = [0x45, 1, 0x80];
/// An element that no table has and that must be understood.
const REQUIRED: [u8; 3] = [0x0e, 1, 0x80];

fn user() -> Side {
    Side::up(config(PriSide::User))
}

/// With a call that this side set up and that is in "outgoing call proceeding".
fn proceeding() -> Side {
    let mut it = user();
    it.order(NOW, setup(1));
    hear(&mut it, &[&OWN, &[0x02], &CHANNEL]);
    it.forget();
    it
}

fn active() -> Side {
    let mut it = proceeding();
    hear(&mut it, &[&OWN, &[0x07]]);
    it.forget();
    it
}

fn hear(it: &mut Side, parts: &[&[u8]]) {
    it.step(NOW, Input::Message(&parts.concat()));
}

/// Types and causes of what was sent.
fn answers(it: &Side) -> Vec<(M, Option<u8>)> {
    let cause = |message: &q931::Message| message.ies.cause().map(|cause| cause.value.code());
    it.sent.iter().map(|message| (message.kind, cause(message))).collect()
}

fn diagnostics(it: &Side) -> Vec<u8> {
    let cause = it.sent.last().and_then(|message| message.ies.cause());
    cause.map(|cause| cause.diagnostics.reveal().clone()).unwrap_or_default()
}

fn ignored(octets: &[u8], fault: Fault) {
    let mut it = proceeding();
    it.step(NOW, Input::Message(octets));
    assert_eq!(it.news(), [&Event::Faulty(fault)]);
    assert!(it.sent.is_empty());
    assert_eq!(it.interface.call_state(CALL), Some(CallState::SentProceeding));
}

#[test]
fn clause_5_8_1_another_protocol_discriminator_is_ignored() {
    ignored(&[0x09, 2, 0x80, 1, 0x5a], Fault::Discriminator);
}

#[test]
fn clause_5_8_2_a_message_too_short_for_a_type_is_ignored() {
    for octets in [&[][..], &[0x08], &[0x08, 2, 0x80], &[0x08, 2, 0x80, 1]] {
        let mut it = proceeding();
        it.step(NOW, Input::Message(octets));
        assert!(it.sent.is_empty());
        assert_eq!(it.news().len(), 1, "{octets:?}");
    }
    ignored(&[0x08, 2, 0x80, 1], Fault::TooShort);
}

#[test]
fn clause_5_8_3_1_a_call_reference_of_wrong_format_is_ignored() {
    ignored(&[0x08, 0x12, 0x80, 1, 0x5a], Fault::ReferenceFormat);
    ignored(&[0x08, 3, 0x80, 0, 1, 0x5a], Fault::ReferenceFormat);
}

#[test]
fn clause_5_8_3_2_a_messages_for_no_call_are_answered_with_release_complete_81() {
    for kind in [0x01, 0x02, 0x03, 0x07, 0x0d, 0x0f, 0x45, 0x62, 0x6e, 0x7b, 0x7f] {
        let mut it = user();
        hear(&mut it, &[&OWN, &[kind]]);
        assert_eq!(answers(&it), [(M::ReleaseComplete, Some(81))], "type {kind:#x}");
        assert_eq!(it.interface.call_count(), 0);
    }
}

#[test]
fn clause_5_8_3_2_b_release_for_no_call_is_answered_with_release_complete_81() {
    let mut it = user();
    hear(&mut it, &[&OWN, &[0x4d], &CAUSE]);
    assert_eq!(answers(&it), [(M::ReleaseComplete, Some(81))]);
}

#[test]
fn clause_5_8_3_2_c_release_complete_for_no_call_is_ignored() {
    let mut it = user();
    hear(&mut it, &[&OWN, &[0x5a], &CAUSE]);
    assert!(it.sent.is_empty());
}

#[test]
fn clause_5_8_3_2_d_setup_with_the_flag_of_an_answer_is_ignored() {
    let mut it = user();
    hear(&mut it, &[&OWN, &[0x05], &BEARER, &CHANNEL]);
    assert!(it.sent.is_empty() && it.interface.call_count() == 0);
}

#[test]
fn clause_5_8_3_2_e_setup_for_a_call_that_is_there_is_ignored() {
    let mut it = user();
    hear(&mut it, &[&PEERS, &[0x05], &BEARER, &CHANNEL]);
    it.forget();
    hear(&mut it, &[&PEERS, &[0x05], &BEARER, &CHANNEL]);
    assert!(it.sent.is_empty());
    assert_eq!(it.news(), [&Event::Faulty(Fault::ReferenceUnknown)]);
    assert_eq!(it.interface.call_count(), 1);
}

#[test]
fn clause_5_8_3_2_f_other_messages_on_the_global_reference_are_answered_with_status_81() {
    for kind in [0x05, 0x45, 0x4d, 0x75, 0x7b] {
        let mut it = proceeding();
        hear(&mut it, &[&[0x08, 2, 0, 0], &[kind], &CAUSE]);
        assert_eq!(answers(&it), [(M::Status, Some(81))], "type {kind:#x}");
        assert!(it.sent[0].call_ref.is_global());
        assert_eq!(it.interface.call_count(), 1);
    }
}

#[test]
fn the_global_reference_tells_rest_1_while_a_restart_is_out() {
    let mut it = user();
    it.order(NOW, Command::RestartAll);
    hear(&mut it, &[&[0x08, 2, 0, 0, 0x7b]]);
    let state = it.sent.last().and_then(|message| message.ies.call_state());
    assert_eq!(state.map(|state| state.value.code()), Some(61));
}

#[test]
fn messages_with_the_dummy_reference_are_ignored() {
    let mut it = user();
    hear(&mut it, &[&[0x08, 0, 0x62, 0x1c, 1, 0]]);
    assert!(it.sent.is_empty());
}

#[test]
fn clause_5_8_4_an_unexpected_message_is_answered_with_status_101_and_the_state() {
    let mut it = proceeding();
    hear(&mut it, &[&OWN, &[0x0d]]);
    assert_eq!(answers(&it), [(M::Status, Some(101))]);
    assert_eq!(diagnostics(&it), [0x0d]);
    assert_eq!(it.sent[0].ies.call_state().map(|state| state.value.code()), Some(3));
    assert_eq!(it.interface.call_state(CALL), Some(CallState::SentProceeding));
}

#[test]
fn clause_5_8_4_an_unknown_message_type_is_answered_with_status_97() {
    for octets in [&[0x7f][..], &[0x60, 0, 2, 0x80, 5], &[0x00, 0x42]] {
        let mut it = proceeding();
        hear(&mut it, &[&OWN, octets]);
        assert_eq!(answers(&it), [(M::Status, Some(97))]);
    }
}

#[test]
fn clause_5_8_4_an_unexpected_release_ends_the_call() {
    let mut it = active();
    hear(&mut it, &[&OWN, &[0x4d], &CAUSE]);
    assert_eq!(answers(&it), [(M::ReleaseComplete, None)]);
    assert_eq!(it.end(CALL).map(|end| end.cause), Some(CauseValue::UserBusy));
}

#[test]
fn clause_5_8_4_an_unexpected_release_complete_ends_the_call_without_an_answer() {
    let mut it = active();
    hear(&mut it, &[&OWN, &[0x5a], &CAUSE]);
    assert!(it.sent.is_empty());
    assert_eq!(it.end(CALL).map(|end| (end.cause, end.by)), Some((CauseValue::UserBusy, EndedBy::Peer)));
}

#[test]
fn clause_5_8_4_an_unexpected_message_that_lacks_elements_is_unexpected_first() {
    let mut it = active();
    hear(&mut it, &[&OWN, &[0x03]]);
    assert_eq!(answers(&it), [(M::Status, Some(101))]);
}

#[test]
fn clause_5_8_5_1_elements_out_of_sequence_are_used() {
    let mut it = user();
    hear(&mut it, &[&PEERS, &[0x05], &CHANNEL, &BEARER]);
    assert_eq!(it.interface.call_state(PEER), Some(CallState::Present));
}

#[test]
fn clause_5_8_5_2_of_repeated_elements_the_first_counts() {
    let mut it = user();
    let second = [0x18, 3, 0xa9, 0x83, 0x85];
    hear(&mut it, &[&PEERS, &[0x05], &BEARER, &CHANNEL, &second]);
    assert_eq!(it.interface.call_channel(PEER).map(|slot| slot.0), Some(1));
}

#[test]
fn clause_5_8_6_1_setup_without_a_mandatory_element_is_refused_with_96() {
    for (elements, missing) in [(&CHANNEL[..], 0x04), (&BEARER[..], 0x18)] {
        let mut it = user();
        hear(&mut it, &[&PEERS, &[0x05], elements]);
        assert_eq!(answers(&it), [(M::ReleaseComplete, Some(96))]);
        assert!(it.news().contains(&&Event::Faulty(Fault::Missing(missing))));
        assert_eq!((it.interface.call_count(), it.interface.idle_channels()), (0, ALL));
    }
    let mut network = Side::up(config(PriSide::Network));
    hear(&mut network, &[&PEERS, &[0x05], &BEARER]);
    assert_eq!(network.interface.call_count(), 1, "a user may leave the channel to the network");
}

#[test]
fn clause_5_8_6_1_disconnect_without_cause_is_31_and_its_release_says_96() {
    let mut it = active();
    hear(&mut it, &[&OWN, &[0x45]]);
    assert_eq!(answers(&it), [(M::Release, Some(96))]);
    let cause = CauseValue::NormalUnspecified;
    assert!(it.events.contains(&Event::Disconnected { call: CALL, cause, in_band: false }));
}

#[test]
fn clause_5_8_6_1_release_without_cause_is_31_and_its_release_complete_says_96() {
    let mut it = active();
    hear(&mut it, &[&OWN, &[0x4d]]);
    assert_eq!(answers(&it), [(M::ReleaseComplete, Some(96))]);
    assert_eq!(it.end(CALL).map(|end| end.cause), Some(CauseValue::NormalUnspecified));
}

#[test]
fn clause_5_8_6_1_release_complete_without_cause_is_31() {
    let mut it = active();
    hear(&mut it, &[&OWN, &[0x5a]]);
    assert_eq!(it.end(CALL).map(|end| end.cause), Some(CauseValue::NormalUnspecified));
    assert!(it.sent.is_empty());
}

#[test]
fn clause_5_8_6_1_another_message_without_a_mandatory_element_is_answered_with_96_and_not_acted_upon() {
    let mut it = proceeding();
    hear(&mut it, &[&OWN, &[0x03]]);
    assert_eq!(answers(&it), [(M::Status, Some(96))]);
    assert_eq!(diagnostics(&it), [0x1e]);
    assert_eq!(it.news(), [&Event::Faulty(Fault::Missing(0x1e))]);
}

#[test]
fn clause_5_8_6_2_setup_with_an_invalid_mandatory_element_is_refused_with_100() {
    let mut it = user();
    hear(&mut it, &[&PEERS, &[0x05], &BEARER, &[0x18, 1, 0x89]]);
    assert_eq!(answers(&it), [(M::ReleaseComplete, Some(100))]);
    assert_eq!(it.interface.call_count(), 0);
}

#[test]
fn clause_5_8_6_2_clearing_messages_with_an_invalid_cause_are_31_and_answered_with_100() {
    let invalid = [0x08, 1, 0x82];
    for (kind, answer) in [(0x45, Some(M::Release)), (0x4d, Some(M::ReleaseComplete)), (0x5a, None)] {
        let mut it = active();
        hear(&mut it, &[&OWN, &[kind], &invalid]);
        assert_eq!(answers(&it), answer.map(|kind| (kind, Some(100))).into_iter().collect::<Vec<_>>());
        let told =
            it.end(CALL).map(|end| end.cause).into_iter().chain(it.events.iter().filter_map(|event| {
                match event {
                    Event::Disconnected { cause, .. } => Some(*cause),
                    _ => None,
                }
            }));
        assert_eq!(told.collect::<Vec<_>>(), [CauseValue::NormalUnspecified]);
    }
}

#[test]
fn clause_5_8_6_2_another_message_with_an_invalid_mandatory_element_is_answered_with_100() {
    let mut it = proceeding();
    hear(&mut it, &[&OWN, &[0x03, 0x1e, 1, 0x82]]);
    assert_eq!(answers(&it), [(M::Status, Some(100))]);
    assert_eq!(it.interface.call_state(CALL), Some(CallState::SentProceeding));
}

#[test]
fn clause_5_8_7_1_an_unknown_element_is_left_alone_and_told_with_99() {
    let mut it = proceeding();
    hear(&mut it, &[&OWN, &[0x01], &UNKNOWN]);
    assert_eq!(answers(&it), [(M::Status, Some(99))]);
    assert_eq!(diagnostics(&it), [0x45]);
    assert_eq!(it.interface.call_state(CALL), Some(CallState::Delivered), "ALERTING counts");
    assert_eq!(it.sent[0].ies.call_state().map(|state| state.value.code()), Some(4));
}

#[test]
fn clause_5_8_7_1_setup_with_an_unknown_element_is_offered_and_told_with_99() {
    let mut it = user();
    hear(&mut it, &[&PEERS, &[0x05], &BEARER, &CHANNEL, &UNKNOWN]);
    assert_eq!(answers(&it), [(M::Status, Some(99))]);
    assert_eq!(it.interface.call_state(PEER), Some(CallState::Present));
}

#[test]
fn clause_5_8_7_1_clearing_messages_with_an_unknown_element_are_answered_with_99() {
    for (kind, answer) in [(0x45, Some(M::Release)), (0x4d, Some(M::ReleaseComplete)), (0x5a, None)] {
        let mut it = active();
        hear(&mut it, &[&OWN, &[kind], &CAUSE, &UNKNOWN]);
        assert_eq!(answers(&it), answer.map(|kind| (kind, Some(99))).into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn clause_5_8_7_1_an_unknown_element_that_must_be_understood_counts_as_missing() {
    let mut it = proceeding();
    hear(&mut it, &[&OWN, &[0x01], &REQUIRED]);
    assert_eq!(answers(&it), [(M::Status, Some(96))]);
    assert_eq!(diagnostics(&it), [0x0e]);
    assert_eq!(it.interface.call_state(CALL), Some(CallState::SentProceeding), "ALERTING does not count");
    let mut it = user();
    hear(&mut it, &[&PEERS, &[0x05], &BEARER, &REQUIRED, &CHANNEL]);
    assert_eq!(answers(&it), [(M::ReleaseComplete, Some(96))]);
}

#[test]
fn clause_5_8_7_1_elements_of_other_codesets_are_not_spoken_of() {
    let mut it = proceeding();
    hear(&mut it, &[&OWN, &[0x01, 0x9e, 0x0e, 1, 0x80, 0x95, 0x2a, 1, 0x41]]);
    assert!(it.sent.is_empty());
    assert_eq!(it.interface.call_state(CALL), Some(CallState::Delivered));
}

#[test]
fn clause_5_8_7_2_an_optional_element_with_invalid_content_is_left_alone_and_told_with_100() {
    let mut it = proceeding();
    hear(&mut it, &[&OWN, &[0x01, 0x1e, 1, 0x82]]);
    assert_eq!(answers(&it), [(M::Status, Some(100))]);
    assert_eq!(it.interface.call_state(CALL), Some(CallState::Delivered));
}

#[test]
fn networks_that_take_offence_need_not_be_told_of_optional_elements() {
    let mut it = Side::up(Config { report_elements: false, ..config(PriSide::User) });
    it.order(NOW, setup(1));
    it.forget();
    hear(&mut it, &[&OWN, &[0x02], &CHANNEL, &UNKNOWN]);
    assert!(it.sent.is_empty());
    assert_eq!(it.interface.call_state(CALL), Some(CallState::SentProceeding));
}

#[test]
fn clause_5_8_10_status_enquiry_is_answered_with_cause_30_and_the_state() {
    let mut it = active();
    hear(&mut it, &[&OWN, &[0x75]]);
    assert_eq!(answers(&it), [(M::Status, Some(30))]);
    assert_eq!(it.sent[0].ies.call_state().map(|state| state.value.code()), Some(10));
    hear(&mut it, &[&[0x08, 2, 0x11, 0x11, 0x75]]);
    assert_eq!(it.sent[1].ies.call_state().map(|state| state.value.code()), Some(0));
}

#[test]
fn clause_5_8_11_status_with_state_0_ends_the_call_without_messages() {
    let mut it = active();
    hear(&mut it, &[&OWN, &[0x7d], &CAUSE, &[0x14, 1, 0]]);
    assert!(it.sent.is_empty());
    assert_eq!(it.end(CALL).map(|end| (end.cause, end.by)), Some((CauseValue::UserBusy, EndedBy::Protocol)));
}

#[test]
fn clause_5_8_11_status_with_a_state_that_cannot_be_clears_with_101() {
    // The network says "call initiated" while the user has been told of the answer.
    let mut it = active();
    hear(&mut it, &[&OWN, &[0x7d, 0x08, 2, 0x82, 0x9e, 0x14, 1, 1]]);
    assert_eq!(answers(&it), [(M::Disconnect, Some(101))]);
}

#[test]
fn clause_5_8_11_status_of_no_call_in_a_state_is_answered_with_release_complete_101() {
    let mut it = user();
    hear(&mut it, &[&OWN, &[0x7d], &CAUSE, &[0x14, 1, 10]]);
    assert_eq!(answers(&it), [(M::ReleaseComplete, Some(101))]);
    hear(&mut it, &[&OWN, &[0x7d], &CAUSE, &[0x14, 1, 0]]);
    assert_eq!(it.sent.len(), 1, "a peer that has no call either is right");
}

#[test]
fn status_is_never_answered_by_status() {
    for tail in [&[0x7d][..], &[0x7d, 0x14, 1, 10], &[0x7d, 0x08, 2, 0x82, 0x9e, 0x14, 1, 10, 0x45, 1, 0]] {
        let mut it = active();
        hear(&mut it, &[&OWN, tail]);
        assert!(it.sent.is_empty(), "{tail:?}");
        assert_eq!(it.interface.call_state(CALL), Some(CallState::Active));
    }
}

#[test]
fn a_channel_that_was_not_asked_for_is_refused_with_cause_6() {
    let mut it = user();
    it.order(NOW, setup(1));
    it.forget();
    hear(&mut it, &[&OWN, &[0x02, 0x18, 3, 0xa9, 0x83, 0x85]]);
    assert_eq!(answers(&it), [(M::Release, Some(6))]);
}

#[test]
fn a_first_answer_without_a_channel_means_the_one_asked_for() {
    let mut it = user();
    it.order(NOW, setup(1));
    hear(&mut it, &[&OWN, &[0x02]]);
    assert_eq!(it.interface.call_state(CALL), Some(CallState::SentProceeding));
    assert_eq!(it.interface.call_channel(CALL).map(|slot| slot.0), Some(1));
}

#[test]
fn a_call_for_a_channel_that_does_not_exist_is_refused_with_82_and_for_h_channels_with_66() {
    for (channel, cause) in [([0x18, 3, 0xa9, 0x83, 0x90], 82), ([0x18, 3, 0xa9, 0x86, 0x81], 66)] {
        let mut it = user();
        hear(&mut it, &[&PEERS, &[0x05], &BEARER, &channel]);
        assert_eq!(answers(&it), [(M::ReleaseComplete, Some(cause))]);
    }
}

#[test]
fn a_reference_of_one_octet_is_answered_with_one_octet() {
    let mut it = user();
    hear(&mut it, &[&[0x08, 1, 5, 0x05], &BEARER, &CHANNEL]);
    it.order(NOW, Command::Proceed { call: PEER });
    let reference = it.sent[0].call_ref;
    assert_eq!((reference.length(), reference.value()), (1, 5));
}

#[test]
fn a_network_that_is_active_while_its_award_was_lost_is_right() {
    let mut it = user();
    hear(&mut it, &[&PEERS, &[0x05], &BEARER, &CHANNEL]);
    it.order(NOW, Command::Connect { call: PEER });
    it.forget();
    hear(&mut it, &[&PEERS, &[0x7d, 0x08, 2, 0x82, 0x9e, 0x14, 1, 10]]);
    assert!(it.sent.is_empty());
    assert_eq!(it.interface.call_state(PEER), Some(CallState::ConnectRequest));
}

#[test]
fn an_enquiry_waits_for_its_answer_through_other_messages() {
    let mut it = proceeding();
    it.order(NOW, Command::Enquire { call: CALL });
    hear(&mut it, &[&OWN, &[0x01]]);
    it.expire(NOW + 4_000);
    assert_eq!(answers(&it), [(M::StatusEnquiry, None), (M::StatusEnquiry, None)]);
    hear(&mut it, &[&OWN, &[0x7d, 0x08, 2, 0x82, 0x9e, 0x14, 1, 4]]);
    it.expire(NOW + 8_000);
    assert_eq!(it.sent.len(), 2);
    assert_eq!(it.interface.call_state(CALL), Some(CallState::Delivered));
}

#[test]
fn call_proceeding_with_in_band_information_runs_without_t310() {
    let mut it = user();
    it.order(NOW, setup(1));
    hear(&mut it, &[&OWN, &[0x02], &CHANNEL, &[0x1e, 2, 0x82, 0x88]]);
    assert!(it.events.contains(&Event::Progress { call: CALL, in_band: true, cause: None }));
    assert_eq!(it.interface.deadline(), None);
}

#[test]
fn progress_tells_the_cause_the_network_gives() {
    let mut it = proceeding();
    hear(&mut it, &[&OWN, &[0x03], &CAUSE, &[0x1e, 2, 0x82, 0x81]]);
    let cause = Some(CauseValue::UserBusy);
    assert_eq!(it.news(), [&Event::Progress { call: CALL, in_band: true, cause }]);
}
