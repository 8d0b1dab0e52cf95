//! Sessions of the serial console with their recordings: which there are, and what the ledger says of each.

use crate::entries::ConsoleEvent;
use idl::account::{ServiceTicket, SessionId};
use idl::views::ConsoleEnd;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vocab::{PersonId, UnixMs};

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleKept {
    /// Whose.
    pub person: PersonId,
    /// The ticket it was opened for.
    pub ticket: ServiceTicket,
    /// When it began.
    pub since: UnixMs,
    /// The end of its recording; `None`: it is not closed yet.
    pub end: Option<ConsoleEnd>,
}

/// Every session whose recording is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConsolesKept {
    /// By the session.
    pub each: BTreeMap<SessionId, ConsoleKept>,
}

impl ConsolesKept {
    /// A session began.
    pub(super) fn opened(&mut self, session: SessionId, person: PersonId, ticket: ServiceTicket, at: UnixMs) {
        self.each.insert(session, ConsoleKept { person, ticket, since: at, end: None });
    }

    /// An event of a recording.
    pub(super) fn apply(&mut self, at: UnixMs, event: &ConsoleEvent) {
        match event {
            ConsoleEvent::Recorded { session, pieces, bytes, length_ms, sha256, .. } => {
                if let Some(kept) = self.each.get_mut(session) {
                    let (pieces, bytes, length_ms, sha256) = (*pieces, *bytes, *length_ms, *sha256);
                    kept.end = Some(ConsoleEnd { at, pieces, bytes, length_ms, sha256 });
                }
            }
            ConsoleEvent::Expired { session } => {
                self.each.remove(session);
            }
            ConsoleEvent::Read { .. } => {}
        }
    }

    /// Sessions whose recording is not closed.
    pub fn open(&self) -> impl Iterator<Item = (SessionId, &ConsoleKept)> {
        self.each.iter().filter(|(_, kept)| kept.end.is_none()).map(|(session, kept)| (*session, kept))
    }
}
