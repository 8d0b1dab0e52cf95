//! The answer to an offer, and the reading of an answer to ours (RFC 3264 6 and 7).
//! Everything that is not plainly acceptable is refused.

use std::net::{IpAddr, SocketAddr};

use super::crypto::{Crypto, MAX_CRYPTO_LINES};
use super::model::{Media, Proto, Session};
use super::offer::{Lines, LocalMedia, NegotiatedMedia, SrtpPair, SrtpPolicy, audio, description, refused};
use super::parse::address;
use super::rtp::Codec;
use crate::host::Host;
use crate::status::StatusCode;

/// Why an offer is refused as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdpReject {
    /// No audio stream over RTP with a port.
    #[error("no audio stream over RTP")]
    NoAudio,
    /// Encryption is required and was not offered.
    #[error("encryption required")]
    EncryptionRequired,
    /// Only encrypted media was offered, which this line does not do.
    #[error("encryption not available on this line")]
    EncryptionForbidden,
    /// No `a=crypto` line can be used.
    #[error("no usable crypto suite")]
    NoCrypto,
    /// No codec in common.
    #[error("no codec in common")]
    NoCodec,
    /// The stream has no address, a host name, or a multicast address.
    #[error("no usable media address")]
    Address,
}

impl SdpReject {
    /// The response code: always 488.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        StatusCode::NOT_ACCEPTABLE_HERE
    }

    /// The Warning code of RFC 3261 20.43 that says why.
    #[must_use]
    pub const fn warning_code(self) -> u16 {
        match self {
            Self::NoAudio => 304,
            Self::EncryptionRequired | Self::EncryptionForbidden => 302,
            Self::NoCrypto => 306,
            Self::NoCodec => 305,
            Self::Address => 301,
        }
    }
}

/// Why an answer cannot be used; the call it belongs to must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerReject {
    /// Not as many streams as were offered, or of other kinds (RFC 3264 6).
    #[error("streams of the answer differ from those offered")]
    Streams,
    /// The peer refused the audio stream.
    #[error("audio refused")]
    Refused,
    /// Another transport than the one offered: encryption cannot be answered away.
    #[error("transport differs from the one offered")]
    Transport,
    /// No codec of the offer.
    #[error("no codec of the offer")]
    NoCodec,
    /// The `a=crypto` line is missing, unusable, or not one that was offered.
    #[error("crypto line not usable")]
    Crypto,
    /// The stream has no address, a host name, or a multicast address.
    #[error("no usable media address")]
    Address,
}

/// Answers an offer: the answer to send, and the stream it sets up.
///
/// # Errors
/// When no stream of the offer is acceptable.
pub fn negotiate(local: &LocalMedia, offer: &Session) -> Result<(Session, NegotiatedMedia), SdpReject> {
    let mut reject = SdpReject::NoAudio;
    for (index, media) in offer.media.iter().enumerate() {
        match stream(local, offer, media) {
            Ok((ours, negotiated)) => {
                let mut answer: Vec<Media> = offer.media.iter().map(refused).collect();
                if let Some(slot) = answer.get_mut(index) {
                    *slot = ours;
                }
                let answer = description(local, answer, offer.times.clone());
                return Ok((answer, negotiated));
            }
            // The first audio stream's reason is the one worth telling.
            Err(why) if reject == SdpReject::NoAudio => reject = why,
            Err(_) => {}
        }
    }
    Err(reject)
}

fn stream(local: &LocalMedia, offer: &Session, media: &Media) -> Result<(Media, NegotiatedMedia), SdpReject> {
    let crypto = acceptable(local, media)?;
    let (pt, codec) = media.voice(&local.codecs).ok_or(SdpReject::NoCodec)?;
    let telephone_event = local.telephone_event_pt.and_then(|_| media.telephone_event());
    let (remote_rtp, remote_rtcp) = targets(offer, media).ok_or(SdpReject::Address)?;
    let direction = offer.direction(media).reversed().and(local.direction);
    let ptime_ms = ptime(media).unwrap_or(local.ptime_ms);
    let cryptos: Vec<Crypto> = crypto.iter().map(|(ours, _)| ours.clone()).collect();
    let ours = audio(&Lines {
        local,
        proto: media.proto.clone(),
        voice: &[(pt, codec)],
        telephone_event,
        ptime_ms,
        direction,
        cryptos: &cryptos,
    });
    let negotiated = NegotiatedMedia {
        remote_rtp,
        remote_rtcp,
        codec,
        send_pt: pt,
        recv_pt: pt,
        telephone_event_send_pt: telephone_event,
        telephone_event_recv_pt: telephone_event,
        ptime_ms,
        direction,
        srtp: crypto.map(|(ours, theirs)| SrtpPair {
            suite: ours.suite,
            local_key: ours.key,
            remote_key: theirs.key,
        }),
    };
    Ok((ours, negotiated))
}

/// Is the transport acceptable, and with which keys (ours, theirs)?
fn acceptable(local: &LocalMedia, media: &Media) -> Result<Option<(Crypto, Crypto)>, SdpReject> {
    if media.kind != "audio" || media.port == 0 {
        return Err(SdpReject::NoAudio);
    }
    match (&media.proto, local.srtp) {
        (Proto::Other(_), SrtpPolicy::Required) => Err(SdpReject::EncryptionRequired),
        (Proto::Other(_), SrtpPolicy::Optional | SrtpPolicy::Forbidden) => Err(SdpReject::NoAudio),
        (Proto::RtpAvp, SrtpPolicy::Required) => Err(SdpReject::EncryptionRequired),
        (Proto::RtpAvp, SrtpPolicy::Optional | SrtpPolicy::Forbidden) => Ok(None),
        (Proto::RtpSavp, SrtpPolicy::Forbidden) => Err(SdpReject::EncryptionForbidden),
        (Proto::RtpSavp, SrtpPolicy::Required | SrtpPolicy::Optional) => {
            choose_key(local, media).map(Some).ok_or(SdpReject::NoCrypto)
        }
    }
}

/// The first usable line in the offerer's order (RFC 4568 5.1.2) whose suite is ours.
fn choose_key(local: &LocalMedia, media: &Media) -> Option<(Crypto, Crypto)> {
    usable_cryptos(media).find_map(|theirs| {
        let (suite, key) = local.keys.iter().find(|(suite, _)| *suite == theirs.suite)?;
        let ours = Crypto { tag: theirs.tag, suite: *suite, key: key.clone(), lifetime: None, mki: None };
        Some((ours, theirs))
    })
}

/// Lines that parse and ask for no identifier in the packets, which media does not send.
fn usable_cryptos(media: &Media) -> impl Iterator<Item = Crypto> + '_ {
    media
        .attributes("crypto")
        .take(MAX_CRYPTO_LINES)
        .filter_map(|value| Crypto::parse(value).ok())
        .filter(|crypto| crypto.mki.is_none())
}

/// Reads the answer to an offer of ours.
///
/// # Errors
/// When the answer does not fit the offer, or refuses it.
pub fn accept_answer(offer: &Session, answer: &Session) -> Result<NegotiatedMedia, AnswerReject> {
    let same_kinds = offer.media.len() == answer.media.len()
        && offer.media.iter().zip(&answer.media).all(|(ours, theirs)| ours.kind == theirs.kind);
    if !same_kinds {
        return Err(AnswerReject::Streams);
    }
    let mut offered = offer
        .media
        .iter()
        .zip(&answer.media)
        .filter(|(ours, _)| ours.kind == "audio" && ours.port != 0)
        .peekable();
    if offered.peek().is_none() {
        return Err(AnswerReject::Streams);
    }
    let (ours, theirs) = offered.find(|(_, theirs)| theirs.port != 0).ok_or(AnswerReject::Refused)?;
    if ours.proto != theirs.proto {
        return Err(AnswerReject::Transport);
    }
    let offered: Vec<(u8, Codec)> =
        [Codec::Pcma, Codec::Pcmu].into_iter().filter_map(|codec| ours.voice(&[codec])).collect();
    let codecs: Vec<Codec> = offered.iter().map(|(_, codec)| *codec).collect();
    let (send_pt, codec) = theirs.voice(&codecs).ok_or(AnswerReject::NoCodec)?;
    let recv_pt = offered.iter().find(|(_, offered)| *offered == codec).map_or(send_pt, |(pt, _)| *pt);
    let telephone_event_send_pt = ours.telephone_event().and_then(|_| theirs.telephone_event());
    let (remote_rtp, remote_rtcp) = targets(answer, theirs).ok_or(AnswerReject::Address)?;
    let wanted = offer.direction(ours);
    Ok(NegotiatedMedia {
        remote_rtp,
        remote_rtcp,
        codec,
        send_pt,
        recv_pt,
        telephone_event_send_pt,
        telephone_event_recv_pt: telephone_event_send_pt.and_then(|_| ours.telephone_event()),
        ptime_ms: ptime(theirs).or_else(|| ptime(ours)).unwrap_or(DEFAULT_PTIME_MS),
        direction: answer.direction(theirs).reversed().and(wanted),
        srtp: answered_key(ours, theirs)?,
    })
}

/// The keys of an answered `RTP/SAVP` stream: exactly one line, with tag and suite of
/// one that was offered (RFC 4568 5.1.3).
fn answered_key(ours: &Media, theirs: &Media) -> Result<Option<SrtpPair>, AnswerReject> {
    if ours.proto != Proto::RtpSavp {
        return Ok(None);
    }
    let mut lines = theirs.attributes("crypto");
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return Err(AnswerReject::Crypto);
    };
    let remote = Crypto::parse(line).map_err(|_| AnswerReject::Crypto)?;
    if remote.mki.is_some() {
        return Err(AnswerReject::Crypto);
    }
    let local = usable_cryptos(ours)
        .find(|offered| offered.tag == remote.tag && offered.suite == remote.suite)
        .ok_or(AnswerReject::Crypto)?;
    Ok(Some(SrtpPair { suite: local.suite, local_key: local.key, remote_key: remote.key }))
}

/// Where RTP and RTCP of a stream go: its address and port, and `a=rtcp` (RFC 3605) or
/// the next port.
fn targets(session: &Session, media: &Media) -> Option<(SocketAddr, SocketAddr)> {
    let ip = unicast(&session.address(media)?.host)?;
    let rtp = SocketAddr::new(ip, media.port);
    let rtcp = match media.attribute("rtcp") {
        None => SocketAddr::new(ip, media.port.checked_add(1)?),
        Some(value) => {
            let (port, rest) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
            let port = port.parse().ok().filter(|port| *port != 0)?;
            let ip = match rest {
                "" => ip,
                rest => unicast(&address(rest)?.host)?,
            };
            SocketAddr::new(ip, port)
        }
    };
    Some((rtp, rtcp))
}

fn unicast(host: &Host) -> Option<IpAddr> {
    let ip = host.ip()?;
    let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    (!ip.is_multicast() && !broadcast).then_some(ip)
}

/// A packet length this product can send: 10 to 60 ms in steps of 10.
fn ptime(media: &Media) -> Option<u16> {
    let number = |name| media.attribute(name).and_then(|v| v.trim().parse::<u16>().ok());
    let longest = number("maxptime").unwrap_or(MAX_PTIME_MS).min(MAX_PTIME_MS);
    let wanted = number("ptime")?;
    (wanted.is_multiple_of(10) && (10..=longest).contains(&wanted)).then_some(wanted)
}

const DEFAULT_PTIME_MS: u16 = 20;
const MAX_PTIME_MS: u16 = 60;
