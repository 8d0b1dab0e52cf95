//! Enrolling: a one-time code brings a TOTP secret; password and first TOTP code make the account.
//!
//! The secret waits in memory until it is proven; after a restart the person begins again. The code is used
//! up by the entry that holds password hash and secret, not before.

use super::check::{Check, Checking, busy};
use super::totp::{self, Code};
use super::{Asker, Credentials, code, rules, typed_login};
use crate::admin::{Handled, Refusal};
use crate::entries::{EntryResult, Event, Who};
use crate::seal::Purpose;
use crate::vault::Vault;
use idl::account::{EnrolSecret, Source};
use idl::admin::Answer;
use vocab::{MINUTE_MS, PersonId, Pii, Secret, UnixMs};

/// Enrolments begun at once.
const MAX_BEGUN: usize = 64;
/// How long a secret waits for its proof.
const BEGUN_MS: u64 = 30 * MINUTE_MS as u64;

/// An enrolment begun.
#[derive(Debug)]
pub(super) struct Begun {
    code: [u8; 32],
    totp: Secret<[u8; totp::SECRET_BYTES]>,
    boot_ms: u64,
}

/// A code that may be used.
struct Open {
    person: PersonId,
    code: [u8; 32],
    until: UnixMs,
}

impl Vault {
    pub(super) fn begin_enrol(
        &mut self,
        asker: Asker,
        source: Source,
        login: &str,
        typed: &Secret<String>,
    ) -> Handled {
        let open = match self.open_enrolment(asker, source, login, typed) {
            Ok(open) => open,
            Err(refusal) => return Ok(Some(refusal.into_answer())),
        };
        let now = self.clock.boot_ms;
        self.auth.begun.retain(|_, begun| now.saturating_sub(begun.boot_ms) < BEGUN_MS);
        let again = self.auth.begun.get(&open.person).is_some_and(|begun| begun.code == open.code);
        if !again {
            if self.auth.begun.len() >= MAX_BEGUN {
                return Ok(Some(busy().into_answer()));
            }
            let totp = Secret::new(self.random());
            self.auth.begun.insert(open.person, Begun { code: open.code, totp, boot_ms: now });
        }
        let login = typed_login(login);
        let secret = &self.auth.begun[&open.person].totp;
        let told = EnrolSecret {
            secret: totp::typed_secret(secret),
            uri: totp::uri(secret, &login),
            name: self.name_of(open.person),
            until: open.until,
        };
        Ok(Some(Answer::Enrol(Box::new(told))))
    }

    pub(super) fn finish_enrol(
        &mut self,
        asker: Asker,
        source: Source,
        login: &str,
        typed: &Secret<String>,
        password: Secret<String>,
        proof: &Secret<String>,
    ) -> Handled {
        let open = match self.open_enrolment(asker, source.clone(), login, typed) {
            Ok(open) => open,
            Err(refusal) => return Ok(Some(refusal.into_answer())),
        };
        let begun = self.auth.begun.get(&open.person).filter(|begun| begun.code == open.code);
        let Some(totp) = begun.map(|begun| begun.totp.clone()) else {
            return Ok(Some(begin_again().into_answer()));
        };
        if let Err(weak) = self.check_password(open.person, &password) {
            return Ok(Some(weak.into_answer()));
        }
        let Code::Fresh(step) = totp::weigh(&totp, proof.expose(), self.clock.now, 0) else {
            return Ok(Some(wrong_proof().into_answer()));
        };
        let salt = self.random();
        let what = Checking::Enrol { person: open.person, code: open.code, totp, step };
        self.begin_check(Check { asker, source, what }, None, Some((password, salt)))
    }

    pub(super) fn decide_enrol(
        &mut self,
        asker: Asker,
        source: Source,
        person: PersonId,
        code: [u8; 32],
        secrets: &Credentials,
        step: u64,
    ) -> Answer {
        let account = self.state.accounts.each.get(&person);
        let open = account.and_then(|account| account.enrolment.as_ref()).filter(|open| open.code == code);
        if open.is_none_or(|open| self.clock.now >= open.until) {
            return wrong_code().into_answer();
        }
        let Some(known) = self.state.people.get(&person) else {
            return wrong_code().into_answer();
        };
        let (role, subject) = (known.role, known.subject);
        let Some(secrets) = self.seal_for(subject, Purpose::Credentials, secrets) else {
            return Refusal::storage().into_answer();
        };
        self.auth.begun.remove(&person);
        let event = Event::Enrolled { person, secrets, step, source };
        self.record_from(Who::Person(person, role), asker.from, EntryResult::Done, event);
        Answer::Done
    }

    /// The enrolment a typed code opens. Every wrong one counts for its source; the answer does not tell
    /// whether there is such a login.
    fn open_enrolment(
        &mut self,
        asker: Asker,
        source: Source,
        login: &str,
        typed: &Secret<String>,
    ) -> Result<Open, Refusal> {
        let found = self.state.accounts.by_login(&typed_login(login));
        let person = found.map(|(person, _)| person);
        let waiting = found.filter(|(_, account)| account.active).and_then(|(_, account)| {
            account.enrolment.as_ref().map(|enrolment| (enrolment.code, enrolment.until))
        });
        if let Some(refused) = self.source_blocked(asker, &source, person) {
            return Err(refused);
        }
        let (expected, until) = waiting.unwrap_or(([0; 32], UnixMs(0)));
        let right = code::is(typed, &expected);
        match person {
            Some(person) if right && self.clock.now < until => Ok(Open { person, code: expected, until }),
            _ => {
                let event = Event::EnrolMissed { person, source };
                let result = EntryResult::Refused("enrol-code".to_owned());
                self.record_from(Who::Process(asker.from), asker.from, result, event);
                Err(wrong_code())
            }
        }
    }

    /// Whether a person may have this password.
    pub(super) fn check_password(&self, person: PersonId, password: &Secret<String>) -> Result<(), Refusal> {
        let name = self.name_of(person);
        let login = self.state.accounts.each.get(&person).map_or("", |account| account.login.as_str());
        let own = [self.state.company.as_str(), login, name.reveal().as_str(), totp::ISSUER];
        rules::check(password.expose(), &own).map_err(rules::Weakness::refusal)
    }

    /// A person's name; empty if it can be read no more.
    pub(crate) fn name_of(&self, person: PersonId) -> Pii<String> {
        let known = self.state.people.get(&person);
        let name = known.and_then(|known| self.open_of(known.subject, Purpose::Name, &known.name));
        Pii::new(name.unwrap_or_default())
    }

    /// A fresh enrolment code: what is shown, what is kept, until when.
    pub(crate) fn draw_enrolment(&mut self) -> (Secret<String>, [u8; 32], UnixMs) {
        let shown = code::show(&Secret::new(self.random()));
        let kept = code::kept(&shown);
        (shown, kept, self.clock.now.plus(code::ENROL_CODE_MS))
    }
}

fn wrong_code() -> Refusal {
    Refusal::new(
        "enrol-code",
        "This login or enrolment code does not hold: it is wrong, used up or older than 72 hours. Ask the \
         security administrator for a new one.",
        "用户名或注册码无效：可能有误、已使用或已超过72小时。请向安全管理员索取新的注册码。",
    )
}

fn begin_again() -> Refusal {
    Refusal::new(
        "enrol-again",
        "The enrolment waited too long. Begin again with the same code and scan the new secret.",
        "注册等待超时。请使用同一注册码重新开始，并重新扫描密钥。",
    )
}

fn wrong_proof() -> Refusal {
    Refusal::new(
        "enrol-totp",
        "The authenticator's code is not right. Check that phone and box show the same time, and type the \
         newest code.",
        "动态码不正确。请确认手机与本机时间一致，并输入最新的动态码。",
    )
}
