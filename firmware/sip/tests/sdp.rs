//! Session descriptions and offer/answer: what is agreed, and what is refused.

use std::net::SocketAddr;

use sip::Host;
use sip::sdp::{
    AnswerReject, Codec, Crypto, CryptoError, Direction, LocalMedia, Proto, SdpError, SdpProblem, SdpReject,
    Session, SrtpKey, SrtpPolicy, SrtpSuite, accept_answer, negotiate, offer, parse_sdp, re_offer,
};

fn key(suite: SrtpSuite, fill: u8) -> SrtpKey {
    SrtpKey::new(suite, &vec![fill; suite.key_bytes() + suite.salt_bytes()]).unwrap()
}

fn local(srtp: SrtpPolicy, fill: u8) -> LocalMedia {
    LocalMedia {
        rtp: "192.0.2.10:40000".parse().unwrap(),
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        telephone_event_pt: Some(101),
        ptime_ms: 20,
        direction: Direction::SendRecv,
        srtp,
        keys: SrtpSuite::ALL.into_iter().map(|suite| (suite, key(suite, fill))).collect(),
        session_id: 7,
        version: 1,
    }
}

fn plain() -> LocalMedia {
    local(SrtpPolicy::Forbidden, 1)
}

fn session(media: &str) -> Session {
    let text =
        format!("v=0\r\no=- 5 9 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n{media}");
    parse_sdp(text.as_bytes()).unwrap()
}

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn the_offer_of_a_plain_line_is_as_recorded() {
    insta::assert_snapshot!(offer(&plain()).to_string().replace('\r', ""), @r"
    v=0
    o=- 7 1 IN IP4 192.0.2.10
    s=-
    c=IN IP4 192.0.2.10
    t=0 0
    m=audio 40000 RTP/AVP 8 0 101
    a=rtpmap:8 PCMA/8000
    a=rtpmap:0 PCMU/8000
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-15
    a=ptime:20
    a=sendrecv
    ");
}

#[test]
fn the_offer_of_an_encrypted_line_is_as_recorded() {
    let mut local = local(SrtpPolicy::Required, 0);
    local.keys.retain(|(suite, _)| suite.key_bytes() == 32 && suite.salt_bytes() == 12);
    insta::assert_snapshot!(offer(&local).to_string().replace('\r', ""), @r"
    v=0
    o=- 7 1 IN IP4 192.0.2.10
    s=-
    c=IN IP4 192.0.2.10
    t=0 0
    m=audio 40000 RTP/SAVP 8 0 101
    a=rtpmap:8 PCMA/8000
    a=rtpmap:0 PCMU/8000
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-15
    a=ptime:20
    a=crypto:1 AEAD_AES_256_GCM inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
    a=sendrecv
    ");
}

#[test]
fn both_sides_of_a_plain_call_agree() {
    let ours = offer(&plain());
    let mut callee = plain();
    callee.rtp = addr("198.51.100.7:5004");
    let (answer, theirs) = negotiate(&callee, &ours).unwrap();
    let agreed = accept_answer(&ours, &parse_sdp(&answer.to_bytes()).unwrap()).unwrap();
    assert_eq!(agreed.codec, Codec::Pcma);
    assert_eq!(agreed.remote_rtp, addr("198.51.100.7:5004"));
    assert_eq!(agreed.remote_rtcp, addr("198.51.100.7:5005"));
    assert_eq!(theirs.remote_rtp, addr("192.0.2.10:40000"));
    assert_eq!((agreed.telephone_event_send_pt, agreed.telephone_event_recv_pt), (Some(101), Some(101)));
    assert_eq!(agreed.direction, Direction::SendRecv);
    assert_eq!(agreed.srtp, None);
}

#[test]
fn enc_02_both_sides_of_an_encrypted_call_agree_on_suite_and_keys() {
    let ours = offer(&local(SrtpPolicy::Required, 1));
    let (answer, theirs) = negotiate(&local(SrtpPolicy::Required, 2), &ours).unwrap();
    let agreed = accept_answer(&ours, &parse_sdp(&answer.to_bytes()).unwrap()).unwrap();
    let (a, b) = (agreed.srtp.unwrap(), theirs.srtp.unwrap());
    assert_eq!(a.suite, SrtpSuite::AeadAes256Gcm);
    assert_eq!((a.suite, &a.local_key, &a.remote_key), (b.suite, &b.remote_key, &b.local_key));
    assert_ne!(a.local_key, a.remote_key);
}

#[test]
fn enc_02_what_is_not_encrypted_is_refused_with_488() {
    let required = local(SrtpPolicy::Required, 1);
    for media in [
        "m=audio 4000 RTP/AVP 8\r\n",
        "m=audio 4000 RTP/AVPF 8\r\n",
        // Opportunistic: a key under a transport that does not demand its use.
        "m=audio 4000 RTP/AVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 \
         inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\r\n",
    ] {
        let reject = negotiate(&required, &session(media)).unwrap_err();
        assert_eq!(reject, SdpReject::EncryptionRequired, "{media}");
        assert_eq!(reject.status(), 488);
    }
    let keyless = negotiate(&required, &session("m=audio 4000 RTP/SAVP 8\r\n"));
    assert_eq!(keyless.unwrap_err(), SdpReject::NoCrypto);
}

#[test]
fn enc_02_encryption_cannot_be_answered_away() {
    let ours = offer(&local(SrtpPolicy::Required, 1));
    let clear = session("m=audio 4000 RTP/AVP 8\r\n");
    assert_eq!(accept_answer(&ours, &clear), Err(AnswerReject::Transport));
    let keyless = session("m=audio 4000 RTP/SAVP 8\r\n");
    assert_eq!(accept_answer(&ours, &keyless), Err(AnswerReject::Crypto));
    let inline = "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";
    for line in [
        format!("a=crypto:9 AES_CM_128_HMAC_SHA1_80 {inline}\r\n"),
        format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 {inline}\r\n"),
        format!("a=crypto:5 AES_CM_128_HMAC_SHA1_80 {inline} UNENCRYPTED_SRTP\r\n"),
        format!(
            "a=crypto:5 AES_CM_128_HMAC_SHA1_80 {inline}\r\na=crypto:6 AES_CM_128_HMAC_SHA1_32 {inline}\r\n"
        ),
    ] {
        let answer = session(&format!("m=audio 4000 RTP/SAVP 8\r\n{line}"));
        assert_eq!(accept_answer(&ours, &answer), Err(AnswerReject::Crypto), "{line}");
    }
    let right = format!("m=audio 4000 RTP/SAVP 8\r\na=crypto:5 AES_CM_128_HMAC_SHA1_80 {inline}\r\n");
    let agreed = accept_answer(&ours, &session(&right)).unwrap();
    assert_eq!(agreed.srtp.unwrap().suite, SrtpSuite::AesCm128HmacSha1_80);
}

#[test]
fn a_line_with_a_waiver_refuses_encrypted_media_and_an_open_one_takes_both() {
    let savp = offer(&local(SrtpPolicy::Required, 3));
    assert_eq!(negotiate(&plain(), &savp).unwrap_err(), SdpReject::EncryptionForbidden);
    let open = local(SrtpPolicy::Optional, 4);
    assert!(negotiate(&open, &savp).unwrap().1.srtp.is_some());
    assert!(negotiate(&open, &offer(&plain())).unwrap().1.srtp.is_none());
}

#[test]
fn debug_shows_no_key() {
    let local = local(SrtpPolicy::Required, b'A');
    let ours = offer(&local);
    let (_, agreed) = negotiate(&local, &ours).unwrap();
    let shown = format!("{local:?}{ours:?}{agreed:?}");
    assert!(!shown.contains("65, 65") && !shown.contains("QUFB") && !shown.contains("AAAA"));
}

#[test]
fn other_streams_are_answered_with_port_0_in_their_order() {
    let offered = session(
        "m=video 6000 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 0 8\r\nm=image 0 udptl t38\r\nm=audio 4002 RTP/AVP 8\r\n",
    );
    let (answer, agreed) = negotiate(&plain(), &offered).unwrap();
    let ports: Vec<_> = answer.media.iter().map(|m| (m.kind.as_str(), m.port)).collect();
    assert_eq!(ports, [("video", 0), ("audio", 40000), ("image", 0), ("audio", 0)]);
    assert_eq!(answer.media[2].proto, Proto::Other("udptl".into()));
    // The offerer's order decides, not ours.
    assert_eq!((agreed.codec, agreed.send_pt), (Codec::Pcmu, 0));
}

#[test]
fn offers_without_usable_audio_say_why() {
    for (media, why) in [
        ("", SdpReject::NoAudio),
        ("m=video 6000 RTP/AVP 31\r\n", SdpReject::NoAudio),
        ("m=audio 0 RTP/AVP 8\r\n", SdpReject::NoAudio),
        ("m=audio 4000 RTP/AVP 18\r\n", SdpReject::NoCodec),
        ("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 PCMA/16000\r\n", SdpReject::NoCodec),
        // A static number mapped to something else is that something else.
        ("m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 G729/8000\r\n", SdpReject::NoCodec),
        ("m=audio 4000 RTP/AVP 8\r\nc=IN IP4 media.example.com\r\n", SdpReject::Address),
        ("m=audio 4000 RTP/AVP 8\r\nc=IN IP4 233.252.0.1/127\r\n", SdpReject::Address),
        ("m=audio 4000 RTP/AVP 8\r\na=rtcp:0\r\n", SdpReject::Address),
    ] {
        assert_eq!(negotiate(&plain(), &session(media)).unwrap_err(), why, "{media}");
    }
}

#[test]
fn dynamic_payload_types_are_taken_from_rtpmap() {
    let offered = session(
        "m=audio 4000 RTP/AVP 97 8 110\r\na=rtpmap:97 pcma/8000/1\r\na=rtpmap:110 telephone-event/8000\r\n",
    );
    let (answer, agreed) = negotiate(&plain(), &offered).unwrap();
    assert_eq!((agreed.codec, agreed.send_pt, agreed.recv_pt), (Codec::Pcma, 97, 97));
    assert_eq!(agreed.telephone_event_send_pt, Some(110));
    assert_eq!(answer.media[0].formats, ["97", "110"]);
}

#[test]
fn payload_types_of_an_answer_may_differ_from_the_offer() {
    let ours = offer(&plain());
    let answer = session(
        "m=audio 4000 RTP/AVP 100 96\r\na=rtpmap:100 PCMU/8000\r\na=rtpmap:96 telephone-event/8000\r\na=ptime:30\r\na=rtcp:4010 IN IP4 198.51.100.9\r\n",
    );
    let agreed = accept_answer(&ours, &answer).unwrap();
    assert_eq!((agreed.codec, agreed.send_pt, agreed.recv_pt), (Codec::Pcmu, 100, 0));
    assert_eq!((agreed.telephone_event_send_pt, agreed.telephone_event_recv_pt), (Some(96), Some(101)));
    assert_eq!(agreed.ptime_ms, 30);
    assert_eq!(agreed.remote_rtcp, addr("198.51.100.9:4010"));
}

#[test]
fn without_telephone_event_in_the_answer_there_is_none() {
    let agreed = accept_answer(&offer(&plain()), &session("m=audio 4000 RTP/AVP 8\r\n")).unwrap();
    assert_eq!((agreed.telephone_event_send_pt, agreed.telephone_event_recv_pt), (None, None));
}

#[test]
fn directions_follow_rfc_3264_6_1() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    for (offered, wanted, answered) in [
        (SendRecv, SendRecv, SendRecv),
        (SendRecv, SendOnly, SendOnly),
        (SendOnly, SendRecv, RecvOnly),
        (SendOnly, SendOnly, Inactive),
        (RecvOnly, SendRecv, SendOnly),
        (RecvOnly, RecvOnly, Inactive),
        (Inactive, SendRecv, Inactive),
    ] {
        let media = format!("m=audio 4000 RTP/AVP 8\r\na={}\r\n", offered.as_str());
        let local = LocalMedia { direction: wanted, ..plain() };
        let (answer, agreed) = negotiate(&local, &session(&media)).unwrap();
        assert_eq!(agreed.direction, answered, "{offered:?} {wanted:?}");
        assert_eq!(answer.direction(&answer.media[0]), answered);
    }
}

#[test]
fn hold_by_attribute_at_session_level_and_by_address_is_understood() {
    let old = session("m=audio 4000 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\n");
    let (_, agreed) = negotiate(&plain(), &old).unwrap();
    assert_eq!(agreed.direction, Direction::RecvOnly);
    let text = old.to_string().replace("m=audio", "a=inactive\r\nm=audio");
    let (_, agreed) = negotiate(&plain(), &parse_sdp(text.as_bytes()).unwrap()).unwrap();
    assert_eq!(agreed.direction, Direction::Inactive);
}

#[test]
fn a_refused_or_unfitting_answer_is_told_apart() {
    let ours = offer(&plain());
    for (media, why) in [
        ("m=audio 0 RTP/AVP 8\r\n", AnswerReject::Refused),
        ("", AnswerReject::Streams),
        ("m=video 4000 RTP/AVP 31\r\n", AnswerReject::Streams),
        ("m=audio 4000 RTP/AVP 8\r\nm=video 0 RTP/AVP 31\r\n", AnswerReject::Streams),
        ("m=audio 4000 RTP/SAVP 8\r\n", AnswerReject::Transport),
        ("m=audio 4000 RTP/AVP 18\r\n", AnswerReject::NoCodec),
    ] {
        assert_eq!(accept_answer(&ours, &session(media)), Err(why), "{media}");
    }
}

#[test]
fn the_version_grows_only_with_a_change_and_streams_stay() {
    let first = offer(&plain());
    assert_eq!(re_offer(&first, &plain()).origin.version, 1);
    let hold = LocalMedia { direction: Direction::SendOnly, version: 99, ..plain() };
    let second = re_offer(&first, &hold);
    assert_eq!((second.origin.version, second.origin.session_id.as_str()), (2, "7"));
    let offered = session("m=video 6000 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 8\r\n");
    let (answer, _) = negotiate(&plain(), &offered).unwrap();
    let third = re_offer(&answer, &hold);
    let ports: Vec<_> = third.media.iter().map(|m| m.port).collect();
    assert_eq!(ports, [0, 40000]);
}

#[test]
fn packet_lengths_that_cannot_be_sent_fall_back() {
    for (lines, ptime) in [
        ("a=ptime:30\r\n", 30),
        ("a=ptime:25\r\n", 20),
        ("a=ptime:500\r\n", 20),
        ("a=ptime:0\r\n", 20),
        ("a=ptime:40\r\na=maxptime:30\r\n", 20),
    ] {
        let media = format!("m=audio 4000 RTP/AVP 8\r\n{lines}");
        assert_eq!(negotiate(&plain(), &session(&media)).unwrap().1.ptime_ms, ptime, "{lines}");
    }
}

#[test]
fn crypto_lines_that_weaken_or_puzzle_are_refused() {
    let inline = "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";
    let suite = "AES_CM_128_HMAC_SHA1_80";
    for (line, why) in [
        (format!("1 {suite} {inline} UNENCRYPTED_SRTP"), CryptoError::Parameter),
        (format!("1 {suite} {inline} UNENCRYPTED_SRTCP"), CryptoError::Parameter),
        (format!("1 {suite} {inline} UNAUTHENTICATED_SRTP"), CryptoError::Parameter),
        (format!("1 {suite} {inline} KDR=1"), CryptoError::Parameter),
        (format!("1 F8_128_HMAC_SHA1_80 {inline}"), CryptoError::Suite),
        (format!("1 {suite} {inline};{inline}"), CryptoError::Method),
        (format!("1 {suite} uri:x"), CryptoError::Method),
        (format!("1 AEAD_AES_256_GCM {inline}"), CryptoError::Key),
        (format!("1 {suite} {inline}!"), CryptoError::Key),
        (format!("x {suite} {inline}"), CryptoError::Malformed),
        (format!("1 {suite} {inline}|2^99"), CryptoError::Malformed),
        (format!("1 {suite} {inline}|2^20|1:200"), CryptoError::Malformed),
        (format!("1 {suite}"), CryptoError::Malformed),
    ] {
        assert_eq!(Crypto::parse(&line), Err(why), "{line}");
    }
}

#[test]
fn a_crypto_line_of_rfc_4568_is_read_and_printed() {
    // RFC 4568 4.
    let line = "1 AES_CM_128_HMAC_SHA1_80 \
                inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:32";
    let crypto = Crypto::parse(line).unwrap();
    assert_eq!(crypto.lifetime, Some(1 << 20));
    assert_eq!(crypto.mki.map(|mki| (mki.value, mki.length)), Some((1, 32)));
    assert_eq!(crypto.to_value(), line);
}

#[test]
fn an_offer_whose_only_key_needs_an_identifier_is_refused() {
    let media = "m=audio 4000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 \
                 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd|2^20|1:4\r\n";
    let refused = negotiate(&local(SrtpPolicy::Required, 1), &session(media));
    assert_eq!(refused.unwrap_err(), SdpReject::NoCrypto);
}

#[test]
fn errors_name_the_line() {
    let base = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n";
    for (text, line, problem) in [
        ("o=- 1 1 IN IP4 192.0.2.1\r\n".to_owned(), 1, SdpProblem::Missing('v')),
        ("v=1\r\n".to_owned(), 1, SdpProblem::Version),
        (format!("{base}nonsense\r\n"), 5, SdpProblem::Line),
        (format!("{base}s=again\r\n"), 5, SdpProblem::Repeated),
        (format!("{base}c=IN IP4 2001:db8::1\r\n"), 5, SdpProblem::Connection),
        (format!("{base}m=audio 70000 RTP/AVP 0\r\n"), 5, SdpProblem::Media),
        (format!("{base}m=audio 4000 RTP/AVP\r\n"), 5, SdpProblem::Media),
        (format!("{base}m=audio 4000 RTP/AVP 0\r\nt=0 0\r\n"), 6, SdpProblem::Misplaced),
        (format!("{base}a=\r\n"), 5, SdpProblem::Attribute),
        ("v=0\r\no=- x 1 IN IP4 192.0.2.1\r\n".to_owned(), 2, SdpProblem::Origin),
        (format!("{base}m={}\r\n", "x".repeat(2000)), 5, SdpProblem::TooLarge),
        (base.replace("t=0 0\r\n", ""), 4, SdpProblem::Missing('t')),
    ] {
        assert_eq!(parse_sdp(text.as_bytes()), Err(SdpError { line, problem }), "{text}");
    }
}

#[test]
fn ipv6_is_written_without_brackets() {
    let mut local = plain();
    local.rtp = addr("[2001:db8::5]:40000");
    let text = offer(&local).to_string();
    assert!(text.contains("c=IN IP6 2001:db8::5\r\n"), "{text}");
    let read = parse_sdp(text.as_bytes()).unwrap();
    assert_eq!(read.connection.unwrap().host, Host::V6("2001:db8::5".parse().unwrap()));
}
