//! Key derivation (RFC 3711 section 4.3, RFC 6188 for 256 bits, RFC 7714 section 11), rate zero.

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroize;

/// What a derived key is for (RFC 3711 sections 4.3.1 and 4.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    RtpKey,
    RtpAuth,
    RtpSalt,
    RtcpKey,
    RtcpAuth,
    RtcpSalt,
}

impl Label {
    const fn octet(self) -> u8 {
        match self {
            Label::RtpKey => 0,
            Label::RtpAuth => 1,
            Label::RtpSalt => 2,
            Label::RtcpKey => 3,
            Label::RtcpAuth => 4,
            Label::RtcpSalt => 5,
        }
    }
}

/// Fills `out` with the key stream of the pseudo-random function. `None` when the master key has
/// no AES length.
pub(super) fn derive(key: &[u8], salt: &[u8], label: Label, out: &mut [u8]) -> Option<()> {
    let mut iv = [0u8; 16];
    // A 96-bit salt is padded on the right to 112 bits (RFC 7714 section 11).
    for (to, from) in iv.iter_mut().zip(salt) {
        *to = *from;
    }
    iv[LABEL_AT] ^= label.octet();
    out.fill(0);
    let done = aes_ctr(key)?
        .less_safe_encrypt(out, EncryptionContext::Iv128(FixedLength::from(iv)))
        .ok()
        .map(|_| ());
    iv.zeroize();
    done
}

/// An AES counter-mode key of 128 or 256 bits.
pub(super) fn aes_ctr(key: &[u8]) -> Option<EncryptingKey> {
    let algorithm = match key.len() {
        16 => &AES_128,
        32 => &AES_256,
        _ => return None,
    };
    let key = UnboundCipherKey::new(algorithm, key).ok()?;
    EncryptingKey::ctr(key).ok()
}

/// The label stands above the 48 bits of the packet index in the 112 bits of `x`.
const LABEL_AT: usize = 7;

#[cfg(test)]
mod tests {
    use super::{Label, derive};
    use data_encoding::HEXLOWER;

    fn derived<const N: usize>(key: &str, salt: &str, label: Label) -> String {
        let key = HEXLOWER.decode(key.as_bytes()).expect("hex");
        let salt = HEXLOWER.decode(salt.as_bytes()).expect("hex");
        let mut out = [0xFFu8; N];
        derive(&key, &salt, label, &mut out).expect("an AES key");
        HEXLOWER.encode(&out)
    }

    #[test]
    fn the_vectors_of_rfc_3711_b_3_come_out() {
        let (key, salt) = ("e1f97a0d3e018be0d64fa32c06de4139", "0ec675ad498afeebb6960b3aabe6");
        assert_eq!(derived::<16>(key, salt, Label::RtpKey), "c61e7a93744f39ee10734afe3ff7a087");
        assert_eq!(derived::<14>(key, salt, Label::RtpSalt), "30cbbc08863d8c85d49db34a9ae1");
        assert_eq!(
            derived::<94>(key, salt, Label::RtpAuth),
            "cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbce\
             e049646c43d9327ad175578ef72270986371c10c9a369ac2f94a8c5fbcdddc25\
             6d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2"
        );
    }

    #[test]
    fn the_vectors_of_rfc_6188_7_2_come_out() {
        let key = "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6";
        let salt = "3b04803de51ee7c96423ab5b78d2";
        assert_eq!(
            derived::<32>(key, salt, Label::RtpKey),
            "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4"
        );
        assert_eq!(derived::<14>(key, salt, Label::RtpSalt), "fa31791685ca444a9e07c6c64e93");
    }

    /// RFC 3711 B.2: the key stream of AES-CM itself.
    #[test]
    fn the_key_stream_of_rfc_3711_b_2_comes_out() {
        use super::aes_ctr;
        use aws_lc_rs::cipher::EncryptionContext;
        use aws_lc_rs::iv::FixedLength;
        let key = HEXLOWER.decode(b"2b7e151628aed2a6abf7158809cf4f3c").expect("hex");
        let iv = HEXLOWER.decode(b"f0f1f2f3f4f5f6f7f8f9fafbfcfd0000").expect("hex");
        let mut stream = vec![0u8; 0xff02 * 16];
        let iv: [u8; 16] = iv.try_into().expect("16 octets");
        aes_ctr(&key)
            .expect("a key")
            .less_safe_encrypt(&mut stream, EncryptionContext::Iv128(FixedLength::from(iv)))
            .expect("a stream");
        assert_eq!(HEXLOWER.encode(&stream[..16]), "e03ead0935c95e80e166b16dd92b4eb4");
        assert_eq!(HEXLOWER.encode(&stream[16..32]), "d23513162b02d0f72a43a2fe4a5f97ab");
        assert_eq!(HEXLOWER.encode(&stream[0xfeff * 16..][..16]), "ec8cdf7398607cb0f2d21675ea9ea1e4");
        assert_eq!(HEXLOWER.encode(&stream[0xff01 * 16..][..16]), "6a2cc3787889374fbeb4c81b17ba6c44");
    }
}
