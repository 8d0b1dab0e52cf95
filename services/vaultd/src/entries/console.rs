//! Recorded sessions of the serial console as they stand in the ledger (AUD-09). The order of variants and fields is its
//! format: only ever appended to.

use super::Event;
use idl::account::{ServiceTicket, SessionId};
use serde::{Deserialize, Serialize};
use vocab::PersonId;

/// An event of a recorded session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConsoleEvent {
    /// Its recording is closed.
    Recorded {
        /// The session.
        session: SessionId,
        /// Whose it was.
        person: PersonId,
        /// The ticket.
        ticket: ServiceTicket,
        /// Pieces.
        pieces: u32,
        /// Bytes of them all.
        bytes: u64,
        /// How long it is.
        length_ms: u64,
        /// SHA-256 of its bytes.
        sha256: [u8; 32],
    },
    /// Somebody read it, or watched it while it went on.
    Read {
        /// The session.
        session: SessionId,
    },
    /// Its term is over: the recording is removed (AUD-02).
    Expired {
        /// The session.
        session: SessionId,
    },
}

impl From<ConsoleEvent> for Event {
    fn from(event: ConsoleEvent) -> Self {
        Self::Console { event }
    }
}

#[cfg(test)]
mod tests {
    use super::ConsoleEvent;
    use idl::account::{ServiceTicket, SessionId};
    use vocab::PersonId;

    #[test]
    fn the_words_of_the_console_never_change_their_numbers_in_the_ledger() {
        let bytes = |event: ConsoleEvent| postcard::to_stdvec(&event).unwrap();
        let recorded = ConsoleEvent::Recorded {
            session: SessionId(7),
            person: PersonId(4),
            ticket: ServiceTicket::parse("a-1").unwrap(),
            pieces: 2,
            bytes: 3,
            length_ms: 5,
            sha256: [9; 32],
        };
        let head = [0, 7, 4, 3, 97, 45, 49, 2, 3, 5];
        assert_eq!(bytes(recorded), [head.as_slice(), &[9; 32]].concat());
        assert_eq!(bytes(ConsoleEvent::Read { session: SessionId(7) }), [1, 7]);
        assert_eq!(bytes(ConsoleEvent::Expired { session: SessionId(7) }), [2, 7]);
    }
}
