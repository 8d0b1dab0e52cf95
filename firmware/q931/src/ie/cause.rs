//! The cause element (Q.931 4.5.12, Q.850): why, said by whom, with what details.
//!
//! What a value means stands in [`crate::cause`].

use super::coding::{Coding, Location};
use super::octets::{IeError, Reader, put_group};
use crate::cause::CauseValue;
use vocab::Pii;

/// Most octets of diagnostics.
const MAX_DIAGNOSTICS: usize = 32;

/// Cause.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cause {
    /// Coding standard; the value is Q.850's where it is ITU's.
    pub coding: Coding,
    /// Where it was made.
    pub location: Location,
    /// Recommendation (octet 3a): 0 is Q.931, 3 is X.21, 4 is X.25; without it, Q.931.
    pub recommendation: Option<u8>,
    /// Cause value.
    pub value: CauseValue,
    /// Diagnostics; of cause 22 they hold the new number.
    pub diagnostics: Pii<Vec<u8>>,
}

impl Cause {
    /// A cause without diagnostics.
    #[must_use]
    pub const fn new(location: Location, value: CauseValue) -> Self {
        Self::with_diagnostics(location, value, Vec::new())
    }

    /// A cause with diagnostics: element identifiers for 96, 99 and 100, a message type for 97, 98 and 101, a
    /// timer's number in IA5 for 102.
    #[must_use]
    pub const fn with_diagnostics(location: Location, value: CauseValue, diagnostics: Vec<u8>) -> Self {
        Self {
            coding: Coding::Itu,
            location,
            recommendation: None,
            value,
            diagnostics: Pii::new(diagnostics),
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let octet3 = reader.group()?;
        let value = CauseValue::from_code(reader.octet()? & 0x7f);
        Ok(Self {
            coding: Coding::of(octet3.first()),
            location: Location::from_code(octet3.first() & 0x0f),
            recommendation: octet3.more(0),
            value,
            diagnostics: Pii::new(reader.rest(MAX_DIAGNOSTICS)?.to_vec()),
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let octet3 = self.coding.bits() | self.location.code() & 0x0f;
        match self.recommendation {
            None => put_group(out, &[octet3]),
            Some(recommendation) => put_group(out, &[octet3, recommendation]),
        }
        put_group(out, &[self.value.code()]);
        out.extend_from_slice(self.diagnostics.reveal());
    }
}
