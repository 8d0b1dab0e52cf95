//! The call reference (Q.931 4.3): none, one or two octets, with the flag that says whose reference it is.
//!
//! It does not hand out references; call control does.

use thiserror::Error;

/// Largest value of a reference of two octets.
const MAX_LONG: u16 = 0x7fff;
/// Largest value of a reference of one octet.
const MAX_SHORT: u16 = 0x7f;
/// The flag's bit in the first octet of the value.
const FLAG: u8 = 0x80;

/// Which side sends: the one that chose the reference, or the other (Q.931 4.3, the call reference flag).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flag {
    /// Flag 0: the message comes from the side that chose the reference.
    FromOriginator,
    /// Flag 1: the message goes to the side that chose the reference.
    ToOriginator,
}

impl Flag {
    /// The flag of the answer.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::FromOriginator => Self::ToOriginator,
            Self::ToOriginator => Self::FromOriginator,
        }
    }
}

/// A call reference. Two references of different length are different calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallRef {
    length: u8,
    value: u16,
    flag: Flag,
}

/// Why octets are no call reference: 5.8.3.1 has the message ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CallRefError {
    /// Bits 5 to 8 of the length octet are not 0.
    #[error("bits 5 to 8 of the call reference's length octet {0:#04x} are not 0")]
    Format(u8),
    /// It is longer than this end supports.
    #[error("a call reference of {0} octets: at most 2 are supported")]
    Length(u8),
    /// The message ends inside it.
    #[error("the message ends inside the call reference")]
    Short,
}

impl CallRef {
    /// The dummy call reference: no value at all, for supplementary services without a call.
    pub const DUMMY: Self = Self { length: 0, value: 0, flag: Flag::FromOriginator };

    /// A reference of two octets, as primary rate interfaces use; none for values above 32 767.
    #[must_use]
    pub const fn long(value: u16, flag: Flag) -> Option<Self> {
        if value > MAX_LONG { None } else { Some(Self { length: 2, value, flag }) }
    }

    /// A reference of one octet; none for values above 127.
    #[must_use]
    pub const fn short(value: u16, flag: Flag) -> Option<Self> {
        if value > MAX_SHORT { None } else { Some(Self { length: 1, value, flag }) }
    }

    /// The global call reference of two octets: RESTART and its answer.
    #[must_use]
    pub const fn global(flag: Flag) -> Self {
        Self { length: 2, value: 0, flag }
    }

    /// The global call reference of one octet.
    #[must_use]
    pub const fn short_global(flag: Flag) -> Self {
        Self { length: 1, value: 0, flag }
    }

    /// Octets of the value: 0, 1 or 2.
    #[must_use]
    pub const fn length(self) -> u8 {
        self.length
    }

    /// The value without the flag.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.value
    }

    /// The flag; of the dummy reference, which has none, `FromOriginator`.
    #[must_use]
    pub const fn flag(self) -> Flag {
        self.flag
    }

    /// Whether it names every call of the interface.
    #[must_use]
    pub const fn is_global(self) -> bool {
        self.length > 0 && self.value == 0
    }

    /// Whether it names no call.
    #[must_use]
    pub const fn is_dummy(self) -> bool {
        self.length == 0
    }

    /// The reference of an answer: the same call, seen from the other side.
    #[must_use]
    pub const fn reversed(self) -> Self {
        if self.length == 0 { self } else { Self { flag: self.flag.reversed(), ..self } }
    }

    /// Reads one from the length octet on; gives it and the octets it took.
    pub(crate) fn read(octets: &[u8]) -> Result<(Self, usize), CallRefError> {
        let (&length, rest) = octets.split_first().ok_or(CallRefError::Short)?;
        if length & 0xf0 != 0 {
            return Err(CallRefError::Format(length));
        }
        if length > 2 {
            return Err(CallRefError::Length(length));
        }
        let value = rest.get(..usize::from(length)).ok_or(CallRefError::Short)?;
        Ok((Self::of_value(value), 1 + value.len()))
    }

    fn of_value(octets: &[u8]) -> Self {
        let flag = match octets.first() {
            Some(first) if first & FLAG != 0 => Flag::ToOriginator,
            _ => Flag::FromOriginator,
        };
        match *octets {
            [] => Self::DUMMY,
            [one] => Self { length: 1, value: u16::from(one & !FLAG), flag },
            [high, low, ..] => Self { length: 2, value: u16::from_be_bytes([high & !FLAG, low]), flag },
        }
    }

    /// Writes it with its length octet.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let flag = if self.flag == Flag::ToOriginator { FLAG } else { 0 };
        let [high, low] = self.value.to_be_bytes();
        out.push(self.length);
        match self.length {
            0 => {}
            1 => out.push(low | flag),
            _ => out.extend_from_slice(&[high | flag, low]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CallRef, CallRefError, Flag};

    #[test]
    fn every_length_reads_back_as_it_was_written() {
        let references = [
            CallRef::DUMMY,
            CallRef::short(127, Flag::ToOriginator).expect("in range"),
            CallRef::short_global(Flag::FromOriginator),
            CallRef::long(0x7fff, Flag::ToOriginator).expect("in range"),
            CallRef::long(1, Flag::FromOriginator).expect("in range"),
            CallRef::global(Flag::ToOriginator),
        ];
        for reference in references {
            let mut out = Vec::new();
            reference.write(&mut out);
            assert_eq!(CallRef::read(&out), Ok((reference, out.len())));
        }
    }

    #[test]
    fn a_value_that_does_not_fit_is_no_reference() {
        assert_eq!(CallRef::short(128, Flag::FromOriginator), None);
        assert_eq!(CallRef::long(0x8000, Flag::FromOriginator), None);
    }

    #[test]
    fn clause_5_8_3_1_bad_length_octets_are_errors() {
        assert_eq!(CallRef::read(&[0x12, 0, 1]), Err(CallRefError::Format(0x12)));
        assert_eq!(CallRef::read(&[3, 0, 0, 1]), Err(CallRefError::Length(3)));
        assert_eq!(CallRef::read(&[2, 0]), Err(CallRefError::Short));
        assert_eq!(CallRef::read(&[]), Err(CallRefError::Short));
    }

    #[test]
    fn the_global_reference_is_not_the_dummy_one() {
        assert!(CallRef::global(Flag::FromOriginator).is_global());
        assert!(!CallRef::DUMMY.is_global());
        assert!(CallRef::DUMMY.is_dummy());
        assert_eq!(CallRef::DUMMY.reversed(), CallRef::DUMMY);
    }
}
