//! Telephone numbers: one canonical E.164 form whatever the spelling, and the mask people see.
//!
//! It knows the Chinese plan (mobile, area codes, 95/96/400 service numbers stay national) and passes
//! other countries' numbers through in international form; it does not know who serves a number.

use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// Digits of the longest number of E.164 (clause 6.2.1).
pub const MAX_NUMBER_DIGITS: usize = 15;
const MAX_SPELLING_CHARS: usize = 64;

/// A number in E.164 form without the plus. Its `Debug` shows the mask; reading the digits is a visible act.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PhoneNumber {
    digits: [u8; MAX_NUMBER_DIGITS],
    len: u8,
}

/// Why a spelling is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NumberError {
    /// There is nothing to read.
    #[error("the number is empty")]
    Empty,
    /// The text is longer than any number.
    #[error("the number has more than {MAX_SPELLING_CHARS} characters")]
    TooLong,
    /// A character that no spelling of a number has; its place counts from 1.
    #[error("character {0} is not part of a number")]
    BadCharacter(usize),
    /// The digits fit no plan.
    #[error("{0} digits do not make a Chinese or international number")]
    BadLength(usize),
}

impl PhoneNumber {
    /// Reads any usual spelling (`+86 138-1234-5678`, `0086…`, `013812345678`, `(010) 1234 5678`, full-width digits).
    ///
    /// # Errors
    /// [`NumberError`] says what is wrong and where.
    pub fn parse(spelling: &str) -> Result<Self, NumberError> {
        let (digits, plus) = collect_digits(spelling)?;
        let national = national_part(&digits, plus);
        match national {
            National::China(rest) => Self::china(rest),
            National::Foreign(all) if (7..=MAX_NUMBER_DIGITS).contains(&all.len()) => {
                Ok(Self::from_digits(all))
            }
            National::Foreign(all) => Err(NumberError::BadLength(all.len())),
        }
    }

    fn china(rest: &[u8]) -> Result<Self, NumberError> {
        let mobile = rest.len() == 11 && rest[0] == b'1' && (b'3'..=b'9').contains(&rest[1]);
        let landline = (9..=11).contains(&rest.len())
            && (b'1'..=b'9').contains(&rest[0])
            && !(rest[0] == b'1' && rest[1] != b'0');
        let service = (rest.len() == 10 && rest.starts_with(b"400"))
            || ((5..=8).contains(&rest.len()) && rest[0] == b'9' && matches!(rest[1], b'5' | b'6'));
        if !(mobile || landline || service) {
            return Err(NumberError::BadLength(rest.len()));
        }
        let mut all = Vec::with_capacity(MAX_NUMBER_DIGITS);
        all.extend_from_slice(b"86");
        all.extend_from_slice(rest);
        Ok(Self::from_digits(&all))
    }

    fn from_digits(all: &[u8]) -> Self {
        debug_assert!(all.len() <= MAX_NUMBER_DIGITS, "the callers bound the length");
        let mut digits = [0_u8; MAX_NUMBER_DIGITS];
        digits[..all.len()].copy_from_slice(all);
        Self { digits, len: u8::try_from(all.len()).unwrap_or(0) }
    }

    /// The E.164 digits without plus, for the dialler and for keyed hashing only.
    #[must_use]
    pub fn digits(&self) -> &str {
        std::str::from_utf8(&self.digits[..usize::from(self.len)]).unwrap_or("")
    }

    /// The number as a Chinese carrier expects it on a trunk: national without the trunk prefix for mobiles,
    /// with `0` before an area code, `00` before another country.
    #[must_use]
    pub fn dial_string(&self) -> String {
        match self.digits().strip_prefix("86") {
            Some(rest) if rest.len() == 11 && rest.starts_with('1') && !rest.starts_with("10") => {
                rest.to_owned()
            }
            Some(rest) if rest.starts_with("400") || rest.len() <= 8 => rest.to_owned(),
            Some(rest) => format!("0{rest}"),
            None => format!("00{}", self.digits()),
        }
    }

    /// What people may see (DAT-04): `138****5678`; of a landline the area code and the last two digits.
    #[must_use]
    pub fn masked(&self) -> String {
        let Some(rest) = self.digits().strip_prefix("86") else {
            return mask(self.digits(), 3, 2);
        };
        if rest.len() == 11 && rest.starts_with('1') && !rest.starts_with("10") {
            return mask(rest, 3, 4);
        }
        let area = if rest.starts_with("10") || rest.starts_with('2') { 2 } else { 3 };
        format!("0{}", mask(rest, area, 2))
    }
}

fn mask(digits: &str, head: usize, tail: usize) -> String {
    let hidden = digits.len().saturating_sub(head + tail);
    let (start, rest) = digits.split_at(head.min(digits.len()));
    let end = &rest[rest.len().saturating_sub(tail)..];
    format!("{start}{}{end}", "*".repeat(hidden))
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.digits().to_owned()
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = NumberError;

    /// Accepts only the canonical digits, as written by [`String::from`].
    fn try_from(canonical: String) -> Result<Self, NumberError> {
        if canonical.len() > MAX_NUMBER_DIGITS {
            return Err(NumberError::BadLength(canonical.len()));
        }
        Self::parse(&format!("+{canonical}"))
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

enum National<'a> {
    China(&'a [u8]),
    Foreign(&'a [u8]),
}

fn national_part(digits: &[u8], plus: bool) -> National<'_> {
    if plus {
        return digits
            .strip_prefix(b"86")
            .map_or(National::Foreign(digits), |rest| National::China(strip_trunk(rest)));
    }
    if let Some(rest) = digits.strip_prefix(b"00") {
        return rest
            .strip_prefix(b"86")
            .map_or(National::Foreign(rest), |rest| National::China(strip_trunk(rest)));
    }
    if digits.len() == 13 && digits.starts_with(b"861") {
        return National::China(&digits[2..]);
    }
    National::China(strip_trunk(digits))
}

fn strip_trunk(digits: &[u8]) -> &[u8] {
    digits.strip_prefix(b"0").unwrap_or(digits)
}

fn collect_digits(spelling: &str) -> Result<(Vec<u8>, bool), NumberError> {
    if spelling.chars().count() > MAX_SPELLING_CHARS {
        return Err(NumberError::TooLong);
    }
    let mut digits = Vec::with_capacity(MAX_NUMBER_DIGITS);
    let mut plus = false;
    for (at, ch) in spelling.chars().enumerate() {
        match ch {
            '0'..='9' => digits.push(ch as u8),
            '０'..='９' => digits.push(b'0' + u8::try_from(ch as u32 - '０' as u32).unwrap_or(0)),
            '+' | '＋' if digits.is_empty() && !plus => plus = true,
            ' ' | '-' | '(' | ')' | '.' | '\u{a0}' | '\u{3000}' | '－' | '（' | '）' | '\t' => {}
            _ => return Err(NumberError::BadCharacter(at + 1)),
        }
    }
    match digits.len() {
        0 => Err(NumberError::Empty),
        len if len > MAX_NUMBER_DIGITS + 4 => Err(NumberError::BadLength(len)),
        _ => Ok((digits, plus)),
    }
}

#[cfg(test)]
mod tests {
    use super::{NumberError, PhoneNumber};

    #[test]
    fn cam_03_every_spelling_of_one_number_is_the_same_number() {
        let spellings = [
            "13812345678",
            "+86 138 1234 5678",
            "0086-13812345678",
            "013812345678",
            "8613812345678",
            "１３８１２３４５６７８",
            "(138) 1234.5678",
        ];
        for spelling in spellings {
            assert_eq!(
                PhoneNumber::parse(spelling).map(|n| n.digits().to_owned()),
                Ok("8613812345678".to_owned()),
                "{spelling}"
            );
        }
    }

    #[test]
    fn dat_04_a_mobile_shows_its_first_three_and_last_four_digits() {
        assert_eq!(PhoneNumber::parse("13812345678").map(|n| n.masked()), Ok("138****5678".to_owned()));
    }

    #[test]
    fn dat_04_a_landline_shows_its_area_code_and_last_two_digits() {
        assert_eq!(PhoneNumber::parse("010-62345678").map(|n| n.masked()), Ok("010******78".to_owned()));
        assert_eq!(PhoneNumber::parse("0755 8234 5678").map(|n| n.masked()), Ok("0755******78".to_owned()));
    }

    #[test]
    fn dat_04_the_debug_output_of_a_number_is_its_mask() {
        assert_eq!(PhoneNumber::parse("13812345678").map(|n| format!("{n:?}")), Ok("138****5678".to_owned()));
    }

    #[test]
    fn a_number_is_dialled_as_a_carrier_expects_it() {
        let dialled = |spelling: &str| PhoneNumber::parse(spelling).map(|n| n.dial_string());
        assert_eq!(dialled("+8613812345678"), Ok("13812345678".to_owned()));
        assert_eq!(dialled("075582345678"), Ok("075582345678".to_owned()));
        assert_eq!(dialled("01062345678"), Ok("01062345678".to_owned()));
        assert_eq!(dialled("95588"), Ok("95588".to_owned()));
        assert_eq!(dialled("+442079460000"), Ok("00442079460000".to_owned()));
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_place() {
        assert_eq!(PhoneNumber::parse(""), Err(NumberError::Empty));
        assert_eq!(PhoneNumber::parse("138a2345678"), Err(NumberError::BadCharacter(4)));
        assert_eq!(PhoneNumber::parse("12345"), Err(NumberError::BadLength(5)));
        assert_eq!(PhoneNumber::parse("1234567890123456789012"), Err(NumberError::BadLength(22)));
        assert_eq!(PhoneNumber::parse(&"1".repeat(65)), Err(NumberError::TooLong));
    }
}
