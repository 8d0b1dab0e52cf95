//! Elements of one octet: repeat indicator (Q.931 4.5.24), congestion level (4.5.14), and the head of a segment.
//!
//! Sending complete and more data say all by being there; they have no type of their own.

use super::octets::{IeError, Reader};
use vocab::Pii;

codes! {
    /// Repeat indication.
    RepeatIndicator {
        /// A prioritized list to select one possibility from.
        Prioritized = 2,
    }
}

codes! {
    /// Congestion level.
    CongestionLevel {
        /// Receiver ready.
        Ready = 0x0,
        /// Receiver not ready.
        NotReady = 0xf,
    }
}

/// Segmented message (4.5.26) and the octets of the segmented message that follow it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SegmentedMessage {
    /// Whether it is the first segment.
    pub first: bool,
    /// Segments still to come.
    pub remaining: u8,
    /// Type of the message that was cut.
    pub kind: u8,
    /// Its octets after the message type, those of this segment.
    pub part: Pii<Vec<u8>>,
}

/// Octet 3: first segment.
const FIRST: u8 = 0x80;

impl SegmentedMessage {
    /// Reads the head; the message gives the part, which stands outside the element.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let octet = reader.octet()?;
        let kind = reader.octet()?;
        Ok(Self { first: octet & FIRST != 0, remaining: octet & !FIRST, kind, part: Pii::new(Vec::new()) })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(if self.first { FIRST } else { 0 } | self.remaining & !FIRST);
        out.push(self.kind);
    }
}
