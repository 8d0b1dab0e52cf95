//! SRTP for one direction of one call (RFC 3711 with AES_CM_128_HMAC_SHA1_80, RFC 7714 with
//! AEAD_AES_256_GCM), keyed by SDES (RFC 4568).
//!
//! No SRTCP, no key derivation rate, no MKI. The roll-over counter is guessed as in RFC 3711
//! section 3.3.1; replays are counted as rejected.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;

/// The crypto suites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// AES_CM_128_HMAC_SHA1_80.
    AesCm128Sha1,
    /// AEAD_AES_256_GCM.
    AesGcm256,
}

impl Suite {
    /// The suite of an SDES name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::AesGcm256, Self::AesCm128Sha1].into_iter().find(|s| s.name() == name)
    }

    /// The SDES name.
    pub fn name(self) -> &'static str {
        match self {
            Self::AesCm128Sha1 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesGcm256 => "AEAD_AES_256_GCM",
        }
    }

    /// Octets of the master key and salt together.
    pub fn keying_len(self) -> usize {
        match self {
            Self::AesCm128Sha1 => 30,
            Self::AesGcm256 => 44,
        }
    }

    fn tag_len(self) -> usize {
        match self {
            Self::AesCm128Sha1 => 10,
            Self::AesGcm256 => 16,
        }
    }
}

enum Keys {
    Cm { cipher: Box<EncryptingKey>, salt: [u8; 14], auth: Box<hmac::Key> },
    Gcm { cipher: LessSafeKey, salt: [u8; 12] },
}

/// One direction's context.
pub struct Srtp {
    suite: Suite,
    keys: Keys,
    // Highest packet index so far, and a window of those before it.
    highest: Option<u64>,
    window: u64,
}

impl Srtp {
    /// A context from the master key and salt; `None` when their length is not the suite's.
    pub fn new(suite: Suite, keying: &[u8]) -> Option<Self> {
        if keying.len() != suite.keying_len() {
            return None;
        }
        let keys = match suite {
            Suite::AesCm128Sha1 => {
                let (master, salt) = keying.split_at(16);
                let cipher = derive(master, salt, 0x00, 16)?;
                let auth = derive(master, salt, 0x01, 20)?;
                let cipher = UnboundCipherKey::new(&AES_128, &cipher).ok()?;
                Keys::Cm {
                    cipher: Box::new(EncryptingKey::ctr(cipher).ok()?),
                    salt: derive(master, salt, 0x02, 14)?.try_into().ok()?,
                    auth: Box::new(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &auth)),
                }
            }
            Suite::AesGcm256 => {
                let (master, salt) = keying.split_at(32);
                let cipher = derive(master, salt, 0x00, 32)?;
                Keys::Gcm {
                    cipher: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &cipher).ok()?),
                    salt: derive(master, salt, 0x02, 12)?.try_into().ok()?,
                }
            }
        };
        Some(Self { suite, keys, highest: None, window: 0 })
    }

    /// Protects an RTP packet whose header has this length.
    pub fn protect(&mut self, packet: &mut Vec<u8>, header: usize) -> Option<()> {
        let index = self.guess(sequence(packet)?);
        let ssrc = ssrc(packet)?;
        match &self.keys {
            Keys::Cm { cipher, salt, auth } => {
                let payload = packet.get_mut(header..)?;
                keystream(cipher, salt, ssrc, index, payload)?;
                let tag = cm_tag(auth, packet, index);
                packet.extend_from_slice(&tag);
            }
            Keys::Gcm { cipher, salt } => {
                let mut payload = packet.split_off(header);
                let nonce = gcm_nonce(salt, ssrc, index);
                cipher.seal_in_place_append_tag(nonce, Aad::from(&packet[..]), &mut payload).ok()?;
                packet.extend_from_slice(&payload);
            }
        }
        self.seen(index);
        Some(())
    }

    /// Opens an SRTP packet whose header has this length; `None` when it is forged or a replay.
    pub fn unprotect(&mut self, packet: &mut Vec<u8>, header: usize) -> Option<()> {
        let index = self.guess(sequence(packet)?);
        let body = packet.len().checked_sub(self.suite.tag_len())?;
        if body < header || self.is_replay(index) {
            return None;
        }
        let ssrc = ssrc(packet)?;
        match &self.keys {
            Keys::Cm { cipher, salt, auth } => {
                let tag = packet.split_off(body);
                aws_lc_rs::constant_time::verify_slices_are_equal(&cm_tag(auth, packet, index), &tag).ok()?;
                keystream(cipher, salt, ssrc, index, packet.get_mut(header..)?)?;
            }
            Keys::Gcm { cipher, salt } => {
                let mut payload = packet.split_off(header);
                let nonce = gcm_nonce(salt, ssrc, index);
                let plain = cipher.open_in_place(nonce, Aad::from(&packet[..]), &mut payload).ok()?;
                packet.extend_from_slice(plain);
            }
        }
        self.seen(index);
        Some(())
    }

    fn guess(&self, seq: u16) -> u64 {
        let Some(highest) = self.highest else { return u64::from(seq) };
        let (roc, last) = (highest >> 16, (highest & 0xffff) as u16);
        let ahead = seq.wrapping_sub(last) < 0x8000;
        let roc = match (ahead, seq < last) {
            (true, true) => roc + 1,
            (false, false) => roc.saturating_sub(1),
            (true, false) | (false, true) => roc,
        };
        (roc << 16) | u64::from(seq)
    }

    fn is_replay(&self, index: u64) -> bool {
        self.highest.is_some_and(|highest| match highest.checked_sub(index) {
            None => false,
            Some(back) => back >= 64 || self.window & (1 << back) != 0,
        })
    }

    fn seen(&mut self, index: u64) {
        let highest = self.highest.unwrap_or(index);
        if index >= highest {
            self.window = self.window.checked_shl((index - highest).min(64) as u32).unwrap_or(0) | 1;
            self.highest = Some(index);
        } else if highest - index < 64 {
            self.window |= 1 << (highest - index);
        }
    }
}

// RFC 3711 section 4.3.1 and 4.3.3; RFC 6188 for 256 bits; RFC 7714 section 11 pads the salt.
fn derive(master: &[u8], salt: &[u8], label: u8, len: usize) -> Option<Vec<u8>> {
    let algorithm = if master.len() == 32 { &AES_256 } else { &AES_128 };
    let key = EncryptingKey::ctr(UnboundCipherKey::new(algorithm, master).ok()?).ok()?;
    let mut iv = [0u8; 16];
    iv[..salt.len()].copy_from_slice(salt);
    iv[7] ^= label;
    let mut out = vec![0u8; len];
    key.less_safe_encrypt(&mut out, EncryptionContext::Iv128(FixedLength::from(iv))).ok()?;
    Some(out)
}

// RFC 3711 section 4.1.1.
fn keystream(key: &EncryptingKey, salt: &[u8; 14], ssrc: u32, index: u64, data: &mut [u8]) -> Option<()> {
    if data.is_empty() {
        return Some(());
    }
    let mut iv = [0u8; 16];
    iv[..14].copy_from_slice(salt);
    let packet = (u128::from(ssrc) << 64) | (u128::from(index) << 16);
    for (byte, mixed) in iv.iter_mut().zip(packet.to_be_bytes()) {
        *byte ^= mixed;
    }
    key.less_safe_encrypt(data, EncryptionContext::Iv128(FixedLength::from(iv))).ok()?;
    Some(())
}

fn cm_tag(auth: &hmac::Key, packet: &[u8], index: u64) -> [u8; 10] {
    let mut context = hmac::Context::with_key(auth);
    context.update(packet);
    context.update(&((index >> 16) as u32).to_be_bytes());
    let mut tag = [0u8; 10];
    tag.copy_from_slice(&context.sign().as_ref()[..10]);
    tag
}

// RFC 7714 section 8.1.
fn gcm_nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> Nonce {
    let mut iv = *salt;
    let mut mixed = [0u8; 12];
    mixed[2..6].copy_from_slice(&ssrc.to_be_bytes());
    mixed[6..12].copy_from_slice(&index.to_be_bytes()[2..]);
    for (byte, other) in iv.iter_mut().zip(mixed) {
        *byte ^= other;
    }
    Nonce::assume_unique_for_key(iv)
}

fn sequence(packet: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(packet.get(2..4)?.try_into().ok()?))
}

fn ssrc(packet: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(packet.get(8..12)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXUPPER;

    // RFC 3711 appendix B.3.
    #[test]
    fn the_key_derivation_vectors_of_rfc_3711_come_out() {
        let master = HEXUPPER.decode(b"E1F97A0D3E018BE0D64FA32C06DE4139").expect("hex");
        let salt = HEXUPPER.decode(b"0EC675AD498AFEEBB6960B3AABE6").expect("hex");
        let of = |label, len| HEXUPPER.encode(&derive(&master, &salt, label, len).expect("derives"));
        assert_eq!(of(0, 16), "C61E7A93744F39EE10734AFE3FF7A087");
        assert_eq!(of(2, 14), "30CBBC08863D8C85D49DB34A9AE1");
        assert_eq!(of(1, 20), "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4");
    }

    fn packet(seq: u16) -> Vec<u8> {
        let mut packet = vec![0x80, 8];
        packet.extend(seq.to_be_bytes());
        packet.extend([0, 0, 0, 9, 1, 2, 3, 4]);
        packet.extend([0xd5; 160]);
        packet
    }

    #[test]
    fn packets_open_across_the_wrap_and_forgeries_and_replays_do_not() {
        for suite in [Suite::AesCm128Sha1, Suite::AesGcm256] {
            let keying: Vec<u8> = (0..suite.keying_len() as u8).collect();
            let mut sender = Srtp::new(suite, &keying).expect("right length");
            let mut receiver = Srtp::new(suite, &keying).expect("right length");
            for seq in (0xfff0..=0xffff).chain(0..0x10u16) {
                let mut bytes = packet(seq);
                sender.protect(&mut bytes, 12).expect("protects");
                assert_ne!(bytes[12..172], packet(seq)[12..]);
                let wire = bytes.clone();
                receiver.unprotect(&mut bytes, 12).expect("opens");
                assert_eq!(bytes, packet(seq));
                assert!(receiver.unprotect(&mut wire.clone(), 12).is_none(), "a replay opened");
            }
            let mut forged = packet(0x10);
            sender.protect(&mut forged, 12).expect("protects");
            forged[20] ^= 1;
            assert!(receiver.unprotect(&mut forged, 12).is_none());
            assert!(Srtp::new(suite, &keying[1..]).is_none());
        }
    }
}
