//! One leg's session description: the offer made, the answer read, and the media session that follows from it.
//!
//! Encryption fails closed: where the policy is `Required`, only `RTP/SAVP` is offered and nothing else is
//! accepted (ENC-02).

use crate::random;
use idl::lines::{Codec, SrtpPolicy};
use media::latch::{LatchPolicy, SYMMETRIC_WINDOW_US};
use media::session::RtcpMode;
use media::srtp::{SdesKey, Suite};
use media::{Law, LegConfig, SrtpPair};
use sip::sdp::{
    self, Direction, LocalMedia, NegotiatedMedia, Session, SrtpKey, SrtpSuite, accept_answer, negotiate,
    offer, parse_sdp,
};
use std::net::SocketAddr;
use thiserror::Error;

/// The payload type we offer for telephone events.
const TELEPHONE_EVENT: u8 = 101;
const PTIME_MS: u16 = 20;
const SUITES: [SrtpSuite; 2] = [SrtpSuite::AeadAes256Gcm, SrtpSuite::AesCm128HmacSha1_80];

/// Why a description cannot be used; the leg must end. The peer's fault.
#[derive(Debug, Error)]
pub enum LegError {
    /// No session description at all.
    #[error("no session description")]
    Missing,
    /// It cannot be read.
    #[error("malformed session description: {0}")]
    Malformed(#[from] sdp::SdpError),
    /// The answer does not fit our offer.
    #[error("the answer cannot be used: {0}")]
    Answer(#[from] sdp::AnswerReject),
    /// The offer cannot be accepted.
    #[error("the offer cannot be accepted: {0}")]
    Offer(#[from] sdp::SdpReject),
    /// Encryption is required and was not agreed on.
    #[error("the media would not be encrypted")]
    NotEncrypted,
    /// A key that the media cannot use.
    #[error("the agreed key cannot be used")]
    Key,
    /// The packet length is not ours.
    #[error("packets of another length than 20 ms were asked for")]
    PacketLength,
}

/// What is asked of a leg.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where we receive.
    pub rtp: SocketAddr,
    /// Codecs in order.
    pub codecs: Vec<Codec>,
    /// Encryption.
    pub srtp: SrtpPolicy,
    /// Symmetric RTP.
    pub symmetric: bool,
}

/// The description of a leg over its life.
#[derive(Debug)]
pub struct LegSdp {
    local: LocalMedia,
    offered: Session,
    agreed: Option<NegotiatedMedia>,
    symmetric: bool,
}

/// What a change inside the call means for the media.
#[derive(Debug, Default)]
pub struct Change {
    /// The peer moved.
    pub remote: Option<SocketAddr>,
    /// Fresh keys.
    pub keys: Option<Box<SrtpPair>>,
    /// Whether the peer holds.
    pub held: bool,
}

impl LegSdp {
    /// A leg with its first offer.
    #[must_use]
    pub fn new(wanted: &Wanted) -> Self {
        let random = u64::from_be_bytes(random::bytes());
        let local = LocalMedia {
            rtp: wanted.rtp,
            codecs: wanted.codecs.iter().map(|codec| codec_of(*codec)).collect(),
            telephone_event_pt: Some(TELEPHONE_EVENT),
            ptime_ms: PTIME_MS,
            direction: Direction::SendRecv,
            srtp: match wanted.srtp {
                SrtpPolicy::Required => sdp::SrtpPolicy::Required,
                SrtpPolicy::PlainWaiver => sdp::SrtpPolicy::Forbidden,
            },
            keys: fresh_keys(),
            // RFC 8866 wants a number; 62 bits keep it positive everywhere.
            session_id: random >> 2,
            version: 1,
        };
        let offered = offer(&local);
        Self { local, offered, agreed: None, symmetric: wanted.symmetric }
    }

    /// The offer's bytes.
    #[must_use]
    pub fn offer_bytes(&self) -> Vec<u8> {
        self.offered.to_bytes()
    }

    /// Reads the answer to our offer and builds the media session.
    ///
    /// # Errors
    /// [`LegError`]: end the leg.
    pub fn answered(&mut self, answer: &[u8]) -> Result<media::Session, LegError> {
        if answer.is_empty() {
            return Err(LegError::Missing);
        }
        let agreed = accept_answer(&self.offered, &parse_sdp(answer)?)?;
        self.check(&agreed)?;
        let session = self.session(&agreed)?;
        self.agreed = Some(agreed);
        Ok(session)
    }

    /// Answers an offer of the peer inside the call.
    ///
    /// # Errors
    /// [`LegError`]: refuse the offer; the session stays as it was.
    pub fn offered(&mut self, bytes: &[u8]) -> Result<(Vec<u8>, Change), LegError> {
        let peer = parse_sdp(bytes)?;
        let (mut answer, mut agreed) = negotiate(&self.local, &peer)?;
        if self.peer_key(&agreed) {
            // New peer keys get new keys of ours: one key never protects two packets of one index.
            self.local.keys = fresh_keys();
            (answer, agreed) = negotiate(&self.local, &peer)?;
        }
        self.check(&agreed)?;
        let change = self.change(agreed)?;
        answer.succeed(&self.offered);
        self.offered = answer;
        Ok((self.offered.to_bytes(), change))
    }

    /// The media session of what was agreed on, for the side that answered the first offer.
    ///
    /// # Errors
    /// [`LegError`].
    pub fn agreed_session(&self) -> Result<media::Session, LegError> {
        self.session(self.agreed.as_ref().ok_or(LegError::Missing)?)
    }

    /// An offer of the session as it is, for a peer that asks for one.
    #[must_use]
    pub fn offer_again(&mut self) -> Vec<u8> {
        self.offered = sdp::re_offer(&self.offered, &self.local);
        self.offered.to_bytes()
    }

    /// Reads the answer to [`LegSdp::offer_again`].
    ///
    /// # Errors
    /// [`LegError`].
    pub fn answered_again(&mut self, bytes: &[u8]) -> Result<Change, LegError> {
        let agreed = accept_answer(&self.offered, &parse_sdp(bytes)?)?;
        self.check(&agreed)?;
        self.change(agreed)
    }

    fn check(&self, agreed: &NegotiatedMedia) -> Result<(), LegError> {
        if self.local.srtp == sdp::SrtpPolicy::Required && agreed.srtp.is_none() {
            return Err(LegError::NotEncrypted);
        }
        if agreed.ptime_ms != PTIME_MS {
            return Err(LegError::PacketLength);
        }
        Ok(())
    }

    fn peer_key(&self, agreed: &NegotiatedMedia) -> bool {
        let key = |media: &NegotiatedMedia| media.srtp.as_ref().map(|pair| pair.remote_key.clone());
        self.agreed.as_ref().is_some_and(|before| key(before) != key(agreed)) && agreed.srtp.is_some()
    }

    fn change(&mut self, agreed: NegotiatedMedia) -> Result<Change, LegError> {
        let before = self.agreed.as_ref();
        let moved = before.is_none_or(|before| before.remote_rtp != agreed.remote_rtp);
        let rekeyed = before.is_none_or(|before| before.srtp != agreed.srtp);
        let keys = match &agreed.srtp {
            Some(pair) if rekeyed => Some(Box::new(keys_of(pair)?)),
            Some(_) | None => None,
        };
        let change = Change {
            remote: moved.then_some(agreed.remote_rtp).filter(|remote| !remote.ip().is_unspecified()),
            keys,
            held: !agreed.direction.receives(),
        };
        self.agreed = Some(agreed);
        Ok(change)
    }

    fn session(&self, agreed: &NegotiatedMedia) -> Result<media::Session, LegError> {
        let law = match agreed.codec {
            sdp::Codec::Pcma => Law::A,
            sdp::Codec::Pcmu => Law::Mu,
        };
        let mut config = LegConfig::new(law, agreed.remote_rtp, random::bytes());
        config.telephone_event = agreed.telephone_event_recv_pt;
        config.rtcp = RtcpMode::To(agreed.remote_rtcp);
        if self.symmetric {
            config.latch = LatchPolicy::Symmetric { window_us: SYMMETRIC_WINDOW_US };
        }
        let keys = agreed.srtp.as_ref().map(keys_of).transpose()?;
        Ok(media::Session::new(config, keys))
    }
}

fn keys_of(pair: &sdp::SrtpPair) -> Result<SrtpPair, LegError> {
    let suite = Suite::from_name(pair.suite.as_str()).ok_or(LegError::Key)?;
    let key = |key: &SrtpKey| SdesKey::from_bytes(suite, key.expose()).map_err(|_| LegError::Key);
    SrtpPair::new(&key(&pair.local_key)?, &key(&pair.remote_key)?).map_err(|_| LegError::Key)
}

fn fresh_keys() -> Vec<(SrtpSuite, SrtpKey)> {
    SUITES
        .into_iter()
        .filter_map(|suite| {
            let material: [u8; MAX_MATERIAL] = random::bytes();
            let length = suite.key_bytes() + suite.salt_bytes();
            SrtpKey::new(suite, &material[..length]).map(|key| (suite, key))
        })
        .collect()
}

const MAX_MATERIAL: usize = 46;

const fn codec_of(codec: Codec) -> sdp::Codec {
    match codec {
        Codec::Pcma => sdp::Codec::Pcma,
        Codec::Pcmu => sdp::Codec::Pcmu,
    }
}

#[cfg(test)]
mod tests {
    use super::{LegError, LegSdp, Wanted};
    use idl::lines::{Codec, SrtpPolicy};
    use std::net::SocketAddr;

    fn wanted(srtp: SrtpPolicy, port: u16) -> Wanted {
        let rtp = SocketAddr::from(([127, 0, 0, 1], port));
        Wanted { rtp, codecs: vec![Codec::Pcma], srtp, symmetric: false }
    }

    /// What a peer of ours would answer.
    fn answer_of(offer: &[u8], srtp: SrtpPolicy) -> Vec<u8> {
        LegSdp::new(&wanted(srtp, 40_002)).offered(offer).expect("an answer").0
    }

    #[test]
    fn enc_02_only_encrypted_media_is_offered_and_accepted_where_it_is_required() {
        let mut leg = LegSdp::new(&wanted(SrtpPolicy::Required, 40_000));
        let offer = leg.offer_bytes();
        let text = String::from_utf8(offer.clone()).expect("text");
        assert!(text.contains("RTP/SAVP 8") && !text.contains("RTP/AVP"), "no way out is offered");
        assert!(text.contains("AEAD_AES_256_GCM") && text.contains("AES_CM_128_HMAC_SHA1_80"));
        let good = answer_of(&offer, SrtpPolicy::Required);
        let plain = String::from_utf8(good.clone()).expect("text").replace("RTP/SAVP", "RTP/AVP");
        assert!(matches!(leg.answered(plain.as_bytes()), Err(LegError::Answer(_))));
        let keyless: String = String::from_utf8(good.clone())
            .expect("text")
            .split_inclusive("\r\n")
            .filter(|line| !line.starts_with("a=crypto"))
            .collect();
        assert!(leg.answered(keyless.as_bytes()).is_err());
        assert!(leg.answered(b"").is_err());
        assert!(leg.answered(&good).expect("usable").is_encrypted());
    }

    #[test]
    fn a_peer_that_moves_keeps_its_keys_and_one_with_new_keys_gets_new_ones() {
        let mut ours = LegSdp::new(&wanted(SrtpPolicy::Required, 40_000));
        let peer = LegSdp::new(&wanted(SrtpPolicy::Required, 40_002));
        let (first, _) = ours.offered(&peer.offer_bytes()).expect("an answer");
        let moved = String::from_utf8(peer.offer_bytes()).expect("text").replace("40002", "40010");
        let (second, change) = ours.offered(moved.as_bytes()).expect("an answer");
        assert_eq!(change.remote.map(|remote| remote.port()), Some(40_010));
        assert!(change.keys.is_none(), "the same keys go on");
        assert_eq!(crypto(&first), crypto(&second));
        let other = LegSdp::new(&wanted(SrtpPolicy::Required, 40_010));
        let (third, change) = ours.offered(&other.offer_bytes()).expect("an answer");
        assert!(change.keys.is_some());
        assert_ne!(crypto(&second), crypto(&third), "one key never protects two streams");
    }

    #[test]
    fn a_peer_that_holds_is_not_sent_to_and_comes_back() {
        let mut ours = LegSdp::new(&wanted(SrtpPolicy::PlainWaiver, 40_000));
        let peer = LegSdp::new(&wanted(SrtpPolicy::PlainWaiver, 40_002));
        let offer = String::from_utf8(peer.offer_bytes()).expect("text");
        ours.offered(offer.as_bytes()).expect("an answer");
        let (answer, change) = ours.offered(offer.replace("sendrecv", "sendonly").as_bytes()).expect("held");
        assert!(!change.held, "music on hold is still heard");
        assert!(String::from_utf8(answer).expect("text").contains("a=recvonly"));
        let (_, change) = ours.offered(offer.replace("sendrecv", "inactive").as_bytes()).expect("held");
        assert!(change.held);
        let (_, change) = ours.offered(offer.as_bytes()).expect("resumed");
        assert!(!change.held);
    }

    fn crypto(sdp: &[u8]) -> Vec<String> {
        let text = String::from_utf8(sdp.to_vec()).expect("text");
        text.lines().filter(|line| line.starts_with("a=crypto")).map(str::to_owned).collect()
    }
}
