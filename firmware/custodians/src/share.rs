//! A share on paper: sixteen groups of four signs that a person can copy, read out and type.
//!
//! `number ‖ set ‖ value ‖ checksum` are 40 bytes, which are 64 signs of base 32 without I, L, O and U (Crockford's
//! alphabet). Typed, case and spaces do not matter, I and L are 1, O is 0. The checksum finds typing errors, not
//! forgers.

use crate::secret::SetId;
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{Encoding, Specification};
use std::sync::LazyLock;
use thiserror::Error;
use vocab::Secret;
use zeroize::Zeroizing;

/// The longest text that is read.
pub const MAX_SHARE_TEXT_BYTES: usize = 256;

const BYTES: usize = 40;
const SIGNS: usize = 64;
const SIGNS_OF_A_GROUP: usize = 4;
const GROUPS_OF_A_LINE: usize = 4;
const CHECKED_BYTES: usize = 37;
/// The upper half of the first byte.
const VERSION: u8 = 0x10;
const ALPHABET: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHECKSUM_LABEL: &[u8] = b"ringfence share v1";

/// One custodian's part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The set it is of.
    pub set: SetId,
    /// Its number, from 1.
    pub number: u8,
    /// The value of the polynomials.
    pub(crate) value: Secret<[u8; 32]>,
}

/// Why a text is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ShareError {
    /// Longer than a share with any spacing.
    #[error("more than {MAX_SHARE_TEXT_BYTES} bytes")]
    TooLong,
    /// A sign that no share has.
    #[error("group {group} holds a sign that no share has")]
    Sign {
        /// In which group of four, from 1.
        group: usize,
    },
    /// Not 64 signs.
    #[error("{0} signs: a share has {SIGNS}")]
    Length(usize),
    /// The checksum does not fit.
    #[error("a sign was mistyped: compare it with the paper")]
    Checksum,
    /// Made by another version of this product, or a number that no share has.
    #[error("no share of this version")]
    Version,
}

impl Share {
    /// What is printed: four lines of four groups.
    #[must_use]
    pub fn to_text(&self) -> Secret<String> {
        let signs = Zeroizing::new(ENCODING.encode(self.bytes().as_slice()));
        let mut text = String::with_capacity(SIGNS + SIGNS / SIGNS_OF_A_GROUP);
        for (at, group) in signs.as_bytes().chunks(SIGNS_OF_A_GROUP).enumerate() {
            if at > 0 {
                text.push(if at % GROUPS_OF_A_LINE == 0 { '\n' } else { ' ' });
            }
            text.extend(group.iter().map(|sign| char::from(*sign)));
        }
        Secret::new(text)
    }

    /// The last group of what is printed: whoever can type it has the paper in hand.
    #[must_use]
    pub fn last_group(&self) -> Secret<String> {
        let text = self.to_text();
        Secret::new(text.expose().rsplit(' ').next().unwrap_or_default().to_owned())
    }

    /// Reads what a person typed.
    ///
    /// # Errors
    /// [`ShareError`], which names the place.
    pub fn parse(text: &str) -> Result<Self, ShareError> {
        if text.len() > MAX_SHARE_TEXT_BYTES {
            return Err(ShareError::TooLong);
        }
        let mut signs = Zeroizing::new(String::with_capacity(MAX_SHARE_TEXT_BYTES));
        for sign in text.chars().filter(|sign| !sign.is_whitespace() && *sign != '-') {
            let sign = match sign.to_ascii_uppercase() {
                'I' | 'L' => '1',
                'O' => '0',
                other => other,
            };
            if !ALPHABET.contains(sign) {
                return Err(ShareError::Sign { group: signs.len() / SIGNS_OF_A_GROUP + 1 });
            }
            signs.push(sign);
        }
        if signs.len() != SIGNS {
            return Err(ShareError::Length(signs.len()));
        }
        let bytes = Zeroizing::new(ENCODING.decode(signs.as_bytes()).map_err(|_| ShareError::Checksum)?);
        let bytes: &[u8; BYTES] = bytes.as_slice().try_into().map_err(|_| ShareError::Checksum)?;
        Self::from_bytes(bytes)
    }

    fn bytes(&self) -> Zeroizing<[u8; BYTES]> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        bytes[0] = VERSION | self.number;
        bytes[1..5].copy_from_slice(&self.set.0);
        bytes[5..CHECKED_BYTES].copy_from_slice(self.value.expose());
        let checksum = checksum(&bytes[..CHECKED_BYTES]);
        bytes[CHECKED_BYTES..].copy_from_slice(&checksum);
        bytes
    }

    fn from_bytes(bytes: &[u8; BYTES]) -> Result<Self, ShareError> {
        let (content, sum) = bytes.split_at(CHECKED_BYTES);
        if sum != checksum(content) {
            return Err(ShareError::Checksum);
        }
        let number = content[0] ^ VERSION;
        if !(1..=5).contains(&number) {
            return Err(ShareError::Version);
        }
        let (mut set, mut value) = ([0; 4], [0; 32]);
        set.copy_from_slice(&content[1..5]);
        value.copy_from_slice(&content[5..]);
        Ok(Self { set: SetId(set), number, value: Secret::new(value) })
    }
}

fn checksum(content: &[u8]) -> [u8; BYTES - CHECKED_BYTES] {
    let hash = digest(&SHA256, &Zeroizing::new([CHECKSUM_LABEL, content].concat()));
    let mut sum = [0; BYTES - CHECKED_BYTES];
    sum.copy_from_slice(&hash.as_ref()[..BYTES - CHECKED_BYTES]);
    sum
}

static ENCODING: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str(ALPHABET);
    let Ok(encoding) = specification.encoding() else { unreachable!("32 different signs are an alphabet") };
    encoding
});

/// Reads any bytes as what a person typed.
///
/// # Panics
/// Where a share that was read is not printed as the same share.
pub fn fuzz_share(data: &[u8]) {
    let Ok(share) = Share::parse(&String::from_utf8_lossy(data)) else { return };
    assert_eq!(
        Share::parse(share.to_text().expose()),
        Ok(share.clone()),
        "printed and typed again it is the same"
    );
    assert!(crate::combine(&[share]).is_err(), "one share is never enough");
}

#[cfg(test)]
mod tests {
    use super::{ALPHABET, Share, ShareError};
    use crate::secret::{RecoverySecret, split};
    use vocab::Secret;

    fn share() -> Share {
        let secret = RecoverySecret::new(Secret::new([9; 32]));
        let [_, second, ..] = split(&secret, &Secret::new([[1; 32], [2; 32]]));
        second
    }

    #[test]
    fn a_share_is_four_lines_of_four_groups_and_reads_back_however_it_is_typed() {
        let text = share().to_text().expose().clone();
        assert_eq!(text.lines().count(), 4);
        assert!(text.lines().all(|line| line.split(' ').all(|group| group.len() == 4) && line.len() == 19));
        let sloppy = text.to_lowercase().replace('\n', " - ").replace('1', "l").replace('0', "o");
        for typed in [text.clone(), sloppy, text.replace([' ', '\n'], "")] {
            assert_eq!(Share::parse(&typed), Ok(share()), "{typed}");
        }
        assert!(text.ends_with(share().last_group().expose()) && share().last_group().expose().len() == 4);
    }

    #[test]
    fn every_single_mistyped_sign_and_every_swap_of_neighbours_is_found() {
        let text: String = share().to_text().expose().split_whitespace().collect();
        for at in 0..text.len() {
            for sign in ALPHABET.chars().filter(|sign| *sign != text.as_bytes()[at].into()) {
                let mut wrong = text.clone();
                wrong.replace_range(at..=at, &sign.to_string());
                assert!(Share::parse(&wrong).is_err(), "{sign} at {at}");
            }
            if at > 0 && text.as_bytes()[at] != text.as_bytes()[at - 1] {
                let mut wrong = text.clone().into_bytes();
                wrong.swap(at, at - 1);
                assert!(Share::parse(&String::from_utf8_lossy(&wrong)).is_err(), "swapped at {at}");
            }
        }
    }

    #[test]
    fn what_is_no_share_is_refused_and_the_place_named() {
        assert_eq!(Share::parse(""), Err(ShareError::Length(0)));
        assert_eq!(Share::parse("0000 00U0"), Err(ShareError::Sign { group: 2 }));
        assert_eq!(Share::parse("零"), Err(ShareError::Sign { group: 1 }));
        assert_eq!(Share::parse(&" ".repeat(300)), Err(ShareError::TooLong));
        assert_eq!(Share::parse(&"0".repeat(64)), Err(ShareError::Checksum));
        let text = share().to_text().expose().clone();
        assert_eq!(Share::parse(&text[..70]), Err(ShareError::Length(56)));
    }

    #[test]
    fn no_share_can_be_printed_by_debug() {
        let shown = format!("{:?}", share());
        let value = format!("{:?}", share().value.expose());
        assert!(!shown.contains(&value), "{shown}");
    }
}
