//! Recorded sessions of the serial console (AUD-09): given in pieces by the console, read and ended from the page.

use crate::account::{ServiceTicket, SessionId};
use serde::{Deserialize, Serialize};
use vocab::{PersonId, Pii, UnixMs};

/// What may be asked about them.
#[derive(Debug, Serialize, Deserialize)]
pub enum ConsoleAsk {
    /// A piece of the recording of the session it is asked in, from the console alone: `Done` once it is durable. An
    /// empty one says that nothing happened. A session of which none comes, or cannot be kept, is ended.
    Record {
        /// How many pieces came before.
        index: u32,
        /// How long the recording is with it.
        length_ms: u64,
        /// Whole lines of asciicast v2, at most `cast::PIECE_BYTES`.
        piece: Pii<Vec<u8>>,
    },
    /// Sessions, newest first: [`crate::admin::Answer::Consoles`].
    Look {
        /// Only sessions before this one.
        before: Option<SessionId>,
    },
    /// A part of a recording: [`crate::admin::Answer::ConsolePiece`]; from the first piece on it is an entry.
    Read {
        /// The session.
        session: SessionId,
        /// From this piece on.
        from: u32,
    },
    /// Ends the session that goes on at the console.
    Cut {
        /// The session.
        session: SessionId,
    },
}

/// A session of the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleSession {
    /// The session.
    pub session: SessionId,
    /// Who.
    pub person: PersonId,
    /// The name, as the asker may see it.
    pub name: String,
    /// The ticket it was opened for.
    pub ticket: ServiceTicket,
    /// When it began.
    pub since: UnixMs,
    /// Its end; `None`: it goes on.
    pub end: Option<ConsoleEnd>,
}

/// The end of a session's recording, as it stands in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleEnd {
    /// When it was closed.
    pub at: UnixMs,
    /// Pieces.
    pub pieces: u32,
    /// Bytes of them all.
    pub bytes: u64,
    /// How long it is.
    pub length_ms: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// A page of sessions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConsolesView {
    /// Newest first.
    pub sessions: Vec<ConsoleSession>,
    /// Where the next page begins.
    pub next: Option<SessionId>,
}

/// A part of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsolePiece {
    /// Whole pieces, one after the other.
    pub bytes: Pii<Vec<u8>>,
    /// From which piece to go on.
    pub next: u32,
    /// More of them are there already.
    pub more: bool,
    /// Whose.
    pub of: ConsoleSession,
}
