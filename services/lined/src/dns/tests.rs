//! Names against a resolver that never answers, one that fails, and none at all.

use super::{Answer, Found, LookupError, Names, Source, Target};
use sip_ua::{Millis, Transport};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

fn target(host: &str, port: Option<u16>) -> Target {
    Target { host: host.to_owned(), port, transport: Transport::Udp }
}

async fn names_with_silent_resolver() -> (Names, mpsc::Receiver<Answer>, UdpSocket) {
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket");
    let source = Source::server(silent.local_addr().expect("bound")).expect("a resolver");
    let (sender, answers) = mpsc::channel(8);
    (Names::new(source, sender), answers, silent)
}

#[tokio::test]
async fn a_trunk_given_by_address_never_asks_the_resolver() {
    let (mut names, _answers, silent) = names_with_silent_resolver().await;
    let known = names.addresses(Millis(0), &target("192.0.2.7", None));
    assert_eq!(known, [SocketAddr::from(([192, 0, 2, 7], 5_060))]);
    let known = names.addresses(Millis(0), &target("[2001:db8::7]", Some(5_070)));
    assert_eq!(known[0].port(), 5_070);
    let mut buffer = [0_u8; 512];
    assert!(silent.try_recv(&mut buffer).is_err(), "no query was sent");
}

#[tokio::test]
async fn a_resolver_that_never_answers_delays_nobody_and_is_asked_again() {
    let (mut names, mut answers, _silent) = names_with_silent_resolver().await;
    let carrier = target("carrier.example", Some(5_060));
    assert!(names.addresses(Millis(0), &carrier).is_empty(), "nothing known yet, and no waiting");
    let answer = answers.recv().await.expect("the lookup gives up by itself");
    assert!(!names.answered(Millis(6_000), answer));
    assert!(names.addresses(Millis(6_001), &carrier).is_empty());
    assert_eq!(names.running, 0, "the pause before the next attempt is kept");
    assert!(names.addresses(Millis(20_000), &carrier).is_empty());
    assert_eq!(names.running, 1);
}

#[tokio::test]
async fn known_addresses_stay_in_use_while_the_resolver_fails() {
    let (mut names, _answers, _silent) = names_with_silent_resolver().await;
    let carrier = target("carrier.example", Some(5_060));
    names.addresses(Millis(0), &carrier);
    let address = SocketAddr::from(([192, 0, 2, 9], 5_060));
    let found = Found { addresses: vec![address], ttl_ms: 60_000 };
    assert!(names.answered(Millis(10), Answer { target: carrier.clone(), result: Ok(found) }));
    assert_eq!(names.addresses(Millis(100_000), &carrier), [address], "stale, and in use");
    let failed = Answer { target: carrier.clone(), result: Err(LookupError::NotFound) };
    assert!(!names.answered(Millis(100_010), failed));
    assert_eq!(names.addresses(Millis(100_020), &carrier), [address]);
}

#[tokio::test]
async fn names_are_bounded_in_length_and_forgotten_with_their_trunk() {
    let (mut names, _answers, _silent) = names_with_silent_resolver().await;
    names.addresses(Millis(0), &target(&"a".repeat(300), None));
    assert_eq!(names.table.len(), 0);
    let (one, two) = (target("one.example", None), target("two.example", None));
    names.addresses(Millis(0), &one);
    names.addresses(Millis(0), &two);
    names.keep(std::slice::from_ref(&two));
    assert_eq!(names.table.len(), 1);
}

#[tokio::test]
async fn a_box_without_name_servers_runs_says_why_and_asks_again() {
    let (sender, mut answers) = mpsc::channel(8);
    let mut names = Names::new(Source::made_by(|| Err("no settings".into())), sender);
    let known = names.addresses(Millis(0), &target("192.0.2.7", None));
    assert_eq!(known.len(), 1, "trunks by address work");
    let carrier = target("carrier.example", Some(5_060));
    assert!(names.addresses(Millis(0), &carrier).is_empty());
    assert_eq!(names.failed(&carrier), None, "nobody answered yet");
    let answer = answers.recv().await.expect("an answer at once");
    assert!(!names.answered(Millis(10), answer));
    assert_eq!(names.failed(&carrier), Some(LookupError::NoServer));
    names.addresses(Millis(20_000), &carrier);
    assert_eq!(names.running, 1, "the settings may have come meanwhile");
}

#[test]
fn why_a_name_has_no_address_is_said_in_both_languages() {
    for error in [LookupError::TimedOut, LookupError::NotFound, LookupError::NoServer] {
        assert_ne!(idl::reasons::chinese(error.reason()), error.reason(), "{error:?}");
    }
}
