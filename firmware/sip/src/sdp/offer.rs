//! What this side can do, the offer made from it, and what comes out of a negotiation.

use std::net::{IpAddr, SocketAddr};

use super::crypto::{Crypto, SrtpKey, SrtpSuite};
use super::model::{Address, Attribute, Direction, Media, Origin, Proto, Session};
use super::rtp::Codec;

/// Whether media must be, may be, or must not be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SrtpPolicy {
    /// Only `RTP/SAVP` with a key; everything else is refused (requirement ENC-02).
    Required,
    /// `RTP/SAVP` is offered; as answerer both are taken.
    Optional,
    /// Only `RTP/AVP`: a line with an approved waiver.
    Forbidden,
}

/// What this side can and wants to do for one audio stream.
#[derive(Debug, Clone)]
pub struct LocalMedia {
    /// Where RTP is received; RTCP is received one port above.
    pub rtp: SocketAddr,
    /// Codecs, best first.
    pub codecs: Vec<Codec>,
    /// The payload type offered for telephone-event, if wanted (96 to 127).
    pub telephone_event_pt: Option<u8>,
    /// Packet length that is offered.
    pub ptime_ms: u16,
    /// The direction wanted: hold is `SendOnly` or `Inactive`.
    pub direction: Direction,
    /// Encryption.
    pub srtp: SrtpPolicy,
    /// Suites, best first, each with fresh key material of this side.
    pub keys: Vec<(SrtpSuite, SrtpKey)>,
    /// The id of the session: one for the life of the dialog.
    pub session_id: u64,
    /// The version of the first description of the session.
    pub version: u64,
}

/// Suite and keys of an encrypted stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SrtpPair {
    /// The suite.
    pub suite: SrtpSuite,
    /// For what this side sends.
    pub local_key: SrtpKey,
    /// For what this side receives.
    pub remote_key: SrtpKey,
}

/// An audio stream both sides agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NegotiatedMedia {
    /// Where RTP goes. Unspecified (0.0.0.0) when held the old way: then nothing is sent.
    pub remote_rtp: SocketAddr,
    /// Where RTCP goes.
    pub remote_rtcp: SocketAddr,
    /// The codec in both directions.
    pub codec: Codec,
    /// The payload type to send.
    pub send_pt: u8,
    /// The payload type that arrives.
    pub recv_pt: u8,
    /// telephone-event to send, if the peer takes it.
    pub telephone_event_send_pt: Option<u8>,
    /// telephone-event that arrives, if agreed.
    pub telephone_event_recv_pt: Option<u8>,
    /// The packet length to send.
    pub ptime_ms: u16,
    /// What this side does.
    pub direction: Direction,
    /// Keys, if the stream is encrypted.
    pub srtp: Option<SrtpPair>,
}

/// The first offer of a session.
#[must_use]
pub fn offer(local: &LocalMedia) -> Session {
    let proto = match local.srtp {
        SrtpPolicy::Required | SrtpPolicy::Optional => Proto::RtpSavp,
        SrtpPolicy::Forbidden => Proto::RtpAvp,
    };
    let cryptos = match proto {
        Proto::RtpSavp => numbered(&local.keys),
        Proto::RtpAvp | Proto::Other(_) => Vec::new(),
    };
    let voice: Vec<_> = local.codecs.iter().map(|codec| (codec.payload_type(), *codec)).collect();
    let media = audio(&Lines {
        local,
        proto,
        voice: &voice,
        telephone_event: local.telephone_event_pt,
        ptime_ms: local.ptime_ms,
        direction: local.direction,
        cryptos: &cryptos,
    });
    description(local, vec![media], vec![('t', "0 0".to_owned())])
}

/// A later offer in the same session: streams that were there stay (RFC 3264 8), those
/// that are not ours with port 0, and the version grows if anything has changed.
#[must_use]
pub fn re_offer(previous: &Session, local: &LocalMedia) -> Session {
    let mut next = offer(local);
    let active =
        previous.media.iter().position(|media| media.kind == "audio" && media.port != 0).unwrap_or(0);
    let ours = next.media.pop();
    next.media = previous.media.iter().map(refused).collect();
    if let Some(ours) = ours {
        match next.media.get_mut(active) {
            Some(slot) => *slot = ours,
            None => next.media.push(ours),
        }
    }
    next.succeed(previous);
    next
}

fn numbered(keys: &[(SrtpSuite, SrtpKey)]) -> Vec<Crypto> {
    (1..)
        .zip(keys)
        .map(|(tag, (suite, key))| Crypto { tag, suite: *suite, key: key.clone(), lifetime: None, mki: None })
        .collect()
}

/// What an audio stream of ours is printed from.
pub(super) struct Lines<'a> {
    pub local: &'a LocalMedia,
    pub proto: Proto,
    pub voice: &'a [(u8, Codec)],
    pub telephone_event: Option<u8>,
    pub ptime_ms: u16,
    pub direction: Direction,
    pub cryptos: &'a [Crypto],
}

pub(super) fn audio(lines: &Lines<'_>) -> Media {
    let mut formats = Vec::new();
    let mut attributes = Vec::new();
    for (pt, codec) in lines.voice {
        formats.push(pt.to_string());
        attributes.push(Attribute::new("rtpmap", format!("{pt} {}/8000", codec.as_str())));
    }
    if let Some(pt) = lines.telephone_event {
        formats.push(pt.to_string());
        attributes.push(Attribute::new("rtpmap", format!("{pt} telephone-event/8000")));
        attributes.push(Attribute::new("fmtp", format!("{pt} 0-15")));
    }
    attributes.push(Attribute::new("ptime", lines.ptime_ms.to_string()));
    attributes.extend(lines.cryptos.iter().map(|crypto| Attribute::new("crypto", crypto.to_value())));
    attributes.push(Attribute::flag(lines.direction.as_str()));
    Media {
        kind: "audio".to_owned(),
        port: lines.local.rtp.port(),
        port_count: String::new(),
        proto: lines.proto.clone(),
        formats,
        connection: None,
        others: Vec::new(),
        attributes,
    }
}

/// A stream refused: port 0, everything else as the peer named it.
pub(super) fn refused(media: &Media) -> Media {
    Media {
        kind: media.kind.clone(),
        port: 0,
        port_count: String::new(),
        proto: media.proto.clone(),
        formats: media.formats.clone(),
        connection: None,
        others: Vec::new(),
        attributes: Vec::new(),
    }
}

pub(super) fn description(local: &LocalMedia, media: Vec<Media>, times: Vec<(char, String)>) -> Session {
    let ip: IpAddr = local.rtp.ip();
    Session {
        origin: Origin {
            username: "-".to_owned(),
            session_id: local.session_id.to_string(),
            version: local.version,
            address: Address::ip(ip),
        },
        name: "-".to_owned(),
        connection: Some(Address::ip(ip)),
        others: Vec::new(),
        times,
        attributes: Vec::new(),
        media,
    }
}
