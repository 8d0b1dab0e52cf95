//! Entry points for fuzzers: any bytes go in, and every promise of the crate that can be
//! stated for any bytes is asserted. They are no part of the product's behaviour.

use crate::auth::{Challenge, Credentials};
use crate::sdp::{
    Codec, Direction, LocalMedia, SrtpKey, SrtpPolicy, SrtpSuite, accept_answer, negotiate, offer, parse_sdp,
};
use crate::{Answer, Framed, Headers, StreamFramer, parse_datagram};

/// A datagram: parsing never panics, what was read is printed and read back the same,
/// what was refused is answered as promised, and a stream framer agrees.
///
/// # Panics
/// When one of these promises is broken.
pub fn fuzz_datagram(bytes: &[u8]) {
    match parse_datagram(bytes) {
        Ok(message) => {
            read_all(message.headers());
            let printed = message.to_bytes();
            // A message at the size limit may outgrow it by its Content-Length line.
            if printed.len() <= crate::wire::MAX_MESSAGE_BYTES {
                let again = parse_datagram(&printed).map(|message| message.to_bytes());
                assert_eq!(again.as_ref(), Ok(&printed), "printed and read back");
                framed(&printed);
            }
        }
        Err(error) => {
            let response = error.response("tag");
            if error.answer == Answer::Drop {
                assert!(response.is_none(), "a dropped message is not answered");
            }
            if let Some(response) = response {
                assert!(!response.to_bytes().is_empty());
            }
        }
    }
    let mut framer = StreamFramer::new();
    framer.push(bytes);
    for item in framer {
        if item.is_err_and(|error| error.is_fatal()) {
            break;
        }
    }
}

/// A printed message is one message of a stream.
fn framed(printed: &[u8]) {
    let mut framer = StreamFramer::new();
    let (first, second) = printed.split_at(printed.len() / 2);
    framer.push(first);
    assert!(framer.next().is_none(), "half a message is none");
    framer.push(second);
    let message = match framer.next() {
        Some(Ok(Framed::Message(message))) => message.to_bytes(),
        other => panic!("the stream gave {other:?}"),
    };
    assert_eq!(message, printed);
    assert_eq!(framer.buffered(), 0);
}

/// Every typed reader, for its panics.
fn read_all(headers: &Headers) {
    let _ = (headers.via_top(), headers.vias(), headers.from());
    let _ = (headers.to(), headers.call_id(), headers.cseq());
    let _ = (headers.contacts(), headers.routes(), headers.record_routes());
    let _ = (headers.max_forwards(), headers.expires(), headers.min_expires());
    let _ = (headers.require(), headers.supported(), headers.unsupported());
    let _ = (headers.allow(), headers.rseq(), headers.rack());
    let _ = (headers.session_expires(), headers.min_se(), headers.reason());
    let _ = (headers.content_type(), headers.retry_after());
    let _ = (headers.asserted_identities(), headers.content_length());
    for challenge in headers.www_authenticate().into_iter().flatten() {
        let again = Challenge::parse_list(&challenge.to_string());
        assert!(again.is_ok(), "a printed challenge is read back");
    }
    let _ = headers.proxy_authenticate();
    for credentials in headers.authorization().into_iter().flatten() {
        let again = Credentials::parse_list(&credentials.to_string());
        assert!(again.is_ok(), "printed credentials are read back");
    }
    let _ = headers.proxy_authorization();
}

/// A session description: parsing never panics, what was read is printed and read back
/// the same, and every policy either refuses it or answers with as many streams.
///
/// # Panics
/// When one of these promises is broken.
pub fn fuzz_sdp(bytes: &[u8]) {
    let Ok(session) = parse_sdp(bytes) else {
        return;
    };
    let printed = session.to_bytes();
    if let Ok(again) = parse_sdp(&printed) {
        assert_eq!(again.to_bytes(), printed, "printed and read back");
    } else {
        assert!(printed.len() > bytes.len(), "only printing that made it longer may break it");
    }
    for policy in [SrtpPolicy::Required, SrtpPolicy::Optional, SrtpPolicy::Forbidden] {
        let local = local(policy);
        if let Ok((answer, media)) = negotiate(&local, &session) {
            assert_eq!(answer.media.len(), session.media.len());
            assert_eq!(answer.media.iter().filter(|m| m.port != 0).count(), 1);
            assert!(policy != SrtpPolicy::Required || media.srtp.is_some());
            assert!(policy != SrtpPolicy::Forbidden || media.srtp.is_none());
            assert!(accept_answer(&session, &answer).is_ok() || media.srtp.is_some());
        }
        if let Ok(media) = accept_answer(&offer(&local), &session) {
            assert_eq!(media.srtp.is_some(), policy != SrtpPolicy::Forbidden);
        }
    }
}

fn local(srtp: SrtpPolicy) -> LocalMedia {
    let key = |suite: SrtpSuite| {
        let bytes = vec![7; suite.key_bytes() + suite.salt_bytes()];
        SrtpKey::new(suite, &bytes).map(|key| (suite, key))
    };
    LocalMedia {
        rtp: ([192, 0, 2, 1], 40000).into(),
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        telephone_event_pt: Some(101),
        ptime_ms: 20,
        direction: Direction::SendRecv,
        srtp,
        keys: SrtpSuite::ALL.into_iter().filter_map(key).collect(),
        session_id: 1,
        version: 1,
    }
}
