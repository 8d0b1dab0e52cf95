//! SDES keys (RFC 4568 section 6.1): parse and print of the `inline:` key parameter.
//!
//! The session parameters after the key belong to SDP and are not read here.

use std::fmt;

use data_encoding::{BASE64, BASE64_NOPAD, Encoding};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Suite;

/// The longest master key and salt of any suite.
pub const MAX_MASTER_LEN: usize = 46;

/// Why a key parameter is refused. The peer's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SdesError {
    /// The method is not `inline:`.
    #[error("the key method is not inline")]
    Method,
    /// Not base64.
    #[error("the key is not base64")]
    Base64,
    /// Key and salt together have the wrong length for the suite.
    #[error("the key has {got} octets, the suite wants {wanted}")]
    Length {
        /// Octets found.
        got: usize,
        /// Octets the suite takes.
        wanted: usize,
    },
    /// A lifetime that is not a number or a power of two.
    #[error("the key lifetime is malformed")]
    Lifetime,
    /// A master key identifier was asked for.
    #[error("a master key identifier is not supported")]
    Mki,
}

/// A master key and salt of one direction. Zeroed when dropped; shows nothing.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SdesKey {
    #[zeroize(skip)]
    suite: Suite,
    master: [u8; MAX_MASTER_LEN],
}

impl fmt::Debug for SdesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SdesKey(***)")
    }
}

impl SdesKey {
    /// A key from octets: from the random source when offering.
    ///
    /// # Errors
    /// `Length` when key and salt do not have the suite's length.
    pub fn from_bytes(suite: Suite, master: &[u8]) -> Result<Self, SdesError> {
        if master.len() != suite.master_len() {
            return Err(SdesError::Length { got: master.len(), wanted: suite.master_len() });
        }
        let mut key = Self { suite, master: [0; MAX_MASTER_LEN] };
        key.master[..master.len()].copy_from_slice(master);
        Ok(key)
    }

    /// Parses `inline:<base64>[|lifetime]`.
    ///
    /// # Errors
    /// See [`SdesError`].
    pub fn parse(suite: Suite, key_params: &str) -> Result<Self, SdesError> {
        let (method, info) = key_params.split_once(':').ok_or(SdesError::Method)?;
        if !method.eq_ignore_ascii_case("inline") {
            return Err(SdesError::Method);
        }
        let mut parts = info.split('|');
        let text = parts.next().unwrap_or("");
        for part in parts {
            if part.contains(':') {
                return Err(SdesError::Mki);
            }
            check_lifetime(part)?;
        }
        Self::from_base64(suite, text)
    }

    /// The key parameter to put into SDP.
    #[must_use]
    pub fn to_inline(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(INLINE_CAPACITY));
        text.push_str("inline:");
        BASE64.encode_append(self.master(), &mut text);
        text
    }

    /// The suite the key is for.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.master[..self.suite.key_len()]
    }

    pub(super) fn salt(&self) -> &[u8] {
        &self.master[self.suite.key_len()..self.suite.master_len()]
    }

    fn master(&self) -> &[u8] {
        &self.master[..self.suite.master_len()]
    }

    fn from_base64(suite: Suite, text: &str) -> Result<Self, SdesError> {
        // Some peers leave the padding out.
        let encoding: &Encoding = if text.len().is_multiple_of(4) { &BASE64 } else { &BASE64_NOPAD };
        let mut octets = Zeroizing::new([0u8; 2 * MAX_MASTER_LEN]);
        let room = encoding.decode_len(text.len()).map_err(|_| SdesError::Base64)?;
        let out =
            octets.get_mut(..room).ok_or(SdesError::Length { got: room, wanted: suite.master_len() })?;
        let len = encoding.decode_mut(text.as_bytes(), out).map_err(|_| SdesError::Base64)?;
        Self::from_bytes(suite, &octets[..len])
    }
}

/// `2^n` or a decimal number of packets. It is read for its form only: a call ends long before.
fn check_lifetime(text: &str) -> Result<(), SdesError> {
    let digits = text.strip_prefix("2^").unwrap_or(text);
    let well_formed = !digits.is_empty()
        && digits.len() <= MAX_LIFETIME_DIGITS
        && digits.bytes().all(|b| b.is_ascii_digit());
    if well_formed { Ok(()) } else { Err(SdesError::Lifetime) }
}

const MAX_LIFETIME_DIGITS: usize = 15;
/// `inline:` and 64 base64 characters: never grows, so no copy of the key stays behind.
const INLINE_CAPACITY: usize = 80;
