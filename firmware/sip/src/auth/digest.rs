//! The hashes of RFC 7616 3.4: H, KD, HA1 and HA2. Which of them applies is decided by
//! the callers.

use md5::Md5;
use sha2::{Digest as _, Sha256};
use std::fmt;

use super::challenge::Algorithm;

/// `H(username:realm:password)` in lower-case hexadecimal: as good as the password, so
/// it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1(String);

impl Ha1 {
    /// A stored HA1: 32 hexadecimal digits for MD5, 64 for SHA-256.
    #[must_use]
    pub fn from_hex(hex: &str) -> Option<Self> {
        let valid = matches!(hex.len(), 32 | 64) && hex.bytes().all(|b| b.is_ascii_hexdigit());
        valid.then(|| Self(hex.to_ascii_lowercase()))
    }

    /// The hexadecimal digits, for storing.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1(***)")
    }
}

/// HA1 of a user for the hash of `algorithm` (the session variants share it).
#[must_use]
pub fn ha1(algorithm: Algorithm, username: &str, realm: &str, password: &str) -> Ha1 {
    let parts = [username.as_bytes(), realm.as_bytes(), password.as_bytes()];
    Ha1(hash(algorithm, &parts))
}

/// The hash of the parts joined by colons, in lower-case hexadecimal.
pub(super) fn hash(algorithm: Algorithm, parts: &[&[u8]]) -> String {
    let joined = parts.join(&b':');
    let encode = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    match algorithm {
        Algorithm::Md5 | Algorithm::Md5Sess => encode(&Md5::digest(&joined)),
        Algorithm::Sha256 | Algorithm::Sha256Sess => encode(&Sha256::digest(&joined)),
    }
}
