//! The page as the tests play it: requests with a token and a source, authenticators, the password thread.

use crate::rig::{PAGE, Rig};
use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::BASE32_NOPAD;
use idl::account::{Claim, Me, NewAdministrator, Profile, Source};
use idl::admin::{Admin, AdminReply, AdminRequest, Answer};
use idl::hello::Process;
use std::net::IpAddr;
use vaultd::auth::{PasswordDone, PasswordJob, hash, totp};
use vaultd::command::{Cmd, Effect, Job, Message};
use vaultd::entries::{Entry, EntryResult, Event};
use vocab::{PersonId, Pii, Secret};

pub type Token = Secret<[u8; 32]>;

/// A password that is taken.
pub const PASSWORD: &str = "tram window 88 lamp oil";

pub fn word(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

/// A source by the last byte of its address.
pub fn at(host: u8) -> Source {
    Source { address: IpAddr::from([10, 0, 0, host]), browser: "Chromium 140".to_owned() }
}

/// A person's authenticator.
#[derive(Debug, Clone)]
pub struct Phone {
    pub login: String,
    pub secret: Secret<[u8; totp::SECRET_BYTES]>,
}

impl Phone {
    /// The code it shows now.
    pub fn code(&self, rig: &Rig) -> Secret<String> {
        Secret::new(totp::code_of(&self.secret, totp::step_at(rig.clock.now)))
    }
}

/// Does the password thread's work; fresh hashes are of the least cost, so that tests are quick.
pub fn perform(job: PasswordJob) -> PasswordDone {
    // Here only the decoy is of full cost, and it matches nothing.
    let decoy = |stored: &Secret<String>| stored.expose().contains("m=19456");
    let matches = |(typed, stored)| !decoy(&stored) && hash::matches(&typed, &stored);
    let verified = job.verify.is_none_or(matches);
    let hashed = job.hash.filter(|_| verified).map(|(password, salt)| {
        let params = Params::new(8, 1, 1, Some(hash::HASH_BYTES)).unwrap();
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let phc = argon.hash_password_with_salt(password.expose().as_bytes(), &salt).unwrap();
        Secret::new(phc.to_string())
    });
    PasswordDone { check: job.check, verified, hashed }
}

impl Rig {
    /// Hands a request of the page in, and works off nothing.
    pub fn post(&mut self, session: Option<&Token>, source: &Source, passive: bool, what: Admin) -> u64 {
        self.next += 1;
        let request = AdminRequest {
            id: self.next,
            actor: Some(PersonId(2)),
            session: session.cloned(),
            source: Some(source.clone()),
            passive,
            what,
        };
        self.give(Cmd::Admin { conn: PAGE, from: Process::Admind, request, attached: None });
        self.next
    }

    /// Works off what waits for the password thread, in order.
    pub fn work_off(&mut self) {
        for job in self.jobs() {
            match job {
                Job::Password(job) => self.give(Cmd::PasswordDone(perform(job))),
                other => self.effects.push(Effect::Work(other)),
            }
        }
    }

    /// The answer to a request, if it is there.
    pub fn answer_to(&mut self, id: u64) -> Option<Answer> {
        let mut found = None;
        let mut others = Vec::new();
        for effect in self.take() {
            match effect {
                Effect::Send(PAGE, Message::Admin(AdminReply { id: of, answer })) if of == id => {
                    found = Some(answer);
                }
                other => others.push(other),
            }
        }
        self.effects = others;
        found
    }

    /// A request of the page and its answer.
    pub fn page(&mut self, session: Option<&Token>, source: &Source, what: Admin) -> Answer {
        let id = self.post(session, source, false, what);
        self.work_off();
        self.answer_to(id).expect("every request is answered")
    }

    /// The code of a refusal to the page.
    pub fn page_code(&mut self, session: Option<&Token>, source: &Source, what: Admin) -> String {
        refused(self.page(session, source, what))
    }

    pub fn try_sign_in(
        &mut self,
        source: &Source,
        login: &str,
        password: &str,
        code: Secret<String>,
    ) -> Answer {
        let what = Admin::SignIn { login: login.to_owned(), password: word(password), code };
        self.page(None, source, what)
    }

    /// Signs in with what is right; a fresh code is waited for.
    pub fn signed_in(&mut self, source: &Source, phone: &Phone) -> (Token, Me) {
        self.later(30_000);
        let code = phone.code(self);
        match self.try_sign_in(source, &phone.login.clone(), PASSWORD, code) {
            Answer::SignedIn { token, me } => (token, *me),
            other => panic!("not signed in: {other:?}"),
        }
    }

    /// Enrols with a code.
    pub fn enrolled(&mut self, login: &str, code: &Secret<String>) -> Phone {
        let begin = Admin::BeginEnrol { login: login.to_owned(), code: code.clone() };
        let Answer::Enrol(told) = self.page(None, &at(1), begin) else { panic!("no enrolment") };
        let secret = BASE32_NOPAD.decode(told.secret.expose().as_bytes()).unwrap();
        let phone = Phone { login: login.to_owned(), secret: Secret::new(secret.try_into().unwrap()) };
        let finish = Admin::FinishEnrol {
            login: login.to_owned(),
            code: code.clone(),
            password: word(PASSWORD),
            totp: phone.code(self),
        };
        let answer = self.page(None, &at(1), finish);
        assert!(matches!(answer, Answer::Done), "not enrolled: {answer:?}");
        phone
    }

    /// The claim code as the console shows it.
    pub fn claim_code(&mut self) -> Secret<String> {
        self.next += 1;
        let request = AdminRequest::of_tool(self.next, None, Admin::ClaimCode);
        let id = request.id;
        self.give(Cmd::Admin { conn: PAGE, from: Process::Consoled, request, attached: None });
        match self.answer_to(id) {
            Some(Answer::ClaimCode(code)) => code,
            other => panic!("no claim code: {other:?}"),
        }
    }

    /// A box claimed from the page, its three administrators enrolled: system, security, audit.
    pub fn claimed() -> (Self, [Phone; 3]) {
        let mut rig = Self::blank();
        let code = rig.claim_code();
        let answer = rig.page(None, &at(1), Admin::Claim(Box::new(claim(&code))));
        let Answer::Claimed { codes } = answer else { panic!("not claimed: {answer:?}") };
        let phones = LOGINS.into_iter().zip(&codes).map(|(login, (_, code))| rig.enrolled(login, code));
        let phones: Vec<Phone> = phones.collect();
        rig.take();
        (rig, phones.try_into().unwrap())
    }

    /// The newest entry.
    pub fn newest(&self) -> Entry {
        self.entries().pop().unwrap()
    }

    /// Every entry.
    pub fn entries(&self) -> Vec<Entry> {
        let log = self.log.0.lock().unwrap();
        log.iter().flatten().map(|(_, _, plain)| postcard::from_bytes(plain).unwrap()).collect()
    }

    /// Entries so far.
    pub fn count(&self) -> usize {
        self.log.0.lock().unwrap().len()
    }
}

pub const LOGINS: [&str; 3] = ["zhang.san", "li.si", "wang.wu"];

pub fn claim(code: &Secret<String>) -> Claim {
    let names = ["张三", "李四", "王五"];
    let mut at = 0;
    Claim {
        code: code.clone(),
        company: "示范医院".to_owned(),
        zone: "Asia/Shanghai".to_owned(),
        profile: Profile::Intl,
        administrators: LOGINS.map(|login| {
            at += 1;
            NewAdministrator { name: Pii::new(names[at - 1].to_owned()), login: login.to_owned() }
        }),
        calendar_key: [7; 32],
    }
}

/// The code of a refusal, in both languages.
pub fn refused(answer: Answer) -> String {
    match answer {
        Answer::Refused { code, text_en, text_zh } => {
            assert!(!text_en.is_empty() && !text_zh.is_ascii(), "both languages: {text_en} {text_zh}");
            code
        }
        other => panic!("not refused: {other:?}"),
    }
}

/// What came of the newest try to sign in, as the ledger has it.
pub fn outcome(entry: &Entry) -> (idl::account::SignInOutcome, bool) {
    match &entry.event {
        Event::SignInTried { outcome, .. } => (*outcome, entry.result == EntryResult::Done),
        other => panic!("no try to sign in: {other:?}"),
    }
}
