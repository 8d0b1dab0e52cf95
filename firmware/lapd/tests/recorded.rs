//! Recorded exchanges with a data link that nobody here wrote, played again frame by frame.
//!
//! Each line of a record is a time in milliseconds, a sign and what happened: `!` a request, `<` a frame of the peer,
//! `>` a frame of ours, `=` what layer 3 was told. No timer of ours expired in these records.

use std::collections::VecDeque;

use lapd::{Config, Counters, Input, Link, Output, Side};
use vocab::Millis;

#[test]
fn our_user_side_does_with_libpri_what_was_recorded() {
    let counters = replay(Side::User, include_str!("recorded/user.txt"));
    assert_eq!((counters.information_sent, counters.information_received), (11, 11));
    assert_eq!((counters.establishments, counters.errors), (3, [0; 15]));
}

#[test]
fn our_network_side_does_with_libpri_what_was_recorded() {
    let counters = replay(Side::Network, include_str!("recorded/network.txt"));
    assert_eq!((counters.information_sent, counters.information_received), (11, 11));
    assert_eq!((counters.establishments, counters.errors), (3, [0; 15]));
}

/// Gives the link what it was given, and compares what comes out with what came out.
fn replay(side: Side, record: &str) -> Counters {
    let mut link = Link::new(Config::new(side));
    let mut out = Vec::new();
    let mut said = VecDeque::new();
    for line in record.lines().filter(|line| !line.starts_with('#')) {
        let (time, rest) = line.split_once(' ').expect("a time");
        let (sign, what) = rest.split_once(' ').expect("a sign");
        let now = Millis(time.parse().expect("milliseconds"));
        match sign {
            "!" => link.step(now, request(what), &mut out),
            "<" => link.step(now, Input::Frame(&octets(what)), &mut out),
            ">" | "=" => assert_eq!(said.pop_front().as_deref(), Some(what), "{line}"),
            other => panic!("no sign {other}"),
        }
        said.extend(out.drain(..).map(|output| match output {
            Output::Send(frame) => hex(&frame),
            other => format!("{other:?}"),
        }));
    }
    assert!(said.is_empty(), "{said:?}");
    *link.counters()
}

fn request(what: &str) -> Input<'static> {
    match what {
        "line up" => Input::PhysicalUp,
        "establish" => Input::Establish,
        "release" => Input::Release,
        "busy" => Input::SetBusy(true),
        "free" => Input::SetBusy(false),
        other => Input::Data(octets(other.strip_prefix("data ").expect("a request"))),
    }
}

fn octets(text: &str) -> Vec<u8> {
    text.split(' ').map(|octet| u8::from_str_radix(octet, 16).expect("hexadecimal")).collect()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(" ")
}
