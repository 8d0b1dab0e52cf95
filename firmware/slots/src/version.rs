//! Versions and their order, as systemd-boot sorts them (UAPI.10, "Version Format Specification").
//!
//! A version is what may stand in a file's name: it knows nothing of dates or of semantic versions.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A version of the system.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version(String);

/// Why a text is no version.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a version has 1 to {MAX_VERSION} letters, digits and . - ~ ^, and begins with a digit: {0:?}")]
pub struct VersionError(String);

impl Version {
    /// As it stands in names.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '~' | '^');
        let begins = text.starts_with(|c: char| c.is_ascii_digit());
        if begins && text.len() <= MAX_VERSION && text.chars().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(VersionError(text.chars().take(MAX_VERSION).collect()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        // Two spellings of one version (1.0 and 1.00) are ordered by their letters, so that equal means the same.
        compare(self.0.as_bytes(), other.0.as_bytes()).then_with(|| self.0.cmp(&other.0))
    }
}

/// The loader's order of two texts.
#[must_use]
pub fn compare(mut one: &[u8], mut other: &[u8]) -> Ordering {
    loop {
        one = skip(one, |byte| !is_known(byte));
        other = skip(other, |byte| !is_known(byte));
        if let Some(order) = mark(&mut one, &mut other, b'~') {
            return order;
        }
        match (one.is_empty(), other.is_empty()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        for separator in *b"-^." {
            if let Some(order) = mark(&mut one, &mut other, separator) {
                return order;
            }
        }
        let order = if begins(one, u8::is_ascii_digit) || begins(other, u8::is_ascii_digit) {
            numbers(&mut one, &mut other)
        } else {
            words(&mut one, &mut other)
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Takes a separator from both; the one that alone has it is older.
fn mark(one: &mut &[u8], other: &mut &[u8], separator: u8) -> Option<Ordering> {
    let is = |byte: &u8| *byte == separator;
    match (begins(one, is), begins(other, is)) {
        (true, true) => {
            *one = &one[1..];
            *other = &other[1..];
            None
        }
        (true, false) => Some(Ordering::Less),
        (false, true) => Some(Ordering::Greater),
        (false, false) => None,
    }
}

fn numbers(one: &mut &[u8], other: &mut &[u8]) -> Ordering {
    let first = take(one, |byte| byte.is_ascii_digit());
    let second = take(other, |byte| byte.is_ascii_digit());
    let (first, second) = (skip(first, |byte| byte == b'0'), skip(second, |byte| byte == b'0'));
    first.len().cmp(&second.len()).then_with(|| first.cmp(second))
}

fn words(one: &mut &[u8], other: &mut &[u8]) -> Ordering {
    let first = take(one, |byte| byte.is_ascii_alphabetic());
    let second = take(other, |byte| byte.is_ascii_alphabetic());
    first.cmp(second)
}

fn begins(text: &[u8], is: impl Fn(&u8) -> bool) -> bool {
    text.first().is_some_and(is)
}

fn skip(text: &[u8], over: impl Fn(u8) -> bool) -> &[u8] {
    let from = text.iter().position(|byte| !over(*byte)).unwrap_or(text.len());
    &text[from..]
}

fn take<'a>(text: &mut &'a [u8], of: impl Fn(u8) -> bool) -> &'a [u8] {
    let to = text.iter().position(|byte| !of(*byte)).unwrap_or(text.len());
    let (taken, rest) = text.split_at(to);
    *text = rest;
    taken
}

const fn is_known(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'~' | b'-' | b'^' | b'.')
}

/// Characters of a version.
pub const MAX_VERSION: usize = 32;

#[cfg(test)]
mod tests {
    use super::{Version, compare};
    use proptest::prelude::*;
    use std::cmp::Ordering;

    /// The specification's own examples, oldest first in each line.
    #[test]
    fn versions_are_ordered_as_the_specification_says() {
        for line in [
            "11 11α",
            "systemd-123 systemd-123~ (turned)",
            "123.a 123.1",
            "123-a 123.1-1 (turned)",
            "1.0~rc1 1.0",
            "1.0-1 1.0.1",
            "1.0^post 1.0.1",
            "1.0 1.0^post",
            "0.9.9 0.10.0",
            "1.2.3 1.02.4",
            "1A 1a",
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            let wanted = match (words.get(2).is_some(), line.starts_with("11 ")) {
                (_, true) => Ordering::Equal,
                (true, _) if line.starts_with("systemd") => Ordering::Greater,
                _ => Ordering::Less,
            };
            assert_eq!(compare(words[0].as_bytes(), words[1].as_bytes()), wanted, "{line}");
        }
    }

    #[test]
    fn what_could_not_stand_in_a_name_is_no_version() {
        for bad in ["", "a1", "1_0", "1+3", "1/2", "1.0 ", "1.0\n", "１.0", &"1".repeat(33)] {
            assert!(bad.parse::<Version>().is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn the_order_is_one_order(
            a in "[0-9][0-9a-zA-Z.~^-]{0,8}", b in "[0-9][0-9a-zA-Z.~^-]{0,8}", c in "[0-9][0-9a-zA-Z.~^-]{0,8}",
        ) {
            let [a, b, c]: [Version; 3] = [a, b, c].map(|text| text.parse().unwrap());
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
            prop_assert_eq!(a.cmp(&b) == Ordering::Equal, a == b);
        }
    }
}
