//! What holds a session together and what ends it: pure rules (L-30, L-90).
//!
//! The token is known to the browser alone; here stands its SHA-256. 256 random bits need no slower hash and
//! no comparison in constant time: who could steer the lookup would have to invert SHA-256.

use aws_lc_rs::digest::{SHA256, digest};
use idl::account::{ServiceTicket, SessionId, Source};
use idl::admin::Role;
use idl::hello::Process;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use vocab::{HOUR_MS, MINUTE_MS, PersonId, Secret, UnixMs};

/// Bytes of a token.
pub const TOKEN_BYTES: usize = 32;
/// A session ends when it was not used for so long.
pub const IDLE_MS: i64 = 15 * MINUTE_MS;
/// The same for the three administrators.
pub const ADMIN_IDLE_MS: i64 = 10 * MINUTE_MS;
/// A session ends so long after it began.
pub const ABSOLUTE_MS: i64 = 12 * HOUR_MS;
/// A session of the serial console ends when it was not used for so long.
pub const CONSOLE_IDLE_MS: i64 = 5 * MINUTE_MS;
/// A session of the serial console ends so long after it began (L-42).
pub const CONSOLE_ABSOLUTE_MS: i64 = HOUR_MS;
/// Sessions of one person; the oldest ends for a new one.
pub const MAX_OF_A_PERSON: usize = 5;

/// A session as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The entry that began it.
    pub id: SessionId,
    /// Whose.
    pub person: PersonId,
    /// SHA-256 of the token.
    pub token: [u8; 32],
    /// Where it began, and may be used from.
    pub source: Source,
    /// When it began.
    pub since: UnixMs,
    /// The sign-in before it.
    pub before: Option<(UnixMs, IpAddr)>,
    /// Failed tries between the two.
    pub failed_before: u32,
    /// The ticket for which it was opened; only a session of the serial console has one.
    pub ticket: Option<ServiceTicket>,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionEnd {
    /// The person signed out.
    SignedOut,
    /// The person ended it from another session.
    ByOwner,
    /// An administrator ended it.
    ByAdministrator,
    /// It was not used.
    Idle,
    /// It had its time.
    Absolute,
    /// Its token came from another address or browser.
    Elsewhere,
    /// The person began more than [`MAX_OF_A_PERSON`].
    Replaced,
    /// The password was changed in another session.
    PasswordChanged,
    /// The account was reset.
    Reset,
    /// The account was switched off.
    Disabled,
    /// The serial console was not recorded (AUD-09).
    Unrecorded,
}

/// What a session is worth at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It holds.
    Holds,
    /// It must end.
    Ends(SessionEnd),
}

/// The token's hash.
#[must_use]
pub fn token_hash(token: &Secret<[u8; TOKEN_BYTES]>) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token.expose()).as_ref());
    hash
}

/// The idle time of a role.
#[must_use]
pub const fn idle_ms(role: Role) -> i64 {
    match role {
        Role::SystemAdmin | Role::SecurityAdmin | Role::AuditAdmin => ADMIN_IDLE_MS,
        Role::Compliance
        | Role::Manager
        | Role::Supervisor
        | Role::Qa
        | Role::DataSpecialist
        | Role::Agent
        | Role::Technician => IDLE_MS,
    }
}

impl Session {
    /// What it is worth now, after so long without use.
    #[must_use]
    pub fn standing(&self, role: Role, unused_ms: i64, now: UnixMs) -> Standing {
        let age = now.since(self.since);
        // A wall clock set back must not lengthen a session.
        if !(-gate::MAX_CLOCK_STEP_BACK_MS..self.absolute_ms()).contains(&age) {
            return Standing::Ends(SessionEnd::Absolute);
        }
        if unused_ms >= self.idle_ms(role) {
            return Standing::Ends(SessionEnd::Idle);
        }
        Standing::Holds
    }

    /// Whether a request comes from where it began: a session of the console never leaves it, and no other comes in.
    #[must_use]
    pub fn is_here(&self, from: Process, source: &Source) -> bool {
        self.source == *source && self.ticket.is_some() == (from == Process::Consoled)
    }

    /// When it ends at the latest.
    #[must_use]
    pub fn ends_at(&self) -> UnixMs {
        self.since.plus(self.absolute_ms())
    }

    /// How long it may stay unused.
    #[must_use]
    pub const fn idle_ms(&self, role: Role) -> i64 {
        if self.ticket.is_some() { CONSOLE_IDLE_MS } else { idle_ms(role) }
    }

    const fn absolute_ms(&self) -> i64 {
        if self.ticket.is_some() { CONSOLE_ABSOLUTE_MS } else { ABSOLUTE_MS }
    }
}

/// Sixteen bytes that stand for a source among those an account knows.
#[must_use]
pub fn mark(source: &Source) -> [u8; 16] {
    let text = format!("{} {}", source.address.to_canonical(), source.browser);
    let mut mark = [0; 16];
    mark.copy_from_slice(&digest(&SHA256, text.as_bytes()).as_ref()[..16]);
    mark
}

#[cfg(test)]
mod tests {
    use super::{
        ABSOLUTE_MS, ADMIN_IDLE_MS, CONSOLE_ABSOLUTE_MS, CONSOLE_IDLE_MS, IDLE_MS, Session, SessionEnd,
        Standing,
    };
    use idl::account::{ServiceTicket, SessionId, Source};
    use idl::admin::Role;
    use idl::hello::Process;
    use vocab::{PersonId, UnixMs};

    fn session() -> Session {
        let source = Source { address: [10, 0, 0, 1].into(), browser: "x".to_owned() };
        Session {
            id: SessionId(1),
            person: PersonId(1),
            token: [0; 32],
            source,
            since: UnixMs(1_000_000_000),
            before: None,
            failed_before: 0,
            ticket: None,
        }
    }

    #[test]
    fn l_42_a_session_of_the_console_is_short_and_never_leaves_it() {
        let mut session = session();
        let source = session.source.clone();
        assert!(!session.is_here(Process::Consoled, &source), "a session of the page does not come in");
        session.ticket = ServiceTicket::parse("WO-1");
        assert!(session.is_here(Process::Consoled, &source));
        assert!(!session.is_here(Process::Admind, &source));
        let (role, now) = (Role::Technician, session.since);
        assert_eq!(session.standing(role, CONSOLE_IDLE_MS - 1, now), Standing::Holds);
        assert_eq!(session.standing(role, CONSOLE_IDLE_MS, now), Standing::Ends(SessionEnd::Idle));
        let last = now.plus(CONSOLE_ABSOLUTE_MS - 1);
        assert_eq!(session.standing(role, 0, last), Standing::Holds);
        assert_eq!(session.standing(role, 0, last.plus(1)), Standing::Ends(SessionEnd::Absolute));
        assert_eq!(session.ends_at(), last.plus(1));
    }

    #[test]
    fn l_30_idle_and_absolute_times_end_a_session_to_the_millisecond() {
        let session = session();
        let now = session.since;
        for (role, idle) in [(Role::Agent, IDLE_MS), (Role::SecurityAdmin, ADMIN_IDLE_MS)] {
            assert_eq!(session.standing(role, idle - 1, now), Standing::Holds);
            assert_eq!(session.standing(role, idle, now), Standing::Ends(SessionEnd::Idle));
        }
        let last = now.plus(ABSOLUTE_MS - 1);
        assert_eq!(session.standing(Role::Agent, 0, last), Standing::Holds);
        assert_eq!(session.standing(Role::Agent, 0, last.plus(1)), Standing::Ends(SessionEnd::Absolute));
    }

    #[test]
    fn a_clock_set_back_does_not_lengthen_a_session() {
        let session = session();
        let before = session.since.plus(-gate::MAX_CLOCK_STEP_BACK_MS);
        assert_eq!(session.standing(Role::Agent, 0, before), Standing::Holds);
        assert_eq!(session.standing(Role::Agent, 0, before.plus(-1)), Standing::Ends(SessionEnd::Absolute));
    }

    #[test]
    fn l_90_another_address_or_browser_is_elsewhere() {
        let session = session();
        let mut other = session.source.clone();
        assert!(session.is_here(Process::Admind, &other));
        other.browser.push('y');
        assert!(!session.is_here(Process::Admind, &other));
        other.browser.pop();
        other.address = [10, 0, 0, 2].into();
        assert!(!session.is_here(Process::Admind, &other));
    }
}
