//! Who is there: passwords, second factors, lock-outs, sessions, and the door of a blank box.
//!
//! The rules are pure and stand each in a file of its own; [`crate::state::Accounts`] is what the ledger
//! knows. Here is what lives between two entries: checks under way at the password thread, enrolments begun,
//! when a session was last used. All of it may be lost with the process; nothing of it opens a door.

mod change;
mod check;
mod claim;
pub mod code;
mod door;
mod enrol;
pub mod hash;
mod held;
pub mod lockout;
pub mod rules;
pub mod session;
mod sessions;
mod sign_in;
pub mod totp;

pub use check::{MAX_CHECKS, PasswordDone, PasswordJob};
pub(crate) use door::{Proof, bad_login, login_taken, no_session};

use crate::admin::Refusal;
use crate::command::ConnId;
use crate::entries::Who;
use check::Check;
use claim::ClaimDoor;
use enrol::Begun;
use held::Held;
use idl::account::{SessionId, Source};
use idl::hello::Process;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use vocab::{PersonId, Secret, UnixMs};

/// Password hash and TOTP secret of a person, as sealed under the person's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// The PHC string.
    pub password: Secret<String>,
    /// The TOTP secret.
    pub totp: Secret<[u8; totp::SECRET_BYTES]>,
}

/// Who waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) conn: ConnId,
    pub(crate) id: u64,
    pub(crate) from: Process,
}

/// A request that ends at the door; `who` is set where it is worth an entry.
#[derive(Debug)]
pub(crate) struct Stopped {
    pub(crate) who: Option<Who>,
    pub(crate) refusal: Refusal,
}

/// When a session was last used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) boot_ms: u64,
    pub(crate) at: UnixMs,
}

/// What lives between two entries.
pub(crate) struct Auth {
    /// The door of a blank box.
    claim: ClaimDoor,
    /// What is checked for a login that nobody has.
    decoy: Credentials,
    /// Checks at the password thread.
    checks: BTreeMap<u64, Check>,
    next_check: u64,
    /// Enrolments begun.
    begun: BTreeMap<PersonId, Begun>,
    /// When sessions were last used; those not in it were last used at the start.
    used: HashMap<SessionId, Used>,
    started: Used,
    /// Tries of blocked sources not yet written down.
    held: BTreeMap<IpAddr, Held>,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").field("checks", &self.checks.len()).finish_non_exhaustive()
    }
}

impl Auth {
    /// A fresh start; `fill` gives random bytes.
    pub(crate) fn new(fill: &mut dyn FnMut(&mut [u8]), boot_ms: u64, at: UnixMs) -> Self {
        let mut code = [0; code::DRAWN_BYTES];
        let (mut salt, mut out, mut secret) =
            ([0; hash::SALT_BYTES], [0; hash::HASH_BYTES], [0; totp::SECRET_BYTES]);
        for bytes in [code.as_mut_slice(), &mut salt, &mut out, &mut secret] {
            fill(bytes);
        }
        Self {
            claim: ClaimDoor::new(&Secret::new(code)),
            decoy: Credentials { password: hash::decoy(salt, out), totp: Secret::new(secret) },
            checks: BTreeMap::new(),
            next_check: 1,
            begun: BTreeMap::new(),
            used: HashMap::new(),
            started: Used { boot_ms, at },
            held: BTreeMap::new(),
        }
    }

    /// When a session was last used.
    fn used(&self, session: SessionId) -> Used {
        self.used.get(&session).copied().unwrap_or(self.started)
    }
}

/// Whether a text is a login name.
#[must_use]
pub fn is_login(text: &str) -> bool {
    (MIN_LOGIN..=MAX_LOGIN).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_'))
}

/// A login as typed; case and blanks around it do not count.
fn typed_login(text: &str) -> String {
    text.chars().take(MAX_TYPED_LOGIN).collect::<String>().trim().to_ascii_lowercase()
}

/// Where a tool's own requests come from.
fn of_tool() -> Source {
    Source { address: IpAddr::V4(Ipv4Addr::LOCALHOST), browser: "tool".to_owned() }
}

/// Where the serial console's requests come from: an address no packet has, so that failures there count apart.
pub(crate) fn of_console() -> Source {
    Source { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), browser: "console".to_owned() }
}

/// Shortest login name.
pub const MIN_LOGIN: usize = 2;
/// Longest login name.
pub const MAX_LOGIN: usize = 32;
const MAX_TYPED_LOGIN: usize = 256;
