//! Signing in: password and TOTP code in one request, one answer for everything that is not right (IAM-01,
//! IAM-04, IAM-05).
//!
//! | password and code | account | the person is told | the ledger says |
//! |---|---|---|---|
//! | one of them wrong | any, or none | `sign-in` | which it was, and who if there is such a login |
//! | both right | switched off | `sign-in` | switched off |
//! | both right | locked | `locked` | locked |
//! | both right, at the serial console | not a technician's | `not-at-console` | not at the console |
//! | both right, code used before | any | `sign-in` | used again |
//! | both right | open | signed in | signed in |
//!
//! So only who has both factors learns that an account is locked; nobody learns that it exists. A code shown
//! with the right password is used up whatever comes of it. A login that nobody has costs the same work.

use super::check::{Check, Checking};
use super::lockout::Lock;
use super::session::{MAX_OF_A_PERSON, SessionEnd, TOKEN_BYTES, mark, token_hash};
use super::totp::{self, Code};
use super::{Asker, Credentials, Used, rules, typed_login};
use crate::admin::{Handled, Refusal};
use crate::entries::{EntryResult, Event, Who};
use crate::seal::Purpose;
use crate::vault::Vault;
use idl::account::{ServiceTicket, SessionId, SignInOutcome, Source};
use idl::admin::{Answer, Role};
use idl::hello::Process;
use vocab::{PersonId, Secret};

/// Longest code looked at.
pub(super) const MAX_CODE_BYTES: usize = 16;

impl Vault {
    pub(super) fn sign_in(
        &mut self,
        asker: Asker,
        source: Source,
        login: &str,
        password: Secret<String>,
        code: Secret<String>,
        ticket: Option<ServiceTicket>,
    ) -> Handled {
        let known = self.state.accounts.by_login(&typed_login(login)).map(|(person, _)| person);
        if let Some(refused) = self.source_blocked(asker, &source, known) {
            return Ok(Some(refused.into_answer()));
        }
        let found = known.and_then(|person| self.credentials_of(person));
        let person = match (known, &found) {
            (Some(person), Some((version, _))) => Some((person, *version)),
            // Not enrolled: nothing can be right, and the person is known to the ledger alone.
            (Some(person), None) => Some((person, 0)),
            (None, _) => None,
        };
        if found.is_none() {
            self.open_some_credentials();
        }
        let credentials = found.map_or_else(|| self.auth.decoy.clone(), |(_, credentials)| credentials);
        // What is too long can be nobody's, and costs no more work than anything else.
        let password = bounded(password, rules::MAX_BYTES);
        let code = bounded(code, MAX_CODE_BYTES);
        let verify = Some((password, credentials.password.clone()));
        let check = Check { asker, source, what: Checking::SignIn { person, credentials, code, ticket } };
        self.begin_check(check, verify, None)
    }

    /// Opens anybody's secrets for nothing: a login that nobody has costs that work too.
    fn open_some_credentials(&self) {
        let mut each = self.state.accounts.each.iter();
        if let Some((person, _)) = each.find(|(_, account)| account.secrets.is_some()) {
            std::hint::black_box(self.credentials_of(*person));
        }
    }

    /// A person's secrets with their version.
    pub(super) fn credentials_of(&self, person: PersonId) -> Option<(u64, Credentials)> {
        let account = self.state.accounts.each.get(&person)?;
        let subject = self.state.people.get(&person)?.subject;
        let opened = self.open_of(subject, Purpose::Credentials, account.secrets.as_ref()?)?;
        Some((account.version, opened))
    }

    pub(super) fn decide_sign_in(
        &mut self,
        asker: Asker,
        source: Source,
        tried: &Tried,
        verified: bool,
    ) -> Answer {
        let (outcome, step) = self.weigh_sign_in(&source, tried, verified);
        let person = tried.person.map(|(person, _)| person);
        match (outcome, person) {
            (SignInOutcome::SignedIn, Some(person)) => {
                self.begin_session(asker, source, person, step, tried.ticket)
            }
            (outcome, person) => {
                let event = Event::SignInTried { person, outcome, source, step, token: None };
                let result = EntryResult::Refused(name(outcome).to_owned());
                self.record_from(Who::Process(asker.from), asker.from, result, event);
                refusal(outcome).into_answer()
            }
        }
    }

    fn weigh_sign_in(&self, source: &Source, tried: &Tried, verified: bool) -> (SignInOutcome, Option<u64>) {
        let now = self.clock.now;
        let account = tried.person.and_then(|(person, _)| self.state.accounts.each.get(&person));
        let last = account.map_or(0, |account| account.step);
        let code = totp::weigh(&tried.credentials.totp, tried.code.expose(), now, last);
        let (Some((person, version)), Some(account)) = (tried.person, account) else {
            return (SignInOutcome::UnknownLogin, None);
        };
        if account.secrets.is_none() {
            return (SignInOutcome::NotEnrolled, None);
        }
        // The password was changed while it was checked: what was right is right no more.
        if !verified || account.version != version {
            return (SignInOutcome::WrongPassword, None);
        }
        let step = match code {
            Code::Wrong => return (SignInOutcome::WrongCode, None),
            Code::Used => return (SignInOutcome::ReusedCode, None),
            Code::Fresh(step) => Some(step),
        };
        if !account.active {
            return (SignInOutcome::Disabled, step);
        }
        if account.locks.lock(mark(source), now).is_some() {
            return (SignInOutcome::Locked, step);
        }
        let technician = self.state.people.get(&person).is_some_and(|one| one.role == Role::Technician);
        if tried.ticket.is_some() && !technician {
            return (SignInOutcome::NotAtConsole, step);
        }
        (SignInOutcome::SignedIn, step)
    }

    fn begin_session(
        &mut self,
        asker: Asker,
        source: Source,
        person: PersonId,
        step: Option<u64>,
        ticket: Option<ServiceTicket>,
    ) -> Answer {
        let Some(role) = self.state.people.get(&person).map(|person| person.role) else {
            return refusal(SignInOutcome::UnknownLogin).into_answer();
        };
        if let Some(Err(refusal)) = ticket.map(|_| self.may_record()) {
            return refusal.into_answer();
        }
        let sessions: Vec<SessionId> = self.state.accounts.sessions_of(person).map(|one| one.id).collect();
        let over = (sessions.len() + 1).saturating_sub(MAX_OF_A_PERSON);
        for session in sessions.into_iter().take(over) {
            self.end_session(Who::Person(person, role), asker.from, session, SessionEnd::Replaced);
        }
        if ticket.is_some() {
            self.end_console_sessions(Who::Person(person, role), asker.from);
        }
        let token = Secret::new(self.random::<TOKEN_BYTES>());
        let hash = token_hash(&token);
        let event = match ticket {
            Some(ticket) => Event::ConsoleOpened { person, ticket, step: step.unwrap_or(0), token: hash },
            None => {
                let outcome = SignInOutcome::SignedIn;
                Event::SignInTried { person: Some(person), outcome, source, step, token: Some(hash) }
            }
        };
        let seq = self.record_from(Who::Person(person, role), asker.from, EntryResult::Done, event);
        let session = SessionId(seq);
        self.auth.used.insert(session, Used { boot_ms: self.clock.boot_ms, at: self.clock.now });
        if ticket.is_some() {
            self.begin_tape(session);
        }
        match self.me(session) {
            Some(me) => Answer::SignedIn { token, me: Box::new(me) },
            None => unreachable!("the session was begun by the entry just applied"),
        }
    }

    /// There is one console: who opens it anew has left the session before.
    fn end_console_sessions(&mut self, who: Who, from: Process) {
        let sessions = self.state.accounts.sessions.values();
        let open: Vec<SessionId> = sessions.filter(|one| one.ticket.is_some()).map(|one| one.id).collect();
        for session in open {
            self.end_session(who, from, session, SessionEnd::Replaced);
        }
    }
}

/// A try to sign in whose password was checked.
#[derive(Debug)]
pub(super) struct Tried {
    /// Who, with the version of the secrets the check was begun with.
    pub(super) person: Option<(PersonId, u64)>,
    /// What was compared with.
    pub(super) credentials: Credentials,
    /// The typed code.
    pub(super) code: Secret<String>,
    /// The ticket, at the serial console.
    pub(super) ticket: Option<ServiceTicket>,
}

/// An empty text in place of one that is too long.
pub(super) fn bounded(text: Secret<String>, max: usize) -> Secret<String> {
    if text.expose().len() > max { Secret::new(String::new()) } else { text }
}

/// The stable name of an outcome.
#[must_use]
pub(super) const fn name(outcome: SignInOutcome) -> &'static str {
    match outcome {
        SignInOutcome::SignedIn => "signed-in",
        SignInOutcome::UnknownLogin => "unknown-login",
        SignInOutcome::NotEnrolled => "not-enrolled",
        SignInOutcome::WrongPassword => "wrong-password",
        SignInOutcome::WrongCode => "wrong-code",
        SignInOutcome::ReusedCode => "reused-code",
        SignInOutcome::Locked => "locked",
        SignInOutcome::Disabled => "disabled",
        SignInOutcome::SourceBlocked => "source-blocked",
        SignInOutcome::NotAtConsole => "not-at-console",
    }
}

fn refusal(outcome: SignInOutcome) -> Refusal {
    match outcome {
        SignInOutcome::Locked => locked(None),
        SignInOutcome::NotAtConsole => not_at_console(),
        _ => nothing_told(),
    }
}

fn nothing_told() -> Refusal {
    Refusal::new(
        "sign-in",
        "Login, password or code is wrong. A code counts once: wait for the next one. After five failures an \
         account is locked for 30 minutes.",
        "用户名、密码或动态码错误。每个动态码只能使用一次，请等待下一个；连续失败5次将锁定30分钟。",
    )
}

/// Both factors were right, so the person may know.
fn not_at_console() -> Refusal {
    Refusal::new(
        "not-at-console",
        "The serial console is for field technicians. Use the page.",
        "串口控制台仅供现场技术员使用，请使用网页。",
    )
}

/// Both factors were right, so the person may know.
pub(super) fn locked(lock: Option<Lock>) -> Refusal {
    if lock == Some(Lock::UntilLifted) {
        return Refusal::new(
            "locked",
            "This account is locked after too many failures. Ask the security administrator to lift it.",
            "该账号因失败次数过多已被锁定，请联系安全管理员解锁。",
        );
    }
    Refusal::new(
        "locked",
        "This account is locked after several failures. Try again after 30 minutes, or ask the security \
         administrator to lift it.",
        "该账号因多次失败已被锁定，请30分钟后重试，或联系安全管理员解锁。",
    )
}
