//! Inside an answered call: re-INVITE and UPDATE both ways, glare, session timers, INFO.
//!
//! Deliberately not here: how calls begin and end; see `calls.rs`.

mod support;

use sip::{HeaderName, Method, Request};
use sip_ua::{CallHandle, EndedBy, Endpoint, Event, Millis, OfferError, OfferResult, Output};
use support::*;

const H: CallHandle = CallHandle(1);
const NEW: &[u8] = b"v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\n";

fn reinvite(ep: &mut Endpoint, now: u64) -> Request {
    let mut out = Vec::new();
    ep.reinvite(Millis(now), H, NEW.to_vec(), &mut out).unwrap();
    only(&out, &Method::Invite)
}

fn offer_of_peer(invite: &Request, method: Method, seq: u32) -> Request {
    let mut request = peer_request(invite, "t1", method, seq);
    request.set_body(SDP, ANSWER.to_vec());
    request
}

fn answer(ep: &mut Endpoint, now: u64) -> Vec<Output> {
    let mut out = Vec::new();
    ep.answer_offer(Millis(now), H, NEW, &mut out).unwrap();
    out
}

#[test]
fn a_reinvite_of_ours_is_acknowledged_and_its_answer_reported() {
    let mut ep = endpoint();
    answered(&mut ep, spec(1));
    let again = reinvite(&mut ep, 200);
    assert_eq!(again.body, NEW);
    let busy = ep.reinvite(Millis(201), H, NEW.to_vec(), &mut Vec::new());
    assert_eq!(busy, Err(OfferError::Busy));
    let out = give(&mut ep, 210, with_sdp(reply(&again, 200, "t1")));
    let ack = only(&out, &Method::Ack);
    assert_eq!(ack.headers.cseq().unwrap().seq, again.headers.cseq().unwrap().seq);
    let [Event::Reoffered { result: OfferResult::Accepted(sdp), .. }] = events(&out)[..] else {
        panic!("{out:?}")
    };
    assert_eq!(sdp, ANSWER);
    let repeated = give(&mut ep, 700, with_sdp(reply(&again, 200, "t1")));
    assert!(only(&repeated, &Method::Ack) == ack);
    assert!(events(&repeated).is_empty());
}

#[test]
fn a_refused_reinvite_leaves_the_call_as_it_was() {
    let mut ep = endpoint();
    answered(&mut ep, spec(1));
    let again = reinvite(&mut ep, 200);
    let out = give(&mut ep, 210, reply(&again, 488, "t1"));
    assert!(matches!(events(&out)[..], [Event::Reoffered { result: OfferResult::Refused(488), .. }]));
    assert!(ep.is_in_conversation(H));
}

#[test]
fn glare_is_retried_after_2_1_to_4_seconds_and_the_peers_offer_goes_first() {
    let mut ep = endpoint();
    let invite = answered(&mut ep, spec(1));
    let again = reinvite(&mut ep, 1_000);
    // The peer's re-INVITE crosses ours: 491 for it, 491 for us.
    let out = give(&mut ep, 1_010, offer_of_peer(&invite, Method::Invite, 7));
    assert_eq!(statuses(&out), [491]);
    give(&mut ep, 1_020, reply(&again, 491, "t1"));
    assert!(requests(&run(&mut ep, 1_020 + 2_099), &Method::Invite).is_empty());
    let out = run(&mut ep, 1_020 + 4_000);
    let third = requests(&out, &Method::Invite).remove(0);
    assert_eq!(third.body, NEW);
    assert!(third.headers.cseq().unwrap().seq > again.headers.cseq().unwrap().seq);
}

#[test]
fn a_reinvite_that_meets_481_or_silence_ends_the_call_with_bye() {
    let mut ep = endpoint();
    answered(&mut ep, spec(1));
    let again = reinvite(&mut ep, 200);
    let out = give(&mut ep, 210, reply(&again, 481, "t1"));
    let bye = only(&out, &Method::Bye);
    assert_eq!(ended(&give(&mut ep, 220, reply(&bye, 481, "t1"))).unwrap().status, Some(481));

    let mut ep = endpoint();
    answered(&mut ep, spec(1));
    reinvite(&mut ep, 200);
    let out = run(&mut ep, 200 + 32_000);
    assert!(!requests(&out, &Method::Bye).is_empty());
    assert_eq!(ended(&run(&mut ep, 100_000)).unwrap().by, EndedBy::Timeout);
}

#[test]
fn a_reinvite_that_never_gets_a_final_response_ends_the_call_and_leaves_nothing() {
    let mut ep = endpoint();
    answered(&mut ep, spec(1));
    let again = reinvite(&mut ep, 200);
    give(&mut ep, 210, reply(&again, 100, "t1"));
    assert!(requests(&run(&mut ep, 64_199), &Method::Bye).is_empty());
    let bye = requests(&run(&mut ep, 64_200), &Method::Bye).remove(0);
    assert!(ended(&give(&mut ep, 64_300, reply(&bye, 200, "t1"))).is_some());
    run(&mut ep, 200_000);
    assert_eq!((ep.call_count(), ep.transaction_count()), (0, 0));
}

#[test]
fn a_refused_refresh_is_tried_again_before_the_session_runs_out() {
    let (mut ep, _) = with_session("uac", true);
    let update = only(&run(&mut ep, 90_000), &Method::Update);
    give(&mut ep, 90_010, reply(&update, 500, "t1"));
    assert_eq!(requests(&run(&mut ep, 100_010), &Method::Update).len(), 1);
    assert!(ep.is_in_conversation(H));
}

#[test]
fn an_offer_of_the_peer_goes_to_the_owner_and_the_answer_is_repeated_until_its_ack() {
    let mut ep = endpoint();
    let invite = answered(&mut ep, spec(1));
    let out = give(&mut ep, 200, offer_of_peer(&invite, Method::Invite, 7));
    assert_eq!(statuses(&out), [100]);
    assert!(matches!(&events(&out)[..], [Event::RemoteOffer { sdp: Some(sdp), .. }] if sdp.0 == ANSWER));
    assert_eq!(statuses(&answer(&mut ep, 210)), [200]);
    assert_eq!(statuses(&run(&mut ep, 1_800)), [200, 200], "T1, then 2*T1");
    give(&mut ep, 1_810, peer_request(&invite, "t1", Method::Ack, 7));
    assert!(statuses(&run(&mut ep, 30_000)).is_empty());
    assert!(ep.is_in_conversation(H));
}

#[test]
fn an_answer_without_ack_ends_the_call() {
    let mut ep = endpoint();
    let invite = answered(&mut ep, spec(1));
    give(&mut ep, 200, offer_of_peer(&invite, Method::Invite, 7));
    answer(&mut ep, 210);
    let out = run(&mut ep, 210 + 32_000);
    assert_eq!(requests(&out, &Method::Bye).len(), 1);
}

#[test]
fn a_reinvite_without_offer_asks_us_for_one_and_the_ack_brings_the_answer() {
    let mut ep = endpoint();
    let invite = answered(&mut ep, spec(1));
    let out = give(&mut ep, 200, peer_request(&invite, "t1", Method::Invite, 7));
    assert!(matches!(events(&out)[..], [Event::RemoteOffer { sdp: None, .. }]));
    answer(&mut ep, 210);
    let mut ack = peer_request(&invite, "t1", Method::Ack, 7);
    ack.set_body(SDP, ANSWER.to_vec());
    let out = give(&mut ep, 220, ack);
    assert!(matches!(&events(&out)[..], [Event::RemoteAnswer { sdp: Some(sdp), .. }] if sdp.0 == ANSWER));
}

#[test]
fn a_second_offer_before_the_first_is_answered_gets_500_with_retry_after() {
    let mut ep = endpoint();
    let invite = answered(&mut ep, spec(1));
    give(&mut ep, 200, offer_of_peer(&invite, Method::Invite, 7));
    let out = give(&mut ep, 210, offer_of_peer(&invite, Method::Update, 8));
    let sip::Message::Response(response) = sent(&out).remove(0) else { panic!() };
    assert_eq!(response.status, 500);
    assert!(response.headers.retry_after().unwrap().unwrap().seconds <= 10);
}

#[test]
fn an_offer_nobody_answers_is_refused_in_time() {
    let mut ep = endpoint();
    let invite = answered(&mut ep, spec(1));
    give(&mut ep, 200, offer_of_peer(&invite, Method::Update, 7));
    let out = run(&mut ep, 10_200);
    assert_eq!(statuses(&out), [500]);
    assert!(matches!(events(&out)[..], [Event::OfferWithdrawn { .. }]));
}

#[test]
fn a_cancelled_reinvite_gets_487_and_the_call_goes_on() {
    let mut ep = endpoint();
    let invite = answered(&mut ep, spec(1));
    let again = offer_of_peer(&invite, Method::Invite, 7);
    give(&mut ep, 200, again.clone());
    let mut cancel = peer_request(&invite, "t1", Method::Cancel, 7);
    cancel.headers.set(HeaderName::Via, again.headers.get(&HeaderName::Via).unwrap());
    let out = give(&mut ep, 210, cancel);
    assert_eq!(statuses(&out), [200, 487]);
    assert!(matches!(events(&out)[..], [Event::OfferWithdrawn { .. }]));
    assert!(ep.is_in_conversation(H));
}

#[test]
fn an_open_offer_of_the_peer_gets_its_final_response_when_the_call_ends() {
    let mut ep = endpoint();
    let invite = answered(&mut ep, spec(1));
    give(&mut ep, 200, offer_of_peer(&invite, Method::Invite, 7));
    let out = give(&mut ep, 210, peer_request(&invite, "t1", Method::Bye, 8));
    assert_eq!(statuses(&out), [200, 487]);
    assert!(ended(&out).is_some());
}

#[test]
fn a_request_out_of_order_gets_500_and_one_of_another_dialog_481() {
    let mut ep = endpoint();
    let invite = answered(&mut ep, spec(1));
    assert_eq!(statuses(&give(&mut ep, 200, peer_request(&invite, "t1", Method::Options, 7))), [200]);
    assert_eq!(statuses(&give(&mut ep, 210, peer_request(&invite, "t1", Method::Bye, 6))), [500]);
    assert_eq!(statuses(&give(&mut ep, 220, peer_request(&invite, "t9", Method::Bye, 9))), [481]);
    assert!(ep.is_in_conversation(H));
}

#[test]
fn info_is_passed_up_and_its_digits_are_not_shown() {
    let mut ep = endpoint();
    let invite = answered(&mut ep, spec(1));
    let mut info = peer_request(&invite, "t1", Method::Info, 7);
    info.set_body("application/dtmf-relay", b"Signal=9\r\nDuration=160\r\n".to_vec());
    let out = give(&mut ep, 200, info);
    assert_eq!(statuses(&out), [200]);
    let [Event::Info { content_type, body, .. }] = events(&out)[..] else { panic!("{out:?}") };
    assert_eq!(content_type, "application/dtmf-relay");
    assert!(body.expose().starts_with(b"Signal=9"));
    assert!(!format!("{:?}", events(&out)).contains("Signal"));
    let mut out = Vec::new();
    ep.send_info(Millis(300), H, "application/dtmf-relay", b"Signal=1\r\n".to_vec(), &mut out).unwrap();
    assert_eq!(only(&out, &Method::Info).body, b"Signal=1\r\n");
}

#[test]
fn l_23_a_transfer_is_refused() {
    let mut ep = endpoint();
    let invite = answered(&mut ep, spec(1));
    let mut refer = peer_request(&invite, "t1", Method::Refer, 7);
    refer.headers.push(HeaderName::ReferTo, "<sip:13900000000@elsewhere.example>");
    let out = give(&mut ep, 200, refer);
    assert_eq!(statuses(&out), [405]);
    assert!(requests(&out, &Method::Invite).is_empty());
}

fn with_session(refresher: &str, allow_update: bool) -> (Endpoint, Request) {
    let mut ep = endpoint();
    let mut call = spec(1);
    call.session_expires_s = Some(180);
    let mut out = Vec::new();
    ep.call(Millis(0), call, &mut out).unwrap();
    let invite = only(&out, &Method::Invite);
    let mut response = with_sdp(reply(&invite, 200, "t1"));
    response.headers.push(HeaderName::SessionExpires, format!("180;refresher={refresher}"));
    if allow_update {
        response.headers.push(HeaderName::Allow, "INVITE, ACK, BYE, UPDATE");
    }
    give(&mut ep, 0, response);
    (ep, invite)
}

#[test]
fn we_refresh_by_update_at_half_the_interval_again_and_again() {
    let (mut ep, _) = with_session("uac", true);
    for round in 1..=3_u64 {
        let at = round * 90_000;
        assert!(requests(&run(&mut ep, at - 1), &Method::Update).is_empty());
        let update = only(&run(&mut ep, at), &Method::Update);
        assert!(update.body.is_empty());
        assert_eq!(update.headers.get(&HeaderName::SessionExpires), Some("180;refresher=uac"));
        let mut response = reply(&update, 200, "t1");
        response.headers.push(HeaderName::SessionExpires, "180;refresher=uac");
        let out = give(&mut ep, at, response);
        assert!(events(&out).is_empty());
    }
}

#[test]
fn we_refresh_by_reinvite_with_the_same_description_where_update_is_unknown() {
    let (mut ep, _) = with_session("uac", false);
    let again = only(&run(&mut ep, 90_000), &Method::Invite);
    assert_eq!(again.body, OFFER);
    let mut response = with_sdp(reply(&again, 200, "t1"));
    response.headers.push(HeaderName::SessionExpires, "180;refresher=uac");
    let out = give(&mut ep, 90_010, response);
    assert_eq!(requests(&out, &Method::Ack).len(), 1);
    assert!(events(&out).is_empty(), "an unchanged answer is no news");
}

#[test]
fn a_session_the_peer_does_not_refresh_ends_with_bye_before_it_runs_out() {
    let (mut ep, _) = with_session("uas", true);
    assert!(sent(&run(&mut ep, 147_999)).is_empty());
    let out = run(&mut ep, 148_000);
    let bye = only(&out, &Method::Bye);
    assert!(bye.headers.get(&HeaderName::Reason).unwrap().contains("cause=102"));
    assert_eq!(ended(&run(&mut ep, 300_000)).unwrap().by, EndedBy::Timeout);
}

#[test]
fn a_refresh_of_the_peer_keeps_the_session_and_a_small_interval_gets_422() {
    let (mut ep, invite) = with_session("uas", true);
    let mut update = peer_request(&invite, "t1", Method::Update, 7);
    update.headers.push(HeaderName::Supported, "timer");
    update.headers.push(HeaderName::SessionExpires, "180;refresher=uac");
    let out = give(&mut ep, 100_000, update);
    let sip::Message::Response(response) = sent(&out).remove(0) else { panic!() };
    assert_eq!(response.status, 200);
    assert_eq!(response.headers.get(&HeaderName::SessionExpires), Some("180;refresher=uac"));
    assert!(response.headers.require().unwrap().contains("timer"));
    assert!(requests(&run(&mut ep, 200_000), &Method::Bye).is_empty());
    let mut small = peer_request(&invite, "t1", Method::Update, 8);
    small.headers.push(HeaderName::SessionExpires, "30");
    let out = give(&mut ep, 200_000, small);
    let sip::Message::Response(response) = sent(&out).remove(0) else { panic!() };
    assert_eq!(response.status, 422);
    assert_eq!(response.headers.min_se().unwrap(), Some(90));
}

#[test]
fn an_early_update_with_an_offer_is_served_once_the_first_offer_was_answered() {
    let mut ep = endpoint();
    let mut out = Vec::new();
    ep.call(Millis(0), spec(1), &mut out).unwrap();
    let invite = only(&out, &Method::Invite);
    give(&mut ep, 10, reply(&invite, 180, "t1"));
    let out = give(&mut ep, 20, offer_of_peer(&invite, Method::Update, 3));
    assert_eq!(statuses(&out), [491], "our offer is open");
    let mut reliable = with_sdp(reply(&invite, 183, "t1"));
    reliable.headers.push(HeaderName::Require, "100rel");
    reliable.headers.push(HeaderName::RSeq, "1");
    give(&mut ep, 30, reliable);
    let out = give(&mut ep, 40, offer_of_peer(&invite, Method::Update, 4));
    assert!(matches!(events(&out)[..], [Event::RemoteOffer { sdp: Some(_), .. }]));
    assert_eq!(statuses(&answer(&mut ep, 50)), [200]);
}
