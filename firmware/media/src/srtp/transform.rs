//! The two packet transforms under session keys: seal and open in place. No indices are kept.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{EncryptingKey, EncryptionContext};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use zeroize::{Zeroize, Zeroizing};

use super::kdf::{Label, aes_ctr, derive};
use super::{SdesKey, Suite};

/// Session keys of one direction and one protocol (RTP or RTCP).
pub(super) enum Transform {
    Cm { cipher: Box<EncryptingKey>, auth: Box<hmac::Key>, salt: [u8; 14] },
    Gcm { cipher: Box<LessSafeKey>, salt: [u8; 12] },
}

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transform(***)")
    }
}

impl Drop for Transform {
    fn drop(&mut self) {
        match self {
            Transform::Cm { salt, .. } => salt.zeroize(),
            Transform::Gcm { salt, .. } => salt.zeroize(),
        }
    }
}

/// The packet did not authenticate, or the library refused.
pub(super) struct Rejected;

impl Transform {
    pub(super) fn for_rtp(master: &SdesKey) -> Option<Self> {
        Self::derived(master, Label::RtpKey, Label::RtpAuth, Label::RtpSalt)
    }

    pub(super) fn for_rtcp(master: &SdesKey) -> Option<Self> {
        Self::derived(master, Label::RtcpKey, Label::RtcpAuth, Label::RtcpSalt)
    }

    fn derived(master: &SdesKey, key: Label, auth: Label, salt: Label) -> Option<Self> {
        let mut session = Zeroizing::new([0u8; 32]);
        let session = &mut session[..master.suite().key_len()];
        derive(master.key(), master.salt(), key, session)?;
        match master.suite() {
            Suite::AesCm128HmacSha1_80 => {
                let mut auth_key = Zeroizing::new([0u8; AUTH_KEY_LEN]);
                derive(master.key(), master.salt(), auth, auth_key.as_mut_slice())?;
                let mut session_salt = [0; 14];
                derive(master.key(), master.salt(), salt, &mut session_salt)?;
                Some(Transform::Cm {
                    cipher: Box::new(aes_ctr(session)?),
                    auth: Box::new(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, auth_key.as_slice())),
                    salt: session_salt,
                })
            }
            Suite::AeadAes256Gcm => {
                let mut session_salt = [0; 12];
                derive(master.key(), master.salt(), salt, &mut session_salt)?;
                Self::gcm(session, session_salt)
            }
        }
    }

    /// GCM under given session keys (the vectors of RFC 7714 start here).
    pub(super) fn gcm(key: &[u8], salt: [u8; 12]) -> Option<Self> {
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
        Some(Transform::Gcm { cipher: Box::new(cipher), salt })
    }

    /// Seals an RTP packet of `len` octets in `buffer`; the tag follows it. The buffer has room.
    pub(super) fn seal_rtp(
        &self,
        buffer: &mut [u8],
        header: usize,
        len: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, Rejected> {
        match self {
            Transform::Cm { cipher, auth, salt } => {
                counter_mode(cipher, salt, ssrc, index, &mut buffer[header..len])?;
                let tag = rtp_tag(auth, &buffer[..len], index);
                buffer[len..len + CM_TAG].copy_from_slice(&tag.as_ref()[..CM_TAG]);
                Ok(len + CM_TAG)
            }
            Transform::Gcm { cipher, salt } => {
                let nonce = rtp_nonce(salt, ssrc, index);
                let (front, body) = buffer.split_at_mut(header);
                let (body, tail) = body.split_at_mut(len - header);
                let tag = cipher
                    .seal_in_place_separate_tag(nonce, Aad::from(&*front), body)
                    .map_err(|_| Rejected)?;
                tail[..GCM_TAG].copy_from_slice(tag.as_ref());
                Ok(len + GCM_TAG)
            }
        }
    }

    /// Opens a protected RTP packet in place; gives the length of the clear packet.
    pub(super) fn open_rtp(
        &self,
        packet: &mut [u8],
        header: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, Rejected> {
        match self {
            Transform::Cm { cipher, auth, salt } => {
                let len = packet.len().checked_sub(CM_TAG).filter(|l| *l >= header).ok_or(Rejected)?;
                let (body, tag) = packet.split_at_mut(len);
                let wanted = rtp_tag(auth, body, index);
                verify_slices_are_equal(&wanted.as_ref()[..CM_TAG], tag).map_err(|_| Rejected)?;
                counter_mode(cipher, salt, ssrc, index, &mut body[header..])?;
                Ok(len)
            }
            Transform::Gcm { cipher, salt } => {
                let len = packet.len().checked_sub(GCM_TAG).filter(|l| *l >= header).ok_or(Rejected)?;
                let nonce = rtp_nonce(salt, ssrc, index);
                let (front, body) = packet.split_at_mut(header);
                cipher.open_in_place(nonce, Aad::from(&*front), body).map_err(|_| Rejected)?;
                Ok(len)
            }
        }
    }

    /// Seals an RTCP compound of `len` octets; index word and tag follow. The buffer has room.
    pub(super) fn seal_rtcp(
        &self,
        buffer: &mut [u8],
        len: usize,
        ssrc: u32,
        index: u32,
    ) -> Result<usize, Rejected> {
        let word = (ENCRYPTED | index).to_be_bytes();
        match self {
            Transform::Cm { cipher, auth, salt } => {
                counter_mode(cipher, salt, ssrc, u64::from(index), &mut buffer[RTCP_PREFIX..len])?;
                buffer[len..len + 4].copy_from_slice(&word);
                let tag = hmac::sign(auth, &buffer[..len + 4]);
                buffer[len + 4..len + 4 + CM_TAG].copy_from_slice(&tag.as_ref()[..CM_TAG]);
                Ok(len + 4 + CM_TAG)
            }
            Transform::Gcm { cipher, salt } => {
                let nonce = rtcp_nonce(salt, ssrc, index);
                let aad = rtcp_aad(buffer, word);
                let tag = cipher
                    .seal_in_place_separate_tag(nonce, Aad::from(aad), &mut buffer[RTCP_PREFIX..len])
                    .map_err(|_| Rejected)?;
                buffer[len..len + GCM_TAG].copy_from_slice(tag.as_ref());
                buffer[len + GCM_TAG..len + GCM_TAG + 4].copy_from_slice(&word);
                Ok(len + GCM_TAG + 4)
            }
        }
    }

    /// Opens a protected compound in place; `word` was read by [`Transform::rtcp_word`].
    pub(super) fn open_rtcp(&self, packet: &mut [u8], ssrc: u32, word: u32) -> Result<usize, Rejected> {
        let index = word & !ENCRYPTED;
        match self {
            Transform::Cm { cipher, auth, salt } => {
                let signed = packet.len() - CM_TAG;
                let (body, tag) = packet.split_at_mut(signed);
                let wanted = hmac::sign(auth, body);
                verify_slices_are_equal(&wanted.as_ref()[..CM_TAG], tag).map_err(|_| Rejected)?;
                let len = signed - 4;
                counter_mode(cipher, salt, ssrc, u64::from(index), &mut body[RTCP_PREFIX..len])?;
                Ok(len)
            }
            Transform::Gcm { cipher, salt } => {
                let sealed = packet.len() - 4;
                let aad = rtcp_aad(packet, word.to_be_bytes());
                cipher
                    .open_in_place(
                        rtcp_nonce(salt, ssrc, index),
                        Aad::from(aad),
                        &mut packet[RTCP_PREFIX..sealed],
                    )
                    .map_err(|_| Rejected)?;
                Ok(sealed - GCM_TAG)
            }
        }
    }

    /// The E bit and index of a protected compound, when it is long enough to carry them.
    pub(super) fn rtcp_word(&self, packet: &[u8]) -> Option<u32> {
        let (tag, at) = match self {
            Transform::Cm { .. } => (CM_TAG, packet.len().checked_sub(CM_TAG + 4)?),
            Transform::Gcm { .. } => (GCM_TAG, packet.len().checked_sub(4)?),
        };
        if packet.len() < RTCP_PREFIX + tag + 4 {
            return None;
        }
        let word = packet.get(at..at + 4)?;
        Some(u32::from_be_bytes([word[0], word[1], word[2], word[3]]))
    }
}

/// Header and sender SSRC of a compound stay clear (RFC 3711 section 3.4).
pub(super) const RTCP_PREFIX: usize = 8;
/// The E bit.
pub(super) const ENCRYPTED: u32 = 0x8000_0000;

/// AES-CM (RFC 3711 section 4.1.1): IV = salt·2^16 ⊕ SSRC·2^64 ⊕ index·2^16.
fn counter_mode(
    cipher: &EncryptingKey,
    salt: &[u8; 14],
    ssrc: u32,
    index: u64,
    data: &mut [u8],
) -> Result<(), Rejected> {
    let mut iv = [0u8; 16];
    iv[..14].copy_from_slice(salt);
    xor(&mut iv[4..8], &ssrc.to_be_bytes());
    xor(&mut iv[8..14], &index.to_be_bytes()[2..]);
    cipher
        .less_safe_encrypt(data, EncryptionContext::Iv128(FixedLength::from(iv)))
        .map(|_| ())
        .map_err(|_| Rejected)
}

/// HMAC over the packet and the rollover counter (RFC 3711 section 4.2).
fn rtp_tag(auth: &hmac::Key, packet: &[u8], index: u64) -> hmac::Tag {
    let mut context = hmac::Context::with_key(auth);
    context.update(packet);
    context.update(&index.to_be_bytes()[2..6]);
    context.sign()
}

/// RFC 7714 section 8.1.
fn rtp_nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> Nonce {
    let mut iv = *salt;
    xor(&mut iv[2..6], &ssrc.to_be_bytes());
    xor(&mut iv[6..12], &index.to_be_bytes()[2..]);
    Nonce::assume_unique_for_key(iv)
}

/// RFC 7714 section 9.1.
fn rtcp_nonce(salt: &[u8; 12], ssrc: u32, index: u32) -> Nonce {
    let mut iv = *salt;
    xor(&mut iv[2..6], &ssrc.to_be_bytes());
    xor(&mut iv[8..12], &index.to_be_bytes());
    Nonce::assume_unique_for_key(iv)
}

/// RFC 7714 section 9.2: the clear prefix and the index word.
fn rtcp_aad(packet: &[u8], word: [u8; 4]) -> [u8; RTCP_PREFIX + 4] {
    let mut aad = [0; RTCP_PREFIX + 4];
    aad[..RTCP_PREFIX].copy_from_slice(&packet[..RTCP_PREFIX]);
    aad[RTCP_PREFIX..].copy_from_slice(&word);
    aad
}

fn xor(into: &mut [u8], with: &[u8]) {
    for (a, b) in into.iter_mut().zip(with) {
        *a ^= *b;
    }
}

const CM_TAG: usize = Suite::AesCm128HmacSha1_80.tag_len();
const GCM_TAG: usize = Suite::AeadAes256Gcm.tag_len();
/// HMAC-SHA1 session key (RFC 3711 section 5.2).
const AUTH_KEY_LEN: usize = 20;
