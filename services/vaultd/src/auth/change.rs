//! Changing one's own password: the present one and a TOTP code prove who asks, all other sessions end.
//!
//! A wrong factor counts like one of a sign-in: a session left open is no way to guess a password.

use super::check::{Check, Checking, busy};
use super::session::{SessionEnd, mark};
use super::sign_in::{MAX_CODE_BYTES, bounded, locked, name};
use super::totp::{self, Code};
use super::{Asker, Credentials, rules};
use crate::admin::{Actor, Handled, Refusal};
use crate::entries::{EntryResult, Event, Who};
use crate::seal::Purpose;
use crate::vault::Vault;
use idl::account::{SessionId, SignInOutcome, Source};
use idl::admin::Answer;
use vocab::{PersonId, Secret};

/// What proves who asks.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) person: PersonId,
    pub(super) version: u64,
    pub(super) session: Option<SessionId>,
    pub(super) totp: Secret<[u8; totp::SECRET_BYTES]>,
    pub(super) code: Secret<String>,
}

impl Vault {
    pub(crate) fn change_password(
        &mut self,
        actor: &Actor,
        old: Secret<String>,
        new: Secret<String>,
        code: Secret<String>,
    ) -> Handled {
        let person = actor.id;
        let Some((version, credentials)) = self.credentials_of(person) else {
            return Err(Refusal::unknown("account"));
        };
        let source = self.source_of(actor);
        let account = self.state.accounts.each.get(&person);
        if let Some(lock) = account.and_then(|account| account.locks.lock(mark(&source), self.clock.now)) {
            return Err(locked(Some(lock)));
        }
        self.check_password(person, &new)?;
        if old == new {
            return Err(Refusal::new(
                "password-same",
                "The new password is the present one: choose another.",
                "新密码与当前密码相同，请更换。",
            ));
        }
        let asking =
            |check: &Check| matches!(check.what, Checking::Change { person: other, .. } if other == person);
        if self.auth.checks.values().any(asking) {
            return Err(busy());
        }
        let asker = Asker { conn: actor.conn, id: actor.request, from: actor.from };
        let what = Checking::Change {
            person,
            version,
            session: actor.session,
            totp: credentials.totp,
            code: bounded(code, MAX_CODE_BYTES),
        };
        let salt = self.random();
        let verify = Some((bounded(old, rules::MAX_BYTES), credentials.password));
        self.begin_check(Check { asker, source, what }, verify, Some((new, salt)))
    }

    pub(super) fn decide_change(
        &mut self,
        asker: Asker,
        source: &Source,
        proof: Proof,
        hashed: Option<Secret<String>>,
    ) -> Answer {
        let Proof { person, version, session, totp, code } = proof;
        let Some((role, subject)) = self.state.people.get(&person).map(|known| (known.role, known.subject))
        else {
            return Refusal::unknown("account").into_answer();
        };
        let who = session.map_or(Who::Person(person, role), |session| Who::Signed(person, role, session));
        let account = self.state.accounts.each.get(&person);
        let gone = session.is_some_and(|session| !self.state.accounts.sessions.contains_key(&session));
        let Some(account) = account.filter(|account| account.version == version && account.active && !gone)
        else {
            return super::door::no_session().into_answer();
        };
        let weighed = totp::weigh(&totp, code.expose(), self.clock.now, account.step);
        let lock = account.locks.lock(mark(source), self.clock.now);
        let outcome = match (&hashed, weighed, lock) {
            (None, ..) => SignInOutcome::WrongPassword,
            (_, Code::Wrong, _) => SignInOutcome::WrongCode,
            (_, Code::Used, _) => SignInOutcome::ReusedCode,
            (Some(_), Code::Fresh(_), Some(_)) => SignInOutcome::Locked,
            (Some(_), Code::Fresh(_), None) => SignInOutcome::SignedIn,
        };
        let (Some(password), Code::Fresh(step), SignInOutcome::SignedIn) = (hashed, weighed, outcome) else {
            let event = Event::ProofMissed { person, outcome, source: source.clone() };
            self.record_from(who, asker.from, EntryResult::Refused(name(outcome).to_owned()), event);
            return wrong_proof().into_answer();
        };
        let Some(secrets) = self.seal_for(subject, Purpose::Credentials, &Credentials { password, totp })
        else {
            return Refusal::storage().into_answer();
        };
        self.end_sessions(who, asker.from, person, session, SessionEnd::PasswordChanged);
        let event = Event::PasswordChanged { person, secrets, step, kept: session };
        self.record_from(who, asker.from, EntryResult::Done, event);
        Answer::Done
    }
}

fn wrong_proof() -> Refusal {
    Refusal::new(
        "proof",
        "The present password or the code is wrong. A code counts once: wait for the next one.",
        "当前密码或动态码错误。每个动态码只能使用一次，请等待下一个。",
    )
}
