//! The public key a release is signed by: an RSA key as PEM, as `ukify` puts it into the image.
//!
//! It knows no certificate and no other kind of key: systemd-measure signs by RSA alone.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use thiserror::Error;

/// The longest PEM that is read.
pub const MAX_KEY_FILE_BYTES: usize = 4_096;

/// `AlgorithmIdentifier` of rsaEncryption with its NULL (RFC 3279, 2.3.1).
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
/// 65,537: what every TPM takes.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// Why a file is no release key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReleaseKeyError {
    /// Longer than a key can be.
    #[error("more than {MAX_KEY_FILE_BYTES} bytes")]
    TooLong,
    /// Not one PEM block of a public key.
    #[error("no PEM block `PUBLIC KEY`")]
    NoPem,
    /// The block is no RSA key.
    #[error("no RSA key (SubjectPublicKeyInfo)")]
    NotRsa,
    /// An RSA key of a size or exponent that TPMs do not take.
    #[error("an RSA key must have 2048 or 3072 bits and the exponent 65537")]
    Size,
}

/// An RSA public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseKey {
    /// `RSAPublicKey` (PKCS #1).
    pkcs1: Vec<u8>,
    modulus: Vec<u8>,
}

impl ReleaseKey {
    /// Reads a PEM file.
    ///
    /// # Errors
    /// [`ReleaseKeyError`].
    pub fn parse(pem: &[u8]) -> Result<Self, ReleaseKeyError> {
        if pem.len() > MAX_KEY_FILE_BYTES {
            return Err(ReleaseKeyError::TooLong);
        }
        let text = std::str::from_utf8(pem).map_err(|_| ReleaseKeyError::NoPem)?.trim();
        let body = text
            .strip_prefix("-----BEGIN PUBLIC KEY-----")
            .and_then(|rest| rest.strip_suffix("-----END PUBLIC KEY-----"))
            .ok_or(ReleaseKeyError::NoPem)?;
        let body: String = body.split_ascii_whitespace().collect();
        let der = data_encoding::BASE64.decode(body.as_bytes()).map_err(|_| ReleaseKeyError::NoPem)?;
        let pkcs1 = inside_spki(&der).ok_or(ReleaseKeyError::NotRsa)?;
        Self::from_pkcs1(pkcs1)
    }

    /// Takes a `RSAPublicKey`, as it stands in a blob.
    pub(crate) fn from_pkcs1(pkcs1: &[u8]) -> Result<Self, ReleaseKeyError> {
        let (modulus, exponent) = numbers(pkcs1).ok_or(ReleaseKeyError::NotRsa)?;
        if !matches!(modulus.len(), 256 | 384) || modulus[0] < 0x80 || exponent != EXPONENT {
            return Err(ReleaseKeyError::Size);
        }
        Ok(Self { pkcs1: pkcs1.to_vec(), modulus: modulus.to_vec() })
    }

    /// `pkfp` in systemd's files: SHA-256 of the `RSAPublicKey`.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&[&self.pkcs1])
    }

    /// Did this key sign these bytes (RSASSA-PKCS1-v1_5, SHA-256)?
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.pkcs1);
        key.verify(message, signature).is_ok()
    }

    pub(crate) fn pkcs1(&self) -> &[u8] {
        &self.pkcs1
    }

    pub(crate) fn modulus(&self) -> &[u8] {
        &self.modulus
    }
}

/// SHA-256 of the parts together.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, &parts.concat()).as_ref());
    out
}

/// The `RSAPublicKey` in a `SubjectPublicKeyInfo`.
fn inside_spki(der: &[u8]) -> Option<&[u8]> {
    let (spki, rest) = element(SEQUENCE, der)?;
    rest.is_empty().then_some(())?;
    let (bits, rest) = element(BIT_STRING, spki.strip_prefix(&RSA_ENCRYPTION)?)?;
    rest.is_empty().then_some(())?;
    // The first octet counts the bits that are not used: none.
    bits.strip_prefix(&[0])
}

/// Modulus and exponent, without leading zeros.
fn numbers(pkcs1: &[u8]) -> Option<(&[u8], &[u8])> {
    let (inside, rest) = element(SEQUENCE, pkcs1)?;
    rest.is_empty().then_some(())?;
    let (modulus, rest) = element(INTEGER, inside)?;
    let (exponent, rest) = element(INTEGER, rest)?;
    rest.is_empty().then_some(())?;
    Some((modulus.strip_prefix(&[0]).unwrap_or(modulus), exponent))
}

/// One DER element of a kind: its content, and what follows.
fn element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.strip_prefix(&[tag])?.split_first()?;
    let (length, rest) = match *first {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => {
            rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?
        }
        _ => return None,
    };
    (length <= rest.len()).then(|| rest.split_at(length))
}

#[cfg(test)]
mod tests {
    use super::{ReleaseKey, ReleaseKeyError};

    const VAULT: &[u8] = include_bytes!("../testdata/vault.pem");

    #[test]
    fn the_fingerprint_is_the_one_that_systemd_writes() {
        let key = ReleaseKey::parse(VAULT).expect("a key");
        let hex = data_encoding::HEXLOWER.encode(&key.fingerprint());
        assert!(include_str!("../testdata/one.json").contains(&hex), "{hex}");
        assert_eq!(ReleaseKey::from_pkcs1(key.pkcs1()), Ok(key));
    }

    #[test]
    fn what_is_no_release_key_is_refused_in_words() {
        assert_eq!(ReleaseKey::parse(b""), Err(ReleaseKeyError::NoPem));
        assert_eq!(ReleaseKey::parse(&[b'a'; 5_000]), Err(ReleaseKeyError::TooLong));
        let ec =
            "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n";
        assert_eq!(ReleaseKey::parse(ec.as_bytes()), Err(ReleaseKeyError::NotRsa));
        for cut in 0..VAULT.len() - 26 {
            assert!(ReleaseKey::parse(&VAULT[..cut]).is_err(), "cut at {cut}");
        }
    }
}
