//! Cutting the body of a message into elements: lengths, single octets, shifts between codesets (Q.931 4.5.2 to 4.5.4).
//!
//! It looks into no element. Parsing and masking walk the same way, so that a trace shows what call control saw.

use crate::ie::IeId;
use std::ops::Range;

/// A piece of a message's body; ranges are of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// An element of one octet.
    Single { codeset: u8, at: usize },
    /// An element with a length.
    Whole { codeset: u8, id: u8, at: usize, contents: Range<usize> },
    /// The message ends inside an element; it is the last piece.
    Truncated { codeset: u8, id: u8, at: usize, contents: Range<usize> },
    /// The octets of a segmented message, after its head; they are the last piece.
    Segment(Range<usize>),
    /// A locking shift to a lower codeset, which 4.5.3 forbids; it is ignored.
    BadShift { at: usize },
}

/// Walks a body.
pub(crate) struct Walk<'a> {
    body: &'a [u8],
    at: usize,
    locked: u8,
    once: Option<u8>,
    /// In a SEGMENT what follows the segmented message element is no element.
    segment: bool,
    part_follows: bool,
}

/// Bits 8 to 5 of a shift.
const SHIFT: u8 = 0x90;
/// Octets of the segmented message element that are its head.
const SEGMENT_HEAD_OCTETS: usize = 2;
/// A shift for the next element alone.
const NON_LOCKING: u8 = 0x08;

/// The octet of a locking shift.
pub(crate) const fn locking_shift(codeset: u8) -> u8 {
    SHIFT | codeset & 7
}

/// The octet of a non-locking shift.
pub(crate) const fn non_locking_shift(codeset: u8) -> u8 {
    SHIFT | NON_LOCKING | codeset & 7
}

/// Whether an octet is a shift and no element.
pub(crate) const fn is_shift(octet: u8) -> bool {
    octet & 0xf0 == SHIFT
}

impl<'a> Walk<'a> {
    pub(crate) const fn new(body: &'a [u8], segment: bool) -> Self {
        Self { body, at: 0, locked: 0, once: None, segment, part_follows: false }
    }

    /// A non-locking shift before a locking one counts for nothing (4.5.4).
    fn shift(&mut self, octet: u8) -> Option<Piece> {
        let at = self.at;
        self.at += 1;
        let codeset = octet & 7;
        if octet & NON_LOCKING != 0 {
            self.once = Some(codeset);
            return None;
        }
        self.once = None;
        if codeset < self.locked {
            return Some(Piece::BadShift { at });
        }
        self.locked = codeset;
        None
    }

    fn element(&mut self, id: u8) -> Piece {
        let codeset = self.once.take().unwrap_or(self.locked);
        let at = self.at;
        if id & 0x80 != 0 {
            self.at += 1;
            return Piece::Single { codeset, at };
        }
        let start = (at + 2).min(self.body.len());
        let length = self.body.get(at + 1).copied().map(usize::from);
        let end = length.map(|length| start + length).filter(|end| *end <= self.body.len());
        let Some(end) = end else {
            self.at = self.body.len();
            return Piece::Truncated { codeset, id, at, contents: start..self.body.len() };
        };
        self.at = end;
        self.part_follows = self.segment
            && codeset == 0
            && id == IeId::SEGMENTED_MESSAGE.0
            && end >= start + SEGMENT_HEAD_OCTETS;
        Piece::Whole { codeset, id, at, contents: start..end }
    }
}

impl Iterator for Walk<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if self.part_follows {
            self.part_follows = false;
            let part = self.at..self.body.len();
            self.at = self.body.len();
            return Some(Piece::Segment(part));
        }
        while let Some(&octet) = self.body.get(self.at) {
            if !is_shift(octet) {
                return Some(self.element(octet));
            }
            if let Some(bad) = self.shift(octet) {
                return Some(bad);
            }
        }
        None
    }
}
