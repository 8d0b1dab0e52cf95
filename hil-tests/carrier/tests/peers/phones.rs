//! The phones against the carrier as their registrar, and called with RTP and SRTP.
//!
//! Both are ours; the digests and key derivations themselves are proven by RFC vectors.

use std::time::Duration;

use crate::caller::{Caller, their_tag};
use carrier::signal::{FRAME, Law, agent_sample, agent_tone_in};
use carrier::srtp::Srtp;
use carrier::{
    Account, Carrier, CarrierConfig, Credentials, DigestAlgorithm, EventKind, Phones, PhonesConfig, Transport,
};

const LIMIT: Duration = Duration::from_secs(10);

fn account(user: &str) -> Account {
    Account { user: user.to_owned(), password: "secret".to_owned(), realm: None }
}

fn registrar(algorithm: DigestAlgorithm) -> carrier::CarrierHandle {
    let auth = Credentials { user: "8001".into(), password: "secret".into(), realm: "box".into(), algorithm };
    let any = Some("127.0.0.1:0".parse().expect("address"));
    Carrier::start(CarrierConfig { auth: Some(auth), tls: any, ..CarrierConfig::default() }).expect("starts")
}

#[test]
fn a_phone_registers_with_either_digest_over_every_transport() {
    for algorithm in [DigestAlgorithm::Md5, DigestAlgorithm::Sha256] {
        let box_ = registrar(algorithm);
        let ways = [
            (Transport::Udp, box_.udp_addr()),
            (Transport::Tcp, box_.tcp_addr()),
            (Transport::Tls, box_.tls_addr()),
        ];
        for (transport, address) in ways {
            let mut config = PhonesConfig::new(address.expect("listens"), vec![account("8001")]);
            config.transport = transport;
            config.ca_pem = box_.ca_pem().map(str::to_owned);
            let phones = Phones::start(config).expect("starts");
            assert!(phones.wait_until(LIMIT, |r| r.registrations == 1), "{transport:?} {algorithm:?}");
            phones.stop();
        }
        assert_eq!(box_.stop().registrations, 3);
    }
}

#[test]
fn a_registration_is_refreshed_at_half_its_time() {
    let box_ = registrar(DigestAlgorithm::Sha256);
    let mut config = PhonesConfig::new(box_.addr(), vec![account("8001")]);
    config.expires_s = 2;
    let phones = Phones::start(config).expect("starts");
    assert!(phones.wait_until(LIMIT, |r| r.registrations >= 2));
}

#[test]
fn a_wrong_password_is_told_and_never_registers() {
    let box_ = registrar(DigestAlgorithm::Md5);
    let mut wrong = account("8001");
    wrong.password = "guess".to_owned();
    let phones = Phones::start(PhonesConfig::new(box_.addr(), vec![wrong])).expect("starts");
    assert!(phones.wait_until(LIMIT, |r| r.registrations_refused >= 1));
    assert_eq!(phones.stop().registrations, 0);
}

#[test]
fn a_tls_phone_refuses_a_registrar_of_another_ca() {
    let (box_, other) = (registrar(DigestAlgorithm::Md5), registrar(DigestAlgorithm::Md5));
    let mut config = PhonesConfig::new(box_.tls_addr().expect("listens"), vec![account("8001")]);
    config.transport = Transport::Tls;
    config.ca_pem = other.ca_pem().map(str::to_owned);
    assert!(Phones::start(config).is_err());
}

#[test]
fn a_called_phone_answers_sends_its_tone_and_hears_the_caller() {
    let registrar = registrar(DigestAlgorithm::Md5);
    let accounts = vec![account("8001"), account("8002")];
    let phones = Phones::start(PhonesConfig::new(registrar.addr(), accounts)).expect("starts");
    let (user, address) = phones.addresses()[1].clone();
    let caller = Caller::dial(address, &user, &[]);
    let answer = caller.expect(200);
    assert!(!their_tag(&answer).is_empty());
    caller.ack(&answer);
    let (packet, from) = caller.packet();
    let frame: Vec<i16> = packet[12..].iter().map(|c| Law::A.decode(*c)).collect();
    assert_eq!(agent_tone_in(&frame), Some(1), "the second phone has the second tone");
    for seq in 0..4u16 {
        let mut rtp = vec![0x80, 8];
        rtp.extend(seq.to_be_bytes());
        rtp.extend([0, 0, 0, 0, 7, 7, 7, 7]);
        rtp.extend((0..FRAME as u32).map(|n| Law::A.encode(agent_sample(3, n))));
        caller.rtp.send_to(&rtp, from).expect("sends");
    }
    assert!(phones.wait_until(LIMIT, |r| r.agent_audio_heard == 1));
    caller.hang_up(&answer);
    let heard = phones.journal().into_iter().find(|e| e.event == EventKind::AgentAudioFirst).expect("noted");
    assert_eq!((heard.detail.as_deref(), heard.number.as_str()), (Some("agent tone 3"), "8002"));
    let report = phones.stop();
    assert_eq!((report.active_dialogs, report.rtp_received), (0, 4));
}

#[test]
fn a_phone_offered_srtp_speaks_it_with_its_own_key() {
    let registrar = registrar(DigestAlgorithm::Md5);
    let phones = Phones::start(PhonesConfig::new(registrar.addr(), vec![account("8001")])).expect("starts");
    let (user, address) = phones.addresses()[0].clone();
    for (name, length) in [("AES_CM_128_HMAC_SHA1_80", 30), ("AEAD_AES_256_GCM", 44)] {
        let key = data_encoding::BASE64.encode(&vec![7u8; length]);
        let crypto = format!("a=crypto:1 {name} inline:{key}\r\n");
        let caller = Caller::dial_with(address, &user, &[], "RTP/SAVP", &crypto);
        let answer = caller.expect(200);
        caller.ack(&answer);
        let theirs = carrier::sdp::read(&answer.body).expect("usable").crypto.expect("a key");
        assert_eq!(theirs.suite.name(), name);
        let mut open = Srtp::new(theirs.suite, &theirs.keying).expect("right length");
        let mut packet = caller.packet().0;
        open.unprotect(&mut packet, 12).expect("opens with the key of the answer");
        let frame: Vec<i16> = packet[12..].iter().map(|c| Law::A.decode(*c)).collect();
        assert_eq!(agent_tone_in(&frame), Some(0));
        caller.hang_up(&answer);
    }
    assert_eq!(phones.stop().active_dialogs, 0);
}

#[test]
fn a_phone_whose_connection_broke_registers_again() {
    let first = Carrier::start(CarrierConfig::default()).expect("starts");
    let address = first.tcp_addr().expect("listens");
    let mut config = PhonesConfig::new(address, vec![account("8001")]);
    config.transport = Transport::Tcp;
    let phones = Phones::start(config).expect("starts");
    assert!(phones.wait_until(LIMIT, |r| r.registrations == 1));
    first.stop();
    let second = Carrier::start(CarrierConfig { tcp: Some(address), ..CarrierConfig::default() });
    let second = second.expect("starts on the same port");
    assert!(phones.wait_until(LIMIT, |r| r.registrations == 2));
    assert_eq!(second.stop().registrations, 1);
}
