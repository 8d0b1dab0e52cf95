//! Outgoing calls, one race at a time: provisional responses, CANCEL, forks, challenges, ends.
//!
//! Deliberately not here: offers inside a call; see `offers.rs`.

mod support;

use sip::{HeaderName, Method};
use sip_ua::{CallError, CallHandle, EndCause, EndedBy, Endpoint, Event, Login, Millis};
use support::*;
use vocab::{Pii, Secret};

const H: CallHandle = CallHandle(1);
/// 64*T1.
const LIFE: u64 = 32_000;

fn place(ep: &mut Endpoint, spec: sip_ua::CallSpec) -> sip::Request {
    let mut out = Vec::new();
    ep.call(Millis(0), spec, &mut out).unwrap();
    only(&out, &Method::Invite)
}

fn hangup(ep: &mut Endpoint, now: u64) -> Vec<sip_ua::Output> {
    let mut out = Vec::new();
    assert!(ep.hangup(Millis(now), H, EndCause::local(Some(16), "done"), &mut out));
    out
}

#[test]
fn an_answered_call_is_acknowledged_and_ends_with_bye() {
    let mut ep = endpoint();
    let invite = place(&mut ep, spec(1));
    assert_eq!(invite.body, OFFER);
    let out = give(&mut ep, 10, reply(&invite, 100, ""));
    assert!(matches!(events(&out)[..], [Event::Trying { handle: H }]));
    let out = give(&mut ep, 20, reply(&invite, 180, "t1"));
    assert!(matches!(
        events(&out)[..],
        [Event::Provisional { status: 180, reliable: false, sdp: None, fork: 0, .. }]
    ));
    let out = give(&mut ep, 30, with_sdp(reply(&invite, 200, "t1")));
    let ack = only(&out, &Method::Ack);
    assert_eq!(ack.uri.to_string(), "sip:gw@192.0.2.10:5060");
    assert_eq!(ack.headers.cseq().unwrap().seq, invite.headers.cseq().unwrap().seq);
    let Event::Answered { sdp, .. } = events(&out)[0] else { panic!("{out:?}") };
    assert_eq!(sdp.0, ANSWER);
    assert!(ep.is_in_conversation(H));
    let bye = only(&hangup(&mut ep, 1_000), &Method::Bye);
    assert_eq!(bye.headers.get(&HeaderName::Reason), Some("Q.850;cause=16;text=\"done\""));
    let out = give(&mut ep, 1_050, reply(&bye, 200, "t1"));
    assert_eq!(ended(&out).unwrap().by, EndedBy::Local);
    run(&mut ep, 100_000);
    assert_eq!((ep.call_count(), ep.active_calls(), ep.transaction_count()), (0, 0, 0));
}

#[test]
fn a_second_2xx_is_acknowledged_again_with_the_same_bytes() {
    let mut ep = endpoint();
    let invite = place(&mut ep, spec(1));
    let first = only(&give(&mut ep, 10, with_sdp(reply(&invite, 200, "t1"))), &Method::Ack);
    let second = only(&give(&mut ep, 510, with_sdp(reply(&invite, 200, "t1"))), &Method::Ack);
    assert!(first == second);
}

#[test]
fn a_2xx_of_another_fork_is_acknowledged_and_hung_up_while_the_call_goes_on() {
    let mut ep = endpoint();
    let invite = answered(&mut ep, spec(1));
    let out = give(&mut ep, 200, with_sdp(reply(&invite, 200, "t2")));
    let tag = |request: sip::Request| request.headers.to().unwrap().tag().unwrap().to_owned();
    assert_eq!(tag(only(&out, &Method::Ack)), "t2");
    assert_eq!(tag(only(&out, &Method::Bye)), "t2");
    assert!(events(&out).is_empty());
    let again = give(&mut ep, 700, with_sdp(reply(&invite, 200, "t2")));
    assert_eq!(requests(&again, &Method::Ack).len(), 1);
    assert!(requests(&again, &Method::Bye).is_empty());
    assert!(ep.is_in_conversation(H));
}

#[test]
fn cancel_waits_for_a_provisional_response() {
    let mut ep = endpoint();
    let invite = place(&mut ep, spec(1));
    assert!(requests(&hangup(&mut ep, 100), &Method::Cancel).is_empty());
    let out = give(&mut ep, 200, reply(&invite, 100, ""));
    let cancel = only(&out, &Method::Cancel);
    assert_eq!(cancel.headers.via_top().unwrap().branch(), invite.headers.via_top().unwrap().branch());
    assert_eq!(cancel.uri, invite.uri);
    let out = give(&mut ep, 300, reply(&invite, 487, "t1"));
    assert_eq!(requests(&out, &Method::Ack).len(), 1);
    let how = ended(&out).unwrap();
    assert_eq!((how.by, how.status), (EndedBy::Local, Some(487)));
}

#[test]
fn a_hang_up_before_any_response_ends_by_timer_b_even_if_the_peer_is_silent() {
    let mut ep = endpoint();
    place(&mut ep, spec(1));
    hangup(&mut ep, 100);
    let out = run(&mut ep, LIFE);
    assert!(ended(&out).is_some());
}

#[test]
fn a_2xx_that_crosses_the_cancel_gets_ack_and_bye() {
    let mut ep = endpoint();
    let invite = place(&mut ep, spec(1));
    give(&mut ep, 10, reply(&invite, 180, "t1"));
    assert_eq!(requests(&hangup(&mut ep, 100), &Method::Cancel).len(), 1);
    let out = give(&mut ep, 120, with_sdp(reply(&invite, 200, "t1")));
    assert_eq!(requests(&out, &Method::Ack).len(), 1);
    let bye = only(&out, &Method::Bye);
    assert!(events(&out).is_empty(), "a cancelled call is never reported as answered");
    assert!(ended(&give(&mut ep, 150, reply(&bye, 200, "t1"))).is_some());
}

#[test]
fn an_unanswered_cancel_ends_the_call_and_a_late_2xx_still_gets_ack_and_bye() {
    let mut ep = endpoint();
    let invite = place(&mut ep, spec(1));
    give(&mut ep, 10, reply(&invite, 180, "t1"));
    hangup(&mut ep, 100);
    assert!(ended(&run(&mut ep, 100 + LIFE)).is_some());
    let out = give(&mut ep, 200 + LIFE, with_sdp(reply(&invite, 200, "t1")));
    assert_eq!(requests(&out, &Method::Ack).len(), 1);
    assert_eq!(requests(&out, &Method::Bye).len(), 1);
    run(&mut ep, 500_000);
    assert_eq!((ep.call_count(), ep.transaction_count()), (0, 0));
}

#[test]
fn a_2xx_after_a_refusal_gets_ack_and_bye() {
    let mut ep = endpoint();
    let invite = place(&mut ep, spec(1));
    let out = give(&mut ep, 10, reply(&invite, 486, "t1"));
    assert_eq!(ended(&out).unwrap().status, Some(486));
    let out = give(&mut ep, 20, with_sdp(reply(&invite, 200, "t2")));
    assert_eq!(requests(&out, &Method::Ack).len(), 1);
    assert_eq!(requests(&out, &Method::Bye).len(), 1);
    let again = give(&mut ep, 520, with_sdp(reply(&invite, 200, "t2")));
    assert_eq!(requests(&again, &Method::Ack).len(), 1);
    assert!(requests(&again, &Method::Bye).is_empty());
}

#[test]
fn ringing_ends_with_cancel_at_the_ring_timeout() {
    let mut ep = endpoint();
    let mut call = spec(1);
    call.ring_timeout_ms = 30_000;
    let invite = place(&mut ep, call);
    give(&mut ep, 10, reply(&invite, 180, "t1"));
    assert!(requests(&run(&mut ep, 29_999), &Method::Cancel).is_empty());
    let out = run(&mut ep, 30_000);
    let cancel = only(&out, &Method::Cancel);
    assert_eq!(cancel.headers.get(&HeaderName::Reason), Some("Q.850;cause=19;text=\"ring timeout\""));
    let how = ended(&give(&mut ep, 30_100, reply(&invite, 487, "t1"))).unwrap();
    assert_eq!(how.by, EndedBy::Timeout);
}

#[test]
fn l_23_a_redirection_is_reported_and_never_followed() {
    let mut ep = endpoint();
    let invite = place(&mut ep, spec(1));
    let mut response = reply(&invite, 302, "t1");
    response.headers.set(HeaderName::Contact, "<sip:13900000000@elsewhere.example>");
    let out = give(&mut ep, 10, response);
    assert!(requests(&out, &Method::Invite).is_empty());
    let how = ended(&out).unwrap();
    assert_eq!(how.status, Some(302));
    assert_eq!(how.targets[0].reveal(), "sip:13900000000@elsewhere.example");
    assert!(!format!("{how:?}").contains("139"));
}

fn challenge(invite: &sip::Request, nonce: &str, stale: bool) -> sip::Response {
    let mut response = reply(invite, 407, "t1");
    let stale = if stale { ", stale=true" } else { "" };
    response.headers.push(
        HeaderName::ProxyAuthenticate,
        format!("Digest realm=\"r\", nonce=\"{nonce}\", algorithm=SHA-256, qop=\"auth\"{stale}"),
    );
    response
}

fn with_login() -> sip_ua::CallSpec {
    let mut call = spec(1);
    call.login = Some(Login { user: Pii::new("box".into()), password: Secret::new("secret".into()) });
    call
}

#[test]
fn a_challenge_is_answered_once_per_realm_and_a_stale_nonce_is_renewed() {
    let mut ep = endpoint();
    let invite = place(&mut ep, with_login());
    let out = give(&mut ep, 10, challenge(&invite, "n1", false));
    assert_eq!(requests(&out, &Method::Ack).len(), 1);
    let second = only(&out, &Method::Invite);
    assert_eq!(second.headers.call_id(), invite.headers.call_id());
    assert_eq!(second.headers.from().unwrap().tag(), invite.headers.from().unwrap().tag());
    assert!(second.headers.cseq().unwrap().seq > invite.headers.cseq().unwrap().seq);
    let credentials = second.headers.proxy_authorization().unwrap().remove(0);
    assert_eq!((credentials.nonce.as_str(), credentials.nc), ("n1", Some(1)));
    let out = give(&mut ep, 20, challenge(&second, "n2", true));
    let third = only(&out, &Method::Invite);
    assert_eq!(third.headers.proxy_authorization().unwrap()[0].nonce, "n2");
    let out = give(&mut ep, 30, challenge(&third, "n3", false));
    assert!(requests(&out, &Method::Invite).is_empty(), "the password is wrong");
    assert_eq!(ended(&out).unwrap().status, Some(407));
}

#[test]
fn no_new_invite_goes_out_once_the_callee_was_alerted() {
    let mut ep = endpoint();
    let invite = place(&mut ep, with_login());
    give(&mut ep, 5, reply(&invite, 180, "t9"));
    let out = give(&mut ep, 10, challenge(&invite, "n1", false));
    assert!(requests(&out, &Method::Invite).is_empty());
    assert_eq!(ended(&out).unwrap().status, Some(407));
}

#[test]
fn the_ack_and_bye_of_an_authenticated_call_carry_credentials() {
    let mut ep = endpoint();
    let invite = place(&mut ep, with_login());
    let invite = only(&give(&mut ep, 10, challenge(&invite, "n1", false)), &Method::Invite);
    let ack = only(&give(&mut ep, 20, with_sdp(reply(&invite, 200, "t1"))), &Method::Ack);
    assert_eq!(
        ack.headers.get(&HeaderName::ProxyAuthorization),
        invite.headers.get(&HeaderName::ProxyAuthorization)
    );
    let bye = only(&hangup(&mut ep, 30), &Method::Bye);
    assert_eq!(bye.headers.proxy_authorization().unwrap()[0].nc, Some(2));
}

#[test]
fn a_challenged_bye_is_repeated_with_credentials() {
    let mut ep = endpoint();
    answered(&mut ep, with_login());
    let bye = only(&hangup(&mut ep, 200), &Method::Bye);
    let out = give(&mut ep, 210, challenge(&bye, "n1", false));
    assert!(ended(&out).is_none());
    let again = only(&out, &Method::Bye);
    assert!(again.headers.cseq().unwrap().seq > bye.headers.cseq().unwrap().seq);
    assert_eq!(again.headers.proxy_authorization().unwrap().len(), 1);
    assert!(ended(&give(&mut ep, 220, challenge(&again, "n2", false))).is_some());
}

#[test]
fn a_422_is_retried_with_the_interval_the_peer_asks_for() {
    let mut ep = endpoint();
    let mut call = spec(1);
    call.session_expires_s = Some(120);
    let invite = place(&mut ep, call);
    assert_eq!(invite.headers.session_expires().unwrap().unwrap().interval_s, 120);
    let mut response = reply(&invite, 422, "t1");
    response.headers.push(HeaderName::MinSe, "600");
    let again = only(&give(&mut ep, 10, response), &Method::Invite);
    assert_eq!(again.headers.session_expires().unwrap().unwrap().interval_s, 600);
    assert_eq!(again.headers.min_se().unwrap(), Some(600));
}

fn reliable(invite: &sip::Request, tag: &str, rseq: u32) -> sip::Response {
    let mut response = with_sdp(reply(invite, 183, tag));
    response.headers.push(HeaderName::Require, "100rel");
    response.headers.push(HeaderName::RSeq, rseq.to_string());
    response
}

#[test]
fn reliable_provisional_responses_are_acknowledged_in_order() {
    let mut ep = endpoint();
    let invite = place(&mut ep, spec(1));
    assert!(invite.headers.supported().unwrap().contains("100rel"));
    let out = give(&mut ep, 10, reliable(&invite, "t1", 40));
    let prack = only(&out, &Method::Prack);
    assert_eq!(prack.headers.get(&HeaderName::RAck), Some("40 1 INVITE"));
    assert!(matches!(events(&out)[..], [Event::Provisional { reliable: true, .. }]));
    let repeated = give(&mut ep, 20, reliable(&invite, "t1", 40));
    assert!(requests(&repeated, &Method::Prack).is_empty() && events(&repeated).is_empty());
    let gap = give(&mut ep, 30, reliable(&invite, "t1", 42));
    assert!(requests(&gap, &Method::Prack).is_empty() && events(&gap).is_empty());
    let next = give(&mut ep, 40, reliable(&invite, "t1", 41));
    assert_eq!(only(&next, &Method::Prack).headers.cseq().unwrap().seq, 3);
    let fork = give(&mut ep, 50, reliable(&invite, "t2", 7));
    assert_eq!(only(&fork, &Method::Prack).headers.to().unwrap().tag(), Some("t2"));
    assert!(matches!(events(&fork)[..], [Event::Provisional { fork: 1, .. }]));
}

#[test]
fn the_answer_of_a_reliable_183_counts_when_the_2xx_has_none() {
    let mut ep = endpoint();
    let invite = place(&mut ep, spec(1));
    give(&mut ep, 10, reliable(&invite, "t1", 1));
    let out = give(&mut ep, 20, reply(&invite, 200, "t1"));
    let Event::Answered { sdp, .. } = events(&out)[0] else { panic!("{out:?}") };
    assert_eq!(sdp.0, ANSWER);
}

#[test]
fn a_2xx_without_an_answer_is_acknowledged_and_hung_up() {
    let mut ep = endpoint();
    let invite = place(&mut ep, spec(1));
    let out = give(&mut ep, 10, reply(&invite, 200, "t1"));
    assert_eq!(requests(&out, &Method::Ack).len(), 1);
    let bye = only(&out, &Method::Bye);
    assert!(events(&out).is_empty());
    assert_eq!(ended(&give(&mut ep, 20, reply(&bye, 200, "t1"))).unwrap().status, Some(488));
}

#[test]
fn a_bye_of_the_peer_ends_the_call_with_its_reason() {
    let mut ep = endpoint();
    let invite = answered(&mut ep, spec(1));
    let mut bye = peer_request(&invite, "t1", Method::Bye, 5);
    bye.headers.push(HeaderName::Reason, "Q.850;cause=17;text=\"busy\"");
    let out = give(&mut ep, 200, bye.clone());
    assert_eq!(statuses(&out), [200]);
    let how = ended(&out).unwrap();
    assert_eq!((how.by, how.q850), (EndedBy::Remote, Some(17)));
    assert_eq!(statuses(&give(&mut ep, 700, bye)), [200], "the retransmission too");
}

#[test]
fn two_byes_that_cross_end_the_call_once() {
    let mut ep = endpoint();
    let invite = answered(&mut ep, spec(1));
    let bye = only(&hangup(&mut ep, 200), &Method::Bye);
    let out = give(&mut ep, 210, peer_request(&invite, "t1", Method::Bye, 5));
    assert_eq!(statuses(&out), [200]);
    assert_eq!(ended(&out).unwrap().by, EndedBy::Local);
    assert!(ended(&give(&mut ep, 220, reply(&bye, 481, "t1"))).is_none());
}

#[test]
fn an_unanswered_bye_ends_the_call_after_64_t1() {
    let mut ep = endpoint();
    answered(&mut ep, spec(1));
    hangup(&mut ep, 200);
    assert!(ended(&run(&mut ep, 200 + LIFE - 1)).is_none());
    assert!(ended(&run(&mut ep, 200 + LIFE)).is_some());
}

#[test]
fn the_route_set_of_the_2xx_is_followed_and_a_strict_router_takes_the_request_uri() {
    let mut ep = endpoint();
    let invite = place(&mut ep, spec(1));
    let mut response = with_sdp(reply(&invite, 200, "t1"));
    response.headers.push(HeaderName::RecordRoute, "<sip:p2.example;lr>, <sip:p1.example;lr>");
    let ack = only(&give(&mut ep, 10, response), &Method::Ack);
    let routes: Vec<String> = ack.headers.routes().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(routes, ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]);
    assert_eq!(ack.uri.to_string(), "sip:gw@192.0.2.10:5060");

    let mut call = spec(2);
    call.to = sip::NameAddr::new(uri("sip:2@carrier.example"));
    let invite = place(&mut ep, call);
    let mut response = with_sdp(reply(&invite, 200, "t1"));
    response.headers.push(HeaderName::RecordRoute, "<sip:strict.example>");
    let ack = only(&give(&mut ep, 20, response), &Method::Ack);
    assert_eq!(ack.uri.to_string(), "sip:strict.example");
    assert_eq!(ack.headers.routes().unwrap()[0].uri.to_string(), "sip:gw@192.0.2.10:5060");
}

#[test]
fn calls_beyond_the_limit_are_refused_before_anything_is_sent() {
    let config = sip_ua::Config { max_calls: 1, ..sip_ua::Config::default() };
    let mut ep = Endpoint::new(config, Box::new(Rng(1)));
    let mut out = Vec::new();
    ep.call(Millis(0), spec(1), &mut out).unwrap();
    out.clear();
    assert_eq!(ep.call(Millis(0), spec(2), &mut out), Err(CallError::TooMany(1)));
    assert_eq!(ep.call(Millis(0), spec(1), &mut out), Err(CallError::InUse));
    assert!(out.is_empty());
}

#[test]
fn a_full_transaction_table_still_lets_the_call_end() {
    let config = sip_ua::Config { max_transactions: 0, ..sip_ua::Config::default() };
    let mut ep = Endpoint::new(config, Box::new(Rng(1)));
    let mut out = Vec::new();
    ep.call(Millis(0), spec(1), &mut out).unwrap();
    assert!(sent(&out).is_empty());
    assert!(ended(&out).is_some());
    assert_eq!(ep.call_count(), 0);
}

#[test]
fn a_restarted_process_says_bye_in_a_dialog_of_its_former_life() {
    let mut ep = endpoint();
    let invite = place(&mut ep, spec(1));
    let out = give(&mut ep, 10, with_sdp(reply(&invite, 200, "t1")));
    let Event::Answered { dialog, .. } = events(&out)[0] else { panic!("{out:?}") };
    assert_eq!(format!("{dialog:?}"), "DialogSnapshot(…)");
    let bytes = dialog.to_bytes();
    let snapshot = sip_ua::DialogSnapshot::from_bytes(&bytes).unwrap();

    let mut next = Endpoint::new(sip_ua::Config::default(), Box::new(Rng(99)));
    let mut out = Vec::new();
    next.release_orphan(Millis(0), 5, &snapshot, &mut out);
    let bye = only(&out, &Method::Bye);
    assert_eq!(bye.headers.call_id(), invite.headers.call_id());
    assert_eq!(bye.headers.from().unwrap().tag(), invite.headers.from().unwrap().tag());
    assert_eq!(bye.headers.to().unwrap().tag(), Some("t1"));
    assert!(bye.headers.cseq().unwrap().seq > 1_000);
    let out = give(&mut next, 50, reply(&bye, 481, "t1"));
    assert!(matches!(events(&out)[..], [Event::OrphanReleased { orphan: 5, answered: true }]));

    next.release_orphan(Millis(100), 6, &snapshot, &mut Vec::new());
    let out = run(&mut next, 100 + LIFE);
    assert!(matches!(events(&out)[..], [Event::OrphanReleased { orphan: 6, answered: false }]));
}

#[test]
fn a_damaged_snapshot_is_refused_and_never_panics() {
    let mut ep = endpoint();
    let invite = place(&mut ep, spec(1));
    let out = give(&mut ep, 10, with_sdp(reply(&invite, 200, "t1")));
    let Event::Answered { dialog, .. } = events(&out)[0] else { panic!("{out:?}") };
    let bytes = dialog.to_bytes();
    for end in 0..bytes.len() {
        assert!(sip_ua::DialogSnapshot::from_bytes(&bytes[..end]).is_err(), "{end}");
    }
    let mut rng = Rng(3);
    for _ in 0..2_000 {
        let mut damaged = bytes.clone();
        let at = rng.below(damaged.len() as u64) as usize;
        damaged[at] = rng.next() as u8;
        let _any_result = sip_ua::DialogSnapshot::from_bytes(&damaged);
    }
}

#[test]
fn debug_output_names_nobody() {
    let mut ep = endpoint();
    let invite = place(&mut ep, spec(1));
    let out = give(&mut ep, 10, with_sdp(reply(&invite, 200, "t1")));
    let shown = format!("{ep:?} {:?} {:?}", spec(1), events(&out));
    for private in ["138", "010", "192.0.2", "v=0"] {
        assert!(!shown.contains(private), "{private} in {shown}");
    }
}
