//! The technician's handset on the box's audio jack: what it is put onto, and how its use ended. It is for line tests
//! alone and never reaches a customer's call.

use serde::{Deserialize, Serialize};
use vocab::{SpanId, Timeslot};

/// So long a line test by ear lasts at most; then the handset is hung up.
pub const HANDSET_LIMIT_MS: u64 = 120_000;

/// A line test by ear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HandsetTest {
    /// The timeslot or port.
    pub slot: Timeslot,
    /// Whether it speaks, too; a line to the exchange is seized for that. Nothing can be dialled with it.
    pub talk: bool,
}

/// A line test by ear that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandsetUse {
    /// The span.
    pub span: SpanId,
    /// What it was.
    pub test: HandsetTest,
    /// Whole seconds.
    pub seconds: u16,
    /// Why it is over.
    pub end: HandsetEnd,
}

/// Why a line test by ear is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HandsetEnd {
    /// It was hung up.
    HungUp,
    /// It lasted [`HANDSET_LIMIT_MS`].
    Limit,
    /// The line rang, or was lost: it is not listened to any more.
    LineTaken,
    /// The exchange gave no dial tone: nobody knows who is on the line, so nothing was heard of it.
    NoDialTone,
    /// The handset's own audio ended.
    Gone,
}
