//! Subaddresses of the calling and the called party (Q.931 4.5.9, 4.5.11) and of the connected one (Q.951).
//!
//! It does not read NSAP addresses.

use super::octets::{IeError, Reader, put_group};
use vocab::Pii;

/// Most octets of a subaddress.
const MAX_OCTETS: usize = 32;

codes! {
    /// Type of subaddress.
    SubaddressType {
        /// NSAP (X.213).
        Nsap = 0,
        /// User specified.
        User = 2,
    }
}

/// A subaddress.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subaddress {
    /// Its type.
    pub kind: SubaddressType,
    /// Whether the number of its half octets is odd.
    pub odd: bool,
    /// The octets.
    pub information: Pii<Vec<u8>>,
}

impl Subaddress {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let octet = reader.group()?.first();
        let information = Pii::new(reader.rest(MAX_OCTETS)?.to_vec());
        Ok(Self { kind: SubaddressType::from_code(octet >> 4 & 7), odd: octet & 0x08 != 0, information })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_group(out, &[(self.kind.code() & 7) << 4 | u8::from(self.odd) << 3]);
        out.extend_from_slice(self.information.reveal());
    }
}
