//! The caller's number: FSK messages between the first and the second ring, or DTMF before the first.
//!
//! China sends FSK as Bell 202 does (mark 1200 ± 12 Hz, space 2200 ± 22 Hz, 1200 ± 12 bit/s; YDN 069-1997) with single
//! (04H) and multiple (80H) data messages, and DTMF on older exchanges; ETSI EN 300 659-1 sends the same messages by V.23
//! (1300/2100 Hz). One receiver hears both. DTMF numbers begin with A, B, C or D and end with C or # (D…C is the usual
//! Chinese form; A…#, D1# are the Danish ones, A…C and B00C those of EN 300 659-1 annex B).
//!
//! The media thread's half ([`CallerIdReceiver`]) gives octets; they are read where memory may be taken
//! ([`CallerId::read`]). Numbers and names are `Pii`; no `Debug` shows them.

mod dtmf;
mod fsk;
mod message;
pub mod send;
#[cfg(test)]
mod tests;

pub use message::{Absence, CallTime, CallerId, MessageError};

use crate::Block;
use dtmf::DtmfCaller;
use fsk::FskReceiver;
use std::fmt;

/// Longest message: type, length, 255 octets, checksum.
pub const MAX_MESSAGE: usize = 258;

/// By what a caller's number came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallerIdKind {
    /// A message by FSK, with its checksum.
    Fsk,
    /// Keys, as their characters.
    Dtmf,
}

/// A caller's number as it was received: to be read, not to be shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RawCallerId {
    kind: CallerIdKind,
    octets: [u8; MAX_MESSAGE],
    len: usize,
}

impl RawCallerId {
    /// Of these octets; what is longer than any message is cut off.
    #[must_use]
    pub fn new(kind: CallerIdKind, octets: &[u8]) -> Self {
        let mut raw = Self { kind, octets: [0; MAX_MESSAGE], len: octets.len().min(MAX_MESSAGE) };
        for (to, from) in raw.octets.iter_mut().zip(octets) {
            *to = *from;
        }
        raw
    }

    /// By what it came.
    #[must_use]
    pub const fn kind(&self) -> CallerIdKind {
        self.kind
    }

    /// What came. Personal data.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or(&[])
    }
}

impl fmt::Debug for RawCallerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawCallerId({:?}, {} octets)", self.kind, self.len)
    }
}

/// Hears a caller's number, whichever way it comes.
#[derive(Debug)]
pub struct CallerIdReceiver {
    fsk: FskReceiver,
    dtmf: DtmfCaller,
}

impl Default for CallerIdReceiver {
    fn default() -> Self {
        Self::new()
    }
}

impl CallerIdReceiver {
    /// A receiver that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { fsk: FskReceiver::new(), dtmf: DtmfCaller::new() }
    }

    /// Forgets what was heard.
    pub fn reset(&mut self) {
        *self = Self::new();
    }

    /// Takes 20 ms; a message whose checksum is right, or keys between their marks.
    pub fn process(&mut self, block: &Block) -> Option<RawCallerId> {
        let by_fsk = self.fsk.process(block);
        let by_dtmf = self.dtmf.process(block);
        by_fsk.or(by_dtmf)
    }
}
