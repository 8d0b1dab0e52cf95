//! A message: protocol discriminator, call reference, type, elements (Q.931 4.1), from octets and to octets.
//!
//! What a wrong message is answered with stands in 5.8 and is call control's; this module says what is wrong.

use crate::call_ref::{CallRef, CallRefError};
use crate::ie::{Ie, IeError, IeFault, IeId, SegmentedMessage, UnknownIe};
use crate::ies::Ies;
use crate::kind::{ESCAPE, MAINTENANCE, MessageType, Q931};
use crate::walk::{Piece, Walk, is_shift, locking_shift, non_locking_shift};
use std::ops::Range;
use thiserror::Error;
use vocab::Pii;

/// Longest message: what one frame of layer 2 carries (Q.921 N201).
pub const MAX_MESSAGE_OCTETS: usize = 260;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Message {
    /// Whose message it is.
    pub call_ref: CallRef,
    /// Its type, with the protocol discriminator.
    pub kind: MessageType,
    /// Its elements.
    pub ies: Ies,
}

/// Why octets are no message; each is ignored by its receiver (5.8.1, 5.8.2, 5.8.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MessageError {
    /// The protocol discriminator is neither Q.931's nor that of maintenance.
    #[error("octet 1: protocol discriminator {0:#04x} is not spoken here")]
    Discriminator(u8),
    /// The message ends before its type does.
    #[error("the message ends before its type: {0} octets")]
    Short(usize),
    /// The call reference is wrong.
    #[error("octet 2: {0}")]
    CallRef(#[from] CallRefError),
    /// It is longer than a frame.
    #[error("{0} octets: a message has at most {MAX_MESSAGE_OCTETS}")]
    Long(usize),
}

/// Why a message cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// An element's contents are longer than its length octet can say.
    #[error("{id}: {octets} octets of contents")]
    IeTooLong {
        /// Which.
        id: IeId,
        /// How long it would be.
        octets: usize,
    },
    /// An unknown element carries the identifier of a shift.
    #[error("identifier {0:#04x} is a shift, not an element")]
    ShiftAsIe(u8),
    /// The message would be longer than a frame.
    #[error("{0} octets: a message has at most {MAX_MESSAGE_OCTETS}")]
    TooLong(usize),
}

/// What was tolerated in a message; octets count from the start of the body, which is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Oddity {
    /// An element comes after one with a higher identifier; it is used all the same (5.8.5.1).
    #[error("{id} at {at} is out of sequence")]
    OutOfSequence {
        /// Which.
        id: IeId,
        /// Where.
        at: usize,
    },
    /// An element is repeated more often than permitted; the first ones count (5.8.5.2).
    #[error("{id} at {at} is repeated once too often")]
    Repeated {
        /// Which.
        id: IeId,
        /// Where.
        at: usize,
    },
    /// An element without contents counts as absent (4.5.1).
    #[error("{id} at {at} is empty")]
    Empty {
        /// Which.
        id: IeId,
        /// Where.
        at: usize,
    },
    /// The message ends inside an element.
    #[error("the message ends inside {id} at {at}")]
    Truncated {
        /// Which.
        id: IeId,
        /// Where.
        at: usize,
    },
    /// A locking shift to a lower codeset is ignored (4.5.3).
    #[error("the locking shift at {at} goes down")]
    Shift {
        /// Where.
        at: usize,
    },
}

impl Message {
    /// A message without elements.
    #[must_use]
    pub const fn new(call_ref: CallRef, kind: MessageType) -> Self {
        Self { call_ref, kind, ies: Ies::new() }
    }

    /// The message with one more element.
    #[must_use]
    pub fn with(mut self, ie: Ie) -> Self {
        self.ies.push(ie);
        self
    }

    /// The message with its elements in the order they are sent in.
    #[must_use]
    pub fn in_order(self) -> Self {
        let segment = self.kind == MessageType::Segment;
        Self { ies: self.ies.in_order(segment), ..self }
    }

    /// Reads a message: layer 3 octets of one frame.
    ///
    /// # Errors
    /// [`MessageError`] where 5.8.1 to 5.8.3.1 have it ignored. Everything else is in the message.
    pub fn parse(octets: &[u8]) -> Result<Self, MessageError> {
        Self::parse_noting(octets, &mut Vec::new())
    }

    /// Reads a message and notes what it tolerated, for diagnostics.
    ///
    /// # Errors
    /// [`MessageError`] where 5.8.1 to 5.8.3.1 have it ignored.
    pub fn parse_noting(octets: &[u8], oddities: &mut Vec<Oddity>) -> Result<Self, MessageError> {
        if octets.len() > MAX_MESSAGE_OCTETS {
            return Err(MessageError::Long(octets.len()));
        }
        let (call_ref, kind, body) = head(octets)?;
        let body = octets.get(body..).unwrap_or_default();
        let ies = Body { body, maintenance: kind.is_maintenance(), ies: Vec::new(), highest: 0, oddities };
        let ies = ies.read(kind == MessageType::Segment);
        Ok(Self { call_ref, kind, ies }.in_order())
    }

    /// The octets of the message, elements in the order of 4.5.1.
    ///
    /// # Errors
    /// [`EncodeError`] where the message does not fit.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let segment = self.kind == MessageType::Segment;
        let mut out = vec![self.kind.discriminator()];
        self.call_ref.write(&mut out);
        if matches!(self.kind, MessageType::National(_)) {
            out.push(ESCAPE);
        }
        out.push(self.kind.code());
        let mut codeset = 0;
        for ie in &self.ies.clone().in_order(segment) {
            if ie.codeset() > codeset {
                codeset = ie.codeset();
                out.push(locking_shift(codeset));
            } else if ie.codeset() < codeset {
                out.push(non_locking_shift(ie.codeset()));
            }
            put(ie, segment, &mut out)?;
        }
        if out.len() > MAX_MESSAGE_OCTETS { Err(EncodeError::TooLong(out.len())) } else { Ok(out) }
    }
}

/// Reads what stands before the elements; gives where those begin.
pub(crate) fn head(octets: &[u8]) -> Result<(CallRef, MessageType, usize), MessageError> {
    let short = MessageError::Short(octets.len());
    let &discriminator = octets.first().ok_or(short)?;
    if discriminator != Q931 && discriminator != MAINTENANCE {
        return Err(MessageError::Discriminator(discriminator));
    }
    let (call_ref, length) = CallRef::read(octets.get(1..).unwrap_or_default())?;
    let at = 1 + length;
    let &code = octets.get(at).ok_or(short)?;
    if code == ESCAPE && discriminator == Q931 {
        let &national = octets.get(at + 1).ok_or(short)?;
        return Ok((call_ref, MessageType::National(national), at + 2));
    }
    Ok((call_ref, MessageType::from_codes(discriminator, code), at + 1))
}

fn put(ie: &Ie, segment: bool, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let id = ie.id();
    if is_shift(id.0) {
        return Err(EncodeError::ShiftAsIe(id.0));
    }
    if let Some(octet) = ie.single_octet() {
        out.push(octet);
        return Ok(());
    }
    let mut contents = Vec::new();
    ie.write_contents(&mut contents);
    let length =
        u8::try_from(contents.len()).map_err(|_| EncodeError::IeTooLong { id, octets: contents.len() })?;
    out.extend_from_slice(&[id.0, length]);
    out.extend_from_slice(&contents);
    if let (Ie::SegmentedMessage(SegmentedMessage { part, .. }), true) = (ie, segment) {
        out.extend_from_slice(part.reveal());
    }
    Ok(())
}

/// A body being read.
struct Body<'a> {
    body: &'a [u8],
    maintenance: bool,
    ies: Vec<Ie>,
    /// The highest identifier seen in codeset 0; the order of other codesets is their owners'.
    highest: u8,
    oddities: &'a mut Vec<Oddity>,
}

impl Body<'_> {
    fn read(mut self, segment: bool) -> Ies {
        for piece in Walk::new(self.body, segment) {
            match piece {
                Piece::Single { codeset, at } => self.single(codeset, at),
                Piece::Whole { codeset, id, at, contents } => self.whole(codeset, id, at, contents),
                Piece::Truncated { codeset, id, at, contents } => self.truncated(codeset, id, at, contents),
                Piece::Segment(part) => self.segment(part),
                Piece::BadShift { at } => self.oddities.push(Oddity::Shift { at }),
            }
        }
        self.ies.into_iter().collect()
    }

    fn octets(&self, range: Range<usize>) -> &[u8] {
        self.body.get(range).unwrap_or_default()
    }

    fn single(&mut self, codeset: u8, at: usize) {
        let octet = self.octets(at..at + 1).first().copied().unwrap_or_default();
        let ie = if codeset == 0 { Ie::of_single_octet(octet) } else { unknown(codeset, octet, &[]) };
        self.keep(ie, at);
    }

    fn whole(&mut self, codeset: u8, id: u8, at: usize, contents: Range<usize>) {
        self.note_order(codeset, id, at);
        let octets = self.octets(contents);
        if codeset != 0 {
            let ie = unknown(codeset, id, octets);
            return self.keep(ie, at);
        }
        let ie = Ie::read(id, octets, self.maintenance);
        if octets.is_empty() && !matches!(ie, Ie::Unknown(_)) {
            return self.oddities.push(Oddity::Empty { id: IeId(id), at });
        }
        self.keep(ie, at);
    }

    fn truncated(&mut self, codeset: u8, id: u8, at: usize, contents: Range<usize>) {
        self.oddities.push(Oddity::Truncated { id: IeId(id), at });
        let octets = self.octets(contents);
        if codeset != 0 || matches!(Ie::read(id, octets, self.maintenance), Ie::Unknown(_)) {
            let ie = unknown(codeset, id, octets);
            return self.keep(ie, at);
        }
        let octet = u16::try_from(octets.len() + 3).unwrap_or(u16::MAX);
        let ie = Ie::invalid(id, octets, IeError { octet, fault: IeFault::Truncated });
        self.keep(ie, at);
    }

    fn segment(&mut self, part: Range<usize>) {
        let octets = Pii::new(self.octets(part).to_vec());
        if let Some(Ie::SegmentedMessage(segmented)) = self.ies.last_mut() {
            segmented.part = octets;
        }
    }

    fn note_order(&mut self, codeset: u8, id: u8, at: usize) {
        if codeset != 0 {
            return;
        }
        if id < self.highest {
            self.oddities.push(Oddity::OutOfSequence { id: IeId(id), at });
        }
        self.highest = id.max(self.highest);
    }

    fn keep(&mut self, ie: Ie, at: usize) {
        let id = ie.id();
        let known = ie.codeset() == 0 && !matches!(ie, Ie::Unknown(_));
        let same = self.ies.iter().filter(|other| other.id() == id && other.codeset() == 0).count();
        if known && same >= id.repetitions() {
            self.oddities.push(Oddity::Repeated { id, at });
        } else {
            self.ies.push(ie);
        }
    }
}

fn unknown(codeset: u8, id: u8, contents: &[u8]) -> Ie {
    Ie::Unknown(UnknownIe { codeset, id, contents: Pii::new(contents.to_vec()) })
}
