//! Where media may come from: RTP bleed, symmetric RTP, SSRC changes, SRTP forgeries.

mod common;

use std::net::SocketAddr;

use common::{CUSTOMER, Peer, config, key, secure};
use media::latch::LatchPolicy;
use media::session::{Received, Refusal};
use media::srtp::{Srtp, Suite};
use media::{Law, Session, SrtpPair};

const STRANGER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7)), 9);
const WRONG_SOURCE: Received = Received::Refused(Refusal::WrongSource);
const SYMMETRIC: LatchPolicy = LatchPolicy::Symmetric { window_us: 5_000_000 };

fn other_port() -> SocketAddr {
    SocketAddr::new(CUSTOMER.ip(), 40_001)
}

fn plain(policy: LatchPolicy) -> (Session, Peer) {
    let mut config = config(Law::A, CUSTOMER);
    config.latch = policy;
    (Session::new(config, None), Peer::new(CUSTOMER, Law::A))
}

fn give(session: &mut Session, from: SocketAddr, mut datagram: Vec<u8>, now_us: u64) -> Received {
    session.receive(from, &mut datagram, now_us)
}

#[test]
fn without_symmetric_rtp_only_the_negotiated_address_is_heard() {
    let (mut session, mut peer) = plain(LatchPolicy::NegotiatedOnly);
    for from in [STRANGER, other_port()] {
        assert_eq!(give(&mut session, from, peer.audio(&[1; 160]), 0), WRONG_SOURCE);
    }
    assert_eq!(give(&mut session, CUSTOMER, peer.audio(&[1; 160]), 0), Received::Audio);
    assert_eq!(session.stats().wrong_source, 2);
    assert_eq!(session.remote(), CUSTOMER);
}

#[test]
fn plain_symmetric_rtp_latches_once_to_another_port_of_the_same_host() {
    let (mut session, mut peer) = plain(SYMMETRIC);
    assert_eq!(give(&mut session, STRANGER, peer.audio(&[1; 160]), 0), WRONG_SOURCE);
    assert_eq!(give(&mut session, other_port(), peer.audio(&[1; 160]), 1), Received::Audio);
    assert_eq!(session.remote(), other_port(), "and our media follows");
    let third = SocketAddr::new(CUSTOMER.ip(), 40_002);
    for from in [third, CUSTOMER, STRANGER] {
        assert_eq!(give(&mut session, from, peer.audio(&[1; 160]), 2), WRONG_SOURCE);
    }
    assert_eq!(session.stats().wrong_source, 4);
}

#[test]
fn a_latch_that_took_the_negotiated_address_never_moves() {
    let (mut session, mut peer) = plain(SYMMETRIC);
    assert_eq!(give(&mut session, CUSTOMER, peer.audio(&[1; 160]), 0), Received::Audio);
    assert_eq!(give(&mut session, other_port(), peer.audio(&[1; 160]), 1), WRONG_SOURCE);
    assert_eq!(session.remote(), CUSTOMER);
}

#[test]
fn the_window_of_plain_symmetric_rtp_closes() {
    let (mut session, mut peer) = plain(SYMMETRIC);
    assert_eq!(give(&mut session, STRANGER, peer.audio(&[1; 160]), 0), WRONG_SOURCE);
    let late = 5_000_001;
    assert_eq!(give(&mut session, other_port(), peer.audio(&[1; 160]), late), WRONG_SOURCE);
    assert_eq!(give(&mut session, CUSTOMER, peer.audio(&[1; 160]), late), Received::Audio);
}

#[test]
fn a_malformed_or_foreign_packet_does_not_close_the_latch() {
    let (mut session, mut peer) = plain(SYMMETRIC);
    assert!(matches!(give(&mut session, other_port(), vec![0x80, 8, 0], 0), Received::Refused(_)));
    let wrong_type = peer.packet(false, 96, 0, &[1; 160]);
    assert_eq!(give(&mut session, other_port(), wrong_type, 0), Received::Refused(Refusal::PayloadType(96)));
    assert_eq!(session.remote(), CUSTOMER);
    assert_eq!(give(&mut session, CUSTOMER, peer.audio(&[1; 160]), 1), Received::Audio);
}

#[test]
fn srtp_latches_to_the_first_source_that_authenticates_wherever_it_is() {
    for suite in [Suite::AesCm128HmacSha1_80, Suite::AeadAes256Gcm] {
        let mut config = config(Law::A, CUSTOMER);
        config.latch = SYMMETRIC;
        let pair = SrtpPair::new(&key(suite, 1), &key(suite, 2)).expect("keys");
        let mut session = Session::new(config, Some(pair));
        let mut peer = Peer::new(CUSTOMER, Law::A);
        peer.srtp = Some(Srtp::new(&key(suite, 2)).expect("key"));
        let mut forger = Peer::new(STRANGER, Law::A);
        forger.srtp = Some(Srtp::new(&key(suite, 3)).expect("key"));
        for _ in 0..20 {
            let forged = give(&mut session, STRANGER, forger.audio(&[2; 160]), 0);
            assert!(matches!(forged, Received::Refused(Refusal::Srtp(_))));
        }
        let behind_nat = SocketAddr::from(([198, 51, 100, 4], 31_000));
        assert_eq!(give(&mut session, behind_nat, peer.audio(&[1; 160]), 1), Received::Audio);
        assert_eq!(session.remote(), behind_nat);
        assert_eq!(give(&mut session, CUSTOMER, peer.audio(&[1; 160]), 2), WRONG_SOURCE);
        assert_eq!(session.stats().srtp_failures, 20);
    }
}

#[test]
fn a_re_invite_opens_the_latch_for_its_address_only() {
    let (mut session, mut peer) = plain(SYMMETRIC);
    give(&mut session, CUSTOMER, peer.audio(&[1; 160]), 0);
    session.set_remote(CUSTOMER);
    assert_eq!(give(&mut session, other_port(), peer.audio(&[1; 160]), 1), WRONG_SOURCE);
    session.set_remote(STRANGER);
    assert_eq!(give(&mut session, CUSTOMER, peer.audio(&[1; 160]), 2), WRONG_SOURCE);
    assert_eq!(give(&mut session, STRANGER, peer.audio(&[1; 160]), 3), Received::Audio);
}

#[test]
fn a_new_ssrc_from_the_same_address_is_believed_after_two_packets_and_loses_nothing() {
    let (mut session, mut peer) = plain(LatchPolicy::NegotiatedOnly);
    let (mut raw, mut heard) = ([0; 160], [0; 160]);
    let mut octets = Vec::new();
    for n in 0..40u8 {
        if n == 20 {
            peer.ssrc = 0x9999;
            peer.sequence = 7;
            peer.timestamp = 0xFFFF_FF00;
        }
        give(&mut session, CUSTOMER, peer.audio(&[n + 1; 160]), u64::from(n) * 20_000);
        session.take_frame(&mut raw, &mut heard);
        octets.push(raw[0]);
    }
    for n in 1..=36 {
        assert!(octets.contains(&n), "frame {n} is missing: {octets:?}");
    }
    assert_eq!(session.stats().source_changes, 1);
    assert_eq!(session.stats().jitter_buffer.gap_samples, 0);
}

#[test]
fn single_packets_of_changing_ssrcs_never_take_over() {
    let (mut session, mut peer) = plain(LatchPolicy::NegotiatedOnly);
    let mut spoof = Peer::new(CUSTOMER, Law::A);
    for n in 0..50u32 {
        assert_eq!(give(&mut session, CUSTOMER, peer.audio(&[1; 160]), 0), Received::Audio);
        session.take_frame(&mut [0; 160], &mut [0; 160]);
        spoof.ssrc = 0x5000 + n;
        let got = give(&mut session, CUSTOMER, spoof.audio(&[2; 160]), 0);
        assert_eq!(got, Received::Refused(Refusal::Probation));
    }
    assert_eq!(session.stats().source_changes, 0);
}

#[test]
fn an_encrypted_leg_takes_no_plain_packet() {
    let (mut session, _) = secure(Law::A, CUSTOMER, Suite::AeadAes256Gcm);
    let mut plain_peer = Peer::new(CUSTOMER, Law::A);
    for _ in 0..10 {
        let got = give(&mut session, CUSTOMER, plain_peer.audio(&[1; 160]), 0);
        assert!(matches!(got, Received::Refused(Refusal::Srtp(_))));
    }
    assert_eq!(session.stats().accepted, 0);
}
