//! Passwords on a thread of their own: what is asked of it, what it answers, and what waits meanwhile.
//!
//! The core decides when the answer is there, over the state as it is then: of any number of tries sent at
//! once, each sees the failures of those decided before it.

use super::{Asker, Credentials, hash};
use crate::admin::Refusal;
use crate::command::Job;
use crate::vault::Vault;
use idl::account::{ServiceTicket, SessionId, Source};
use idl::admin::Answer;
use vocab::{PersonId, Secret};

/// Checks at once; the thread's queue is longer.
pub const MAX_CHECKS: usize = 32;

/// Work for the password thread.
#[derive(Debug)]
pub struct PasswordJob {
    /// Echoed in the answer.
    pub check: u64,
    /// Verify this password against this PHC string.
    pub verify: Option<(Secret<String>, Secret<String>)>,
    /// Hash this password under this salt; not done if the verification failed.
    pub hash: Option<(Secret<String>, [u8; hash::SALT_BYTES])>,
}

/// Its answer.
#[derive(Debug)]
pub struct PasswordDone {
    /// As asked.
    pub check: u64,
    /// The password is the right one; true if none was to be verified.
    pub verified: bool,
    /// The PHC string.
    pub hashed: Option<Secret<String>>,
}

impl PasswordJob {
    /// Does the work: tens of milliseconds and [`hash::MEMORY_KIB`] of memory for each part.
    #[must_use]
    pub fn perform(self) -> PasswordDone {
        let verified = self.verify.is_none_or(|(typed, stored)| hash::matches(&typed, &stored));
        let hashed = self.hash.filter(|_| verified).map(|(password, salt)| hash::of(&password, salt));
        PasswordDone { check: self.check, verified, hashed }
    }
}

/// A check under way.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) asker: Asker,
    pub(super) source: Source,
    pub(super) what: Checking,
}

/// What it is for.
#[derive(Debug)]
pub(super) enum Checking {
    /// A sign-in; without a person the decoy is checked.
    SignIn {
        /// Who, with the version of the secrets the check was begun with.
        person: Option<(PersonId, u64)>,
        /// What is compared with.
        credentials: Credentials,
        /// The typed code.
        code: Secret<String>,
        /// The ticket, at the serial console.
        ticket: Option<ServiceTicket>,
    },
    /// The end of an enrolment.
    Enrol {
        /// Who.
        person: PersonId,
        /// What was kept of the code it goes by.
        code: [u8; 32],
        /// The new second factor.
        totp: Secret<[u8; super::totp::SECRET_BYTES]>,
        /// The step by which it was proven.
        step: u64,
    },
    /// A change of password.
    Change {
        /// Who, with the version of the secrets the check was begun with.
        person: PersonId,
        /// That version.
        version: u64,
        /// The session that asks.
        session: Option<SessionId>,
        /// The second factor, which stays.
        totp: Secret<[u8; super::totp::SECRET_BYTES]>,
        /// The typed code.
        code: Secret<String>,
    },
}

impl Vault {
    /// Hands work to the password thread, or says that too much waits there.
    pub(super) fn begin_check(
        &mut self,
        check: Check,
        verify: Option<(Secret<String>, Secret<String>)>,
        hash: Option<(Secret<String>, [u8; hash::SALT_BYTES])>,
    ) -> Result<Option<Answer>, Refusal> {
        if self.auth.checks.len() >= MAX_CHECKS {
            return Ok(Some(busy().into_answer()));
        }
        let id = self.auth.next_check;
        self.auth.next_check += 1;
        self.auth.checks.insert(id, check);
        self.work(Job::Password(PasswordJob { check: id, verify, hash }));
        Ok(None)
    }

    /// The password thread answers.
    pub(crate) fn password_done(&mut self, done: PasswordDone) {
        let Some(Check { asker, source, what }) = self.auth.checks.remove(&done.check) else {
            return;
        };
        let answer = match what {
            Checking::SignIn { person, credentials, code, ticket } => {
                let tried = super::sign_in::Tried { person, credentials, code, ticket };
                self.decide_sign_in(asker, source, &tried, done.verified)
            }
            Checking::Enrol { person, code, totp, step } => match done.hashed {
                Some(password) => {
                    let secrets = Credentials { password, totp };
                    self.decide_enrol(asker, source, person, code, &secrets, step)
                }
                None => Refusal::storage().into_answer(),
            },
            Checking::Change { person, version, session, totp, code } => {
                let hashed = done.hashed.filter(|_| done.verified);
                let proof = super::change::Proof { person, version, session, totp, code };
                self.decide_change(asker, &source, proof, hashed)
            }
        };
        self.answer(asker.conn, asker.id, answer);
    }

    /// Checks of a source that have no outcome yet.
    pub(super) fn under_way(&self, source: &Source) -> usize {
        let counted = super::lockout::counted(source.address);
        let same = |check: &&Check| super::lockout::counted(check.source.address) == counted;
        self.auth.checks.values().filter(same).count()
    }
}

/// Nothing was checked; the same for everybody.
pub(super) fn busy() -> Refusal {
    Refusal::new(
        "busy",
        "Many people sign in at this moment. Wait a few seconds and try again.",
        "当前登录人数较多，请稍候几秒再试。",
    )
}
