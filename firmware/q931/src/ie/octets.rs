//! Reading and writing the contents of an information element: octets, extension bits, what can be wrong with them.
//!
//! It knows the coding rules of Q.931 4.5.1, not the elements.

use std::fmt;
use thiserror::Error;

/// The bit that ends a group of octets.
pub(crate) const EXT: u8 = 0x80;
/// Most octets of a group joined by extension bits.
const MAX_GROUP_OCTETS: usize = 16;
/// The number ITU texts give to the first octet of the contents.
const FIRST_OCTET: usize = 3;

/// What is wrong with an information element, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[error("octet {octet}: {fault}")]
pub struct IeError {
    /// The octet, counted from the identifier, which is 1; the first octet of the contents is 3.
    pub octet: u16,
    /// What is wrong there.
    pub fault: IeFault,
}

/// What can be wrong with an octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum IeFault {
    /// The element ends before an octet it must have.
    #[error("is missing")]
    Missing,
    /// The extension bit promises another octet and there is none.
    #[error("is not continued as its extension bit says")]
    Unfinished,
    /// The value means nothing here.
    #[error("has the value {0:#04x}, which is reserved")]
    Reserved(u8),
    /// The octet is no IA5 character that can be printed.
    #[error("is no printable IA5 character")]
    NotIa5,
    /// More octets than the element may have.
    #[error("is past the longest this element may be")]
    TooLong,
    /// The message ends inside the element.
    #[error("would be there, but the message ends inside the element")]
    Truncated,
}

/// Reads contents from the first octet on.
pub(crate) struct Reader<'a> {
    contents: &'a [u8],
    at: usize,
}

/// Octets joined by extension bits, those bits taken off. There is always a first.
pub(crate) struct Group {
    octets: Vec<u8>,
    /// Where its first octet stands.
    start: u16,
}

impl Group {
    pub(crate) fn first(&self) -> u8 {
        self.octets.first().copied().unwrap_or_default()
    }

    /// The octet after the first that is named `n`a, `n`b and so on.
    pub(crate) fn more(&self, index: usize) -> Option<u8> {
        self.octets.get(1 + index).copied()
    }

    pub(crate) fn rest(&self) -> Vec<u8> {
        self.octets.get(1..).unwrap_or_default().to_vec()
    }

    pub(crate) fn all(&self) -> Vec<u8> {
        self.octets.clone()
    }

    pub(crate) fn reserved(&self) -> IeError {
        IeError { octet: self.start, fault: IeFault::Reserved(self.first()) }
    }
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(contents: &'a [u8]) -> Self {
        Self { contents, at: 0 }
    }

    /// An error at the next octet.
    pub(crate) fn error(&self, fault: IeFault) -> IeError {
        IeError { octet: number(self.at), fault }
    }

    /// An error at the octet read last.
    pub(crate) fn error_before(&self, fault: IeFault) -> IeError {
        IeError { octet: number(self.at.saturating_sub(1)), fault }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.contents.get(self.at).copied()
    }

    pub(crate) fn octet(&mut self) -> Result<u8, IeError> {
        let octet = self.peek().ok_or_else(|| self.error(IeFault::Missing))?;
        self.at += 1;
        Ok(octet)
    }

    /// The next octets up to the one whose extension bit is 1.
    pub(crate) fn group(&mut self) -> Result<Group, IeError> {
        let start = number(self.at);
        let first = self.octet()?;
        let mut octets = vec![first & !EXT];
        let mut last = first;
        while last & EXT == 0 {
            last = self.peek().ok_or_else(|| self.error_before(IeFault::Unfinished))?;
            if octets.len() == MAX_GROUP_OCTETS {
                return Err(self.error(IeFault::TooLong));
            }
            self.at += 1;
            octets.push(last & !EXT);
        }
        Ok(Group { octets, start })
    }

    /// Whether there is nothing left.
    pub(crate) fn is_empty(&self) -> bool {
        self.at >= self.contents.len()
    }

    /// The next octets, so many.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], IeError> {
        let rest = self.contents.get(self.at..).unwrap_or_default();
        let taken = rest
            .get(..count)
            .ok_or(IeError { octet: number(self.at + rest.len()), fault: IeFault::Missing })?;
        self.at += count;
        Ok(taken)
    }

    /// All that is left; at most `most` octets may be.
    pub(crate) fn rest(&mut self, most: usize) -> Result<&'a [u8], IeError> {
        let rest = self.contents.get(self.at..).unwrap_or_default();
        if rest.len() > most {
            return Err(IeError { octet: number(self.at + most), fault: IeFault::TooLong });
        }
        self.at = self.contents.len();
        Ok(rest)
    }

    /// All that is left as IA5 characters.
    pub(crate) fn ia5(&mut self, most: usize) -> Result<Ia5, IeError> {
        let start = self.at;
        let octets = self.rest(most)?;
        if let Some(bad) = octets.iter().position(|octet| !is_printable(*octet)) {
            return Err(IeError { octet: number(start + bad), fault: IeFault::NotIa5 });
        }
        Ok(Ia5(octets.to_vec()))
    }
}

fn number(at: usize) -> u16 {
    u16::try_from(at + FIRST_OCTET).unwrap_or(u16::MAX)
}

const fn is_printable(octet: u8) -> bool {
    matches!(octet, 0x20..=0x7e)
}

/// Writes octets joined by extension bits.
pub(crate) fn put_group(out: &mut Vec<u8>, octets: &[u8]) {
    let last = octets.len().saturating_sub(1);
    for (at, octet) in octets.iter().enumerate() {
        out.push(if at == last { octet | EXT } else { octet & !EXT });
    }
}

/// Printable IA5 characters: digits of a number or of a keypad. Its `Debug` shows their count alone.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Ia5(Vec<u8>);

/// Characters that Q.931 cannot carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Ia5Error {
    /// Not a printable IA5 character; its place counts from 1.
    #[error("character {0} is not a printable IA5 character")]
    NotIa5(usize),
    /// More than any element can carry.
    #[error("more than {MAX_DIGITS} characters")]
    TooLong,
}

/// Most characters of a number, a keypad string or a network's identification.
pub const MAX_DIGITS: usize = 64;

impl Ia5 {
    /// Characters to be sent.
    ///
    /// # Errors
    /// [`Ia5Error`] where Q.931 cannot carry them.
    pub fn new(text: &str) -> Result<Self, Ia5Error> {
        if let Some(bad) = text.chars().position(|c| !c.is_ascii() || !is_printable(c as u8)) {
            return Err(Ia5Error::NotIa5(bad + 1));
        }
        if text.len() > MAX_DIGITS {
            return Err(Ia5Error::TooLong);
        }
        Ok(Self(text.as_bytes().to_vec()))
    }

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The characters as octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Ia5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ia5({} characters)", self.0.len())
    }
}
