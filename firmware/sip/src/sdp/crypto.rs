//! `a=crypto` (RFC 4568) as typed values whose Debug shows no key. Lines that would
//! weaken the stream (`UNENCRYPTED_SRTP` and its like) are refused, not ignored.

use std::fmt;

use data_encoding::{BASE64, BASE64_NOPAD};
use zeroize::Zeroizing;

/// The most `a=crypto` lines looked at in one stream.
pub const MAX_CRYPTO_LINES: usize = 16;

/// An SRTP suite, as named by RFC 4568, RFC 6188 and RFC 7714.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SrtpSuite {
    /// AES-256 in GCM.
    AeadAes256Gcm,
    /// AES-128 in GCM.
    AeadAes128Gcm,
    /// AES-256 in counter mode, 80-bit tag.
    AesCm256HmacSha1_80,
    /// AES-256 in counter mode, 32-bit tag.
    AesCm256HmacSha1_32,
    /// AES-128 in counter mode, 80-bit tag.
    AesCm128HmacSha1_80,
    /// AES-128 in counter mode, 32-bit tag.
    AesCm128HmacSha1_32,
}

impl SrtpSuite {
    /// Every suite, strongest first.
    pub const ALL: [Self; 6] = [
        Self::AeadAes256Gcm,
        Self::AeadAes128Gcm,
        Self::AesCm256HmacSha1_80,
        Self::AesCm256HmacSha1_32,
        Self::AesCm128HmacSha1_80,
        Self::AesCm128HmacSha1_32,
    ];

    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AesCm256HmacSha1_80 => "AES_256_CM_HMAC_SHA1_80",
            Self::AesCm256HmacSha1_32 => "AES_256_CM_HMAC_SHA1_32",
            Self::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    /// Bytes of the master key.
    #[must_use]
    pub const fn key_bytes(self) -> usize {
        match self {
            Self::AeadAes256Gcm | Self::AesCm256HmacSha1_80 | Self::AesCm256HmacSha1_32 => 32,
            Self::AeadAes128Gcm | Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 => 16,
        }
    }

    /// Bytes of the master salt.
    #[must_use]
    pub const fn salt_bytes(self) -> usize {
        match self {
            Self::AeadAes256Gcm | Self::AeadAes128Gcm => 12,
            Self::AesCm256HmacSha1_80
            | Self::AesCm256HmacSha1_32
            | Self::AesCm128HmacSha1_80
            | Self::AesCm128HmacSha1_32 => 14,
        }
    }

    fn from_token(token: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.as_str().eq_ignore_ascii_case(token))
    }
}

/// Master key and master salt, one after the other; wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SrtpKey(Zeroizing<Vec<u8>>);

impl SrtpKey {
    /// Key material for a suite; `None` if it is not key and salt long.
    #[must_use]
    pub fn new(suite: SrtpSuite, bytes: &[u8]) -> Option<Self> {
        let fits = bytes.len() == suite.key_bytes() + suite.salt_bytes();
        fits.then(|| Self(Zeroizing::new(bytes.to_vec())))
    }

    /// Key and salt.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SrtpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SrtpKey(***)")
    }
}

/// A master key identifier carried in every packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mki {
    /// The identifier.
    pub value: u64,
    /// How many bytes it takes in a packet, 1 to 128.
    pub length: u8,
}

/// One `a=crypto` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crypto {
    /// Answer and offer are matched by it.
    pub tag: u32,
    /// The suite.
    pub suite: SrtpSuite,
    /// Key and salt of the side that sends the line.
    pub key: SrtpKey,
    /// Packets after which the key is spent.
    pub lifetime: Option<u64>,
    /// The master key identifier, if packets carry one.
    pub mki: Option<Mki>,
}

/// Why an `a=crypto` line is not usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// It departs from the grammar.
    #[error("malformed crypto attribute")]
    Malformed,
    /// The suite is not known here.
    #[error("unknown crypto suite")]
    Suite,
    /// Several keys, or a key method other than `inline`.
    #[error("key method or number of keys not supported")]
    Method,
    /// The key is not base64 of the suite's length.
    #[error("key of the wrong length")]
    Key,
    /// A session parameter that turns protection off, or is not understood.
    #[error("session parameter refused")]
    Parameter,
}

impl Crypto {
    /// Reads the value of an `a=crypto` attribute.
    ///
    /// # Errors
    /// When the line is malformed, or asks for something not done here.
    pub fn parse(value: &str) -> Result<Self, CryptoError> {
        let mut parts = value.split(' ').filter(|part| !part.is_empty());
        let mut next = || parts.next().ok_or(CryptoError::Malformed);
        let (tag, suite, keys) = (next()?, next()?, next()?);
        let valid = (1..=9).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_digit());
        let tag =
            Some(tag).filter(|_| valid).and_then(|tag| tag.parse().ok()).ok_or(CryptoError::Malformed)?;
        let suite = SrtpSuite::from_token(suite).ok_or(CryptoError::Suite)?;
        let inline = keys.strip_prefix("inline:").ok_or(CryptoError::Method)?;
        if inline.contains(';') {
            return Err(CryptoError::Method);
        }
        let (key, lifetime, mki) = inline_key(suite, inline)?;
        if !parts.all(is_harmless) {
            return Err(CryptoError::Parameter);
        }
        Ok(Self { tag, suite, key, lifetime, mki })
    }

    /// The attribute value for the wire. It holds the key: never log it.
    #[must_use]
    pub fn to_value(&self) -> String {
        let key = Zeroizing::new(BASE64.encode(self.key.expose()));
        let mut out = format!("{} {} inline:{}", self.tag, self.suite.as_str(), *key);
        if let Some(lifetime) = self.lifetime {
            out.push_str(&if lifetime.is_power_of_two() {
                format!("|2^{}", lifetime.trailing_zeros())
            } else {
                format!("|{lifetime}")
            });
        }
        if let Some(mki) = self.mki {
            out.push_str(&format!("|{}:{}", mki.value, mki.length));
        }
        out
    }
}

type InlineKey = (SrtpKey, Option<u64>, Option<Mki>);

/// `key||salt[|lifetime][|MKI:length]`
fn inline_key(suite: SrtpSuite, inline: &str) -> Result<InlineKey, CryptoError> {
    let mut fields = inline.split('|');
    let encoded = fields.next().unwrap_or("").trim_end_matches('=');
    let bytes = BASE64_NOPAD.decode(encoded.as_bytes()).map(Zeroizing::new).map_err(|_| CryptoError::Key)?;
    let key = SrtpKey::new(suite, &bytes).ok_or(CryptoError::Key)?;
    let (mut lifetime, mut mki) = (None, None);
    for field in fields {
        match field.split_once(':') {
            Some((value, length)) if mki.is_none() => {
                let length = length.parse().ok().filter(|n| (1..=128).contains(n));
                mki = match (value.parse().ok(), length) {
                    (Some(value), Some(length)) => Some(Mki { value, length }),
                    _ => return Err(CryptoError::Malformed),
                };
            }
            None if lifetime.is_none() && mki.is_none() => {
                lifetime = Some(parse_lifetime(field).ok_or(CryptoError::Malformed)?);
            }
            Some(_) | None => return Err(CryptoError::Malformed),
        }
    }
    Ok((key, lifetime, mki))
}

/// `2^n` or a number; SRTP never outlives 2^48 packets.
fn parse_lifetime(text: &str) -> Option<u64> {
    let packets = match text.strip_prefix("2^") {
        Some(exponent) => 1_u64.checked_shl(exponent.parse().ok()?)?,
        None => text.parse().ok()?,
    };
    (1..=1 << 48).contains(&packets).then_some(packets)
}

/// Only a hint about the replay window, an unused key derivation rate, and parameters
/// marked as ignorable (`-`) may stand in a line that is accepted.
fn is_harmless(parameter: &str) -> bool {
    parameter == "KDR=0" || parameter.starts_with("WSH=") || parameter.starts_with('-')
}
