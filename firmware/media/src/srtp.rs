//! SRTP and SRTCP (RFC 3711, RFC 7714) with keys by SDES (RFC 4568).
//!
//! Two suites and no others: `AES_CM_128_HMAC_SHA1_80` and `AEAD_AES_256_GCM`. No MKI, no
//! unencrypted SRTP or SRTCP, key derivation rate zero. Nothing here allocates per packet.

mod context;
mod kdf;
mod replay;
mod sdes;
mod transform;

pub use context::{MAX_SRTP_SOURCES, Srtp, SrtpError};
pub use sdes::{MAX_MASTER_LEN, SdesError, SdesKey};

/// A negotiated crypto suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// RFC 4568 section 6.2.1: AES-128 counter mode, HMAC-SHA1 cut to 80 bits.
    AesCm128HmacSha1_80,
    /// RFC 7714: AES-256 in Galois/Counter mode with a 128-bit tag.
    AeadAes256Gcm,
}

impl Suite {
    /// The suite's name in SDP.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Suite::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Suite::AeadAes256Gcm => "AEAD_AES_256_GCM",
        }
    }

    /// The suite of an SDP name, if it is one of ours.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Suite> {
        [Suite::AesCm128HmacSha1_80, Suite::AeadAes256Gcm].into_iter().find(|suite| suite.name() == name)
    }

    /// Octets of the master key.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Suite::AesCm128HmacSha1_80 => 16,
            Suite::AeadAes256Gcm => 32,
        }
    }

    /// Octets of the master salt.
    #[must_use]
    pub const fn salt_len(self) -> usize {
        match self {
            Suite::AesCm128HmacSha1_80 => 14,
            Suite::AeadAes256Gcm => 12,
        }
    }

    /// Octets of master key and salt together: what `inline:` carries.
    #[must_use]
    pub const fn master_len(self) -> usize {
        self.key_len() + self.salt_len()
    }

    /// Octets of the authentication tag.
    #[must_use]
    pub const fn tag_len(self) -> usize {
        match self {
            Suite::AesCm128HmacSha1_80 => 10,
            Suite::AeadAes256Gcm => 16,
        }
    }
}

#[cfg(test)]
mod tests;
