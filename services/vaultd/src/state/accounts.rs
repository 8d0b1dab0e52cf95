//! The fold over the ledger, part three: accounts, sessions, tries to sign in (IAM-04, IAM-05).
//!
//! What runs between two entries (a session's idle time, a check under way) is not here but in
//! [`crate::auth`].

use super::State;
use crate::auth::lockout::{AccountLocks, Sources};
use crate::auth::of_console;
use crate::auth::session::{Session, SessionEnd, mark};
use crate::entries::{Entry, Event, NewAccount, Sealed};
use idl::account::{ServiceTicket, SessionId, SignInOutcome, Source};
use idl::admin::Role;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use vocab::{PersonId, UnixMs};

/// Sign-ins kept with each account (IAM-04: a person sees the own last twenty).
pub const MAX_OWN_SIGN_INS: usize = 20;
/// Sign-ins kept of everybody; older ones stand in the ledger.
pub const MAX_SIGN_INS: usize = 10_000;

/// A one-time code by which an account is enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// What is kept of the code.
    pub code: [u8; 32],
    /// Until when it may be used.
    pub until: UnixMs,
}

/// A try to sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// The entry.
    pub seq: u64,
    /// When.
    pub at: UnixMs,
    /// Who, if there is such a login.
    pub person: Option<PersonId>,
    /// From where.
    pub source: Source,
    /// What came of it.
    pub outcome: SignInOutcome,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Login name.
    pub login: String,
    /// It is switched on.
    pub active: bool,
    /// The code that is waited for.
    pub enrolment: Option<Enrolment>,
    /// Password hash and TOTP secret, sealed under the person's key; `None` until enrolled.
    pub secrets: Option<Sealed>,
    /// The entry that last set or voided them.
    pub version: u64,
    /// The newest TOTP step used.
    pub step: u64,
    /// Failures.
    pub locks: AccountLocks,
    /// The newest sign-in.
    pub last_sign_in: Option<(UnixMs, IpAddr)>,
    /// Failed tries since then.
    pub failed_since: u32,
    /// The own last tries, newest last.
    pub recent: VecDeque<SignIn>,
}

/// Accounts, sessions, sources.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Accounts {
    /// Accounts by person.
    pub each: BTreeMap<PersonId, Account>,
    /// Persons by login.
    pub logins: BTreeMap<String, PersonId>,
    /// Sessions.
    pub sessions: BTreeMap<SessionId, Session>,
    /// Sessions by the hash of their token.
    pub tokens: BTreeMap<[u8; 32], SessionId>,
    /// Where tries came from.
    pub sources: Sources,
    /// The last tries of everybody, newest last.
    pub sign_ins: VecDeque<SignIn>,
    /// When a token last came from another place.
    pub elsewhere_at: Option<UnixMs>,
    /// A security administrator has enrolled, ever: from then on accounts are given by them alone.
    pub guarded: bool,
    /// The box was claimed from the page.
    pub claimed: bool,
}

impl Accounts {
    /// A person's account by login.
    #[must_use]
    pub fn by_login(&self, login: &str) -> Option<(PersonId, &Account)> {
        let person = *self.logins.get(login)?;
        Some((person, self.each.get(&person)?))
    }

    /// A person's sessions, oldest first.
    pub fn sessions_of(&self, person: PersonId) -> impl Iterator<Item = &Session> {
        self.sessions.values().filter(move |session| session.person == person)
    }

    /// Whether a person is not switched off. Who has no account works by what tools and phones allow.
    #[must_use]
    pub fn works(&self, person: PersonId) -> bool {
        self.each.get(&person).is_none_or(|account| account.active)
    }

    /// The session of a token's hash.
    #[must_use]
    pub fn session_of(&self, token: &[u8; 32]) -> Option<&Session> {
        self.sessions.get(self.tokens.get(token)?)
    }

    fn open(&mut self, person: PersonId, login: &str, enrolment: Enrolment, seq: u64) {
        let account = Account {
            login: login.to_owned(),
            active: true,
            enrolment: Some(enrolment),
            secrets: None,
            version: seq,
            step: 0,
            locks: AccountLocks::default(),
            last_sign_in: None,
            failed_since: 0,
            recent: VecDeque::new(),
        };
        self.logins.insert(login.to_owned(), person);
        self.each.insert(person, account);
    }

    fn end(&mut self, session: SessionId) {
        if let Some(ended) = self.sessions.remove(&session) {
            self.tokens.remove(&ended.token);
        }
    }

    fn end_all(&mut self, person: PersonId, kept: Option<SessionId>) {
        let ids: Vec<SessionId> = self.sessions_of(person).map(|session| session.id).collect();
        ids.into_iter().filter(|id| Some(*id) != kept).for_each(|id| self.end(id));
    }

    fn note(&mut self, sign_in: SignIn) {
        if let Some(account) = sign_in.person.and_then(|person| self.each.get_mut(&person)) {
            account.recent.push_back(sign_in.clone());
            if account.recent.len() > MAX_OWN_SIGN_INS {
                account.recent.pop_front();
            }
        }
        self.sign_ins.push_back(sign_in);
        if self.sign_ins.len() > MAX_SIGN_INS {
            self.sign_ins.pop_front();
        }
    }

    /// Counts a factor that was wrong, at the account and at the source.
    fn missed(&mut self, person: Option<PersonId>, source: &Source, at: UnixMs) {
        self.sources.fail(source.address, person, at);
        if let Some(account) = person.and_then(|person| self.each.get_mut(&person)) {
            account.locks.fail(mark(source), at);
        }
    }

    fn tried(
        &mut self,
        sign_in: SignIn,
        step: Option<u64>,
        token: Option<[u8; 32]>,
        ticket: Option<ServiceTicket>,
    ) {
        let SignIn { seq, at, person, ref source, outcome } = sign_in;
        self.sources.tried(source.address, at);
        let account = person.and_then(|person| self.each.get_mut(&person));
        if let (Some(account), Some(step)) = (account, step) {
            account.step = account.step.max(step);
        }
        match outcome {
            SignInOutcome::SignedIn => {
                if let (Some(person), Some(token)) = (person, token) {
                    self.begin(SessionId(seq), (person, ticket), token, source.clone(), at);
                }
            }
            SignInOutcome::UnknownLogin
            | SignInOutcome::NotEnrolled
            | SignInOutcome::WrongPassword
            | SignInOutcome::WrongCode
            | SignInOutcome::ReusedCode => self.missed(person, source, at),
            SignInOutcome::SourceBlocked => self.sources.block(source.address, at),
            // Both factors were right: nobody is guessing.
            SignInOutcome::Locked | SignInOutcome::Disabled | SignInOutcome::NotAtConsole => {}
        }
        if outcome != SignInOutcome::SignedIn
            && let Some(account) = person.and_then(|person| self.each.get_mut(&person))
        {
            account.failed_since = account.failed_since.saturating_add(1);
        }
        self.note(sign_in);
    }

    fn begin(
        &mut self,
        id: SessionId,
        (person, ticket): (PersonId, Option<ServiceTicket>),
        token: [u8; 32],
        source: Source,
        at: UnixMs,
    ) {
        let Some(account) = self.each.get_mut(&person) else {
            return;
        };
        self.sources.succeed(source.address, person, at);
        account.locks.succeed(mark(&source), at);
        let before = account.last_sign_in.replace((at, source.address));
        let failed_before = std::mem::take(&mut account.failed_since);
        self.tokens.insert(token, id);
        let session = Session { id, person, token, source, since: at, before, failed_before, ticket };
        self.sessions.insert(id, session);
    }
}

impl State {
    /// Applies an entry of accounts; `false` if it is none.
    pub(super) fn apply_accounts(&mut self, seq: u64, at: UnixMs, entry: &Entry) -> bool {
        match &entry.event {
            Event::Claimed { company, zone, calendar_key, administrators, .. } => {
                self.claim(seq, company, zone, *calendar_key, administrators);
            }
            Event::AccountSet { person, login, code, until } => {
                let enrolment = Enrolment { code: *code, until: *until };
                self.accounts.open(*person, login, enrolment, seq);
            }
            Event::Enrolled { person, secrets, step, .. } => {
                let role = self.people.get(person).map(|person| person.role);
                self.accounts.guarded |= role == Some(Role::SecurityAdmin);
                if let Some(account) = self.accounts.each.get_mut(person) {
                    account.secrets = Some(secrets.clone());
                    account.enrolment = None;
                    account.step = *step;
                    account.version = seq;
                    account.locks.forget();
                }
            }
            Event::PasswordChanged { person, secrets, step, kept } => {
                self.accounts.end_all(*person, *kept);
                if let Some(account) = self.accounts.each.get_mut(person) {
                    account.secrets = Some(secrets.clone());
                    account.step = account.step.max(*step);
                    account.version = seq;
                }
            }
            Event::AccountReset { person, code, until } => {
                self.accounts.end_all(*person, None);
                if let Some(account) = self.accounts.each.get_mut(person) {
                    account.secrets = None;
                    account.enrolment = Some(Enrolment { code: *code, until: *until });
                    account.version = seq;
                    account.locks.forget();
                }
            }
            Event::AccountSwitched { person, active } => {
                self.accounts.end_all(*person, None);
                // A phone of who is switched off is no account of the lines.
                self.lines_version = seq;
                if let Some(account) = self.accounts.each.get_mut(person) {
                    account.active = *active;
                }
            }
            Event::AccountUnlocked { person } => {
                if let Some(account) = self.accounts.each.get_mut(person) {
                    account.locks.lift();
                }
                self.accounts.sources.lift(*person, at);
            }
            Event::SignInTried { person, outcome, source, step, token } => {
                let (person, source, outcome) = (*person, source.clone(), *outcome);
                self.accounts.tried(SignIn { seq, at, person, source, outcome }, *step, *token, None);
            }
            Event::ConsoleOpened { person, ticket, step, token } => {
                self.consoles.opened(SessionId(seq), *person, *ticket, at);
                let (person, source, outcome) = (Some(*person), of_console(), SignInOutcome::SignedIn);
                let sign_in = SignIn { seq, at, person, source, outcome };
                self.accounts.tried(sign_in, Some(*step), Some(*token), Some(*ticket));
            }
            Event::SessionEnded { session, why, .. } => {
                self.accounts.end(*session);
                if *why == SessionEnd::Elsewhere {
                    self.accounts.elsewhere_at = Some(at);
                }
            }
            Event::EnrolMissed { source, .. } => {
                self.accounts.sources.tried(source.address, at);
                self.accounts.sources.fail(source.address, None, at);
            }
            Event::ProofMissed { person, source, outcome } => match outcome {
                // Both factors were right.
                SignInOutcome::Locked => {}
                _ => self.accounts.missed(Some(*person), source, at),
            },
            Event::SourceHeld { .. } => {}
            _ => return false,
        }
        true
    }

    fn claim(
        &mut self,
        seq: u64,
        company: &str,
        zone: &str,
        calendar_key: [u8; 32],
        administrators: &[NewAccount],
    ) {
        company.clone_into(&mut self.company);
        zone.clone_into(&mut self.policy.zone);
        self.policy.version = seq;
        self.calendar_key = calendar_key;
        // A box whose security administrator never enrolled may be claimed again: whoever was named before
        // has no account any more.
        self.accounts.each.clear();
        self.accounts.logins.clear();
        self.accounts.sessions.clear();
        self.accounts.tokens.clear();
        self.accounts.claimed = true;
        let roles = [Role::SystemAdmin, Role::SecurityAdmin, Role::AuditAdmin];
        for (new, role) in administrators.iter().zip(roles) {
            let person = self.next_person();
            self.add_person(new.subject, new.name.clone(), role, None);
            let enrolment = Enrolment { code: new.code, until: new.until };
            self.accounts.open(person, &new.login, enrolment, seq);
        }
    }
}
