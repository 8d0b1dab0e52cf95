//! Packet vectors of RFC 7714, round trips of both suites, replay and forgery. No keys of ours.

use super::{SdesError, SdesKey, Srtp, SrtpError, Suite};
use data_encoding::HEXLOWER;

const SUITES: [Suite; 2] = [Suite::AesCm128HmacSha1_80, Suite::AeadAes256Gcm];

fn hex(text: &str) -> Vec<u8> {
    let clean: String = text.split_whitespace().collect();
    HEXLOWER.decode(clean.as_bytes()).expect("hex")
}

fn rfc7714() -> ([u8; 32], [u8; 12]) {
    (std::array::from_fn(|i| i as u8), *b"Quid pro quo")
}

fn key(suite: Suite) -> SdesKey {
    let octets: Vec<u8> = (1..=suite.master_len() as u8).collect();
    SdesKey::from_bytes(suite, &octets).expect("the suite's length")
}

fn pair(suite: Suite) -> (Srtp, Srtp) {
    (Srtp::new(&key(suite)).expect("tx"), Srtp::new(&key(suite)).expect("rx"))
}

fn packet(sequence: u16, ssrc: u32) -> Vec<u8> {
    let header = crate::rtp::RtpHeader {
        marker: false,
        payload_type: 8,
        sequence,
        timestamp: u32::from(sequence) * 160,
        ssrc,
    };
    let mut out = vec![0; 12 + 160];
    header.write(&[sequence as u8; 160], &mut out).expect("room");
    out
}

fn protect(tx: &mut Srtp, clear: &[u8]) -> Vec<u8> {
    let mut buffer = clear.to_vec();
    buffer.resize(clear.len() + 32, 0);
    let len = tx.protect(&mut buffer, clear.len()).expect("protected");
    buffer.truncate(len);
    buffer
}

/// RFC 7714 section 16.2 (AEAD_AES_256_GCM, SRTP).
#[test]
fn the_srtp_vector_of_rfc_7714_16_2_comes_out_and_opens() {
    let (key, salt) = rfc7714();
    let clear = hex("8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976
                     69736120 696e2070 61727465 73207472 6573");
    let wanted = hex("8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238
                      9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13");
    let mut tx = Srtp::with_session_gcm(&key, salt, (0, 0));
    assert_eq!(protect(&mut tx, &clear), wanted);
    let mut rx = Srtp::with_session_gcm(&key, salt, (0, 0));
    let mut wire = wanted;
    let len = rx.unprotect(&mut wire).expect("authentic");
    assert_eq!(&wire[..len], &clear);
}

/// RFC 7714 section 17.2 (AEAD_AES_256_GCM, SRTCP, encrypted) and 17.4 (tagged only).
#[test]
fn the_srtcp_vectors_of_rfc_7714_17_come_out_and_the_unencrypted_one_is_refused() {
    let (key, salt) = rfc7714();
    let clear = hex("81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61
                     deadbeef deadbeef deadbeef deadbeef deadbeef");
    let wanted = hex("81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50
                      a2eaa5c1 110555be 8415f658 c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c
                      b26ac3be 800005d4");
    let mut tx = Srtp::with_session_gcm(&key, salt, (0x4d61_7273, 0x5d4));
    let mut buffer = clear.clone();
    buffer.resize(clear.len() + 20, 0);
    let len = tx.protect_rtcp(&mut buffer, clear.len()).expect("protected");
    assert_eq!(&buffer[..len], &wanted);
    let mut rx = Srtp::with_session_gcm(&key, salt, (0, 0));
    let len = rx.unprotect_rtcp(&mut buffer[..len]).expect("authentic");
    assert_eq!(&buffer[..len], &clear);

    let mut tagged = clear;
    tagged.extend(hex("91db4afb feee5a97 8fab4393 ed2615fe 000005d4"));
    assert_eq!(rx.unprotect_rtcp(&mut tagged), Err(SrtpError::NotEncrypted));
}

/// The packet that the reference implementation of RFC 3711 publishes for AES_CM_128_HMAC_SHA1_80.
#[test]
fn a_known_counter_mode_packet_comes_out() {
    let master = hex("e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6");
    let master = SdesKey::from_bytes(Suite::AesCm128HmacSha1_80, &master).expect("30 octets");
    let clear = hex("800f1234 decafbad cafebabe abababab abababab abababab abababab");
    let wanted = hex("800f1234 decafbad cafebabe 4e55dc4c e79978d8 8ca4d215 949d2402
                      b78d6acc 99ea179b 8dbb");
    let mut tx = Srtp::new(&master).expect("tx");
    assert_eq!(protect(&mut tx, &clear), wanted);
}

#[test]
fn both_suites_open_what_they_seal_across_the_rollover_and_out_of_order() {
    for suite in SUITES {
        let (mut tx, mut rx) = pair(suite);
        let sent: Vec<Vec<u8>> =
            (0..40u16).map(|n| protect(&mut tx, &packet(65_520u16.wrapping_add(n), 7))).collect();
        let mut order: Vec<usize> = (0..40).collect();
        order.swap(15, 17);
        order.swap(3, 9);
        for n in order {
            let mut wire = sent[n].clone();
            let len = rx.unprotect(&mut wire).expect("authentic");
            assert_eq!(wire[..len], packet(65_520u16.wrapping_add(n as u16), 7), "{suite:?} {n}");
        }
    }
}

#[test]
fn a_replay_is_refused_and_a_flipped_bit_anywhere_is_refused_without_a_trace() {
    for suite in SUITES {
        let (mut tx, mut rx) = pair(suite);
        let wire = protect(&mut tx, &packet(100, 7));
        for octet in 0..wire.len() {
            let mut forged = wire.clone();
            forged[octet] ^= 0x01;
            assert!(rx.unprotect(&mut forged).is_err(), "{suite:?} octet {octet}");
        }
        assert!(rx.unprotect(&mut wire.clone()).is_ok());
        assert_eq!(rx.unprotect(&mut wire.clone()), Err(SrtpError::Replayed));
    }
}

#[test]
fn an_index_is_never_sealed_twice() {
    for suite in SUITES {
        let (mut tx, _) = pair(suite);
        protect(&mut tx, &packet(100, 7));
        let mut again = packet(100, 7);
        again.resize(300, 0);
        assert_eq!(tx.protect(&mut again, 172), Err(SrtpError::IndexUsedUp));
    }
}

#[test]
fn forged_sources_take_no_room_and_true_ones_are_bounded() {
    let (mut tx, mut rx) = pair(Suite::AeadAes256Gcm);
    for ssrc in 0..1_000 {
        let mut forged = packet(1, ssrc);
        forged.extend([0; 16]);
        assert_eq!(rx.unprotect(&mut forged), Err(SrtpError::Authentication));
    }
    for ssrc in 0..super::MAX_SRTP_SOURCES as u32 {
        let mut wire = protect(&mut tx, &packet(1, ssrc));
        assert!(rx.unprotect(&mut wire).is_ok());
    }
    let mut one_more = packet(1, 99);
    one_more.resize(300, 0);
    assert_eq!(tx.protect(&mut one_more, 172), Err(SrtpError::TooManySources));
}

#[test]
fn srtcp_of_both_suites_round_trips_and_refuses_replays() {
    for suite in SUITES {
        let (mut tx, mut rx) = pair(suite);
        for _ in 0..3 {
            let clear = hex("80c90001 4d617273");
            let mut buffer = clear.clone();
            buffer.resize(64, 0);
            let len = tx.protect_rtcp(&mut buffer, clear.len()).expect("protected");
            let wire = buffer[..len].to_vec();
            let got = rx.unprotect_rtcp(&mut buffer[..len]).expect("authentic");
            assert_eq!(&buffer[..got], &clear);
            assert_eq!(rx.unprotect_rtcp(&mut wire.clone()), Err(SrtpError::Replayed));
        }
    }
}

#[test]
fn a_key_is_printed_and_parsed_back_and_shows_nothing_in_debug() {
    for suite in SUITES {
        let inline = key(suite).to_inline();
        let parsed = SdesKey::parse(suite, &inline).expect("our own print");
        assert_eq!(*parsed.to_inline(), *inline);
        assert!(SdesKey::parse(suite, &format!("{}|2^20", *inline)).is_ok());
        assert_eq!(format!("{parsed:?}"), "SdesKey(***)");
        assert_eq!(Suite::from_name(suite.name()), Some(suite));
        let shown = format!("{:?}", Srtp::new(&parsed));
        assert!(shown.contains("Transform(***)") && !shown.contains("salt"));
    }
    assert_eq!(Suite::from_name("AES_CM_128_HMAC_SHA1_32"), None);
}

#[test]
fn wrong_key_parameters_are_refused() {
    let gcm = Suite::AeadAes256Gcm;
    let cm_inline = key(Suite::AesCm128HmacSha1_80).to_inline();
    assert_eq!(
        SdesKey::parse(gcm, &cm_inline).expect_err("30 octets"),
        SdesError::Length { got: 30, wanted: 44 }
    );
    let inline = key(gcm).to_inline();
    assert_eq!(SdesKey::parse(gcm, &format!("{}|2^20|1:4", *inline)).err(), Some(SdesError::Mki));
    assert_eq!(SdesKey::parse(gcm, &format!("{}|soon", *inline)).err(), Some(SdesError::Lifetime));
    assert_eq!(SdesKey::parse(gcm, "uri:AAAA").err(), Some(SdesError::Method));
    assert_eq!(SdesKey::parse(gcm, "inline:****").err(), Some(SdesError::Base64));
    let long = format!("inline:{}", "A".repeat(400));
    assert!(matches!(SdesKey::parse(gcm, &long), Err(SdesError::Length { .. })));
}
